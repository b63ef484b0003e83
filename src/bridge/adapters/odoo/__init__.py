"""Odoo, over /jsonrpc or JSON-2. Read `layout` first: how a row becomes a record; then `reading` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge.adapters.odoo.adapter import OdooAdapter
from bridge.adapters.odoo.settings import Settings, load
from bridge.ports.adapter import Adapter

__all__ = ["ARCHIVE", "OdooAdapter", "Settings", "make"]


ARCHIVE: Final[Mapping[str, str]] = {"active": "false"}
"""A record of a model with the field `active` is archived by clearing it."""


def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one Odoo; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return OdooAdapter(system, load(system, settings))
