"""Tryton over JSON-RPC. Read `layout` first: how a row becomes a record; then `reading` and `writing`."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.ports.adapter import Adapter

from bridge_tryton.adapter import TrytonAdapter
from bridge_tryton.settings import Settings, load

__all__ = ["Settings", "TrytonAdapter", "make"]


def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of one Tryton; no I/O. Raises ConfigError naming every setting that cannot be used."""
    return TrytonAdapter(system, load(system, settings))
