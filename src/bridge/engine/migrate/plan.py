"""Plan: what a migration would create, change and leave, entity by entity, derived from what both sides show.

The same derivation as that of the load (golden record against shadow), so that the plan is what is written; it holds a
page at a time, and asks no system.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from bridge.engine.migrate.way import Way, golden_ids, linked_pages
from bridge.engine.plan.due import Due, waits_for
from bridge.engine.plan.marks import UNDONE
from bridge.engine.runtime import Runtime
from bridge.engine.work import Scene
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import in_rows
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden

Fate = Literal["create", "update", "delete", "left", "refused", "waits", "review", "gone"]
"""What becomes of one record of the source in the target."""

DEPTH: Final = 4
"""Parents of parents that are followed: an order's product, a customer's parent, and theirs."""

NAMED: Final = 1000
"""Records that are named with their reason; beyond that they are counted."""


@dataclass(frozen=True, slots=True)
class Named:
    """A record of the source that will not arrive, by its id there, and why."""

    native_id: str = field(repr=False)
    golden_id: str
    fate: Fate
    why: str


@dataclass(slots=True)
class Planned:
    """What is planned for one entity. counts: fate -> records of the source."""

    entity: str
    counts: Counter[Fate] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    named: list[Named] = field(default_factory=list)

    def note(self, native_id: str, golden_id: str, fate: Fate, why: str) -> None:
        """One record of the source."""
        self.counts[fate] += 1
        if fate in ("refused", "waits", "review", "gone"):
            self.reasons[f"{fate}: {why}"] += 1
            if len(self.named) < NAMED:
                self.named.append(Named(native_id, golden_id, fate, why))

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        named = [{"id": x.native_id, "golden_id": x.golden_id, "what": x.fate, "why": x.why} for x in self.named]
        return {"entity": self.entity, **counted(self.counts), "reasons": dict(self.reasons), "named": named}


def counted(counts: Mapping[Fate, int]) -> dict[str, int]:
    """Every fate with its number, noughts included."""
    fates: tuple[Fate, ...] = ("create", "update", "delete", "left", "refused", "waits", "review", "gone")
    return {fate: counts.get(fate, 0) for fate in fates}


def plan_entity(runtime: Runtime, way: Way, emap: EntityMap) -> Planned:
    """What would become of every record of the source. Reads the store only."""
    planned = Planned(emap.entity)
    for page in linked_pages(runtime.store, way, emap.entity, "", runtime.pace.page):
        with runtime.store.begin() as uow:
            fates = judge(uow, runtime.maps, way, emap, golden_ids(page))
        for native_id, link in page.items():
            if link.golden_id:
                planned.note(native_id, link.golden_id, *fates[link.golden_id])
    return planned


def judge(
    uow: UnitOfWork, maps: Mapping[str, EntityMap], way: Way, emap: EntityMap, ids: Collection[str]
) -> dict[str, tuple[Fate, str]]:
    """golden id -> its fate in the target, and why, as things stand."""
    scene = migrating_scene(uow, emap, way, ids)
    dues = {golden.id: scene.due(way.target, golden) for golden in scene.goldens.values()}
    coming = _coming(uow, maps, way, _parents(emap, scene, dues), DEPTH)
    found: dict[str, tuple[Fate, str]] = dict.fromkeys(ids, ("gone", "its golden record is not there"))
    for golden in scene.goldens.values():
        found[golden.id] = _fate(scene, emap, way, golden, dues[golden.id], coming)
    return found


def migrating_scene(uow: UnitOfWork, emap: EntityMap, way: Way, ids: Collection[str]) -> Scene:
    """Golden records as a migration sees them: what an undone migration made and removed may be made again."""
    scene = Scene(uow, emap, sorted(ids), creates=True)
    for place, link in list(scene.links.items()):
        if place[0] == way.target and link.state == "gone" and link.linked_by == UNDONE:
            del scene.links[place]
    return scene


def _fate(
    scene: Scene, emap: EntityMap, way: Way, golden: Golden, due: Due | None, coming: Collection[tuple[str, str]]
) -> tuple[Fate, str]:
    place = (way.target, golden.id)
    link = scene.links.get(place)
    linked = link is not None and link.state == "linked"
    if due is None:
        return _not_written(scene, way, golden)
    if due.nothing:
        return "left", ""
    if due.gone:
        return "delete", "it was deleted elsewhere"
    if due.problems and (not due.values or (not linked and due.refused)):
        return "refused", "; ".join(due.problems)
    late = [name for name in due.missing if (_target(emap, golden, name)) not in coming]
    if linked:
        if due.values:
            return "update", ""
        return ("waits", waits_for(golden, late, way.target, briefly=True)) if late else ("update", "")
    if due.blocked and late:
        return "waits", waits_for(golden, late, way.target, briefly=True)
    return "create", ""


def _not_written(scene: Scene, way: Way, golden: Golden) -> tuple[Fate, str]:
    if not golden.alive:
        return "gone", "it was deleted elsewhere"
    if (way.target, golden.id) in scene.reviewed:
        return "review", f"a record of {way.target} may be the same"
    if golden.id in scene.waiting:
        return "waits", "refers to a record that is not known yet"
    if (way.target, golden.id) in scene.links:
        return "gone", f"was deleted in {way.target}"
    return "left", ""


def _target(emap: EntityMap, golden: Golden, name: str) -> tuple[str, str]:
    ref = emap.unit(name).record_ref
    return (ref.entity, str(golden.values.get(name))) if ref else ("", "")


def _parents(emap: EntityMap, scene: Scene, dues: Mapping[str, Due | None]) -> dict[str, set[str]]:
    """Entity -> golden ids of what these records wait for."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for golden in scene.goldens.values():
        due = dues[golden.id]
        for name in due.missing if due is not None else ():
            for one in in_rows(name, golden.values):
                entity, golden_id = _target(emap, golden, one)
                wanted[entity].add(golden_id)
    return wanted


def _coming(
    uow: UnitOfWork, maps: Mapping[str, EntityMap], way: Way, wanted: Mapping[str, set[str]], depth: int
) -> set[tuple[str, str]]:
    """(entity, golden id) of those that this migration makes, before those who wait for them."""
    found: set[tuple[str, str]] = set()
    for entity, ids in wanted.items():
        emap = maps.get(entity)
        if emap is None or not way.leads(emap):
            continue
        scene = migrating_scene(uow, emap, way, ids)
        dues = {golden.id: scene.due(way.target, golden) for golden in scene.goldens.values()}
        above = _coming(uow, maps, way, _parents(emap, scene, dues), depth - 1) if depth else set()
        for golden in scene.goldens.values():
            if _fate(scene, emap, way, golden, dues[golden.id], above)[0] in ("create", "update"):
                found.add((entity, golden.id))
    return found
