"""Where a reading of changes stands, and which rows come next.

By stamp and, inside a stamp, by id; when there is no more, the next reading begins `OVERLAP` before this one began: a
transaction that commits late puts its older stamp behind a position that was taken without it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bridge.adapters.memory.rows import Row
from bridge.adapters.memory.world import MemoryWorld
from bridge.ports.errors import CursorExpired
from bridge.ports.reading import belongs
from bridge.ports.records import ObjectSpec

OVERLAP = timedelta(seconds=10)
_START = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Position:
    """After this stamp and id. `begun` is when this reading to the end was begun."""

    object: str
    begun: datetime
    at: datetime = _START
    id: str = ""

    def text(self) -> str:
        """The cursor."""
        return json.dumps([self.object, self.begun.isoformat(), self.at.isoformat(), self.id])

    @classmethod
    def parse(cls, cursor: str | None, spec: ObjectSpec, world: MemoryWorld) -> Position:
        """The position of a cursor. Raises CursorExpired for one that is too old or not of this object."""
        if cursor is None:
            return cls(spec.object, world.clock())
        try:
            obj, begun, at, native_id = json.loads(cursor)
            position = cls(str(obj), _aware(begun), _aware(at), str(native_id))
        except (ValueError, TypeError):
            raise CursorExpired("the position cannot be read", system=world.name) from None
        if position.object != spec.object:
            raise CursorExpired(f"the position is not one of {spec.object}", system=world.name)
        if position.at < world.horizon and position.at != _START:
            raise CursorExpired("the position is older than the log of changes", system=world.name)
        return position if position.id else cls(spec.object, world.clock(), position.at)


def next_rows(world: MemoryWorld, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
    """The next rows, where to go on, and whether there are more."""
    rows = sorted(world.table(spec.object).values(), key=lambda row: (row.at, row.id))
    waiting = [row for row in rows if (row.at, row.id) > (position.at, position.id) and _belongs(world, spec, row)]
    page = waiting[: max(1, min(limit, world.quirks.page))]
    if len(waiting) > len(page):
        return page, Position(spec.object, position.begun, page[-1].at, page[-1].id), True
    return page, Position(spec.object, position.begun, max(_START, position.begun - OVERLAP)), False


def _belongs(world: MemoryWorld, spec: ObjectSpec, row: Row) -> bool:
    if row.deleted:
        return world.quirks.deletes_feed
    return belongs(spec.where, row.values)


def _aware(text: object) -> datetime:
    moment = datetime.fromisoformat(str(text))
    if moment.tzinfo is None:
        raise ValueError
    return moment
