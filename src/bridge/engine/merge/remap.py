"""Remap: what a record is under a mapping that says something else of some fields, from what is known already.

Shadows hold what every system shows in its own form, so a changed line is nobody's edit: the system whose word the
golden value is, is read again. Only the fields of changed lines take part.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Final

from bridge.engine.merge.dispute import dispute, meet
from bridge.engine.merge.draft import Circumstances, Draft, finished, second, take
from bridge.engine.merge.form import Form, complete, same
from bridge.engine.merge.policy import unite
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import FieldProblem, Policy, Unit
from bridge.ports.records import split_row_path
from bridge.ports.work import Canonical, Conflict, Golden, HistoryRow, Proposal, Provenance, Shadow

REMAPPED: Final = "mapping"
"""The rule of a value that came about because a line of the mapping was changed."""


@dataclass(frozen=True, slots=True)
class Remapped:
    """One golden record under the new mapping. shadows: those that changed. problems: (system, what is
    said there and means nothing under the new mapping)."""

    golden: Golden
    shadows: tuple[Shadow, ...]
    conflicts: tuple[Conflict, ...]
    history: tuple[HistoryRow, ...]
    problems: tuple[tuple[str, FieldProblem], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A golden record with what its systems show. held: unit -> its open conflict. under_way: whether a write of it is
    still to be made somewhere."""

    golden: Golden
    shadows: Mapping[str, Shadow]
    held: Mapping[str, Conflict]
    under_way: bool = False


def template(name: str) -> str:
    """The line of the mapping that a unit comes from: "lines[].quantity" for that cell of any row."""
    cell = split_row_path(name)
    return f"{cell[0]}[].{cell[2]}" if cell else name


def concerned(emap: EntityMap, golden: Golden, changed: Collection[str]) -> list[Unit]:
    """The units of a record whose lines were changed, as far as they can be told from what is known."""
    units = emap.units_with(emap.keys_in(golden.values)) if golden.values else emap.units
    plain = [unit for unit in units if unit.kind != "rows" and not unit.control and not unit.computed]
    return [unit for unit in plain if template(unit.name) in changed]


def meet_elsewhere(
    form: Form, unit: Unit, proposal: Proposal, known: bool, draft: Draft, around: Circumstances
) -> None:
    """The first word of a system on a unit. known: the record was seen before, so that the mapping is what is new.

    Where the golden value is this system's own word and nobody else's, its mapping reads it from another field now.
    """
    said = draft.provenance.get(unit.name)
    own = said is not None and said.system == form.system and not said.proposals and not split_row_path(unit.name)
    if known and own and proposal.value is not None:
        take(unit, proposal, REMAPPED, draft, around)
    else:
        meet(form, unit, proposal, draft, around)


def remap_record(
    forms: Mapping[str, Form], known: Known, changed: Mapping[str, tuple[str, ...]], around: Circumstances
) -> Remapped:
    """Give the fields of changed lines the meaning that they have now. changed: unit -> systems where it differs."""
    golden = known.golden
    draft = Draft.of(golden)
    emap = next(iter(forms.values())).emap
    stopped = {system: set(shadow.stopped) for system, shadow in known.shadows.items()}
    problems: list[tuple[str, FieldProblem]] = []
    for unit in concerned(emap, golden, changed):
        words: dict[str, Canonical] = {}
        fresh: set[str] = set()
        for system in [one for one in emap.systems if one in unit.reads and one in known.shadows]:
            paths, shadow = unit.paths(system), known.shadows[system]
            if not paths or not all(path in shadow.values for path in paths):
                continue  # not read yet: it comes with the reading, and meets the golden value there
            reading = forms[system].read({path: shadow.values[path] for path in paths})
            if unit.name in reading.unresolved:
                continue
            if unit.name not in reading.values:
                stopped[system].add(unit.name)
                problems += [(system, problem) for problem in reading.problems if problem.unit == unit.name]
                continue
            if unit.name in stopped[system] and shadow.waiting_for is None:
                stopped[system].discard(unit.name)
                fresh.add(system)
            word = reading.values[unit.name]
            words[system] = complete(unit, word, golden.values.get(unit.name), unit.members_in(system))
        if unit.name not in draft.provenance:  # what a system filled in by itself is nobody's word
            lines, known_by = changed[template(unit.name)], known.shadows
            words = {s: word for s, word in words.items() if s in lines and not _filled_in(unit, known_by[s])}
        _decide(forms, unit, words, fresh, known, draft, around)
    shadows = [
        replace(shadow, stopped=tuple(sorted(stopped[system])))
        for system, shadow in known.shadows.items()
        if stopped[system] != set(shadow.stopped)
    ]
    after = finished(draft)
    return Remapped(after, tuple(shadows), tuple(draft.conflicts), tuple(draft.history), tuple(problems))


