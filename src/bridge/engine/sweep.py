"""Sweep: what is gone in a system that tells of no deletes, found by comparing all its ids with those that are linked.

list    -> every id of the object; a listing that breaks off proves nothing
lacking -> linked records that were not listed; too many of them stop the sweep, as they would stop any read
fetch   -> each is asked for directly: what only left the `where`, or is hidden from lists, is still there
find    -> by its key: what was merged into another record (Odoo hands the key on) goes on as that one
gone    -> what remains was deleted: the same as a tombstone
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bridge.engine.ingest import confirmed_gone
from bridge.engine.outbox.failure import give_up
from bridge.engine.outbox.missing import heirs_of_linked, take_leave
from bridge.engine.plan.guards import Counts, enough, judge, words
from bridge.engine.runtime import Run
from bridge.engine.stops import found, lets_through, lift, made
from bridge.engine.work import armed_flag
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import Listing, UnitOfWork


def sweep(run: Run, emap: EntityMap, system: str) -> None:
    """Look for records that are gone, where the system does not say so, once in a while (`sync.sweep`).

    After a sweep that was stopped, every run looks again, so that the stop ends as soon as its cause is gone.
    """
    if (system, emap.entity) in run.halted or not _due(run, emap, system):
        return
    listing = run.store.listing()
    try:
        _sweep(run, emap, system, listing)
    except Exception as error:
        give_up(run, emap, system, [], error)
        run.down.add(system)
    finally:
        listing.close()


def _due(run: Run, emap: EntityMap, system: str) -> bool:
    spec = emap.spec(system)
    if run.runtime.adapters[system].capabilities(spec).deletes_feed == "native":
        return False
    name = _flag(system, emap)
    with run.store.begin() as uow:
        said = uow.flag(name)
        if not said and uow.cursor(system, emap.entity).complete:
            uow.set_flag(name, run.now.isoformat())  # everything there is has just been read
        armed = uow.flag(armed_flag(emap.entity))
        waits = found(uow, system, emap.entity, "sweep") is not None
    if not said or not armed:
        return False
    return waits or run.runtime.sweeping or datetime.fromisoformat(said) + run.runtime.pace.sweep <= run.now


def _sweep(run: Run, emap: EntityMap, system: str, listing: Listing) -> None:
    with run.calling(system, emap.entity) as (adapter, _):
        for ids in adapter.refs(emap.spec(system)):
            listing.add(ids)
    run.runtime.point("after listing")
    size = run.runtime.pace.page
    lacking: list[str] = []
    after, linked = "", 0
    while True:
        with run.store.begin() as uow:
            page = uow.linked_page(system, emap.entity, after, size)
        if not page:
            break
        linked, after = linked + len(page), page[-1]
        lacking.extend(listing.lacking(page))
    if not _plausible(run, emap, system, linked, lacking):
        return
    take_out(run, emap, system, lacking)
    with run.store.begin() as uow:
        uow.set_flag(_flag(system, emap), run.now.isoformat())
        lift(uow, system, emap.entity, "sweep")


def look_for(run: Run, emap: EntityMap, system: str, native_ids: list[str]) -> None:
    """Whether these linked records are gone: what a sweep does, for a few of which the system told something."""
    with run.store.begin() as uow:
        ready = bool(uow.flag(armed_flag(emap.entity))) and found(uow, system, emap.entity, "sweep") is None
    lacking = confirmed_gone(run, emap, system, native_ids) if ready else []
    if not lacking:
        return
    with run.store.begin() as uow:
        linked = uow.linked_count(system, emap.entity, enough(len(lacking), run.runtime.pace.guards))
    if _plausible(run, emap, system, linked, lacking):
        take_out(run, emap, system, lacking)


def take_out(run: Run, emap: EntityMap, system: str, lacking: Sequence[str]) -> None:
    """Of these records, those that are gone are deleted, or go on as the one that carries their key."""
    size = run.runtime.pace.page
    for start in range(0, len(lacking), size):
        part = lacking[start : start + size]
        leave = heirs_of_linked(run, emap, system, confirmed_gone(run, emap, system, part))
        with run.store.begin() as uow:
            take_leave(run, uow, emap, system, leave)
            run.report.of(system, emap.entity).read += len(leave.stones)


def _plausible(run: Run, emap: EntityMap, system: str, linked: int, lacking: list[str]) -> bool:
    """Whether so many may be gone; else it is remembered as a stop, unless a person has approved it."""
    limits = run.runtime.pace.guards
    findings = judge(Counts(linked, listed=linked - len(lacking), deleted=len(lacking)), limits)
    if not findings:
        return True
    with run.store.begin() as uow:
        about = _goldens(uow, emap, system, lacking)
        stop = made(run, (system, emap.entity, "sweep"), findings, words(findings, emap.entity, limits), about)
        return lets_through(uow, stop)


def _goldens(uow: UnitOfWork, emap: EntityMap, system: str, native_ids: list[str]) -> list[str]:
    links = uow.links(system, emap.entity, native_ids).values()
    return [link.golden_id for link in links if link.golden_id]


def _flag(system: str, emap: EntityMap) -> str:
    return f"swept:{system}:{emap.entity}"
