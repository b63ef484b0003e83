"""Absorb: records as one system shows them now, linked and merged. Used by reading, read-backs and look-ups alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bridge.engine.identify import Identities
from bridge.engine.loops import break_loops
from bridge.engine.merge.form import Form, RefBook
from bridge.engine.merge.observe import Outcome, observe
from bridge.engine.merge.sighting import Sighting
from bridge.engine.news import by_our_clock, fingerprint
from bridge.engine.plan.deletes import is_archived, set_active
from bridge.engine.plan.identity import matching_units
from bridge.engine.plan.marks import ARCHIVED, RESTORED, UNDONE
from bridge.engine.refbook import look_up
from bridge.engine.revival import refer_again
from bridge.engine.runtime import Run
from bridge.engine.tombstones import kept, revived
from bridge.engine.work import Known, Scene
from bridge.engine.writes import written as note
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import MappingError
from bridge.ports.records import NativeRecord
from bridge.ports.storage import Settlement, UnitOfWork
from bridge.ports.values import value
from bridge.ports.work import AGAIN, Conflict, Golden, HistoryRow, Intent, Link, OutboxEntry, Shadow


@value(frozen=True, slots=True)
class Written:
    """A write of bridge's own that a record is the outcome of.

    answered: the system acknowledged it. booked: whether its movement was found, where the system was asked for it.
    edited: as in `bridge.ports.records.WriteResult`.
    """

    golden_id: str
    intent: Intent
    answered: bool
    booked: bool | None = None
    edited: frozenset[str] = frozenset()


@dataclass(slots=True)
class Absorbed:
    """What became of a page: golden ids whose state may have made work, and the ids of records linked just now.

    known: what was saved of the page.
    """

    touched: set[str] = field(default_factory=set)
    linked: list[str] = field(default_factory=list)
    known: Known = field(default_factory=Known)


def absorb(
    run: Run,
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    records: Sequence[NativeRecord],
    written: Mapping[str, Written] | None = None,
    leaving: Collection[str] = (),
) -> Absorbed:
    """Take in one page of records; everything is saved in the caller's transaction.

    written: native id -> the write of bridge's own that it is the outcome of. leaving: native ids that were deleted
    just now, and are to be made again.
    """
    written = written or {}
    result = Absorbed()
    records = by_our_clock(records, run.runtime.adapters[system].clock_skew)
    tally = run.report.of(system, emap.entity)
    prints = {record.native_id: fingerprint(record, emap.digest) for record in records}
    known = uow.fingerprints(system, emap.entity, list(prints))
    news = [r for r in records if r.native_id in written or known.get(r.native_id) != prints[r.native_id]]
    tally.unchanged += len(records) - len(news)
    if not news:
        return result
    news = list({record.native_id: record for record in news}.values())  # a page may bring a record twice: the last
    page = _Page(run, uow, emap, system, news, prints, leaving)
    page.link(written, result)
    page.merge(written, result)
    page.save(result)
    refer_again(run, uow, emap, system, [page.links[native_id] for native_id in result.linked])
    return result


class _Page:
    """The records of one page with all that is known of them, fetched in a few statements."""

    def __init__(
        self,
        run: Run,
        uow: UnitOfWork,
        emap: EntityMap,
        system: str,
        records: Sequence[NativeRecord],
        prints: Mapping[str, str],
        leaving: Collection[str],
    ) -> None:
        self.leaving = leaving
        self.run, self.uow, self.emap, self.system, self.prints = run, uow, emap, system, prints
        self.records = {record.native_id: record for record in records}
        self.tally = run.report.of(system, emap.entity)
        ids = list(self.records)
        self.links: dict[str, Link] = uow.links(system, emap.entity, ids)
        self.shadows: dict[str, Shadow] = uow.shadows(system, emap.entity, ids)
        self.goldens: dict[str, Golden] = {}
        self.new_links: list[Link] = []
        self.conflicts: list[Conflict] = []
        self.history: list[HistoryRow] = []
        self.changed_goldens: set[str] = set()
        self.found_otherwise: set[str] = set()  # of these, those that match rules find by other words than before
        self.matching = [unit.name for unit in matching_units(emap)]
        self.known_conflicts: set[str] = set()
        self.new_shadows: list[Shadow] = []
        self.alone: set[str] = set()
        self.graves: Scene | None = None  # the dead golden records of the page, once one of them is edited

    def link(self, written: Mapping[str, Written], result: Absorbed) -> None:
        """Decide of every record which golden record it is; none for those that a person has to look at."""
        identities = Identities(self.run, self.uow, self.emap, self.system)
        before = set(self.links)
        golden_ids = {native_id: write.golden_id for native_id, write in written.items()}
        self.new_links = identities.resolve(list(self.records.values()), self.links, golden_ids, self.prints)
        for link in self.new_links:
            was = self.links.get(link.native_id)
            self.links[link.native_id] = link
            if was is not None and was.state == "review":  # what else it might have been is not waited with any more
                result.touched.update(set(was.candidates) - set(link.candidates))
            if link.state == "linked" and (was is None or was.state != "linked"):
                result.linked.append(link.native_id)
                if link.linked_by != "created":
                    self.tally.linked += link.linked_by != "new"
            elif link.state == "review" and link.native_id not in before:
                self.tally.review += 1
                self.tally.news += 1  # one that is linked counts when it is merged
        self.new_links += [
            replace(link, fingerprint="", since=None)  # it is looked at now
            for link in self.links.values()
            if link.state == "linked" and link.fingerprint == AGAIN
        ]
        self.goldens = identities.goldens

    def merge(self, written: Mapping[str, Written], result: Absorbed) -> None:
        """Observe every linked record."""
        linked = [
            (record, link.golden_id)
            for native_id, record in self.records.items()
            if (link := self.links.get(native_id)) and link.state == "linked" and link.golden_id
        ]
        golden_ids = [golden_id for _, golden_id in linked]
        missing = [golden_id for golden_id in golden_ids if golden_id not in self.goldens]
        self.goldens.update(self.uow.goldens(self.emap.entity, missing))
        held = self.uow.held_conflicts(self.emap.entity, golden_ids)
        self.known_conflicts = {conflict.id for conflict in held.values()}
        held_of: dict[str, dict[str, Conflict]] = defaultdict(dict)
        for (of, unit), conflict in held.items():
            held_of[of][unit] = conflict
        entries = self.uow.open_entries(self.system, self.emap.entity, golden_ids)
        form = Form(self.emap, self.system, self._refs())
        around = self.run.around(self.emap)
        able = self.run.runtime.adapters[self.system].capabilities(self.emap.spec(self.system))
        seen: list[tuple[Outcome, Golden]] = []
        for record, golden_id in linked:
            golden = self.goldens.get(golden_id) or Golden(self.emap.entity, golden_id, 0, {}, {})
            mine = held_of.get(golden_id, {})
            shadow, print_ = self.shadows.get(record.native_id), self.prints[record.native_id]
            sighting = Sighting(
                record, golden, shadow, print_, held=mine, apart=able.written_apart, along=able.written_along
            )
            write = written.get(record.native_id)
            entry = entries.get(golden_id)
            if write is not None:
                sighting = replace(
                    sighting, intent=write.intent, answered=write.answered, booked=write.booked, edited=write.edited
                )
            elif entry is not None and entry.intent is not None and entry.intent.reference:
                continue  # whether the movement was booked has to be asked for first; the look-up brings the record
            elif entry is not None and entry.intent is not None:
                sighting = replace(sighting, intent=entry.intent)
                self._resolve(entry)
                place = (self.system, self.emap.entity, golden_id)
                self.uow.add_writes(note(self.run, place, entry.intent, record, sure=False))
            seen.append((observe(form, sighting, around), golden))
        for outcome, golden in break_loops(self.run, self.uow, self.emap, self.system, seen):
            self._keep(outcome, golden, result)

    def _resolve(self, entry: OutboxEntry) -> None:
        """A write in doubt is settled by the observation: what is still due gets a new entry."""
        self.uow.settle([Settlement(entry, None)])

    def _refs(self) -> RefBook:
        refs = look_up(
            self.uow,
            self.emap,
            system=self.system,
            records=self.records.values(),
            bases=[shadow.values for shadow in self.shadows.values()],
            goldens=self.goldens.values(),
            leaving=self.leaving,
        )
        if not self.emap.record_units:
            return refs
        golden_of, native_of = dict(refs.golden_of), dict(refs.native_of)
        for link in self.new_links:  # a parent on the same page as its child
            if link.state == "linked" and link.golden_id:
                golden_of[self.system, self.emap.entity, link.native_id] = link.golden_id
                native_of[self.system, self.emap.entity, link.golden_id] = link.native_id
        return RefBook(golden_of, native_of, refs.lost)

    def _keep(self, outcome: Outcome, before: Golden, result: Absorbed) -> None:
        golden = outcome.golden
        link = self.links[outcome.shadow.native_id]
        if not golden.alive:
            golden = self._turned(outcome, golden, put_back=self._came_back(link, result))
        link = self._no_longer_archived(outcome, golden, link)
        if link.linked_by == UNDONE and outcome.moved:
            self.links[link.native_id], conflict = kept(self.run, golden, link)
            self.new_links.append(self.links[link.native_id])
            self.conflicts.append(conflict)
        if self._concerns_no_other(outcome.shadow, golden, before):
            self.alone.add(golden.id)
        if golden is not before:
            self.goldens[golden.id] = golden
            self.changed_goldens.add(golden.id)
            if not before.rev or any(before.values.get(name) != golden.values.get(name) for name in self.matching):
                self.found_otherwise.add(golden.id)
        self.new_shadows.append(outcome.shadow)
        self.conflicts.extend(outcome.conflicts)
        self.history.extend(outcome.history)
        fresh = [conflict for conflict in outcome.conflicts if conflict.id not in self.known_conflicts]
        self.tally.conflicts += len(fresh)
        self.tally.held += sum(conflict.state == "held" for conflict in fresh)
        self.tally.waiting += outcome.shadow.waiting_for is not None
        self.tally.news += bool(outcome.moved)
        for problem in outcome.problems:
            error = MappingError(f"{problem.path}: {problem.message}")
            self.run.report.trouble(error, self.system, self.emap.entity, golden.id)
        result.touched.add(golden.id)

    def _concerns_no_other(self, shadow: Shadow, golden: Golden, before: Golden) -> bool:
        """Whether no other system can lack anything else than before: nothing moved, and nothing waits, or waited, for
        another record, or for a word that can be read."""
        was = self.shadows.get(shadow.native_id)
        clear = not (shadow.stopped or shadow.waiting_for or (was and (was.stopped or was.waiting_for)))
        still = golden.alive and golden.rev == before.rev > 0
        return clear and still and self.links[shadow.native_id].state == "linked"

    def _came_back(self, link: Link, result: Absorbed) -> bool:
        """Whether the record was put back by a user, or is a new one for somebody who was deleted."""
        return link.native_id in result.linked and link.linked_by != "created"

    def _turned(self, outcome: Outcome, golden: Golden, *, put_back: bool) -> Golden:
        """A dead golden record of which a system shows something new: perhaps it lives on."""
        deletes, before = self.emap.deletes[self.system], self.shadows.get(outcome.shadow.native_id)
        active = before is not None and set_active(deletes, before.values, outcome.shadow.values)
        if not (outcome.moved or put_back or active):
            return golden
        if self.graves is None:
            dead = sorted(golden_id for golden_id, one in self.goldens.items() if not one.alive)
            self.graves = Scene(self.uow, self.emap, dead, creates=False)
        turn = revived(self.run, self.graves, golden, self.system, put_back=put_back)
        self.history.extend(turn.history)
        self.conflicts.extend([turn.conflict] if turn.conflict else ())
        self.new_links.extend(turn.links)
        return turn.golden

    def _no_longer_archived(self, outcome: Outcome, golden: Golden, link: Link) -> Link:
        """A living record that bridge had archived and that is active by now, or that somebody archives for himself."""
        if link.linked_by != ARCHIVED or not golden.alive:
            return link
        deletes, before = self.emap.deletes[self.system], self.shadows.get(link.native_id)
        now = is_archived(deletes, outcome.shadow.values)
        if now and (outcome.applied is not None or (before is not None and is_archived(deletes, before.values))):
            return link
        self.links[link.native_id] = replace(link, linked_by=RESTORED, reason="", values={}, fingerprint="")
        self.new_links.append(self.links[link.native_id])
        return self.links[link.native_id]

    def save(self, result: Absorbed) -> None:
        """Write everything back: one statement a table."""
        uow, now = self.uow, self.run.now
        changed = [self.goldens[golden_id] for golden_id in sorted(self.changed_goldens)]
        uow.save_goldens(changed, now)
        uow.save_links(self.new_links, now)
        uow.save_shadows(self.new_shadows)
        uow.save_conflicts(self.conflicts)
        uow.add_history(self.history)
        if self.found_otherwise:
            found = [self.goldens[golden_id] for golden_id in sorted(self.found_otherwise)]
            uow.save_match_keys(self.emap.entity, Identities.keys_of(self.emap, found))
        goldens = {golden.id: golden for golden in self.goldens.values() if golden.rev}
        shadows = {shadow.golden_id: shadow for shadow in self.new_shadows if shadow.golden_id in goldens}
        links = {one: self.links[shadow.native_id] for one, shadow in shadows.items()}
        result.known = Known(goldens, self.system, shadows, links, self.alone)
