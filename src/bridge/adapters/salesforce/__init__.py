"""Salesforce (REST). Read `layout` first: how a row becomes a record; then `changes` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.adapters.salesforce.errors_table import LOGIN, STATUSES, TABLE
from bridge.adapters.salesforce.settings import Settings, load
from bridge.adapters.salesforce.webhooks import receiver
from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

__all__ = ["SalesforceAdapter", "Settings", "make"]


_FULL = EntitySupport(create="native", update="native", delete="native", versions="emulated", tombstones="native")
_ENTITIES = ("customer", "contact", "product", "order", "location", "stock_level", ANY_ENTITY)


@adapter_kind(
    settings=Settings,
    level="deletes",
    support=dict.fromkeys(_ENTITIES, _FULL),
    errors=(*TABLE, *STATUSES, *LOGIN),
    columns="columns",
    receiver=receiver,
)
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one org; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return SalesforceAdapter(system, load(system, settings))
