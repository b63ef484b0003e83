"""Three systems in memory with all the unkindness of real ones, for the model test.

They live on when bridge is killed, users edit them at any moment (also inside a call), one cuts values short and writes
them in capitals, one has stamps of a second, one does not mind two records with the same key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.ports.adapter import Capabilities, Health, NativeSchema, SetupStep
from bridge.ports.errors import (
    BridgeError,
    CursorExpired,
    InDoubt,
    NotFound,
    RateLimited,
    Rejected,
    Transient,
    VersionConflict,
)
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    NativeValue,
    ObjectSpec,
    Tombstone,
    UpdateItem,
    WriteResult,
)

OVERLAP = timedelta(seconds=10)
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)


class Killed(BaseException):
    """The process is gone, as after SIGKILL: nothing may catch it."""


@dataclass
class Row:
    id: str
    object: str
    values: dict[str, NativeValue]
    at: datetime
    seq: int
    key: str | None = None
    deleted: bool = False
    merged_into: str | None = None
    archived: bool = False  # not in what is read, and still found by its key
    theirs: bool = False  # whether a user wrote it last
    inherited: tuple[str, ...] = ()  # keys of records that were merged into it, where the system hands them on

    def has(self, key: str) -> bool:
        """Whether it is found by this key."""
        return not self.deleted and (self.key == key or key in self.inherited)


@dataclass
class World:
    """The clock and everything that happens at a chosen moment."""

    now: datetime = datetime(2026, 3, 1, tzinfo=UTC)
    moments: int = 0
    place: str = ""  # the name of the latest
    planned: dict[int, list[Callable[[], None]]] = field(default_factory=dict)
    named: dict[str, list[Callable[[], None]]] = field(default_factory=dict)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now

    def moment(self, name: str) -> None:
        """Something is about to happen, or has just happened: the moment for what was planned."""
        self.moments += 1
        self.place = name
        for event in (*self.planned.pop(self.moments, []), *self.named.pop(name, [])):
            event()

    def plan(self, after: int, event: Callable[[], None]) -> None:
        self.planned.setdefault(self.moments + after, []).append(event)

    def at(self, name: str, event: Callable[[], None]) -> None:
        self.named.setdefault(name, []).append(event)

    def kill(self) -> None:
        raise Killed


class Simulated:
    """A system and its adapter in one; the rows are the system's, everything else the adapter's."""

    def __init__(
        self,
        name: str,
        world: World,
        *,
        spell: Callable[[str], str] = lambda text: text,
        grain: float = 0,
        unique_keys: bool = True,
        apart: tuple[str, ...] = (),
        skew: float = 0,
        page: int = 2,
        batch: int = 3,
    ) -> None:
        self.system, self.world, self.spell = name, world, spell
        self.grain = timedelta(seconds=grain)  # of its stamps, which are its versions too where they are coarse
        self.unique_keys, self.apart, self.page, self.batch = unique_keys, apart, page, batch
        self.clock_skew = skew
        self.tells = True  # of deletes
        self.out_of_order = False
        self.gate = None
        self.whole: BridgeError | None = None  # what a batch with a poisoned record comes to, instead of results
        self.sizes: list[int] = []
        self.rows: dict[str, Row] = {}
        self.faults: list[str] = []
        self.calls = self.writes = self._seq = 0
        self.made: list[tuple[str, str, dict[str, NativeValue]]] = []  # operation, record and values of bridge's writes

    # the users' side

    def insert(self, obj: str, values: dict[str, NativeValue]) -> str:
        row = Row(f"{self.system}{len(self.rows) + 1}", obj, {}, self._stamp(), 0)
        self.rows[row.id] = row
        self._set(row, values)
        return row.id

    def edit(self, row_id: str, path: str, value: NativeValue) -> NativeValue:
        """A user's edit; returns what the system made of it."""
        self._set(self.rows[row_id], {path: value})
        self.rows[row_id].theirs = True
        return self.rows[row_id].values[path]

    def edit_past(self, row_id: str, path: str, value: NativeValue) -> None:
        """A script's edit, straight in the database: no stamp moves, and nobody is told."""
        self.rows[row_id].values[path] = value

    def remove(self, row_id: str) -> None:
        self._set(self.rows[row_id], {})
        self.rows[row_id].deleted = True

    def merge(self, winner: str, loser: str, *, silent: bool = False) -> None:
        """A user merges two records: what referred to the one that goes refers to the one that stays; `silent`: without
        a new stamp. A system that tells nobody hands the key on, as Odoo does."""
        for row in self.rows.values():
            if row.values.get("parent") == loser:
                row.values["parent"] = winner if row.id != winner else None  # nobody is their own parent
                self._set(row, {}) if not silent else None
        self.remove(loser)
        stays, goes = self.rows[winner], self.rows[loser]
        goes.merged_into = winner
        if not self.tells:
            stays.inherited += (*((goes.key,) if goes.key else ()), *goes.inherited)

    def _set(self, row: Row, values: dict[str, NativeValue]) -> None:
        self._seq += 1
        for path, value in values.items():
            row.values[path] = self.spell(value) if isinstance(value, str) and path == "name" else value
        row.at, row.seq, row.theirs = self._stamp(), self._seq, False

    def _stamp(self) -> datetime:
        now = self.world.clock() + timedelta(seconds=self.clock_skew)
        return now - (now - BEGINNING) % self.grain if self.grain else now

    # the adapter's side

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        return Capabilities(
            conditional_update="emulated" if self.grain else "native",
            batch_create=self.batch,
            batch_update=self.batch,
            page=self.page,
            clock_grain=self.grain or timedelta(microseconds=1),
            written_apart=self.apart,
            deletes_feed="native" if self.tells else "unsupported",
            overlaps=True,
        )

    def metered(self, gate) -> None:
        self.gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        self._call("open")

    def check(self) -> Health:
        return Health("1", "bridge")

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        return NativeSchema(spec.object, {})

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        return []

    def close(self) -> None:
        pass

    def _record(self, spec: ObjectSpec, row: Row) -> NativeRecord:
        values = {f.path: row.values.get(f.path) for f in spec.fields}
        version = row.at.isoformat() if self.grain else str(row.seq)
        return NativeRecord(row.id, values, version, row.at, row.key)

    def _call(self, name: str) -> str | None:
        """Begin a call; returns the fault that is due for it."""
        if self.gate is not None:
            self.gate.enter()
        self.calls += 1
        self.world.moment(f"{self.system} {name}")
        if self.out_of_order:
            raise Transient("cannot be reached", system=self.system)
        fault = self.faults.pop(0) if self.faults else None
        if fault == "transient":
            raise Transient("no answer", system=self.system)
        if fault == "busy":
            raise RateLimited("busy", after=0.5, system=self.system)
        return fault

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """By stamp with an overlap, and by id inside a stamp, in small pages: as the real adapters do it."""
        if self._call("changes") == "expired" and cursor is not None:
            raise CursorExpired("too old", system=self.system)
        since, last, began = (cursor or "||").split("|")
        ours = timedelta(seconds=self.clock_skew or 0)  # a cursor is of the system's clock, never of bridge's
        began = began or (self.world.now + ours - OVERLAP - self.grain).isoformat()
        rows = sorted(
            (row for row in self.rows.values() if row.object == spec.object and not row.archived),
            key=lambda row: (row.at.isoformat(), row.id),
        )
        wanted = [row for row in rows if not since or (row.at.isoformat(), row.id) > (since, last)]
        page = wanted[: self.page]
        more = len(wanted) > self.page
        # The next reading begins a little before this one began, also if the process dies between its pages.
        position = f"{page[-1].at.isoformat()}|{page[-1].id}|{began}" if more else f"{began}||"
        records = tuple(self._record(spec, row) for row in page if not row.deleted)
        gone = tuple(Tombstone(row.id, merged_into=row.merged_into) for row in page if row.deleted and self.tells)
        answer = ChangePage(records, gone, position, more)
        self.world.moment(f"{self.system} changes done")
        return answer

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        rows = [row for row in self.rows.values() if row.object == spec.object and not row.archived]
        yield [row.id for row in rows if not row.deleted]

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        self._call("fetch")
        found = {i: self._record(spec, self.rows[i]) for i in native_ids if i in self.rows and not self.rows[i].deleted}
        self.world.moment(f"{self.system} fetch done")
        return found

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        self._call("find")
        return {key: [self._record(spec, row) for row in self.rows.values() if row.has(key)] for key in keys}

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        fault = self._call("create")
        self._take(items)
        results = [self._create(spec, item, fault) for item in items]
        return self._answer(spec, "create", fault, results)

    def _take(self, items: Sequence[CreateItem | UpdateItem]) -> None:
        self.sizes.append(len(items))
        if self.whole is not None and any(
            "poison" in (item.values.get("name"), item.values.get("note")) for item in items
        ):
            raise self.whole

    def _create(self, spec: ObjectSpec, item: CreateItem, fault: str | None) -> WriteResult:
        known = [row for row in self.rows.values() if row.has(item.key)]
        if known and self.unique_keys:
            return WriteResult("ok", known[0].id, self._record(spec, known[0]), created=False)
        if item.values.get("name") == "poison":
            return WriteResult("failed", error=Rejected("no", fields=("name",), system=self.system))
        row = self.rows[self.insert(spec.object, self._own(item.values))]
        row.key = item.key
        self._note("create", row.id, item.values)
        if not self._rest(row, item.values, fault):
            return WriteResult("unknown", error=InDoubt("half an answer", system=self.system))
        return WriteResult("ok", row.id, self._record(spec, row), created=True)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        fault = self._call("update")
        self._take(items)
        results = [self._update(spec, item, fault) for item in items]
        return self._answer(spec, "update", fault, results)

    def _update(self, spec: ObjectSpec, item: UpdateItem, fault: str | None) -> WriteResult:
        row = self.rows.get(item.native_id)
        if row is None or row.deleted:
            return WriteResult("failed", item.native_id, error=NotFound("gone", system=self.system))
        if item.expected is not None and item.expected != self._record(spec, row).version:
            return WriteResult("failed", item.native_id, error=VersionConflict("moved", system=self.system))
        self._set(row, self._own(item.values))
        self._note("update", row.id, item.values)
        if not self._rest(row, item.values, fault):
            return WriteResult("unknown", item.native_id, error=InDoubt("half an answer", system=self.system))
        return WriteResult("ok", row.id, self._record(spec, row), created=False)  # as the real adapters say it

    def _note(self, op: str, row_id: str, values: Mapping[str, NativeValue]) -> None:
        self.writes += 1
        self.made.append((op, row_id, dict(values)))

    def _own(self, values: Mapping[str, NativeValue]) -> dict[str, NativeValue]:
        return {path: value for path, value in values.items() if path not in self.apart}

    def _rest(self, row: Row, values: Mapping[str, NativeValue], fault: str | None) -> bool:
        """Write what has a transaction of its own, unless the connection or the process dies, or a user edits, before
        it: each part has its lock, as the documents of an ERPNext Customer have."""
        rest = {path: value for path, value in values.items() if path in self.apart}
        if rest:
            seen = row.seq
            self.world.moment(f"{self.system} half written")
            if fault == "half" or row.seq != seen:
                return False
            self._set(row, rest)
        return True

    def _answer(self, spec: ObjectSpec, name: str, fault: str | None, results: list[WriteResult]) -> list[WriteResult]:
        self.world.moment(f"{self.system} {name} done")
        if fault == "lost":
            return [WriteResult("unknown", error=InDoubt("no answer", system=self.system)) for _ in results]
        if fault == "lost whole":
            raise InDoubt("no answer", system=self.system)
        return [self._read_back(spec, result) for result in results]

    def _read_back(self, spec: ObjectSpec, result: WriteResult) -> WriteResult:
        """What a second call shows: whatever happened since the write is in it."""
        if result.outcome != "ok" or result.native_id is None:
            return result
        row = self.rows[result.native_id]
        stored = None if row.deleted else self._record(spec, row)
        edited = frozenset(stored.values) if stored and row.theirs else frozenset[str]()
        return replace(result, stored=stored, edited=edited)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        fault = self._call("delete")
        return self._answer(spec, "delete", fault, [self._delete(spec, item) for item in items])

    def _delete(self, spec: ObjectSpec, item: DeleteItem) -> WriteResult:
        row = self.rows.get(item.native_id)
        if row is None or row.deleted:
            return WriteResult("ok", item.native_id)
        if item.expected is not None and item.expected != self._record(spec, row).version:
            return WriteResult("failed", item.native_id, error=VersionConflict("moved", system=self.system))
        self.remove(row.id)
        self._note("delete", row.id, {})
        return WriteResult("ok", item.native_id)
