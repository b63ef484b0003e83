"""One cycle, the story of bridge: settle what is in doubt, read, match, merge, then drive every system to the result.

open   -> log in everywhere, and see that it is the right database
doubt  -> writes without an answer are looked up
remap  -> where a mapping was changed, the fields of its changed lines mean what it says now; nothing else moves
heed   -> records of which a system told that they have changed are read, where the system is not read anyway
read   -> every system's changes are merged into golden records; what that makes due goes to the outbox
sweep  -> now and then, in systems that tell of no deletes: which of the linked records are gone
drift  -> a portion of the linked records now and then: whether they show what no feed told of
stop   -> what looks like an accident is not merged, and nothing of its entity is written, before a person has looked
arm    -> only after every system's first full read: creates are allowed
write  -> parents before children, again for what was waiting for them
again  -> who did not answer the last time is asked last, so that nobody waits for a dead system
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from time import perf_counter

from bridge.engine.budget import Terms
from bridge.engine.circuit import open_circuits
from bridge.engine.drift import drift
from bridge.engine.heed import heed
from bridge.engine.ingest import arm, read, revisit
from bridge.engine.meter import Meter, known_budgets
from bridge.engine.outbox.deliver import deliver
from bridge.engine.outbox.doubt import settle_doubts
from bridge.engine.outbox.reaction import as_bridge_error, ends_the_turn
from bridge.engine.pausing import covered, next_due, paused, paused_entities
from bridge.engine.remapping import remap
from bridge.engine.report import Report
from bridge.engine.runtime import Halt, Run, Runtime
from bridge.engine.sharing import BATCHES, TURN
from bridge.engine.stops import enforce
from bridge.engine.sweep import sweep
from bridge.engine.watch import look_for_canaries
from bridge.engine.work import wake_behind
from bridge.mapping.compiled import EntityMap

PRUNED = 10_000
"""Most rows of history, and of the journal of writes, that one run forgets because they are old."""


def cycle(
    runtime: Runtime,
    run_id: str,
    *,
    patience: float = 0,
    sleep: Callable[[float], None] = time.sleep,
    reads: Collection[tuple[str, str]] | None = None,
    quiet: Collection[str] = (),
    hints: Mapping[tuple[str, str], Collection[str]] | None = None,
    read_only: Collection[str] = (),
    writing: Callable[[Run], None] | None = None,
) -> Report:
    """Run one cycle over all entities and systems. Raises nothing that a system does; see the report's troubles.

    patience: seconds to wait, in all, for entries whose next attempt is due soon; for a single `sync`.
    reads: (system, entity) that are read; None: all. What is due is written everywhere in any case.
    quiet: systems that are neither read nor written this time.
    hints: (system, entity) -> records that are looked at, as far as they are not read anyway.
    read_only: systems that are read and never written.
    writing: what takes the place of `write`; a migration goes page by page, or only looks.
    """
    run = Run(
        runtime,
        run_id,
        Report(run_id),
        reads=reads,
        hints=hints or {},
        read_only=frozenset(read_only),
        began=runtime.clock(),
    )
    writing = writing or write
    start = perf_counter()
    if runtime.workers is None:  # else whoever takes a place looks after what was claimed there
        with runtime.store.begin() as uow:
            uow.reclaim(run.now)
    _set_meters(run, sleep)
    with suppress(Halt):  # asked to stop between two steps: what is done is kept, the rest is found by the next run
        run.down.update(quiet)
        run.barred.update(quiet)
        doubtful = [system for system in _rest(run) if system not in quiet]
        _open(run, [system for system in runtime.adapters if system not in run.down])
        run.remapping = remap(run)
        _take_in(run, runtime.adapters)
        writing(run)
        for system in doubtful:
            _ask_again(run, system, writing)
        _persist(run, runtime.clock() + timedelta(seconds=patience), sleep, writing)
    for meter in run.meters.values():
        meter.close()
    with runtime.store.begin() as uow:
        for (_, entity, state), number in uow.queue_counts().items():
            if entity in runtime.maps:
                run.report.outbox[state] = run.report.outbox.get(state, 0) + number
        pace = runtime.pace
        uow.prune(history=run.now - pace.keep_history, writes=run.now - pace.keep_writes, limit=PRUNED)
    run.report.seconds = perf_counter() - start
    return run.report


def _set_meters(run: Run, sleep: Callable[[float], None]) -> None:
    """A gate before the calls of each system: the budgets are the store's, so that all workers share them."""
    runtime = run.runtime
    ledger = runtime.ledger or (runtime.workers.plain if runtime.workers else run.store)
    with ledger.begin() as uow:
        known = known_budgets(uow)
    for system, adapter in runtime.adapters.items():
        meter = Meter(
            system,
            runtime.terms.get(system, Terms()),
            known.get(system),
            ledger,
            owner=runtime.owner,
            priority=runtime.priority,
            clock=runtime.clock,
            sleep=sleep,
            workers=runtime.workers,
        )
        run.meters[system] = meter
        adapter.metered(meter)


def _rest(run: Run) -> list[str]:
    """Leave alone who is paused, and who did not answer the last time; those whose time has come are returned."""
    with run.store.begin() as uow:
        resting = paused(uow, run.runtime.adapters)
        places = [(system, entity) for entity, emap in run.runtime.maps.items() for system in emap.systems]
        run.report.paused_entities = paused_entities(uow, places)
        run.circuits = open_circuits(uow, [system for system in run.runtime.adapters if system not in resting])
    run.alone = covered(places, run.report.paused_entities.values())
    for system, found in resting.items():
        run.report.paused[system] = found
        run.barred.add(system)
    run.down.update(resting, run.circuits)
    for system, circuit in run.circuits.items():
        if circuit.until > run.now:
            run.report.resting[system] = circuit
    return [system for system, circuit in run.circuits.items() if circuit.until <= run.now]


