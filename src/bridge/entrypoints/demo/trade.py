"""The demo goes on: orders and stock between the front office and the two back offices, each write planned first."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import Any, Protocol

from bridge.entrypoints.cli.output import console, show
from bridge.entrypoints.demo.desks import FinanceDesk, SalesDesk, WarehouseDesk
from bridge.entrypoints.demo.servers import Sandboxes

PRICES = {"P-100": "1499", "P-200": "19.99", "P-300": "0.35"}
STOCK = {"P-100": 40, "P-200": 250, "P-300": 5000}
FIRST = {"P-100": ("2", "1449.50"), "P-200": ("12", "19.99"), "P-300": ("1250", "0.335")}
SECOND = {"P-200": ("3", "18.00")}
AT_ONCE = ("P-200", 30, 12)
"""Sold at the same moment: in Odoo, and in ERPNext."""

Totals = dict[str, dict[str, Decimal]]
"""What is summed -> system -> sum."""


class Teller(Protocol):
    """The demo that this is the second half of."""

    def plan(self) -> int: ...
    def sync(self) -> dict[str, Any]: ...
    def expect(self, holds: bool, otherwise: str) -> None: ...
    def heading(self, words: str) -> None: ...


class Trade:
    """Two orders, a shipment, two sales at once, and what the sums say in the end."""

    def __init__(self, teller: Teller, sandboxes: Sandboxes, customer: str) -> None:
        self.teller, self.customer = teller, customer
        self.sales = SalesDesk(sandboxes["crm"])
        self.warehouse = WarehouseDesk(sandboxes["erp"])
        self.finance = FinanceDesk(sandboxes["fin"])

    def tell(self) -> Totals:
        """All steps; answers the sums that were found equal."""
        self.teller.heading("Two orders are taken in the CRM; products and stock travel with them")
        entries = self.sales.products(PRICES)
        self.warehouse.price_list("EUR")
        first = self.sales.order(self.customer, "PO-1", entries, FIRST)
        second = self.sales.order(self.customer, "PO-2", entries, SECOND)
        self.step()
        self.warehouse.count(STOCK)
        self.step()
        self.statuses(("Draft", "draft", "Draft"), ("Draft", "draft", "Draft"))
        self.teller.heading("The customer agrees: both back offices confirm them, with the same lines and sums")
        self.sales.activate(first)
        self.sales.activate(second)
        self.step()
        self.statuses(("Activated", "sale", "To Deliver and Bill"), ("Activated", "sale", "To Deliver and Bill"))
        self.teller.heading("The ERP ships the first order: status and stock move back to the CRM")
        self.warehouse.ship("PO-1")
        self.step()
        self.statuses(("Shipped", "sale", "To Deliver and Bill"), ("Activated", "sale", "To Deliver and Bill"))
        self.teller.heading("Odoo and ERPNext sell the same item at the same moment: both movements count")
        sku, here, there = AT_ONCE
        self.warehouse.sell(sku, here)
        self.finance.sell(sku, there)
        self.step()
        left = Decimal(str(STOCK[sku])) - Decimal(FIRST[sku][0]) - Decimal(str(here)) - Decimal(str(there))
        found = self.stock()[f"{sku} in MAIN"]
        self.teller.expect(set(found.values()) == {left}, f"{sku}: {left} are left, but the systems show {found}")
        self.teller.heading("The second order is cancelled")
        self.warehouse.cancel("PO-2")
        self.step()
        self.statuses(("Shipped", "sale", "To Deliver and Bill"), ("Cancelled", "cancel", "Cancelled"))
        self.teller.heading("At rest: a last sync writes nothing, and the sums are the same everywhere")
        self.teller.sync()
        last = self.teller.sync()["totals"]
        self.teller.expect(last["writes"] == 0, f"the last sync wrote {last['writes']} records")
        self.teller.expect(last["enqueued"] == 0, f"the last sync made {last['enqueued']} outbox entries")
        return self.sums()

    def step(self) -> None:
        """Look at what would be written, then write it."""
        planned = self.teller.plan()
        made = self.teller.sync()["totals"]["writes"]
        self.teller.expect(made == planned, f"the plan promised {planned} writes, the sync made {made}")

    def statuses(self, *wanted: tuple[str, str, str]) -> None:
        """Both orders as each system shows them."""
        crm = {row["PoNumber"]: row for row in self.sales.rows("Order").values()}
        erp = {row["client_order_ref"]: row for row in self.warehouse.orders()}
        fin = {row["po_no"]: row for row in self.finance.orders()}
        rows = []
        for reference, statuses in zip(("PO-1", "PO-2"), wanted, strict=True):
            shown = (crm[reference]["Status"], erp[reference]["state"], fin[reference]["status"])
            sums = [crm[reference]["TotalAmount"], erp[reference]["amount_untaxed"], fin[reference]["net_total"]]
            rows.append((reference, *shown, *(f"{_number(one):.2f}" for one in sums)))
            self.teller.expect(shown == statuses, f"{reference}: expected {statuses}, but the systems show {shown}")
            self.teller.expect(
                len({_number(one) for one in sums}) == 1, f"{reference}: the systems come to different sums, {sums}"
            )
        show("Orders", ("order", "crm", "erp", "fin", "net in crm", "net in erp", "net in fin"), rows)

    def stock(self) -> Totals:
        """SKU and location -> system -> quantity."""
        codes = {id_: row["ProductCode"] for id_, row in self.sales.rows("Product2").items()}
        crm = {codes[row["Product__c"]]: row["On_Hand__c"] for row in self.sales.rows("Stock_Level__c").values()}
        erp, fin = self.warehouse.stock(), self.finance.stock()
        return {
            f"{sku} in MAIN": {"crm": _number(crm.get(sku)), "erp": _number(erp.get(sku)), "fin": _number(fin.get(sku))}
            for sku in PRICES
        }

    def money(self) -> Totals:
        """Currency -> system -> sum of all orders."""
        found: Totals = defaultdict(lambda: dict.fromkeys(("crm", "erp", "fin"), Decimal(0)))
        for row in self.sales.rows("Order").values():
            found["orders in EUR"]["crm"] += _number(row["TotalAmount"])
        for row in self.warehouse.orders():
            found[f"orders in {row['currency_id'][1]}"]["erp"] += _number(row["amount_untaxed"])
        for row in self.finance.orders():
            found[f"orders in {row['currency']}"]["fin"] += _number(row["net_total"])
        return dict(found)

    def sums(self) -> Totals:
        """Control totals per currency, and per product and location: the same in all systems."""
        found = {**self.money(), **self.stock()}
        systems = ("crm", "erp", "fin")
        rows = [(what, *(f"{one[system]:,}" for system in systems)) for what, one in found.items()]
        show("Control totals", ("what", *systems), rows)
        for what, one in found.items():
            self.teller.expect(len(set(one.values())) == 1, f"{what}: the systems show {one}")
        console.print("[bold]Equal[/] in all three systems.")
        return found


def _number(shown: Any) -> Decimal:
    return Decimal(str(shown or 0)).normalize() + 0
