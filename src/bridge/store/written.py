"""What every run wrote, kept for a while so that it can be undone; and how long that and the history are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, ColumnElement, Table, and_, case, delete, exists, func, select

from bridge.ports.work import WriteRow
from bridge.store import journal_codec
from bridge.store.schema import CONFLICT, HISTORY, RUN, WRITTEN
from bridge.store.transaction import Transaction


class Written(Transaction):
    """The part of a unit of work that remembers writes, and forgets what is old."""

    def add_writes(self, rows: Iterable[WriteRow]) -> None:
        """Append writes to the journal of writes."""
        values = [journal_codec.write_row(row) for row in rows]
        if values:
            self.connection.execute(WRITTEN.insert(), values)

    def run_began(self, run: str) -> datetime | None:
        """When a run began; None if there was none of this name."""
        return self.connection.execute(select(RUN.c.started).where(RUN.c.id == run)).scalar()

    def writes_of(self, run: str) -> list[WriteRow]:
        """What a run wrote, newest first."""
        query = select(WRITTEN).where(WRITTEN.c.run == run).order_by(WRITTEN.c.id.desc())
        return [journal_codec.write_of(row) for row in self.connection.execute(query)]

    def written_counts(self, run: str) -> dict[tuple[str, str, str], int]:
        """(system, entity, op) -> records that a run wrote. One that it made counts as made, whatever else it wrote
        there afterwards."""
        mine = WRITTEN.c.run == run
        first = (
            select(
                WRITTEN.c.system,
                WRITTEN.c.entity,
                WRITTEN.c.golden_id,
                func.min(case({"create": 0, "update": 1}, value=WRITTEN.c.op, else_=2)).label("kind"),
            )
            .where(mine)
            .group_by(WRITTEN.c.system, WRITTEN.c.entity, WRITTEN.c.golden_id)
            .subquery()
        )
        query = select(first.c.system, first.c.entity, first.c.kind, func.count()).group_by(
            first.c.system, first.c.entity, first.c.kind
        )
        ops = ("create", "update", "delete")
        return {(row[0], row[1], ops[row[2]]): row[3] for row in self.connection.execute(query)}

    def prune(self, *, history: datetime, writes: datetime, limit: int) -> int:
        """Forget what is from before these instants, the oldest first and at most `limit` of each kind.

        history: changes of values, and conflicts that are settled. What an open conflict is about stays, and so does
        the conflict. writes: the writes of runs, and the runs. Returns how many rows were deleted.
        """
        open_ = exists().where(
            CONFLICT.c.entity == HISTORY.c.entity,
            CONFLICT.c.golden_id == HISTORY.c.golden_id,
            CONFLICT.c.unit == HISTORY.c.unit,
            CONFLICT.c.state == "held",
        )
        deleted = self._forget(HISTORY, history, limit, and_(~open_)) + self._forget(WRITTEN, writes, limit)
        settled = and_(CONFLICT.c.at < history, CONFLICT.c.state != "held")
        deleted += self._forget_oldest(CONFLICT, CONFLICT.c.at, settled, limit)
        over = and_(RUN.c.started < writes, ~exists().where(WRITTEN.c.run == RUN.c.id))
        return deleted + self._forget_oldest(RUN, RUN.c.started, over, limit)

    def _forget_oldest(self, table: Table, when: Column[datetime], old: ColumnElement[bool], limit: int) -> int:
        """Rows of a table whose key says nothing of their age; `when` is indexed."""
        oldest = select(table.c.id).where(old).order_by(when).limit(limit).scalar_subquery()
        return int(self.connection.execute(delete(table).where(table.c.id.in_(oldest))).rowcount)

    def _forget(self, table: Table, before: datetime, limit: int, *keep: ColumnElement[bool]) -> int:
        """Rows lie in the order of their making: one look at the first says whether there is anything to do."""
        first = self.connection.execute(select(table.c.at).order_by(table.c.id).limit(1)).scalar()
        if first is None or first >= before:
            return 0
        oldest = select(table.c.id, table.c.at).order_by(table.c.id).limit(limit).subquery()
        old = select(oldest.c.id).where(oldest.c.at < before)
        gone = delete(table).where(table.c.id.in_(old), *keep)
        return self.connection.execute(gone).rowcount
