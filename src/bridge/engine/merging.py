"""Merging: golden records that turn out to be one, with everything that hangs on them, in the caller's transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.engine.identify import Identities
from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan.identity import said_to_match
from bridge.engine.plan.unify import repoint, unify
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import in_rows
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Conflict, Golden, HistoryRow, Intent, Link, OutboxEntry, Shadow

PAGE = 2000
"""Records that refer to merged ones, rewritten by one statement."""


@dataclass(slots=True)
class _Merge:
    """The golden records of one entity that are merged, with all that is known of them."""

    goldens: dict[str, Golden]
    links: list[Link]
    shadows: Mapping[tuple[str, str], Shadow]
    held: Mapping[tuple[str, str], Conflict]
    new_links: list[Link] = field(default_factory=list)
    new_shadows: list[Shadow] = field(default_factory=list)
    twins: list[Link] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)


def merge_goldens(
    uow: UnitOfWork,
    maps: Mapping[str, EntityMap],
    entity: str,
    heirs: Mapping[str, str],
    around: Circumstances,
    said_by: str,
) -> dict[str, set[str]]:
    """Losers become their winners. Returns entity -> the golden ids whose state may have made work.

    heirs: loser -> winner; a winner is nobody's loser. said_by: the system, or the person, who merged them.
    References to losers are rewritten: in the golden records that name them, and in the words that are held of them.
    """
    ids = list(dict.fromkeys([*heirs, *heirs.values()]))
    goldens = uow.goldens(entity, ids)
    heirs = {loser: winner for loser, winner in heirs.items() if loser in goldens and winner in goldens}
    if not heirs:
        return {}
    merge = _Merge(
        goldens,
        uow.links_of(entity, ids),
        {(shadow.system, shadow.native_id): shadow for shadow in uow.shadows_of(entity, list(heirs))},
        uow.held_conflicts(entity, ids),
    )
    for loser, winner in heirs.items():
        _unite(merge, maps[entity], loser, winner, around, said_by)
    _hand_on(uow, entity, heirs, merge.links)
    _save(uow, maps[entity], heirs, merge, around)
    housed = {link.golden_id for link in merge.new_links if link.golden_id}
    touched = _repoint(uow, maps, entity, heirs, housed, around)
    touched[entity] |= set(heirs.values())
    return touched


def _unite(merge: _Merge, emap: EntityMap, loser: str, winner: str, around: Circumstances, said_by: str) -> None:
    of_both = [link for link in merge.links if link.golden_id in (loser, winner)]
    lost = merge.goldens[loser]
    united = unify(merge.goldens[winner], lost, of_both, merge.held, around, said_by)
    merge.goldens[winner] = united.golden
    merge.conflicts.extend(united.conflicts)
    merge.history.extend(united.history)
    for link in united.moved:
        shadow = merge.shadows.get((link.system, link.native_id))
        if shadow is not None:
            merge.new_shadows.append(replace(shadow, golden_id=winner, fingerprint=""))
    for link in united.twins:
        shadow = merge.shadows.get((link.system, link.native_id))
        merge.twins.append(
            replace(
                link,
                golden_id=None,
                state="review",
                linked_by="match",
                reason=f"its twin was merged in {said_by}",
                candidates=(winner,),
                fingerprint=shadow.fingerprint if shadow else "",
                values=said_to_match(emap.match, lost.values),
                since=None,
            )
        )
    gone = {(link.system, link.native_id) for link in (*united.moved, *united.twins)}
    merge.links = [link for link in merge.links if (link.system, link.native_id) not in gone] + list(united.moved)
    merge.new_links.extend(united.moved)


def _hand_on(uow: UnitOfWork, entity: str, heirs: Mapping[str, str], links: Iterable[Link]) -> None:
    """Writes of the losers whose end is unknown are looked up for the winners.

    An update goes with its record. A create goes on, under the key that it was sent with, where the winner has no
    record yet; where it has one, it stays the loser's: what it made is found by that key, and is a duplicate.
    """
    entries = uow.under_way(entity, [*heirs, *heirs.values()])
    busy = {(entry.system, entry.golden_id) for entry in entries}
    linked = {(link.system, link.golden_id): link.native_id for link in links if link.state == "linked"}
    for entry in entries:
        winner = heirs.get(entry.golden_id)
        if winner is None or entry.intent is None or (entry.system, winner) in busy:
            continue
        if entry.intent.native_id == linked.get((entry.system, winner)):  # None is None: not made, and none there
            busy.add((entry.system, winner))
            uow.move_entry(_keyed(entry, entry.intent), winner)


def _keyed(entry: OutboxEntry, intent: Intent) -> OutboxEntry:
    return entry.with_intent(replace(intent, key=intent.key or entry.golden_id)) if intent.op == "create" else entry


def _save(uow: UnitOfWork, emap: EntityMap, heirs: Mapping[str, str], merge: _Merge, around: Circumstances) -> None:
    entity, winners = emap.entity, list(dict.fromkeys(heirs.values()))
    uow.succeed(entity, heirs, around.now)
    uow.save_goldens([merge.goldens[winner] for winner in winners], around.now)
    uow.save_links([*merge.new_links, *merge.twins], around.now)
    by_system: dict[str, list[str]] = defaultdict(list)
    for link in merge.twins:
        by_system[link.system].append(link.native_id)
    for system, native_ids in by_system.items():
        uow.drop_shadows(system, entity, native_ids)
    uow.save_shadows(merge.new_shadows)
    uow.save_conflicts(merge.conflicts)
    uow.add_history(merge.history)
    uow.save_match_keys(entity, Identities.keys_of(emap, [merge.goldens[winner] for winner in winners]))


def _repoint(
    uow: UnitOfWork,
    maps: Mapping[str, EntityMap],
    entity: str,
    heirs: Mapping[str, str],
    housed: Iterable[str],
    around: Circumstances,
) -> dict[str, set[str]]:
    """Rewrite what refers to losers. housed: winners that have records of losers now: where they had none left in a
    system, what refers to them there is to refer to these."""
    touched: dict[str, set[str]] = defaultdict(set)
    for emap in maps.values():
        if entity not in emap.depends_on:
            continue
        ids = uow.mentioning(emap.entity, [*heirs, *housed])
        for start in range(0, len(ids), PAGE):
            _repoint_page(uow, emap, entity, ids[start : start + PAGE], heirs, around)
        touched[emap.entity].update(ids)
    return touched


def _repoint_page(
    uow: UnitOfWork, emap: EntityMap, entity: str, ids: Sequence[str], heirs: Mapping[str, str], around: Circumstances
) -> None:
    held = uow.held_conflicts(emap.entity, ids)
    changed: list[Golden] = []
    conflicts: list[Conflict] = []
    referring = [unit for unit in emap.record_units if unit.record_ref and unit.record_ref.entity == entity]
    for golden in uow.goldens(emap.entity, ids).values():
        units = [name for unit in referring for name in in_rows(unit.name, golden.values)]
        mine = {unit: conflict for (of, unit), conflict in held.items() if of == golden.id}
        found = repoint(golden, units, heirs, mine, around)
        if found is not None:
            changed.append(found.golden)
            conflicts.extend(found.conflicts)
    uow.save_goldens(changed, around.now)
    uow.save_conflicts(conflicts)
    uow.save_match_keys(emap.entity, Identities.keys_of(emap, changed))
