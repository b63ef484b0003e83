"""The daemon's life: look what is due, do it in one cycle, wait; stop, reload and go on after faults of its own world.

Between two cycles nothing is held: `bridge conflicts resolve` and all other commands get their turn, and what they make
due is written at once.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from bridge.engine.circuit import hasten, open_circuits
from bridge.engine.cycle import cycle
from bridge.engine.pausing import Pause, covered, next_due, paused, paused_entities, pauses_by_name
from bridge.engine.report import Report
from bridge.engine.runtime import Runtime, Spans
from bridge.engine.sharing import Ousted, lease_name
from bridge.entrypoints.alone import Busy, at_work
from bridge.entrypoints.daemon.crew import Crew
from bridge.entrypoints.daemon.faults import EngineStore, Faults, StoreFault
from bridge.entrypoints.daemon.files import Files
from bridge.entrypoints.daemon.hearing import Hearing
from bridge.entrypoints.daemon.hints import Hints, Taken
from bridge.entrypoints.daemon.pulse import Pulse, went_well
from bridge.entrypoints.daemon.site import Site
from bridge.entrypoints.daemon.telling import Troubles, figures, idle, tell_drift, tell_pauses
from bridge.ports.storage import UnitOfWork
from bridge.store import Database
from bridge.wiring import make_runtime, owner

LOOK: Final = 1.0
"""Seconds between two looks at the outbox and the files; what people decide is written within this time."""
BACK: Final = timedelta(seconds=30)
"""A clock that goes back by less is being kept in step (NTP)."""

Left = dict[tuple[str, str, str], int]
"""(system, entity, state) -> entries of the outbox."""


class Daemon:
    """One daemon over one store. log: how it speaks. seen: told of every report. span: for traces.

    clock: the world's time.
    """

    def __init__(
        self,
        file: Path,
        site: Site,
        store: Database,
        log: Any,
        *,
        seen: Callable[[Report], None] = lambda report: None,
        span: Spans | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.site, self.store, self.log = site, store, log
        self.seen, self.clock, self.span = seen, clock, span
        self.pulse = Pulse(clock())
        self.halt, self.wake, self.again = threading.Event(), threading.Event(), threading.Event()
        self.last: dict[tuple[str, str], datetime] = {}
        self.troubles = Troubles()
        self.hearing = Hearing(store, log, lambda: self.site.config.run.silence)
        self.pulse.silent = self.hearing.silent
        self.hints = Hints(store, lambda: self.site.maps)
        self.files, self.faults = Files(file, log, clock), Faults(store, self.pulse, log)
        self.crew = Crew(store, owner(), clock, lambda: self.pulse.sign, self.wake.set)
        self.runtime = self._runtime()
        self.left: Left = {}
        self.under_way: str | None = None  # the cycle, as log, store and traces call it
        self.quiet: set[str] = set()
        self.pauses: list[tuple[str, Pause]] = []

    def stop(self) -> None:
        """End after the step that is under way."""
        self.pulse.stopping = True
        self.halt.set()
        self.wake.set()

    def reload(self) -> None:
        """Read the files anew, as soon as nothing is under way."""
        self.again.set()
        self.wake.set()

    def live(self) -> None:
        """Go on until told to stop."""
        while not self.halt.is_set():
            self.step()
            self.wake.wait(self._pause())
            self.wake.clear()
        self._let_go()

    def step(self) -> None:
        """Look once what there is to do, and do it."""
        self._look_at_files()
        self.under_way = None
        try:
            self._turn()
        except StoreFault as fault:
            self.faults.met(fault.error, self.under_way)
        except Exception as error:
            self.faults.met(error, self.under_way)
        else:
            self.faults.over()

    def _turn(self) -> None:
        """One cycle, if there is anything to do."""
        now = self.clock()
        self._note_clock(now)
        self.pulse.sign = now
        self._note_quiet(now)
        places = [place for place in self.site.places if place[0] not in self.quiet]
        last = self.crew.timetable(self.last, places)
        due = self.site.config.run.timetable.due(places, last, now)
        elsewhere = self.crew.read_since_start(last)
        self.hearing.read_elsewhere(elsewhere)
        self.pulse.read.update(elsewhere)
        told = self._told(now)
        if not due and not told.rows and not self._waiting(now):
            if elsewhere:
                self.pulse.cycled = self.pulse.cycled or now  # others do the work, and this one is ready for its share
            return
        try:
            with at_work(self.site.config, self.store):
                report = self._cycle(due, told)
        except (Busy, Ousted):  # a person's command is at work; it is our turn when it is done
            return
        heeded = set(told.of())
        if self.crew.made_way:  # what was read stands in the common timetable; the rest is still due
            self.crew.made_way, due, heeded = False, set(), set()
        due -= report.busy
        self.last.update(dict.fromkeys(due, now))
        self._tell(report, due)
        still = covered(told.of(), report.paused_entities.values())  # the reading after the pause needs no hint
        read = {place for place in {*due, *heeded} if place in still or went_well(report, place)} - report.busy
        self.hints.done(told, read, self.clock())

    def _pause(self) -> float:
        """Seconds until the next look, unless something comes before."""
        if self.faults.rest or self.hints.next is None:
            return max(LOOK, self.faults.rest)
        return min(LOOK, max((self.hints.next - self.clock()).total_seconds(), 0.01))

    def _told(self, now: datetime) -> Taken:
        """What systems told of that can be looked at now."""
        if not self.site.receivers:
            return Taken()
        with self.store.begin() as uow:
            off = self._off(uow, now)
        return self.hints.take(off, now)

    def _cycle(self, due: Collection[tuple[str, str]], told: Taken) -> Report:
        self.under_way = run_id = uuid.uuid4().hex[:12]
        runtime = self.runtime
        with self.store.begin() as uow:
            if runtime.workers is None:
                uow.reclaim(runtime.clock(), owner=runtime.owner)
            uow.start_run(run_id, "run", runtime.clock())
        with runtime.span("cycle", run=run_id):
            self.hints.follow(told, runtime.clock())
            report = cycle(runtime, run_id, reads=due, quiet=self.quiet, hints=told.of())
        with self.store.begin() as uow:
            if idle(report):
                uow.drop_run(run_id)
            else:
                uow.finish_run(run_id, report.as_json(), runtime.clock())
            again = report.busy | report.unfinished
            self.left = {place: n for place, n in uow.queue_counts().items() if place[:2] not in again}
        return report

    def _waiting(self, now: datetime) -> bool:
        """Whether the outbox holds anything that can be written now: an attempt whose time has come, or work that came
        since the last cycle. What a cycle leaves behind waits for something else, and is not tried over and over."""
        with self.store.begin() as uow:
            off = self._off(uow, now)
            alone = covered(self.site.places, paused_entities(uow).values())
            moment = next_due(uow, self.site.adapters, self.site.maps, without=off, alone=alone)
            counts = uow.queue_counts()
            others = self.crew.others(uow)
        free = {p: n for p, n in counts.items() if p[0] not in off and p[:2] not in alone}
        free = {p: n for p, n in free.items() if lease_name(p[:2]) not in others}
        if moment is not None and moment <= now and any(place[2] in ("waiting", "in_doubt") for place in free):
            return True
        if self.crew.workers and any(place[2] == "leased" for place in free):
            return True  # whoever claimed it is gone
        return any(n > self.left.get(place, 0) for place, n in free.items() if place[2] == "pending")

    def _off(self, uow: UnitOfWork, now: datetime) -> set[str]:
        """Systems that are left alone now."""
        systems = self.site.adapters
        resting = {system for system, circuit in open_circuits(uow, systems).items() if circuit.until > now}
        return {*paused(uow, systems), *self.quiet, *resting}

    def _tell(self, report: Report, due: Collection[tuple[str, str]]) -> None:
        self.pulse.cycled = now = self.clock()
        good = {place for place in due if went_well(report, place)}
        self.pulse.read.update(dict.fromkeys(good, now))
        self.seen(report)
        self.troubles.tell(report, lambda system, entity: (system, entity) in due or not entity, self.log)
        if not idle(report):
            self.log.info("cycle", run=report.run, **figures(report))
        tell_drift(report, self.log)
        alone = covered(due, report.paused_entities.values())
        self.hearing.interrupted({system for system, _ in {*due} - good - alone}, alone)
        for entity, fields in report.remapped.items():
            self.log.info("mapping in force", run=report.run, entity=entity, records_by_field=fields)
        self.pauses = tell_pauses(self.pauses, pauses_by_name(report.paused, report.paused_entities), self.log)
        self.hearing.after(report, good, self.site.places, now)
        self.pulse.silent = self.hearing.silent

    def _note_clock(self, now: datetime) -> None:
        """A clock that was set back: what was to wait until some instant would wait for the difference as well."""
        back = self.pulse.sign - now
        if back < BACK:
            return
        with self.store.begin() as uow:
            uow.hasten()
            hasten(uow, self.site.adapters, now)
        self.pulse.set_back = (now, back)
        to_do = "Nothing: what waits is tried now. What was stamped before counts as later until the clock gets there."
        self.log.warning("clock set back", seconds=round(back.total_seconds()), to_do=to_do)

    def _note_quiet(self, now: datetime) -> None:
        quiet = {system for system in self.site.adapters if self.site.config.run.timetable.quiet_at(system, now)}
        for system in sorted(quiet - self.quiet):
            self.log.info("quiet hours begin", system=system)
        for system in sorted(self.quiet - quiet):
            self.log.info("quiet hours end", system=system)
        self.hearing.interrupted(quiet)
        self.quiet = quiet

    def _look_at_files(self) -> None:
        """Take changed files into force; where they are broken, what was in force stays so."""
        asked = self.again.is_set()
        self.again.clear()
        looked = self.files.look(self.site, asked)
        if looked is None:
            return
        self.site, self.pulse.refused = looked.site, looked.problems
        if looked.fields is not None:
            self.runtime = self._runtime()
            self.last = {place: at for place, at in self.last.items() if place[1] not in looked.fields}

    def _runtime(self) -> Runtime:
        def alive(*_: object) -> None:
            self.pulse.sign = self.clock()

        made = make_runtime(
            self.site.config, self.store, self.site.adapters, self.site.maps, point=alive, progress=alive
        )
        workers = self.crew.workers
        return replace(
            made,
            store=workers or EngineStore(self.store),
            workers=workers,
            owner=self.crew.owner,
            clock=self.clock,
            stopping=lambda: self.halt.is_set() or self.crew.makes_way(),
            span=self.span or made.span,
        )

    def _let_go(self) -> None:
        """Give back what was claimed, so that the next process need not wait for its lease to run out."""
        try:
            if self.crew.workers is None:  # else its places were given back as it left them
                with self.store.begin() as uow:
                    uow.reclaim(self.clock(), owner=self.runtime.owner)
        except DBAPIError:
            self.log.warning("leases not released", to_do="They run out by themselves within minutes.")
        self.site.close()
