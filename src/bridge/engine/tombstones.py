"""Tombstones: a record that a system says is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork


def forget(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> None:
    """Records that are gone: the link is kept as a tombstone, so that nothing brings them back by itself."""
    if not native_ids:
        return
    known = uow.links(system, emap.entity, native_ids).values()
    links = [link for link in known if link.state != "gone"]
    uow.save_links((replace(x, state="gone", reason="deleted in the system", candidates=()) for x in links), run.now)
    uow.drop_shadows(system, emap.entity, [link.native_id for link in links])
    uow.unqueue(emap.entity, [(system, link.golden_id) for link in links if link.golden_id])
