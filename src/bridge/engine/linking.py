"""Carry out what a person said of identity: one transaction on the store, no call to any system."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bridge.engine.merge.draft import Circumstances
from bridge.engine.merging import merge_goldens
from bridge.engine.plan import linking
from bridge.engine.plan.linking import PERSON, Plan
from bridge.engine.work import armed_flag
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden, Link


def plan_link(uow: UnitOfWork, one: Link, golden: Golden) -> Plan:
    """The record is this golden record."""
    return linking.link(one, golden, uow.links_of(golden.entity, [golden.id]))


def plan_unlink(uow: UnitOfWork, one: Link, new_id: Callable[[], str]) -> Plan:
    """The record is not its golden record; the match rules say what it is."""
    golden_ids = [one.golden_id] if one.golden_id else []
    links, entries = uow.links_of(one.entity, golden_ids), uow.under_way(one.entity, golden_ids)
    return linking.unlink(one, links, entries, new_id())


def plan_split(uow: UnitOfWork, one: Link, new_id: Callable[[], str]) -> Plan:
    """The record becomes a golden record of its own."""
    golden_ids = [one.golden_id] if one.golden_id else []
    links, entries = uow.links_of(one.entity, golden_ids), uow.under_way(one.entity, golden_ids)
    return linking.split(one, links, entries, new_id(), new_id())


def plan_new(one: Link, new_id: Callable[[], str]) -> Plan:
    """The record is none of its candidates."""
    return linking.new(one, new_id())


def plan_merge(uow: UnitOfWork, winner: Golden, loser: Golden) -> Plan:
    """Two golden records are one."""
    ids = [winner.id, loser.id]
    return linking.merge(winner, loser, uow.links_of(winner.entity, ids), uow.under_way(winner.entity, ids))


def carry_out(uow: UnitOfWork, maps: Mapping[str, EntityMap], plan: Plan, around: Circumstances) -> None:
    """Store what the plan says, in the caller's transaction. What some system may lack then is put into the outbox;
    the next sync works out what it comes to, after it has read the records in question."""
    if plan.refused:
        return
    entity, now = plan.entity, around.now
    uow.save_links(plan.links, now)
    for one in plan.dropped:
        uow.drop_shadows(one.system, entity, [one.native_id])
    uow.separate(plan.parted, now)
    uow.unseparate(plan.reunited)
    uow.save_aliases(plan.aliases, now)
    behind = {entity: set(plan.behind)}
    if plan.parted:  # who refers to what was parted is to refer to another record there from now on
        parted = list(dict.fromkeys(pair.golden_id for pair in plan.parted))
        for emap in maps.values():
            if entity in emap.depends_on:
                behind.setdefault(emap.entity, set()).update(uow.mentioning(emap.entity, parted))
    if plan.merge is not None:
        loser, winner = plan.merge
        for name, ids in merge_goldens(uow, maps, entity, {loser: winner}, around, PERSON).items():
            behind.setdefault(name, set()).update(ids)
    for name, ids in behind.items():
        _put_into_outbox(uow, maps[name], ids, around)


def _put_into_outbox(uow: UnitOfWork, emap: EntityMap, golden_ids: set[str], around: Circumstances) -> None:
    """For every system: what turns out to be nothing is taken back when it is to be sent."""
    if uow.flag(armed_flag(emap.entity)) != ",".join(emap.systems):
        return  # not everything has been read yet: all that is due is noted when it has
    goldens = list(uow.goldens(emap.entity, sorted(golden_ids)).values())
    rows = [(system, golden.id, golden.rev) for golden in goldens for system in emap.systems]
    uow.enqueue(emap.entity, rows, around.now)
    for system in emap.systems:  # what waits there for another record may be something else altogether from now on
        uow.wake(system, emap.entity, [golden.id for golden in goldens])
