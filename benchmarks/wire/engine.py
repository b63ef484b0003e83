"""bridge, step by step; against the sandboxes for the recording, against the played-back answers for the measurement.

    python -m benchmarks.wire.engine STORE PAGE PORTS BASE

PORTS: what the server printed. BASE: the moment of the recording, in ISO. Prints one line of JSON: step ->
{"cpu": seconds, "read", "written", "calls"}, and "peak_mb".
"""

from __future__ import annotations

import gc
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

import requests

from benchmarks.machine import peak_mb
from benchmarks.wire.company import CONFIGURATION, MAPPING, STEPS, Step
from bridge.config import load_config
from bridge.engine.cycle import cycle
from bridge.engine.runtime import Runtime
from bridge.entrypoints.alone import closing
from bridge.entrypoints.cli import YOUNG
from bridge.ports.storage import CursorRow
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store


@contextmanager
def company(store: str, page: int, addresses: Mapping[str, str], base: datetime | None = None) -> Iterator[Runtime]:
    """bridge with this store, "" for a new one. base: where its clock begins, with counted ids."""
    with tempfile.TemporaryDirectory(prefix="bridge-bench-") as name:
        folder = Path(name)
        (folder / "mappings").mkdir()
        (folder / "mappings" / "customer.yaml").write_text(MAPPING, encoding="utf-8")
        where = store or f"sqlite:///{folder / 'bridge.db'}"
        text = CONFIGURATION.format(store=where, page=page, **addresses)
        (folder / "bridge.yaml").write_text(text, encoding="utf-8")
        config = load_config(folder / "bridge.yaml")
        maps, adapters = make_maps(config), make_adapters(config)
        numbers, begun = count(1), datetime.now(UTC)
        with opened_store(config) as opened, closing(adapters):
            runtime = make_runtime(config, opened, adapters, maps)
            if base is not None:
                runtime = replace(
                    runtime,
                    new_id=lambda: f"{next(numbers):032x}",
                    clock=lambda: base + (datetime.now(UTC) - begun),
                )
            yield runtime


def run(runtime: Runtime, step: Step) -> dict[str, Any]:
    """One cycle; what it did, and what it took. Raises RuntimeError where it met trouble."""
    if step.replay:
        take_back(runtime)
    begun = process_time()
    report = cycle(runtime, step.name)
    spent = process_time() - begun
    if report.troubles:
        raise RuntimeError(f"{step.name}: {report.troubles[0]}")
    read = sum(tally.read for tally in report.tallies.values())
    calls = report.as_json()["totals"]["api_calls"]
    return {"cpu": spent, "read": read, "written": report.writes, "calls": calls, "left": dict(report.outbox)}


def take_back(runtime: Runtime) -> None:
    """As if the cursors were of the beginning: all is read again, and nothing of it is new."""
    store: Database = runtime.store  # type: ignore[assignment]
    with store.begin() as uow:
        for system in runtime.adapters:
            uow.save_cursor(CursorRow(system, "customer", None, complete=True), runtime.clock())


def main(store: str, page: int, ports: Mapping[str, int], base: datetime) -> dict[str, Any]:
    """All steps against the played-back answers."""
    gc.set_threshold(YOUNG, 20, 20)  # as the program does
    addresses = {system: f"http://127.0.0.1:{port}" for system, port in ports.items()}
    found: dict[str, Any] = {}
    with company(store, page, addresses, base) as runtime:
        for step in STEPS:
            requests.get(f"{addresses['control']}/{step.name}", timeout=60)
            found[step.name] = run(runtime, step)
    found["peak_mb"] = peak_mb()
    return found


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3]), datetime.fromisoformat(sys.argv[4]))))
