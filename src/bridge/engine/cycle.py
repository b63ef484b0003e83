"""One cycle, the story of bridge: settle what is in doubt, read, match, merge, then drive every system to the result.

open   -> log in everywhere
doubt  -> writes without an answer are looked up
read   -> every system's changes are merged into golden records; what that makes due goes to the outbox
arm    -> only after every system's first full read: creates are allowed
write  -> parents before children, again for what was waiting for them
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter

from bridge.engine.ingest import arm, read, revisit
from bridge.engine.outbox.deliver import deliver
from bridge.engine.outbox.doubt import settle_doubts
from bridge.engine.outbox.reaction import as_bridge_error, ends_the_turn
from bridge.engine.pausing import paused
from bridge.engine.report import Report
from bridge.engine.runtime import Run, Runtime


def cycle(runtime: Runtime, run_id: str, *, patience: float = 0, sleep: Callable[[float], None] = time.sleep) -> Report:
    """Run one cycle over all entities and systems. Raises nothing that a system does; see the report's troubles.

    patience: seconds to wait, in all, for entries whose next attempt is due soon; for a single `sync`.
    """
    run = Run(runtime, run_id, Report(run_id))
    start = perf_counter()
    with runtime.store.begin() as uow:
        uow.reclaim(run.now)
    _open(run)
    for emap in runtime.maps.values():
        for system in run.up(emap):
            settle_doubts(run, emap, system)
    for emap in runtime.maps.values():
        for system in run.up(emap):
            read(run, emap, system)
    for emap in runtime.maps.values():
        for system in run.up(emap):
            revisit(run, emap, system)
    write(run)
    _persist(run, runtime.clock() + timedelta(seconds=patience), sleep)
    with runtime.store.begin() as uow:
        for (_, entity, state), number in uow.queue_counts().items():
            if entity in runtime.maps:
                run.report.outbox[state] = run.report.outbox.get(state, 0) + number
    run.report.seconds = perf_counter() - start
    return run.report


def _open(run: Run) -> None:
    """Log in everywhere. A system that does not let us in is left alone; what else is wrong shows when it is read."""
    with run.store.begin() as uow:
        resting = paused(uow, run.runtime.adapters)
    for system, found in resting.items():
        run.report.paused[system] = found
        run.down.add(system)
        run.barred.add(system)
    for system, adapter in run.runtime.adapters.items():
        if system in resting:
            continue
        specs = [emap.spec(system) for emap in run.runtime.maps.values() if system in emap.systems]
        before = adapter.calls
        try:
            adapter.open(specs)
        except Exception as error:
            known = as_bridge_error(error, system)
            if ends_the_turn(known):
                run.report.trouble(known, system)
                run.leave(system, known)
        run.report.sessions[system] = adapter.calls - before


def write(run: Run) -> None:
    """Deliver what is due, as often as records that were just made let others go."""
    for emap in run.runtime.maps.values():
        arm(run, emap)
    for _ in range(run.runtime.pace.passes):
        written = 0
        for emap in run.runtime.maps.values():
            for system in run.up(emap):
                made = deliver(run, emap, system)
                written += made
                if made:
                    _wake(run, emap.entity, system)
        for emap in run.runtime.maps.values():
            for system in run.up(emap):
                settle_doubts(run, emap, system)
        if not written:
            return


def _wake(run: Run, entity: str, system: str) -> None:
    """Records of `entity` were written: what waits for one of them may go."""
    with run.store.begin() as uow:
        for emap in run.runtime.maps.values():
            if entity in emap.depends_on:
                uow.wake(system, emap.entity)


def _persist(run: Run, until: datetime, sleep: Callable[[float], None]) -> None:
    """Wait for what is to be tried again before `until`, and try it."""
    while True:
        with run.store.begin() as uow:
            due = uow.next_due(list(run.runtime.maps), without=run.barred)
        if due is None or due > until:
            return
        sleep(max((due - run.now).total_seconds(), 0.05))
        unread, run.down = run.down - run.barred, set(run.barred)
        for emap in run.runtime.maps.values():
            for system in run.up(emap):
                settle_doubts(run, emap, system)
        for emap in run.runtime.maps.values():
            for system in run.up(emap):
                if system in unread:  # what is there by now must be known before anything is made there
                    read(run, emap, system)
        write(run)
