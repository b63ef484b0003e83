"""Missing: records that are not there any more when they are to be written. Gone, or merged into others?

A system without a feed of deletes says nothing of a merge; but it may take the keys of the record that goes along to
the one that stays (Odoo does). So the golden id is looked for once more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bridge.engine.heirs import inherit
from bridge.engine.outbox.failure import give_up
from bridge.engine.runtime import Run
from bridge.engine.tombstones import bury, forget
from bridge.engine.work import enqueue_all
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import Tombstone
from bridge.ports.storage import UnitOfWork


@dataclass(frozen=True, slots=True)
class Leave:
    """Records that are not there any more. keys: those carried by the records that they go on as, by native id."""

    stones: tuple[Tombstone, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)


def look_for(run: Run, emap: EntityMap, system: str, missing: Mapping[str, str]) -> Leave:
    """A tombstone for each record that is not there, with the one that carries its key now. Never inside a transaction.

    missing: native id -> the key by which the system knew it.
    """
    try:
        return with_heirs(run, emap, system, missing)
    except Exception as error:
        give_up(run, emap, system, [], error)
        return Leave(tuple(Tombstone(native_id) for native_id in missing))


def with_heirs(run: Run, emap: EntityMap, system: str, missing: Mapping[str, str]) -> Leave:
    """As `look_for`, for those whose records must not be taken for gone by mistake. Raises what the adapter raises."""
    if not missing:
        return Leave()
    with run.calling(system, emap.entity) as (adapter, _):
        found = adapter.find(emap.spec(system), sorted(set(missing.values())))
    heirs = {key: [record.native_id for record in records] for key, records in found.items()}
    stones = (
        Tombstone(native_id, merged_into=next((one for one in heirs.get(key, ()) if one != native_id), None))
        for native_id, key in missing.items()
    )
    carried = {record.native_id: record.key for records in found.values() for record in records if record.key}
    return Leave(tuple(stones), carried)


def heirs_of_linked(run: Run, emap: EntityMap, system: str, gone: Sequence[str]) -> Leave:
    """As `with_heirs`, for linked records: their golden records tell by which keys the system knew them."""
    if not gone:
        return Leave()
    with run.store.begin() as uow:
        links = uow.links(system, emap.entity, gone)
        ids = [link.golden_id for link in links.values() if link.golden_id]
        keys = uow.keys_in_systems(emap.entity, ids)
    known = {one: keys.get((system, link.golden_id), link.golden_id) for one, link in links.items() if link.golden_id}
    return with_heirs(run, emap, system, known)


def take_leave(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, leave: Leave) -> None:
    """What was merged goes on as another; what is gone is forgotten; with all that follows from either."""
    stones = leave.stones
    buried = bury(run, uow, emap, system, [stone.native_id for stone in stones if not stone.merged_into])
    merged = inherit(run, uow, emap, system, stones, leave.keys)
    freed = forget(run, uow, emap, system, [stone.native_id for stone in stones])
    merged[emap.entity] = merged.get(emap.entity, set()) | freed | set(buried)
    enqueue_all(run, uow, merged)
