"""Files as a system: CSV, Excel workbooks and JSON Lines, read and written with the same mapping files as any other."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.files.adapter import FilesAdapter
from bridge.adapters.files.settings import Settings, load
from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

__all__ = ["FilesAdapter", "Settings", "make"]

_FULL = EntitySupport(create="native", update="native", delete="native", versions="emulated", tombstones="native")


@adapter_kind(settings=Settings, level="deletes", support={ANY_ENTITY: _FULL}, columns="columns")
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of a folder of files. Raises ConfigError naming every setting that cannot be used."""
    return FilesAdapter(system, load(system, settings))
