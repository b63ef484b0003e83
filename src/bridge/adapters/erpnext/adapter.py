"""The ERPNext adapter: each method puts together what the other files of this package do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bridge.adapters.erpnext.changes import Changes
from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.creating import Creator
from bridge.adapters.erpnext.document import TAGS, Layout, layout_of
from bridge.adapters.erpnext.health import check
from bridge.adapters.erpnext.items import DOCSTATUS
from bridge.adapters.erpnext.levels import BIN, LevelReader
from bridge.adapters.erpnext.meta import Metas
from bridge.adapters.erpnext.prices import HEAD
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.schema import Schemas
from bridge.adapters.erpnext.settings import Settings
from bridge.adapters.erpnext.site import Site
from bridge.adapters.erpnext.stock_entries import StockWriter
from bridge.adapters.erpnext.updating import Updater
from bridge.adapters.erpnext.webhooks import Installer
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

INSERT_MAX = 200
"""Documents that insert_many takes at most (recording 093)."""


UPDATE_MAX = 100
"""Records to hand over for one update: each is a call of its own, at about 15 a second (recording 363)."""


class ErpnextAdapter:
    """One ERPNext site. Records are documents with their addresses; see `document` for the paths."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        self._client = Client(system, settings)
        self._site = Site(self._client, settings)
        self._metas = Metas(self._client)
        self._reader = Reader(self._client, self._site, settings.page)
        self._changes = Changes(self._client, self._reader, self._site, settings)
        self._levels = LevelReader(self._client, self._reader, self._changes, self._site, settings.page)

    def __repr__(self) -> str:
        return f"ErpnextAdapter({self._system!r})"

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
        """Updates are refused by the server itself where `modified` has moved; stamps have microseconds."""
        prices = [field.path for field in spec.fields if field.path.startswith(f"{HEAD}.")]
        documents = 2 if any("." in field.path for field in spec.fields) else 1
        return Capabilities(
            overlaps=True,
            calls_per_batch=5,
            calls_per_update=documents,  # the server knows no update of several documents
            calls_per_delete=documents,
            conditional_update="native",
            deletes_feed="native" if self._changes.shows_deletes and spec.object != BIN else "unsupported",
            batch_create=INSERT_MAX,
            batch_update=UPDATE_MAX,
            page=self._settings.page,
            clock_grain=timedelta(microseconds=1),
            books=spec.object == BIN,
            written_apart=("Address.", TAGS.name, DOCSTATUS, *prices),
        )

    def metered(self, gate: Gate) -> None:
        self._client.session.gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        self._site.learn(specs)
        for spec in specs:
            self._layout(spec)

    def check(self) -> Health:
        return check(self._client, self._site, self._settings)

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        return Schemas(self._client, self._metas).of(spec)

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        return Schemas(self._client, self._metas).setup(spec, apply=apply)

    def install_webhooks(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        secret = self._settings.webhook_secret
        told = secret.get_secret_value() if secret else ""
        return Installer(self._client, self._metas, told).run(specs, url, apply=apply)

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        pages = self._levels if spec.object == BIN else self._changes
        return pages.page(self._layout(spec), cursor, limit)

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        if spec.object == BIN:
            return cursor
        return self._changes.amended(self._layout(spec), cursor, records)

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        reader = self._levels if spec.object == BIN else self._reader
        return reader.refs(self._layout(spec))

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        reader = self._levels if spec.object == BIN else self._reader
        return reader.fetch(self._layout(spec), native_ids)

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        if spec.object == BIN:
            return self._stock(spec).find(keys)
        return self._reader.find(self._layout(spec), keys)

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        if spec.object == BIN:
            return self._stock(spec).create(items)
        layout = self._layout(spec)
        creator = Creator(self._client, self._reader, layout, self._settings.batch)
        return self._told(layout, creator.create(items))

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        if spec.object == BIN:
            return self._stock(spec).update(items)
        layout = self._layout(spec)
        return self._told(layout, Updater(self._client, self._reader, layout).update(items))

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        if spec.object != BIN:
            raise Unsupported("books no movements of this object", system=self._system)
        return self._stock(spec).booked(references)

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        if spec.object == BIN:
            return self._stock(spec).delete(items)
        return Updater(self._client, self._reader, self._layout(spec)).delete(items)

    def close(self) -> None:
        self._client.session.close()

    def _stock(self, spec: ObjectSpec) -> StockWriter:
        return StockWriter(self._client, self._levels, self._layout(spec), self._settings.batch)

    def _told(self, layout: Layout, results: list[WriteResult]) -> list[WriteResult]:
        self._changes.wrote(layout, [result.stored for result in results if result.stored])
        return results

    def _layout(self, spec: ObjectSpec) -> Layout:
        return layout_of(spec, self._metas, self._system)
