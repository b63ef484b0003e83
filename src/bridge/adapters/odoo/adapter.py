"""The Odoo adapter: each method puts together what the other files of this package do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.documents import DATED, STATE, acted
from bridge.adapters.odoo.drafts import Drafts
from bridge.adapters.odoo.layout import ROLES
from bridge.adapters.odoo.levels import QUANT, LevelReader
from bridge.adapters.odoo.models import Models, check_readable, key_problems, schema
from bridge.adapters.odoo.movements import StockWriter, stock_schema
from bridge.adapters.odoo.reading import Reader
from bridge.adapters.odoo.settings import Settings
from bridge.adapters.odoo.setup import setup
from bridge.adapters.odoo.tables import Tables
from bridge.adapters.odoo.webhooks import Installer
from bridge.adapters.odoo.writing import Writer
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

BATCH = 1000
"""Records to hand over at once: two imports of 500, and one reading back for both."""


class OdooAdapter:
    """One Odoo."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system, self._settings = system, settings
        self._client = Client(system, settings)
        self._models = Models(self._client)
        self._tables = Tables(self._client)
        self._reader = Reader(self._client, self._models, settings)
        self._levels = LevelReader(self._client, self._reader, settings)

    def __repr__(self) -> str:
        return f"OdooAdapter({self._system!r})"

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
        """Odoo takes no condition with a write and tells of no deletes; its stamps have whole seconds."""
        rows = [one for table in spec.tables for one in (table.path, f"{table.path}[")]
        state = (STATE,) if acted(spec.object, STATE) else ()
        dates = tuple(date for (model, _), date in DATED.items() if model == spec.object)
        return Capabilities(
            overlaps=True,
            conditional_update="emulated",
            deletes_feed="unsupported",
            batch_create=BATCH,
            batch_update=BATCH,
            page=self._settings.page,
            clock_grain=timedelta(seconds=1),
            books=spec.object == QUANT,
            calls_per_batch=7,  # the record, its addresses, external ids, and a look before and after
            written_apart=(*(f"{role}." for role in ROLES), *rows, *state),
            written_along={STATE: dates} if dates else {},
        )

    def metered(self, gate: Gate) -> None:
        self._client.session.gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        self._client.connect()
        for spec in specs:
            self._reader.layout(spec)

    def check(self) -> Health:
        """Log in, and tell version and clock."""
        version = self._client.version()
        self._client.connect()
        rows = self._client.call("res.users", "context_get", answers=shapes.named)
        user = self._settings.login or f"user {rows.get('uid', '')}".strip()
        return Health(f"Odoo {version}", user, self._client.session.clock_skew)

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        self._models.forget(spec.object)
        described = self._models.of(spec.object)
        rows = {
            table.path: self._models.of(str(described[table.path]["relation"]))
            for table in spec.tables
            if described.get(table.path, {}).get("type") == "one2many"
        }
        found = schema(spec, described, self._models.defaulted(spec.object), rows)
        if spec.object == QUANT:
            return stock_schema(found)
        return replace(found, key_problem=found.key_problem or key_problems(spec, rows))

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        if spec.object == QUANT:
            return []  # references are external ids of transfers: nothing has to be made
        return setup(self._client, self._models, spec, self._settings.module, apply=apply)

    def install_webhooks(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        return Installer(self._client, self._models, self._reader.layout).run(specs, url, apply=apply)

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        layout = self._reader.layout(spec)
        if spec.object == QUANT:
            return self._levels.changes(layout, cursor, limit)
        try:
            return self._reader.changes(layout, cursor, limit)
        except Unsupported:
            check_readable(spec, self._models.of(spec.object), self._system)  # names the field, where it is one
            raise

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        layout = self._reader.layout(spec)
        return self._levels.refs(layout) if spec.object == QUANT else self._reader.refs(layout)

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        layout = self._reader.layout(spec)
        reader = self._levels if spec.object == QUANT else self._reader
        return reader.fetch(layout, native_ids)

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        if spec.object == QUANT:
            return self._stock(spec).find(keys)
        return self._reader.find(self._reader.layout(spec), keys)

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return self._writer(spec).create(items)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return self._writer(spec).update(items)

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        if spec.object != QUANT:
            raise Unsupported("books no movements of this object", system=self._system)
        return self._stock(spec).booked(references)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        return self._writer(spec).delete(items)

    def close(self) -> None:
        self._client.session.close()

    def _stock(self, spec: ObjectSpec) -> StockWriter:
        layout = self._reader.layout(spec)
        return StockWriter(self._client, self._levels, layout, self._models, self._settings.module)

    def _writer(self, spec: ObjectSpec) -> Writer | StockWriter:
        if spec.object == QUANT:
            return self._stock(spec)
        layout = self._reader.layout(spec)
        drafts = Drafts(layout, self._models.of, self._tables, self._system)
        return Writer(
            self._client,
            self._reader,
            layout,
            drafts,
            with_default=partial(self._models.with_default, spec.object),
            batch=self._settings.batch,
            module=self._settings.module,
        )
