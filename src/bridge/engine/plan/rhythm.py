"""Rhythm: how often a system brings something new, learned from what it did, and when it has been silent for too long.

A feed that breaks without an error (a filter, a right that was taken away, a changed view) reads well and brings
nothing. Nobody can say beforehand how often orders come; but who never was silent for longer than a day, and is now for
two, is worth a look. Pure values: seconds are counted by the caller, and only those in which the system could be read
(no quiet hours, no pause, no outage, no stopped daemon).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FEWEST = 3
"""Readings that brought something, before anything is made of their distances."""


@dataclass(frozen=True, slots=True)
class Terms:
    """When silence is told. factor: how many times the longest silence so far. least: never before this. learn: never
    before it has been watched for so long; a week has a weekend in it."""

    factor: float = 2.0
    least: timedelta = timedelta(hours=1)
    learn: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What is known of one system and entity.

    since: when it first brought something. last: when it did last. news: readings that brought something. longest: the
    longest silence between two of them, in seconds. waited: seconds of the present one. told: since when the present
    silence has been too long; None while it is not.
    """

    since: datetime
    last: datetime
    news: int = 1
    longest: float = 0.0
    waited: float = 0.0
    told: datetime | None = None

    def limit(self, terms: Terms) -> float:
        """The seconds of silence that are too many."""
        return max(self.longest * terms.factor, terms.least.total_seconds())


def heard(known: Rhythm | None, seconds: float, now: datetime, terms: Terms) -> Rhythm:
    """A reading brought something new, so many counted seconds after the one before it.

    A silence that was told teaches no more than the limit at which it was: else one outage of a month that nobody
    looked at would hide the next one.
    """
    if known is None:
        return Rhythm(now, now)
    gap = known.waited + seconds
    if known.told is not None:
        gap = min(gap, known.limit(terms))
    return replace(known, last=now, news=known.news + 1, longest=max(known.longest, gap), waited=0.0, told=None)


def silent(known: Rhythm, seconds: float, now: datetime, terms: Terms) -> Rhythm:
    """A reading brought nothing new, so many counted seconds after the one before it; `told` is set where that is too
    long, and taken back where the terms have become milder."""
    waited = known.waited + seconds
    learned = known.news >= FEWEST and now - known.since >= terms.learn
    over = learned and waited > known.limit(terms)
    return replace(known, waited=waited, told=(known.told or now) if over else None)
