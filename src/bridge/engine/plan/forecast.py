"""Forecast: how many calls a planned run will take from each system, and whether that much is left today. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil

from bridge.engine.plan.rehearsal import Action
from bridge.ports.adapter import Capabilities


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a run will take from one system.

    reading, writing: calls, the second an estimate from the size of the batches. left: calls that bridge may still make
    in these 24 hours; None where nobody limits them. seconds: what the pace alone makes it last; None without one.
    """

    system: str
    reading: int
    writing: int
    left: int | None
    seconds: float | None

    @property
    def calls(self) -> int:
        """All calls of the run."""
        return self.reading + self.writing

    @property
    def fits(self) -> bool:
        """Whether the run can be done within what is left of the day's calls."""
        return self.left is None or self.writing <= self.left

    def __str__(self) -> str:
        said = f"about {self.calls:,} calls ({self.reading:,} to read, {self.writing:,} to write)"
        if self.seconds is not None:
            said += f", {self.seconds / 60:,.0f} minutes at its pace" if self.seconds >= 60 else ""
        if self.left is None:
            return said
        if self.fits:
            return f"{said}; {self.left:,} are left for bridge today"
        return f"{said}; only {max(self.left, 0):,} are left for bridge today: the rest waits in the outbox"


def forecast(
    actions: Iterable[Action],
    able: Callable[[str, str], Capabilities],
    reading: Mapping[str, int],
    left: Mapping[str, int | None],
    per_second: Mapping[str, float | None],
) -> list[Forecast]:
    """The forecast for every system that was read.

    able: (system, entity) -> what it can do. reading: calls that the rehearsal has made, which the run will make again.
    """
    return forecast_of(Counter((a.system, a.entity, a.op) for a in actions), able, reading, left, per_second)


def forecast_of(
    numbers: Mapping[tuple[str, str, str], int],
    able: Callable[[str, str], Capabilities],
    reading: Mapping[str, int],
    left: Mapping[str, int | None],
    per_second: Mapping[str, float | None],
) -> list[Forecast]:
    """The same from counts. numbers: (system, entity, op) -> writes."""
    writing: Counter[str] = Counter()
    for (system, entity, op), number in numbers.items():
        writing[system] += writing_calls(able(system, entity), op, number)
    found = []
    for system, calls in reading.items():
        pace = per_second.get(system)
        seconds = None if pace is None else (calls + writing[system]) / pace
        found.append(Forecast(system, calls, writing[system], left.get(system), seconds))
    return found


def writing_calls(able: Capabilities, op: str, number: int) -> int:
    """Calls that so many writes of one kind take."""
    size = able.batch_create if op == "create" else able.batch_update
    each = {"create": able.calls_per_create, "update": able.calls_per_update, "delete": able.calls_per_delete}[op]
    return ceil(ceil(number / size) * able.calls_per_batch + number * each)
