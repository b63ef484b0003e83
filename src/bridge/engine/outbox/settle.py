"""Settle: what every item of a batch came to, saved in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bridge.engine.absorb import Written, absorb
from bridge.engine.outbox.missing import look_for, take_leave
from bridge.engine.outbox.reaction import after_error, as_bridge_error, ends_the_turn
from bridge.engine.outbox.task import Task
from bridge.engine.revival import mark_archived
from bridge.engine.runtime import Run
from bridge.engine.tombstones import forget_deleted
from bridge.engine.work import Known, enqueue_due
from bridge.engine.writes import written
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import (
    AlreadyExists,
    BridgeError,
    InDoubt,
    NoSuchObject,
    NotFound,
    RateLimited,
    Rejected,
    Transient,
    VersionConflict,
)
from bridge.ports.records import NativeRecord, NativeValue, WriteResult
from bridge.ports.storage import Settlement, UnitOfWork
from bridge.ports.work import OutboxEntry, Shadow, WriteRow


class _Settling:
    """Sorts the results of one batch."""

    def __init__(self, run: Run, emap: EntityMap, system: str) -> None:
        self.run, self.emap, self.system = run, emap, system
        self.tally = run.report.of(system, emap.entity)
        self.records: list[NativeRecord] = []
        self.written: dict[str, Written] = {}
        self.settled: list[Settlement] = []
        self.stale: list[str] = []
        self.gone: list[str] = []
        self.missing: dict[str, str] = {}  # native id -> key
        self.left: list[Shadow] = []
        self.made: list[WriteRow] = []
        self.archived: dict[str, Mapping[str, NativeValue]] = {}  # native id -> what the fields held before
        self.count = 0

    def take(self, task: Task, result: WriteResult) -> None:
        """Sort one result."""
        entry = task.entry
        if result.outcome == "ok" and task.intent.op == "delete":
            self.gone.append(task.intent.native_id or "")
            self._note(task, None)
            self.settled.append(Settlement(entry, None))
            self.count += 1
            self.tally.deleted += 1
        elif result.outcome == "ok" and result.stored is not None:
            # a record that was there already when it was to be made may have been edited since
            answered = task.intent.op == "update" or result.created is not False
            self.records.append(result.stored)
            if answered:
                self._note(task, result.stored)
            self.written[result.stored.native_id] = Written(task.golden.id, task.intent, answered, edited=result.edited)
            self.settled.append(Settlement(entry, None))
            self._count(task, result)
        elif result.outcome == "ok":
            self._count(task, result)
            self._fail(entry, InDoubt("written, but it could not be read back", system=self.system))
        elif result.outcome == "unknown":
            error = result.error if isinstance(result.error, BridgeError) else None
            self._fail(entry, InDoubt(error.message if error else "no answer came to the write", system=self.system))
        else:
            self._refuse(task, as_bridge_error(result.error, self.system))

    def look_up_again(self, heirs: Collection[str], at: datetime) -> None:
        """What was written for golden records that are others by now is looked up under the names they go by, as after
        a lost answer."""
        doubtful = [one.entry for one in self.settled if one.entry.golden_id in heirs]
        ids = {native_id for native_id, write in self.written.items() if write.golden_id in heirs}
        self.settled = [one for one in self.settled if one.entry.golden_id not in heirs]
        self.settled += [Settlement(entry, "in_doubt", at) for entry in doubtful]
        self.records = [record for record in self.records if record.native_id not in ids]
        self.made = [row for row in self.made if row.golden_id not in heirs]
        self.written = {native_id: write for native_id, write in self.written.items() if native_id not in ids}

    def _note(self, task: Task, record: NativeRecord | None) -> None:
        place = (self.system, self.emap.entity, task.golden.id)
        self.made.extend(written(self.run, place, task.intent, record))

    def _count(self, task: Task, result: WriteResult) -> None:
        self.count += 1
        if task.due.why == "archive":
            self.tally.archived += 1
            self.archived[task.intent.native_id or ""] = task.intent.before
        elif task.due.why == "restore":
            self.tally.restored += result.created is not False or task.intent.op == "update"
        elif task.intent.op == "update":
            self.tally.updated += 1
        elif result.created is not False:
            self.tally.created += 1

    def _refuse(self, task: Task, error: BridgeError) -> None:
        native_id = task.shadow.native_id if task.shadow else None
        if isinstance(error, VersionConflict) and native_id:
            self.stale.append(native_id)
            self.settled.append(Settlement(task.entry, "pending"))
        elif isinstance(error, NotFound) and not isinstance(error, NoSuchObject) and native_id:
            self.missing[native_id] = task.key
            self.settled.append(Settlement(task.entry, None))
        elif isinstance(error, AlreadyExists):
            self._find(task, error)
        elif isinstance(error, Rejected) and self._leave_out(task, error):
            self.settled.append(Settlement(task.entry, "pending"))
        else:
            self._fail(task.entry, error)

    def _leave_out(self, task: Task, error: Rejected) -> bool:
        """Whether only fields were refused that the mapping lets be left out (an owner whom this system does not know).

        They count as sent and turned into what is there, so that they are tried again when the golden value changes.
        """
        units = {
            path: unit
            for unit in self.emap.units
            if unit.missing == "leave" and unit.writes
            for path in unit.paths(self.system)
        }
        if not error.fields or any(path not in units or path not in task.intent.after for path in error.fields):
            return False
        if task.shadow is None:
            place = (self.system, self.emap.entity, task.golden.id)
            self.run.left.setdefault(place, set()).update(units[path].name for path in error.fields)
        else:
            refused = {path: task.intent.after[path] for path in error.fields}
            self.left.append(replace(task.shadow, echo={**task.shadow.echo, **refused}))
        return True

    def _find(self, task: Task, error: AlreadyExists) -> None:
        """The system says the record is there: ours if it carries the key; else somebody's record is in the way."""
        try:
            with self.run.calling(self.system, self.emap.entity) as (adapter, _):
                found = adapter.find(self.emap.spec(self.system), [task.key])[task.key]
        except Exception as failure:
            self._fail(task.entry, as_bridge_error(failure, self.system))
            return
        if found:
            self.records.append(found[0])
            self.written[found[0].native_id] = Written(task.golden.id, task.intent, answered=False)
            self.settled.append(Settlement(task.entry, None))
        else:
            self._fail(task.entry, error)

    def _fail(self, entry: OutboxEntry, error: BridgeError) -> None:
        runtime = self.run.runtime
        settlement = after_error(entry, error, self.run.now, runtime.pace, runtime.back_off)
        self.settled.append(settlement)
        if settlement.state == "dead":
            self.tally.failed += 1
            self.run.report.trouble(error, self.system, self.emap.entity, entry.golden_id)
        if ends_the_turn(error):
            self.run.report.trouble(error, self.system, self.emap.entity)
            # A record that cannot be written just now (it is locked) says nothing of the system: the others go on.
            if isinstance(error, RateLimited) or not isinstance(error, Transient):
                self.run.leave(self.system, error)


