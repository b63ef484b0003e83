"""`make demo-real`: a real Tryton and Salesforce's sandbox, brought in step before your eyes, in both directions.

No account and nothing beyond this machine; nothing is left running. Every command is run as a user would run it.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.entrypoints.cli.output import console, show
from bridge.sandbox import build
from bridge.sandbox.kernel import serve

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.pair import Pair
from bridge_tryton.real.server import NoServer, Server, versions

PRICES = {"P-100": "1499", "P-200": "19.99"}
STOCK = {"P-100": 40.0, "P-200": 250.0}
LINES = {"P-100": ("2", "1449.50"), "P-200": ("12", "19.99")}
_FIGURES = ("writes", "conflicts", "api_calls", "seconds", "enqueued")
_SHOWN = ("read", "linked", "created", "updated", "conflicts", "failed", "api_calls")


class DemoFailed(NoServer):
    """A step of the demo did not come out as it must."""


class Story:
    """The demo in one folder."""

    def __init__(self, pair: Pair) -> None:
        self.pair, self.desk = pair, pair.desk
        self.syncs: list[dict[str, Any]] = []

    def tell(self) -> dict[str, Any]:
        """All steps; the figures. Raises DemoFailed where one does not come out as it must."""
        start = time.monotonic()
        self.heading("A real Tryton and Salesforce's sandbox, each with its own customers")
        account = self.fill()
        self.run("setup", "crm")
        self.run("check")
        self.run("mapping", "lint")
        self.heading("First sync: match what both have, make what one lacks; products, too")
        order = self.order(account)
        self.sync()
        self.customers()
        self.heading("People edit the same customer in both; Tryton's warehouse counts")
        self.edit(account)
        self.count()
        self.sync()
        self.customers()
        self.heading("A third sync has nothing to do")
        third = self.sync()
        self.expect(third["totals"]["writes"] == 0, f"the third sync wrote {third['totals']['writes']} records")
        self.expect(third["totals"]["enqueued"] == 0, "the third sync made entries in the outbox")
        self.heading("The customer agrees: the CRM activates the order, Tryton quotes and confirms it")
        self.pair.edited("Order", order, Status="Activated")
        self.sync()
        self.orders("Activated", "processing")
        self.heading("Tryton ships it; the CRM takes two more pieces off the shelf at the same moment")
        self.desk.ship(self.desk.one("sale.sale", ["description", "=", "PO-1"]))
        self.take("P-200", 2)
        self.sync()
        self.orders("Shipped", "processing")
        left = {sku: Decimal(str(STOCK[sku])) - Decimal(LINES[sku][0]) for sku in PRICES}
        left["P-200"] -= 2
        self.heading("At rest: a last sync writes nothing, and the sums are the same in both")
        self.sync()
        last = self.sync()
        self.expect(last["totals"]["writes"] == 0, f"the last sync wrote {last['totals']['writes']} records")
        totals = self.totals(left)
        return {
            "tryton": versions(),
            "syncs": self.syncs,
            "third_sync_writes": third["totals"]["writes"],
            "totals": totals,
            "agree": True,
            "seconds": round(time.monotonic() - start, 1),
        }

    def fill(self) -> str:
        """Customers that overlap: ten in each, four of them the same."""
        accounts = self.pair.accounts(*(
            {"Name": f"Customer {n:02}", "Email__c": f"c{n}@customer.example", "BillingStreet": f"Gasse {n}",
             "BillingCity": "Wien", "BillingPostalCode": "1010", "BillingCountryCode": "AT"}
            for n in range(10)
        ))  # fmt: skip
        austria = self.desk.one("country.country", ["code", "=", "AT"])
        self.desk.call("party.party", "create", [
            {"name": f"Customer {n:02}", "addresses": [["create", [{"street_unstructured": f"Gasse {n}",
             "city": "Wien", "postal_code": "1010", "country": austria}]]],
             "contact_mechanisms": [["create", [{"type": "email", "value": f"C{n}@customer.example"}]]]}
            for n in range(6, 16)
        ])  # fmt: skip
        rows = [("crm", "Salesforce's sandbox", self.pair.crm, 10), ("erp", "Tryton", self.desk.url, 10)]
        show("Systems", ("system", "is", "address", "customers"), rows)
        return accounts[7]

    def order(self, account: str) -> str:
        """Products with prices, and a draft."""
        entries = self.pair.products(PRICES)
        return self.pair.order(account, "PO-1", [(entries[sku], *line) for sku, line in LINES.items()])

    def edit(self, account: str) -> None:
        """Different fields of one customer, and one field in both."""
        self.pair.edited("Account", account, Phone="+43 1 5130001", Website="https://customer7.example")
        time.sleep(3)  # more than the tolerance: one of the edits is the newer one
        party = self.desk.one("party.party", ["name", "=", "Customer 07"])
        self.desk.call("party.party", "write", [party], {
            "contact_mechanisms": [["create", [{"type": "phone", "value": "+43 1 5139999"}]]],
            "name": "Customer 07 GmbH",
        })  # fmt: skip
        console.print("CRM: telephone and web site. Tryton: name and, three seconds later, telephone too.")

    def count(self) -> None:
        """What lies in Tryton's warehouse."""
        codes = {row["code"]: row["id"] for row in self.desk.rows("product.product", [], ["code"])}
        self.desk.count({codes[sku]: quantity for sku, quantity in STOCK.items()})

    def take(self, sku: str, by: int) -> None:
        """Less lies there, says the CRM."""
        codes = {id_: row["ProductCode"] for id_, row in self.pair.shown("Product2").items()}
        levels = self.pair.shown("Stock_Level__c")
        level = next(id_ for id_, row in levels.items() if codes[row["Product__c"]] == sku)
        self.pair.edited("Stock_Level__c", level, On_Hand__c=float(levels[level]["On_Hand__c"]) - by)

    def customers(self) -> None:
        """The customers in both systems; they must be the same."""
        crm = {row["Name"]: (row["Phone"], row["Website"]) for row in self.pair.shown("Account").values()}
        rows = self.desk.rows("party.party", [["code", "!=", "OWN"]], ["name", "phone", "website"])
        erp = {row["name"]: (row["phone"], row["website"]) for row in rows}
        name = next(one for one in erp if one.startswith("Customer 07"))
        self.expect(set(crm) == set(erp), f"the CRM has {len(crm)} customers and Tryton {len(erp)}")
        shown = [("customers", len(crm), len(erp)), (name, *(", ".join(filter(None, one[name])) for one in (crm, erp)))]
        show("Read in each system", ("what", "crm", "erp"), shown)

    def orders(self, crm: str, erp: str) -> None:
        """The order as each system shows it."""
        (order,) = self.pair.shown("Order").values()
        (sale,) = self.desk.rows("sale.sale", [], ["state", "shipment_state", "untaxed_amount", "number"])
        sums = Decimal(str(order["TotalAmount"])), sale["untaxed_amount"]
        row = ("PO-1", order["Status"], f"{sale['state']}, {sale['shipment_state']}", *(f"{one:.2f}" for one in sums))
        show("Order", ("order", "crm", "erp", "net in crm", "net in erp"), [row])
        found = (order["Status"], sale["state"])
        self.expect(found == (crm, erp), f"expected {crm} and {erp}, but the systems show {found}")
        self.expect(sums[0] == sums[1], f"the systems come to different sums, {sums}")

    def totals(self, left: dict[str, Decimal]) -> dict[str, dict[str, str]]:
        """Stock of each product, and the sum of the orders, in both."""
        codes = {id_: row["ProductCode"] for id_, row in self.pair.shown("Product2").items()}
        levels = self.pair.shown("Stock_Level__c").values()
        crm = {codes[row["Product__c"]]: Decimal(str(row["On_Hand__c"])) for row in levels}
        ids = {row["id"]: row["code"] for row in self.desk.rows("product.product", [], ["code"])}
        erp = {ids[product]: quantity for product, quantity in self.desk.stock().items()}
        for sku, wanted in left.items():
            found = {crm[sku].normalize(), erp[sku].normalize()}
            self.expect(found == {wanted.normalize()}, f"{sku}: {wanted} are left, but the systems show {found}")
        show(
            "Control totals",
            ("what", "crm", "erp"),
            [(f"{sku} in MAIN", f"{crm[sku]:f}", f"{erp[sku]:f}") for sku in left],
        )
        console.print("[bold]Equal[/] in both systems.")
        return {sku: {"crm": f"{crm[sku]:f}", "erp": f"{erp[sku]:f}"} for sku in left}

    def sync(self) -> dict[str, Any]:
        """One `bridge sync`, its figures kept and shown."""
        console.print("[dim]$ bridge sync[/]", highlight=False)
        report = self.pair.sync()
        names = [name for name in _SHOWN if name == "read" or any(row[name] for row in report["systems"])]
        busy = [row for row in report["systems"] if any(row[name] for name in _SHOWN[1:-1])]
        if busy:
            rows = [(row["entity"], row["system"], *(row[name] for name in names)) for row in busy]
            show("bridge sync", ("entity", "system", *names), rows)
        totals = report["totals"]
        words = f"{totals['writes']} writes, {totals['conflicts']} conflicts, {totals['api_calls']} calls"
        console.print(f"{words}, {totals['seconds']:.1f} s")
        self.expect(not any(row["failed"] for row in report["systems"]), "a record could not be written")
        self.syncs.append({name: totals[name] for name in _FIGURES})
        return report

    def run(self, *words: str) -> None:
        """Run a bridge command and show what it prints."""
        console.print(f"[dim]$ bridge {' '.join(words)}[/]", highlight=False)
        console.print(self.pair.bridge(*words).rstrip(), markup=False, highlight=False, soft_wrap=True)

    def expect(self, holds: bool, otherwise: str) -> None:
        """Raises DemoFailed where something did not come out as it must."""
        if not holds:
            raise DemoFailed(otherwise)

    def heading(self, words: str) -> None:
        """A line above the next step."""
        console.rule(f"[bold]{words}", align="left")


def main(arguments: list[str] | None = None, say: Callable[[str], None] = console.print) -> int:
    """Run the demo; 0 where everything came out as it must."""
    parser = argparse.ArgumentParser(description="A real Tryton in step with Salesforce's sandbox.")
    parser.add_argument("--report", type=Path, default=Path("build/reports/demo-real.json"))
    report: Path = parser.parse_args(arguments).report
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(json.dumps({"syncs": [], "agree": False}) + "\n", encoding="utf-8")
    say("Building Tryton's database, unless that was done before: about a minute, once.")
    try:
        folder = tempfile.TemporaryDirectory(prefix="bridge-demo-real-")
        with folder, serve(build("salesforce")) as crm, Server() as erp:
            desk = Desk(erp.url)
            figures = Story(Pair(Path(folder.name), crm.url, erp.url, desk)).tell()
            desk.close()
    except NoServer as error:
        say(f"The demo ends here: {error}")
        return 1
    report.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    say(f"Done in {figures['seconds']:.0f} s; figures in {report}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
