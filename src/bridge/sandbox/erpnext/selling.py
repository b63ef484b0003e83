"""Selling: orders with their sums and states, deliveries, invoices. By number: recordings."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from bridge.sandbox.erpnext.controllers import Controller, Doc, register
from bridge.sandbox.erpnext.errors import Refusal, missing, thrown
from bridge.sandbox.erpnext.items import list_price
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.warehouse import Ledger, exact

_DIGITS = {"JPY": 0, "KWD": 3}
_WHOLE = frozenset({"Nos", "Unit", "Box", "Pair", "Set"})


def money(amount: Decimal, currency: str) -> float:
    """Rounded to the currency's digits, halves to the even one (Banker's)."""
    return float(amount.quantize(Decimal(1).scaleb(-_DIGITS.get(currency, 2)), ROUND_HALF_EVEN))


class Sale(Controller):
    """What orders, deliveries and invoices have in common."""

    day = "posting_date"

    def prepare(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Unknown items and customers are told before all links (159, 162)."""
        if doc.get("customer") and not site.exists("Customer", doc["customer"]):
            raise missing("Customer", doc["customer"])
        if not doc.get("items"):
            raise Refusal("TypeError", "'NoneType' object is not iterable")  # 161
        for row in doc["items"]:
            if row.get("item_code") and not site.exists("Item", row["item_code"]):
                raise missing("Item", row["item_code"])
        for place, row in enumerate(doc.get("taxes") or (), 1):
            account = row.get("account_head")
            if account and not site.exists("Account", account):
                text = f"Row #{place}: Account {account} does not belong to company {doc.get('company')}"
                raise thrown("ValidationError", text)  # 166

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Prices, amounts, sums."""
        if before is not None and before.get("docstatus"):
            return
        self._head(site, doc)
        for row in doc["items"]:
            self._row(site, doc, row)
        self._sums(site, doc)

    def _head(self, site: Site, doc: Doc) -> None:
        customer = site.tables.get("Customer", doc.get("customer")) or {}
        if customer.get("disabled"):
            raise thrown("PartyDisabled", f"Customer {doc['customer']} is disabled")
        doc["customer_name"] = customer.get("customer_name")
        own = site.value("Company", doc.get("company"), "default_currency")
        doc["currency"] = doc.get("currency") or customer.get("default_currency") or own
        if doc["currency"] == own:
            doc["conversion_rate"] = 1.0
        elif not doc.get("conversion_rate"):
            doc["conversion_rate"] = site.exchange_rate(doc["currency"], own)
        if not doc.get("conversion_rate"):
            pair = f"{doc['currency']} to {own}"
            text = f"Exchange Rate is mandatory. Maybe Currency Exchange record is not created for {pair}."
            raise thrown("ValidationError", text)  # 164
        doc["selling_price_list"] = doc.get("selling_price_list") or "Standard Selling"
        doc[self.day] = doc.get(self.day) or site.now()[:10]

    def _row(self, site: Site, doc: Doc, row: Doc) -> None:
        item = site.tables.get("Item", row.get("item_code")) or {}
        if item.get("disabled"):
            raise thrown("ValidationError", f"Item {row['item_code']} is disabled")
        row["uom"] = row.get("uom") or item.get("stock_uom")
        row["stock_uom"], row["item_name"] = item.get("stock_uom"), row.get("item_name") or item.get("item_name")
        row["description"] = row.get("description") or item.get("description")
        row["warehouse"] = row.get("warehouse") or (site.default_warehouse if item.get("is_stock_item") else None)
        row["conversion_factor"] = row.get("conversion_factor") or 1.0
        quantity = exact(row.get("qty"))
        if quantity == 0:
            raise thrown("InvalidQtyError", f"Row #{row['idx']}: Item quantity cannot be zero")
        if row["uom"] in _WHOLE and quantity != quantity.to_integral_value():
            text = (
                f"Row {row['idx']}: Quantity ({row['qty']}) cannot be a fraction. "
                f"To allow this, disable 'Must be Whole Number' in UOM {row['uom']}."
            )
            raise thrown("UOMMustBeIntegerError", text)
        self._price(site, doc, row)
        row["qty"] = float(quantity.quantize(Decimal("0.001"), ROUND_HALF_EVEN))
        row["stock_qty"] = float(exact(row["qty"]) * exact(row["conversion_factor"]))
        row["amount"] = money(exact(row["qty"]) * exact(row["rate"]), doc["currency"])
        row["net_rate"], row["net_amount"] = row["rate"], row["amount"]
        rate = exact(doc["conversion_rate"])
        row["base_rate"], row["base_amount"] = (money(exact(row[n]) * rate, "EUR") for n in ("rate", "amount"))

    def _price(self, site: Site, doc: Doc, row: Doc) -> None:
        """A rate is kept, unless it is nothing: then the list price takes its place (152, 174)."""
        listed = row.get("price_list_rate")
        if listed is None or (not exact(listed) and not doc.get("ignore_pricing_rule")):
            listed = list_price(site, str(row["item_code"]), str(doc["selling_price_list"]), row["uom"]) or 0.0
            listed = exact(listed) / exact(doc["conversion_rate"])  # the list is in the company's currency (165)
        row["price_list_rate"] = money(exact(listed), doc["currency"])
        rate = exact(row.get("rate"))
        if not rate and exact(row["price_list_rate"]):
            rate = exact(row["price_list_rate"]) * (100 - exact(row.get("discount_percentage"))) / 100
        row["rate"] = money(rate, doc["currency"])
        if exact(row["price_list_rate"]):
            row["discount_amount"] = float(exact(row["price_list_rate"]) - exact(row["rate"]))
        if rate > exact(row["price_list_rate"]) and exact(row["price_list_rate"]):
            row["margin_type"] = "Amount"  # 153
            row["margin_rate_or_amount"] = float(rate - exact(row["price_list_rate"]))

    def _sums(self, site: Site, doc: Doc) -> None:
        currency = doc["currency"]
        gross = sum((exact(row["amount"]) for row in doc["items"]), Decimal(0))
        self._take_taxes_out(doc)
        net = sum((exact(row["net_amount"]) for row in doc["items"]), Decimal(0))
        doc["total_qty"] = float(sum((exact(row["qty"]) for row in doc["items"]), Decimal(0)))
        total = net
        for row in doc.get("taxes") or ():
            amount = exact(row.get("tax_amount"))
            if row.get("charge_type") == "On Net Total":
                amount = exact(money(net * exact(row.get("rate")) / 100, currency))
            row["tax_amount"] = money(amount, currency)
            total += exact(row["tax_amount"])
            row["total"] = money(total, currency)
        if total < 0:
            text = "Incorrect value:<strong>Grand Total (Company Currency)</strong> must be >= 0.0"
            raise thrown("ValidationError", text)  # 158
        doc["total"], doc["net_total"] = money(gross, currency), money(net, currency)
        doc["total_taxes_and_charges"] = money(total - net, currency)
        doc["grand_total"] = money(total, currency)
        doc["rounded_total"] = doc["grand_total"]  # the smallest coin of the currency is a cent (147)
        rate = exact(doc["conversion_rate"])
        doc["base_net_total"], doc["base_grand_total"] = (money(one * rate, "EUR") for one in (net, total))

    def _take_taxes_out(self, doc: Doc) -> None:
        """Prices that include their tax: the rows are worth what is left without it (168)."""
        inside = [row for row in doc.get("taxes") or () if row.get("included_in_print_rate")]
        share = sum((exact(row.get("rate")) for row in inside), Decimal(0)) / 100
        for row in doc["items"] if share else ():
            row["net_amount"] = money(exact(row["amount"]) / (1 + share), doc["currency"])
            row["net_rate"] = money(exact(row["net_amount"]) / exact(row["qty"]), doc["currency"])


class SalesOrder(Sale):
    """Orders."""

    day = "transaction_date"

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Dates and states beside the sums."""
        super().validate(site, doc, before)
        if not doc.get("docstatus") or before is None or not before.get("docstatus"):
            dates = [str(row["delivery_date"]) for row in doc["items"] if row.get("delivery_date")]
            latest = max(dates) if dates else str(doc.get("delivery_date") or "")
            if not latest:
                raise thrown("ValidationError", "Please enter Delivery Date")
            for row in doc["items"]:
                row["delivery_date"] = row.get("delivery_date") or latest
            doc["delivery_date"] = latest  # 147
            if latest < str(doc["transaction_date"]):
                raise thrown("ValidationError", "Expected Delivery Date should be after Sales Order Date")
        inserted_submitted = before is None and doc.get("docstatus") == 1
        if not inserted_submitted:  # 412-415: such a one keeps the status Draft
            self.settle(doc, before)

    def settle(self, doc: Doc, before: Doc | None) -> None:
        """Status, from what was delivered and billed."""
        wanted = sum((exact(row["qty"]) for row in doc["items"]), Decimal(0))
        done = sum((min(exact(row.get("delivered_qty")), exact(row["qty"])) for row in doc["items"]), Decimal(0))
        billed = sum((exact(row.get("billed_amt")) for row in doc["items"]), Decimal(0))
        net = exact(doc.get("net_total"))
        doc["per_delivered"] = float(round(done * 100 / wanted, 3)) if wanted else 0.0
        doc["per_billed"] = float(round(min(billed, net) * 100 / net, 3)) if net else 0.0
        doc["delivery_status"] = (
            "Fully Delivered" if done >= wanted else "Partly Delivered" if done else "Not Delivered"
        )
        doc["billing_status"] = "Fully Billed" if net and billed >= net else "Partly Billed" if billed else "Not Billed"
        if doc.get("docstatus") == 2:
            doc["status"] = "Cancelled"
        elif not doc.get("docstatus"):
            doc["status"] = "Draft"
        elif doc.get("status") not in ("Closed", "On Hold"):
            all_out, all_billed = done >= wanted, bool(net) and billed >= net
            doc["status"] = {
                (False, False): "To Deliver and Bill",
                (True, False): "To Bill",
                (False, True): "To Deliver",
                (True, True): "Completed",
            }[all_out, all_billed]
        if doc.get("status") == "Closed":
            doc["delivery_status"] = doc["billing_status"] = "Closed"

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """What is ordered is reserved; prices that were missing are noted in the list (147, 176)."""
        ledger = Ledger(site)
        for row in doc["items"]:
            if row.get("warehouse") and site.value("Item", row["item_code"], "is_stock_item"):
                ledger.reserve(str(row["item_code"]), str(row["warehouse"]))
        auto = site.setting("Stock Settings", "auto_insert_price_list_rate_if_missing")
        for row in doc["items"] if before is None and auto not in (0, "0") else ():
            listed = list_price(site, str(row["item_code"]), str(doc["selling_price_list"]), row["uom"])
            if listed is None and row.get("rate"):
                values = {"price_list": doc["selling_price_list"], "price_list_rate": row["rate"], "uom": row["uom"]}
                site.make("Item Price", {"item_code": row["item_code"], **values})


def refresh(site: Site, name: str, **values: Any) -> None:
    """Work out an order's status again and store it."""
    row = site.tables.get("Sales Order", name)
    if row is None:
        return
    doc: Doc = {**row, **values, "items": site.tables.children("Sales Order Item", "Sales Order", name)}
    SalesOrder().settle(doc, None)
    moved = {key: doc[key] for key in ("status", "per_delivered", "per_billed", "delivery_status", "billing_status")}
    stamp = {"modified": site.now(), "modified_by": site.user}
    site.tables.put("Sales Order", {**row, **values, **moved, **stamp})


register({"Sales Order": SalesOrder()})
