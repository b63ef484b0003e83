"""Hints: records of which a system told that they may have changed. One row for each, however often it is told."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import and_, delete, func, or_, select, tuple_

from bridge.store.schema import HINT
from bridge.store.transaction import Transaction

AT_ONCE: Final = 500
"""Rows in one statement."""


@dataclass(frozen=True, slots=True)
class Told:
    """One record. native_id: empty for some record of the object. at: when it was first told. due: when it is to be
    read. times: how often it was told since."""

    system: str
    object: str
    native_id: str = field(repr=False)
    at: datetime
    due: datetime
    times: int = 1


class Hints(Transaction):
    """The part of a unit of work that remembers what was told."""

    def add_hints(self, rows: Iterable[Told]) -> int:
        """Note these; those that are noted already are counted only. Returns how many are new."""
        told = sorted(rows, key=lambda one: (one.system, one.object, one.native_id))  # one order: no deadlock
        key = tuple_(HINT.c.system, HINT.c.object, HINT.c.native_id)
        new = len(told)
        for start in range(0, len(told), AT_ONCE):
            part = told[start : start + AT_ONCE]
            keys = [(one.system, one.object, one.native_id) for one in part]
            new -= self.connection.scalar(select(func.count()).select_from(HINT).where(key.in_(keys))) or 0
        if told:
            statement = self.insert(HINT)
            more = statement.on_conflict_do_update(
                index_elements=["system", "object", "native_id"], set_={"times": HINT.c.times + 1}
            )
            names = ("system", "object", "native_id", "at", "due", "times")
            self.connection.execute(more, [{name: getattr(one, name) for name in names} for one in told])
        return new

    def hints(self, limit: int, *, without: Collection[str] = ()) -> list[Told]:
        """Those that wait, the oldest first. without: systems of which nothing is wanted."""
        query = select(HINT).where(HINT.c.system.not_in(without)) if without else select(HINT)
        rows = self.connection.execute(query.order_by(HINT.c.at).limit(limit))
        return [Told(*row) for row in rows]

    def hint_counts(self) -> dict[str, int]:
        """System -> how many wait."""
        rows = self.connection.execute(select(HINT.c.system, func.count()).group_by(HINT.c.system))
        return {system: int(number) for system, number in rows}

    def drop_hints(self, rows: Sequence[Told]) -> None:
        """Forget these; one that was told again since it was looked up stays."""
        for start in range(0, len(rows), AT_ONCE // 5):
            part = rows[start : start + AT_ONCE // 5]
            alike = [
                and_(
                    HINT.c.system == one.system,
                    HINT.c.object == one.object,
                    HINT.c.native_id == one.native_id,
                    HINT.c.at == one.at,
                    HINT.c.times == one.times,
                )
                for one in part
            ]
            self.connection.execute(delete(HINT).where(or_(*alike)))
