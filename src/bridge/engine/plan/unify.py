"""Unify: two golden records are one. What stands, what is filled, what is journalled, which links follow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan.marks import ARCHIVED, RECORD
from bridge.ports.records import split_row_path
from bridge.ports.work import Canonical, Conflict, Golden, HistoryRow, Link, Proposal, Provenance

MERGED = "merged"
"""The rule under which journal and history keep what two golden records said before they became one."""


@dataclass(frozen=True, slots=True)
class Unified:
    """One golden record in place of two.

    conflicts: what the loser said otherwise (settled), and what was held of it (closed, or held on).
    moved: links of the loser that are the winner's now. twins: links of the loser in systems that have the winner too.
    """

    golden: Golden
    conflicts: tuple[Conflict, ...] = ()
    history: tuple[HistoryRow, ...] = ()
    moved: tuple[Link, ...] = ()
    twins: tuple[Link, ...] = ()


def unify(
    winner: Golden,
    loser: Golden,
    links: Iterable[Link],
    held: Mapping[tuple[str, str], Conflict],
    around: Circumstances,
    said_by: str,
) -> Unified:
    """The winner's values stand; what only the loser has fills what is empty; what differs is journalled as settled.

    links: of both. held: (golden id, unit) -> the conflict that holds it. said_by: the system, or the person, who
    merged them.
    """
    values, why, holds = dict(winner.values), dict(winner.provenance), dict(winner.held)
    conflicts: list[Conflict] = []
    history: list[HistoryRow] = []
    for unit, theirs in loser.values.items():
        row = split_row_path(unit)
        if row is not None and winner.values.get(row[0]) is not None:
            continue  # which rows there are is the winner's word; what stands in the others goes with them
        mine = values.get(unit)
        conflict = held.get((loser.id, unit))
        if theirs is None or theirs == mine:
            pass
        elif mine is None and unit not in holds:
            values[unit] = theirs
            why[unit] = loser.provenance.get(unit, Provenance(said_by, around.now, MERGED))
            history.append(_filled(winner, unit, theirs, around, said_by))
            if conflict is not None:  # it goes on, about a field of the winner
                holds[unit] = conflict.id
                conflicts.append(replace(conflict, golden_id=winner.id, at=around.now))
                conflict = None
        else:
            conflicts.append(_settled(winner, loser, unit, around))
        if conflict is not None:
            conflicts.append(replace(conflict, golden_id=winner.id, state="resolved", winner=said_by, at=around.now))
    for (golden_id, unit), conflict in held.items():
        if golden_id == loser.id and loser.values.get(unit) is None:
            conflicts.append(replace(conflict, golden_id=winner.id, state="resolved", winner=said_by, at=around.now))
    moved, twins = _links(winner.id, loser.id, links)
    alive = winner.alive or loser.alive
    if alive and not winner.alive:
        why = {unit: one for unit, one in why.items() if unit != RECORD}
    united = replace(winner, rev=max(winner.rev, loser.rev) + 1, values=values, provenance=why, held=holds, alive=alive)
    return Unified(united, tuple(conflicts), tuple(history), moved, twins)


def _links(winner: str, loser: str, links: Iterable[Link]) -> tuple[tuple[Link, ...], tuple[Link, ...]]:
    listed = list(links)
    mine = {link.system for link in listed if link.golden_id == winner and link.state == "linked"}
    theirs = [link for link in listed if link.golden_id == loser]
    twins = tuple(link for link in theirs if link.state == "linked" and link.system in mine)
    moved = tuple(
        replace(
            link,
            golden_id=winner,
            linked_by=MERGED if link.state == "linked" and link.linked_by != ARCHIVED else link.linked_by,
        )
        for link in theirs
        if link not in twins
    )
    return moved, twins


def _settled(winner: Golden, loser: Golden, unit: str, around: Circumstances) -> Conflict:
    words = (_word(winner, unit), _word(loser, unit))
    return Conflict(
        id=around.new_id(),
        entity=winner.entity,
        golden_id=winner.id,
        unit=unit,
        state="settled",
        rule=MERGED,
        winner=words[0].system,
        base=None,
        proposals=words,
        at=around.now,
        run=around.run,
    )


def _word(golden: Golden, unit: str) -> Proposal:
    known = golden.provenance.get(unit)
    return Proposal(known.system if known else "", golden.values.get(unit), known.at if known else None)


def _filled(winner: Golden, unit: str, value: Canonical, around: Circumstances, said_by: str) -> HistoryRow:
    return HistoryRow(winner.entity, winner.id, unit, None, value, said_by, around.now, MERGED, around.run)


@dataclass(frozen=True, slots=True)
class Repointed:
    """A golden record that named others, naming what became of them."""

    golden: Golden
    conflicts: tuple[Conflict, ...] = ()


def repoint(
    golden: Golden, units: Iterable[str], heirs: Mapping[str, str], held: Mapping[str, Conflict], around: Circumstances
) -> Repointed | None:
    """References to losers go to their winners; None where there are none.

    units: those that refer to records of the merged entity. held: unit -> the conflict that holds it; one whose words
    are all the same now is over.
    """
    values, why, holds = dict(golden.values), dict(golden.provenance), dict(golden.held)
    conflicts: list[Conflict] = []
    touched = False
    for unit in units:
        changed = isinstance(named := values.get(unit), str) and named in heirs
        if changed:
            heir = heirs[str(named)]
            values[unit] = heir if heir != golden.id else None  # nobody is their own parent
        known = why.get(unit)
        if known is not None and any(p.value in heirs for p in known.proposals if isinstance(p.value, str)):
            why[unit] = replace(known, proposals=_heard(known.proposals, heirs))
            changed = True
        conflict = held.get(unit)
        if conflict is not None and any(p.value in heirs for p in conflict.proposals if isinstance(p.value, str)):
            words = _heard(conflict.proposals, heirs)
            agreed = all(word.value == words[0].value for word in words)
            state = "resolved" if agreed else conflict.state
            conflicts.append(replace(conflict, proposals=words, state=state, at=around.now))
            if agreed:
                holds.pop(unit, None)
                values[unit] = words[0].value
            changed = True
        touched = touched or changed
    if not touched:
        return None
    return Repointed(replace(golden, rev=golden.rev + 1, values=values, provenance=why, held=holds), tuple(conflicts))


def _heard(words: tuple[Proposal, ...], heirs: Mapping[str, str]) -> tuple[Proposal, ...]:
    return tuple(
        replace(word, value=heirs[word.value]) if isinstance(word.value, str) and word.value in heirs else word
        for word in words
    )
