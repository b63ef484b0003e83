"""Budget: how many calls a system may still get, shared by all workers. Pure: values in, values out.

Two limits. A token bucket (calls per second, with one second's worth of burst) keeps the pace that a system allows. A
rolling allowance of 24 hours, as the system tells it in its answers or as the configuration says, is never used up: a
reserve is left for the people and programs who work in the system too. Live edits come before repair, repair before
migration: what comes later stops earlier.

The number of calls at once follows the system's own word: halved when it does not answer or asks for fewer calls, one
more after as many good ones (additive increase, multiplicative decrease; Chiu and Jain, 1989).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Literal

Priority = Literal["live", "repair", "migration"]

SHARE: Final[Mapping[Priority, float]] = {"live": 1.0, "repair": 0.75, "migration": 0.5}
"""How much of what bridge may use each kind of work may use up."""

DAY: Final = timedelta(hours=24)
ASK_AGAIN: Final = timedelta(minutes=15)
"""After so long without a word from a system whose allowance ran out, one call finds out whether it has grown again."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What the configuration says of a system.

    per_second: calls a second. per_day: calls in 24 hours, for systems that do not tell it themselves. reserve: the
    share of the day's calls that is left for others. at_once: most calls that may be under way at the same time.
    """

    per_second: float | None = None
    per_day: int | None = None
    reserve: float = 0.3
    at_once: int | None = None

    @property
    def limited(self) -> bool:
        """Whether there is anything to keep to before the system has said a word."""
        return self.per_second is not None or self.per_day is not None


@dataclass(frozen=True, slots=True)
class Budget:
    """Where one system stands.

    tokens, at: the bucket, and when it was looked at last. hours: calls of bridge by the hour they were made in (ISO).
    used, allowed, heard: the system's own word, and when it was heard. since: calls of bridge since then. lanes: calls
    that may be under way at once. flights: worker -> until when its call counts as under way.
    """

    tokens: float = 0.0
    at: datetime | None = None
    hours: Mapping[str, int] = field(default_factory=dict)
    used: int | None = None
    allowed: int | None = None
    heard: datetime | None = None
    since: int = 0
    lanes: float | None = None
    flights: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Grant:
    """Calls that may be made now; without any, the seconds to wait. spent: the allowance of the day is."""

    calls: int
    wait: float = 0.0
    spent: bool = False


def draw(budget: Budget, terms: Terms, priority: Priority, now: datetime, want: int) -> tuple[Budget, Grant]:
    """Take up to `want` calls."""
    room = left(budget, terms, priority, now)
    if room is not None and room < 1:
        return budget, Grant(0, ASK_AGAIN.total_seconds(), spent=True)
    number = want if room is None else min(want, room)
    if terms.per_second is not None:
        capacity = max(1.0, terms.per_second)
        tokens = capacity
        if budget.at is not None:
            tokens = min(capacity, budget.tokens + max((now - budget.at).total_seconds(), 0.0) * terms.per_second)
        free = tokens - (capacity - 1) * (1 - SHARE[priority])
        if free < 1:
            return replace(budget, tokens=tokens, at=now), Grant(0, (1 - free) / terms.per_second)
        number = min(number, int(free))
        budget = replace(budget, tokens=tokens - number, at=now)
    return counted(budget, number, now), Grant(number)


def counted(budget: Budget, number: int, now: datetime) -> Budget:
    """The budget after so many calls; a negative number gives back what was not used."""
    hour, oldest = now.strftime("%Y-%m-%dT%H"), (now - DAY).strftime("%Y-%m-%dT%H")
    hours = {at: calls for at, calls in budget.hours.items() if at > oldest}
    hours[hour] = max(hours.get(hour, 0) + number, 0)
    return replace(budget, hours=hours, since=max(budget.since + number, 0))


def told(budget: Budget, used: int, allowed: int, now: datetime) -> Budget:
    """The budget after the system said how many calls were used, by whomever, and how many there are."""
    return replace(budget, used=used, allowed=allowed, heard=now, since=0)


def left(budget: Budget, terms: Terms, priority: Priority, now: datetime) -> int | None:
    """Calls of the day that this kind of work may still use; None where nobody limits them."""
    allowances = [given for given in (budget.allowed, terms.per_day) if given is not None]
    if not allowances:
        return None
    oldest = (now - DAY).strftime("%Y-%m-%dT%H")
    own = sum(calls for at, calls in budget.hours.items() if at > oldest)
    used = own if budget.used is None else max(budget.used + budget.since, own)
    room = int(min(allowances) * (1 - terms.reserve) * SHARE[priority]) - used
    if room < 1 and budget.heard is not None and now - budget.heard >= ASK_AGAIN and budget.since == 0:
        return 1
    return room


def board(budget: Budget, terms: Terms, owner: str, now: datetime, until: datetime) -> Budget | None:
    """A worker begins a call; None where as many are under way as the system bears."""
    flights = {who: end for who, end in budget.flights.items() if end > now and who != owner}
    lanes = lanes_of(budget, terms)
    if lanes is not None and len(flights) >= int(lanes):
        return None
    return replace(budget, flights={**flights, owner: until})


def landed(budget: Budget, terms: Terms, owner: str, *, good: bool) -> Budget:
    """The call is over. good: it was answered, and not with a plea for fewer calls."""
    flights = {who: end for who, end in budget.flights.items() if who != owner}
    lanes = lanes_of(budget, terms)
    if lanes is not None and terms.at_once is not None:
        lanes = min(lanes + 1 / lanes, terms.at_once) if good else max(lanes / 2, 1.0)
    return replace(budget, flights=flights, lanes=lanes)


def lanes_of(budget: Budget, terms: Terms) -> float | None:
    """Calls that may be under way at once; None without a limit."""
    if terms.at_once is None:
        return None
    return min(budget.lanes if budget.lanes is not None else terms.at_once, terms.at_once)
