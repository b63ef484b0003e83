"""Rehearsal: the very cycle that `sync` runs, on a copy of the store, with adapters that read for real and only pretend
to write. So the plan printed is the writes made (guarantee G9), second passes for late references included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter, Capabilities, Gate, Health, NativeSchema, SetupStep
from bridge.ports.errors import NotFound, VersionConflict
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    NativeValue,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)


@dataclass(frozen=True, slots=True)
class Action:
    """One write that would be made: the native values before and after, for the paths that change.

    why: archive or restore, where the write is made because of a delete.
    """

    system: str
    entity: str
    op: Literal["create", "update", "delete"]
    native_id: str
    golden_id: str
    before: Mapping[str, NativeValue]
    after: Mapping[str, NativeValue]
    why: str = ""

    @property
    def what(self) -> str:
        """The write in one word, for a person."""
        return self.why or self.op

    def __repr__(self) -> str:
        return f"Action({self.op} {self.system}:{self.entity} of {self.golden_id}, {len(self.after)} values)"


def _at_first(emap: EntityMap, system: str) -> dict[str, NativeValue]:
    """The status that a system gives a new record by itself: the one that no other leads to."""
    found: dict[str, NativeValue] = {}
    for unit in emap.units:
        follow = frozenset().union(*unit.moves.values())
        for value in sorted(unit.moves.keys() - follow)[:1]:
            found.update(emap.encode_unit(system, unit, value))
    return found


@dataclass(slots=True)
class Script:
    """All writes that a rehearsal would have made, in their order."""

    actions: list[Action] = field(default_factory=list)


class RehearsalAdapter:
    """An adapter whose reads are real and whose writes happen only in its own memory."""

    def __init__(self, real: Adapter, script: Script, maps: Mapping[str, EntityMap]) -> None:
        self._real = real
        self._script = script
        self._maps = maps
        self._pretended: dict[tuple[str, str], NativeRecord] = {}

    @property
    def system(self) -> str:
        """The name of the real system."""
        return self._real.system

    @property
    def calls(self) -> int:
        """HTTP calls made by the real adapter."""
        return self._real.calls

    @property
    def clock_skew(self) -> float | None:
        """As the real system's."""
        return self._real.clock_skew

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """As the real system's."""
        return self._real.capabilities(spec)

    def metered(self, gate: Gate) -> None:
        """As the real system's."""
        self._real.metered(gate)

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """As the real system's."""
        self._real.open(specs)

    def check(self) -> Health:
        """As the real system's."""
        return self._real.check()

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        """As the real system's."""
        return self._real.schema(spec)

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Never applied."""
        return self._real.setup(spec, apply=False)

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """As the real system's."""
        return self._real.changes(spec, cursor, limit)

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """As it is: nothing was written."""
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        """As the real system's."""
        return self._real.refs(spec)

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """Records as pretended, else as they really are."""
        mine = {i: self._pretended[spec.entity, i] for i in native_ids if (spec.entity, i) in self._pretended}
        others = [native_id for native_id in native_ids if native_id not in mine]
        return {**mine, **(self._real.fetch(spec, others) if others else {})}

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """Records by key, real and pretended."""
        found = self._real.find(spec, keys)
        for (entity, _), record in self._pretended.items():
            if entity == spec.entity and record.key in found and not found[record.key]:
                found[record.key] = [record]
        return found

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Pretend: a record that holds exactly what was sent."""
        results = []
        for item in items:
            native_id = f"new:{item.key}"
            values: dict[str, NativeValue] = {field.path: None for field in spec.fields}
            values.update(_at_first(self._maps[spec.entity], self.system))
            values.update(item.values)
            record = NativeRecord(native_id, values, "rehearsed", key=item.key)
            self._pretended[spec.entity, native_id] = record
            self._note(spec, "create", native_id, item.key, {}, item.values, item.why)
            results.append(WriteResult("ok", native_id, record, created=True))
        return results

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Pretend: the record as it is, with what was sent."""
        now = self.fetch(spec, [item.native_id for item in items])
        return [self._update(spec, item, now.get(item.native_id)) for item in items]

    def _update(self, spec: ObjectSpec, item: UpdateItem, record: NativeRecord | None) -> WriteResult:
        if record is None:
            return WriteResult("failed", item.native_id, error=NotFound("the record is not there", system=self.system))
        moved = item.expected is not None and item.expected != record.version
        if moved and self._real.capabilities(spec).conditional_update != "unsupported":
            error = VersionConflict("has a newer version of the record", system=self.system)
            return WriteResult("failed", item.native_id, error=error)
        before = {path: record.values.get(path) for path in item.values}
        record = replace(record, values={**record.values, **item.values})
        self._pretended[spec.entity, item.native_id] = record
        self._note(spec, "update", item.native_id, item.key or "", before, item.values, item.why)
        return WriteResult("ok", item.native_id, record)

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        """As the real system's."""
        return self._real.booked(spec, references)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Pretend: noted only."""
        for item in items:
            self._note(spec, "delete", item.native_id, "", {}, {})
        return [WriteResult("ok", item.native_id) for item in items]

    def close(self) -> None:
        """Release the real adapter's connections."""
        self._real.close()

    def _note(
        self,
        spec: ObjectSpec,
        op: Literal["create", "update", "delete"],
        native_id: str,
        golden_id: str,
        before: Mapping[str, NativeValue],
        after: Mapping[str, NativeValue],
        why: str = "",
    ) -> None:
        action = Action(self.system, spec.entity, op, native_id, golden_id, before, dict(after), why)
        self._script.actions.append(action)
