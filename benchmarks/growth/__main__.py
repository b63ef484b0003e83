"""See the package."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from benchmarks.apart import measured
from benchmarks.growth.fill import TEMPLATE, fill, ids
from benchmarks.growth.measured import PAGE, edit, one
from benchmarks.machine import machine
from benchmarks.wire.company import OBJECTS, VENDORS, customer
from benchmarks.wire.engine import company
from bridge.sandbox import build
from bridge.sandbox.kernel import serve
from bridge.store import Database

REPORT = Path("build/reports/growth.json")
AGO = timedelta(hours=2)
"""What was made and edited so long ago is not read again by every cycle."""
FLAT = 0.1
"""A cycle with nothing changed may differ by this share."""
CALLS_PER_OBJECT = 1
PEAK_MB = 150
QUIET = 100
"""Cycles with nothing changed in each turn."""
CHANGED = 3
"""Cycles with changes in each turn, of which the first is not counted."""


@contextmanager
def linked(changed: int, store: str, stride: int) -> Iterator[tuple[dict[str, str], list[str]]]:
    """Two sandboxes with so many customers, linked in this store and edited once, long ago: addresses, ids in the CRM.

    stride: for how many others there is to be room between two of them.
    """
    with ExitStack() as stack:
        servers = {system: stack.enter_context(serve(build(vendor))) for system, vendor in VENDORS.items()}
        addresses = {system: server.url for system, server in servers.items()}
        _set_clocks(addresses, datetime.now(UTC) - AGO)
        with company(store, PAGE, addresses) as runtime:
            runtime, emap = replace(runtime, new_id=ids(stride)), runtime.maps["customer"]
            native: dict[str, list[str]] = {}
            for system, adapter in runtime.adapters.items():
                adapter.open([emap.spec(system)])
                adapter.setup(emap.spec(system), apply=True)
                numbers = range(TEMPLATE, TEMPLATE - changed, -1)
                rows = [{"object": OBJECTS[system], "values": customer(system, number)} for number in numbers]
                answer = requests.post(f"{addresses[system]}/__sandbox__/seed", json={"records": rows}, timeout=600)
                native[system] = [str(one) for one in answer.json()["ids"]]
            one(runtime, "link")
            edit(addresses["crm"], native["crm"], "edited")
            assert one(runtime, "edit")["written"] == changed
        _set_clocks(addresses, datetime.now(UTC))
        yield addresses, native["crm"]


def _set_clocks(addresses: Mapping[str, str], moment: datetime) -> None:
    for address in addresses.values():
        body = {"set": moment.isoformat()}
        requests.post(f"{address}/__sandbox__/clock", json=body, timeout=60).raise_for_status()


@dataclass(frozen=True)
class Company:
    """A filled store of one size, and the two sandboxes beside it. found: what was measured of it so far."""

    size: int
    store: str
    addresses: Mapping[str, str]
    ids: Sequence[str]
    found: list[dict[str, Any]] = field(default_factory=list)

    def measure(self, turn: int, quiet: int = 0, changed: int = 0) -> None:
        """So many cycles of each kind, in a process of their own."""
        given = {"store": self.store, "addresses": self.addresses, "ids": self.ids, "turn": turn}
        words = json.dumps({**given, "quiet": quiet, "changed": changed})
        self.found.append(measured("benchmarks.growth.measured", words))

    def cycles(self, kind: str) -> list[dict[str, Any]]:
        """All cycles of a kind, "quiet" or "changed"."""
        return [cycle for found in self.found for cycle in found[kind]]


def filled(stack: ExitStack, size: int, changed: int, store: str) -> Company:
    """A new store of this size, and its systems; they stay until the stack is left."""
    stride = max((size - changed) // changed, 1)
    addresses, native = stack.enter_context(linked(changed, store, stride))
    with company(store, PAGE, addresses) as runtime:
        database = runtime.store
        assert isinstance(database, Database)
        fill(database, size - changed, stride)
    return Company(size, store, addresses, native)


def row(store: str, of: Company, changed: int) -> dict[str, Any]:
    """The medians of one size."""
    quiet, busy = of.cycles("quiet"), of.cycles("changed")
    return {
        "store": store,
        "size": of.size,
        "quiet_cpu": median(cycle["cpu"] for cycle in quiet),
        "quiet_wall": median(cycle["wall"] for cycle in quiet),
        "calls_per_object": max(cycle["calls"] for cycle in quiet) / len(VENDORS),
        "changed_cpu": median(cycle["cpu"] for cycle in busy) / changed,
        "changed_wall": median(cycle["wall"] for cycle in busy) / changed,
        "written": min(cycle["written"] for cycle in busy),
        "peak_mb": max(found["peak_mb"] for found in of.found),
    }


def compared(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of one store, each beside the first, and whether it keeps what is promised."""
    first = rows[0]
    told = []
    for found in rows:
        ratios = {f"{name}_ratio": found[name] / first[name] for name in ("quiet_cpu", "changed_cpu", "peak_mb")}
        met = (
            abs(ratios["quiet_cpu_ratio"] - 1) <= FLAT
            and found["calls_per_object"] <= CALLS_PER_OBJECT
            and found["peak_mb"] < PEAK_MB
        )
        told.append({**found, **ratios, "met": met})
    return told


