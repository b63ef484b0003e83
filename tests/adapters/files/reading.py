"""A folder of files as tests write it, and an adapter that reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from bridge.adapters.files import FilesAdapter, make
from bridge.ports.records import ChangePage, FieldSpec, NativeRecord, ObjectSpec, TableSpec

CUSTOMERS = ObjectSpec(
    "customer",
    "customers",
    "bridge_id",
    (FieldSpec("name"), FieldSpec("city"), FieldSpec("credit", type="decimal"), FieldSpec("since", type="date")),
)
ORDERS = ObjectSpec(
    "order",
    "orders",
    "bridge_id",
    (FieldSpec("customer", ref="record"), FieldSpec("day", type="date")),
    tables=(
        TableSpec("lines", "bridge_line", (FieldSpec("product", ref="record"), FieldSpec("quantity", type="decimal"))),
    ),
)


def desk(folder: Path, **settings: Any) -> FilesAdapter:
    adapter = make("desk", {"folder": str(folder), **settings})
    assert isinstance(adapter, FilesAdapter)
    return adapter


def everything(adapter: FilesAdapter, spec: ObjectSpec, cursor: str | None = None, limit: int = 100) -> ChangePage:
    """All pages as one."""
    records, stones, bad = [], [], []
    while True:
        page = adapter.changes(spec, cursor, limit)
        records += page.records
        stones += page.tombstones
        bad += page.bad
        cursor = page.cursor
        if not page.more:
            return ChangePage(tuple(records), tuple(stones), cursor, False, tuple(bad))


def read(folder: Path, spec: ObjectSpec = CUSTOMERS, **settings: Any) -> tuple[dict[str, NativeRecord], list[str]]:
    """id -> record, and what is said of the lines that are bad."""
    adapter = desk(folder, **settings)
    page = everything(adapter, spec)
    adapter.close()
    return {record.native_id: record for record in page.records}, [str(row) for row in page.bad]
