"""Tryton over JSON-RPC. Read `layout` first: how a row becomes a record; then `reading` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

from bridge_tryton.adapter import TrytonAdapter
from bridge_tryton.errors_table import STATUSES, TABLE
from bridge_tryton.settings import Settings, load

__all__ = ["Settings", "TrytonAdapter", "make"]


_FULL = EntitySupport(create="native", update="native", delete="native", versions="native")
_COUNTED = EntitySupport(create="native", update="native", delete="native", versions="emulated")


@adapter_kind(
    settings=Settings,
    level="deletes",
    support={
        **dict.fromkeys(("customer", "product", "order", "location", ANY_ENTITY), _FULL),
        "stock_level": _COUNTED,
    },
    errors=(*TABLE, *STATUSES),
    columns="columns",
)
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one Tryton; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return TrytonAdapter(system, load(system, settings))
