"""A day of the daemon, in simulated time: does it hold its memory, and do the tables that every cycle uses stay small?

`python -m reliability.daemon_day` lives through 24 hours: the daemon's own steps, two systems in memory, a store in a
file.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import tempfile
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from random import Random
from time import perf_counter
from typing import Any

from sqlalchemy import func, select

from bridge.adapters.memory import forget_worlds
from bridge.engine.runtime import Runtime
from bridge.entrypoints.daemon.loop import Daemon
from bridge.entrypoints.daemon.metrics import Metrics
from bridge.entrypoints.daemon.site import load_site
from bridge.entrypoints.daemon.telling import voice
from bridge.store import open_store
from bridge.store.schema import CONFLICT, HISTORY, META, OUTBOX, RUN, WRITTEN

START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
KEPT = timedelta(hours=2)
"""So long history and writes are kept here: what a year is elsewhere."""
STEP = timedelta(seconds=20)
HOT = {table.name: table for table in (OUTBOX, META, RUN, WRITTEN, HISTORY, CONFLICT)}
CUSTOMERS = 60
CONFIG = """
version: "1"
store: sqlite:///bridge.db
mappings: mappings
systems: {crm: {adapter: memory}, erp: {adapter: memory}}
run: {every: 1m}
"""
MAPPING = """
version: "1"
entity: customer
systems: {crm: {object: Account}, erp: {object: Partner}}
identity: {key: {crm: bridge_id, erp: bridge_id}, match: [{same: [tax_id]}]}
fields:
  name: {crm: Name, erp: name, required: yes}
  tax_id: {crm: VAT, erp: vat}
  legal_name: {crm: Legal, erp: legal}
  notes: {crm: Description, erp: comment}
"""
OBJECTS = {"crm": ("Account", "Legal", "Description"), "erp": ("Partner", "legal", "comment")}


class Forgetful(Daemon):
    """The daemon, with a memory of hours in place of years."""

    def _runtime(self) -> Runtime:
        made = super()._runtime()
        return replace(made, pace=replace(made.pace, keep_history=KEPT, keep_writes=KEPT))


@dataclass
class Clock:
    """True time, and by how much the machine's clock is behind it."""

    now: datetime = START
    behind: timedelta = field(default_factory=timedelta)

    def true(self) -> datetime:
        return self.now

    def machine(self) -> datetime:
        return self.now - self.behind


