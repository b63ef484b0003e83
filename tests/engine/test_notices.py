"""Notices: what is told, when, and in which words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from bridge.engine.plan.notices import KINDS, Figures, NoticeTerms, Told, due, lowered, message, rest, since_when

NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
TERMS = NoticeTerms()
ERP, FIN = ("erp", "customer"), ("fin", "order")
LONG = NOW - timedelta(days=9)


def told_now(figures: Figures, last: Figures | None, minutes: float, terms: NoticeTerms = TERMS) -> bool:
    """Whether dead letters are told, so many minutes after others were."""
    told = {} if last is None else {"dead": Told(NOW - timedelta(minutes=minutes), last)}
    return "dead" in due({"dead": figures}, told, {"dead": LONG}, terms, NOW)


@pytest.mark.parametrize(
    ("figures", "last", "minutes", "told"),
    [
        ({ERP: 1}, None, 0, True),
        ({}, None, 0, False),
        ({ERP: 2}, {ERP: 1}, 59, False),  # one message of a kind in an interval
        ({ERP: 2}, {ERP: 1}, 60, True),
        ({ERP: 1, FIN: 1}, {ERP: 1}, 60, True),
        ({ERP: 1}, {ERP: 1}, 60, False),  # nothing was added
        ({ERP: 1}, {ERP: 1}, 24 * 60, True),  # but nobody has looked for a day
        ({ERP: 1}, {}, 59, False),  # it was over and comes back: still one in an interval
        ({ERP: 1}, {}, 61, True),
    ],
)
def test_when(figures: Figures, last: Figures | None, minutes: float, told: bool) -> None:
    assert told_now(figures, last, minutes) is told


def test_what_is_over_within_a_minute_is_not_told() -> None:
    needs = {"fault": {("", ""): 1}}
    since = since_when({}, needs, NOW)
    assert not due(needs, {}, since, TERMS, NOW + timedelta(seconds=59))
    assert due(needs, {}, since, TERMS, NOW + timedelta(seconds=60))
    assert since_when(since, {"fault": {}}, NOW) == {}


def test_kinds_that_nobody_wants_to_hear_of() -> None:
    assert not told_now({ERP: 1}, None, 0, NoticeTerms(kinds=("held",)))


def test_what_was_put_right_and_grows_again_is_news() -> None:
    told: Mapping[str, Told] = {"dead": Told(NOW - timedelta(hours=2), {ERP: 10})}
    after = lowered(told, {"dead": {ERP: 3}})
    assert after["dead"].figures == {ERP: 3}
    assert "dead" in due({"dead": {ERP: 5}}, after, {"dead": LONG}, TERMS, NOW)
    assert lowered(told, {"dead": {}})["dead"].figures == {}


def test_what_the_store_does_not_say_at_the_moment_stays_told() -> None:
    told = {"dead": Told(NOW, {ERP: 10})}
    assert lowered(told, {"fault": {("", ""): 1}}) == told


def test_the_words_of_all_kinds() -> None:
    said = message({kind: {ERP: 2, FIN: 1} for kind in KINDS})
    assert said.subject.startswith("bridge needs a person: fault, safety stops, paused systems, dead letters")
    assert "dead letters: erp customer 2, fin order 1\nWrites were set aside" in said.body
    assert said.body.count("What to do: ") == len(KINDS)
    assert "\n" not in said.subject


def test_a_channel_that_does_not_work_is_asked_less_and_less() -> None:
    assert [rest(n).total_seconds() for n in (1, 2, 3, 7, 99)] == [60, 120, 240, 3600, 3600]
