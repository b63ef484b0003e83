"""See the package."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from benchmarks.apart import measured
from benchmarks.machine import machine
from benchmarks.wire.company import OBJECTS, STEPS, VENDORS, customer
from benchmarks.wire.engine import company, run
from benchmarks.wire.tape import Tape
from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve

AGO = timedelta(hours=1)
"""Since when the records are there: what is younger than a minute or so is read again by every cycle."""
REPORT = Path("build/reports/wire.json")
TARGETS = {
    "first": {"sqlite": 4.0},
    "replay": {"sqlite": 1.6, "postgresql": 2.5},
    "all": {"sqlite": 5.0, "postgresql": 7.0},
}


def record(records: int, page: int, path: Path) -> tuple[datetime, dict[str, dict[str, Any]]]:
    """Fill two sandboxes, go through all steps, keep the calls. Answers the moment it began and what each step did."""
    tape, base = Tape(), datetime.now(UTC)
    with ExitStack() as stack:
        servers: dict[str, Server] = {
            system: stack.enter_context(serve(build(vendor))) for system, vendor in VENDORS.items()
        }

        def control(system: str, method: str, name: str, **given: Any) -> Any:
            answer = requests.request(
                method, f"{servers[system].url}/__sandbox__/{name}", json=given or None, timeout=600
            )
            assert answer.ok, answer.text
            return answer.json()

        ids: dict[str, list[str]] = {}
        addresses = {system: server.url for system, server in servers.items()}
        ports = {int(server.url.rpartition(":")[2]): system for system, server in servers.items()}
        did = {}
        with company("", page, addresses, base) as runtime:
            for system, adapter in runtime.adapters.items():
                specs = [emap.spec(system) for emap in runtime.maps.values()]
                adapter.open(specs)
                for spec in specs:
                    adapter.setup(spec, apply=True)
                kind = {"object": OBJECTS[system], "modified": (base - AGO).isoformat()}
                rows = [{**kind, "values": customer(system, number)} for number in range(records)]
                ids[system] = [str(id_) for id_ in control(system, "POST", "seed", records=rows)["ids"]]
            for adapter in runtime.adapters.values():
                adapter.close()
        with company("", page, addresses, base) as runtime:
            for step in STEPS:
                step.before(control, ids)
                with tape.recording(step.name, ports):
                    did[step.name] = run(runtime, step)
    tape.save(path)
    return base, did


@contextmanager
def played(path: Path) -> Iterator[dict[str, int]]:
    """The server that plays the tape; answers its ports."""
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.wire.canned", str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
    finally:
        server.kill()
        server.wait()


def main() -> int:
    """Measure, print, write. Answers 1 where a target is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.wire")
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--page", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stores", default="sqlite,postgresql")
    given = parser.parse_args()
    stores = given.stores.split(",")
    with tempfile.TemporaryDirectory(prefix="bridge-wire-") as folder, ExitStack() as stack:
        path = Path(folder) / "tape"
        base, did = record(given.records, given.page, path)
        ports = stack.enter_context(played(path))
        databases = _databases(stack) if "postgresql" in stores else iter(())
        bare: list[dict[str, Any]] = []
        bridge: dict[str, list[dict[str, Any]]] = {store: [] for store in stores}
        for _ in range(given.rounds):
            bare.append(measured("benchmarks.wire.bare", str(path), json.dumps(ports)))
            for store in stores:
                url = next(databases) if store == "postgresql" else ""
                words = (url, str(given.page), json.dumps(ports), base.isoformat())
                bridge[store].append(measured("benchmarks.wire.engine", *words))
    figures = summary(given.records, given.page, given.rounds, did, bare, bridge)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    Console(width=None if sys.stdout.isatty() else 200).print(show(figures))
    return 1 if any(row["met"] is False for row in figures["rows"]) else 0


def _databases(stack: ExitStack) -> Iterator[str]:
    """Empty databases of a PostgreSQL server of our own."""
    sys.path.insert(0, "tests")
    from support.postgres import running_postgres

    server = stack.enter_context(running_postgres())
    while True:
        yield server.new_database()


def summary(
    records: int,
    page: int,
    rounds: int,
    did: Mapping[str, Mapping[str, Any]],
    bare: list[dict[str, Any]],
    bridge: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    """Medians, and the ratio of the medians."""
    rows = []
    for store, runs in bridge.items():
        for step in STEPS:
            for found in runs:
                same = ("read", "written", "calls", "left")
                assert [found[step.name][one] for one in same] == [did[step.name][one] for one in same], step.name
            wire = median(found[step.name] for found in bare)
            spent = median(found[step.name]["cpu"] for found in runs)
            target = TARGETS.get(step.name, {}).get(store)
            done = did[step.name]
            rows.append(
                {
                    "store": store,
                    "step": step.name,
                    "title": step.title,
                    "read": done["read"],
                    "written": done["written"],
                    "calls": done["calls"],
                    "wire_seconds": wire,
                    "bridge_seconds": spent,
                    "ratio": spent / wire,
                    "target": target,
                    "met": None if target is None else spent / wire <= target,
                }
            )
    return {
        "records": records, "page": page, "rounds": rounds, "rows": rows,
        "peak_mb": {store: median(found["peak_mb"] for found in runs) for store, runs in bridge.items()},
        "machine": machine(),
    }  # fmt: skip


def show(figures: Mapping[str, Any]) -> Table:
    """The table."""
    table = Table(
        title=f"{figures['records']:,} customers in each system, pages of {figures['page']:,}; processor time"
    )
    for name in ("store", "work", "against the bare wire", "target", "bridge", "bare wire", "read", "written", "calls"):
        table.add_column(name, justify="left" if name in ("store", "work") else "right")
    for row in figures["rows"]:
        target = "" if row["target"] is None else f"{row['target']:.1f}{'' if row['met'] else ' missed'}"
        cells = [row["store"], row["title"], f"{row['ratio']:.2f}", target, f"{row['bridge_seconds']:.3f} s"]
        cells += [f"{row['wire_seconds']:.3f} s", f"{row['read']:,}", f"{row['written']:,}", str(row["calls"])]
        table.add_row(*cells)
    return table


if __name__ == "__main__":
    sys.exit(main())
