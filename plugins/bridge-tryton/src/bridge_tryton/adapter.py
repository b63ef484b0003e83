"""The Tryton adapter: each method puts together what the other files of this package do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bridge.ports.adapter import Capabilities, Gate, Health, NativeSchema, SetupStep
from bridge.ports.errors import Unsupported
from bridge.ports.records import (
    ChangePage,
    CreateItem,
    DeleteItem,
    NativeRecord,
    ObjectSpec,
    UpdateItem,
    WriteResult,
)

from bridge_tryton.client import Client
from bridge_tryton.kinds import kind_of
from bridge_tryton.levels import LEVEL, LevelReader, level_schema
from bridge_tryton.models import Models, schema
from bridge_tryton.movements import StockWriter
from bridge_tryton.places import ACTED, SALE
from bridge_tryton.reading import Reader
from bridge_tryton.settings import Settings
from bridge_tryton.tables import Tables
from bridge_tryton.writing import Writer

BATCH = 200
"""Records to hand over at once: four transactions of fifty, and one reading before and after them."""


class TrytonAdapter:
    """One Tryton."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings
        self._client = Client(system, settings)
        self._models = Models(self._client)
        self._tables = Tables(self._client)
        self._reader = Reader(self._client, self._models, settings)
        self._levels = LevelReader(self._client, settings)

    def __repr__(self) -> str:
        return f"TrytonAdapter({self._system!r})"

    @property
    def system(self) -> str:
        return self._system

    @property
    def calls(self) -> int:
        return self._client.session.calls

    @property
    def clock_skew(self) -> float | None:
        return self._client.session.clock_skew

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        """The server refuses stale writes by itself, by stamps of ten microseconds; it tells of no deletes."""
        level = spec.object == LEVEL
        return Capabilities(
            conditional_update="emulated" if level else "native",
            deletes_feed="unsupported",
            batch_create=BATCH,
            batch_update=BATCH,
            page=self._settings.page,
            clock_grain=timedelta(microseconds=10),
            books=level,
            written_along={"state": ("sale_date",)} if spec.object == SALE else {},
            calls_per_batch=8 if level else 4,
            calls_per_update=2 if spec.object in ACTED else 0.05,
            calls_per_create=0.02,
        )

    def metered(self, gate: Gate) -> None:
        self._client.session.gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        self._client.connect()
        records = [spec for spec in specs if spec.object != LEVEL]
        for spec in records:
            self._models.want(spec)
        for spec in records:
            self._reader.layout(spec)

    def check(self) -> Health:
        """Log in, and tell version and clock."""
        version = self._client.version()
        self._client.connect()
        self._client.call("res.user", "get_preferences", True)
        return Health(f"Tryton {version}", self._settings.login, self._client.session.clock_skew)

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        if spec.object == LEVEL:
            return level_schema()
        return schema(spec, self._models)

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Nothing has to be made: ids are kept where Tryton has room for them."""
        if spec.object == LEVEL:
            return []
        problem = schema(spec, self._models).key_problem
        what = f"{spec.object}.{spec.key}: bridge's id"
        return [SetupStep(what, "failed", f"{problem}.") if problem else SetupStep(what, "present")]

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        if spec.object == LEVEL:
            return self._levels.changes(spec, cursor, limit)
        return self._reader.changes(self._reader.layout(spec), cursor, limit)

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        if spec.object == LEVEL:
            return self._levels.refs(spec)
        return self._reader.refs(self._reader.layout(spec))

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        if spec.object == LEVEL:
            return self._levels.fetch(spec, native_ids)
        return self._reader.fetch(self._reader.layout(spec), native_ids)

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        if spec.object == LEVEL:
            return self._stock(spec).find(keys)
        return self._reader.find(self._reader.layout(spec), keys)

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return self._stock(spec).create(items) if spec.object == LEVEL else self._writer(spec).create(items)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return self._stock(spec).update(items) if spec.object == LEVEL else self._writer(spec).update(items)

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        if spec.object != LEVEL:
            raise Unsupported("books no movements of this object", system=self._system)
        return self._stock(spec).booked(references)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        return self._stock(spec).delete(items) if spec.object == LEVEL else self._writer(spec).delete(items)

    def close(self) -> None:
        self._client.session.close()

    def _stock(self, spec: ObjectSpec) -> StockWriter:
        return StockWriter(self._client, self._levels, spec, self._settings.batch)

    def _writer(self, spec: ObjectSpec) -> Writer:
        layout = self._reader.layout(spec)
        kind = kind_of(self._client, layout)
        return Writer(self._client, self._reader, layout, self._models, self._tables, kind, batch=self._settings.batch)
