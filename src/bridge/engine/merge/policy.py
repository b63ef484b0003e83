"""Policies: which of several systems' words on one unit stands. A function of the *set* of proposals.

Settling from the whole set, and not pair by pair as the systems happen to be read, is what makes the result the same in
any reading order also where the clock tolerance makes "newer than" intransitive (guarantee: order independence).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation

from bridge.mapping.units import Policy
from bridge.ports.work import Canonical, Proposal

_NEVER = datetime.min.replace(tzinfo=UTC)

SETTLING = frozenset({"newest", "prefer", "ask", "highest", "lowest", "union", "owner", "sum", "function"})
"""The policies that this engine carries out; a mapping that names another is refused when it is wired up."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """What a site's own policy is told of a conflict.

    base: what was agreed before, None at first contact. words: system -> what it says. said_at: system -> when.
    """

    entity: str
    unit: str
    base: Canonical
    words: Mapping[str, Canonical]
    said_at: Mapping[str, datetime | None]


PolicyFunction = Callable[[Dispute], str | None]
"""A site's own policy: a dispute -> the system whose word stands, or None to ask a person. It must look at nothing else
(no clock, no file), so that a decision can be made again and does not depend on who is read first."""


class FailedPolicy(Exception):
    """A site's own policy raised an error, or named a system that has no word."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """How far instants of different systems can be told apart.

    order: the fixed order of the systems (the columns of the mapping file), which settles ties.
    tolerance: instants closer than this are taken for the same; coarse: the same for systems with one of their own.
    """

    order: Sequence[str]
    tolerance: timedelta
    coarse: Mapping[str, timedelta] = field(default_factory=dict)

    def near(self, a: str, b: str) -> timedelta:
        """The larger tolerance of two systems."""
        return max(self.coarse.get(a, self.tolerance), self.coarse.get(b, self.tolerance))

    def rank(self, system: str) -> tuple[int, str]:
        """The place of a system in the fixed order; a person's word comes after all of them."""
        return (_rank(system, self.order), system)


def choose(policy: Policy, proposals: Sequence[Proposal], clocks: Clocks) -> Proposal | None:
    """The winning proposal, or None if a person has to decide (`ask`). A site's own policy: see `consult`."""
    if policy.kind == "ask":
        return None
    if policy.kind == "prefer":
        return _newest(_best_ranked(proposals, policy.order), clocks)
    if policy.kind in ("highest", "lowest"):
        return _extreme(proposals, clocks, highest=policy.kind == "highest")
    return _newest(proposals, clocks)


def consult(function: PolicyFunction, dispute: Dispute, proposals: Sequence[Proposal]) -> Proposal | None:
    """Let a site's own policy decide. Raises FailedPolicy, with no value of the record in its text."""
    try:
        system = function(dispute)
    except Exception as error:
        said = type(error).__name__
    else:
        if system is None:
            return None
        found = next((proposal for proposal in proposals if proposal.system == system), None)
        if found is not None:
            return found
        said = "it named no system that has a word here"
    raise FailedPolicy(said)  # outside the handler: the error's text may hold the record's values


def _rank(system: str, order: Sequence[str]) -> int:
    return order.index(system) if system in order else len(order)


def _best_ranked(proposals: Sequence[Proposal], order: Sequence[str]) -> list[Proposal]:
    best = min(_rank(p.system, order) for p in proposals)
    return [p for p in proposals if _rank(p.system, order) == best]


def _newest(proposals: Sequence[Proposal], clocks: Clocks) -> Proposal:
    """The first system in the fixed order among those not older than the newest by more than the tolerance."""
    latest = min(proposals, key=lambda p: (_NEVER - (p.at or _NEVER), clocks.rank(p.system)))
    near = [p for p in proposals if (latest.at or _NEVER) - (p.at or _NEVER) <= clocks.near(latest.system, p.system)]
    return min(near, key=lambda p: clocks.rank(p.system))


def _number(value: Canonical) -> tuple[int, Decimal, str]:
    """Order numbers by size, everything else by text, empty last of all."""
    if value is None:
        return (0, Decimal(0), "")
    try:
        return (2, Decimal(str(value)), "")
    except InvalidOperation:
        return (1, Decimal(0), str(value))


def _extreme(proposals: Sequence[Proposal], clocks: Clocks, *, highest: bool) -> Proposal:
    """An empty value is no number: it wins neither as the highest nor as the lowest."""
    filled = [p for p in proposals if p.value is not None] or list(proposals)
    keys = [_number(p.value) for p in filled]
    wanted = max(keys) if highest else min(keys)
    best = [p for p, key in zip(filled, keys, strict=True) if key == wanted]
    return min(best, key=lambda p: clocks.rank(p.system))


def unite(golden: Canonical, base: Canonical, word: Canonical) -> list[str]:
    """Three-way union of sets: what the system added is added, what it removed is removed, all else stays."""
    now, before, agreed = (set(v) if isinstance(v, list) else set() for v in (word, base, golden))
    return sorted((agreed | (now - before)) - (before - now))
