"""The figures of a soak: counted by the day, printed as a table, written to the report and to docs/reliability.md."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from rich.console import Console
from rich.table import Table

from bridge.engine.report import Report
from reliability.document import table, write_report, write_section


@dataclass
class Figures:
    """Counts of one day. retries: entries that were waiting for another attempt, summed over the cycles. dead: entries
    set aside by the evening, before the operator looked at them. lost, duplicates, echoes: what must be 0."""

    day: str
    acts: int = 0
    refused: int = 0
    edits: int = 0
    cycles: int = 0
    calls: int = 0
    writes: int = 0
    conflicts: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    sigkills: int = 0
    retries: int = 0
    dead: int = 0
    held: int = 0
    lost: int = 0
    duplicates: int = 0
    echoes: int = 0
    seconds: float = 0.0

    def add(self, report: Report) -> None:
        """Count what a cycle reports of itself."""
        self.cycles += 1
        self.calls += report.api_calls
        self.writes += report.writes
        self.conflicts += report.conflicts
        self.retries += report.outbox.get("waiting", 0) + report.outbox.get("in_doubt", 0)

    def plain(self) -> dict[str, object]:
        """For machines."""
        return {one.name: _plain(getattr(self, one.name)) for one in fields(self)}

    def row(self) -> list[object]:
        """As a row of a table."""
        return [_cell(getattr(self, one.name)) for one in fields(self)]


COLUMNS = [one.name for one in fields(Figures)]


def in_all(days: Sequence[Figures]) -> Figures:
    """The sum of all days."""
    whole = Figures("in all")
    for one in fields(Figures):
        if one.name != "day":
            start = Counter[str]() if one.name == "faults" else 0
            setattr(whole, one.name, sum((getattr(day, one.name) for day in days), start=start))
    return whole


def show(days: Sequence[Figures], title: str, console: Console) -> None:
    """Print the table, and the faults by kind."""
    shown = Table(title=title)
    for column in COLUMNS:
        shown.add_column(column, justify="left" if column == "day" else "right")
    for day in days:
        shown.add_row(*(str(cell) for cell in day.row()))
    whole = in_all(days)
    shown.add_section()
    shown.add_row(*(str(cell) for cell in whole.row()))
    console.print(shown)
    console.print("Faults struck: " + (by_kind(whole.faults) or "none"), highlight=False)


def by_kind(faults: Counter[str]) -> str:
    """ "reset 12, status 7 ..." """
    return ", ".join(f"{kind} {number}" for kind, number in sorted(faults.items()))


def keep(days: Sequence[Figures], seed: str, store: str, digest: str) -> None:
    """build/reports/soak.json, and the section "soak" of docs/reliability.md."""
    whole = in_all(days)
    figures: dict[str, Any] = {
        "seed": seed,
        "store": store,
        "digest": digest,
        "days": [day.plain() for day in days],
        "in_all": whole.plain(),
    }
    write_report("soak", figures)
    names = (
        "day",
        "acts",
        "edits",
        "cycles",
        "calls",
        "writes",
        "conflicts",
        "faults",
        "kills",
        "sigkills",
        "retries",
        "lost",
        "duplicates",
        "echoes",
    )
    rows = [[_cell(getattr(day, name)) for name in names] for day in (*days, whole)]
    text = (
        f"{len(days)} days from seed {seed} on {store}, three systems, one process after another of bridge.\n\n"
        f"{table(names, rows)}\n\nFaults struck, by kind: {by_kind(whole.faults)}."
    )
    write_section("soak", text)


def _plain(value: object) -> object:
    return dict(value) if isinstance(value, Counter) else value


def _cell(value: Any) -> object:
    if isinstance(value, Counter):
        return sum(value.values())
    return f"{value:.0f}" if isinstance(value, float) else value
