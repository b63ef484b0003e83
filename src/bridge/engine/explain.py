"""Explain one record: what is agreed, who said it when and why it stands, and what every system holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bridge.engine.work import Scene
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Canonical, Conflict, Golden, Link, Shadow


@dataclass(frozen=True, slots=True)
class Holding:
    """What one system holds of one unit, in its own form, and whether that is the agreed value as it can show it.

    state: in step, due (will be written), held (an open conflict), stopped (holds something that cannot be mapped), or
        not written (the mapping only reads it there).
    sent: what bridge sent, where the system stored it in another form.
    """

    system: str
    values: Mapping[str, NativeValue]
    state: str
    sent: Mapping[str, NativeValue]


@dataclass(frozen=True, slots=True)
class UnitExplained:
    """One unit of a golden record."""

    unit: str
    value: Canonical
    system: str
    at: datetime | None
    rule: str
    holdings: tuple[Holding, ...]
    conflict: Conflict | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All that is known of one record. golden is None where the record is not linked (under review, or gone)."""

    link: Link
    golden: Golden | None
    links: tuple[Link, ...]
    units: tuple[UnitExplained, ...]


def explain(uow: UnitOfWork, emap: EntityMap, system: str, native_id: str) -> Explanation | None:
    """Explain a native record; None if bridge has never seen it."""
    link = uow.links(system, emap.entity, [native_id]).get(native_id)
    if link is None:
        return None
    if link.golden_id is None:
        return Explanation(link, None, (link,), ())
    scene = Scene(uow, emap, [link.golden_id], creates=True)
    golden = scene.goldens.get(link.golden_id)
    if golden is None:
        return Explanation(link, None, (link,), ())
    held = uow.held_conflicts(emap.entity, [golden.id])
    links = tuple(sorted(uow.links_of(emap.entity, [golden.id]), key=lambda one: one.system))
    shown = emap.units_with(emap.keys_in(golden.values))
    units = tuple(_unit(scene, golden, unit, held.get((golden.id, unit.name))) for unit in shown)
    return Explanation(link, golden, links, units)


def _unit(scene: Scene, golden: Golden, unit: Unit, conflict: Conflict | None) -> UnitExplained:
    why = golden.provenance.get(unit.name)
    holdings = tuple(
        _holding(scene, golden, unit, scene.shadows[system, golden.id])
        for system in scene.emap.systems
        if unit.paths(system) and (system, golden.id) in scene.shadows
    )
    return UnitExplained(
        unit=unit.name,
        value=golden.values.get(unit.name),
        system=why.system if why else "",
        at=why.at if why else None,
        rule=why.rule if why else "",
        holdings=holdings,
        conflict=conflict,
    )


def _holding(scene: Scene, golden: Golden, unit: Unit, shadow: Shadow) -> Holding:
    paths = unit.paths(shadow.system)
    form = scene.forms[shadow.system]
    if unit.name in golden.held:
        state = "held"
    elif unit.name in shadow.stopped:
        state = "stopped"
    elif shadow.system not in unit.writes:
        state = "not written"
    elif unit.name not in golden.provenance or form.in_step(
        unit, golden.values.get(unit.name), shadow.values, shadow.echo
    ):
        state = "in step"
    else:
        state = "due"
    return Holding(
        shadow.system,
        {path: shadow.values.get(path) for path in paths},
        state,
        {path: shadow.echo[path] for path in paths if path in shadow.echo},
    )