def _filled_in(unit: Unit, shadow: Shadow) -> bool:
    return any(path in shadow.echo for path in unit.paths(shadow.system))


def _decide(
    forms: Mapping[str, Form],
    unit: Unit,
    words: Mapping[str, Canonical],
    fresh: Collection[str],
    known: Known,
    draft: Draft,
    around: Circumstances,
) -> None:
    """One unit, from what every system says under the new mapping. fresh: those that could not be read before."""
    if unit.name in draft.held:
        _rehear(unit, words, known.held.get(unit.name), draft, around)
        return
    said = draft.provenance.get(unit.name)
    if said is None:
        for system, word in words.items():
            proposal = Proposal(system, word, known.shadows[system].modified)
            if word is not None and same(unit, word, draft.values.get(unit.name), unit.members_in(system)):
                second(unit, proposal, draft)
            else:
                meet(forms[system], unit, proposal, draft, around)
        return
    agreed = draft.values.get(unit.name)
    if unit.policy.kind == "union":
        if not known.under_way:  # else a tag that was taken out somewhere would come back
            _unite(unit, words, said, draft, around)
        return
    authors = _authors(unit, words, said, agreed, fresh)
    at = {one.system: one.at for one in said.proposals} | {said.system: said.at}
    spoken = [Proposal(one, words[one], at.get(one, known.shadows[one].modified)) for one in authors]
    spoken = [one for one in spoken if one.value is not None or unit.empty != "keeps"]
    if not spoken or all(same(unit, one.value, agreed, unit.members_in(one.system)) for one in spoken):
        return
    first, *others = spoken
    if all(same(unit, one.value, first.value, unit.members_in(one.system)) for one in others):
        take(unit, first, REMAPPED, draft, around)
        said_by = Provenance(first.system, first.at, REMAPPED, tuple(spoken) if others else ())
        draft.provenance.tell(unit.name, said_by)
        return
    draft.provenance.tell(unit.name, replace(said, proposals=tuple(spoken[:-1])))
    policy: Policy | None = unit.policy
    if not fresh and unit.policy.kind in (
        "newest",
        "sum",
        "owner",
    ):  # nobody edited anything: who was last says nothing
        policy = forms[first.system].emap.first_contact
    dispute(forms[spoken[-1].system], unit, policy, agreed, spoken[-1], draft, around)


def _authors(
    unit: Unit, words: Mapping[str, Canonical], said: Provenance, agreed: Canonical, fresh: Collection[str]
) -> list[str]:
    """The systems whose own word the golden value is: who said it, and who said the same by himself; and those that
    have a word at last. Of what bridge wrote into the others nobody has said anything.

    A quantity is everybody's; a value that no system said (a person decided it) is the systems' where all agree.
    """
    if unit.policy.kind == "sum":
        return list(words)
    own = {said.system, *(one.system for one in said.proposals if same(unit, one.value, agreed)), *fresh}
    found = [system for system in words if system in own]
    if found or not words:
        return found
    values = list(words.values())
    return list(words) if all(same(unit, value, values[0]) for value in values) else []


def _unite(unit: Unit, words: Mapping[str, Canonical], said: Provenance, draft: Draft, around: Circumstances) -> None:
    if not words:
        return
    united: Canonical = None
    for word in words.values():
        united = unite(united, None, word) or None
    if united != draft.values.get(unit.name):
        take(unit, Proposal(said.system, united, said.at), REMAPPED, draft, around)


def _rehear(
    unit: Unit, words: Mapping[str, Canonical], conflict: Conflict | None, draft: Draft, around: Circumstances
) -> None:
    """A held unit: the words of the conflict are what the mapping makes of them now; where all agree it is over."""
    if conflict is None:
        return
    said = tuple(replace(one, value=words[one.system]) if one.system in words else one for one in conflict.proposals)
    if said == conflict.proposals:
        return
    if not all(same(unit, one.value, said[0].value) for one in said):
        draft.conflicts.append(replace(conflict, proposals=said, at=around.now))
        return
    winner = said[0]
    draft.conflicts.append(replace(conflict, proposals=said, state="resolved", winner=winner.system, at=around.now))
    del draft.held[unit.name]
    if winner.value != draft.values.get(unit.name):
        take(unit, winner, "agreed", draft, around)
