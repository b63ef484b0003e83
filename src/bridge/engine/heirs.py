"""Heirs: records that go on under another id, because they were renamed, amended, or merged into another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.engine.merging import merge_goldens
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import NativeRecord, Tombstone
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import AGAIN, Link


def keys_of_heirs(
    run: Run, emap: EntityMap, system: str, tombstones: Sequence[Tombstone], records: Sequence[NativeRecord]
) -> dict[str, str]:
    """Native id -> the key that it carries, of the records that others go on as and that nobody has linked yet.

    Those that are not among `records` are asked for. Never inside a transaction.
    """
    heirs = {stone.merged_into for stone in tombstones if stone.merged_into}
    if not heirs:
        return {}
    with run.store.begin() as uow:
        loose = heirs - uow.links(system, emap.entity, sorted(heirs)).keys()
    found = {record.native_id: record for record in records if record.native_id in loose}
    if missing := sorted(loose - found.keys()):
        with run.calling(system, emap.entity) as (adapter, _):
            found |= adapter.fetch(emap.spec(system), missing)
    return {native_id: record.key for native_id, record in found.items() if record.key}


def inherit(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    tombstones: Sequence[Tombstone],
    keys: Mapping[str, str],
) -> dict[str, set[str]]:
    """Records that go on under another id: renamed, amended, or merged into another.

    Where the other one is nobody's yet, link and shadow go with them, so that what was changed on the way is an edit
    like any other and no first contact. Where it is somebody's, two golden records are one from now on. Where it waited
    for a person, it waits no more, and those that it might have been are due again. keys: native id -> the key that it
    carries, as far as known: of those that go on and are not linked. Returns entity -> the golden ids of what was
    merged, of what refers to it, and of what is due again.
    """
    heirs = to_the_last({stone.native_id: stone.merged_into for stone in tombstones if stone.merged_into})
    if not heirs:
        return {}
    known = uow.links(system, emap.entity, [*heirs, *heirs.values()])
    owners = _owners(uow, emap, system, known)
    owners |= _just_made(uow, emap, system, {heir: keys[heir] for heir in heirs.values() if heir in keys}, known)
    passed: dict[str, Link] = {}
    merged: dict[str, str] = {}
    gone: list[Link] = []
    for old, heir in heirs.items():
        link = known.get(old)
        if link is None or link.state != "linked" or link.golden_id is None:
            continue
        winner = owners.get(heir)
        if winner is None and heir in known and known[heir].state == "gone":
            gone.append(replace(link, state="gone", reason=f"merged into {heir}, which is gone"))
        elif winner is None or winner == link.golden_id:
            passed[heir], owners[heir] = link, link.golden_id
            gone.append(replace(link, state="gone", reason=f"goes on as {heir}"))
        else:
            merged[link.golden_id] = winner
            gone.append(replace(link, state="gone", reason=f"merged into {heir}"))
    uow.save_links(gone, run.now)
    _pass_on(run, uow, emap, system, passed)
    uow.drop_shadows(system, emap.entity, [link.native_id for link in gone])
    touched = merge_goldens(uow, run.runtime.maps, emap.entity, merged, run.around(), system) if merged else {}
    decided = {one for heir in passed if heir in known for one in known[heir].candidates}
    return {**touched, emap.entity: touched.get(emap.entity, set()) | decided} if decided else touched


def to_the_last(heirs: Mapping[str, str]) -> dict[str, str]:
    """A into B and B into C is A into C."""
    found: dict[str, str] = {}
    for old in heirs:
        heir, seen = heirs[old], {old}
        while heir in heirs and heir not in seen:
            seen.add(heir)
            heir = heirs[heir]
        if heir != old:
            found[old] = heir
    return found


def _owners(uow: UnitOfWork, emap: EntityMap, system: str, known: Mapping[str, Link]) -> dict[str, str]:
    """Native id -> golden id, for the linked ones; for one that was merged away itself, of what it went on as."""
    owners = {one.native_id: one.golden_id for one in known.values() if one.state == "linked" and one.golden_id}
    went = {one.golden_id: one.native_id for one in known.values() if one.state == "gone" and one.golden_id}
    for link in uow.links_of(emap.entity, sorted(went)):
        if link.system == system and link.state == "linked" and link.golden_id:
            owners[went[link.golden_id]] = link.golden_id
    return owners


def _just_made(
    uow: UnitOfWork, emap: EntityMap, system: str, keys: Mapping[str, str], known: Mapping[str, Link]
) -> dict[str, str]:
    """Native id -> golden id, for records that bridge made and has not heard of since: the answer was lost.

    The key says whose such a record is. Not where the golden record has one here (then it is a copy, key and all), and
    not where a person parted the two.
    """
    mine = {native_id: key for native_id, key in keys.items() if native_id not in known}
    if not mine:
        return {}
    aliases = uow.aliases(emap.entity, sorted(set(mine.values())))
    named = {native_id: aliases.get(key, key) for native_id, key in mine.items()}
    there = uow.goldens(emap.entity, sorted(set(named.values())))
    linked = {x.golden_id for x in uow.links_of(emap.entity, list(there)) if (x.system, x.state) == (system, "linked")}
    parted = uow.separated(system, emap.entity, sorted(named))
    return {
        native_id: golden_id
        for native_id, golden_id in named.items()
        if golden_id in there and golden_id not in linked and (native_id, golden_id) not in parted
    }


def _pass_on(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, passed: Mapping[str, Link]) -> None:
    shadows = uow.shadows(system, emap.entity, [link.native_id for link in passed.values()])
    # Looked at once more: the one that goes on may be gone too by now, and its tombstone read before anything knew it.
    renamed = (
        replace(link, native_id=heir, linked_by="renamed", fingerprint=AGAIN, since=None)
        for heir, link in passed.items()
    )
    uow.save_links(renamed, run.now)
    uow.save_shadows(
        replace(shadows[link.native_id], native_id=heir, fingerprint="")
        for heir, link in passed.items()
        if link.native_id in shadows
    )
