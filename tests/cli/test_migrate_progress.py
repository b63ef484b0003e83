"""How far a migration is: bars with rate, time and calls left on a terminal, events for machines, else nothing."""

from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from bridge.entrypoints.migration import telling as module
from bridge.entrypoints.migration.telling import telling

TOTALS = {("load", "customer"): 1000}
CALLS = {"erp": 4321}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of a clock that stands until it is moved."""
    seconds = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: seconds[0])
    return seconds


def test_an_event_a_second_says_rate_end_and_calls_left(
    now: list[float], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    with telling(json=True, totals=lambda: TOTALS, calls_left=lambda: CALLS) as tell:
        tell("load", "erp", "customer", 0)
        for number in (200, 400):
            now[0] += 2
            tell("load", "erp", "customer", number)
            tell("load", "erp", "customer", number + 1)  # within the second: not told
        tell("read", "crm", "customer", 7)  # nothing is known of the end, and nobody counts the calls
    first, _, last, other = map(json.loads, capsysbinary.readouterr().out.splitlines())
    assert first["seconds_left"] is None
    assert (last["records"], last["total"], last["per_second"]) == (400, 1000, 100)
    assert (last["seconds_left"], last["calls_left"]) == (6, 4321)
    assert (other["total"], other["seconds_left"], other["calls_left"]) == (None, None, None)


def shown(monkeypatch: pytest.MonkeyPatch, now: list[float], *, terminal: bool) -> str:
    """What stands on the screen after 400 of 1,000 records in four seconds."""
    screen = io.StringIO()
    monkeypatch.setattr(
        module, "stderr", Console(file=screen, force_terminal=terminal, width=120, get_time=lambda: now[0])
    )
    with telling(json=False, totals=lambda: TOTALS, calls_left=lambda: CALLS) as tell:
        for number in range(0, 500, 100):
            tell("load", "erp", "customer", number)
            now[0] += 1
    return screen.getvalue()


def test_a_bar_on_a_terminal(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    screen = shown(monkeypatch, now, terminal=True)
    for part in ("load    erp customer", "400/1000", "100/s", "0:00:06", "4,321 calls left"):
        assert part in screen, part


def test_nothing_where_nobody_looks_on(monkeypatch: pytest.MonkeyPatch, now: list[float]) -> None:
    assert shown(monkeypatch, now, terminal=False) == ""
