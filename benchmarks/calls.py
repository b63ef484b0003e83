"""How many calls a system gets for 1,000 records that are read, changed or made, beside its vendor's own minimum.

    python -m benchmarks.calls [--records 1000]

Each sandbox in turn is kept in step with a system in memory, over real HTTP; counted is what the sandbox was asked. The
minimum is one call that asks what has changed (for each page of 2,000), and as many as the records take in the largest
batches that the vendor takes, or up to which its server gets faster; nobody who writes safely comes down to it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table

from benchmarks.machine import machine
from bridge.adapters.memory import forget_worlds, world
from bridge.config import load_config
from bridge.engine.cycle import cycle
from bridge.engine.runtime import Runtime
from bridge.entrypoints.alone import closing
from bridge.sandbox import build
from bridge.sandbox.kernel import serve
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store

REPORT = Path("build/reports/calls.json")
PAGE = 2_000
AGO = timedelta(hours=2)
CONFIGURATION = """\
version: "1"
store: sqlite:///{folder}/bridge.db
mappings: {folder}/mappings
sync: {{guards: {{most_changed: 100%}}}}
systems:
  there: {settings}
  here: {{adapter: memory, quirks: {{page: 2000, batch: 1000}}}}
"""
MAPPING = """\
version: "1"
entity: customer
systems:
  there: {object}
  here: {{object: Customer}}
identity: {{key: {{there: {key}, here: key}}}}
fields:
  name:    {{there: {name}, here: name, required: yes}}
  tax_id:  {{there: {tax_id}, here: tax_id}}
  website: {{there: {website}, here: website}}
