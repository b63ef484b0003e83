"""Tombstones: a record that a system says is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import Tombstone
from bridge.ports.storage import UnitOfWork


def inherit(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, tombstones: Sequence[Tombstone]) -> None:
    """Records that go on under another id (renamed, amended, merged into one that was not known yet).

    Link and shadow go with them, so that what was changed on the way is an edit like any other and no first contact.
    """
    heirs = {stone.native_id: stone.merged_into for stone in tombstones if stone.merged_into}
    if not heirs:
        return
    known = uow.links(system, emap.entity, [*heirs, *heirs.values()])
    passed = {
        heir: known[old]
        for old, heir in heirs.items()
        if old in known and known[old].state == "linked" and heir not in known
    }
    shadows = uow.shadows(system, emap.entity, [link.native_id for link in passed.values()])
    old_links = [replace(link, state="gone", reason=f"goes on as {heir}") for heir, link in passed.items()]
    uow.save_links(old_links, run.now)
    uow.save_links((replace(link, native_id=heir, linked_by="renamed") for heir, link in passed.items()), run.now)
    uow.drop_shadows(system, emap.entity, [link.native_id for link in passed.values()])
    uow.save_shadows(
        replace(shadows[link.native_id], native_id=heir, fingerprint="")
        for heir, link in passed.items()
        if link.native_id in shadows
    )


def forget(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> None:
    """Records that are gone: the link is kept as a tombstone, so that nothing brings them back by itself."""
    if not native_ids:
        return
    known = uow.links(system, emap.entity, native_ids).values()
    links = [link for link in known if link.state != "gone"]
    uow.save_links((replace(x, state="gone", reason="deleted in the system", candidates=()) for x in links), run.now)
    uow.drop_shadows(system, emap.entity, [link.native_id for link in links])
    uow.unqueue(emap.entity, [(system, link.golden_id) for link in links if link.golden_id])
