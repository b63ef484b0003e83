"""Quantities that add up (`sum`): what was moved in one system is moved in all, whoever else moved something.

    d = what it shows - what it was known to hold;  golden += d;  every other system gets what it lacks as a movement

So two sales of the same item at the same moment both count, and no order of reading makes a difference: addition does
not care. An absolute number is never written over a number that somebody may have changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Final

from bridge.canonical.numbers import plain_decimal, to_decimal
from bridge.engine.merge.draft import Circumstances, Draft, hold, take
from bridge.mapping.units import Unit
from bridge.ports.work import Canonical, Conflict, ConflictState, Proposal

BELOW_ZERO: Final = "more promised than there is"


def difference(now: Canonical, before: Canonical) -> str:
    """now - before, exactly; what is empty is nothing."""
    return plain_decimal(_number(now) - _number(before))


def add(unit: Unit, before: Canonical, proposal: Proposal, draft: Draft, around: Circumstances) -> None:
    """A system moved from `before` to what it says now: the agreed quantity moves by as much."""
    moved = _number(proposal.value) - _number(before)
    if not moved:
        return
    total = plain_decimal(_number(draft.values.get(unit.name)) + moved)
    take(unit, Proposal(proposal.system, total, proposal.at), "sum", draft, around)


def is_nothing(value: Canonical) -> bool:
    """Whether a quantity is zero or not known: ERPNext makes levels of zero for every item that is ordered (223)."""
    return not _number(value)


def work_out(units: Iterable[Unit], held: Mapping[str, Conflict], draft: Draft, around: Circumstances) -> None:
    """What follows from other quantities. Below zero, more is promised than there is: never cut off, but an alarm that
    stays open until it is so no more."""
    for unit in units:
        if unit.computed is None or not any(name in draft.provenance for name in unit.computed):
            continue
        whole, part = (_number(draft.values.get(name)) for name in unit.computed)
        value = plain_decimal(whole - part)
        proposal = Proposal("", value, around.now)
        if draft.values.get(unit.name) != value:
            take(unit, proposal, "worked out", draft, around)
        if whole < part and unit.name not in draft.held:
            hold(unit, None, (proposal,), BELOW_ZERO, draft, around)
        elif unit.name in draft.held and unit.name in held:
            state: ConflictState = "held" if whole < part else "resolved"
            if held[unit.name].proposals[0].value != value:
                draft.conflicts.append(replace(held[unit.name], proposals=(proposal,), state=state, at=around.now))
            if state == "resolved":
                del draft.held[unit.name]


def _number(value: Canonical) -> Decimal:
    return Decimal(0) if value is None or isinstance(value, dict) else to_decimal(value) or Decimal(0)
