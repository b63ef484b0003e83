"""Odoo, over /jsonrpc or JSON-2. Read `layout` first: how a row becomes a record; then `reading` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.adapters.odoo.errors_table import LOAD, STATUSES, TABLE
from bridge.adapters.odoo.settings import Settings, load
from bridge.adapters.odoo.webhooks import receiver
from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

__all__ = ["OdooAdapter", "Settings", "make"]


_FULL = EntitySupport(create="native", update="native", delete="native", versions="emulated")
_ENTITIES = ("customer", "contact", "product", "order", "location", "stock_level", ANY_ENTITY)


@adapter_kind(
    settings=Settings,
    level="deletes",
    support=dict.fromkeys(_ENTITIES, _FULL),
    errors=(*TABLE, *LOAD, *STATUSES),
    columns="columns",
    receiver=receiver,
    archive={"active": "false"},  # where the model has the field
)
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one Odoo; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return OdooAdapter(system, load(system, settings))
