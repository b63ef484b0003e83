"""How a migration tells how far it is: bars with rate, end and calls left for people, JSON lines for machines."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from bridge.entrypoints.cli.output import stderr

EVERY = 1.0
"""Seconds between two events on the same piece of work."""

Tell = Callable[[str, str, str, int], None]
Totals = Mapping[tuple[str, str], int]
"""(stage, entity) -> how many records there will be, where it is known."""


def event(name: str, **what: Any) -> None:
    """One line of JSON."""
    sys.stdout.buffer.write(orjson.dumps({"event": name, **what}, default=str) + b"\n")
    sys.stdout.buffer.flush()


@contextmanager
def telling(*, json: bool, totals: Callable[[], Totals], calls_left: Callable[[], Mapping[str, int]]) -> Iterator[Tell]:
    """What is called with (stage, system, entity, records so far); nothing is shown where nobody looks on."""
    if json:
        yield _events(totals, calls_left)
    elif not stderr.is_terminal:
        yield lambda stage, system, entity, number: None
    else:
        with _bar() as bar:
            yield _bars(bar, totals, calls_left)


def _bar() -> Progress:
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[calls]}"),
    )
    return Progress(*columns, console=stderr, transient=True)


def _bars(bar: Progress, totals: Callable[[], Totals], calls_left: Callable[[], Mapping[str, int]]) -> Tell:
    tasks: dict[tuple[str, str, str], Any] = {}
    began: dict[tuple[str, str, str], float] = {}
    asked, calls = 0.0, ""

    def tell(stage: str, system: str, entity: str, number: int) -> None:
        nonlocal asked, calls
        place, now = (stage, system, entity), time.monotonic()
        if place not in tasks:
            tasks[place] = bar.add_task(
                f"{stage:7} {system} {entity}", total=totals().get((stage, entity)), rate="", calls=""
            )
            began[place] = now
        if now - asked > EVERY:
            asked, calls = now, _calls(calls_left().get(system))
        rate = number / max(now - began[place], 0.001)
        bar.update(tasks[place], completed=number, rate=f"{rate:,.0f}/s", calls=calls)

    return tell


def _calls(number: int | None) -> str:
    return "" if number is None else f"{max(number, 0):,} calls left"


def _events(totals: Callable[[], Totals], calls_left: Callable[[], Mapping[str, int]]) -> Tell:
    began: dict[tuple[str, str, str], float] = {}
    last: dict[tuple[str, str, str], float] = {}

    def tell(stage: str, system: str, entity: str, number: int) -> None:
        place, now = (stage, system, entity), time.monotonic()
        began.setdefault(place, now)
        if now - last.get(place, 0.0) < EVERY:
            return
        last[place] = now
        rate = number / max(now - began[place], 0.001)
        total = totals().get((stage, entity))
        event(
            "progress",
            stage=stage,
            system=system,
            entity=entity,
            records=number,
            total=total,
            per_second=round(rate, 1),
            seconds_left=round((total - number) / rate) if total and rate and total > number else None,
            calls_left=calls_left().get(system),
        )

    return tell
