"""Policies: which of several systems' words on one unit stands. A function of the *set* of proposals.

Settling from the whole set, and not pair by pair as the systems happen to be read, is what makes the result the same in
any reading order also where the clock tolerance makes "newer than" intransitive (guarantee: order independence).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from bridge.mapping.units import Policy
from bridge.ports.work import Canonical, Proposal

_NEVER = datetime.min.replace(tzinfo=UTC)

SETTLING = frozenset({"newest", "prefer", "ask", "highest", "lowest", "union", "owner", "sum"})
"""The policies that this engine carries out; a mapping that names another is refused when it is wired up."""


def choose(
    policy: Policy, proposals: Sequence[Proposal], order: Sequence[str], tolerance: timedelta
) -> Proposal | None:
    """The winning proposal, or None if a person has to decide (`ask`).

    order: the fixed order of the systems (the columns of the mapping file), which settles ties.
    tolerance: instants closer than this cannot be told apart (clock skew and coarse stamps).
    """
    if policy.kind == "ask":
        return None
    if policy.kind == "prefer":
        return _newest(_best_ranked(proposals, policy.order), order, tolerance)
    if policy.kind in ("highest", "lowest"):
        return _extreme(proposals, order, highest=policy.kind == "highest")
    return _newest(proposals, order, tolerance)


def _rank(system: str, order: Sequence[str]) -> int:
    return order.index(system) if system in order else len(order)


def _best_ranked(proposals: Sequence[Proposal], order: Sequence[str]) -> list[Proposal]:
    best = min(_rank(p.system, order) for p in proposals)
    return [p for p in proposals if _rank(p.system, order) == best]


def _newest(proposals: Sequence[Proposal], order: Sequence[str], tolerance: timedelta) -> Proposal:
    """The first system in the fixed order among those not older than the newest by more than the tolerance."""
    latest = max(p.at or _NEVER for p in proposals)
    near = [p for p in proposals if latest - (p.at or _NEVER) <= tolerance]
    return min(near, key=lambda p: (_rank(p.system, order), p.system))


def _number(value: Canonical) -> tuple[int, Decimal, str]:
    """Order numbers by size, everything else by text, empty last of all."""
    if value is None:
        return (0, Decimal(0), "")
    try:
        return (2, Decimal(str(value)), "")
    except InvalidOperation:
        return (1, Decimal(0), str(value))


def _extreme(proposals: Sequence[Proposal], order: Sequence[str], *, highest: bool) -> Proposal:
    """An empty value is no number: it wins neither as the highest nor as the lowest."""
    filled = [p for p in proposals if p.value is not None] or list(proposals)
    keys = [_number(p.value) for p in filled]
    wanted = max(keys) if highest else min(keys)
    best = [p for p, key in zip(filled, keys, strict=True) if key == wanted]
    return min(best, key=lambda p: (_rank(p.system, order), p.system))


def unite(golden: Canonical, base: Canonical, word: Canonical) -> list[str]:
    """Three-way union of sets: what the system added is added, what it removed is removed, all else stays."""
    now, before, agreed = (set(v) if isinstance(v, list) else set() for v in (word, base, golden))
    return sorted((agreed | (now - before)) - (before - now))
