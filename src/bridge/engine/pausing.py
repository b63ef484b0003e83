"""Pausing: a system that is left alone until a person, or a log-in that works again, says otherwise.

Credentials that a system refuses with a fresh session too will not get better by being sent again: they are told once,
and the system gets no further call (many systems lock a user out who keeps trying).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import orjson

from bridge.ports.errors import AdapterBroken, AuthFailed, BridgeError, KeyFieldMissing, PermissionDenied
from bridge.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Pause:
    """Since when and why a system is left alone. by_person: it ends only when a person says so."""

    system: str
    since: datetime
    why: str
    by_person: bool = False

    def __str__(self) -> str:
        by = "by hand" if self.by_person else self.why.removeprefix(f"{self.system}: ")
        end = "" if self.by_person else "; correct it, then `bridge check`"
        return f"is paused since {self.since:%Y-%m-%d %H:%M} UTC: {by} (`bridge outbox resume {self.system}`{end})"


def pauses_the_system(error: BridgeError) -> bool:
    """Whether further calls would be of no use before a person has done something about the log-in."""
    return isinstance(error, AuthFailed) and not isinstance(error, (PermissionDenied, KeyFieldMissing, AdapterBroken))


def pause(uow: UnitOfWork, found: Pause) -> None:
    """Leave a system alone from now on. A pause made by a person is not replaced by one of bridge's own."""
    earlier = paused(uow, [found.system]).get(found.system)
    if earlier is not None and (earlier.by_person or not found.by_person):
        return
    said = [found.since.isoformat(), found.why, found.by_person]
    uow.set_flag(_flag(found.system), orjson.dumps(said).decode())


def paused(uow: UnitOfWork, systems: Iterable[str]) -> dict[str, Pause]:
    """Those of these systems that are paused."""
    result = {}
    for system in systems:
        said = uow.flag(_flag(system))
        if said:
            since, why, by_person = orjson.loads(said)
            result[system] = Pause(system, datetime.fromisoformat(since), why, by_person)
    return result


def resume(uow: UnitOfWork, system: str, *, by_person: bool) -> bool:
    """End a pause; one that a person made is ended by a person only. Returns whether there was one to end."""
    found = paused(uow, [system]).get(system)
    if found is None or (found.by_person and not by_person):
        return False
    uow.set_flag(_flag(system), "")
    return True


def _flag(system: str) -> str:
    return f"paused:{system}"
