"""Salesforce (REST). Read `layout` first: how a row becomes a record; then `changes` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.adapters.salesforce.settings import Settings, load
from bridge.ports.adapter import Adapter

__all__ = ["SalesforceAdapter", "Settings", "make"]


def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one org; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return SalesforceAdapter(system, load(system, settings))
