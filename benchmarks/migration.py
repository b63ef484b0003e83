"""A migration at size: memory, kills, equality, duplicates, and its pace beside the bare wire.

    python -m benchmarks.migration

Sandboxes and bridge are processes of their own over real HTTP. For each way (`BRIDGE_MIGRATION_WAYS`, as
"crm:erp,crm:fin") the source is filled with customers, products and orders (`BRIDGE_MIGRATION_CUSTOMERS` 200,000,
`_PRODUCTS` 50,000, `_ORDERS` 100,000; orders need the CRM as source), migrated with `bridge migrate`, killed with
SIGKILL on the way (`BRIDGE_MIGRATION_KILLS`, 5), and verified in full. The same is done at a tenth of the size
(`BRIDGE_MIGRATION_SMALL`, share 0.1) without kills: the peaks of memory stand side by side. The wire is a number of
customers (`_WIRE`, 5,000) sent to an empty target in the same batches by a loop that does nothing else: to one that is
as quick as the vendor's was measured to be (`benchmarks.paced`), and, as `ratio_to_sandbox`, to the sandbox itself.

`build/reports/migration.json`: records, peak_mb, peak_mb_small, kills, equal, duplicates, ratio_to_wire, and each way.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import requests

from benchmarks.paced import SECONDS, paced
from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from bridge.entrypoints.demo.servers import VENDORS, Sandbox

ROOT = Path(__file__).resolve().parents[1]
REPORT = Path("build/reports/migration.json")
CHUNK = 1000
BATCH = 200


def number(name: str, default: float) -> float:
    return float(os.environ.get(f"BRIDGE_MIGRATION_{name}", default))


class Company:
    """Three sandboxes and a folder with bridge's configuration."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.sandboxes: dict[str, Sandbox] = {}
        for system, vendor in VENDORS.items():
            command = [sys.executable, "-m", "bridge", "sandbox", vendor, "--port", "0"]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            self.sandboxes[system] = Sandbox(system, process)
            stack.callback(self.sandboxes[system].stop)
        addresses = {system: sandbox.url for system, sandbox in self.sandboxes.items()}
        # Everything is new at once, and that is meant; the day's calls are not what is measured.
        (folder / "bridge.yaml").write_text(CONFIGURATION.format(**addresses), encoding="utf-8")
        (folder / "mappings").mkdir()
        for path in (ROOT / "mappings").glob("*.yaml"):
            if path.stem in ("customer", "product", "order", "contact"):
                (folder / "mappings" / path.name).write_bytes(path.read_bytes())
        self.environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml"), "NO_COLOR": "1"}
        for system in VENDORS:
            self.bridge("setup", system)
        currencies = self.sandboxes["erp"].control("GET", "dump")["res.currency"]
        euro = next(int(one) for one, row in currencies.items() if row["name"] == "EUR")
        euros = {"name": "Euro", "currency_id": euro}  # without a price list in it Odoo keeps no order in a currency
        self.sandboxes["erp"].seed([{"object": "product.pricelist", "values": euros}])

    def start(self, *words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "bridge", *words]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, text=True, cwd=self.folder)

    def bridge(self, *words: str) -> str:
        process = self.start(*words)
        said, _ = process.communicate()
        if process.returncode not in (0, 1):
            raise SystemExit(f"bridge {' '.join(words)} ended with {process.returncode}: {said[-2000:]}")
        return said


def parts(total: int) -> Iterator[range]:
    for start in range(0, total, CHUNK):
        yield range(start, min(start + CHUNK, total))


def fill(company: Company, system: str, customers: int, products: int, orders: int) -> int:
    """Answers how many records the source holds of the migrated entities."""
    sandbox = company.sandboxes[system]
    ids: list[str] = []
    for part in parts(customers):
        ids += sandbox.seed([customer(system, n) for n in part])
    if system != "crm":
        return customers
    book = next(i for i, row in sandbox.control("GET", "dump")["Pricebook2"].items() if row["IsStandard"])
    entries: list[str] = []
    for part in parts(products):
        made = sandbox.seed([
            {"object": "Product2", "values": {"Name": f"Thing {n}", "ProductCode": f"SKU-{n:06}", "IsActive": True,
                                              "QuantityUnitOfMeasure": "Each"}} for n in part
        ])  # fmt: skip
        entries += sandbox.seed([
            {"object": "PricebookEntry", "values": {"Product2Id": one, "Pricebook2Id": book, "UnitPrice": "9.99",
                                                    "IsActive": True}} for one in made
        ])  # fmt: skip
    for part in parts(orders if entries else 0):
        made = sandbox.seed([
            {"object": "Order", "values": {"AccountId": ids[n % len(ids)], "EffectiveDate": "2026-01-01",
                                           "EndDate": "2026-01-20", "Status": "Draft", "Pricebook2Id": book,
                                           "PoNumber": f"PO-{n}"}} for n in part
        ])  # fmt: skip
        sandbox.seed([
            {"object": "OrderItem", "values": {"OrderId": order, "PricebookEntryId": entries[n % len(entries)],
                                               "Quantity": "2", "UnitPrice": "9.99"}}
            for n, order in zip(part, made, strict=True)
        ])  # fmt: skip
    return customers + len(entries) + (orders if entries else 0)


