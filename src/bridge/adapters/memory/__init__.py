"""A system in memory: for tests, for demonstrations, and as the shortest example of a complete adapter."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.memory.adapter import MemoryAdapter
from bridge.adapters.memory.keeping import keep
from bridge.adapters.memory.quirks import Quirks
from bridge.adapters.memory.rows import Shape
from bridge.adapters.memory.settings import Settings, load
from bridge.adapters.memory.world import MemoryWorld, forget_worlds, world
from bridge.ports.adapter import Adapter
from bridge.ports.kind import ANY_ENTITY, EntitySupport, adapter_kind

__all__ = ["MemoryAdapter", "MemoryWorld", "Quirks", "Settings", "Shape", "forget_worlds", "make", "world"]


_FULL = EntitySupport(create="native", update="native", delete="native", versions="native", tombstones="native")


@adapter_kind(settings=Settings, level="deletes", support={ANY_ENTITY: _FULL}, columns="columns")
def make(system: str, settings: Mapping[str, object]) -> Adapter:
    """Build the adapter of a system in memory. Raises ConfigError naming every setting that cannot be used.

    The first adapter of a world says what the world is, where its settings do; the others join it.
    """
    given = load(system, settings)
    shared = world(given.world or system)
    password = given.password.get_secret_value() if given.password else None
    if not shared.claimed:
        shared.claimed = True
        shared.password = password or shared.password
        if "quirks" in given.model_fields_set:
            shared.quirks = given.quirks
        shared.objects.update({name: named.shape() for name, named in given.objects.items()})
        if given.file:
            keep(shared, given.file)
    return MemoryAdapter(system, shared, password)
