"""Tombstones: a record that a system says is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bridge.engine.plan.deletes import (
    DELETE_BEATS,
    EDIT_BEATS,
    archiving,
    editor,
    judge_delete,
    made_again,
    to_restore,
)
from bridge.engine.plan.marks import DELETED, EDITED, RECORD, RESTORE, UNDONE
from bridge.engine.runtime import Run
from bridge.engine.work import Scene
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Conflict, Golden, HistoryRow, Link, Proposal, Provenance


def forget(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> set[str]:
    """Records that are gone: the link is kept as a tombstone, so that nothing brings them back by itself.

    Returns the golden ids that were not made here because a person was to say whether one of these records is they, and
    those that were made nowhere because one of these records waited for another; of the latter, those that live on.
    """
    if not native_ids:
        return set()
    known = uow.links(system, emap.entity, native_ids).values()
    links = [link for link in known if link.state != "gone"]
    shadows = uow.shadows(system, emap.entity, [link.native_id for link in links]).values()
    waited = sorted({shadow.golden_id for shadow in shadows if shadow.waiting_for})
    uow.save_links((_gone(link) for link in links), run.now)
    uow.drop_shadows(system, emap.entity, [link.native_id for link in links])
    uow.unqueue(emap.entity, [(system, link.golden_id) for link in links if link.golden_id])
    living = {link.golden_id for link in uow.links_of(emap.entity, waited) if link.state == "linked" and link.golden_id}
    return living.union(*(link.candidates for link in links))


def forget_deleted(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> set[str]:
    """As `forget`, for records that bridge itself has deleted.

    Where somebody's edit came in while the delete was under way, the golden record lives on by now: then the record is
    made again. Returns the golden ids of those.
    """
    if not native_ids:
        return set()
    links = uow.links(system, emap.entity, native_ids).values()
    mine = {x.golden_id: x for x in links if x.state == "linked" and x.golden_id and x.linked_by != UNDONE}
    living = {golden.id for golden in uow.goldens(emap.entity, sorted(mine)).values() if golden.alive}
    uow.save_links([made_again(mine[golden_id]) for golden_id in sorted(living)], run.now)
    forget(run, uow, emap, system, native_ids)
    return living


def _gone(link: Link) -> Link:
    """Without a fingerprint: it is looked at, should it come back."""
    reason = link.reason if link.linked_by == RESTORE else "deleted in the system"
    return replace(link, state="gone", reason=reason, candidates=(), fingerprint="", values={})


def bury(run: Run, uow: UnitOfWork, emap: EntityMap, system: str, native_ids: Sequence[str]) -> set[str]:
    """Records that users deleted here, and that were not found when asked for: what becomes of them. Before `forget`.

    They die, for every system that follows; or they live on, because an edit beats a delete or because this system's
    deletes are taken back. Returns the golden ids of which something is due now.
    """
    if not native_ids or not emap.minds_deletes(system):
        return set()
    links = uow.links(system, emap.entity, native_ids).values()
    mine = [link for link in links if link.linked_by != UNDONE]  # the record of a run that is undone: nobody's delete
    by_golden = {link.golden_id: link for link in mine if link.state == "linked" and link.golden_id}
    scene = Scene(uow, emap, list(by_golden), creates=False)
    burial = _Burial(run, scene, system)
    for golden in [golden for golden in scene.goldens.values() if golden.alive]:
        burial.settle(golden, by_golden[golden.id])
    uow.save_links(burial.links, run.now)
    uow.save_conflicts(burial.conflicts)
    uow.save_goldens(burial.dead, run.now)
    uow.add_history(burial.history)
    return burial.touched


class _Burial:
    """The records of one system that users deleted there, one after the other."""

    def __init__(self, run: Run, scene: Scene, system: str) -> None:
        self.run, self.scene, self.system = run, scene, system
        self.touched: set[str] = set()
        self.dead: list[Golden] = []
        self.links: list[Link] = []
        self.conflicts: list[Conflict] = []
        self.history: list[HistoryRow] = []

    def settle(self, golden: Golden, link: Link) -> None:
        """One record, by the rule that its system's `deletes` comes to."""
        run, emap, system = self.run, self.scene.emap, self.system
        due = self.scene.due(system, golden)
        owed = due if due is not None and due.values else None
        fate = judge_delete(emap.deletes[system], owed=owed is not None)
        deleted = Proposal(system, DELETED, run.now)
        if owed is not None:
            units = emap.units_with(emap.keys_in(golden.values))
            self.conflicts.append(beaten(run, golden, deleted, editor(golden, units, system, owed, EDITED), fate.rule))
        if fate.dies:
            self._die(golden)
        elif fate.rule == "restore":
            self.history.append(_turned(run, golden, DELETED, RESTORE, system, "restore"))
        if fate.again:
            self.links.append(made_again(link))
            self.touched.add(golden.id)

    def _die(self, golden: Golden) -> None:
        run, system = self.run, self.system
        why = {**golden.provenance, RECORD: Provenance(system, run.now, DELETED)}
        self.dead.append(replace(golden, rev=golden.rev + 1, alive=False, provenance=why))
        self.history.append(_turned(run, golden, EDITED, DELETED, system, "deleted"))
        self.touched.add(golden.id)
        for other in sorted(self.scene.emap.followers - {system}):
            link, shadow = self.scene.links.get((other, golden.id)), self.scene.shadows.get((other, golden.id))
            if link is not None and link.state == "linked" and shadow is not None:
                marked = archiving(self.scene.emap.deletes[other], link, shadow, f"deleted in {system}: archived here")
                self.links.extend([marked] if marked else ())


