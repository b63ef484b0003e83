"""Work: from golden records and shadows to outbox entries. Level-triggered: it can be derived again at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from bridge.engine.merge.form import Form
from bridge.engine.plan.deletes import due_gone, due_living
from bridge.engine.plan.due import Due, due_create, due_update
from bridge.engine.plan.marks import RESTORE, UNDONE
from bridge.engine.refbook import look_up
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden, Link, Shadow

_NONE: Final[Mapping[str, Golden]] = {}


def armed_flag(entity: str) -> str:
    """The flag that names the systems whose first full read has been matched."""
    return f"armed:{entity}"


def enqueue_due(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    golden_ids: Iterable[str],
    *,
    arming: bool = False,
    leave: Collection[tuple[str, str]] = (),
    anew: bool = True,
    known: Mapping[str, Golden] = _NONE,
    only: str | None = None,
) -> None:
    """Note for every system what it lacks of these golden records; take back what it does not lack any more.

    Before the first full read of an entity is over in every system nothing is due; before that of a system added
    later nothing is created anywhere (no create before everything there is has been matched).

    arming: the pass that comes right after these reads.
    leave: (system, golden id) that are being written right now.
    anew: whether something was seen that may let a write succeed which was refused; not after writes of bridge's own.
    known: golden records as they stand in this transaction, which need not be loaded.
    only: the one system of which it is noted: a migration into it, whose both sides have been read and matched.
    """
    armed = ",".join(emap.systems) if arming or only else uow.flag(armed_flag(emap.entity))
    if not armed:
        return
    scene = Scene(uow, emap, sorted(set(golden_ids)), creates=armed == ",".join(emap.systems), known=known)
    now = run.now
    for system in emap.systems if only is None else (only,):
        late: list[tuple[str, str, int]] = []
        settled: list[tuple[str, str]] = []
        ready: list[str] = []
        for golden in scene.goldens.values():
            if (system, golden.id) in leave:
                continue
            due = scene.due(system, golden)
            if due is None or due.nothing:
                settled.append((system, golden.id))
            else:
                late.append((system, golden.id, golden.rev))
                if due.delete or (due.values and not due.blocked):
                    ready.append(golden.id)
        uow.unqueue(emap.entity, settled)
        run.report.of(system, emap.entity).enqueued += uow.enqueue(emap.entity, late, now, anew=anew)
        if ready:  # what waits for another record must not keep the rest of its fields waiting
            uow.wake(system, emap.entity, ready)


BEFORE = datetime.min.replace(tzinfo=UTC)
"""Earlier than anything that is stamped."""


class Scene:
    """Golden records with their links and shadows in every system, loaded in a few statements."""

    def __init__(
        self,
        uow: UnitOfWork,
        emap: EntityMap,
        golden_ids: list[str],
        *,
        creates: bool,
        left: Mapping[tuple[str, str, str], Collection[str]] | None = None,
        known: Mapping[str, Golden] = _NONE,
    ) -> None:
        self.emap = emap
        self.left = left or {}
        self.creates = creates
        self.goldens: dict[str, Golden] = {one: known[one] for one in golden_ids if one in known}
        self.goldens |= uow.goldens(emap.entity, [one for one in golden_ids if one not in known])
        self.shadows: dict[tuple[str, str], Shadow] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.waiting: set[str] = set()
        self._unread: dict[str, set[str]] = defaultdict(set)
        for shadow in uow.shadows_of(emap.entity, golden_ids):
            self.shadows[shadow.system, shadow.golden_id] = shadow
            if shadow.waiting_for is not None:
                self.waiting.add(shadow.golden_id)
            if shadow.stopped:
                self._unread[shadow.golden_id].update(shadow.stopped)
        for link in sorted(uow.links_of(emap.entity, golden_ids), key=_standing):
            if link.golden_id:  # the linked one, or else the one that went last
                self.links[link.system, link.golden_id] = link
        self.keys = uow.keys_in_systems(emap.entity, golden_ids)
        self.reviewed = uow.reviewed(emap.entity, golden_ids)
        refs = look_up(uow, emap, goldens=self.goldens.values())
        self.forms = {system: Form(emap, system, refs) for system in emap.systems}

    def due(self, system: str, golden: Golden) -> Due | None:
        """What this system lacks of this record; None where it shall not have it at all."""
        link = self.links.get((system, golden.id))
        shadow = self.shadows.get((system, golden.id))
        form, unread = self.forms[system], self._unread.get(golden.id, ())
        if link is not None and link.linked_by == UNDONE and link.state == "linked" and shadow is not None:
            return Due({}, why="delete")  # made by a run that is undone
        if link is not None and link.state == "linked":
            if shadow is None:
                return None
            if not golden.alive:
                return due_gone(self.emap.deletes[system], shadow)
            return due_living(form, golden, link, shadow, due_update(form, golden, shadow, unread))
        again = link is not None and link.state == "gone" and link.linked_by == RESTORE
        if not golden.alive or (link is not None and not again):
            return None
        if not self.creates or (system, golden.id) in self.reviewed or golden.id in self.waiting:
            return None  # what it refers to, or what it may be itself, has to be known first
        left = self.left.get((system, self.emap.entity, golden.id), ())
        due = due_create(form, golden, left, unread)
        due = replace(due, why="restore") if again else due
        return due if any(system in unit.writes for unit in self.emap.units) else None


def _standing(link: Link) -> tuple[bool, datetime]:
    """Sorts the links of one record in one system: the linked one last, before it those that went, oldest first."""
    return link.state == "linked", link.since or BEFORE
