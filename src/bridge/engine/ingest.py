"""Ingest: read what changed in one system and take it in. A page and the cursor behind it commit together.

What is read is counted before it is merged: where it looks like an accident, none of it is (`bridge.engine.watch`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bridge.engine.absorb import absorb
from bridge.engine.heirs import inherit, keys_of_heirs
from bridge.engine.leftovers import let_go
from bridge.engine.mending import tell_bad_rows
from bridge.engine.outbox.failure import give_up
from bridge.engine.restoring import read_since, waits_for_reading
from bridge.engine.runtime import Run, traced
from bridge.engine.stops import lift
from bridge.engine.tombstones import bury, forget
from bridge.engine.watch import Watch
from bridge.engine.work import armed_flag, enqueue_all, enqueue_due
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import CursorExpired
from bridge.ports.records import ChangePage
from bridge.ports.storage import CursorRow, UnitOfWork

KEPT = 10_000
"""Records of one read that are kept in memory until all of it has been counted."""


@traced("read")
def read(run: Run, emap: EntityMap, system: str) -> None:
    """Read all that changed in one system. A system that does not answer is left alone for the rest of the run."""
    try:
        _read(run, emap, system)
    except Exception as error:
        give_up(run, emap, system, [], error)
        run.down.add(system)
    else:
        run.is_back(system)


def _read(run: Run, emap: EntityMap, system: str) -> None:
    with run.store.begin() as uow:
        position = uow.cursor(system, emap.entity)
        known = uow.flag(_mapping_flag(system, emap))
    remap = known not in (None, emap.digest)
    values = known != _midway(emap)
    while True:
        # The mapping says something else now: look at everything again. That does not tell what was deleted or renamed
        # since the last reading, so the feed is read to its end before.
        anew = position.cursor is None
        try:
            through = _pass(run, emap, system, position, remap=remap, values=values and not (anew and remap))
        except CursorExpired:
            with run.store.begin() as uow:
                stored = uow.cursor(system, emap.entity)
            if anew and stored.cursor is None:
                raise
            position = CursorRow(system, emap.entity, None, stored.complete)
            continue
        if not through or anew or not remap:
            return
        position = CursorRow(system, emap.entity, None, complete=True)


def _pass(run: Run, emap: EntityMap, system: str, position: CursorRow, *, remap: bool, values: bool) -> bool:
    """Read from a position to the end of the feed. Returns whether it was taken in: false where a guard stopped it.

    values: whether records that look different have changed; they may because of the mapping.
    """
    anew, watch = position.cursor is None, None
    if position.complete:  # at first contact there is nothing to compare with, and nothing is overwritten
        watch = Watch(run, emap, system, listing=anew, values=values)
    pages: Iterable[tuple[ChangePage, CursorRow]] | None = _pages(run, emap, system, position)
    if watch is not None and values:
        pages, watch = _held_back(run, emap, system, position, watch), None
    halted = pages is None
    for page, after in pages or ():
        done = not page.more
        if watch is not None:
            watch.see(page)
        died = _confirmed(run, emap, system, page)
        keys = keys_of_heirs(run, emap, system, page.tombstones, page.records)
        halted = done and watch is not None and watch.stopped()
        with run.store.begin() as uow, run.report.timed(system, emap.entity):
            _take_in(run, uow, emap, system, page, keys, died)
            uow.save_cursor(after, run.now)
            if done and (anew or not remap):
                if not halted:
                    read_since(uow, emap.entity, system)
                    lift(uow, system, emap.entity, "read")
                uow.set_flag(_mapping_flag(system, emap), f"halted:{emap.digest}" if halted else emap.digest)
            elif anew and remap:
                uow.set_flag(_mapping_flag(system, emap), _midway(emap))
        run.runtime.point("after page")
        run.runtime.progress("read", system, emap.entity, run.report.of(system, emap.entity).read)
    return not halted


def in_force(uow: UnitOfWork, emap: EntityMap, system: str) -> bool:
    """Whether everything has been read under the mapping as it is, and no guard has stopped the reading."""
    known = uow.flag(_mapping_flag(system, emap))
    return known == emap.digest and uow.cursor(system, emap.entity).complete


def read_these(run: Run, emap: EntityMap, system: str, page: ChangePage, watch: Watch | None = None) -> bool:
    """Take in records that were asked for by their ids. They are watched as any reading is; no cursor moves.

    Tombstones are counted, and left to the caller. Returns false where a guard stopped it.
    """
    watch = watch or Watch(run, emap, system, listing=False)
    watch.see(page)
    if watch.stopped():
        return False
    with run.store.begin() as uow, run.report.timed(system, emap.entity):
        _take_in(run, uow, emap, system, replace(page, tombstones=()), {}, ())
    run.runtime.point("after page")
    return True


def _pages(run: Run, emap: EntityMap, system: str, position: CursorRow) -> Iterator[tuple[ChangePage, CursorRow]]:
    """The pages from a position to the end of the feed, each with the position behind it."""
    more = True
    while more:
        run.go_on()
        with run.calling(system, emap.entity) as (adapter, _):
            page = adapter.changes(emap.spec(system), position.cursor, run.runtime.pace.page)
        run.runtime.point("after read")
        more = page.more
        position = CursorRow(system, emap.entity, page.cursor, position.complete or not more)
        yield page, position


def _held_back(
    run: Run, emap: EntityMap, system: str, position: CursorRow, watch: Watch
) -> Iterable[tuple[ChangePage, CursorRow]] | None:
    """The same pages, without what was heard before, of which none is merged before all have been counted; None where
    a guard stops them.

    What is too long to be kept in memory meanwhile is read once more.
    """
    kept: list[ChangePage] = []
    behind: list[CursorRow] = []
    records = 0
    for page, after in _pages(run, emap, system, position):
        seen = watch.see(page)
        records += sum(len(one.records) + len(one.tombstones) for one in seen)
        kept += seen
        behind.append(after)
        if records > KEPT:
            kept.clear()
            behind.clear()
    tally = run.report.of(system, emap.entity)
    if watch.stopped():
        tally.read += watch.records
        return None
    if records > KEPT:
        return _pages(run, emap, system, position)
    tally.read += watch.heard
    tally.unchanged += watch.heard
    return zip([*kept, *watch.rest()], behind, strict=True)


def _confirmed(run: Run, emap: EntityMap, system: str, page: ChangePage) -> list[str]:
    """Those that the system says are gone, and really are: a delete that is passed on is looked at once more.

    What was merged into another goes on there; what only left the object's `where` is still found.
    """
    ids = [stone.native_id for stone in page.tombstones if not stone.merged_into]
    return confirmed_gone(run, emap, system, ids) if ids and emap.minds_deletes(system) else []


def confirmed_gone(run: Run, emap: EntityMap, system: str, native_ids: Sequence[str]) -> list[str]:
    """Those of these records that are not found when they are asked for directly."""
    with run.calling(system, emap.entity) as (adapter, _):
        there = adapter.fetch(emap.spec(system), native_ids)
    return [native_id for native_id in native_ids if native_id not in there]


def _take_in(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    page: ChangePage,
    keys: Mapping[str, str],
    died: Sequence[str],
) -> None:
    tally = run.report.of(system, emap.entity)
    tally.read += len(page.records) + len(page.tombstones)
    tell_bad_rows(run, emap, system, page.bad)
    alive = {record.native_id for record in page.records}
    dead = [tombstone for tombstone in page.tombstones if tombstone.native_id not in alive]
    merged = inherit(run, uow, emap, system, dead, keys)
    leaving = died if emap.deletes[system].here == "restore" else ()
    absorbed = absorb(run, uow, emap, system, page.records, leaving=leaving)
    buried = bury(run, uow, emap, system, died)
    freed = forget(run, uow, emap, system, [tombstone.native_id for tombstone in dead])
    others = buried | freed | merged.pop(emap.entity, set())
    enqueue_due(run, uow, emap, absorbed.touched | others, known=absorbed.known.but(others))
    enqueue_all(run, uow, merged)


def revisit(run: Run, emap: EntityMap, system: str) -> None:
    """Look again at records that referred to something unknown, where it is known by now; and at those of which a
    person has said what they are, or are not."""
    if (system, emap.entity) in run.halted:
        return
    with run.store.begin() as uow:
        waiting = uow.waiting(system, emap.entity)
        known = _known(uow, system, [target for _, target in waiting])
        decided = uow.again(system, emap.entity)
    ready = list(dict.fromkeys([*decided, *(native_id for native_id, target in waiting if target in known)]))
    size = run.runtime.pace.page
    for start in range(0, len(ready), size):
        part = ready[start : start + size]
        try:
            with run.calling(system, emap.entity) as (adapter, _):
                records = adapter.fetch(emap.spec(system), part)
        except Exception as error:
            give_up(run, emap, system, [], error)
            run.down.add(system)
            return
        with run.store.begin() as uow:
            absorbed = absorb(run, uow, emap, system, list(records.values()))
            freed = forget(run, uow, emap, system, [one for one in part if one in set(decided) and one not in records])
            enqueue_due(run, uow, emap, absorbed.touched | freed, known=absorbed.known.but(freed))


def _known(uow: UnitOfWork, system: str, targets: Sequence[str]) -> set[str]:
    by_entity: dict[str, list[str]] = {}
    for target in dict.fromkeys(targets):
        entity, _, native_id = target.partition(":")
        by_entity.setdefault(entity, []).append(native_id)
    return {
        f"{entity}:{native_id}"
        for entity, ids in by_entity.items()
        for native_id, link in uow.links(system, entity, ids).items()
        if link.state == "linked"
    }


def arm(run: Run, emap: EntityMap) -> bool:
    """Once every system has been read in full and matched: note all that is due, creates included.

    Returns whether creates are allowed now. Stopped in the middle, the pass is made again.
    """
    systems = ",".join(emap.systems)
    with run.store.begin() as uow:
        noted = uow.flag(f"due:{emap.entity}")
        if uow.flag(armed_flag(emap.entity)) == systems and noted == emap.digest:
            return True
        if waits_for_reading(uow, emap):
            return False
        if not all(uow.cursor(system, emap.entity).complete for system in emap.systems):
            return False
        uow.set_flag(armed_flag(emap.entity), systems)  # before the pass: what others merge beside it is due, too
    after = ""
    while True:
        with run.store.begin() as uow:
            # The first pass looks at what was deleted since the first reading, too. Later ones do not: what a delete
            # came to was decided when it was read, and a mapping that says something else now deletes nothing.
            page = uow.golden_page(emap.entity, after, run.runtime.pace.page, dead=not noted)
            if not page:
                uow.set_flag(f"due:{emap.entity}", emap.digest)
                return True
            enqueue_due(run, uow, emap, page, arming=True)
        after = page[-1]
        let_go()


def _mapping_flag(system: str, emap: EntityMap) -> str:
    return f"mapping:{system}:{emap.entity}"


def _midway(emap: EntityMap) -> str:
    return f"midway:{emap.digest}"
