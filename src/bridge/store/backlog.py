"""The outbox as people see it: what is in it, why, and what they say about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, null, select, update

from bridge.ports.errors import RateLimited
from bridge.ports.work import OutboxEntry
from bridge.store import codec
from bridge.store.schema import OPEN, OUTBOX, TAKEN
from bridge.store.transaction import Transaction


class Backlog(Transaction):
    """The part of a unit of work that shows the outbox to people and does what they say."""

    def hasten(self) -> int:
        """Let all that waits for its next attempt try again at once, because a person asks for it.

        What a system asked to wait with (its quota, its pace) keeps waiting.
        """
        waiting = (OUTBOX.c.state == "waiting") & (OUTBOX.c.error_code != RateLimited.code)
        self.tell_workers()
        return int(self.connection.execute(update(OUTBOX).where(waiting).values(next_at=null())).rowcount)

    def replay(
        self,
        ids: Sequence[int] | None,
        *,
        system: str | None = None,
        entity: str | None = None,
        code: str | None = None,
    ) -> int:
        """Let what was set aside, or waits for anything, be tried again from its first attempt on; returns how many."""
        where: list[ColumnElement[bool]] = [OUTBOX.c.state.in_(("dead", "held", "waiting"))]
        chosen = ((OUTBOX.c.system, system), (OUTBOX.c.entity, entity), (OUTBOX.c.error_code, code))
        where += [column == wanted for column, wanted in chosen if wanted is not None]
        if ids is not None:
            where.append(OUTBOX.c.id.in_(ids))
        statement = update(OUTBOX).where(*where).values(state="pending", next_at=null(), attempts=0)
        self.tell_workers()
        return int(self.connection.execute(statement).rowcount)

    def discard(self, ids: Sequence[int]) -> int:
        """Remove entries that are not under way; returns how many."""
        statement = delete(OUTBOX).where(OUTBOX.c.id.in_(ids), OUTBOX.c.state.not_in(TAKEN))
        return int(self.connection.execute(statement).rowcount)

    def entries_by_id(self, ids: Sequence[int]) -> list[OutboxEntry]:
        """These entries, oldest first."""
        rows = self.connection.execute(select(OUTBOX).where(OUTBOX.c.id.in_(ids)).order_by(OUTBOX.c.id))
        return [codec.entry_of(row) for row in rows]

    def queued(self, system: str, entity: str, golden_ids: Sequence[str]) -> dict[str, OutboxEntry]:
        """golden id -> its newest entry of one system, in whatever state, also one that was set aside."""
        where = (OUTBOX.c.system == system, OUTBOX.c.entity == entity)
        rows = self.rows_in(OUTBOX, OUTBOX.c.golden_id, golden_ids, *where)
        return {entry.golden_id: entry for entry in sorted(map(codec.entry_of, rows), key=lambda entry: entry.id)}

    def causes(self) -> list[dict[str, Any]]:
        """Entries that are not simply pending, counted by what keeps them: the most frequent cause first."""
        columns = (OUTBOX.c.system, OUTBOX.c.entity, OUTBOX.c.state, OUTBOX.c.error_code, OUTBOX.c.error)
        query = select(*columns, func.count().label("number")).where(OUTBOX.c.state != "pending").group_by(*columns)
        names = ("system", "entity", "state", "error_code", "error", "number")
        rows = [dict(zip(names, row, strict=True)) for row in self.connection.execute(query)]
        return sorted(rows, key=lambda row: (-row["number"], row["system"], row["entity"], str(row["error"])))

    def queue_ages(self) -> dict[tuple[str, str], datetime]:
        """(system, entity) -> since when its oldest open entry waits."""
        place = (OUTBOX.c.system, OUTBOX.c.entity)
        query = select(*place, func.min(OUTBOX.c.created_at)).where(OUTBOX.c.state.in_((*OPEN, *TAKEN)))
        return {(row[0], row[1]): row[2] for row in self.connection.execute(query.group_by(*place))}

    def entries(self, states: Sequence[str] | None, limit: int) -> list[OutboxEntry]:
        """Entries for people, oldest first."""
        query = select(OUTBOX).order_by(OUTBOX.c.id).limit(limit)
        if states:
            query = query.where(OUTBOX.c.state.in_(states))
        return [codec.entry_of(row) for row in self.connection.execute(query)]
