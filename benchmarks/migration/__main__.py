"""A migration at size: memory, kills, equality, duplicates, and its pace beside the bare wire.

    python -m benchmarks.migration

Sandboxes and bridge are processes of their own over real HTTP. For each way (`BRIDGE_MIGRATION_WAYS`, as
"crm:erp,desk:fin"; desk is a folder of CSV files) the source is filled with customers, products and orders
(`BRIDGE_MIGRATION_CUSTOMERS` 200,000, `_PRODUCTS` 50,000, `_ORDERS` 100,000; products and orders need the CRM or the
desk as source), migrated with `bridge migrate`, killed with SIGKILL on the way (`BRIDGE_MIGRATION_KILLS`, 5), and
verified in full. The same is done at a tenth of the size (`BRIDGE_MIGRATION_SMALL`, share 0.1) without kills: the peaks
of memory stand side by side. The wire is a number of customers (`_WIRE`, 5,000) sent to an empty target in the same
batches by a loop that does nothing else: to one that is as quick as the vendor's was measured to be
(`benchmarks.paced`), and, as `ratio_to_sandbox`, to the sandbox itself.

`build/reports/migration.json`: records, peak_mb, peak_mb_small, kills, equal, duplicates, ratio_to_wire, and each way.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from benchmarks.migration.company import Company
from benchmarks.migration.filling import address, customer, fill
from benchmarks.migration.running import migrated
from benchmarks.paced import SECONDS, paced

REPORT = Path("build/reports/migration.json")
BATCH = 200
WAYS = "crm:erp,crm:fin,desk:crm,desk:erp,desk:fin"


def number(name: str, default: float) -> float:
    return float(os.environ.get(f"BRIDGE_MIGRATION_{name}", default))


def wire(url: str, system: str, records: int) -> float:
    """Seconds for so many customers, sent in batches by a loop that does nothing else."""
    session = requests.Session()
    start = time.monotonic()
    for first in range(0, records, BATCH):
        part = [customer(system, n)["values"] for n in range(first, min(first + BATCH, records))]
        if system == "erp":
            args: list[Any] = ["acme", 2, "admin", "res.partner", "create", [part]]
            body: Any = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": args}}
            answer = session.post(f"{url}/jsonrpc", json=body, timeout=120)
        else:
            answer = insert(session, url, [{"doctype": "Customer", **one} for one in part])
            names = answer.json().get("message", []) if answer.ok else []
            if names:  # an address is a document of its own there
                answer = insert(session, url, [address(name, first + n) for n, name in enumerate(names)])
        if not answer.ok or "error" in answer.json():
            raise SystemExit(f"the wire was refused: {answer.text[:500]}")
    return time.monotonic() - start


def insert(session: requests.Session, url: str, docs: list[dict[str, Any]]) -> requests.Response:
    """Documents of ERPNext in one call; it answers their names."""
    return session.post(
        f"{url}/api/method/frappe.client.insert_many", json={"docs": json.dumps(docs)},
        headers={"Authorization": "token key:secret"}, timeout=120,
    )  # fmt: skip


def one_way(source: str, target: str, sizes: Sequence[int], kills: int) -> dict[str, Any]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-migration-")))
        company = Company(folder, stack)
        fill(company, source, *sizes)
        return migrated(company, source, target, kills)


def customers_only(source: str, target: str, records: int, seconds: float) -> float:
    """The pace of a load of customers alone, as a share of that of the bare wire. seconds: what the target takes for a
    record, at least."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-migration-")))
        company = Company(folder, stack)
        fill(company, source, records, 0, 0)
        own = company.sandboxes[target].url
        url = stack.enter_context(paced(own, seconds))
        file = folder / "bridge.yaml"
        file.write_text(file.read_text(encoding="utf-8").replace(own, url), encoding="utf-8")
        took = migrated(company, source, target, 0)["engine_seconds"]
        company.sandboxes[target].control("POST", "reset")
        return wire(url, target, records) / float(took)


def main() -> int:
    customers, products = int(number("CUSTOMERS", 200_000)), int(number("PRODUCTS", 50_000))
    orders, kills, small = int(number("ORDERS", 100_000)), int(number("KILLS", 5)), number("SMALL", 0.1)
    ways = [tuple(way.split(":")) for way in os.environ.get("BRIDGE_MIGRATION_WAYS", WAYS).split(",")]
    sizes = (customers, products, orders)
    found = []
    for source, target in ways:
        one = one_way(source, target, sizes, kills)
        less = one_way(source, target, [int(size * small) for size in sizes], 0)
        one["peak_mb_small"], one["records_small"] = less["peak_mb"], less["records"]
        if target != "crm":
            customers_, pace = int(number("WIRE", 5_000)), SECONDS[target]
            one["ratio_to_wire"] = round(customers_only(source, target, customers_, pace), 3)
            one["ratio_to_sandbox"] = round(customers_only(source, target, customers_, 0), 3)
        print(json.dumps(one))
        found.append(one)
    ratios = [one["ratio_to_wire"] for one in found if "ratio_to_wire" in one]
    report = {
        "records": max(one["records"] for one in found),
        "peak_mb": max(one["peak_mb"] for one in found),
        "peak_mb_small": max(one["peak_mb_small"] for one in found),
        "kills": min(one["kills"] for one in found),
        "equal": all(one["equal"] for one in found),
        "duplicates": sum(one["duplicates"] for one in found),
        "ratio_to_wire": min(ratios, default=None),
        "ways": found,
    }
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in report.items() if key != "ways"}, indent=2))
    return 0 if report["equal"] and not report["duplicates"] else 1


if __name__ == "__main__":
    sys.exit(main())