def settle_results(run: Run, emap: EntityMap, system: str, results: Sequence[tuple[Task, WriteResult]]) -> int:
    """Save what a batch came to. Returns the number of records written."""
    settling = _Settling(run, emap, system)
    for task, result in results:
        settling.take(task, result)
    moved = _look_again(run, emap, system, settling)
    missing = look_for(run, emap, system, settling.missing)
    with run.store.begin() as uow:
        settling.look_up_again(_others_by_now(run, uow, emap, system, results, settling.written), run.now)
        uow.settle(settling.settled)
        uow.save_shadows(settling.left)
        uow.add_writes(settling.made)
        absorbed = absorb(run, uow, emap, system, settling.records, settling.written)
        mark_archived(run, uow, emap, system, settling.archived)
        _amend(run, uow, emap, system, settling.records)
        living = forget_deleted(run, uow, emap, system, settling.gone)
        take_leave(run, uow, emap, system, missing)
        seen_again = absorb(run, uow, emap, system, moved)
        sure = not (missing.stones or settling.archived)  # their golden records, or links, are others by now
        known = absorbed.known.but(living | seen_again.touched) if sure else Known()
        enqueue_due(run, uow, emap, absorbed.touched | living, anew=False, known=known)
        enqueue_due(run, uow, emap, seen_again.touched, known=seen_again.known if sure else Known())
    run.runtime.point("after settle")
    return settling.count


def _others_by_now(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    results: Sequence[tuple[Task, WriteResult]],
    written: Mapping[str, Written],
) -> Collection[str]:
    """The golden ids written for that another worker has merged meanwhile; and those to be made whose key is with a
    record that is linked already, because a user merged what had been made for them."""
    merged: set[str] = set()
    if run.runtime.workers is not None:
        merged |= uow.aliases(emap.entity, [task.golden.id for task, _ in results]).keys()
    found = [one for one, write in written.items() if not write.answered and write.intent.op == "create"]
    for native_id, link in uow.links(system, emap.entity, found).items() if found else ():
        if link.state == "linked" and link.golden_id != written[native_id].golden_id:
            merged.add(written[native_id].golden_id)
    return merged


def _amend(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, records: Sequence[NativeRecord]) -> None:
    """Tell the position of reading what was written: the next run need not read bridge's own writes."""
    position = uow.cursor(system, emap.entity)
    if position.cursor is None or not records:
        return
    cursor = run.runtime.adapters[system].amended(emap.spec(system), position.cursor, records)
    if cursor != position.cursor:
        uow.amend_cursor(replace(position, cursor=cursor))


def _look_again(run: Run, emap: EntityMap, system: str, settling: _Settling) -> list[NativeRecord]:
    """The records that had moved when they were to be written, as they are now; merged before the next attempt."""
    if not settling.stale:
        return []
    try:
        with run.calling(system, emap.entity) as (adapter, _):
            return list(adapter.fetch(emap.spec(system), settling.stale).values())
    except Exception as error:
        known = as_bridge_error(error, system)
        run.report.trouble(known, system, emap.entity)
        run.leave(system, known)  # the entries are pending; the records come with the next page
        return []
