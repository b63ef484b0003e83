"""Rhythm: a system that used to bring something new and brings nothing is told of, by what it did itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.engine.plan.rhythm import Rhythm, Terms, heard, silent

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
HOUR, DAY = 3600.0, 86_400.0
TERMS = Terms(factor=2, least=timedelta(hours=1), learn=timedelta(days=7))
LEARNED = Rhythm(NOW - timedelta(days=8), NOW, news=20, longest=DAY)


def after(known: Rhythm, *hours: float, terms: Terms = TERMS) -> Rhythm:
    """Readings that bring nothing, so many hours after one another."""
    for one in hours:
        known = silent(known, one * HOUR, NOW, terms)
    return known


def test_the_longest_silence_is_learned() -> None:
    known = heard(None, 0, NOW, TERMS)
    for hours in (2, 5, 3):
        known = heard(after(known, *[1] * hours), 0, NOW, TERMS)
    assert (known.longest, known.news, known.waited) == (5 * HOUR, 4, 0)


@pytest.mark.parametrize(("hours", "told"), [(47, False), (48, False), (49, True)])
def test_silent_for_longer_than_twice_the_longest(hours: int, told: bool) -> None:
    assert (after(LEARNED, *[1] * hours).told is not None) is told


def test_since_when_it_is_told_stays() -> None:
    first = silent(LEARNED, 3 * DAY, NOW, TERMS)
    assert silent(first, HOUR, NOW + timedelta(hours=1), TERMS).told == first.told == NOW


@pytest.mark.parametrize(
    "young",
    [
        Rhythm(NOW - timedelta(days=6), NOW, news=20, longest=HOUR),  # no weekend was seen yet
        Rhythm(NOW - timedelta(days=90), NOW, news=2, longest=HOUR),  # two changes in three months are no rhythm
    ],
)
def test_nothing_is_made_of_what_was_seen_too_little_of(young: Rhythm) -> None:
    assert after(young, 1000).told is None


def test_who_changes_every_second_is_not_told_of_after_three() -> None:
    busy = Rhythm(NOW - timedelta(days=8), NOW, news=9999, longest=1.0)
    assert after(busy, 0.9).told is None
    assert after(busy, 1.1).told is not None


def test_something_new_ends_it() -> None:
    over = heard(after(LEARNED, 100), 0, NOW, TERMS)
    assert over.told is None
    assert after(over, 47).told is None


def test_an_alarm_of_a_month_does_not_hide_the_next_one() -> None:
    over = heard(after(LEARNED, 24 * 30), 0, NOW, TERMS)
    assert over.longest == 2 * DAY, "the limit at which it was told, not the month"
    assert after(over, 24 * 5).told is not None


def test_milder_terms_take_it_back() -> None:
    told = after(LEARNED, 49)
    assert silent(told, 0, NOW, Terms(factor=3)).told is None
