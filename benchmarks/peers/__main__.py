"""See the package."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.machine import PACKAGES, machine
from benchmarks.peers import queues, records

REPORT = Path("build/reports/peers.json")
PEERS = ("dlt", "singer-sdk", "procrastinate", "huey", "celery", "kombu")


def run(number: int, jobs: int, rounds: int, only: str = "records,queues") -> dict[str, Any]:
    """Both parts, or one of them."""
    figures: dict[str, Any] = {"records": number, "jobs": jobs, "rounds": rounds}
    figures["machine"] = machine((*PACKAGES, *PEERS))
    if "records" in only:
        figures["record_rows"] = records.run(number, rounds)
    if "queues" in only:
        figures["queue_rows"] = queues.run(jobs, rounds)
    return figures


def show(figures: Mapping[str, Any]) -> list[Table]:
    """The tables."""
    tables = []
    if "record_rows" in figures:
        table = Table(
            title=f"From Salesforce to Odoo (sandboxes), start of the programs included; medians of {figures['rounds']}"
        )
        for name in ("work", "tool", "time, against bridge", "records/s", "beyond an empty run", "wall",
                     "CPU of the tool", "of the time", "calls", "peak"):  # fmt: skip
            table.add_column(name, justify="left" if name in ("work", "tool") else "right")
        for row in figures["record_rows"]:
            what = f"{row['work']}: {row['records']:,}" if row["records"] else row["work"]
            if "failed" in row:
                table.add_row(what, row["title"], f"not measured: {_short(row['failed'])}")
                continue
            rate = f"{row['per_second']:,.0f}" if row["records"] else ""
            beside = f"{row['ratio']:.2f}" if row["ratio"] else ""
            net = f"{row['net_per_second']:,.0f}" if row["net_per_second"] else ""
            table.add_row(
                what, row["title"], beside, rate, net, f"{row['wall']:.2f} s", f"{row['cpu']:.2f} s",
                f"{row['cpu'] / row['wall']:.0%}", f"{row['calls']:,.0f}", f"{row['peak_mb']:.0f} MB",
            )  # fmt: skip
        tables.append(table)
    if "queue_rows" in figures:
        table = Table(title=f"{figures['jobs']:,} jobs that do nothing, one worker; medians of {figures['rounds']}")
        for name in ("store", "queue", "jobs/s, against bridge", "jobs/s"):
            table.add_column(name, justify="left" if name in ("store", "queue") else "right")
        for row in figures["queue_rows"]:
            told = [f"not measured: {_short(row['failed'])}"] if "failed" in row else []
            told = told or [f"{row['ratio']:.3f}", f"{row['per_second']:,}"]
            table.add_row(row["store"], row["title"], *told)
        tables.append(table)
    return tables


def _short(reason: str) -> str:
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return lines[-1][:200] if lines else "it ended without a word"


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--jobs", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="records,queues")
    given = parser.parse_args()
    figures = run(given.records, given.jobs, given.rounds, given.only)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    console = Console(width=None if sys.stdout.isatty() else 200)
    for table in show(figures):
        console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
