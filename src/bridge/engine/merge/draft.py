"""A golden record while one sighting is merged into it: values taken, words kept, conflicts journalled."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from bridge.engine.merge.policy import PolicyFunction
from bridge.mapping.units import Unit
from bridge.ports.provenance import Provenances
from bridge.ports.work import Canonical, Conflict, Golden, HistoryRow, Proposal, Provenance, Terms

ONLY_VALUE: Final = "only value"
"""The rule of a value that nobody had anything else against."""

RESOLVED: Final = "resolved"
"""The rule of a value that a person decided."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is the same for a whole page.

    tolerance: instants closer than this cannot be told apart; coarse: the same for systems with one of their own.
    new_id: makes ids for conflicts. functions: the policies that a site has written, by name.
    """

    now: datetime
    run: str
    tolerance: timedelta
    new_id: Callable[[], str]
    coarse: Mapping[str, timedelta] = field(default_factory=dict)
    functions: Mapping[str, PolicyFunction] = field(default_factory=dict)


@dataclass(slots=True)
class Draft:
    """The golden record while one sighting is merged into it."""

    golden: Golden
    values: dict[str, Canonical]
    provenance: Provenances
    held: dict[str, str]
    conflicts: list[Conflict] = field(default_factory=list)
    history: list[HistoryRow] = field(default_factory=list)
    moved: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, golden: Golden) -> Draft:
        """A golden record before anything is merged into it."""
        return cls(golden, dict(golden.values), Provenances.over(golden.provenance), dict(golden.held))


def all_words(draft: Draft, unit: Unit, proposal: Proposal) -> tuple[Proposal, ...]:
    """Everybody's last word on a unit since it was last changed without contest."""
    known = draft.provenance.get(unit.name)
    if known is None:
        return (proposal,)
    words = known.proposals or (Proposal(known.system, draft.values.get(unit.name), known.at),)
    return (*(p for p in words if p.system != proposal.system), proposal)


def second(unit: Unit, proposal: Proposal, draft: Draft) -> None:
    """Another system says the same: its word counts if the value is disputed later in the same round."""
    known = draft.provenance.get(unit.name)
    if known is None or known.system == proposal.system:
        return
    said = Provenance(known.system, known.at, known.rule, all_words(draft, unit, proposal))
    draft.provenance.tell(unit.name, said)


def take(unit: Unit, proposal: Proposal, rule: str, draft: Draft, around: Circumstances) -> None:
    """A word becomes the agreed value; what it displaces goes to the history."""
    old = draft.values.get(unit.name)
    draft.values[unit.name] = proposal.value
    draft.provenance.tell(unit.name, Provenance(proposal.system, proposal.at, rule))
    draft.moved.add(unit.name)
    if draft.golden.rev:
        draft.history.append(
            HistoryRow(
                entity=draft.golden.entity,
                golden_id=draft.golden.id,
                unit=unit.name,
                old=old,
                new=proposal.value,
                system=proposal.system,
                at=around.now,
                rule=rule,
                run=around.run,
            )
        )


def journal(
    unit: Unit,
    before: Canonical,
    words: tuple[Proposal, ...],
    rule: str,
    winner: str,
    state: str,
    draft: Draft,
    around: Circumstances,
    terms: Terms | None = None,
) -> str:
    """Put a conflict on record. Returns its id."""
    conflict_id = around.new_id()
    draft.conflicts.append(
        Conflict(
            id=conflict_id,
            entity=draft.golden.entity,
            golden_id=draft.golden.id,
            unit=unit.name,
            state="held" if state == "held" else "settled",
            rule=rule,
            winner=winner,
            base=before,
            proposals=words,
            at=around.now,
            run=around.run,
            since=around.now,
            terms=terms,
        )
    )
    return conflict_id


def hold(
    unit: Unit, before: Canonical, words: tuple[Proposal, ...], rule: str, draft: Draft, around: Circumstances
) -> None:
    """Leave a unit to a person: nothing of it is written until that is decided."""
    draft.held[unit.name] = journal(unit, before, words, rule, "", "held", draft, around)


def take_back(unit: Unit, before: Canonical, draft: Draft, around: Circumstances) -> None:
    """While a person is asked, what was agreed before stands: else the word that was read first would."""
    if draft.values.get(unit.name) == before:
        return
    said = draft.conflicts[-1].proposals
    take(unit, Proposal("", before, around.now), "ask", draft, around)
    draft.provenance.tell(unit.name, Provenance("", around.now, "ask", said))


def finished(draft: Draft) -> Golden:
    """The new golden record; the very same object where nothing moved, so that nothing is written."""
    golden = draft.golden
    before, told = golden.provenance, draft.provenance.told
    retold = any(unit not in before or before[unit] != said for unit, said in told.items())
    if not retold and draft.values == golden.values and draft.held == golden.held:
        return golden
    rev = golden.rev + 1 if draft.moved or draft.held != golden.held or not golden.rev else golden.rev
    return replace(golden, rev=rev, values=draft.values, provenance=draft.provenance, held=draft.held)
