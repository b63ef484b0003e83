"""Cursors, the conflict journal, history, runs and flags."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select, update

from bridge.ports.storage import CursorRow
from bridge.ports.work import Conflict, HistoryRow
from bridge.store import codec, journal_codec
from bridge.store.schema import BUDGET, CONFLICT, CROSSWALK, CURSOR, GOLDEN, HISTORY, META, RUN, SHADOW
from bridge.store.transaction import Transaction

FIRST_BUDGET = 0x627269
"""The first number of the advisory locks under which a system's budget is made."""


class Journal(Transaction):
    """The part of a unit of work that remembers what was decided."""

    def cursor(self, system: str, entity: str) -> CursorRow:
        """Where reading stands; at the very beginning if nothing was read yet."""
        query = select(CURSOR).where(CURSOR.c.system == system, CURSOR.c.entity == entity)
        row = self.connection.execute(query).first()
        if row is None:
            return CursorRow(system, entity, None, complete=False)
        return CursorRow(system, entity, row.cursor, row.complete)

    def save_cursor(self, row: CursorRow, at: datetime) -> None:
        """Move the cursor, in the transaction that holds what was read up to it."""
        values: dict[str, object] = {
            "system": row.system,
            "entity": row.entity,
            "cursor": row.cursor,
            "complete": row.complete,
            "at": at,
        }
        self.upsert(CURSOR, [values])

    def amend_cursor(self, row: CursorRow) -> None:
        """Change what the cursor knows, not where it stands nor when it moved."""
        place = (CURSOR.c.system == row.system) & (CURSOR.c.entity == row.entity)
        self.connection.execute(update(CURSOR).where(place).values(cursor=row.cursor))

    def cursors(self) -> list[tuple[CursorRow, datetime]]:
        """All positions and when they moved last."""
        query = select(CURSOR).order_by(CURSOR.c.entity, CURSOR.c.system)
        return [(CursorRow(r.system, r.entity, r.cursor, r.complete), r.at) for r in self.connection.execute(query)]

    def held_conflicts(self, entity: str, golden_ids: Sequence[str]) -> dict[tuple[str, str], Conflict]:
        """(golden id, unit) -> the conflict that holds it."""
        where = (CONFLICT.c.entity == entity, CONFLICT.c.state == "held")
        rows = self.rows_in(CONFLICT, CONFLICT.c.golden_id, golden_ids, *where)
        return {(row.golden_id, row.unit): journal_codec.conflict_of(row) for row in rows}

    def save_conflicts(self, rows: Iterable[Conflict]) -> None:
        """Insert or replace rows of the conflict journal."""
        self.upsert(CONFLICT, (journal_codec.conflict_row(row) for row in rows))

    def conflicts(
        self,
        *,
        state: str | None = None,
        entity: str | None = None,
        golden_id: str | None = None,
        unit: str | None = None,
        rule: str | None = None,
        owner: str | None = None,
        limit: int = 100,
    ) -> list[Conflict]:
        """Conflicts for people, newest first."""
        query = select(CONFLICT).order_by(CONFLICT.c.at.desc(), CONFLICT.c.id.desc())
        if owner is None:
            query = query.limit(limit)
        for column, value in (
            (CONFLICT.c.state, state),
            (CONFLICT.c.entity, entity),
            (CONFLICT.c.golden_id, golden_id),
            (CONFLICT.c.unit, unit),
            (CONFLICT.c.rule, rule),
        ):
            if value is not None:
                query = query.where(column == value)
        rows = self.connection.execute(query.execution_options(yield_per=500))  # the owner stands in the body
        found = (conflict for row in rows if owner in (None, (conflict := journal_codec.conflict_of(row)).owner))
        return list(islice(found, limit))

    def conflicts_named(self, ending: str) -> list[Conflict]:
        """The conflicts whose id ends so (letters and digits): people read and type the end of an id."""
        query = select(CONFLICT).where(CONFLICT.c.id.endswith(ending, autoescape=True)).limit(2)
        return [journal_codec.conflict_of(row) for row in self.connection.execute(query)]

    def conflict_counts(self) -> dict[tuple[str, str], int]:
        """(entity, state) -> number of conflicts."""
        query = select(CONFLICT.c.entity, CONFLICT.c.state, func.count()).group_by(CONFLICT.c.entity, CONFLICT.c.state)
        return {(row[0], row[1]): row[2] for row in self.connection.execute(query)}

    def add_history(self, rows: Iterable[HistoryRow]) -> None:
        """Append changes of golden values."""
        values = [journal_codec.history_row(row) for row in rows]
        if values:
            self.connection.execute(HISTORY.insert(), values)

    def history(self, entity: str, golden_id: str, limit: int = 100) -> list[HistoryRow]:
        """The changes of one golden record, newest first."""
        query = (
            select(HISTORY)
            .where(HISTORY.c.entity == entity, HISTORY.c.golden_id == golden_id)
            .order_by(HISTORY.c.id.desc())
            .limit(limit)
        )
        return [journal_codec.history_of(row) for row in self.connection.execute(query)]

    def history_since(self, entity: str, golden_ids: Sequence[str], since: datetime) -> list[HistoryRow]:
        """What changed in these golden records since then, oldest first."""
        rows = self.rows_in(HISTORY, HISTORY.c.golden_id, golden_ids, HISTORY.c.entity == entity, HISTORY.c.at >= since)
        return [journal_codec.history_of(row) for row in sorted(rows, key=lambda row: row.id)]

    def flag(self, name: str) -> str | None:
        """A small durable fact by name."""
        return self.connection.execute(select(META.c.value).where(META.c.name == name)).scalar()

    def flags(self, prefix: str) -> dict[str, str]:
        """The small durable facts whose names begin so, in the order of their names; empty ones left out."""
        query = select(META).where(META.c.name.startswith(prefix, autoescape=True), META.c.value != "")
        return {row.name: row.value for row in self.connection.execute(query.order_by(META.c.name))}

    def set_flag(self, name: str, value: str) -> None:
        """Remember a small durable fact."""
        self.upsert(META, [{"name": name, "value": value}])

    def budget(self, system: str) -> dict[str, Any] | None:
        """The call budget of a system, locked until the transaction ends."""
        query = select(BUDGET.c.body).where(BUDGET.c.system == system).with_for_update()
        body = self.connection.execute(query).scalar()
        if body is None and self.connection.dialect.name == "postgresql":
            # There is no row to lock yet: of two who make it at once, the second would not see the first one's calls.
            self.connection.execute(select(func.pg_advisory_xact_lock(FIRST_BUDGET, func.hashtext(system))))
            body = self.connection.execute(query).scalar()
        return None if body is None else codec.unpack(body)

    def budgets(self) -> dict[str, dict[str, Any]]:
        """All call budgets by system."""
        return {row.system: codec.unpack(row.body) for row in self.connection.execute(select(BUDGET))}

    def save_budget(self, system: str, body: Mapping[str, Any]) -> None:
        """Keep the call budget of a system."""
        self.upsert(BUDGET, [{"system": system, "body": codec.pack(body)}])

    def start_run(self, run: str, command: str, at: datetime) -> None:
        """Note that a run began."""
        self.connection.execute(RUN.insert(), {"id": run, "command": command, "started": at})

    def finish_run(self, run: str, report: Any, at: datetime) -> None:
        """Note how a run ended."""
        self.connection.execute(RUN.update().where(RUN.c.id == run).values(finished=at, report=codec.pack(report)))

    def drop_run(self, run: str) -> None:
        """Forget a run in which nothing happened."""
        self.connection.execute(RUN.delete().where(RUN.c.id == run))

    def runs(self, limit: int = 10) -> list[dict[str, Any]]:
        """The latest runs, newest first."""
        query = select(RUN).order_by(RUN.c.started.desc()).limit(limit)
        return [
            {
                "id": row.id,
                "command": row.command,
                "started": row.started,
                "finished": row.finished,
                "report": codec.unpack(row.report) if row.report else None,
            }
            for row in self.connection.execute(query)
        ]

    def record_counts(self) -> dict[str, dict[str, int]]:
        """entity -> {"golden": n, system: linked records, "review": n}."""
        counts: dict[str, dict[str, int]] = {}
        golden = select(GOLDEN.c.entity, func.count()).group_by(GOLDEN.c.entity)
        for entity, number in self.connection.execute(golden):
            counts.setdefault(entity, {})["golden"] = number
        linked = select(CROSSWALK.c.entity, CROSSWALK.c.system, CROSSWALK.c.state, func.count()).group_by(
            CROSSWALK.c.entity, CROSSWALK.c.system, CROSSWALK.c.state
        )
        for entity, system, state, number in self.connection.execute(linked):
            of_entity = counts.setdefault(entity, {})
            name = system if state == "linked" else f"{system} {state}"
            of_entity[name] = number
        return counts

    def stopped_count(self) -> int:
        """Records that wait for another record to become known."""
        query = select(func.count()).select_from(SHADOW).where(SHADOW.c.waiting_for.is_not(None))
        return int(self.connection.execute(query).scalar() or 0)
