"""Cycles over a store that is there already, in a process of their own.

    python -m benchmarks.growth.measured JSON

JSON: {"store": URL, "addresses": {system: URL}, "ids": the CRM's records that change, "quiet": n, "changed": n, "turn":
n}. Prints one line of JSON: {"quiet": [cycle, ...], "changed": [cycle, ...], "peak_mb"}; a cycle is {"cpu", "wall",
"calls", "read", "written"}, times in seconds.
"""

from __future__ import annotations

import gc
import json
import sys
from time import perf_counter, process_time
from typing import Any

import requests

from benchmarks.machine import peak_mb
from benchmarks.wire.engine import company
from bridge.engine.cycle import cycle
from bridge.engine.runtime import Runtime
from bridge.entrypoints.cli import YOUNG

PAGE = 2_000


def one(runtime: Runtime, name: str) -> dict[str, Any]:
    """One cycle; what it did and what it took. Raises RuntimeError where it met trouble, or left something."""
    cpu, wall = process_time(), perf_counter()
    report = cycle(runtime, name)
    cpu, wall = process_time() - cpu, perf_counter() - wall
    if report.troubles or report.outbox:
        raise RuntimeError(f"{name}: {report.troubles[:1] or report.outbox}")
    calls = report.as_json()["totals"]["api_calls"]
    read = sum(tally.read for tally in report.tallies.values())
    return {"cpu": cpu, "wall": wall, "calls": calls, "read": read, "written": report.writes}


def edit(address: str, ids: list[str], word: str) -> None:
    """Each of these customers gets another website, in the CRM's own screen."""
    with requests.Session() as session:
        for number, native_id in enumerate(ids):
            values = {"Website": f"https://www.{word}{number}.example"}
            body = {"object": "Account", "id": native_id, "values": values}
            session.post(f"{address}/__sandbox__/edit", json=body, timeout=60).raise_for_status()


def main(given: dict[str, Any]) -> dict[str, Any]:
    """The quiet cycles asked for, then those with changes, of which the first plans the statements and is not told."""
    gc.set_threshold(YOUNG, 20, 20)  # as the program does
    addresses, word = given["addresses"], f"t{given['turn']}r"
    with company(given["store"], PAGE, addresses) as runtime:
        one(runtime, "first")  # logs in, and reads once more what was written before
        one(runtime, "second")
        quiet = [one(runtime, f"quiet-{number}") for number in range(given["quiet"])]
        changed = []
        for number in range(given["changed"]):
            edit(addresses["crm"], given["ids"], f"{word}{number}c")
            changed.append(one(runtime, f"changed-{number}"))
    return {"quiet": quiet, "changed": changed[1:], "peak_mb": peak_mb()}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
