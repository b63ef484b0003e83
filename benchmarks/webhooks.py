"""How long an edit takes to be in the other systems: told by a webhook, and found by polling. Real processes, HTTP.

    python benchmarks/webhooks.py [--edits 40] [--every 10]

A daemon and three sandboxes; edits in each system in turn, one after another, each timed from the moment the edit is
committed to the moment the target shows it. Written to build/reports/webhooks.json.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]

import requests  # noqa: E402

from benchmarks.waiting import shown, until  # noqa: E402
from bridge.entrypoints.demo import people, seeds  # noqa: E402
from bridge.sandbox import build  # noqa: E402
from bridge.sandbox.kernel import serve  # noqa: E402
from e2e.conftest import VENDORS, Site  # noqa: E402
from support.hooked import SECRETS, hook_up  # noqa: E402

OBJECTS = {"crm": ("Account", "Website", "Name"), "erp": ("res.partner", "website", "name"),
           "fin": ("Customer", "website", "customer_name")}  # fmt: skip
WAYS = (("crm", "erp"), ("erp", "fin"), ("fin", "crm"))


def main() -> None:
    """Measure, print and write down."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--edits", type=int, default=45, help="edits of each kind; from 50 a minute it is a storm")
    options.add_argument("--every", type=int, default=10, help="seconds between two polls")
    given = options.parse_args()
    found: dict[str, Any] = {"cores": os.cpu_count(), "edits": given.edits, "poll_every_seconds": given.every}
    with company() as site:
        address = hook_up(site, every="1h")
        with daemon(site):
            found["webhook_to_target_s"] = shown(edited(site, given.edits))
            found["answer_ms"] = shown(answered(address, given.edits * 5), 1000)
    with company() as site:
        hook_up(site, every=f"{given.every}s")
        for system in VENDORS:
            site.control(system, "POST", "webhooks", kind="lost", times=0)
        with daemon(site):
            found["poll_to_target_s"] = shown(edited(site, max(given.edits // 3, 6), apart=given.every * 0.37))
    print(json.dumps(found, indent=2))
    target = ROOT / "build" / "reports" / "webhooks.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(found, indent=2) + "\n")


@contextmanager
def company() -> Iterator[Site]:
    """Ten customers in step in three sandboxes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = {system: stack.enter_context(serve(build(vendor))) for system, vendor in VENDORS.items()}
        site = Site(folder, servers)
        site.only("customer")
        for system in VENDORS:
            site.bridge("setup", system)
        known = [one for one in people.companies() if "crm" in one.systems][:10]
        site.seed("crm", seeds.salesforce_accounts(known))
        site.sync()
        yield site


@contextmanager
def daemon(site: Site) -> Iterator[None]:
    """`bridge run`, once its first cycle is over."""
    process = site.start("run", "--json")
    assert process.stdout is not None
    try:
        while True:
            line = process.stdout.readline()
            assert line, process.communicate()[1]
            told = json.loads(line)
            if told["event"] == "started":
                break
        until(lambda: requests.get(f"http://127.0.0.1:{told['port']}/readyz", timeout=10).status_code == 200)
        with subprocess.Popen(["cat"], stdin=process.stdout, stdout=subprocess.DEVNULL) as drain:
            yield
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            drain.wait(5)
    finally:
        process.kill()
        process.wait()


def answered(address: str, times: int) -> list[float]:
    """Seconds until a genuine webhook of a record that does not exist is answered."""
    url = f"{address}/erp/{SECRETS['HOOK_ERP_PATH']}?token={SECRETS['HOOK_ERP_TOKEN']}"
    spans = []
    for number in range(times):
        began = time.perf_counter()
        answer = requests.post(url, json={"_model": "res.partner", "_id": 900_000 + number}, timeout=30)
        spans.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.status_code
        time.sleep(0.02)
    return spans


def edited(site: Site, times: int, apart: float = 0.0) -> list[float]:
    """Seconds from an edit in one system to its sight in the next. apart: seconds between two edits."""
    names = [row["Name"] for row in site.control("crm", "GET", "dump")["Account"].values()]
    spans = []
    for number in range(times):
        (source, target), name = WAYS[number % 3], names[number % len(names)]
        wanted = f"https://edit-{time.time_ns()}.example"
        kind, field, _ = OBJECTS[source]
        site.control(source, "POST", "edit", object=kind, id=record(site, source, name), values={field: wanted})
        began = time.perf_counter()
        until(lambda: shows(site, target, name, wanted))  # noqa: B023
        spans.append(time.perf_counter() - began)
        until(lambda: all(shows(site, system, name, wanted) for system in VENDORS))  # noqa: B023
        time.sleep(apart)
    return spans


def record(site: Site, system: str, name: str) -> str:
    """The id of the customer of this name."""
    kind, _, named = OBJECTS[system]
    rows = site.control(system, "GET", "dump")[kind]
    return next(id_ for id_, row in rows.items() if row[named] == name)


def shows(site: Site, system: str, name: str, website: str) -> bool:
    """Whether a system shows this website."""
    kind, field, named = OBJECTS[system]
    rows = site.control(system, "GET", "dump")[kind].values()
    return any(row[named] == name and row[field] == website for row in rows)


if __name__ == "__main__":
    main()
