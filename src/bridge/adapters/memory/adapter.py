"""The adapter of a system in memory: as careful as one that talks over a network, because its system is as unkind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from hmac import compare_digest

from bridge.adapters.memory.feed import Position, next_rows
from bridge.adapters.memory.rows import Row, Shape
from bridge.adapters.memory.world import FaultKind, MemoryWorld
from bridge.adapters.memory.writing import Writer
from bridge.ports.adapter import Capabilities, Gate, Health, NativeField, NativeSchema, SetupStep
from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, NoSuchObject, RateLimited, Transient
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    Tombstone,
    UpdateItem,
    WriteResult,
    row_path,
)

RETRY_AFTER = 7.0
"""Seconds that the rate limit of the simulated system names."""
_LOOK_UP = 100


class MemoryAdapter:
    """One system in memory. `world` is the system itself, for tests and demonstrations."""

    def __init__(self, system: str, world: MemoryWorld, password: str | None = None) -> None:
        self._system = system
        self.world = world
        self._password = password
        self._calls = 0
        self._writer = Writer(system, world, self.record)
        self._gate: Gate | None = None

    def __repr__(self) -> str:
        return f"MemoryAdapter({self._system!r}, {self.world!r})"

    @property
    def system(self) -> str:
        """The name of the system in the configuration."""
        return self._system

    @property
    def calls(self) -> int:
        """Calls that would have gone over the network."""
        return self._calls

    @property
    def clock_skew(self) -> float | None:
        """It has no clock of its own."""
        return None

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """As the quirks of the system say."""
        quirks = self.world.quirks
        return Capabilities(
            overlaps=True,
            conditional_update=quirks.conditional_update,
            deletes_feed="native" if quirks.deletes_feed else "unsupported",
            batch_create=quirks.batch,
            batch_update=quirks.batch,
            page=quirks.page,
            clock_grain=timedelta(microseconds=quirks.stamps),
            books=True,
        )

    def metered(self, gate: Gate) -> None:
        """Calls that would go over the network pass this gate."""
        self._gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        """Nothing to learn."""

    def check(self) -> Health:
        """Log in. Raises AuthFailed, Transient."""
        self.call("read")
        return Health("memory 1", "bridge", 0.0)

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        """The fields as declared, or those of the specification where the object takes any. Raises NotFound."""
        self.call("read")
        shape = self.shape(spec)
        fields = dict(shape.fields) if shape.fields is not None else _as_named(spec)
        problem = None if shape.key_field else f"there is no field {spec.key}."
        if shape.key_field:
            fields.setdefault(spec.key, NativeField(spec.key, "text", label="bridge id", length=64, unique=True))
        required = tuple(path for path, native in fields.items() if native.required)
        return NativeSchema(spec.object, fields, key_problem=problem, required=required)

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Make the key field. Raises NotFound."""
        self.call("update" if apply else "read")
        shape, what = self.shape(spec), f"key field {spec.key} of {spec.object}"
        if shape.key_field:
            return [SetupStep(what, "present")]
        shape.key_field = apply
        self.world.done()
        return [SetupStep(what, "done" if apply else "needed")]

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """The next page. Raises CursorExpired, NotFound."""
        self.call("read")
        with self.world.lock:
            self.shape(spec)
            rows, position, more = self._next(spec, Position.parse(cursor, spec, self.world), limit)
            records = tuple(self.record(spec, row) for row in rows if not row.deleted)
            gone = tuple(Tombstone(row.id, row.at, row.merged_into) for row in rows if row.deleted)
            return ChangePage(records, gone, position.text(), more)

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        """As it is."""
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        """Ids in pages, as they stood when the first was asked for. Raises NotFound."""
        self.shape(spec)
        with self.world.lock:
            ids = [row.id for row in self.world.table(spec.object).values() if not row.deleted]
        for start in range(0, max(len(ids), 1), self.world.quirks.page):
            self.call("read")
            yield ids[start : start + self.world.quirks.page]

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These records as they are now."""
        found: dict[str, NativeRecord] = {}
        for start in range(0, len(native_ids), _LOOK_UP):
            self.call("read")
            with self.world.lock:
                self.shape(spec)
                rows = (self.world.alive(spec.object, i) for i in native_ids[start : start + _LOOK_UP])
                found.update({row.id: self.record(spec, row) for row in rows if row})
        return found

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The records with these golden ids."""
        found: dict[str, list[NativeRecord]] = {}
        for start in range(0, len(keys), _LOOK_UP):
            self.call("read")
            with self.world.lock:
                self.shape(spec)
                for key in keys[start : start + _LOOK_UP]:
                    found[key] = [self.record(spec, row) for row in self.world.with_key(spec.object, key)]
        return found

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create, or return what has the keys already."""
        with self.world.lock:
            lost = bool(items) and self.call("create")
            self.shape(spec)
            return self.answer(self._writer.create(spec, items), lost)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change fields, unless the record has moved."""
        with self.world.lock:
            lost = bool(items) and self.call("update")
            self.shape(spec)
            return self.answer(self._writer.update(spec, items), lost)

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        """Those of these movements that were booked."""
        self.call("read")
        with self.world.lock:
            return {reference for reference in references if reference in self.world.movements}

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete, unless the record has moved."""
        with self.world.lock:
            lost = bool(items) and self.call("delete")
            self.shape(spec)
            return self.answer(self._writer.delete(spec, items), lost)

    def close(self) -> None:
        """There is nothing to release."""

    # what a call meets

    def call(self, operation: str) -> bool:
        """One call begins. True: it will be carried out and its answer be lost. Raises what the call meets."""
        if self._gate is not None:
            self._gate.enter()
        self._calls += 1
        self.world.calls += 1
        if not self._known():
            raise AuthFailed("the password is refused", system=self._system)
        fault = self.world.take_fault(operation)
        if isinstance(fault, BridgeError):
            raise fault
        if fault == "expired_token":  # one log-in, one more try: the refused call was not carried out
            self._calls += 2
            self.world.calls += 2
            return False
        if fault not in (None, "lost_answer"):
            raise self.strange(fault, operation)
        if fault and operation == "read":
            raise Transient("no answer came", system=self._system)
        return fault is not None

    def strange(self, fault: FaultKind | None, operation: str) -> BridgeError:
        """The error for what came in place of an answer; a write without an answer of the system is in doubt."""
        if fault == "rate_limit":
            return RateLimited("fewer calls are asked for", after=RETRY_AFTER, system=self._system)
        words = {
            "html": "a page for people came in place of an answer",
            "redirect": "the call was sent elsewhere, and it was not followed",
            "server_error": "the server is not available",
        }.get(fault or "", "the connection broke")
        return (Transient if operation == "read" else InDoubt)(words, system=self._system)

    def answer(self, results: list[WriteResult], lost: bool) -> list[WriteResult]:
        """The results, or what is left of them when no answer comes."""
        if lost:
            raise InDoubt("the write was sent and no answer came", system=self._system)
        return results

    # how rows look

    def shape(self, spec: ObjectSpec) -> Shape:
        """The shape of the object. Raises NotFound."""
        shape = self.world.shape(spec.object)
        if shape is None:
            raise NoSuchObject(f"there is no object {spec.object}", system=self._system)
        return shape

    def record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        """A row as a native record; fields that the object does not have are left out."""
        fields = self.shape(spec).fields
        paths = [field.path for field in spec.fields if fields is None or field.path in fields]
        values = {path: row.values.get(path) for path in paths}
        for table in spec.tables:
            keys = row.values.get(table.path)
            values[table.path] = keys = list(keys) if isinstance(keys, list) else []
            cells = (row_path(table.path, key, field.path) for key in keys for field in table.fields)
            values.update({path: row.values.get(path) for path in cells})
        held = {path: list(v) if isinstance(v, list) else (None if v == "" else v) for path, v in values.items()}
        version = str(row.number) if self.world.quirks.versions == "number" else row.at.isoformat()
        return NativeRecord(row.id, held, version, row.at, row.key, row.archived)

    def _next(self, spec: ObjectSpec, position: Position, limit: int) -> tuple[list[Row], Position, bool]:
        return next_rows(self.world, spec, position, limit)

    def _known(self) -> bool:
        wanted = self.world.password
        return wanted is None or compare_digest(wanted.encode(), (self._password or "").encode())


def _as_named(spec: ObjectSpec) -> dict[str, NativeField]:
    named = [*spec.fields, *(replace(one, path=f"{t.path}[].{one.path}") for t in spec.tables for one in t.fields)]
    tables = {table.path: NativeField(table.path, "other") for table in spec.tables}
    return {field.path: NativeField(field.path, "reference" if field.ref else field.type) for field in named} | tables
