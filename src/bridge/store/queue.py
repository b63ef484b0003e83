"""The outbox: "system j is behind on record r", claimed under a lease, settled under a fence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Exists,
    and_,
    bindparam,
    case,
    delete,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    update,
)

from bridge.ports.storage import Settlement
from bridge.ports.work import Intent, OutboxEntry
from bridge.store import codec
from bridge.store.schema import GOLDEN, OPEN, OPEN_WHERE, OUTBOX, TAKEN
from bridge.store.transaction import Transaction, chunks


def _another(name: str, states: Sequence[str]) -> Exists:
    """Whether the record of an entry has an entry in one of these states (made once: it is asked in every cycle).

    The states stand in the words, as they do in the index of the entries that are taken: SQLite looks into a partial
    index only where the words themselves say that all it may find is there. Without it, each claim went through all
    that was taken, for each entry it took.
    """
    other = OUTBOX.alias(name)
    return exists().where(
        other.c.system == OUTBOX.c.system,
        other.c.entity == OUTBOX.c.entity,
        other.c.golden_id == OUTBOX.c.golden_id,
        other.c.state.in_([literal_column(f"'{state}'") for state in states]),
    )


_UNDER_WAY: Final = _another("busy", TAKEN)
_OPEN_AGAIN: Final = _another("open_again", OPEN)


class Queue(Transaction):
    """The part of a unit of work that holds the outbox."""

    def open_entries(self, system: str, entity: str, golden_ids: Sequence[str]) -> dict[str, OutboxEntry]:
        """Entries under way (leased or in doubt), by golden id: the writes that an observation may settle."""
        where = (OUTBOX.c.system == system, OUTBOX.c.entity == entity, OUTBOX.c.state.in_(TAKEN))
        rows = self.rows_in(OUTBOX, OUTBOX.c.golden_id, golden_ids, *where)
        return {row.golden_id: codec.entry_of(row) for row in rows}

    def enqueue(self, entity: str, rows: Iterable[tuple[str, str, int]], at: datetime, *, anew: bool = True) -> int:
        """Note that (system, golden id, revision) is due; returns how many entries are new.

        anew: a dead entry of the record is superseded, since things have changed. Else only where the revision has.
        """
        batch = list(rows)
        if not anew:
            dead = self._dead(entity, batch)
            batch = [row for row in batch if row[2] > dead.get((row[0], row[1]), -1)]
        if not batch:
            return 0
        self._drop(entity, ((system, golden_id) for system, golden_id, _ in batch), ("dead",))
        statement = self.insert(OUTBOX)
        # An entry that waits for another record, or for its next attempt, keeps waiting; only its revision grows.
        statement = statement.on_conflict_do_update(
            index_elements=["system", "entity", "golden_id"],
            index_where=OPEN_WHERE,
            set_={"rev": statement.excluded.rev},
        )
        values = [
            {
                "system": system,
                "entity": entity,
                "golden_id": golden_id,
                "state": "pending",
                "rev": rev,
                "created_at": at,
            }
            for system, golden_id, rev in batch
        ]
        known = self._open_count(entity, batch)
        self.connection.execute(statement, values)
        if len(values) > known:
            self.tell_workers()
        return len(values) - known

    def _dead(self, entity: str, rows: list[tuple[str, str, int]]) -> dict[tuple[str, str], int]:
        """(system, golden id) -> the revision that was refused."""
        where = (OUTBOX.c.entity == entity, OUTBOX.c.state == "dead")
        found = self.rows_in(OUTBOX, OUTBOX.c.golden_id, list({golden_id for _, golden_id, _ in rows}), *where)
        return {(row.system, row.golden_id): row.rev for row in found}

    def _open_count(self, entity: str, rows: list[tuple[str, str, int]]) -> int:
        by_system: dict[str, list[str]] = defaultdict(list)
        for system, golden_id, _ in rows:
            by_system[system].append(golden_id)
        found = 0
        for system, ids in by_system.items():
            query = select(func.count()).select_from(OUTBOX)
            query = query.where(OUTBOX.c.entity == entity, self.only(OUTBOX.c.system, [system]))
            query = query.where(self.only(OUTBOX.c.state, OPEN))
            for part in chunks(ids):
                found += self.connection.scalar(query.where(self.among(OUTBOX.c.golden_id, part))) or 0
        return found

    def unqueue(self, entity: str, rows: Iterable[tuple[str, str]]) -> None:
        """Remove open and dead entries of (system, golden id): the system is in step again."""
        self._drop(entity, rows, (*OPEN, "dead"))

    def _drop(self, entity: str, rows: Iterable[tuple[str, str]], states: tuple[str, ...]) -> None:
        by_system: dict[str, list[str]] = defaultdict(list)
        for system, golden_id in rows:
            by_system[system].append(golden_id)
        for system, ids in by_system.items():
            for part in chunks(ids):
                self.connection.execute(
                    delete(OUTBOX).where(
                        OUTBOX.c.entity == entity,
                        self.only(OUTBOX.c.system, [system]),
                        self.among(OUTBOX.c.golden_id, part),
                        self.only(OUTBOX.c.state, states),
                    )
                )

    def claim(
        self, system: str, entity: str, limit: int, *, now: datetime, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        """Take due entries, oldest first; never one whose record is under way already (order per record)."""
        due = and_(or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= now), ~_UNDER_WAY)
        ids = self._due(system, entity, "pending", due, limit) + self._due(system, entity, "waiting", due, limit)
        return self._lease(system, entity, sorted(ids)[:limit], lease_until=lease_until, owner=owner)

    def claim_in_doubt(
        self, system: str, entity: str, limit: int, *, now: datetime, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        """Take entries whose last write has an unknown end, to look them up."""
        due = or_(OUTBOX.c.next_at.is_(None), OUTBOX.c.next_at <= now)
        ids = self._due(system, entity, "in_doubt", due, limit)
        return self._lease(system, entity, ids, lease_until=lease_until, owner=owner)

    def _due(self, system: str, entity: str, state: str, due: ColumnElement[bool], limit: int) -> list[int]:
        """Ids of due entries in one state, oldest first, locked for this transaction; those of other workers left out.

        One state at a time: the index brings them in their order. Of two states, all would be sorted for each claim.
        """
        query = (
            select(OUTBOX.c.id)
            .where(OUTBOX.c.system == system, OUTBOX.c.entity == entity, OUTBOX.c.state == state, due)
            .order_by(OUTBOX.c.id)
            .limit(limit)
        )
        if self.connection.dialect.name == "postgresql":
            query = query.with_for_update(skip_locked=True)
        return list(self.connection.execute(query).scalars().all())  # all: a row at a time takes the driver longer

    def _lease(
        self, system: str, entity: str, ids: Sequence[int], *, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        if not ids:
            return []
        claimed = (
            update(OUTBOX)
            .where(self.one_of(OUTBOX.c.id, ids))
            .values(state="leased", fence=OUTBOX.c.fence + 1, lease_until=lease_until, owner=owner, next_at=null())
            .returning(*codec.OF_A_CLAIM)
        )
        rows = self.connection.execute(claimed).all()
        return sorted((codec.claimed(row, system, entity, lease_until) for row in rows), key=lambda e: e.id)

    def reclaim(self, now: datetime, *, owner: str | None = None, place: tuple[str, str] | None = None) -> int:
        """Free entries whose worker is gone: those sent become in doubt, those not sent become pending again.

        owner: with a name, every lease of anybody else is freed at once (this process is the only one); else only
        the leases that have run out. place: every lease of this system and entity, whose place was just taken.
        """
        gone = OUTBOX.c.state == "leased"
        over = OUTBOX.c.lease_until < now if owner is None else OUTBOX.c.owner != owner
        if place is not None:
            over = and_(OUTBOX.c.system == place[0], OUTBOX.c.entity == place[1])
        unsent = OUTBOX.c.intent.is_(None)
        self.connection.execute(delete(OUTBOX).where(gone, over, unsent, _OPEN_AGAIN))
        state = case((unsent, "pending"), else_="in_doubt")
        freed = self.connection.execute(
            update(OUTBOX).where(gone, over).values(state=state, lease_until=null(), owner=null())
        )
        return int(freed.rowcount)

    def save_intents(self, rows: Iterable[tuple[OutboxEntry, Intent]]) -> None:
        """Store what is about to be sent; committed before it is."""
        values = [{"b_id": entry.id, "b_intent": codec.intent_out(intent)} for entry, intent in rows]
        if values:
            self.connection.execute(
                update(OUTBOX).where(OUTBOX.c.id == bindparam("b_id")).values(intent=bindparam("b_intent")), values
            )

    def settle(self, rows: Iterable[Settlement]) -> None:
        """Give claimed entries their new state. A late worker (older fence) changes nothing."""
        done: dict[int, list[int]] = defaultdict(list)
        for settlement in rows:
            if settlement.state is None:
                done[settlement.entry.fence].append(settlement.entry.id)
            else:
                self._settle_one(settlement)
        for fence, ids in done.items():  # most were claimed once: one statement for all of them
            for part in chunks(ids):
                self.connection.execute(delete(OUTBOX).where(OUTBOX.c.fence == fence, self.one_of(OUTBOX.c.id, part)))

    def _settle_one(self, settlement: Settlement) -> None:
        entry, state = settlement.entry, settlement.state
        mine = and_(OUTBOX.c.id == entry.id, OUTBOX.c.fence == entry.fence)
        if state != "in_doubt" and self._superseded(entry):
            self.connection.execute(delete(OUTBOX).where(mine))
            return
        if state == "dead":
            self._drop(entry.entity, [(entry.system, entry.golden_id)], ("dead",))
        values: dict[str, Any] = {
            "state": state,
            "next_at": settlement.next_at,
            "lease_until": None,
            "owner": None,
            "attempts": OUTBOX.c.attempts + 1 if settlement.count_attempt else OUTBOX.c.attempts,
            "error_code": settlement.error_code,
            "error": settlement.error,
        }
        if state != "in_doubt":
            values["intent"] = None
        self.connection.execute(update(OUTBOX).where(mine).values(**values))

    def _superseded(self, entry: OutboxEntry) -> bool:
        """Whether a newer entry for the same record came in while this one was under way."""
        query = select(OUTBOX.c.id).where(
            OUTBOX.c.system == entry.system,
            OUTBOX.c.entity == entry.entity,
            OUTBOX.c.golden_id == entry.golden_id,
            OUTBOX.c.state.in_(OPEN),
        )
        return self.connection.execute(query).first() is not None

    def wake(self, system: str, entity: str, golden_ids: Sequence[str] | None = None) -> int:
        """Let the entries that wait for another record try again: all of them, or those of some records."""
        where = [OUTBOX.c.system == system, OUTBOX.c.entity == entity, OUTBOX.c.state == "held"]
        woken = 0
        for part in [None] if golden_ids is None else chunks(golden_ids):
            chosen = where if part is None else [*where, self.among(OUTBOX.c.golden_id, part)]
            statement = update(OUTBOX).where(*chosen).values(state="pending", next_at=null())
            woken += int(self.connection.execute(statement).rowcount)
        if woken:
            self.tell_workers()
        return woken

    def release(self, system: str, code: str, *, dead: bool) -> int:
        """The cause of this error is gone: entries that waited for that without an attempt of their own go at once.

        dead: also those that were set aside because of it, from their first attempt on.
        """
        waited = and_(OUTBOX.c.state == "waiting", OUTBOX.c.attempts == 0)
        chosen = or_(waited, OUTBOX.c.state == "dead") if dead else waited
        where = and_(OUTBOX.c.system == system, OUTBOX.c.error_code == code, chosen)
        freed = update(OUTBOX).where(where).values(state="pending", next_at=null(), attempts=0)
        return int(self.connection.execute(freed).rowcount)

    def deletes_due(self, system: str, entity: str) -> list[str]:
        """The golden ids whose records of this system are to be deleted because they were deleted in another."""
        where = and_(OUTBOX.c.system == system, OUTBOX.c.entity == entity, OUTBOX.c.state != "dead")
        record = and_(GOLDEN.c.entity == OUTBOX.c.entity, GOLDEN.c.id == OUTBOX.c.golden_id, GOLDEN.c.alive.is_(False))
        query = select(OUTBOX.c.golden_id).select_from(OUTBOX.join(GOLDEN, record)).where(where).distinct()
        return [row.golden_id for row in self.connection.execute(query.order_by(OUTBOX.c.golden_id))]

    def next_due(self, entities: Sequence[str], *, without: Collection[str] = ()) -> datetime | None:
        """The earliest instant at which a waiting entry of these entities may be tried again, some systems left out."""
        query = select(func.min(OUTBOX.c.next_at)).where(OUTBOX.c.state.in_(("waiting", "in_doubt")))
        query = query.where(OUTBOX.c.entity.in_(entities), OUTBOX.c.system.not_in(sorted(without)))
        return self.connection.execute(query).scalar()

    def places_queued(self, states: Collection[str]) -> set[tuple[str, str]]:
        """(system, entity) with entries in any of these states."""
        query = select(OUTBOX.c.system, OUTBOX.c.entity).where(OUTBOX.c.state.in_(sorted(states))).distinct()
        return {(row[0], row[1]) for row in self.connection.execute(query)}

    def queue_counts(self) -> dict[tuple[str, str, str], int]:
        """(system, entity, state) -> number of entries."""
        query = select(OUTBOX.c.system, OUTBOX.c.entity, OUTBOX.c.state, func.count()).group_by(
            OUTBOX.c.system, OUTBOX.c.entity, OUTBOX.c.state
        )
        return {(row[0], row[1], row[2]): row[3] for row in self.connection.execute(query)}
