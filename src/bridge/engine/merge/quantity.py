"""Quantities that add up (`sum`): what was moved in one system is moved in all, whoever else moved something.

    d = what it shows - what it was known to hold;  golden += d;  every other system gets what it lacks as a movement

So two sales of the same item at the same moment both count, and no order of reading makes a difference: addition does
not care. An absolute number is never written over a number that somebody may have changed.
"""

from __future__ import annotations

from decimal import Decimal

from bridge.canonical.numbers import plain_decimal, to_decimal
from bridge.engine.merge.draft import Circumstances, Draft, take
from bridge.mapping.units import Unit
from bridge.ports.work import Canonical, Proposal


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


def _number(value: Canonical) -> Decimal:
    return Decimal(0) if value is None or isinstance(value, dict) else to_decimal(value) or Decimal(0)
