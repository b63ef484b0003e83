"""Hearing: who used to bring something new, and has been silent for too long. Told when it begins and when it ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from bridge.engine.plan.rhythm import Rhythm, Terms, heard, silent
from bridge.engine.report import Report
from bridge.engine.rhythms import Place, keep, rhythms, too_silent
from bridge.store import Database

SAVED: Final = 60.0
"""Seconds of silence that may be lost in a crash: noting them after each reading would be a write in idle cycles."""
TO_DO: Final = (
    "See whether anything was changed there lately, and whether bridge still sees it: a filter, a right, the"
    " integration user (`bridge check`). If nobody works there now, do nothing: it is learned."
)


class Hearing:
    """The rhythms of all that the daemon reads. terms: asked each time, since a reload changes them; None: nobody
    listens."""

    def __init__(self, store: Database, log: Any, terms: Callable[[], Terms | None]) -> None:
        self._store, self._log, self._terms = store, log, terms
        self._read: dict[Place, datetime] = {}
        self._owed: dict[Place, float] = {}
        with store.begin() as uow:  # what was told before a restart is not told again
            self.silent = {place: one for place, one in rhythms(uow).items() if one.told is not None}

    def interrupted(self, systems: Collection[str], places: Collection[Place] = ()) -> None:
        """These systems, or these entities of them, cannot be read for a while (quiet hours, a pause): that time is no
        silence of theirs."""
        self._read = {p: at for p, at in self._read.items() if p[0] not in systems and p not in places}

    def read_elsewhere(self, read: Mapping[Place, datetime]) -> None:
        """Other workers have read these: silence counts from then on."""
        self._read.update(
            {place: at for place, at in read.items() if place not in self._read or self._read[place] < at}
        )

    def after(self, report: Report, good: Collection[Place], places: Collection[Place], now: datetime) -> None:
        """Take a run into account. good: what was read in it, and went well. places: all that is read at all."""
        terms = self._terms()
        fresh = {place for place, tally in report.tallies.items() if tally.news}
        spans = {place: self._since(place, now) for place in good}
        self._read.update(dict.fromkeys(good, now))
        with self._store.begin() as uow:
            known = rhythms(uow)
            changed = {place: replace(one, told=None) for place, one in known.items() if one.told and not terms}
            if terms is not None:
                changed = self._heard(known, spans, fresh, now, terms)
                changed |= {p: replace(one, told=None) for p, one in known.items() if one.told and p not in places}
            keep(uow, changed)
        self._tell(too_silent({**known, **changed}, places))

    def _since(self, place: Place, now: datetime) -> float:
        return max((now - self._read.get(place, now)).total_seconds(), 0.0)

    def _heard(
        self,
        known: Mapping[Place, Rhythm],
        spans: Mapping[Place, float],
        fresh: set[Place],
        now: datetime,
        terms: Terms,
    ) -> dict[Place, Rhythm]:
        """The rhythms that are other ones now; seconds too few to be noted are owed."""
        changed = {}
        for place in sorted({*spans, *fresh}):
            seconds = self._owed.pop(place, 0.0) + spans.get(place, 0.0)
            before = known.get(place)
            if place in fresh:
                changed[place] = heard(before, seconds, now, terms)
            elif before is not None:
                after = silent(before, seconds, now, terms)
                if after.told != before.told or seconds >= SAVED:
                    changed[place] = after
                else:
                    self._owed[place] = seconds
        return changed

    def _tell(self, now_silent: dict[Place, Rhythm]) -> None:
        for place in sorted(now_silent.keys() - self.silent.keys()):
            one = now_silent[place]
            spans = {"seconds": round(one.waited), "longest_before": round(one.longest)}
            self._log.warning("nothing new", system=place[0], entity=place[1], last=one.last, **spans, to_do=TO_DO)
        for system, entity in sorted(self.silent.keys() - now_silent.keys()):
            self._log.info("something new", system=system, entity=entity)
        self.silent = now_silent
