"""Writes to a system in memory: one result for each item, also where the system undoes whole batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TypeVar

from bridge.adapters.memory.rows import Refusal, Row
from bridge.adapters.memory.world import MemoryWorld
from bridge.ports.errors import (
    AlreadyExists,
    BridgeError,
    KeyFieldMissing,
    MissingReference,
    NotFound,
    Rejected,
    VersionConflict,
)
from bridge.ports.records import (
    CreateItem,
    DeleteItem,
    NativeRecord,
    NativeValue,
    ObjectSpec,
    UpdateItem,
    WriteResult,
    row_path,
    split_row_path,
)


def _sum(held: NativeValue, by: str) -> str:
    """A quantity after a movement, without trailing zeros."""
    total = Decimal(0 if held is None else str(held)) + Decimal(by)
    return format(total.normalize() if total else Decimal(0), "f")


Item = TypeVar("Item", CreateItem, UpdateItem, DeleteItem)
_WORDS = {
    "unknown field": "there is no such field",
    "read only": "the field cannot be written",
    "too long": "the text is too long",
    "missing": "a value is missing",
    "choice": "the value is not one of the choices",
    "reference": "the record that is referred to is not there",
}


class Writer:
    """Writes items for one adapter."""

    def __init__(self, system: str, world: MemoryWorld, record: Callable[[ObjectSpec, Row], NativeRecord]) -> None:
        self.system, self.world, self.record = system, world, record

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create items, or answer the records that have their keys."""
        return self._batch(spec, items, self.create_one)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change items."""
        return self._batch(spec, items, self.update_one)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete items."""
        return self._batch(spec, items, self.delete_one)

    def _batch(
        self, spec: ObjectSpec, items: Sequence[Item], one: Callable[[ObjectSpec, Item], WriteResult]
    ) -> list[WriteResult]:
        """Where one refusal undoes the batch, the items go again one by one: the system has said that none was done."""
        before, booked = dict(self.world.table(spec.object)), set(self.world.movements)
        results = [self._try(spec, item, one) for item in items]
        if self.world.quirks.batch_rollback and any(result.outcome == "failed" for result in results):
            self.world.undo(spec.object, before)
            self.world.movements = set(booked)
            results = [self._try(spec, item, one) for item in items]
        if items:
            self.world.done()
        return results

    def _try(self, spec: ObjectSpec, item: Item, one: Callable[[ObjectSpec, Item], WriteResult]) -> WriteResult:
        native_id = None if isinstance(item, CreateItem) else item.native_id
        try:
            return one(spec, item)
        except Refusal as refusal:
            return WriteResult("failed", native_id, error=self._error(refusal))
        except BridgeError as error:
            return WriteResult("failed", native_id, error=error)

    def create_one(self, spec: ObjectSpec, item: CreateItem) -> WriteResult:
        """Look for the key first: not every system minds two records with one key."""
        known = self.world.with_key(spec.object, item.key)
        if known:
            return WriteResult("ok", known[0].id, self.record(spec, known[0]), created=False)
        given: dict[str, NativeValue] = {
            term.path: list(term.value) if isinstance(term.value, tuple) else term.value for term in spec.given
        }
        values = {**given, **item.values}
        self._measure(spec, values)
        row = self.world.insert(spec.object, values, item.key)
        return WriteResult("ok", row.id, self.record(spec, row), created=True)

    def update_one(self, spec: ObjectSpec, item: UpdateItem) -> WriteResult:
        """Change one record, unless it has moved."""
        held = self._alive(spec, item.native_id)
        if not item.deltas:
            self._unmoved(spec, item, held)
        self._measure(spec, item.values)
        self._rows_there(spec, item)
        values = {**item.values, **{path: _sum(held.values.get(path), by) for path, by in item.deltas.items()}}
        if item.reference:
            if item.reference in self.world.movements:
                raise AlreadyExists("the movement is booked already", system=self.system)
            self.world.movements.add(item.reference)
        row = self.world.write(spec.object, item.native_id, values, item.key)
        return WriteResult("ok", row.id, self.record(spec, row))

    def delete_one(self, spec: ObjectSpec, item: DeleteItem) -> WriteResult:
        """Delete one record, unless it has moved."""
        row = self.world.alive(spec.object, item.native_id)
        if row is not None:
            self._unmoved(spec, item, row)
            self.world.remove(spec.object, item.native_id)
        return WriteResult("ok", item.native_id)

    def _alive(self, spec: ObjectSpec, native_id: str) -> Row:
        row = self.world.alive(spec.object, native_id)
        if row is None:
            raise NotFound("the record is not there", system=self.system)
        return row

    def _unmoved(self, spec: ObjectSpec, item: UpdateItem | DeleteItem, row: Row) -> None:
        if self.world.quirks.conditional_update == "unsupported" or item.expected is None:
            return
        if item.expected != self.record(spec, row).version:
            raise VersionConflict("the record has changed since it was read", system=self.system)

    def _rows_there(self, spec: ObjectSpec, item: UpdateItem) -> None:
        """A row that somebody has taken out cannot be changed: the record has moved."""
        held = self._alive(spec, item.native_id).values
        for path in item.values:
            cell = split_row_path(path)
            if cell is not None:
                keys = item.values.get(cell[0], held.get(cell[0]))
                if not isinstance(keys, list) or cell[1] not in keys:
                    raise VersionConflict("a row has gone since it was read", system=self.system)

    def _measure(self, spec: ObjectSpec, values: Mapping[str, NativeValue]) -> None:
        """Refuse what does not belong to the specification, and what the system would cut without a word."""
        known = {field.path for field in spec.fields} | {term.path for term in (*spec.where, *spec.new)}
        for table in spec.tables:
            keys = {cell[1] for path in values if (cell := split_row_path(path)) and cell[0] == table.path}
            known |= {table.path, *(row_path(table.path, key, one.path) for key in keys for one in table.fields)}
        unknown = tuple(path for path in values if path not in known)
        if unknown:
            raise Rejected("there is no such field in the mapping", fields=unknown, system=self.system)
        shape = self.world.shape(spec.object)
        for path, value in values.items():
            native = (shape.fields or {}).get(path) if shape else None
            if native and native.length and isinstance(value, str) and len(value) > native.length:
                raise Rejected(f"a text is longer than {native.length} characters", fields=(path,), system=self.system)

    def _error(self, refusal: Refusal) -> BridgeError:
        fields = (refusal.path,) if refusal.path else ()
        if refusal.reason == "key taken":
            return AlreadyExists("another record has this key", native_id=refusal.other, system=self.system)
        if refusal.reason == "no key field":
            return KeyFieldMissing("the key field is missing", system=self.system)
        if refusal.reason == "reference":
            return MissingReference(_WORDS["reference"], fields=fields, system=self.system)
        return Rejected(_WORDS[refusal.reason], fields=fields, system=self.system)
