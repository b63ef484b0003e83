"""Deliver: drive one system to the golden records. Claim, compute what is due, commit the intent, write, settle.

No transaction of a batch is open during its call. Killed at any point, the next run finds either a lease without an
intent (nothing was sent) or an intent (looked up before anything is repeated).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bridge.engine.absorb import absorb
from bridge.engine.outbox.failure import give_up
from bridge.engine.outbox.lane import Lane
from bridge.engine.outbox.missing import look_for, take_leave
from bridge.engine.outbox.task import Task, intent_of
from bridge.engine.plan.due import Due, waits_for
from bridge.engine.plan.guards import Finding
from bridge.engine.runtime import Run, traced
from bridge.engine.stops import Stop, lets_through, made
from bridge.engine.work import Known, Scene, enqueue_due
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Capabilities
from bridge.ports.errors import MappingError, MissingReference
from bridge.ports.storage import Settlement, UnitOfWork
from bridge.ports.work import Golden, OutboxEntry

REST = timedelta(minutes=1)
THOUGHT = timedelta(minutes=10)
"""Until it is looked at again whether there are still too many deletes; a `bridge sync` by hand does so at once."""


@traced("deliver")
def deliver(run: Run, emap: EntityMap, system: str, batches: int | None = None) -> int:
    """Write all that is due now to one system. Returns the number of records written.

    A migration hands over as many new records at once as the system has a way for.
    batches: not more than so many claims, so that other systems have their turn; what is left is told in the report.
    """
    spec = emap.spec(system)
    able = run.runtime.adapters[system].capabilities(spec)
    making = able.batch_create
    if run.runtime.priority == "migration":
        making = max(making, able.batch_migrate)
    limit = max(making, able.batch_update)
    sizes = (("create", making), ("update", able.batch_update), ("delete", able.batch_update))
    claims = 0
    with Lane(run, emap, system, ahead=able.overlaps) as lane:
        while system not in run.down:
            run.go_on()
            if claims == batches:
                run.report.unfinished.add((system, emap.entity))
                break
            claims += 1
            now = run.now
            with run.store.begin() as uow:
                entries = uow.claim(
                    system,
                    emap.entity,
                    limit,
                    now=now,
                    lease_until=now + run.runtime.pace.lease,
                    owner=run.runtime.owner,
                )
                tasks = _prepare(run, uow, emap, system, entries)
            if not entries:
                if lane.land():  # what came of it may be due
                    continue
                break
            run.runtime.point("after claim")
            tasks = _guarded(run, emap, system, _refresh(run, emap, system, tasks, able, lane), lane)
            # Nobody is asked to stop inside: what was claimed is written, a batch at a time, and settled.
            for op, size in sizes:
                of_kind = [task for task in tasks if task.intent.op == op]
                for start in range(0, len(of_kind), size):
                    lane.send(of_kind[start : start + size])
    return lane.written


def _prepare(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, entries: Sequence[OutboxEntry]) -> list[Task]:
    """What each claimed entry comes to now; entries that come to nothing are settled here."""
    now = run.now
    golden_ids = [entry.golden_id for entry in entries]
    scene = Scene(uow, emap, golden_ids, creates=True, left=run.left, only=system)
    keys = uow.keys_in_systems(emap.entity, golden_ids)
    tasks: list[Task] = []
    settled: list[Settlement] = []
    for entry in entries:
        golden = scene.goldens.get(entry.golden_id)
        due = scene.due(system, golden) if golden else None
        if golden is None or due is None or due.nothing:
            settled.append(Settlement(entry, None))
            continue
        shadow = scene.shadows.get((system, golden.id))
        stop = _stopped(run, emap, system, entry, due, golden)
        if stop is not None:
            settled.append(stop)
        else:
            key = keys.get((system, golden.id), "")
            intent = intent_of(due, shadow, run.runtime.new_id, now, key)
            tasks.append(Task(entry, golden, due, shadow, intent))
    uow.settle(settled)
    return tasks


def _stopped(run: Run, emap: EntityMap, system: str, entry: OutboxEntry, due: Due, golden: Golden) -> Settlement | None:
    """The settlement of an entry that cannot be sent: waiting for another record or for a person, not expressible, or
    never at rest."""
    tally = run.report.of(system, emap.entity)
    if due.blocked or not (due.values or due.problems or due.delete):
        error = MissingReference(waits_for(golden, due.missing, "this system"), system=system)
        return Settlement(entry, "held", error_code=error.code, error=str(error))
    if due.problems and (not due.values or (entry.intent is None and due.refused)):
        refused = MappingError("; ".join(due.problems), system=system)
        run.report.trouble(refused, system, emap.entity, entry.golden_id)
        tally.failed += 1
        return Settlement(entry, "dead", error_code=refused.code, error=str(refused))
    if run.passes.get((system, emap.entity, entry.golden_id), 0) >= run.runtime.pace.passes:
        text = "written several times in this run without coming to rest; left to the next run"
        return Settlement(entry, "waiting", run.now + REST, error_code="BR-UNREST", error=text)
    return None


def _guarded(run: Run, emap: EntityMap, system: str, tasks: list[Task], lane: Lane) -> list[Task]:
    """Deletes wait for a person where there are more of them than anybody would make by hand: a list that was emptied
    by mistake, a filter that was changed. All else goes on."""
    deletes = [task for task in tasks if task.due.gone]
    if not deletes:
        return tasks
    lane.land()  # else those that were just made would count as due
    with run.store.begin() as uow:
        stop = _too_many(run, uow, emap, system)
        if stop is None or lets_through(uow, stop):
            return tasks
        error, later = stop.error(), run.now + THOUGHT
        uow.settle(Settlement(t.entry, "waiting", later, error_code=error.code, error=str(error)) for t in deletes)
    run.report.trouble(error, system, emap.entity)
    return [task for task in tasks if not task.due.gone]


def _too_many(run: Run, uow: UnitOfWork, emap: EntityMap, system: str) -> Stop | None:
    most = run.runtime.pace.max_deletes
    due = uow.deletes_due(system, emap.entity)
    if len(due) <= most:
        return None
    done = "archived" if emap.deletes[system].elsewhere == "archive" else "deleted"
    why = (
        f"{len(due)} records would be {done} because they were deleted elsewhere, more than the {most} allowed at"
        f" once (`sync.max_deletes`): none was {done}"
    )
    finding = Finding("deletes", len(due), uow.linked_count(system, emap.entity))
    return made(run, (system, emap.entity, "deletes"), [finding], why, due)


def _refresh(run: Run, emap: EntityMap, system: str, tasks: list[Task], able: Capabilities, lane: Lane) -> list[Task]:
    """Look at records once more right before they are changed, unless the system itself refuses stale writes.

    A version with the grain of a second cannot tell an edit made in the second of the last look; the values can.
    """
    exact = able.conditional_update == "native" and able.clock_grain < timedelta(milliseconds=10)
    ids = [task.shadow.native_id for task in tasks if task.shadow and (task.due.gone or not exact)]
    if not ids:
        return tasks
    lane.wait()
    try:
        with run.calling(system, emap.entity) as (adapter, _):
            now = adapter.fetch(emap.spec(system), ids)
    except Exception as error:
        give_up(run, emap, system, [task.entry for task in tasks], error)
        return []
    run.runtime.point("after refresh")
    mine = {(system, task.golden.id) for task in tasks}
    keys = {task.shadow.native_id: task.key for task in tasks if task.shadow is not None}
    missing = look_for(run, emap, system, {one: keys[one] for one in ids if one not in now})
    with run.store.begin() as uow:
        absorbed = absorb(run, uow, emap, system, list(now.values()))
        if not (absorbed.touched or missing.stones):
            return tasks  # all is as it was when they were made
        take_leave(run, uow, emap, system, missing)
        known = Known() if missing.stones else absorbed.known
        enqueue_due(run, uow, emap, absorbed.touched, leave=mine, known=known)
        return _prepare(run, uow, emap, system, [task.entry for task in tasks])
