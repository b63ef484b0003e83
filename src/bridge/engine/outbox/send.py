"""Send: one batch to one system, split where it is refused or fails as a whole until the bad record stands alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bridge.engine.outbox.failure import give_up
from bridge.engine.outbox.reaction import as_bridge_error
from bridge.engine.outbox.settle import settle_results
from bridge.engine.outbox.task import Task
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, RateLimited, Transient
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem, WriteResult
from bridge.ports.storage import Settlement

STRIKES = 3
"""Writes that fail one after the other before a system counts as out of order. A batch with one record that makes the
system fail costs two in a row at most, since one of its halves is without it."""


def send(run: Run, emap: EntityMap, system: str, tasks: Sequence[Task]) -> int:
    """Write a batch of one kind (create, update or delete). Returns the number of records written."""
    written = 0
    parts = deque([list(tasks)] if tasks else [])
    while parts:
        part = parts.popleft()
        if system in run.down:
            _release(run, part)
            continue
        part = [replace(task, entry=task.entry.with_intent(task.intent)) for task in part]
        answer = _attempt(run, emap, system, part)
        if isinstance(answer, BridgeError):
            parts.extend(_after_failure(run, emap, system, part, answer))
            continue
        run.strikes[system] = 0
        run.is_back(system)
        for task in part:
            place = (system, emap.entity, task.golden.id)
            run.passes[place] = run.passes.get(place, 0) + 1
        written += settle_results(run, emap, system, list(zip(part, answer, strict=True)))
    return written


def _attempt(run: Run, emap: EntityMap, system: str, part: Sequence[Task]) -> list[WriteResult] | BridgeError:
    """Commit the intents, then make the call. The results in order, or why nothing is known of the batch as a whole."""
    with run.store.begin() as uow:
        uow.save_intents((task.entry, task.intent) for task in part)
    run.runtime.point("before write")
    try:
        with run.calling(system, emap.entity):
            results = _call(run, emap, system, part)
    except Exception as error:
        run.runtime.point("after write")
        return as_bridge_error(error, system)
    run.runtime.point("after write")
    if len(results) != len(part):  # which of them is whose cannot be told
        return InDoubt(f"answered with {len(results)} results for {len(part)} records", system=system)
    return results


def _call(run: Run, emap: EntityMap, system: str, part: Sequence[Task]) -> list[WriteResult]:
    adapter, spec = run.runtime.adapters[system], emap.spec(system)
    op = part[0].intent.op
    if op == "create":
        return adapter.create(spec, [CreateItem(task.key, task.due.values, task.due.why) for task in part])
    known = [(task, task.shadow) for task in part if task.shadow is not None]
    if op == "delete":
        return adapter.delete(spec, [DeleteItem(shadow.native_id, shadow.version) for _, shadow in known])
    items = [
        UpdateItem(
            shadow.native_id,
            task.due.values,
            shadow.version,
            task.key,
            task.intent.deltas,
            task.intent.reference,
            task.due.why,
        )
        for task, shadow in known
    ]
    return adapter.update(spec, items)


def _after_failure(
    run: Run, emap: EntityMap, system: str, part: list[Task], error: BridgeError
) -> Iterable[list[Task]]:
    """What to try next after a batch came to nothing as a whole: its halves, or nothing."""
    if isinstance(error, (RateLimited, AuthFailed, InDoubt)):
        give_up(run, emap, system, [task.entry for task in part], error)
        return ()
    if isinstance(error, Transient):
        run.strikes[system] = run.strikes.get(system, 0) + 1
        if run.strikes[system] >= STRIKES:
            give_up(run, emap, system, [task.entry for task in part], error)
            return ()
    if len(part) > 1:
        middle = len(part) // 2
        return part[:middle], part[middle:]
    settle_results(run, emap, system, [(part[0], WriteResult("failed", error=error))])
    return ()


def _release(run: Run, tasks: Iterable[Task]) -> None:
    """Entries claimed but not sent go back as they were."""
    with run.store.begin() as uow:
        uow.settle(Settlement(task.entry, "pending") for task in tasks)
