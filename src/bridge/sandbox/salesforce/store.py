"""The rows of the org: stamped to the second, kept in the recycle bin, seen late where a transaction is late."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from bridge.sandbox.kernel import Clock
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.ids import PREFIXES, long_id, make_id
from bridge.sandbox.salesforce.values import stamp

Values = dict[str, Any]

_NOTHING = object()
"""Stands for a key that is not in a table."""


@dataclass(slots=True)
class Row:
    """One record. before, visible_at: what others see until a late transaction commits."""

    values: Values
    before: Values | None = None
    visible_at: datetime | None = None

    def seen(self, now: datetime) -> Values | None:
        """The record as a query sees it now; None if it is not there yet."""
        if self.visible_at is not None and now < self.visible_at:
            return self.before
        return self.values


@dataclass(frozen=True, slots=True)
class Deletion:
    """An entry of the log of deletes."""

    id: str
    at: datetime
    visible_at: datetime


class Store:
    """All rows by object and id, unique values, and the log of deletes."""

    def __init__(self, clock: Clock, objects: Mapping[str, SObject]) -> None:
        self.clock, self.objects = clock, dict(objects)
        self.lock = threading.RLock()
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in self.objects}
        self.log: dict[str, list[Deletion]] = {name: [] for name in self.objects}
        self.unique: dict[tuple[str, str], dict[str, str]] = {}
        self._pointing: dict[tuple[str, str, str], dict[str, None]] = {}
        self.late = 0.0
        self.touched: list[tuple[str, str]] = []
        self._numbers: dict[str, int] = {}
        self._undo: list[Callable[[], object]] = []
        self._transactions = 0

    def definition(self, name: str) -> SObject | None:
        """An object by its name in any case."""
        return self.objects.get(name.lower())

    def child(self, definition: SObject, name: str) -> tuple[SObject, Field] | None:
        """The object whose records lie below those of another under this name, and its field that leads up."""
        for other in self.objects.values():
            for field in other.fields.values():
                if field.below and field.target == definition.name and field.below.lower() == name.lower():
                    return other, field
        return None

    def seen(self, object_name: str, *, deleted: bool = False) -> Iterator[Values]:
        """The rows that a query sees now, with `deleted` those of the recycle bin too."""
        now = self.clock.now()
        for row in self.rows[object_name.lower()].values():
            values = row.seen(now)
            if values is not None and (deleted or not values.get("IsDeleted")):
                yield values

    def get(self, object_name: str, id_: object) -> Values | None:
        """One row as a query sees it, deleted ones too."""
        full = long_id(id_)
        row = self.rows[object_name.lower()].get(full or "")
        return row.seen(self.clock.now()) if row else None

    def newest(self, object_name: str, id_: object) -> Row | None:
        """One row as it is stored, committed or not: what a write works on."""
        return self.rows[object_name.lower()].get(long_id(id_) or "")

    def below(self, object_name: str, field_name: str, id_: object, *, deleted: bool = False) -> list[Values]:
        """The rows that point to a record with this field, as a query sees them now."""
        now = self.clock.now()
        found = (row.seen(now) for row in self._pointers(object_name, field_name, id_))
        there = [one for one in found if one is not None and one.get(field_name) == id_]
        return [one for one in there if deleted or not one.get("IsDeleted")]

    def newest_below(self, object_name: str, field_name: str, id_: object, *, deleted: bool = False) -> list[Values]:
        """The same, committed or not."""
        there = [
            row.values for row in self._pointers(object_name, field_name, id_) if row.values.get(field_name) == id_
        ]
        return [one for one in there if deleted or not one.get("IsDeleted")]

    def _pointers(self, object_name: str, field_name: str, id_: object) -> list[Row]:
        """Rows that point there, or did once: nothing is ever taken out of the index, so nothing has to be put back."""
        name = object_name.lower()
        known = self._pointing.get((name, field_name, str(id_)), ())
        return [self.rows[name][one] for one in known if one in self.rows[name]]

    def moment(self) -> str:
        """The stamp of now."""
        return stamp(self.clock.now())

    def new_id(self, object_name: str) -> str:
        """The next id."""
        number = self._numbers.get(object_name, 0) + 1
        self._numbers[object_name] = number
        definition = self.objects.get(object_name.lower())
        return make_id(definition.prefix if definition else PREFIXES[object_name], number)

    def put(
        self, definition: SObject, values: Values, *, at: datetime | None = None, by: str = "", system: bool = False
    ) -> None:
        """Save a row that has been judged: stamps, unique values, visibility. system: the org itself changes it, which
        moves SystemModstamp alone, as roll-ups do."""
        name = definition.name.lower()
        now = self.clock.now()
        at = at or now
        known = self.rows[name].get(values["Id"])
        moment = stamp(at)
        values = {**values, "SystemModstamp": moment}
        if not system:
            values |= {"LastModifiedDate": moment, "LastModifiedById": by}
        if known is None:
            values = {**values, "CreatedDate": moment, "CreatedById": by}
        for field in definition.fields.values():
            if field.target and values.get(field.name):
                self._pointing.setdefault((name, field.name, str(values[field.name])), {})[values["Id"]] = None
            if field.unique:
                index = self.unique.setdefault((name, field.name), {})
                if known is not None:
                    self._set(index, _key(known.values.get(field.name), field.case_sensitive), _NOTHING)
                if values.get(field.name) is not None and not values.get("IsDeleted"):
                    self._set(index, _key(values[field.name], field.case_sensitive), values["Id"])
        visible = now + timedelta(seconds=self.late) if self.late else None
        before = known.seen(now) if known else None
        self._set(self.rows[name], values["Id"], Row(values, before, visible))
        if not system:
            self.touched.append((definition.name, values["Id"]))

    def amend(self, object_name: str, id_: str, values: Values) -> None:
        """Change values that are only shown with a record and belong to another: no stamp moves."""
        row = self.rows[object_name.lower()][id_]
        self._set(self.rows[object_name.lower()], id_, Row({**row.values, **values}, row.before, row.visible_at))

    def holder(self, object_name: str, field_name: str, value: object, *, case_sensitive: bool) -> str | None:
        """The id of the record that has this value in a unique field."""
        return self.unique.get((object_name.lower(), field_name), {}).get(_key(value, case_sensitive))

    def note_deletion(self, object_name: str, id_: str) -> None:
        """Enter a delete into the log, which users of getDeleted read."""
        now = self.clock.now()
        entries = self.log[object_name.lower()]
        entries.append(Deletion(id_, now, now + timedelta(seconds=self.late)))
        if self._transactions:
            self._undo.append(entries.pop)

    @contextmanager
    def transaction(self) -> Iterator[Callable[[], None]]:
        """A span of writes, and what takes back those made since it began; one may lie within another. What is taken
        back is as it was, but that ids that were given out are not given out again."""
        mark = len(self._undo)
        self._transactions += 1
        try:
            yield partial(self._back_to, mark)
        finally:
            self._transactions -= 1
            if not self._transactions:
                self._undo.clear()

    def _back_to(self, mark: int) -> None:
        while len(self._undo) > mark:
            self._undo.pop()()

    def _set(self, table: dict[str, Any], key: str, value: Any) -> None:
        """Write into a table; within a transaction what was there is kept, a value for each write."""
        if self._transactions:
            self._undo.append(partial(_set, table, key, table.get(key, _NOTHING)))
        _set(table, key, value)

    def add_object(self, definition: SObject) -> None:
        """Put a further object in, with a prefix of its own for its ids."""
        taken = {one.prefix for one in self.objects.values()}
        free = (f"a{number:02}" for number in range(5, 100))
        definition.prefix = definition.prefix or next(prefix for prefix in free if prefix not in taken)
        self.objects[definition.name.lower()] = definition
        self.rows[definition.name.lower()] = {}
        self.log[definition.name.lower()] = []

    def add_field(self, definition: SObject, field: Field) -> None:
        """Put a further field in; the records that are there have no value in it."""
        definition.add([field])
        table = self.rows[definition.name.lower()]
        for id_ in list(table):
            self.amend(definition.name, id_, {field.name: False if field.type == "boolean" else None})


def _set(table: dict[str, Any], key: str, value: Any) -> None:
    if value is _NOTHING:
        table.pop(key, None)
    else:
        table[key] = value


def _key(value: object, case_sensitive: bool) -> str:
    return str(value) if case_sensitive else str(value).lower()
