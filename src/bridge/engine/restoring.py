"""Restoring: a store of yesterday meets systems of today.

Bridge is level-triggered, so that most of it needs no care: the cursors are yesterday's, what was edited since is read
again, a system that was written to shows the agreed value already. Three things a shadow of yesterday cannot tell:

    quantities   what was moved since shows in every system, and would be added once for each of them
    creates      a record that users made since, and what bridge made of it in other systems, meet as strangers
    absence      what a system that does not answer today has by now

So quantities are agreed on anew (`bridge.engine.merge.dispute.meet_again`), what bridge made is known by the key it
carries and by what it says (`bridge.engine.reunion`), and nothing is created before every system has been read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson

from bridge.engine.work import armed_flag
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Unit
from bridge.ports.storage import Settlement, UnitOfWork
from bridge.ports.work import AGAIN

PAGE = 2000
"""Records changed by one statement."""

WAITING = "restored"
"""In the place of the systems that an entity is armed for: none, so that nothing is created."""


@dataclass(frozen=True, slots=True)
class Restored:
    """An entity that has not been read in all systems since the store was restored.

    since: when the restored store was last at work. at: when it was restored. unread: systems not read since.
    """

    since: datetime
    at: datetime
    unread: tuple[str, ...]


def after_restore(uow: UnitOfWork, maps: Mapping[str, EntityMap], since: datetime, now: datetime) -> None:
    """Prepare a store that was just restored for its first run. In the transaction that restores it.

    since: when it was last at work, in its own words.
    """
    for emap in maps.values():
        if uow.flag(armed_flag(emap.entity)):
            _keep(uow, emap.entity, Restored(since, now, emap.systems))
            uow.set_flag(armed_flag(emap.entity), WAITING)
        sums = [unit for unit in emap.units if unit.policy.kind == "sum"]
        for system in emap.systems if sums else ():
            _forget_quantities(uow, emap, system, sums, now)


def restored(uow: UnitOfWork, entity: str) -> Restored | None:
    """Whether an entity still has to be read in some system since its store was restored."""
    text = uow.flag(_flag(entity))
    if not text:
        return None
    said = orjson.loads(text)
    since, at = (datetime.fromisoformat(said[name]) for name in ("since", "at"))
    return Restored(since, at, tuple(said["unread"]))


@dataclass(frozen=True, slots=True)
class Born:
    """Golden ids that arose since a restored store was last at work, before it was restored and after.

    lost: under keys that bridge had given before; what carries them was made by bridge. found: for strangers.
    """

    lost: tuple[str, ...]
    found: tuple[str, ...]


def born_since(uow: UnitOfWork, entity: str) -> Born | None:
    """What arose since; None where the store was not restored, or everything has been read since."""
    known = restored(uow, entity)
    if known is None:
        return None
    ids = uow.golden_page(entity, _stamp(known.since), PAGE)
    border = _stamp(known.at)
    return Born(tuple(one for one in ids if one < border), tuple(one for one in ids if one >= border))


def _stamp(at: datetime) -> str:
    """The beginning of a golden id that is made at this instant (`bridge.wiring.new_id`)."""
    return f"{int(at.timestamp() * 1000):012x}"


def read_since(uow: UnitOfWork, entity: str, system: str) -> None:
    """A system has been read to its end: nothing more is unknown there."""
    found = restored(uow, entity)
    if found is not None and system in found.unread:
        _keep(uow, entity, replace(found, unread=tuple(one for one in found.unread if one != system)))


def waits_for_reading(uow: UnitOfWork, emap: EntityMap) -> bool:
    """Whether nothing may be created yet; once every system of the mapping has been read, this is over."""
    found = restored(uow, emap.entity)
    if found is None:
        return False
    if set(found.unread) & set(emap.systems):
        return True
    uow.set_flag(_flag(emap.entity), "")
    return False


def _keep(uow: UnitOfWork, entity: str, found: Restored) -> None:
    said = {"since": found.since.isoformat(), "at": found.at.isoformat(), "unread": found.unread}
    uow.set_flag(_flag(entity), orjson.dumps(said).decode())


def _forget_quantities(uow: UnitOfWork, emap: EntityMap, system: str, sums: Sequence[Unit], now: datetime) -> None:
    """Nobody is known to hold any number any more; every record is looked at by the next run, and nothing is written
    to it before. Entries of the outbox go: what they come to is worked out then."""
    names = {unit.name for unit in sums}
    paths = {path for unit in sums for path in unit.paths(system)}
    after = ""
    while ids := uow.linked_page(system, emap.entity, after, PAGE):
        after = ids[-1]
        links = uow.links(system, emap.entity, ids)
        shadows = uow.shadows(system, emap.entity, ids)
        golden_ids = sorted({link.golden_id for link in links.values() if link.golden_id})
        uow.save_links([replace(link, fingerprint=AGAIN) for link in links.values()], now)
        uow.save_shadows(
            replace(
                shadow,
                values={path: value for path, value in shadow.values.items() if path not in paths},
                echo={path: value for path, value in shadow.echo.items() if path not in paths},
                stopped=tuple(sorted({*shadow.stopped, *names})),
                fingerprint="",
            )
            for shadow in shadows.values()
        )
        goldens = uow.goldens(emap.entity, golden_ids).values()
        uow.save_goldens(
            [
                replace(
                    golden,
                    rev=golden.rev + 1,
                    values={name: value for name, value in golden.values.items() if name not in names},
                    provenance={name: why for name, why in golden.provenance.items() if name not in names},
                )
                for golden in goldens
                if names & set(golden.provenance)
            ],
            now,
        )
        uow.settle(Settlement(entry, None) for entry in uow.under_way(emap.entity, golden_ids))
        uow.unqueue(emap.entity, [(one, golden_id) for one in emap.systems for golden_id in golden_ids])


def _flag(entity: str) -> str:
    return f"restored:{entity}"
