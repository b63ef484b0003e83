"""How fast workers claim and finish entries of the outbox, one write at a time for each record.

    python benchmarks/claims.py [--entries 100000] [--batch 200] [--rounds 1]

Each worker is a process of its own: claim a batch (commit), settle it as done (commit), until nothing is left. All four
workers of a store share one place, which bridge itself never lets them do: what is measured is the store. Figures go to
build/reports/claims.json.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from benchmarks.machine import machine  # noqa: E402
from bridge.ports.storage import Settlement  # noqa: E402
from bridge.store import open_store  # noqa: E402
from support.postgres import running_postgres  # noqa: E402

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
TARGET = 10_000
"""Entries a second on PostgreSQL, on two cores."""
WORKERS = (1, 2, 4)
AT_ONCE = 5_000


def fill(url: str, entries: int) -> None:
    """So many records that are due."""
    store = open_store(url)
    for start in range(0, entries, AT_ONCE):
        with store.begin() as uow:
            uow.enqueue("customer", [("crm", f"g{n:06}", 1) for n in range(start, min(start + AT_ONCE, entries))], NOW)
    if store.engine.dialect.name == "postgresql":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE outbox")
    store.close()


def work(url: str, name: str, batch: int, start: Any, told: Any) -> None:
    """One worker: claim and finish until nothing is left; tells how many it finished, and the records."""
    store, done, records = open_store(url), 0, []
    with store.begin() as uow:
        uow.queue_counts()
    start.wait()
    while True:
        with store.begin() as uow:
            entries = uow.claim("crm", "customer", batch, now=NOW, lease_until=NOW + timedelta(minutes=5), owner=name)
        if not entries:
            break
        with store.begin() as uow:
            uow.settle([Settlement(entry, None) for entry in entries])
        done += len(entries)
        records.extend(entry.golden_id for entry in entries)
    told.put((done, len(set(records))))
    store.close()


def measure(url: str, entries: int, workers: int, batch: int) -> dict[str, object]:
    """Fill the outbox and empty it."""
    fill(url, entries)
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(workers + 1), context.Queue()
    crew = [context.Process(target=work, args=(url, f"w{n}", batch, start, told)) for n in range(workers)]
    for one in crew:
        one.start()
    start.wait()
    began = time.perf_counter()
    counts = [told.get() for _ in crew]
    seconds = time.perf_counter() - began
    for one in crew:
        one.join()
    done, records = (sum(count[place] for count in counts) for place in (0, 1))
    assert done == records == entries, f"{done} finished of {entries}, {records} records"
    return {"workers": workers, "entries": entries, "seconds": round(seconds, 2), "per_second": round(done / seconds)}


@contextmanager
def stores() -> Iterator[dict[str, Any]]:
    """Name -> a function that answers the URL of an empty store."""
    with tempfile.TemporaryDirectory(prefix="bridge-claims-") as folder, running_postgres() as server:
        numbers = iter(range(1000))
        yield {
            "postgresql": server.new_database,
            "sqlite": lambda: f"sqlite:///{folder}/{next(numbers)}.db",
        }


def main() -> int:
    """Measure, tell, write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--batch", type=int, default=200, help="entries claimed at once: what one call takes")
    parser.add_argument("--rounds", type=int, default=1, help="of which the median is told")
    asked = parser.parse_args()
    found: dict[str, list[dict[str, object]]] = {}
    with stores() as made:
        for name, new in made.items():
            found[name] = []
            for workers in WORKERS:
                rounds = [measure(new(), asked.entries, workers, asked.batch) for _ in range(asked.rounds)]
                row = sorted(rounds, key=lambda one: int(str(one["per_second"])))[asked.rounds // 2]
                found[name].append(row)
                print(
                    f"{name:<11} {workers} workers: {row['per_second']:>7,} a second ({row['seconds']} s)", flush=True
                )
    best = max(int(str(row["per_second"])) for row in found["postgresql"])
    figures = {
        "stores": found,
        "batch": asked.batch,
        "rounds": asked.rounds,
        "target": TARGET,
        "best": best,
        "met": best >= TARGET,
    }
    figures |= {"machine": machine(), "cores": os.cpu_count(), "python": platform.python_version()}
    path = ROOT / "build" / "reports" / "claims.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"{path.relative_to(ROOT)} written; the target is {TARGET:,} a second on PostgreSQL on two cores")
    return 0 if figures["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
