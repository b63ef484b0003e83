"""Odoo, over /jsonrpc or JSON-2. Read `layout` first: how a row becomes a record; then `reading` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.adapters.odoo.settings import Settings, load
from bridge.ports.adapter import Adapter

__all__ = ["OdooAdapter", "Settings", "make"]


def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one Odoo; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return OdooAdapter(system, load(system, settings))
