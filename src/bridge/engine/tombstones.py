"""Tombstones: a record that a system says is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bridge.engine.merging import merge_goldens
from bridge.engine.plan.undo import UNDONE
from bridge.engine.runtime import Run
from bridge.engine.work import Scene
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import Tombstone
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import AGAIN, Conflict, Golden, HistoryRow, Link, Proposal, Provenance

RECORD = "(record)"
"""The record as a whole, where journal and history name a unit: whether it is there is a field like any other."""

EDITED, DELETED = "edited", "deleted"


def inherit(
    run: Run, uow: UnitOfWork, emap: EntityMap, system: str, tombstones: Sequence[Tombstone]
) -> dict[str, set[str]]:
    """Records that go on under another id: renamed, amended, or merged into another.

    Where the other one is not linked yet, link and shadow go with them, so that what was changed on the way is an edit
    like any other and no first contact. Where it is, two golden records are one from now on. Returns entity -> the
    golden ids of those, and of what refers to them.
    """
    heirs = _to_the_last({stone.native_id: stone.merged_into for stone in tombstones if stone.merged_into})
    if not heirs:
        return {}
    known = uow.links(system, emap.entity, [*heirs, *heirs.values()])
    owners = _owners(uow, emap, system, known)
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
    return merge_goldens(uow, run.runtime.maps, emap.entity, merged, run.around(), system) if merged else {}


def _to_the_last(heirs: Mapping[str, str]) -> dict[str, str]:
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


def forget(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> set[str]:
    """Records that are gone: the link is kept as a tombstone, so that nothing brings them back by itself.

    Returns the golden ids that were not made here because a person was to say whether one of these records is they.
    """
    if not native_ids:
        return set()
    known = uow.links(system, emap.entity, native_ids).values()
    links = [link for link in known if link.state != "gone"]
    reason = "deleted in the system"
    uow.save_links(  # without a fingerprint: it is looked at, should it come back
        (replace(x, state="gone", reason=reason, candidates=(), fingerprint="", values={}) for x in links), run.now
    )
    uow.drop_shadows(system, emap.entity, [link.native_id for link in links])
    uow.unqueue(emap.entity, [(system, link.golden_id) for link in links if link.golden_id])
    return {golden_id for link in links for golden_id in link.candidates}


def bury(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> set[str]:
    """Records that users deleted here: they are to go elsewhere too, where the mapping says so. Before `forget`.

    An edit beats a delete: who deleted a record that owed them somebody's edit had not seen it. Returns golden ids.
    """
    if not native_ids or not emap.deletes - {system}:
        return set()
    links = uow.links(system, emap.entity, native_ids).values()
    mine = [link for link in links if link.linked_by != UNDONE]  # the record of a run that is undone: nobody's delete
    ids = [link.golden_id for link in mine if link.state == "linked" and link.golden_id]
    scene = Scene(uow, emap, ids, creates=False)
    dead: list[Golden] = []
    for golden in [golden for golden in scene.goldens.values() if golden.alive]:
        due = scene.due(system, golden)
        if due is not None and due.values:
            unseen = Proposal("", EDITED, run.now)
            uow.save_conflicts([edit_beats_delete(run, golden, Proposal(system, DELETED, run.now), unseen)])
        else:
            why = {**golden.provenance, RECORD: Provenance(system, run.now, DELETED)}
            dead.append(replace(golden, rev=golden.rev + 1, alive=False, provenance=why))
    uow.save_goldens(dead, run.now)
    uow.add_history(_turned(run, golden, EDITED, DELETED, system) for golden in dead)
    return {golden.id for golden in dead}


def revived(run: Run, golden: Golden, system: str) -> tuple[Golden, HistoryRow, Conflict]:
    """A record that was to be deleted was edited, or put back, in this system: it lives on."""
    why = dict(golden.provenance)
    gone = why.pop(RECORD, Provenance("", None, DELETED))
    conflict = edit_beats_delete(
        run, golden, Proposal(gone.system, DELETED, gone.at), Proposal(system, EDITED, run.now)
    )
    living = replace(golden, rev=golden.rev + 1, alive=True, provenance=why)
    return living, _turned(run, golden, DELETED, EDITED, system), conflict


def kept(run: Run, golden: Golden, link: Link) -> tuple[Link, Conflict]:
    """A record that was to go because the run that made it is undone was edited in this system: it stays."""
    deleted, edited = Proposal("", DELETED, run.now), Proposal(link.system, EDITED, run.now)
    staying = replace(link, linked_by="created", reason="edited before it was undone")
    return staying, edit_beats_delete(run, golden, deleted, edited)


def edit_beats_delete(run: Run, golden: Golden, deleted: Proposal, edited: Proposal) -> Conflict:
    """The row of the journal that says whose delete was not passed on, and why."""
    return Conflict(
        id=run.runtime.new_id(),
        entity=golden.entity,
        golden_id=golden.id,
        unit=RECORD,
        state="settled",
        rule="edit beats delete",
        winner=edited.system,
        base=None,
        proposals=(deleted, edited),
        at=run.now,
        run=run.id,
    )


def _turned(run: Run, golden: Golden, old: str, new: str, system: str) -> HistoryRow:
    rule = "edit beats delete" if new == EDITED else "deleted"
    return HistoryRow(golden.entity, golden.id, RECORD, old, new, system, run.now, rule, run.id)
