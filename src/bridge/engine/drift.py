"""Drift: every linked record is looked at again now and then, whatever its system's feed tells.

A feed tells of what was changed by the front door. An import straight into the database, a script that leaves the
stamp as it was, a backup that was put back, a row that a feed lost: of these nobody tells.

portion -> so many linked records, asked for by their ids, one portion after the other, evenly over `sync.drift`
watch   -> counted against the portion: where it looks like an accident, nothing of it is merged
absorb  -> what says the same as ever costs no more than that
missing -> gone, or merged into another, as a sweep finds it
unknown -> at the end of a round all ids are listed: what nobody knows of came in without a word
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import orjson

from bridge.engine.ingest import in_force, read_these
from bridge.engine.news import by_our_clock, fingerprint
from bridge.engine.outbox.failure import give_up
from bridge.engine.runtime import Run, traced
from bridge.engine.stops import lift
from bridge.engine.sweep import take_out
from bridge.engine.watch import Watch
from bridge.engine.work import armed_flag
from bridge.mapping.compiled import EntityMap
from bridge.ports.reading import belongs
from bridge.ports.records import ChangePage, NativeRecord, Tombstone
from bridge.ports.storage import UnitOfWork

PORTION: Final = 200
"""Records that are asked for at once."""
MOST: Final = 10
"""Portions of one run, so that a round that was late holds nobody up."""
FRESH: Final = timedelta(minutes=15)
"""What was changed since may be still on its way in the feed: it is taken in, and is no drift."""


@dataclass(frozen=True, slots=True)
class Round:
    """One time through all records of a system and entity.

    after: the native id behind which it goes on. last: when the portion before it was due. portions: of the whole
    round, as many as there were when it began.
    """

    after: str
    last: datetime
    portions: int

    def due(self, period: timedelta, now: datetime) -> bool:
        """Whether a portion is due. period: in which all are."""
        return bool(period) and self.last + period / self.portions <= now

    def further(self, after: str, period: timedelta, now: datetime) -> Round:
        """Behind a portion. However late that was: what was missed meanwhile is not made up for at once."""
        every = period / self.portions
        return replace(self, after=after, last=max(self.last + every, now - MOST * every))

    def text(self) -> str:
        """As it is kept."""
        return orjson.dumps([self.after, self.last.isoformat(), self.portions]).decode()

    @classmethod
    def of(cls, text: str) -> Round:
        """The inverse of `text`."""
        after, moment, portions = orjson.loads(text)
        return cls(after, datetime.fromisoformat(moment), portions)


def drift(run: Run, emap: EntityMap, system: str) -> None:
    """Look at the portions that are due (`sync.drift`), or at all records where the run was asked to.

    After a portion that was stopped, every run looks at it again, so that the stop ends as soon as its cause is gone.
    """
    place = (system, emap.entity)
    if place in run.halted or not (run.runtime.pace.drift or run.runtime.drifting):
        return
    begun = _begun(run, emap, system)
    if begun is None:
        return
    try:
        _go_round(run, emap, system, begun)
    except Exception as error:
        give_up(run, emap, system, [], error)
        run.down.add(system)


def _begun(run: Run, emap: EntityMap, system: str) -> Round | None:
    """The round that is under way; None where nothing is due. The first begins when everything has just been read."""
    with run.store.begin() as uow:
        text = uow.flag(_flag(system, emap))
        known = Round.of(text) if text else None
        if known is not None and not (run.runtime.drifting or known.due(run.runtime.pace.drift, run.now)):
            return None
        if not uow.flag(armed_flag(emap.entity)) or not in_force(uow, emap, system):
            return None
        if known is not None:
            return replace(known, after="") if run.runtime.drifting else known
        first = _new(run, uow, emap, system)
        _keep(uow, emap, system, first)
        return first if run.runtime.drifting else None


def _new(run: Run, uow: UnitOfWork, emap: EntityMap, system: str) -> Round:
    """Records are counted once in a round."""
    portions = max(-(-uow.linked_count(system, emap.entity) // PORTION), 1)
    return Round("", run.now, portions)


@traced("drift")
def _go_round(run: Run, emap: EntityMap, system: str, at: Round) -> None:
    all_of_them, portions, period = run.runtime.drifting, 0, run.runtime.pace.drift
    while all_of_them or (portions < MOST and at.due(period, run.now)):
        run.go_on()
        portions += 1
        with run.store.begin() as uow:
            ids = uow.linked_page(system, emap.entity, at.after, PORTION)
        whole = len(ids) < PORTION
        if ids and not _look(run, emap, system, ids):
            return
        if whole:
            _look_for_unknown(run, emap, system)
        run.runtime.progress("drift", system, emap.entity, portions * PORTION)
        with run.store.begin() as uow:
            lift(uow, system, emap.entity, "drift")
            at = _new(run, uow, emap, system) if whole else at.further(ids[-1], period, run.now)
            _keep(uow, emap, system, at)
        if whole:
            return


def _look_for_unknown(run: Run, emap: EntityMap, system: str) -> None:
    """Take in records that are listed, and of which nothing was ever read. They are met as any new record is."""
    unknown: list[str] = []
    with run.calling(system, emap.entity) as (adapter, _):
        for ids in adapter.refs(emap.spec(system)):
            with run.store.begin() as uow:
                known = uow.links(system, emap.entity, ids)
            unknown.extend(native_id for native_id in ids if native_id not in known)
    for start in range(0, len(unknown), PORTION):
        _, here = _asked_for(run, emap, system, unknown[start : start + PORTION])
        run.report.of(system, emap.entity).drifted += len(_overdue(run, system, here))
        read_these(run, emap, system, ChangePage(here, (), "", more=False))


def _asked_for(run: Run, emap: EntityMap, system: str, ids: Sequence[str]) -> tuple[set[str], tuple[NativeRecord, ...]]:
    """Those of these records that are there, and those that belong to the entity, as far as that can be told from what
    is read of them: they did when they were linked, or listed."""
    spec = emap.spec(system)
    paths = {field.path for field in spec.fields}
    judged = tuple(term for term in spec.where if term.path in paths)
    with run.calling(system, emap.entity) as (adapter, _):
        there = adapter.fetch(spec, list(ids))
    run.runtime.point("after read")
    return set(there), tuple(record for record in there.values() if belongs(judged, record.values))


def _look(run: Run, emap: EntityMap, system: str, ids: Sequence[str]) -> bool:
    """Take in what these records show. Returns false where a guard stopped it."""
    there, here = _asked_for(run, emap, system, ids)
    run.is_back(system)
    gone = [native_id for native_id in ids if native_id not in there]
    page = ChangePage(here, tuple(Tombstone(native_id) for native_id in gone), "", more=False)
    drifted = _drifted(run, emap, system, here) + len(gone)
    if not read_these(run, emap, system, page, Watch(run, emap, system, listing=False, portion=len(ids))):
        return False
    take_out(run, emap, system, gone)
    run.report.of(system, emap.entity).drifted += drifted
    return True


def _drifted(run: Run, emap: EntityMap, system: str, records: Sequence[NativeRecord]) -> int:
    """How many of these show something that the feed should have told of, and has not."""
    with run.store.begin() as uow:
        known = uow.fingerprints(system, emap.entity, [record.native_id for record in records])
    changed = [r for r in records if known.get(r.native_id) and known[r.native_id] != fingerprint(r, emap.digest)]
    return len(_overdue(run, system, changed))


def _overdue(run: Run, system: str, records: Sequence[NativeRecord]) -> list[NativeRecord]:
    """Those that were changed so long ago that the feed must have told of it."""
    stamped = by_our_clock(records, run.runtime.adapters[system].clock_skew)
    return [record for record in stamped if record.modified is None or record.modified < run.now - FRESH]


def _keep(uow: UnitOfWork, emap: EntityMap, system: str, one: Round) -> None:
    uow.set_flag(_flag(system, emap), one.text())


def _flag(system: str, emap: EntityMap) -> str:
    return f"drift:{system}:{emap.entity}"
