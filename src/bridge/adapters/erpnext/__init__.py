"""ERPNext 15 (Frappe REST). Read `document` first: how several documents look like one record; then `changes`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bridge.adapters.erpnext.adapter import ErpnextAdapter
from bridge.adapters.erpnext.errors_table import PAGES, TABLE
from bridge.adapters.erpnext.settings import Settings, load
from bridge.adapters.erpnext.webhooks import receiver
from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

__all__ = ["ErpnextAdapter", "Settings", "make"]


_FULL = EntitySupport(create="native", update="native", delete="native", versions="native", tombstones="native")
_ENTITIES = ("customer", "contact", "product", "order", "location", "stock_level", ANY_ENTITY)


@adapter_kind(
    settings=Settings,
    level="deletes",
    support={**dict.fromkeys(_ENTITIES, _FULL), "stock_level": replace(_FULL, tombstones="unsupported")},
    errors=(*TABLE, *PAGES),
    columns="columns",
    archive={"disabled": "1"},  # where the doctype has the field
    receiver=receiver,
)
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one site; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return ErpnextAdapter(system, load(system, settings))