def show(figures: Mapping[str, Any]) -> Table:
    """The table."""
    about = (
        f"{figures['changed']:,} changed and written to the other system; medians of {figures['rounds']} turns with"
        f" {figures['quiet']} quiet cycles each"
    )
    table = Table(title=f"The same work beside more and more linked records ({about})")
    names = ("store", "linked records", "quiet cycle, against the fewest", "quiet cycle, CPU", "calls an object",
             "changed, against the fewest", "a changed record, CPU", "peak, against the fewest", "peak")  # fmt: skip
    for name in names:
        table.add_column(name, justify="left" if name == "store" else "right")
    for found in figures["rows"]:
        table.add_row(
            found["store"], f"{found['size']:,}", f"{found['quiet_cpu_ratio']:.2f}",
            f"{found['quiet_cpu'] * 1000:.1f} ms", f"{found['calls_per_object']:g}",
            f"{found['changed_cpu_ratio']:.2f}", f"{found['changed_cpu'] * 1e6:.0f} µs",
            f"{found['peak_mb_ratio']:.2f}", f"{found['peak_mb']:.0f} MB",
        )  # fmt: skip
    return table


@contextmanager
def stores(names: Sequence[str]) -> Iterator[dict[str, Callable[[], str]]]:
    """Store -> a function that answers the URL of an empty one."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-growth-"))
        numbers = iter(range(1_000))
        made: dict[str, Callable[[], str]] = {"sqlite": lambda: f"sqlite:///{folder}/{next(numbers)}.db"}
        if "postgresql" in names:
            sys.path.insert(0, "tests")
            from support.postgres import running_postgres

            made["postgresql"] = stack.enter_context(running_postgres()).new_database
        yield {name: made[name] for name in names}


def run(sizes: Mapping[str, Sequence[int]], changed: int, rounds: int) -> dict[str, Any]:
    """All sizes of all stores. Those of one store are filled first and measured in turns, so that a machine that is
    slower for a minute is slower for all of them. A quiet cycle takes milliseconds, and each turn has a hundred."""
    rows = []
    with stores(list(sizes)) as made:
        for store, new in made.items():
            with ExitStack() as stack:
                companies = [filled(stack, size, changed, new()) for size in sizes[store]]
                for cycles in ({"quiet": QUIET}, {"changed": CHANGED}):
                    for turn, each in product(range(rounds), companies):
                        each.measure(turn, **cycles)
                rows.extend(compared([row(store, each, changed) for each in companies]))
                print(json.dumps(rows), file=sys.stderr, flush=True)
    return {"changed": changed, "rounds": rounds, "quiet": QUIET, "machine": machine(), "rows": rows}


def main() -> int:
    """Measure, print, write. Answers 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth")
    parser.add_argument("--sizes", default="10000,100000,1000000", help="linked records in a SQLite store")
    parser.add_argument("--postgresql", default="10000,100000", help="the same in PostgreSQL; empty: none")
    parser.add_argument("--changed", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    asked = {"sqlite": given.sizes, "postgresql": given.postgresql}
    sizes = {store: [int(size) for size in text.split(",")] for store, text in asked.items() if text}
    figures = run(sizes, given.changed, given.rounds)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    Console(width=None if sys.stdout.isatty() else 200).print(show(figures))
    return 0 if all(found["met"] for found in figures["rows"]) else 1


if __name__ == "__main__":
    sys.exit(main())
