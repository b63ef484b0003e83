"""A system in memory: its rows, its clock, its manners, its users, and the faults on the way to it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from bridge.adapters.memory.quirks import Quirks
from bridge.adapters.memory.rows import Refusal, Row, Shape, declared_path, texts, without_gone_rows
from bridge.ports.adapter import NativeField
from bridge.ports.errors import BridgeError
from bridge.ports.records import NativeValue

FaultKind = Literal["lost_answer", "reset", "html", "redirect", "rate_limit", "expired_token", "server_error"]


@dataclass(slots=True)
class _Pending:
    due: datetime
    commit: Callable[[], None]


@dataclass(slots=True)
class _Fault:
    kind: FaultKind | BridgeError
    on: str


@dataclass
class MemoryWorld:
    """One system. Adapters of one name share it, as two processes share a server.

    objects: the shape of every object; empty: every object is there and takes every field.
    password: what an adapter must know; None lets anybody in.
    saved: called when writes are done, once for a whole batch.
    claimed: whether an adapter has said already what this world is.
    """

    name: str = "memory"
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    quirks: Quirks = field(default_factory=Quirks)
    objects: dict[str, Shape] = field(default_factory=dict)
    password: str | None = None
    saved: Callable[[], None] | None = None
    claimed: bool = False

    def __post_init__(self) -> None:
        self.lock = threading.RLock()
        self.rows: dict[str, dict[str, Row]] = {}
        self.movements: set[str] = set()
        self.writes = 0
        self.calls = 0
        self.horizon = datetime.min.replace(tzinfo=UTC)
        self._pending: list[_Pending] = []
        self._faults: list[_Fault] = []
        self._open: dict[str, Shape] = {}

    def __repr__(self) -> str:
        return f"MemoryWorld({self.name!r}, {sum(map(len, self.rows.values()))} rows)"

    # what the adapter asks

    def shape(self, obj: str) -> Shape | None:
        """The shape of an object, None where there is no such object."""
        return self.objects.get(obj) if self.objects else self._open.setdefault(obj, Shape())

    def table(self, obj: str) -> dict[str, Row]:
        """The rows of an object that can be read now, deleted ones among them."""
        now = self.clock()
        due = [pending for pending in self._pending if pending.due <= now]
        self._pending = [pending for pending in self._pending if pending.due > now]
        for pending in due:
            pending.commit()
        return self.rows.setdefault(obj, {})

    def alive(self, obj: str, native_id: str) -> Row | None:
        """The row, unless it is deleted."""
        row = self.table(obj).get(native_id)
        return None if row is None or row.deleted else row

    def with_key(self, obj: str, key: str) -> list[Row]:
        """The rows that carry a golden id."""
        return [row for row in self.table(obj).values() if row.key == key and not row.deleted]

    def insert(self, obj: str, values: Mapping[str, NativeValue], key: str | None = None) -> Row:
        """Make a row. Raises Refusal."""
        self._check_key(obj, key, None)
        held = self._digest(obj, values, new=True)
        number = self._number()
        return self._commit(obj, Row(f"{self.name}-{number}", held, self._stamp(), number, key))

    def write(self, obj: str, native_id: str, values: Mapping[str, NativeValue], key: str | None = None) -> Row:
        """Change a row. Raises Refusal, KeyError."""
        row = self.table(obj)[native_id]
        self._check_key(obj, key, native_id)
        held = without_gone_rows({**row.values, **self._digest(obj, values, new=False)}, values)
        changed = replace(row, values=held, at=self._stamp(), number=self._number(), key=key or row.key)
        return self._commit(obj, changed)

    def remove(self, obj: str, native_id: str, merged_into: str | None = None) -> None:
        """Delete a row. Raises KeyError."""
        row = self.table(obj)[native_id]
        gone = replace(row, deleted=True, merged_into=merged_into, at=self._stamp(), number=self._number())
        self._commit(obj, gone)

    def undo(self, obj: str, before: Mapping[str, Row]) -> None:
        """Put the rows of an object back, as a rolled back transaction does."""
        self.rows[obj] = dict(before)

    def done(self) -> None:
        """Writes are done: where the system is kept in a file, it is kept now."""
        if self.saved:
            self.saved()

    def take_fault(self, on: str) -> FaultKind | BridgeError | None:
        """The fault that this call meets, if any; it is spent then."""
        for fault in self._faults:
            if fault.on in (on, "*"):
                self._faults.remove(fault)
                return fault.kind
        return None

    # the users and the weather

    def user_insert(self, obj: str, values: Mapping[str, NativeValue], *, late: float | None = None) -> str:
        """A user makes a record; `late` seconds pass before it can be read."""
        with self.lock:
            row = self._later(late, lambda: self.insert(obj, values), obj)
            self.done()
            return row.id

    def user_edit(
        self, obj: str, native_id: str, values: Mapping[str, NativeValue], *, late: float | None = None
    ) -> None:
        """A user changes a record."""
        with self.lock:
            self._later(late, lambda: self.write(obj, native_id, values), obj)
            self.done()

    def user_delete(self, obj: str, native_id: str, *, merged_into: str | None = None) -> None:
        """A user deletes a record, or merges it into another."""
        with self.lock:
            self.remove(obj, native_id, merged_into)
            self.done()

    def user_archive(self, obj: str, native_id: str, archived: bool = True) -> None:
        """A user hides a record."""
        with self.lock:
            row = self.table(obj)[native_id]
            self._commit(obj, replace(row, archived=archived, at=self._stamp(), number=self._number()))
            self.done()

    def lose_answer(self, on: str = "*") -> None:
        """The next call is carried out and its answer is lost."""
        self.arm("lost_answer", on)

    def fail_next(self, error: BridgeError, on: str = "*") -> None:
        """The next call raises this and does nothing. `on`: read, create, update, delete."""
        self.arm(error, on)

    def arm(self, kind: FaultKind | BridgeError, on: str = "*") -> None:
        """The next call of this operation meets a fault."""
        self._faults.append(_Fault(kind, on))

    def forget_changes(self) -> None:
        """Throw away the log of changes so far: cursors from before have expired."""
        self.horizon = self.clock()

    # inside

    def _later(self, late: float | None, act: Callable[[], Row], obj: str) -> Row:
        """Carry out a write whose row, with the stamp of now, is put in place only when its transaction commits."""
        wait = self.quirks.late_commit if late is None else late
        before = dict(self.table(obj))
        row = act()
        if wait:
            self.undo(obj, before)
            due = self.clock() + timedelta(seconds=wait)
            self._pending.append(_Pending(due, lambda: self.rows[obj].__setitem__(row.id, row)))
        return row

    def _commit(self, obj: str, row: Row) -> Row:
        self.table(obj)[row.id] = row
        return row

    def _number(self) -> int:
        self.writes += 1
        return self.writes

    def _stamp(self) -> datetime:
        now = self.clock()
        return now.replace(microsecond=now.microsecond - now.microsecond % self.quirks.stamps)

    def _check_key(self, obj: str, key: str | None, native_id: str | None) -> None:
        if key is None:
            return
        shape = self.shape(obj)
        if shape is None or not shape.key_field:
            raise Refusal("no key field")
        others = [row.id for row in self.with_key(obj, key) if row.id != native_id]
        if others and self.quirks.unique_keys:
            raise Refusal("key taken", other=others[0])

    def _digest(self, obj: str, values: Mapping[str, NativeValue], *, new: bool) -> dict[str, NativeValue]:
        """What the system makes of values. Raises Refusal."""
        shape = self.shape(obj)
        fields = shape.fields if shape else None
        if fields is None:
            return {path: self._hold(value, path, None) for path, value in values.items()}
        for path in values:
            declared = fields.get(declared_path(path))
            if declared is None:
                raise Refusal("unknown field", path)
            if not (declared.createable if new else declared.updateable):
                raise Refusal("read only", path)
        held = {path: self._hold(value, path, fields[declared_path(path)]) for path, value in values.items()}
        for path, native in fields.items():
            if native.required and (new or path in held) and held.get(path) in (None, ""):
                raise Refusal("missing", path)
        return held

    def _hold(self, value: NativeValue, path: str, native: NativeField | None) -> NativeValue:
        if isinstance(value, str):
            value = self._spell(value, path, native)
        if value is None or value == "":
            return "" if self.quirks.empty_text else None
        if native is None:
            return value
        if native.choices_closed and not set(texts(value)) <= set(native.choices or ()):
            raise Refusal("choice", path)
        if native.target and any(self.alive(native.target, text) is None for text in texts(value)):
            raise Refusal("reference", path)
        return value

    def _spell(self, text: str, path: str, native: NativeField | None) -> str:
        text = text.strip() if self.quirks.trims else text
        if self.quirks.folds_emails and native and native.type == "email":
            text = text.lower()
        text = text[: self.quirks.cuts.get(path)]
        if native and native.length and len(text) > native.length:
            if not self.quirks.silent_lengths:
                raise Refusal("too long", path)
            text = text[: native.length]
        return text


_worlds: dict[str, MemoryWorld] = {}


def world(name: str) -> MemoryWorld:
    """The system of this name in this process; made when it is first asked for."""
    return _worlds.setdefault(name, MemoryWorld(name))


def forget_worlds() -> None:
    """Throw all systems of this process away."""
    _worlds.clear()
