"""All benchmarks in one command: tables, `docs/benchmarks.md`, and `build/reports/bench.json`.

    python -m benchmarks.all [--quick] [--only wire,growth,calls,peers,stores,profiles] [--keep-page]

Each part is a command of its own that can be run by itself, and so it is here: one that fails is told, and the others
go on. `--quick` (or BRIDGE_BENCH_QUICK=1) goes through everything with few records and one round: to try it, not to
tell figures, so that it never touches the page; `--keep-page` measures in full and leaves the page alone. On a machine
that does something else, figures are worth little: the load is told, and stands in the report.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import page
from benchmarks.calls import show as show_calls
from benchmarks.growth.__main__ import show as show_growth
from benchmarks.machine import PACKAGES, machine
from benchmarks.peers.__main__ import PEERS
from benchmarks.peers.__main__ import show as show_peers
from benchmarks.wire.__main__ import show as show_wire

REPORTS = Path("build/reports")
PAGE = Path("docs/benchmarks.md")
BUSY = 0.3
"""Processes that want a core while nothing is measured, for each core: more than these, and figures mislead."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the benchmarks. full, quick: the words after `python`; report: what it writes; show: its tables."""

    name: str
    full: str
    quick: str
    report: str = ""
    show: Callable[[Mapping[str, Any]], Sequence[Table]] = lambda figures: []


def show_stores(figures: Mapping[str, Any]) -> list[Table]:
    """The table of the claims."""
    table = Table(title=f"Entries of the outbox claimed and finished, {figures['batch']} at once")
    for name in ("store", "workers", "against one on SQLite", "entries/s"):
        table.add_column(name, justify="left" if name == "store" else "right")
    beside = figures["stores"]["sqlite"][0]["per_second"]
    for store, rows in sorted(figures["stores"].items(), reverse=True):
        for row in rows:
            ratio = row["per_second"] / beside
            table.add_row(store, str(row["workers"]), f"{ratio:.2f}", f"{row['per_second']:,}")
    return [table]


PARTS = (
    Part("wire", "-m benchmarks.wire", "-m benchmarks.wire --records 500 --rounds 1", "wire.json",
         lambda figures: [show_wire(figures)]),
    Part("growth", "-m benchmarks.growth",
         "-m benchmarks.growth --sizes 1000,4000 --postgresql 1000,2000 --changed 200 --rounds 1", "growth.json",
         lambda figures: [show_growth(figures)]),
    Part("calls", "-m benchmarks.calls", "-m benchmarks.calls --records 250", "calls.json",
         lambda figures: [show_calls(figures)]),
    Part("peers", "-m benchmarks.peers", "-m benchmarks.peers --records 500 --jobs 300 --rounds 1", "peers.json",
         show_peers),
    Part("stores", "benchmarks/claims.py --rounds 5", "benchmarks/claims.py --entries 2000", "claims.json",
         show_stores),
    Part("profiles", "-m benchmarks.profiles", "-m benchmarks.profiles --records 500"),
)  # fmt: skip


def measured(part: Part, words: str, console: Console) -> dict[str, Any]:
    """Run one part and print its tables. Answers its figures, how it ended, and what it was called with."""
    console.rule(f"{part.name}: python {words}")
    path = REPORTS / part.report
    if part.report:
        path.unlink(missing_ok=True)
    done = subprocess.run([sys.executable, *words.split()], capture_output=True, text=True, check=False)
    told: dict[str, Any] = {"command": f"python {words}", "exit_code": done.returncode}
    if part.report and path.exists():
        told["figures"] = json.loads(path.read_text(encoding="utf-8"))
        for table in part.show(told["figures"]):
            console.print(table)
    elif part.report or done.returncode:
        told["failed"] = (done.stderr or done.stdout)[-2000:]
        console.print(f"[bold]{part.name} ended with {done.returncode}; it has no figures[/bold]")
        console.print(told["failed"], markup=False, highlight=False)
    else:
        console.print(done.stdout, markup=False, highlight=False)
    return told


def main() -> int:
    """Measure, print, write. Answers 1 where a part has no figures or, measured in full, missed a target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.all")
    parser.add_argument("--quick", action="store_true", default=os.environ.get("BRIDGE_BENCH_QUICK") == "1")
    parser.add_argument("--only", default=",".join(part.name for part in PARTS))
    parser.add_argument("--keep-page", action="store_true")
    given = parser.parse_args()
    chosen = [part for part in PARTS if part.name in given.only.split(",")]
    console = Console(width=None if sys.stdout.isatty() else 200)
    on = machine((*PACKAGES, *PEERS, "pyinstrument"))
    if on["load"][0] > BUSY * on["cores"]:
        console.print(f"[bold]This machine is busy (load {on['load'][0]}): its figures will mislead.[/bold]")
    begun = datetime.now(UTC)
    told = {part.name: measured(part, part.quick if given.quick else part.full, console) for part in chosen}
    report = {"quick": given.quick, "date": begun.isoformat(timespec="seconds"), "machine": on, "parts": told}
    REPORTS.mkdir(parents=True, exist_ok=True)
    (REPORTS / "bench.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    console.print(f"{REPORTS / 'bench.json'} written")
    if not (given.quick or given.keep_page):
        tables = {part.name: part.show(told[part.name]["figures"]) for part in chosen if "figures" in told[part.name]}
        text = page.filled(PAGE.read_text(encoding="utf-8"), report, tables)
        PAGE.write_text(text, encoding="utf-8")
        console.print(f"{PAGE} written")
    wrong = [name for name, one in told.items() if "failed" in one or (one["exit_code"] and not given.quick)]
    if wrong:
        console.print(f"no figures, or a target missed: {', '.join(wrong)}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