@dataclass(frozen=True, slots=True)
class Turn:
    """A dead golden record that somebody edited: as it is now, and what is to be noted of it."""

    golden: Golden
    conflict: Conflict | None
    history: tuple[HistoryRow, ...] = ()
    links: tuple[Link, ...] = ()


def revived(run: Run, scene: Scene, golden: Golden, system: str, *, put_back: bool) -> Turn:
    """A record that was deleted elsewhere was edited in this system, or set active again: it lives on.

    Unless the mapping says of the system in which it was deleted that its deletes beat edits. A record that was put
    back, or is made anew (`put_back`), lives in any case. Where the delete has not been carried out everywhere yet, the
    records that went because of it are made again. scene: the dead golden records as they are stored.
    """
    emap = scene.emap
    gone = golden.provenance.get(RECORD, Provenance("", None, DELETED))
    deleted, edited = Proposal(gone.system, DELETED, gone.at), Proposal(system, EDITED, run.now)
    deletes = emap.deletes.get(gone.system)
    if not put_back and deletes is not None and deletes.here == "beat edits":
        contested = system in emap.followers  # elsewhere the record goes its own way, and nobody takes the edit from it
        return Turn(golden, beaten(run, golden, deleted, edited, DELETE_BEATS) if contested else None)
    dead = scene.goldens.get(golden.id)
    due = [scene.due(other, dead) for other in sorted(emap.followers)] if dead is not None and not dead.alive else []
    unsettled = any(one is not None and one.gone for one in due)
    of_it = [link for (_, golden_id), link in scene.links.items() if golden_id == golden.id]
    links = tuple(to_restore(emap, of_it)) if unsettled else ()
    why = {unit: one for unit, one in golden.provenance.items() if unit != RECORD}
    living = replace(golden, rev=golden.rev + 1, alive=True, provenance=why)
    history = _turned(run, golden, DELETED, EDITED, system, EDIT_BEATS)
    return Turn(living, beaten(run, golden, deleted, edited, EDIT_BEATS), (history,), links)


def kept(run: Run, golden: Golden, link: Link) -> tuple[Link, Conflict]:
    """A record that was to go because the run that made it is undone was edited in this system: it stays."""
    deleted, edited = Proposal("", DELETED, run.now), Proposal(link.system, EDITED, run.now)
    staying = replace(link, linked_by="created", reason="edited before it was undone")
    return staying, beaten(run, golden, deleted, edited, EDIT_BEATS)


def beaten(run: Run, golden: Golden, deleted: Proposal, edited: Proposal, rule: str) -> Conflict:
    """The row of the journal that says who deleted a record and who edited it, and which of the two stands."""
    return Conflict(
        id=run.runtime.new_id(),
        entity=golden.entity,
        golden_id=golden.id,
        unit=RECORD,
        state="settled",
        rule=rule,
        winner=deleted.system if rule == DELETE_BEATS else edited.system,
        base=None,
        proposals=(deleted, edited),
        at=run.now,
        run=run.id,
    )


def _turned(run: Run, golden: Golden, old: str, new: str, system: str, rule: str) -> HistoryRow:
    return HistoryRow(golden.entity, golden.id, RECORD, old, new, system, run.now, rule, run.id)
