"""A person's word on a conflict: an edit of the golden record like any other, on record with who made it.

Nothing is written to a system here: what the decision makes due goes to the outbox, in the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bridge.engine.merge.dispute import decide
from bridge.engine.merge.draft import RESOLVED, Circumstances
from bridge.engine.merge.policy import FailedPolicy
from bridge.engine.merge.quantity import BELOW_ZERO
from bridge.engine.runtime import Run
from bridge.engine.work import enqueue_due
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Policy, Unit
from bridge.mapping.words import policy
from bridge.ports.errors import BridgeError
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Canonical, Conflict, Golden, HistoryRow, Proposal, Provenance


class CannotResolve(BridgeError):
    """A conflict that cannot be decided as asked; the message says why and what can be done."""

    code = "BR-CANNOT-RESOLVE"
    not_done = "Nothing was changed."
    to_do = "`bridge conflicts show ID` tells the whole story of a conflict."


@dataclass(frozen=True, slots=True)
class Choice:
    """A person's decision on one conflict: the word of a system, or a value of their own (system empty)."""

    conflict: Conflict
    system: str
    value: Canonical
    by: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a decision leads to."""

    golden: Golden
    conflict: Conflict
    history: HistoryRow


def taking(conflict: Conflict, system: str, by: str) -> Choice:
    """The decision that this system's word stands. Raises CannotResolve where it has none."""
    for word in conflict.proposals:
        if word.system == system:
            return Choice(conflict, system, word.value, by)
    there = ", ".join(word.system or "(before)" for word in conflict.proposals)
    raise CannotResolve(f"{system} has no word in conflict {short(conflict)} (there are: {there})")


def short(conflict: Conflict) -> str:
    """The end of a conflict's id, enough for people."""
    return conflict.id[-8:]


def resolved(choice: Choice, golden: Golden | None, unit: Unit, now: datetime, run: str) -> Resolution:
    """Carry a decision out on the golden record. Raises CannotResolve."""
    conflict = choice.conflict
    if golden is None or not golden.alive:
        raise CannotResolve(f"the record of conflict {short(conflict)} is gone")
    _decidable(choice, golden, unit)
    values = {**golden.values, unit.name: choice.value}
    provenance = {**golden.provenance, unit.name: Provenance(choice.system, now, RESOLVED)}
    held = {name: id_ for name, id_ in golden.held.items() if name != unit.name}
    return Resolution(
        replace(golden, rev=golden.rev + 1, values=values, provenance=provenance, held=held),
        replace(conflict, state="resolved", winner=choice.system, by=choice.by, at=now),
        HistoryRow(
            entity=golden.entity,
            golden_id=golden.id,
            unit=unit.name,
            old=golden.values.get(unit.name),
            new=choice.value,
            system=choice.system,
            at=now,
            rule=RESOLVED,
            run=run,
        ),
    )


def _decidable(choice: Choice, golden: Golden, unit: Unit) -> None:
    conflict = choice.conflict
    name = f"{conflict.entity}.{unit.name}"
    if conflict.rule == BELOW_ZERO or unit.computed:
        raise CannotResolve(f"{name} is worked out from other quantities: correct those, and the alarm ends by itself")
    if choice.value is None and unit.required:
        raise CannotResolve(f"{name} must not be empty")
    if unit.kind == "rows" and choice.value != golden.values.get(unit.name):
        stands = next((w.system for w in conflict.proposals if w.value == golden.values.get(unit.name)), "nobody's")
        raise CannotResolve(
            f"{name}: the rows of {choice.system or 'your own'} are not known in full; only those of {stands} can be"
            " taken. Else correct them in one of the systems"
        )
    if golden.held.get(unit.name) == conflict.id:
        return
    if conflict.state == "held":
        raise CannotResolve(f"conflict {short(conflict)} holds {name} no more: what was said has changed since")
    stood = next((word.value for word in conflict.proposals if word.system == conflict.winner), conflict.base)
    if unit.name in golden.held or golden.values.get(unit.name) != stood or conflict.state == "resolved":
        raise CannotResolve(f"{name} has been decided or changed since conflict {short(conflict)}")


def resolve(run: Run, uow: UnitOfWork, emap: EntityMap, choices: Sequence[Choice]) -> list[CannotResolve]:
    """Carry decisions on one entity out, and note what they make due. Returns why some cannot be."""
    goldens = uow.goldens(emap.entity, [choice.conflict.golden_id for choice in choices])
    done: list[Resolution] = []
    refused: list[CannotResolve] = []
    for choice in choices:
        golden = goldens.get(choice.conflict.golden_id)
        try:
            one = resolved(choice, golden, unit_of(choice.conflict, emap), run.now, run.id)
        except CannotResolve as reason:
            refused.append(reason)
        else:
            goldens[one.golden.id] = one.golden
            done.append(one)
    uow.save_goldens([goldens[golden_id] for golden_id in dict.fromkeys(one.golden.id for one in done)], run.now)
    uow.save_conflicts([one.conflict for one in done])
    uow.add_history([one.history for one in done])
    enqueue_due(run, uow, emap, {one.golden.id for one in done})
    return refused


def unit_of(conflict: Conflict, emap: EntityMap | None) -> Unit:
    """The unit that a conflict is about. Raises CannotResolve where the mapping has it no more."""
    try:
        if emap is not None:
            return emap.unit(conflict.unit)
    except KeyError:
        pass
    raise CannotResolve(f"the mapping has no {conflict.entity}.{conflict.unit} (any more)")


def judged(conflict: Conflict, emap: EntityMap | None, around: Circumstances) -> dict[str, str]:
    """Who wins when the decision is made again: "then" by the terms in the journal, "now" by today's mapping.

    A system, "a person", or why it cannot be said; only what can be judged is there.
    """
    found: dict[str, str] = {}
    terms = conflict.terms
    if terms is not None:
        rule = policy(terms.policy)
        found["then"] = _winner(conflict, rule, terms.order, around)
    if emap is not None and conflict.rule not in ("rounding", BELOW_ZERO):
        try:
            unit = emap.unit(conflict.unit)
        except KeyError:
            return found
        if unit.policy.kind not in ("sum", "union", "owner") and not unit.moves:
            found["now"] = _winner(conflict, unit.policy, emap.systems, around)
    return found


def _winner(conflict: Conflict, rule: Policy, order: Iterable[str], around: Circumstances) -> str:
    words = conflict.proposals
    try:
        winner: Proposal | None = decide(
            conflict.entity, conflict.unit, rule, conflict.base, words, tuple(order), around
        )
    except FailedPolicy as failed:
        return f"{rule} failed ({failed})"
    return "a person" if winner is None else winner.system
