"""A status with allowed moves: it goes forward, whoever says so, and back only where the mapping allows it.

    the word can follow what is agreed   -> taken: several steps at once are allowed, since polling sees only the last
    what is agreed can follow the word   -> the system lags behind: nothing is decided, it will be told
    the system itself moved against them -> held: "an illegal move"
    neither can follow the other         -> held: shipped here and cancelled there is for a person to decide

Of two words the one that follows the other stands, so the order in which systems are read makes no difference.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.engine.merge.draft import Circumstances, Draft, all_words, hold, journal, second, take, take_back
from bridge.engine.merge.form import Form
from bridge.mapping.units import Unit
from bridge.ports.work import Canonical, Conflict, Proposal, Provenance

ILLEGAL = "illegal move"


def follows(unit: Unit, later: Canonical, earlier: Canonical) -> bool:
    """Whether a status can come after another, directly or by way of others."""
    return earlier is None or str(later) in unit.moves.get(str(earlier), frozenset())


def move(form: Form, unit: Unit, before: Canonical, proposal: Proposal, draft: Draft, around: Circumstances) -> None:
    """A system's status has moved from `before` (as it showed it) to what it says now."""
    agreed = draft.values.get(unit.name)
    word = proposal.value
    own_move_is_legal = word is not None and (word == before or follows(unit, word, before))
    if own_move_is_legal and follows(unit, word, agreed):
        take(unit, proposal, "changed", draft, around)
    elif own_move_is_legal and follows(unit, agreed, word):
        second(unit, Proposal(proposal.system, agreed, proposal.at), draft)
    else:
        rule = ILLEGAL if not own_move_is_legal else "ask"
        hold(unit, before, all_words(draft, unit, proposal), rule, draft, around)
        if rule == "ask":
            take_back(unit, before, draft, around)


def rehear_status(unit: Unit, proposal: Proposal, conflict: Conflict, draft: Draft, around: Circumstances) -> None:
    """A held status changed again: over when this word can follow, or is, all that the others say and what stands."""
    others = tuple(p for p in conflict.proposals if p.system != proposal.system)
    said = [draft.values.get(unit.name), *(p.value for p in others)]
    if not all(proposal.value == word or follows(unit, proposal.value, word) for word in said):
        draft.conflicts.append(replace(conflict, proposals=(*others, proposal), at=around.now))
        return
    ended = replace(conflict, proposals=(*others, proposal), state="resolved", winner=proposal.system, at=around.now)
    draft.conflicts.append(ended)
    del draft.held[unit.name]
    if proposal.value != draft.values.get(unit.name):
        take(unit, proposal, "agreed", draft, around)


def meet_status(form: Form, unit: Unit, proposal: Proposal, draft: Draft, around: Circumstances) -> None:
    """First contact of two states, where the mapping lets differences be settled: the later one stands."""
    agreed = draft.values.get(unit.name)
    words = all_words(draft, unit, proposal)
    if not follows(unit, proposal.value, agreed) and not follows(unit, agreed, proposal.value):
        hold(unit, None, words, "first contact", draft, around)
        return
    later = follows(unit, proposal.value, agreed)
    winner = proposal if later else next(p for p in words if p.value == agreed)
    journal(unit, None, words, "moves", winner.system, "settled", draft, around)
    if later:
        take(unit, proposal, "moves", draft, around)
    draft.provenance.tell(unit.name, Provenance(winner.system, winner.at, "moves", words))