class Life:
    """A daemon with its systems and users."""

    def __init__(self, folder: Path, daemon: Daemon, clock: Clock, said: StringIO, seed: str) -> None:
        self.folder, self.daemon, self.clock, self.said = folder, daemon, clock, said
        self.luck = Random(seed)
        self.edits = 0

    def world(self, system: str) -> Any:
        return self.daemon.site.adapters[system].world

    def edit(self, system: str) -> None:
        """A user types something into a record."""
        world, (obj, *paths) = self.world(system), OBJECTS[system]
        row = self.luck.choice(sorted(world.table(obj)))
        self.edits += 1
        world.user_edit(obj, row, {self.luck.choice(paths): f"{self.edits} {self.luck.random()}"})

    def minutes(self, number: int, edits: int = 3) -> None:
        """Let time pass; the daemon looks every 20 seconds, and people type."""
        for _ in range(number):
            for _ in range(edits):
                self.edit(self.luck.choice(("crm", "erp")))
            for _ in range(timedelta(minutes=1) // STEP):
                self.clock.now += STEP
                self.daemon.step()

    def lines(self, event: str) -> list[dict[str, Any]]:
        """What the daemon said of this."""
        told = [json.loads(line) for line in self.said.getvalue().splitlines()]
        return [one for one in told if one["event"] == event]

    def sizes(self) -> dict[str, int]:
        """The rows of the tables that every cycle uses."""
        with self.daemon.store.engine.connect() as connection:
            return {
                name: int(connection.scalar(select(func.count()).select_from(table)) or 0)
                for name, table in HOT.items()
            }

    def shown(self, system: str) -> dict[str, tuple[Any, ...]]:
        obj, *paths = OBJECTS[system]
        key, name = {"crm": ("VAT", "Name"), "erp": ("vat", "name")}[system]
        rows = [row.values for row in self.world(system).table(obj).values()]
        return {str(row[key]): (row[name], *(row.get(path) for path in paths)) for row in rows}


@contextmanager
def life(folder: Path, seed: str = "1") -> Iterator[Life]:
    """Sixty customers of the CRM, in a company whose daemon has just been started."""
    forget_worlds()
    (folder / "mappings").mkdir(exist_ok=True)
    (folder / "bridge.yaml").write_text(CONFIG)
    (folder / "mappings" / "customer.yaml").write_text(MAPPING)
    clock, said = Clock(), StringIO()
    site = load_site(folder / "bridge.yaml")
    store = open_store(f"sqlite:///{folder / 'bridge.db'}")
    metrics = Metrics()
    daemon = Forgetful(
        folder / "bridge.yaml", site, store, voice(as_json=True, to=said), seen=metrics.count, clock=clock.machine
    )
    made = Life(folder, daemon, clock, said, seed)
    try:
        for system in OBJECTS:
            made.world(system).clock = clock.true
        for number in range(CUSTOMERS):
            made.world("crm").user_insert("Account", {"Name": f"Firm {number}", "VAT": f"DE{number}"})
        made.minutes(3, edits=0)
        yield made
    finally:
        daemon.site.close()
        store.close()
        forget_worlds()


def resident() -> int:
    """Memory of this process in kB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") // 1024


def hours(lived: Life, number: int) -> list[dict[str, Any]]:
    """Live through so many hours; figures of each."""
    found = []
    for hour in range(1, number + 1):
        start = perf_counter()
        lived.minutes(60)
        lived.said.truncate(0)
        lived.said.seek(0)
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0] // 1024 if tracemalloc.is_tracing() else None
        size = (lived.folder / "bridge.db").stat().st_size // 1024
        row = {"hour": hour, "edits": lived.edits, "resident_kb": resident(), "python_kb": traced, "store_kb": size}
        found.append({**row, **lived.sizes(), "seconds": round(perf_counter() - start, 1)})
    return found


def main() -> int:
    """Print the figures and keep them. Returns 1 where something grows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--seed", default="1")
    parser.add_argument("--write", type=Path, default=Path("build/reports/daemon-day.json"))
    given = parser.parse_args()
    tracemalloc.start(1)
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="bridge-day-") as folder, life(Path(folder), given.seed) as lived:
        for _ in range(given.hours):
            (row,) = hours(lived, 1)
            row["hour"] = len(rows) + 1
            rows.append(row)
            print("  ".join(f"{name} {value}" for name, value in row.items()), flush=True)
        lived.minutes(3, edits=0)
        agree = lived.shown("crm") == lived.shown("erp")
    grown = growth(rows)
    given.write.parent.mkdir(parents=True, exist_ok=True)
    given.write.write_text(json.dumps({"agree": agree, "grown": grown, "hours": rows}, indent=2) + "\n")
    print(f"systems agree: {agree}; grown since the fourth hour: {grown or 'nothing'}")
    return 0 if agree and not grown else 1


def growth(rows: list[dict[str, Any]]) -> dict[str, list[int]]:
    """What is larger at the end than when all that is kept had filled up (after twice the time of keeping), by more
    than a tenth and a bit: name -> [then, at the end]."""
    settled = 2 * KEPT // timedelta(hours=1)
    if len(rows) <= settled:
        return {}
    names = ("python_kb", "store_kb", *HOT)
    then = {name: max(row[name] or 0 for row in rows[:settled]) for name in names}
    last = rows[-1]
    return {n: [then[n], last[n]] for n in names if (last[n] or 0) > then[n] * 1.1 + 20}


if __name__ == "__main__":
    sys.exit(main())
