"""Heed: look at once at records of which a system told that they have changed, by the same way as every reading.

A hint is only a place to look. Where all that is asked for is known, and the answer says everything that a reading
would, the records are read by their ids; everywhere else (a new record, many of them, one that may have left the
mapping's `where`) the system is polled from where the last reading ended, which brings them too. What is invented
brings nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bridge.engine.ingest import in_force, read, read_these, revisit
from bridge.engine.outbox.failure import give_up
from bridge.engine.runtime import Run, traced
from bridge.engine.sweep import look_for
from bridge.mapping.compiled import EntityMap
from bridge.ports.reading import belongs
from bridge.ports.records import ChangePage, NativeRecord, ObjectSpec

FEW: Final = 10
"""Records that are asked for by their ids. More than these are polled, and counted together as any reading is."""


@dataclass(frozen=True, slots=True)
class Way:
    """How hints are followed. ids: known records to ask for. poll: whether the system is read from its cursor."""

    ids: tuple[str, ...]
    poll: bool


def heed(run: Run, emap: EntityMap, system: str) -> None:
    """Look at what a system told of; nothing where it told nothing, or is read in this run anyway."""
    told = run.hints.get((system, emap.entity))
    if told and not run.reads_now(system, emap.entity):
        _heed(run, emap, system)


@traced("heed")
def _heed(run: Run, emap: EntityMap, system: str) -> None:
    told = sorted(run.hints[system, emap.entity])
    spec = emap.spec(system)
    with run.store.begin() as uow:
        links = uow.links(system, emap.entity, told)
        ready = in_force(uow, emap, system)
    known = {native_id for native_id, link in links.items() if link.state == "linked"}
    way = chosen(told, known, spec, ready=ready)
    try:
        lacking = list(way.ids)
        if not way.poll:
            lacking = _read_by_id(run, emap, system, way.ids)
        if way.poll or lacking:
            read(run, emap, system)
            revisit(run, emap, system)
        if lacking and not _tells_deletes(run, emap, system) and system not in run.down:
            look_for(run, emap, system, lacking)
    except Exception as error:
        give_up(run, emap, system, [], error)
        run.down.add(system)


def chosen(told: list[str], known: set[str], spec: ObjectSpec, *, ready: bool) -> Way:
    """By ids, or by polling. ready: everything has been read before, under this mapping."""
    ids = tuple(one for one in told if one in known)
    paths = {field.path for field in spec.fields}
    judged = all(term.path in paths for term in spec.where)
    few = len(told) <= FEW
    return Way(ids if ready and few else (), poll=not (ready and few and judged and len(ids) == len(told)))


def _read_by_id(run: Run, emap: EntityMap, system: str, ids: tuple[str, ...]) -> list[str]:
    """Take in those that are there and belong; the others are answered, for they need more than a look."""
    spec = emap.spec(system)
    with run.calling(system, emap.entity) as (adapter, _):
        found: Mapping[str, NativeRecord] = adapter.fetch(spec, ids)
    run.runtime.point("after read")
    here = tuple(record for record in found.values() if belongs(spec.where, record.values))
    if here:
        read_these(run, emap, system, ChangePage(here, (), "", more=False))
        run.is_back(system)
    there = {record.native_id for record in here}
    return [native_id for native_id in ids if native_id not in there]


def _tells_deletes(run: Run, emap: EntityMap, system: str) -> bool:
    return run.runtime.adapters[system].capabilities(emap.spec(system)).deletes_feed == "native"
