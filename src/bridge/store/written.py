"""What every run wrote, kept for a while so that it can be undone; and how long that and the history are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Table, and_, delete, exists, select

from bridge.ports.work import WriteRow
from bridge.store import codec
from bridge.store.schema import CONFLICT, HISTORY, RUN, WRITTEN
from bridge.store.transaction import Transaction


class Written(Transaction):
    """The part of a unit of work that remembers writes, and forgets what is old."""

    def add_writes(self, rows: Iterable[WriteRow]) -> None:
        """Append writes to the journal of writes."""
        values = [codec.write_row(row) for row in rows]
        if values:
            self.connection.execute(WRITTEN.insert(), values)

    def run_began(self, run: str) -> datetime | None:
        """When a run began; None if there was none of this name."""
        return self.connection.execute(select(RUN.c.started).where(RUN.c.id == run)).scalar()

    def writes_of(self, run: str) -> list[WriteRow]:
        """What a run wrote, newest first."""
        query = select(WRITTEN).where(WRITTEN.c.run == run).order_by(WRITTEN.c.id.desc())
        return [codec.write_of(row) for row in self.connection.execute(query)]

    def prune(self, *, history: datetime, writes: datetime, limit: int) -> int:
        """Forget changes and writes from before these instants, the oldest first and at most `limit` of each.

        What an open conflict is about stays. Returns how many rows were deleted.
        """
        open_ = exists().where(
            CONFLICT.c.entity == HISTORY.c.entity,
            CONFLICT.c.golden_id == HISTORY.c.golden_id,
            CONFLICT.c.unit == HISTORY.c.unit,
            CONFLICT.c.state == "held",
        )
        return self._forget(HISTORY, history, limit, and_(~open_)) + self._forget(WRITTEN, writes, limit)

    def _forget(self, table: Table, before: datetime, limit: int, *keep: object) -> int:
        """Rows lie in the order of their making: one look at the first says whether there is anything to do."""
        first = self.connection.execute(select(table.c.at).order_by(table.c.id).limit(1)).scalar()
        if first is None or first >= before:
            return 0
        oldest = select(table.c.id, table.c.at).order_by(table.c.id).limit(limit).subquery()
        old = select(oldest.c.id).where(oldest.c.at < before)
        return self.connection.execute(delete(table).where(table.c.id.in_(old), *keep)).rowcount  # type: ignore[arg-type]
