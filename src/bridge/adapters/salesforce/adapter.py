"""The Salesforce adapter: each method puts together what the other files of this package do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import TypeVar

from bridge.adapters.salesforce.changes import Changes
from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.describe import Describes, schema
from bridge.adapters.salesforce.documents import DocumentWriter
from bridge.adapters.salesforce.entries import PRICE
from bridge.adapters.salesforce.health import check
from bridge.adapters.salesforce.prices import ProductWriter
from bridge.adapters.salesforce.reading import Reader
from bridge.adapters.salesforce.settings import Settings
from bridge.adapters.salesforce.setup import Setup
from bridge.adapters.salesforce.users import Users
from bridge.adapters.salesforce.webhooks import by_hand
from bridge.adapters.salesforce.writing import Writer
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
"""Records to hand over at once: five calls of 200, and one reading back for several of them."""

BULK = 5000
"""Records that a migration hands over at once: one bulk job, and few enough to be kept in memory."""

T = TypeVar("T")


def _of_parts(spec: ObjectSpec) -> bool:
    """Whether a record comes with rows or prices of its own, which a bulk job of its object does not carry."""
    return bool(spec.tables) or any(one.path.startswith(PRICE) for one in spec.fields)


class SalesforceAdapter:
    """One Salesforce org."""

    def __init__(self, system: str, settings: Settings) -> None:
        self._system = system
        self._settings = settings
        self._client = Client(system, settings)
        self._describes = Describes(self._client)
        self._users = Users(self._client)
        self._reader = Reader(self._client, self._describes, settings.page)
        self._changes = Changes(self._client, self._reader, settings)

    def __repr__(self) -> str:
        return f"SalesforceAdapter({self._system!r})"

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
        """Versions are compared just before a write: If-Unmodified-Since works for single records only, at one call
        each, and its second cannot tell two edits within it. Stamps have whole seconds."""
        return Capabilities(
            overlaps=True,
            conditional_update="emulated",
            batch_create=BATCH,
            batch_update=BATCH,
            batch_migrate=0 if _of_parts(spec) else BULK,
            page=self._settings.page,
            clock_grain=timedelta(seconds=1),
            written_apart=tuple(one.path for one in spec.fields if one.path.startswith(PRICE)),  # an entry each
            books=bool(spec.sums),
        )

    def metered(self, gate: Gate) -> None:
        self._client.session.gate = gate

    def open(self, specs: Sequence[ObjectSpec]) -> None:
        self._client.tokens.current()
        for spec in specs:
            self._reader.layout(spec)

    def check(self) -> Health:
        return check(self._client, self._settings)

    def schema(self, spec: ObjectSpec) -> NativeSchema:
        self._describes.forget(spec.object)
        described = self._describes.of(spec.object)
        tables = {}
        for table in spec.tables:
            relation = described.child(table.path)
            if relation is not None:
                tables[table.path] = (table.key, self._describes.of(str(relation["childSObject"])))
        return schema(described, spec.key, tables)

    def setup(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        return Setup(self._client, self._describes).run(spec, apply=apply)

    def install_webhooks(self, specs: Sequence[ObjectSpec], url: str, *, apply: bool) -> list[SetupStep]:
        return by_hand(specs)

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        return self._reading(spec, lambda: self._changes.page(self._reader.layout(spec), cursor, limit))

    def amended(self, spec: ObjectSpec, cursor: str, records: Sequence[NativeRecord]) -> str:
        return cursor

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        return self._reader.refs(self._reader.layout(spec))

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        return self._reading(spec, lambda: self._reader.fetch(self._reader.layout(spec), native_ids))

    def find(self, spec: ObjectSpec, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        return self._reading(spec, lambda: self._reader.find(self._reader.layout(spec), keys))

    def create(self, spec: ObjectSpec, items: Sequence[CreateItem]) -> list[WriteResult]:
        return self._writer(spec).create(items)

    def update(self, spec: ObjectSpec, items: Sequence[UpdateItem]) -> list[WriteResult]:
        return self._writer(spec).update(items)

    def booked(self, spec: ObjectSpec, references: Sequence[str]) -> set[str]:
        if not spec.sums:
            raise Unsupported("books no movements of this object", system=self._system)
        return self._reading(spec, lambda: self._reader.booked(self._reader.layout(spec), references))

    def delete(self, spec: ObjectSpec, items: Sequence[DeleteItem]) -> list[WriteResult]:
        return self._writer(spec).delete(items)

    def close(self) -> None:
        """Never logs out: Salesforce may give one session to several programs of the same user."""
        self._client.session.close()

    def _writer(self, spec: ObjectSpec) -> Writer:
        layout = self._reader.layout(spec)
        if layout.children or layout.prices:
            kind = DocumentWriter if layout.children else ProductWriter
            return kind(self._client, self._reader, layout, self._users, self._settings.batch)
        return Writer(self._client, self._reader, layout, self._users, self._settings.batch, self._settings.bulk)

    def _reading(self, spec: ObjectSpec, read: Callable[[], T]) -> T:
        """Read; once more with a fresh describe if a field has gone since the last one."""
        try:
            return read()
        except Unsupported as error:
            if error.vendor_code != "INVALID_FIELD":
                raise
        self._describes.forget(spec.object)
        return read()
