"""How much more several workers write, and how soon: 1, 2 and 4 `bridge run` on one PostgreSQL store.

    python -m benchmarks.workers

All are real processes over real HTTP: the workers, three sandboxes, PostgreSQL. It is measured twice: beside sandboxes
that answer as fast as they can, where the processor is the narrow place, and beside ones that take for each call the
time that a vendor takes (`BRIDGE_WORKERS_LATENCY`, 0.15 s), where waiting is and more workers must help.

In each of `BRIDGE_WORKERS_ROUNDS` (3) rounds, with each number of workers in turn, users have edited customers and
contacts in the CRM (`_RECORDS`, 120, beside quick sandboxes; `_VENDOR_RECORDS`, 24, beside slow ones), half of each;
the clock runs from the moment the workers, which are there already, may begin, to the moment the last of the edits has
arrived in the ERP and in finance. Then single edits (`_EDITS`, 6) are timed, found by polling every `_EVERY` (2)
seconds. At last the same with webhooks (`_HOOKED`, 8 edits) and hardly any polling. Medians of the rounds; percentiles
of all single edits, each counted in both systems.

`build/reports/workers.json`: cores, rounds, poll_every_s, and for each of `sandbox` and `vendor` latency_s, records
(that are delivered in a round) and, by number of workers, delivered_per_second, poll_p50_s, poll_p95_s, webhook_p50_s,
webhook_p95_s. Ends with 1 where more workers do not deliver more beside a slow system.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests")]

from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from benchmarks.waiting import shown, until  # noqa: E402
from bridge.entrypoints.demo import people, seeds  # noqa: E402
from bridge.sandbox import build  # noqa: E402
from bridge.sandbox.kernel import Request, Response  # noqa: E402
from bridge.store import Database, open_store  # noqa: E402
from e2e.conftest import VENDORS, Site  # noqa: E402
from support.crew import Crew  # noqa: E402
from support.hooked import SECRETS, hook_up  # noqa: E402
from support.postgres import Postgres, running_postgres  # noqa: E402
from support.served import Desk, served  # noqa: E402

REPORT = Path("build/reports/workers.json")
WORKERS = (1, 2, 4)
TARGETS = ("erp", "fin")
MARK = re.compile(rb"\bn(\d+)x\b")
"""What users write, in one field or another: the number of the edit."""
HELPS = 1.3
"""Beside a slow system two workers must deliver so much more than one, and four than two workers no less."""


def number(name: str, default: float) -> float:
    return float(os.environ.get(f"BRIDGE_WORKERS_{name}", default))


class Marked:
    """A sandbox that notes when each edit arrived (`bridge.sandbox.kernel.application.Application`)."""

    def __init__(self, vendor: str) -> None:
        self._app, self._seen = build(vendor), {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def operation(self, request: Request) -> str:
        return "seen" if request.path.startswith("/seen/") else self._app.operation(request)

    def handle(self, request: Request) -> Response:
        """`/seen/N`: of the edits from N on, when they arrived here, in seconds of this machine's monotonic clock."""
        if request.path.startswith("/seen/"):
            first = int(request.path.rpartition("/")[2])
            return Response(200, {str(mark): at for mark, at in self._seen.items() if mark >= first})
        answer = self._app.handle(request)
        if answer.status < 400:
            for mark in MARK.findall(request.body):
                self._seen.setdefault(int(mark), time.monotonic())
        return answer


@dataclass
class Company:
    """Customers and contacts in step in three systems, and what is edited in the CRM."""

    site: Site
    desks: dict[str, Desk]
    store: Database
    places: list[tuple[str, str, str]]
    """(object, id, field) of what can be edited, customers and contacts in turn."""
    edits: int = 0
    latency: float = 0.0

    def edit(self) -> int:
        """A user edits the next record; answers the number of the edit."""
        kind, id_, name = self.places[self.edits % len(self.places)]
        self.edits += 1
        text = f"https://n{self.edits}x.example" if kind == "Account" else f"n{self.edits}x"
        self.desks["crm"].ask("POST", "edit", object=kind, id=id_, values={name: text})
        return self.edits

    def arrived(self, first: int) -> dict[str, dict[int, float]]:
        """Wait until all edits from this one on are in both systems: system -> edit -> when."""
        found: dict[str, dict[int, float]] = {}
        for system in TARGETS:

            def all_there(system: str = system) -> bool:
                seen = self.desks[system].noted(f"/seen/{first}")
                found[system] = {int(mark): at for mark, at in seen.items()}
                return len(found[system]) > self.edits - first

            until(all_there, 0.1)
        return found

    def slow(self) -> None:
        """From now on every call takes as long as it does with a vendor."""
        for desk in self.desks.values() if self.latency else ():
            desk.ask("POST", "faults", kind="delay", operation="*", times=0, seconds=self.latency)

    def quick(self) -> None:
        for desk in self.desks.values():
            desk.ask("DELETE", "faults")

    def rest(self) -> None:
        """Wait until nothing is left to write. Raises AssertionError where something cannot be written."""

        def empty() -> bool:
            with self.store.begin() as uow:
                counts = uow.queue_counts()
            assert not any(state in ("dead", "held") for *_, state in counts), counts
            return not counts

        until(empty, 0.1)


@contextmanager
def company(server: Postgres, records: int, latency: float) -> Iterator[Company]:
    """So many customers and contacts together."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-workers-")))
        desks = {s: Desk(s, stack.enter_context(served(partial(Marked, vendor)))) for s, vendor in VENDORS.items()}
        site = Site(folder, desks)  # type: ignore[arg-type]
        site.only("customer", "contact")
        url = server.new_database()
        file = folder / "bridge.yaml"
        file.write_text(file.read_text().replace("sqlite:///bridge.db", url))
        for system in VENDORS:
            site.bridge("setup", system)
        known = [one for one in people.companies() if one.twin_of is None and one.number not in seeds.OUTDATED]
        known = known[: records // 2]
        accounts = site.seed("crm", seeds.salesforce_accounts(known))
        ids = {one.number: id_ for one, id_ in zip(known, accounts, strict=True)}
        persons = [person(one.number) for one in known]
        contacts = site.seed("crm", seeds.salesforce_contacts(persons, ids))
        site.sync()
        store = open_store(url)
        stack.callback(store.close)
        places = [("Account", id_, "Website") for id_ in accounts], [("Contact", id_, "Title") for id_ in contacts]
        made = Company(site, desks, store, [one for two in zip(*places, strict=True) for one in two], latency=latency)
        made.rest()
        made.slow()
        yield made


def person(company_number: int) -> people.Person:
    """The one contact of a customer."""
    mail, mobile = f"p{company_number}@kunde.example.com", f"+493023126{company_number:03}"
    return people.Person(company_number, company_number, "Ada", f"Muster {company_number}", "", mail, mobile, ("crm",))


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
