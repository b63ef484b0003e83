"""Dispute: words that differ, at first contact or after two edits; settled by a policy, or held for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from bridge.engine.merge.draft import ONLY_VALUE, Circumstances, Draft, all_words, hold, journal, second, take
from bridge.engine.merge.form import Form, same
from bridge.engine.merge.owner import settled_by
from bridge.engine.merge.policy import Clocks, Dispute, FailedPolicy, choose, consult
from bridge.engine.merge.quantity import is_nothing
from bridge.engine.merge.status import meet_status
from bridge.mapping.units import Policy, Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Canonical, Conflict, Proposal, Provenance, Shadow, Terms

RESTORED: Final = "restored"
"""The rule of a quantity that was agreed on anew, after the store was restored."""


def meet(form: Form, unit: Unit, proposal: Proposal, draft: Draft, around: Circumstances) -> None:
    """First contact: fill what is empty, never erase; a real difference is held unless the mapping says how."""
    if proposal.value is None:
        return
    if unit.policy.kind == "sum" and is_nothing(proposal.value) and draft.golden.rev:
        return  # a level of zero that came about by the way: somebody else's quantity is not taken away for it
    if draft.values.get(unit.name) is None or (unit.policy.kind == "sum" and is_nothing(draft.values.get(unit.name))):
        take(unit, proposal, "filled" if draft.golden.rev else ONLY_VALUE, draft, around)
        return
    policy = unit.policy if unit.policy.kind not in ("newest", "ask", "sum", "owner") else form.emap.first_contact
    if unit.moves and policy is not None:
        meet_status(form, unit, proposal, draft, around)
        return
    dispute(form, unit, policy, None, proposal, draft, around)


def unread_since_restore(form: Form, unit: Unit, shadow: Shadow | None, base: Mapping[str, NativeValue]) -> bool:
    """Whether a quantity was not read since the store was restored: it was marked to be left alone till then."""
    marked = shadow is not None and unit.name in shadow.stopped
    return unit.policy.kind == "sum" and marked and not any(path in base for path in unit.paths(form.system))


def meet_again(unit: Unit, proposal: Proposal, draft: Draft, around: Circumstances) -> None:
    """A quantity, after the store was restored: what was moved since is in all systems already, or in one alone.

    Where they agree that is the quantity, zero included. Where they do not, only a person knows which movements all of
    them have seen: added up, or put back, would be wrong.
    """
    if unit.name not in draft.provenance:
        take(unit, proposal, RESTORED, draft, around)
    elif same(unit, proposal.value, draft.values.get(unit.name)):
        second(unit, proposal, draft)
    else:
        hold(unit, None, all_words(draft, unit, proposal), RESTORED, draft, around)


def agree(
    form: Form,
    unit: Unit,
    policy: Policy | None,
    base: Mapping[str, NativeValue],
    proposal: Proposal,
    draft: Draft,
    around: Circumstances,
) -> None:
    """Another system says what is agreed. Where that was disputed just now, its word may settle it otherwise.

    "b" at 0:00, "c" at 0:01 and "b" at 0:03, two seconds being too little to tell: between the first two the order of
    the systems decides; the third is as good as the second, and newer than the first. Had it been read before them, the
    second would have won. base: what the system showed before; empty at first contact.
    """
    second(unit, proposal, draft)
    known = draft.provenance.get(unit.name)
    if policy is None or policy.kind not in ("newest", "prefer") or known is None or known.rule != policy.kind:
        return
    agreed = draft.values.get(unit.name)
    if all(same(unit, word.value, agreed) for word in known.proposals):
        return
    before = form.read_unit(unit, base).values.get(unit.name) if base else None
    winner = decide(form.emap.entity, unit.name, policy, before, known.proposals, form.emap.systems, around)
    if winner is not None and not same(unit, winner.value, agreed):
        dispute(form, unit, policy, before, proposal, draft, around)


def dispute(
    form: Form,
    unit: Unit,
    policy: Policy | None,
    before: Canonical,
    proposal: Proposal,
    draft: Draft,
    around: Circumstances,
) -> None:
    """A conflict: settled by policy from everybody's words, or held for a person where there is none."""
    words = all_words(draft, unit, proposal)
    if policy is None:
        hold(unit, before, words, "first contact", draft, around)
        return
    rule = settled_by(form.emap, policy, draft.golden)
    try:
        winner = decide(form.emap.entity, unit.name, rule, before, words, form.emap.systems, around)
    except FailedPolicy as failed:
        hold(unit, before, words, f"{rule} failed ({failed})", draft, around)
        return
    if winner is None:
        hold(unit, before, words, "ask" if policy.kind == "ask" else str(rule), draft, around)
        return
    terms = terms_of(rule, form.emap.systems, around)
    journal(unit, before, words, policy.kind, winner.system, "settled", draft, around, terms)
    if winner.value != draft.values.get(unit.name):
        take(unit, winner, policy.kind, draft, around)
    draft.provenance.tell(unit.name, Provenance(winner.system, winner.at, policy.kind, words))


def decide(
    entity: str,
    unit: str,
    rule: Policy,
    before: Canonical,
    words: Sequence[Proposal],
    order: Sequence[str],
    around: Circumstances,
) -> Proposal | None:
    """Whose word stands by a rule; None for a person. Raises FailedPolicy where a site's own policy cannot say."""
    clocks = Clocks(order, around.tolerance, around.coarse)
    if rule.kind != "function":
        return choose(rule, words, clocks)
    function = around.functions.get(rule.order[0])
    if function is None:
        raise FailedPolicy("it is not configured")
    sorted_words = sorted(words, key=lambda word: clocks.rank(word.system))
    values = {word.system: word.value for word in sorted_words}
    said_at = {word.system: word.at for word in sorted_words}
    return consult(function, Dispute(entity, unit, before, values, said_at), words)


def terms_of(rule: Policy, order: Sequence[str], around: Circumstances) -> Terms:
    """What has to be kept so that the decision can be made again."""
    coarse = {system: span.total_seconds() for system, span in around.coarse.items()}
    return Terms(str(rule), tuple(order), around.tolerance.total_seconds(), coarse)


def rehear(
    unit: Unit,
    proposal: Proposal,
    members: tuple[str, ...],
    conflict: Conflict | None,
    draft: Draft,
    around: Circumstances,
) -> None:
    """A held unit changed again: note the word; if everybody now says the same, the conflict is over."""
    if conflict is None:
        del draft.held[unit.name]
        return
    words = (*(p for p in conflict.proposals if p.system != proposal.system), proposal)
    agree = all(same(unit, proposal.value, p.value, members) for p in words)
    if not agree:
        draft.conflicts.append(replace(conflict, proposals=words, at=around.now))
        return
    draft.conflicts.append(replace(conflict, proposals=words, state="resolved", winner=proposal.system, at=around.now))
    del draft.held[unit.name]
    if proposal.value != draft.values.get(unit.name):
        take(unit, proposal, "agreed", draft, around)
