"""See the package."""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.waiting import shown
from benchmarks.workers.company import TARGETS, Company, company
from support.crew import Crew
from support.hooked import SECRETS, hook_up
from support.postgres import running_postgres

REPORT = Path("build/reports/workers.json")
WORKERS = (1, 2, 4)
HELPS = 1.3
"""Beside a slow system two workers must deliver so much more than one, and four than two workers no less."""


def number(name: str, default: float) -> float:
    return float(os.environ.get(f"BRIDGE_WORKERS_{name}", default))


@dataclass
class Found:
    """Of one number of workers: deliveries a second in each round, seconds of single edits."""

    rates: list[float] = field(default_factory=list)
    polled: list[float] = field(default_factory=list)
    hooked: list[float] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        polled, hooked = shown(self.polled), shown(self.hooked)
        return {
            "delivered_per_second": round(statistics.median(self.rates), 1),
            "each_round": [round(rate, 1) for rate in self.rates],
            "poll_p50_s": polled["p50"],
            "poll_p95_s": polled["p95"],
            "webhook_p50_s": hooked["p50"],
            "webhook_p95_s": hooked["p95"],
        }


@contextmanager
def at_work(files: Sequence[Path], given: Company) -> Iterator[Crew]:
    """Workers, one for each configuration, that have started; stopped in the end."""
    crew = Crew(files, given.site.environment)
    try:
        crew.await_start(60)
        yield crew
        crew.all_live()
        ended = crew.stop(60)
        assert set(ended) == {0}, f"workers that were asked to stop ended with {ended}"
    finally:
        crew.close()


def burst(given: Company, file: Path, workers: int, records: int) -> Iterator[float]:
    """Deliveries a second of so many edits; then, once, whoever asks goes on beside the same workers."""
    with ExitStack() as gate:
        assert gate.enter_context(given.store.locked(patience=60))  # as a person's command that runs for so long
        with at_work([file] * workers, given):
            first = given.edits + 1
            for _ in range(records):
                given.edit()
            gate.close()
            began = time.monotonic()
            with given.store.begin() as uow:
                uow.tell_workers()
            there = given.arrived(first)
            last = max(max(seen.values()) for seen in there.values())
            yield records * len(TARGETS) / (last - began)
            given.rest()


def singles(given: Company, edits: int, apart: float) -> list[float]:
    """Seconds from each of so many edits to its arrival, once for each system. apart: seconds between two edits."""
    made = {}
    for _ in range(edits):
        mark = given.edit()
        made[mark] = time.monotonic()
        time.sleep(apart)
    there = given.arrived(min(made))
    given.rest()
    return [seen[mark] - at for seen in there.values() for mark, at in made.items()]


def measure(given: Company, rounds: int, records: int, every: float) -> dict[int, Found]:
    """All numbers of workers in turn, as often as there are rounds; then all of them with webhooks."""
    found = {workers: Found() for workers in WORKERS}
    base = given.site.folder / "bridge.yaml"
    polling = base.with_name("polling.yaml")
    polling.write_text(base.read_text() + f"\nrun: {{every: {every:g}s}}\n")
    for turn in range(rounds):
        for workers in (*WORKERS[turn % len(WORKERS) :], *WORKERS[: turn % len(WORKERS)]):
            for rate in burst(given, polling, workers, records):
                found[workers].rates.append(rate)
                print(f"{workers} workers: {rate:.1f} a second", flush=True)
                found[workers].polled += singles(given, int(number("EDITS", 6)), every * 0.37)
    given.quick()
    told_at = f"{hook_up(given.site, every='1h')}/crm/{SECRETS['HOOK_CRM_PATH']}"
    given.site.control("crm", "POST", "webhooks/outbound", object="Contact", url=told_at)
    given.slow()
    ear = re.search(r"listen: 127\.0\.0\.1:([1-9]\d*)", base.read_text())
    assert ear
    others = base.with_name("others.yaml")  # one of them has the ear of the systems; all look at what it heard
    others.write_text(base.read_text().replace(f"listen: 127.0.0.1:{ear[1]}", "listen: 127.0.0.1:0"))
    for workers in WORKERS:
        with at_work([base, *[others] * (workers - 1)], given):
            found[workers].hooked = singles(given, int(number("HOOKED", 8)), 0.4)
    return found


def printed(report: dict[str, Any]) -> None:
    """The figures side by side."""
    table = Table("a call takes", "workers", title="Delivered records, and seconds from an edit to the other systems")
    for column in ("a second", "to one", "poll p50", "p95", "webhook p50", "p95"):
        table.add_column(column, justify="right")
    for name in ("sandbox", "vendor"):
        one = report[name]["workers"][str(WORKERS[0])]["delivered_per_second"]
        for workers, row in report[name]["workers"].items():
            rate = row["delivered_per_second"]
            spans = [f"{row[f'{way}_{share}_s']:.2f}" for way in ("poll", "webhook") for share in ("p50", "p95")]
            latency = report[name]["latency_s"]
            takes = f"{latency * 1000:.0f} ms" if latency else "no time"
            table.add_row(takes, workers, f"{rate:.1f}", f"x {rate / one:.2f}", *spans)
        table.add_section()
    Console().print(table)


def main() -> int:
    """Measure, print and write down."""
    rounds, every = int(number("ROUNDS", 3)), number("EVERY", 2)
    report: dict[str, Any] = {"cores": os.cpu_count(), "rounds": rounds, "poll_every_s": every}
    ways = {"sandbox": (0.0, number("RECORDS", 120)), "vendor": (number("LATENCY", 0.15), number("VENDOR_RECORDS", 24))}
    began = time.monotonic()
    with running_postgres() as server:
        for name, (latency, records) in ways.items():
            with company(server, int(records), latency) as given:
                found = measure(given, rounds, int(records), every)
            by_workers = {str(workers): one.figures() for workers, one in found.items()}
            delivered = int(records) * len(TARGETS)
            report[name] = {"latency_s": latency, "records": delivered, "workers": by_workers}
            print(f"{name}: {json.dumps(by_workers)}", flush=True)
    report["seconds"] = round(time.monotonic() - began)
    printed(report)
    rates = [report["vendor"]["workers"][str(workers)]["delivered_per_second"] for workers in WORKERS]
    report["more_help"] = rates[1] >= HELPS * rates[0] and rates[2] >= rates[1]
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(f"{REPORT} written; {report['seconds']} seconds")
    return 0 if report["more_help"] else 1


if __name__ == "__main__":
    sys.exit(main())
