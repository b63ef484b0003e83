"""The figures of the matrix: on the terminal, for machines, and in docs/reliability.md."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.table import Table

from reliability.crash.matrix import Run
from reliability.crash.stories import OPERATIONS
from reliability.document import table

NAMES = tuple(operation.name for operation in OPERATIONS)
Key = tuple[str, ...]


@dataclass(slots=True)
class Figures:
    """All runs so far."""

    seed: int
    seconds: float = 0
    runs: list[Run] = field(default_factory=list)

    @property
    def killed(self) -> list[Run]:
        """The runs in which bridge was killed."""
        return [run for run in self.runs if run.killed]

    @property
    def bad(self) -> list[Run]:
        """The runs in which something was lost, doubled or echoed, with a kill or without."""
        return [run for run in self.runs if not run.good]

    def total(self, column: str) -> int:
        """The sum of lost, duplicates or echoes."""
        return sum(getattr(run, column) for run in self.runs)

    def as_json(self) -> dict[str, Any]:
        """For build/reports/crash-matrix.json."""
        cells = Counter((run.label, run.operation, run.store, run.tested) for run in self.killed)
        return {
            "runs": len(self.killed),
            **{column: self.total(column) for column in ("lost", "duplicates", "echoes")},
            "seed": self.seed,
            "seconds": round(self.seconds),
            "moments": len({point_of(run) for run in self.killed}),
            "unkilled_runs": sum(run.number == 0 for run in self.runs),
            "not_reached": sum(run.number > 0 and not run.killed for run in self.runs),
            "comparisons": sum(run.number < 0 for run in self.runs),
            "cells": [
                dict(zip(("moment", "operation", "store", "system", "runs"), (*cell, number), strict=True))
                for cell, number in sorted(cells.items())
            ],
            "failures": [{**run.as_json(), "repeat": command(run, self.seed)} for run in self.bad],
        }


def command(run: Run, seed: int) -> str:
    """What repeats exactly this run."""
    number = max(run.number, 0) or ""
    only = f"{run.store}/{run.tested}/{run.operation}/{number}".rstrip("/")
    return f"make crash-matrix BRIDGE_CRASH_SEED={seed} BRIDGE_CRASH_ONLY='{only}'"


def point_of(run: Run) -> str:
    """The moment without the name of the system: which one it is, follows from the operation."""
    return re.sub(r" (crm|erp|fin)$", "", run.label)


def by_point(figures: Figures) -> tuple[Sequence[str], list[Sequence[object]]]:
    """A row for each moment: runs of each operation, over all stores and systems, and what came of them."""
    return _crossed(figures, ("moment",), lambda run: (point_of(run),))


def by_world(figures: Figures) -> tuple[Sequence[str], list[Sequence[object]]]:
    """A row for each store and system: runs of each operation, over all moments, and what came of them."""
    return _crossed(figures, ("store", "system"), lambda run: (run.store, run.tested))


def _crossed(figures: Figures, names: Key, key: Callable[[Run], Key]) -> tuple[Sequence[str], list[Sequence[object]]]:
    columns = (*names, *NAMES, "runs", "lost", "duplicates", "echoes")
    rows = [_row(one, [run for run in figures.killed if key(run) == one]) for one in _keys(figures.killed, key)]
    rest = [run for run in figures.runs if not run.killed]
    if rest:
        rows.append(_row(("not killed", *("" for _ in names[1:])), rest))
    rows.append(_row(("all", *("" for _ in names[1:])), figures.runs, len(figures.killed)))
    return columns, rows


def _row(head: Key, runs: Sequence[Run], number: int | None = None) -> Sequence[object]:
    each = Counter(run.operation for run in runs)
    sums = (sum(getattr(run, column) for run in runs) for column in ("lost", "duplicates", "echoes"))
    return (*head, *(each[name] or "" for name in NAMES), len(runs) if number is None else number, *sums)


def _keys(runs: Iterable[Run], key: Callable[[Run], Key]) -> list[Key]:
    order = ("before", "during", "after", "point:")

    def rank(one: Key) -> tuple[str, int, Key]:
        first, _, what = one[0].partition(" ")
        kind = "point" if first == "point:" else what.partition(":")[0]
        return (kind, 0, (what, str(order.index(first)))) if first in order else ("", 0, one)

    return sorted({key(run) for run in runs}, key=rank)


def show(figures: Figures, console: Console) -> None:
    """The tables, every run that went wrong, and the command that repeats it."""
    for title, (columns, rows) in (
        ("Where bridge was killed", by_point(figures)),
        ("On which store, against which system", by_world(figures)),
    ):
        shown = Table(title=title, title_justify="left")
        for place, column in enumerate(columns):
            shown.add_column(column, justify="left" if place == 0 else "right")
        for row in rows:
            shown.add_row(*(str(cell) for cell in row))
        console.print(shown)
    for run in figures.bad:
        console.print(f"[red]{run.store}, {run.tested}, {run.operation}[/] at {run.number} ({run.label})")
        for word in run.words:
            console.print(f"    {word}", markup=False, highlight=False)
        console.print(f"    {command(run, figures.seed)}", markup=False, highlight=False, soft_wrap=True)
    lost, duplicates, echoes = (figures.total(column) for column in ("lost", "duplicates", "echoes"))
    console.print(
        f"{len(figures.killed)} runs killed, {lost} lost edits, {duplicates} duplicates, {echoes} echo writes; "
        f"seed {figures.seed}, {figures.seconds / 60:.0f} minutes"
    )


def section(figures: Figures) -> str:
    """The part of docs/reliability.md."""
    compared = sum(run.number < 0 for run in figures.runs)
    head = (
        f"{len(figures.killed):,} runs, each killed at another moment (seed {figures.seed}): "
        f"**{figures.total('lost')} lost edits, {figures.total('duplicates')} duplicates, "
        f"{figures.total('echoes')} echo writes**. While bridge lay dead, in three runs of four a user edited the same "
        f"record in the other system. Each run was judged by what the systems held, after at most three more runs; one "
        f"more then had nothing to write. After every operation all records of both systems were compared "
        f"({compared} times). The numbers are of runs."
    )
    return "\n\n".join((head, table(*by_point(figures)), table(*by_world(figures))))