"""


@dataclass(frozen=True, slots=True)
class Vendor:
    """A system and what its vendor allows. create, update: records in one call; why: where that number comes from."""

    title: str
    sandbox: str
    settings: str
    object: str
    key: str
    fields: Mapping[str, str]
    create: int
    update: int
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, Any] = field(default_factory=dict)
    where: str = ""

    def values(self, number: int) -> dict[str, Any]:
        """A customer as this system holds it."""
        said = {
            "name": f"Firma {number}",
            "tax_id": f"DE{100_000_000 + number}",
            "website": f"https://w{number}.example",
        }
        return {**self.constants, **{self.fields[name]: value for name, value in said.items()}}


_ODOO = {"name": "name", "tax_id": "vat", "website": "website"}
_ODOO_WHY = "no limit of the vendor's; its server gets no faster beyond 500"
_LOGIN = "{adapter: odoo, url: URL, database: acme, login: admin, password: admin}"
VENDORS = {
    "salesforce": Vendor(
        "Salesforce", "salesforce",
        "{adapter: salesforce, instance_url: URL, grant: client_credentials, client_id: bridge-client-id,"
        " client_secret: bridge-client-secret}",
        "Account", "Bridge_Id__c", {"name": "Name", "tax_id": "VAT__c", "website": "Website"},
        200, 200, "sObject Collections take 200",
    ),
    "odoo19": Vendor(
        "Odoo 19", "odoo", _LOGIN, "res.partner", "external id", _ODOO, 500, 500, _ODOO_WHY,
        {"version": "19"}, {"is_company": True}, "is_company = true and vat is set",
    ),
    "odoo18": Vendor(
        "Odoo 18", "odoo", _LOGIN, "res.partner", "external id", _ODOO, 500, 500, _ODOO_WHY,
        {"version": "18"}, {"is_company": True}, "is_company = true and vat is set",
    ),
    "erpnext": Vendor(
        "ERPNext 15", "erpnext", "{adapter: erpnext, url: URL, api_key: key, api_secret: secret}",
        "Customer", "custom_bridge_id", {"name": "customer_name", "tax_id": "tax_id", "website": "website"},
        200, 1, "insert_many takes 200; a change goes alone: bulk_update leaves half-written documents behind",
        constants={"customer_type": "Company"},
    ),
}  # fmt: skip


class Company:
    """One sandbox and one system in memory, kept in step."""

    def __init__(self, vendor: Vendor, url: str, runtime: Runtime) -> None:
        self.vendor, self.url, self.runtime = vendor, url, runtime
        self.here = world("here")
        self.cycles = 0

    def control(self, method: str, name: str, **given: Any) -> Any:
        """One request to the control plane of the sandbox."""
        answer = requests.request(method, f"{self.url}/__sandbox__/{name}", json=given or None, timeout=600)
        assert answer.ok, answer.text
        return answer.json()

    def cycle(self) -> dict[str, int]:
        """One cycle: what the sandbox was asked, by operation."""
        self.control("POST", "calls/reset")
        self.cycles += 1
        report = cycle(self.runtime, f"run-{self.cycles}")
        assert not report.troubles, report.troubles[0]
        assert not report.outbox, report.outbox
        asked: dict[str, int] = {}
        for call in self.control("GET", "calls"):
            asked[call["operation"]] = asked.get(call["operation"], 0) + 1
        told = sum(tally.api_calls for (system, _), tally in report.tallies.items() if system == "there")
        assert told + report.sessions.get("there", 0) == sum(asked.values()), (
            "bridge counts other calls than the server"
        )
        asked["log-in"] = report.sessions.get("there", 0)
        return asked

    def advance(self) -> None:
        """So much time passes there that nothing of before is read once more."""
        self.control("POST", "clock", advance=AGO.total_seconds())
        self.cycle()


@contextmanager
def company(vendor: Vendor) -> Iterator[Company]:
    """A new one, set up and empty."""
    forget_worlds()
    with (
        tempfile.TemporaryDirectory(prefix="bridge-calls-") as name,
        serve(build(vendor.sandbox, **vendor.options)) as server,
    ):
        folder = Path(name)
        (folder / "mappings").mkdir()
        shown = (
            f'{{object: {vendor.object}, where: "{vendor.where}"}}' if vendor.where else f"{{object: {vendor.object}}}"
        )
        mapping = MAPPING.format(object=shown, key=vendor.key, **vendor.fields)
        (folder / "mappings" / "customer.yaml").write_text(mapping, encoding="utf-8")
        settings = vendor.settings.replace("URL", server.url)
        text = CONFIGURATION.format(folder=folder, settings=settings)
        (folder / "bridge.yaml").write_text(text, encoding="utf-8")
        config = load_config(folder / "bridge.yaml")
        maps, adapters = make_maps(config), make_adapters(config)
        with opened_store(config) as store, closing(adapters):
            spec = maps["customer"].spec("there")
            adapters["there"].open([spec])
            adapters["there"].setup(spec, apply=True)
            yield Company(vendor, server.url, make_runtime(config, store, adapters, maps))


def measure(vendor: Vendor, records: int) -> dict[str, dict[str, Any]]:
    """Work -> calls, the vendor's minimum, and what was asked."""
    ask, make, change = ceil(records / PAGE), ceil(records / vendor.create), ceil(records / vendor.update)
    found: dict[str, dict[str, Any]] = {}

    def note(work: str, minimum: int) -> None:
        asked = there.cycle()
        login = asked.pop("log-in")
        found[work] = {"calls": sum(asked.values()) - login, "minimum": minimum, "log_in": login, "asked": asked}

    with company(vendor) as there:
        stamp = (datetime.now(UTC) - AGO).isoformat()
        rows = [{"object": vendor.object, "modified": stamp, "values": vendor.values(n)} for n in range(records)]
        ids = there.control("POST", "seed", records=rows)["ids"]
        note("first read", ask)
        note("nothing changed", 1)
        for number, native_id in enumerate(ids):
            values = {vendor.fields["website"]: f"https://other{number}.example"}
            there.control("POST", "edit", object=vendor.object, id=str(native_id), values=values)
        note("changed there, read", ask)
        there.advance()
        for number, native_id in enumerate(list(there.here.rows["Customer"])):
            there.here.user_edit("Customer", native_id, {"website": f"https://mine{number}.example"})
        note("changed here, written", 1 + change)
        there.advance()
        for number in range(records, 2 * records):
            said = {"name": f"Firma {number}", "tax_id": f"DE{100_000_000 + number}", "website": None}
            there.here.user_insert("Customer", said)
        note("made here, written", 1 + make)
    return found


def run(records: int) -> dict[str, Any]:
    """All systems."""
    rows = [
        {"system": vendor.title, "work": work, **counted, "ratio": counted["calls"] / counted["minimum"]}
        for vendor in VENDORS.values()
        for work, counted in measure(vendor, records).items()
    ]
    return {"records": records, "machine": machine(), "rows": rows}


def show(figures: Mapping[str, Any]) -> Table:
    """The table."""
    table = Table(title=f"Calls for {figures['records']:,} records, beside the vendor's own minimum")
    for name in ("system", "work", "against the minimum", "calls", "minimum"):
        table.add_column(name, justify="left" if name in ("system", "work") else "right")
    for row in figures["rows"]:
        table.add_row(row["system"], row["work"], f"{row['ratio']:.1f}", f"{row['calls']:,}", f"{row['minimum']:,}")
    return table


def main() -> int:
    """Count, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls")
    parser.add_argument("--records", type=int, default=1_000)
    figures = run(parser.parse_args().records)
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    Console(width=None if sys.stdout.isatty() else 200).print(show(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
