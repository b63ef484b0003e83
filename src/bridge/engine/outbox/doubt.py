"""Doubt: writes whose end is unknown are looked up, and settled by value and version, before anything is repeated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from bridge.engine.absorb import Written, absorb
from bridge.engine.heirs import to_the_last
from bridge.engine.merging import merge_goldens
from bridge.engine.outbox.failure import give_up
from bridge.engine.outbox.missing import heirs_of_linked, take_leave
from bridge.engine.runtime import Run
from bridge.engine.tombstones import forget_deleted
from bridge.engine.work import enqueue_all
from bridge.engine.writes import written as note
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.records import NativeRecord
from bridge.ports.storage import Settlement, UnitOfWork
from bridge.ports.work import OutboxEntry, WriteRow

LIMIT = 200


def settle_doubts(run: Run, emap: EntityMap, system: str) -> None:
    """Look up every write in doubt of one system and entity."""
    while system not in run.down:
        now = run.now
        with run.store.begin() as uow:
            entries = uow.claim_in_doubt(
                system, emap.entity, LIMIT, now=now, lease_until=now + run.runtime.pace.lease, owner=run.runtime.owner
            )
        if not entries:
            return
        try:
            with run.calling(system, emap.entity) as (adapter, _):
                found, booked = _asked(adapter, emap, system, entries)
            leave = heirs_of_linked(run, emap, system, _gone(entries, found))
        except Exception as error:
            with run.store.begin() as uow:
                uow.settle(Settlement(entry, "in_doubt", entry.next_at) for entry in entries)
            give_up(run, emap, system, [], error)
            run.down.add(system)
            return
        run.runtime.point("after look-up")
        with run.store.begin() as uow:
            _settle(run, uow, emap, system, entries, found, booked)
            take_leave(run, uow, emap, system, leave)


def _asked(
    adapter: Adapter, emap: EntityMap, system: str, entries: list[OutboxEntry]
) -> tuple[dict[int, list[NativeRecord]], dict[str, bool]]:
    """The records, and which movements are in them.

    A movement can be booked while its record is read: by a late commit, or by the very question, which finishes what
    was begun. Then the record would be taken for one without it, so the question is asked before and after.
    """
    booked = _booked(adapter, emap, system, entries)
    while True:
        found = _look_up(adapter, emap, system, entries)
        again = _booked(adapter, emap, system, entries)
        if again == booked:
            return found, booked
        booked = again


def _booked(adapter: Adapter, emap: EntityMap, system: str, entries: list[OutboxEntry]) -> dict[str, bool]:
    """reference -> whether the movement was booked, where the system can be asked."""
    spec = emap.spec(system)
    references = [entry.intent.reference for entry in entries if entry.intent and entry.intent.reference]
    if not references or not adapter.capabilities(spec).books:
        return {}
    there = adapter.booked(spec, references)
    return {reference: reference in there for reference in references}


def _look_up(
    adapter: Adapter, emap: EntityMap, system: str, entries: list[OutboxEntry]
) -> dict[int, list[NativeRecord]]:
    """entry id -> the records it may have made, or the record it was to change."""
    spec = emap.spec(system)
    found: dict[int, list[NativeRecord]] = {entry.id: [] for entry in entries}
    creates = {e.intent.key or e.golden_id: e for e in entries if e.intent and e.intent.op == "create"}
    if creates:
        for key, records in adapter.find(spec, list(creates)).items():
            found[creates[key].id] = records
    updates = {entry.intent.native_id: entry for entry in entries if entry.intent and entry.intent.native_id}
    if updates:
        for native_id, record in adapter.fetch(spec, list(updates)).items():
            found[updates[native_id].id] = [record]
    return found


def _gone(entries: Sequence[OutboxEntry], found: Mapping[int, Sequence[NativeRecord]]) -> list[str]:
    """The native ids of the records that were to be changed and are not there any more."""
    changed = (entry.intent for entry in entries if not found[entry.id])
    return [intent.native_id for intent in changed if intent and intent.op == "update" and intent.native_id]


def _settle(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    entries: list[OutboxEntry],
    found: dict[int, list[NativeRecord]],
    booked: dict[str, bool],
) -> None:
    records: list[NativeRecord] = []
    written: dict[str, Written] = {}
    settled: list[Settlement] = []
    deleted: list[str] = []
    made: list[WriteRow] = []
    tally = run.report.of(system, emap.entity)
    merged = _merged_since(uow, emap, system, entries, found)
    for entry in entries:
        intent = entry.intent
        if intent is None or not found[entry.id]:
            # A create that is not there was never made: sent again, with the same key. A record that is gone is gone.
            settled.append(Settlement(entry, "pending" if intent is None or intent.op == "create" else None))
            if intent is not None and intent.op == "delete" and intent.native_id:
                deleted.append(intent.native_id)
                tally.deleted += 1
                made += note(run, (system, emap.entity, entry.golden_id), intent, None)
            continue
        if intent.op == "delete":  # not done; whether it still is to be, what the record shows by now decides
            records += found[entry.id]
            settled.append(Settlement(entry, "pending"))
            continue
        tally.created += intent.op == "create"
        records += found[entry.id]
        if entry.id in merged:
            settled.append(Settlement(entry, None))
            continue
        first = min(found[entry.id], key=lambda record: record.native_id)
        made += note(run, (system, emap.entity, entry.golden_id), intent, first, sure=False)
        movement = booked.get(intent.reference)
        written[first.native_id] = Written(entry.golden_id, intent, answered=False, booked=movement)
        settled.append(Settlement(entry, None))
    uow.settle(settled)
    uow.add_writes(made)
    heirs = _merge(run, uow, emap, system, merged)
    absorbed = absorb(run, uow, emap, system, records, written)
    living = forget_deleted(run, uow, emap, system, deleted)
    touched = absorbed.touched | living | heirs.get(emap.entity, set())
    enqueue_all(run, uow, {**heirs, emap.entity: touched})


def _merged_since(
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    entries: list[OutboxEntry],
    found: Mapping[int, list[NativeRecord]],
) -> dict[int, tuple[str, str]]:
    """Entry id -> the golden record it was made for, and the one that this is one with: a user merged what was made.

    In a system that hands the key on to the record that stays, and before anybody looked: so that the record found
    under the key is linked already, or is found under the key of another one in doubt as well.
    """
    created = [entry for entry in entries if entry.intent and entry.intent.op == "create" and found[entry.id]]
    if not created:
        return {}
    ids = sorted({record.native_id for entry in created for record in found[entry.id]})
    links = uow.links(system, emap.entity, ids).values()
    owner_of = {one.native_id: one.golden_id for one in links if one.state == "linked" and one.golden_id}
    heir_of = uow.aliases(emap.entity, [entry.golden_id for entry in created])
    made_for = {entry.id: heir_of.get(entry.golden_id, entry.golden_id) for entry in created}
    claims: dict[str, dict[str, bool]] = defaultdict(dict)  # native id -> golden id -> whether the record has that key
    for entry in created:
        for record in found[entry.id]:
            own = record.key == ((entry.intent and entry.intent.key) or entry.golden_id)
            claims[record.native_id][made_for[entry.id]] = own
    for native_id, claim in claims.items():
        owner_of.setdefault(native_id, max(sorted(claim), key=lambda golden_id: claim[golden_id]))
    merged: dict[int, tuple[str, str]] = {}
    for entry in created:
        owners = {owner_of[record.native_id] for record in found[entry.id]}
        if made_for[entry.id] not in owners:
            merged[entry.id] = (made_for[entry.id], min(owners))
    return merged


def _merge(
    run: Run, uow: UnitOfWork, emap: EntityMap, system: str, merged: Mapping[int, tuple[str, str]]
) -> dict[str, set[str]]:
    """Entity -> the golden ids whose state may have made work."""
    heirs = to_the_last(dict(merged.values()))
    return merge_goldens(uow, run.runtime.maps, emap.entity, heirs, run.around(), system) if heirs else {}
