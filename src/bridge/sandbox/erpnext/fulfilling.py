"""Deliveries and invoices, and how they move the orders behind them. By number: recordings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridge.sandbox.erpnext.controllers import Doc, register
from bridge.sandbox.erpnext.selling import Sale, refresh
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.warehouse import Ledger, exact


class DeliveryNote(Sale):
    """Deliveries: stock goes out, and the orders behind them move on."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Status beside the sums."""
        super().validate(site, doc, before)
        doc["status"] = {0: "Draft", 1: "To Bill", 2: "Cancelled"}[int(doc.get("docstatus") or 0)]

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Book, once it is submitted or cancelled."""
        was = int(before.get("docstatus") or 0) if before else 0
        now = int(doc.get("docstatus") or 0)
        if now == was or now == 0:
            return
        sign = 1 if now == 1 else -1
        ledger = Ledger(site)
        for row in doc["items"]:
            if site.value("Item", row["item_code"], "is_stock_item"):
                ledger.book(str(row["item_code"]), str(row["warehouse"]), -sign * exact(row["qty"]), doc)
            _advance(
                site, row.get("against_sales_order"), row.get("so_detail"), "delivered_qty", sign * exact(row["qty"])
            )
        for row in doc["items"]:
            ledger.reserve(str(row["item_code"]), str(row["warehouse"]))


class SalesInvoice(Sale):
    """Invoices."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Status and what is open."""
        super().validate(site, doc, before)
        doc["due_date"] = doc.get("due_date") or doc.get("posting_date")
        doc["status"] = {0: "Draft", 1: "Unpaid", 2: "Cancelled"}[int(doc.get("docstatus") or 0)]
        doc["outstanding_amount"] = doc["grand_total"] if doc.get("docstatus") == 1 else 0.0

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The orders behind it are billed."""
        was, now = int((before or {}).get("docstatus") or 0), int(doc.get("docstatus") or 0)
        if now != was and now:
            sign = 1 if now == 1 else -1
            for row in doc["items"]:
                _advance(site, row.get("sales_order"), row.get("so_detail"), "billed_amt", sign * exact(row["amount"]))


def _advance(site: Site, order: Any, row_name: Any, column: str, by: Decimal) -> None:
    """A row of an order was delivered or billed: the order's status and stamp follow."""
    if not order or not row_name:
        return
    row = site.tables.get("Sales Order Item", row_name)
    if row is not None:
        site.tables.put("Sales Order Item", {**row, column: float(exact(row.get(column)) + by)})
    refresh(site, str(order))


def made_from(site: Site, order: str, doctype: str) -> Doc:
    """A delivery note or invoice for what is left of an order, not stored."""
    head = site.tables.get("Sales Order", order) or {}
    rows = site.tables.children("Sales Order Item", "Sales Order", order)
    link = "against_sales_order" if doctype == "Delivery Note" else "sales_order"
    names = (
        "item_code",
        "item_name",
        "description",
        "uom",
        "conversion_factor",
        "rate",
        "price_list_rate",
        "warehouse",
    )
    items = []
    for row in rows:
        left = exact(row["qty"]) - (exact(row.get("delivered_qty")) if doctype == "Delivery Note" else Decimal(0))
        if left > 0:
            items.append({**{n: row.get(n) for n in names}, "qty": float(left), link: order, "so_detail": row["name"]})
    taken = ("customer", "company", "currency", "conversion_rate", "selling_price_list")
    return {"doctype": doctype, **{n: head.get(n) for n in taken}, "items": items}


register({"Delivery Note": DeliveryNote(), "Sales Invoice": SalesInvoice()})
