"""Work: from golden records and shadows to outbox entries. Level-triggered: it can be derived again at any time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Mapping, Sequence
from dataclasses import field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Final, TypeVar

from bridge.engine.merge.form import Form
from bridge.engine.plan.deletes import due_gone, due_living
from bridge.engine.plan.due import Due, due_create, due_update
from bridge.engine.plan.marks import RESTORE, UNDONE
from bridge.engine.refbook import look_up
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.storage import UnitOfWork
from bridge.ports.values import value
from bridge.ports.work import Golden, Link, Shadow


@value(frozen=True, slots=True)
class Known:
    """What a transaction has read or saved of golden records, and need not load.

    goldens: id -> the golden record. system: the one that was looked at. shadows, links: golden id -> what that system
    shows, and by which record. alone: ids of golden records that did not move: only this system may lack something
    else than before.
    """

    goldens: Mapping[str, Golden] = field(default_factory=dict)
    system: str = ""
    shadows: Mapping[str, Shadow] = field(default_factory=dict)
    links: Mapping[str, Link] = field(default_factory=dict)
    alone: Collection[str] = ()

    def but(self, golden_ids: Collection[str]) -> Known:
        """Without those that something else was done to since."""
        if not golden_ids:
            return self
        kept = {one: golden for one, golden in self.goldens.items() if one not in golden_ids}
        return Known(kept, self.system, _among(self.shadows, kept), _among(self.links, kept), {*self.alone} & {*kept})


_NOTHING: Final = Known()
_T = TypeVar("_T")


def _among(found: Mapping[str, _T], ids: Container[str]) -> dict[str, _T]:
    return {one: value for one, value in found.items() if one in ids}


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
    known: Known = _NOTHING,
    only: str | None = None,
) -> None:
    """Note for every system what it lacks of these golden records; take back what it does not lack any more.

    Before the first full read of an entity is over in every system nothing is due; before that of a system added
    later nothing is created anywhere (no create before everything there is has been matched).

    arming: the pass that comes right after these reads.
    leave: (system, golden id) that are being written right now.
    anew: whether something was seen that may let a write succeed which was refused; not after writes of bridge's own.
    only: the one system of which it is noted: a migration into it, whose both sides have been read and matched.
    """
    ids = set(golden_ids)
    armed = ",".join(emap.systems) if arming or only else uow.flag(armed_flag(emap.entity))
    if not armed or not ids:
        return
    creates = armed == ",".join(emap.systems)
    # Rows are apart: what cannot be read of them in one system concerns the others.
    alone = ids.intersection(known.alone) if only is None and not emap.tables else set[str]()
    for part, system in ((alone, known.system), (ids - alone, only)):
        if part:
            scene = Scene(uow, emap, sorted(part), creates=creates, known=known, only=system)
            _note(run, uow, emap, scene, emap.systems if system is None else (system,), leave=leave, anew=anew)


def enqueue_all(run: Run, uow: UnitOfWork, touched: Mapping[str, Collection[str]]) -> None:
    """As `enqueue_due`, for golden records of several entities: those that were merged, and who refers to them."""
    for entity, golden_ids in touched.items():
        enqueue_due(run, uow, run.runtime.maps[entity], golden_ids)


def _note(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    scene: Scene,
    systems: Iterable[str],
    *,
    leave: Collection[tuple[str, str]],
    anew: bool,
) -> None:
    now = run.now
    for system in systems:
        late: list[tuple[str, str, int]] = []
        settled: list[tuple[str, str]] = []
        ready: list[str] = []
        made = [golden.id for golden in scene.goldens.values() if scene.makes(system, golden)]
        noted = uow.queued(system, emap.entity, made) if made else {}
        fresh = {golden_id for golden_id in made if golden_id not in noted}
        for golden in scene.goldens.values():
            if (system, golden.id) in leave:
                continue
            if golden.id in fresh:  # what it is made of is worked out when it is made
                late.append((system, golden.id, golden.rev))
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


def wake_behind(run: Run, uow: UnitOfWork, entity: str, system: str) -> None:
    """Records of `entity` were linked or written in a system: what waits there for one of them may go."""
    for other in run.runtime.maps.values():
        if entity in other.depends_on and system in other.systems:
            uow.wake(system, other.entity)


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
        known: Known = _NOTHING,
        only: str | None = None,
    ) -> None:
        """only: the one system of which it will be asked what is due. Asked while the transaction is open."""
        self.emap = emap
        self.left = left or {}
        self.creates = creates
        self._uow, self._ids = uow, golden_ids
        found = uow.goldens(emap.entity, [one for one in golden_ids if one not in known.goldens])
        both = {**known.goldens, **found}
        # In the order asked for, which they are written in: each database gives them in an order of its own.
        self.goldens: dict[str, Golden] = {one: both[one] for one in golden_ids if one in both}
        self.shadows: dict[tuple[str, str], Shadow] = {}
        self.links: dict[tuple[str, str], Link] = {}
        self.waiting: set[str] = set()
        self._unread: dict[str, set[str]] = defaultdict(set)
        if only is None:
            self._load(uow, golden_ids, known)
        else:
            self._load_one(uow, golden_ids, only, known)
        refs = look_up(uow, emap, goldens=self.goldens.values())
        self.forms = {system: Form(emap, system, refs) for system in emap.systems}

    def _load(self, uow: UnitOfWork, golden_ids: Sequence[str], known: Known) -> None:
        """What every system shows, as far as it is not known."""
        entity, others = self.emap.entity, [system for system in self.emap.systems if system != known.system]
        half = [one for one in golden_ids if one in known.shadows and one in known.links]
        unknown = [one for one in golden_ids if not (one in known.shadows and one in known.links)]
        shadows = [known.shadows[one] for one in half]
        links = [known.links[one] for one in half]
        if half:
            shadows += uow.shadows_of(entity, half, others)
            links += uow.links_of(entity, half, others)
        if unknown:
            shadows += uow.shadows_of(entity, unknown)
            links += uow.links_of(entity, unknown)
        self._keep(shadows, links)

    def _load_one(self, uow: UnitOfWork, golden_ids: Sequence[str], system: str, known: Known) -> None:
        """What one system shows; of the others only where it matters what waits there, or cannot be read: for records
        that are to be made, and for those with rows."""
        entity, others = self.emap.entity, [one for one in self.emap.systems if one != system]
        at_hand = known.shadows.keys() & known.links.keys() if known.system == system else set[str]()
        half = [one for one in golden_ids if one in at_hand]
        unknown = [one for one in golden_ids if one not in at_hand]
        links, shadows = [known.links[one] for one in half], [known.shadows[one] for one in half]
        if unknown:
            links += uow.links_of(entity, unknown, [system])
            shadows += uow.shadows_of(entity, unknown, [system])
        linked = set[str]() if self.emap.tables else {str(x.golden_id) for x in links if x.state == "linked"}
        unmade = [one for one in golden_ids if one not in linked]
        if unmade:
            shadows += uow.shadows_of(entity, unmade, others)
        self._keep(shadows, links)

    def _keep(self, shadows: Iterable[Shadow], links: Iterable[Link]) -> None:
        for shadow in shadows:
            self.shadows[shadow.system, shadow.golden_id] = shadow
            if shadow.waiting_for is not None:
                self.waiting.add(shadow.golden_id)
            if shadow.stopped:
                self._unread[shadow.golden_id].update(shadow.stopped)
        for link in sorted(links, key=_standing):
            if link.golden_id:  # the linked one, or else the one that went last
                self.links[link.system, link.golden_id] = link

    @cached_property
    def reviewed(self) -> set[tuple[str, str]]:
        """(system, golden id) for which a person has to say first whether a record of that system is this one."""
        return self._uow.reviewed(self.emap.entity, self._ids)

    def makes(self, system: str, golden: Golden) -> bool:
        """Whether the system lacks the record as a whole, and something is known to make it of."""
        if (system, golden.id) in self.links or not self._may_make(system, golden):
            return False
        taken = (unit.name for unit in self.emap.taken(system) if not unit.moves)  # a status is told afterwards
        return any(golden.values.get(name) is not None and name not in golden.held for name in taken)

    def _may_make(self, system: str, golden: Golden) -> bool:
        """What it refers to, or what it may be itself, has to be known first."""
        ready = self.creates and golden.alive and golden.id not in self.waiting
        return ready and (system, golden.id) not in self.reviewed

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
        if (link is not None and not again) or not self._may_make(system, golden):
            return None
        left = self.left.get((system, self.emap.entity, golden.id), ())
        due = due_create(form, golden, left, unread)
        due = replace(due, why="restore") if again else due
        return due if any(system in unit.writes for unit in self.emap.units) else None


def _standing(link: Link) -> tuple[bool, datetime]:
    """Sorts the links of one record in one system: the linked one last, before it those that went, oldest first."""
    return link.state == "linked", link.since or BEFORE
