"""A call that failed as a whole: what becomes of the entries, and of the system for the rest of the run."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.engine.outbox.reaction import after_error, as_bridge_error, ends_the_turn, postponed
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import Transient
from bridge.ports.work import OutboxEntry


def give_up(run: Run, emap: EntityMap, system: str, entries: Sequence[OutboxEntry], error: Exception) -> None:
    """A call failed as a whole: every entry gets its next state, and the system its rest where that is the cause.

    Entries that meet a system out of order wait for it without counting an attempt: an outage sets nothing aside.
    """
    known = as_bridge_error(error, system)
    run.report.trouble(known, system, emap.entity)
    if ends_the_turn(known):
        run.leave(system, known)
    tally = run.report.of(system, emap.entity)
    pace, back_off, now = run.runtime.pace, run.runtime.back_off, run.now
    with run.store.begin() as uow:
        if isinstance(known, Transient) and system in run.circuits:
            settled = [postponed(entry, known, run.circuits[system].until) for entry in entries]
        else:
            settled = [after_error(entry, known, now, pace, back_off) for entry in entries]
        tally.failed += sum(settlement.state == "dead" for settlement in settled)
        uow.settle(settled)