def customer(system: str, n: int) -> dict[str, Any]:
    """One company, as a sandbox is seeded with it."""
    name, vat = f"Firma {n:07}", f"DE{100_000_000 + n}"
    if system == "crm":
        return {"object": "Account", "values": {"Name": name, "VAT__c": vat, "BillingStreet": f"Weg {n}",
                                                "BillingCity": "Ulm", "BillingCountryCode": "DE"}}  # fmt: skip
    if system == "erp":
        return {"object": "res.partner", "values": {"name": name, "vat": vat, "is_company": True}}
    return {"object": "Customer", "values": {"customer_name": name, "tax_id": vat, "customer_type": "Company"}}


def watched(process: subprocess.Popen[str]) -> float:
    """Wait for a process; answers the peak of its memory in MB."""
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, high_water(process.pid))
        time.sleep(0.1)
    return peak


def high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def migrated(company: Company, source: str, target: str, kills: int) -> dict[str, Any]:
    """Migrate to the end, killed so many times on the way; what came of it."""
    way = ("--from", source, "--to", target)
    peak, luck, hit = 0.0, random.Random(1), 0
    for stage in ("profile", "match", "plan"):
        with (company.folder / "events").open("w") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "migrate", stage, *way, "--json"], env=company.environment, stdout=out
            )
            peak = max(peak, watched(process))
    start, seconds = time.monotonic(), 0.0
    for round_ in range(kills + 1):
        with (company.folder / "events").open("w") as out:
            command = [sys.executable, "-m", "bridge", "migrate", "load", *way, "--yes", "--json"]
            process = subprocess.Popen(command, env=company.environment, stdout=out)
            if round_ < kills:
                until = time.monotonic() + luck.uniform(2, 10)
                while process.poll() is None and time.monotonic() < until:
                    peak = max(peak, high_water(process.pid))
                    time.sleep(0.1)
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    hit += 1
                process.wait()
            else:
                peak = max(peak, watched(process))
                (company.folder / "events").rename(company.folder / "loaded")
    seconds = time.monotonic() - start
    with (company.folder / "events").open("w") as out:
        command = [sys.executable, "-m", "bridge", "migrate", "verify", *way, "--full", "--json"]
        process = subprocess.Popen(command, env=company.environment, stdout=out)
        peak = max(peak, watched(process))
    found = verified(company.folder / "events")
    records = sum(one["records"].get("source", 0) for one in found.values())
    return {
        "way": f"{source}:{target}",
        "records": records,
        "load_seconds": round(seconds, 1),
        "peak_mb": round(peak, 1),
        "kills": hit,
        "equal": all(not one["wrong"] and not one["missing"] for one in found.values()),
        "unequal": {
            entity: {"wrong": dict(one["differing"]), "missing": one["missing"]}
            for entity, one in found.items()
            if one["wrong"] or one["missing"]
        },
        "engine_seconds": seconds_of(company.folder / "loaded"),
        "duplicates": sum(max(one["records"].get("target", 0) - one["records"].get("source", 0), 0)
                          for one in found.values()),
    }  # fmt: skip


def verified(events: Path) -> dict[str, Any]:
    for line in events.read_text(encoding="utf-8").splitlines():
        said = json.loads(line)
        if said["event"] == "stage done":
            entities: dict[str, Any] = said["found"]["entities"]
            return entities
    raise SystemExit(f"the verification did not come to its end: {events.read_text(encoding='utf-8')[-2000:]}")


def seconds_of(events: Path) -> float:
    """Seconds of the last cycle of a load, without the start of its process."""
    said = [json.loads(line) for line in events.read_text(encoding="utf-8").splitlines()]
    return float(next((one["report"]["totals"]["seconds"] for one in reversed(said) if "report" in one), 0.0))


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
            docs = [{"doctype": "Customer", **one} for one in part]
            answer = session.post(
                f"{url}/api/method/frappe.client.insert_many", json={"docs": json.dumps(docs)},
                headers={"Authorization": "token key:secret"}, timeout=120,
            )  # fmt: skip
        if not answer.ok or "error" in answer.json():
            raise SystemExit(f"the wire was refused: {answer.text[:500]}")
    return time.monotonic() - start


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
    ways = [tuple(way.split(":")) for way in os.environ.get("BRIDGE_MIGRATION_WAYS", "crm:erp,crm:fin").split(",")]
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
