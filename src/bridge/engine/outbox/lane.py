"""Lane: the way of batches to one system. While one is on its way, the one before it is settled and the next is made
ready; one that is refused or fails as a whole is split until the bad record stands alone."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import TypeAlias, TypeVar

from bridge.engine.outbox.failure import give_up
from bridge.engine.outbox.reaction import as_bridge_error
from bridge.engine.outbox.settle import settle_results
from bridge.engine.outbox.task import Task
from bridge.engine.runtime import Halt, Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, RateLimited, Transient
from bridge.ports.records import CreateItem, DeleteItem, ObjectSpec, UpdateItem, WriteResult
from bridge.ports.storage import Settlement

STRIKES = 3
"""Writes that fail one after the other before a system counts as out of order. A batch with one record that makes the
system fail costs two in a row at most, since one of its halves is without it."""

_T = TypeVar("_T")
_Answer: TypeAlias = list[WriteResult] | BridgeError
_Flying: TypeAlias = tuple[list[Task], Callable[[], _Answer]]
_Landed: TypeAlias = tuple[list[Task], _Answer]


class Lane:
    """The way to one system, one call at a time. Used in a `with`: what is on its way at its end is settled; or, after
    an error of bridge's own, waited for: what is still being written must not be looked up yet.

    ahead: whether a batch may leave before the one before it is settled, where the run can do that at all. It does so
    only after one of which all was written: what went wrong is always known before anything else is sent. Of a process
    that is killed, two batches may so be in doubt instead of one.
    written: records written, as far as that is settled.
    """

    def __init__(self, run: Run, emap: EntityMap, system: str, *, ahead: bool) -> None:
        self._run, self._emap, self._system = run, emap, system
        self._aside = run.runtime.aside if ahead and run.runtime.workers is None else None
        self._flying: _Flying | None = None
        self.written = 0

    def __enter__(self) -> Lane:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is None or issubclass(kind, Halt):
            self.land()
        elif issubclass(kind, Exception):  # the store is out of order, and the process goes on
            with suppress(Exception):
                self.wait()

    def send(self, tasks: Sequence[Task]) -> None:
        """Send a batch of one kind (create, update or delete), once the one before it has been answered."""
        back = self._answered()
        if back is not None and not _as_meant(back):
            self._finish(*back)
            back = None
        if self._system in self._run.down:
            self._release(tasks)
        elif tasks:
            self._flying = self._leave(tasks)
        if back is not None:
            self._finish(*back)
        if self._aside is None:
            self.land()

    def land(self) -> bool:
        """Wait for what is on its way and settle it. Returns whether anything was."""
        back = self._answered()
        if back is not None:
            self._finish(*back)
        return back is not None

    def wait(self) -> None:
        """Wait for what is on its way, which is settled later: the system may be called for something else."""
        if self._flying is not None:
            self._flying[1]()

    def _leave(self, tasks: Sequence[Task]) -> _Flying:
        """Commit the intents, then let the call go."""
        part = [replace(task, entry=task.entry.with_intent(task.intent)) for task in tasks]
        with self._run.store.begin() as uow:
            uow.save_intents((task.entry, task.intent) for task in part)
        self._run.runtime.point("before write")
        return part, (self._aside or at_once)(lambda: self._call(part))

    def _answered(self) -> _Landed | None:
        if self._flying is None:
            return None
        flying, self._flying = self._flying, None
        return self._landed(*flying)

    def _landed(self, part: list[Task], wait: Callable[[], _Answer]) -> _Landed:
        answer = wait()
        self._run.runtime.point("after write")
        return part, answer

    def _finish(self, part: list[Task], answer: _Answer) -> None:
        """Settle a batch. Of one that came to nothing as a whole, send the halves, one after the other."""
        halves = deque(self._came_to(part, answer))
        while halves:
            half = halves.popleft()
            if self._system in self._run.down:
                self._release(half)
                continue
            halves.extend(self._came_to(*self._landed(*self._leave(half))))

    def _came_to(self, part: list[Task], answer: _Answer) -> Iterable[list[Task]]:
        """Settle what was answered. What to try next: the halves of a batch that came to nothing, or nothing."""
        run, system = self._run, self._system
        if isinstance(answer, BridgeError):
            return self._after_failure(part, answer)
        run.strikes[system] = 0
        run.is_back(system)
        for task in part:
            place = (system, self._emap.entity, task.golden.id)
            run.passes[place] = run.passes.get(place, 0) + 1
        self.written += settle_results(run, self._emap, system, list(zip(part, answer, strict=True)))
        run.runtime.progress("write", system, self._emap.entity, self.written)
        return ()

    def _after_failure(self, part: list[Task], error: BridgeError) -> Iterable[list[Task]]:
        run, emap, system = self._run, self._emap, self._system
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

    def _release(self, tasks: Iterable[Task]) -> None:
        """Entries claimed but not sent go back as they were."""
        with self._run.store.begin() as uow:
            uow.settle(Settlement(task.entry, "pending") for task in tasks)

    def _call(self, part: Sequence[Task]) -> _Answer:
        """The results in order, or why nothing is known of the batch as a whole."""
        run, system = self._run, self._system
        try:
            with run.calling(system, self._emap.entity) as (adapter, _):
                results = _called(adapter, self._emap.spec(system), part)
        except Exception as error:
            return as_bridge_error(error, system)
        if len(results) != len(part):  # which of them is whose cannot be told
            return InDoubt(f"answered with {len(results)} results for {len(part)} records", system=system)
        return results


def _as_meant(landed: _Landed) -> bool:
    """Whether all of a batch was written, so that nothing more has to be asked or known of it."""
    answer = landed[1]
    return not isinstance(answer, BridgeError) and all(one.outcome == "ok" and one.stored for one in answer)


def at_once(call: Callable[[], _T]) -> Callable[[], _T]:
    """In place of `Aside`: the call is made here and now, and has been answered before anybody waits for it."""
    answer = call()
    return lambda: answer


def _called(adapter: Adapter, spec: ObjectSpec, part: Sequence[Task]) -> list[WriteResult]:
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
