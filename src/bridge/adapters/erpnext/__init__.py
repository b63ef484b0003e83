"""ERPNext 15 (Frappe REST). Read `document` first: how several documents look like one record; then `changes`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge.adapters.erpnext.adapter import ErpnextAdapter
from bridge.adapters.erpnext.settings import Settings, load
from bridge.ports.adapter import Adapter

__all__ = ["ARCHIVE", "ErpnextAdapter", "Settings", "make"]


ARCHIVE: Final[Mapping[str, str]] = {"disabled": "1"}
"""A document of a doctype with the field `disabled` is archived by ticking it."""


def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one site; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return ErpnextAdapter(system, load(system, settings))