def _open(run: Run, systems: Iterable[str]) -> None:
    """Log in. A system that does not let us in is left alone; what else is wrong shows when it is read."""
    for system in systems:
        adapter = run.runtime.adapters[system]
        specs = [emap.spec(system) for emap in run.runtime.maps.values() if system in emap.systems]
        before = adapter.calls
        try:
            adapter.open(specs)
        except Exception as error:
            known = as_bridge_error(error, system)
            if ends_the_turn(known):
                run.report.trouble(known, system)
                run.leave(system, known)
        run.report.sessions[system] = run.report.sessions.get(system, 0) + adapter.calls - before
        look_for_canaries(run, system)


def _take_in(run: Run, systems: Collection[str]) -> None:
    """Settle what is in doubt in these systems, then read what changed there."""
    look_up_doubts(run, systems)
    for step in (heed, read, revisit, sweep, drift):
        for emap in run.runtime.maps.values():
            for system in run.up(emap):
                place = (system, emap.entity)
                if system in systems and (place in run.hints if step is heed else run.reads_now(*place)):
                    run.go_on()
                    _step(run, emap, system, step)


def _step(run: Run, emap: EntityMap, system: str, step: Callable[[Run, EntityMap, str], None]) -> None:
    """One step where no other worker is; what comes after a reading is its reader's."""
    place = (system, emap.entity)
    if run.runtime.workers is not None and step not in (heed, read) and place not in run.mine:
        return
    with run.at(*place, reading=step is read) as mine:
        if mine:
            step(run, emap, system)


def look_up_doubts(run: Run, systems: Collection[str]) -> None:
    """Look up the writes without an answer in these systems, where there are any."""
    orphans = ("leased",) if run.runtime.workers else ()  # of a worker that is gone: in doubt for who takes the place
    places = _queued(run, "in_doubt", *orphans)
    for emap in run.runtime.maps.values():
        for system in run.up(emap) if places else ():
            if system in systems and system not in run.read_only and (system, emap.entity) in places:
                run.go_on()
                with run.at(system, emap.entity) as mine:
                    if mine:
                        settle_doubts(run, emap, system)


def _queued(run: Run, *states: str) -> set[tuple[str, str]]:
    """(system, entity) with entries in these states. Asked once for all: in a quiet cycle there are none anywhere."""
    with run.store.begin() as uow:
        return uow.places_queued(states)


def _ask_again(run: Run, system: str, writing: Callable[[Run], None]) -> None:
    """Half open: ask a system that did not answer the last time, now that nobody has to wait for it."""
    run.down.discard(system)
    _open(run, [system])
    if system not in run.down:
        _take_in(run, [system])
        writing(run)


def write(run: Run) -> None:
    """Deliver what is due, as often as records that were just made let others go; nothing of what a guard stopped."""
    run.stopped = enforce(run)
    for emap in run.runtime.maps.values():
        if emap.entity not in run.remapping:
            arm(run, emap)
    for _ in range(run.runtime.pace.passes):
        written = _round(run)
        look_up_doubts(run, run.runtime.adapters)
        if not written:
            return


def _round(run: Run) -> int:
    """Write what is due in every system; where there is much, in turns. Returns the number of records written."""
    written, began, workers = 0, run.now, run.runtime.workers
    while True:
        run.report.unfinished.clear()
        due = _queued(run, "pending", "waiting")
        for emap in run.runtime.maps.values():
            for system in [] if emap.entity in run.stopped else run.in_turn(emap):
                if (system, emap.entity) not in due or system in run.read_only:
                    continue
                made = 0
                with run.at(system, emap.entity) as mine:
                    made = deliver(run, emap, system, BATCHES if workers else None) if mine else 0
                written += made
                if made:  # what waited for one to be made was woken with it; here, what waited for one to be changed
                    with run.store.begin() as uow:
                        wake_behind(run, uow, emap.entity, system)
                due = _queued(run, "pending", "waiting")  # what the systems made of it may be news for others
        if not run.report.unfinished or run.now - began > TURN:
            return written


def _persist(run: Run, until: datetime, sleep: Callable[[float], None], writing: Callable[[Run], None]) -> None:
    """Wait for what is to be tried again before `until`, and try it."""
    while True:
        moment = _next_moment(run)
        if moment is None or moment > until:
            return
        sleep(max((moment - run.now).total_seconds(), 0.05))
        down = run.barred | _out_of_order(run)
        back, run.down = run.down - down, down
        look_up_doubts(run, run.runtime.adapters)
        _take_in(run, back)  # what is there by now must be known before anything is made there
        writing(run)


def _next_moment(run: Run) -> datetime | None:
    """When something can be tried again: not before a system that is out of order is asked again."""
    out, everybody = _out_of_order(run), set(run.runtime.adapters)
    entities = [entity for entity in run.runtime.maps if entity not in run.stopped]
    moments = []
    with run.store.begin() as uow:
        left_out = run.barred | out | run.read_only
        moments.append(next_due(uow, everybody, entities, without=left_out, alone=run.alone))
        for system in out - run.read_only:
            due = next_due(uow, [system], entities, alone=run.alone)
            moments.append(due and max(due, run.circuits[system].until))
    return min((moment for moment in moments if moment is not None), default=None)


def _out_of_order(run: Run) -> set[str]:
    return {system for system, circuit in run.circuits.items() if circuit.until > run.now}
