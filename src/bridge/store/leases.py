"""Leases: which worker is at work at which place, with a fence that grows whenever a place changes hands."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, null, or_, select, text, update

from bridge.ports.storage import Lease
from bridge.store.schema import LEASE
from bridge.store.transaction import Transaction

WORK: Final = 0x627269646765
"""The number of the advisory lock of whoever works with a PostgreSQL store: "bridge" in ASCII."""


class Leases(Transaction):
    """The part of a unit of work that knows who works where."""

    def take_lease(self, name: str, owner: str, now: datetime, until: datetime) -> Lease | None:
        """Take what nobody holds, what has run out, or what is the owner's own; None where another one is at work."""
        statement = self.insert(LEASE).values(name=name, owner=owner, fence=1, until=until)
        free = or_(LEASE.c.owner.is_(None), LEASE.c.until < now, LEASE.c.owner == owner)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={"owner": owner, "fence": LEASE.c.fence + 1, "until": until}, where=free
        )
        row = self.connection.execute(statement.returning(LEASE)).first()
        return None if row is None else Lease(row.name, row.fence, row.owner, row.until, row.read_at)

    def holds_lease(self, lease: Lease) -> bool:
        """Whether nobody else has taken the place since; asked in the transaction that relies on it."""
        query = select(LEASE.c.fence).where(LEASE.c.name == lease.name, LEASE.c.owner == lease.owner)
        return bool(self.connection.execute(query).scalar() == lease.fence)

    def taken_alone(self) -> bool:
        """Whether somebody is alone with a PostgreSQL store now: then no worker has a right to be at work."""
        if self.connection.dialect.name != "postgresql":
            return False
        return work_lock(self.connection, granted=True)

    def renew_lease(self, lease: Lease, until: datetime) -> bool:
        """Hold a place for longer; False where it is another's by now."""
        mine = (LEASE.c.name == lease.name) & (LEASE.c.owner == lease.owner) & (LEASE.c.fence == lease.fence)
        return bool(self.connection.execute(update(LEASE).where(mine).values(until=until)).rowcount)

    def end_lease(self, lease: Lease, read_at: datetime | None = None) -> None:
        """Give a place back. read_at: when it was read to the end, for the others' timetable."""
        mine = (LEASE.c.name == lease.name) & (LEASE.c.owner == lease.owner) & (LEASE.c.fence == lease.fence)
        values = {"owner": null(), "until": null(), **({"read_at": read_at} if read_at else {})}
        self.connection.execute(update(LEASE).where(mine).values(**values))

    def void_leases(self) -> None:
        """Nobody is at work any more: whoever believes to hold a place finds that its fence is gone."""
        held = LEASE.c.owner.is_not(None)
        self.connection.execute(update(LEASE).where(held).values(owner=null(), until=null(), fence=LEASE.c.fence + 1))

    def leases(self) -> dict[str, Lease]:
        """All leases by name, also of those who gave them back (owner None)."""
        rows = self.connection.execute(select(LEASE))
        return {row.name: Lease(row.name, row.fence, row.owner, row.until, row.read_at) for row in rows}


_LOCKED: Final = text(
    "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
    " AND granted = :granted AND classid = :high AND objid = :low"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


def work_lock(connection: Connection, *, granted: bool) -> bool:
    """Whether somebody is alone with this PostgreSQL store; not granted: whether somebody waits to be."""
    high, low = divmod(WORK, 1 << 32)
    return bool(connection.scalar(_LOCKED, {"high": high, "low": low, "granted": granted}))
