"""Rhythms in the store: one flag `rhythm:SYSTEM:ENTITY` for each system and entity that ever brought something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import orjson

from bridge.engine.plan.rhythm import Rhythm, Terms, heard
from bridge.engine.report import Report
from bridge.ports.storage import UnitOfWork

Place = tuple[str, str]
"""A system and an entity."""
PREFIX = "rhythm:"


def rhythms(uow: UnitOfWork) -> dict[Place, Rhythm]:
    """All that is known."""
    found = {}
    for name, text in uow.flags(PREFIX).items():
        system, _, entity = name.removeprefix(PREFIX).partition(":")
        since, last, news, longest, waited, told = orjson.loads(text)
        instants = datetime.fromisoformat(since), datetime.fromisoformat(last)
        found[system, entity] = Rhythm(*instants, news, longest, waited, datetime.fromisoformat(told) if told else None)
    return found


def keep(uow: UnitOfWork, known: Mapping[Place, Rhythm]) -> None:
    """Remember these."""
    for (system, entity), one in known.items():
        told = one.told.isoformat() if one.told else None
        said = [one.since.isoformat(), one.last.isoformat(), one.news, one.longest, one.waited, told]
        uow.set_flag(f"{PREFIX}{system}:{entity}", orjson.dumps(said).decode())


def note_news(uow: UnitOfWork, report: Report, now: datetime) -> None:
    """What a single run brought, for the daemon: its own next reading does not bring it again."""
    fresh = [place for place, tally in report.tallies.items() if tally.news]
    if fresh:
        known = rhythms(uow)
        keep(uow, {place: heard(known.get(place), 0.0, now, Terms()) for place in fresh})


def too_silent(known: Mapping[Place, Rhythm], places: Iterable[Place]) -> dict[Place, Rhythm]:
    """Those of these places that have been silent for too long."""
    return {place: known[place] for place in places if place in known and known[place].told is not None}
