"""Pausing: a system, an entity, or one entity of a system that is left alone until a person, or a log-in that works
again, says otherwise. What is left alone is neither read nor written; its work is kept.

Credentials that a system refuses with a fresh session too will not get better by being sent again: they are told once,
and the system gets no further call (many systems lock a user out who keeps trying).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from bridge.ports.errors import AdapterBroken, AuthFailed, BridgeError, KeyFieldMissing, PermissionDenied
from bridge.ports.storage import UnitOfWork

PREFIX = "paused:"


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when and why something is left alone.

    entity: empty for a whole system. system: empty for an entity in all systems. why: the error of a log-in, or a
    person's own words. by_person: it ends only when a person says so. who: that person.
    """

    system: str
    since: datetime
    why: str
    by_person: bool = False
    entity: str = ""
    who: str = ""

    @property
    def name(self) -> str:
        """As commands name it: "erp", "erp.order", or "order" for all systems."""
        return ".".join(part for part in (self.system, self.entity) if part)

    def covers(self, system: str, entity: str) -> bool:
        """Whether this entity of this system is left alone because of it."""
        return self.system in ("", system) and self.entity in ("", entity)

    def __str__(self) -> str:
        by = self.why.removeprefix(f"{self.system}: ")
        if self.by_person:
            by = f"by hand{f' by {self.who}' if self.who else ''}{f', {self.why}' if self.why else ''}"
        end = "" if self.by_person else "; correct it, then `bridge check`"
        return f"is paused since {self.since:%Y-%m-%d %H:%M} UTC: {by} (`bridge resume {self.name}`{end})"


def pauses_the_system(error: BridgeError) -> bool:
    """Whether further calls would be of no use before a person has done something about the log-in."""
    return isinstance(error, AuthFailed) and not isinstance(error, (PermissionDenied, KeyFieldMissing, AdapterBroken))


def pause(uow: UnitOfWork, found: Pause) -> None:
    """Leave it alone from now on. A pause made by a person is not replaced by one of bridge's own."""
    earlier = _found(uow, found.system, found.entity)
    if earlier is not None and (earlier.by_person or not found.by_person):
        return
    said = [found.since.isoformat(), found.why, found.by_person, found.who]
    uow.set_flag(_flag(found.system, found.entity), orjson.dumps(said).decode())


def paused(uow: UnitOfWork, systems: Iterable[str]) -> dict[str, Pause]:
    """Those of these systems that are paused as a whole."""
    return {system: found for system in systems if (found := _found(uow, system, "")) is not None}


def paused_entities(uow: UnitOfWork, places: Iterable[tuple[str, str]] | None = None) -> dict[tuple[str, str], Pause]:
    """The pauses of entities, by what they are made for: the system is empty where that is an entity in all systems.

    places: only those that touch any of these (system, entity).
    """
    made = [_read(name, said) for name, said in uow.flags(PREFIX).items() if said]
    known = None if places is None else list(places)
    touching = [one for one in made if one.entity and (known is None or any(one.covers(*place) for place in known))]
    return {(one.system, one.entity): one for one in sorted(touching, key=lambda one: (one.entity, one.system))}


def covered(places: Iterable[tuple[str, str]], pauses: Iterable[Pause]) -> set[tuple[str, str]]:
    """Those of these (system, entity) that are left alone."""
    made = list(pauses)
    return {place for place in places if any(one.covers(*place) for one in made)}


def next_due(
    uow: UnitOfWork,
    systems: Collection[str],
    entities: Collection[str],
    *,
    without: Collection[str] = (),
    alone: Collection[tuple[str, str]] = (),
) -> datetime | None:
    """When the next entry is to be tried again; without some systems, and alone: some (system, entity)."""
    kept: dict[frozenset[str], set[str]] = {}
    for system in set(systems) - set(without):
        kept.setdefault(frozenset(entity for of, entity in alone if of == system), set()).add(system)
    moments = [
        uow.next_due([one for one in entities if one not in left_out], without=set(systems) - group)
        for left_out, group in kept.items()
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def resume(uow: UnitOfWork, system: str, *, by_person: bool, entity: str = "") -> bool:
    """End a pause; one that a person made is ended by a person only. Returns whether there was one to end."""
    found = _found(uow, system, entity)
    if found is None or (found.by_person and not by_person):
        return False
    uow.set_flag(_flag(system, entity), "")
    return True


def pauses_by_name(systems: Mapping[str, Pause], entities: Mapping[tuple[str, str], Pause]) -> list[tuple[str, Pause]]:
    """All pauses with their names, systems first."""
    return [(one.name, one) for one in (*systems.values(), *entities.values())]


def as_rows(pauses: Mapping[tuple[str, str], Pause]) -> list[dict[str, object]]:
    """Pauses of entities as plain values, for JSON."""
    return [
        {
            "name": one.name,
            "system": one.system,
            "entity": one.entity,
            "since": one.since.isoformat(),
            "by": one.who,
            "why": one.why,
            "what": str(one),
        }
        for one in pauses.values()
    ]


def _found(uow: UnitOfWork, system: str, entity: str) -> Pause | None:
    said = uow.flag(_flag(system, entity))
    return _read(_flag(system, entity), said) if said else None


def _read(name: str, said: str) -> Pause:
    system, _, entity = name.removeprefix(PREFIX).partition(":")
    since, why, by_person, *who = orjson.loads(said)
    return Pause(system, datetime.fromisoformat(since), why, by_person, entity, *who)


def _flag(system: str, entity: str = "") -> str:
    return f"{PREFIX}{system}:{entity}" if entity else f"{PREFIX}{system}"
