"""Rules of orders: drafts can be changed, activated orders cannot.

Facts: the object reference of Order and OrderItem; the codes and texts as integrators report them.
"""

from __future__ import annotations

from decimal import Decimal

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.exact import exact, rounded
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.store import Store, Values

_FREE = frozenset({"Status"})
"""What may be changed on an activated order, and nothing beside it while it is activated."""
_FOREIGN_ENTRY = (
    "Order Products must have a Price Book Entry that belongs to the Price Book related to the parent Order"
)


class OrderRules:
    """The way of an order from draft to activated and back, and what its lines must be."""

    def __init__(self, store: Store, setup: Setup) -> None:
        self._store, self._setup = store, setup

    def complete(self, name: str, values: Values, changes: Values) -> None:
        """A line has the currency of its order."""
        if name == "OrderItem" and self._setup.multi_currency:
            values["CurrencyIsoCode"] = self._row("Order", values.get("OrderId")).get("CurrencyIsoCode")

    def judge(self, name: str, values: Values, changes: Values, before: Values | None, by: str) -> None:
        if name == "Order":
            values["StatusCode"] = self._category(values.get("Status"))
            self._judge_order(values, changes, before, by)
        elif name == "OrderItem":
            self._judge_item(values, before)

    def settle(self, name: str, values: Values, before: Values | None, by: str) -> None:
        """The order's sum follows its lines, and so does its stamp."""
        if name != "OrderItem":
            return
        order = self._store.newest("Order", values["OrderId"])
        if order is None or order.values.get("IsDeleted"):
            return
        total = sum((exact(row.get("TotalPrice")) for row in self._items(values["OrderId"])), Decimal(0))
        changed = {**order.values, "TotalAmount": rounded(total, self._setup.price_scale)}
        self._store.put(self._store.objects["order"], changed, by=by, system=True)

    def deleting(self, name: str, values: Values) -> None:
        if name == "Order" and values.get("StatusCode") == "Activated":
            raise SalesforceError(
                "DELETE_FAILED", "An activated order cannot be deleted. Its status has to be a draft's"
            )
        if name == "OrderItem":
            self._draft(values["OrderId"])

    # orders

    def _judge_order(self, values: Values, changes: Values, before: Values | None, by: str) -> None:
        if before is not None and before.get("StatusCode") == "Activated":
            self._judge_activated(values, changes, before)
            return
        self._judge_dates(values)
        self._judge_book(values, changes, before)
        if before is None:
            if values["StatusCode"] != "Draft":
                message = "Choose a valid order status and save your changes. Ask your admin for details."
                raise SalesforceError("INVALID_STATUS", message, ["Status"])
        elif values["StatusCode"] == "Activated":
            self._activate(values, changes, by)

    def _judge_activated(self, values: Values, changes: Values, before: Values) -> None:
        locked = sorted({name for name in changes if changes[name] != before.get(name)} - _FREE)
        if locked:
            raise self._locked("The record cannot be edited because the order is activated", locked)
        if values["StatusCode"] == "Draft":
            values["ActivatedDate"] = values["ActivatedById"] = None

    def _activate(self, values: Values, changes: Values, by: str) -> None:
        if set(changes) - _FREE:
            message = "When an order is activated, its status must be the only field that is updated."
            raise SalesforceError("FAILED_ACTIVATION", message, ["Status"])
        if not self._items(values["Id"]):
            raise SalesforceError("FAILED_ACTIVATION", "An order must have at least one product.", ["Status"])
        values["ActivatedDate"], values["ActivatedById"] = self._store.moment(), by

    def _judge_dates(self, values: Values) -> None:
        start, end = values.get("EffectiveDate"), values.get("EndDate")
        if start and end and end < start:
            message = "The order end date can't be earlier than the order start date."
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["EndDate"])

    def _judge_book(self, values: Values, changes: Values, before: Values | None) -> None:
        """The book and the currency are settled by the first line; a book that is not in use can't be chosen."""
        fixed = [
            name for name in ("Pricebook2Id", "CurrencyIsoCode") if before and values.get(name) != before.get(name)
        ]
        if before is not None and fixed and self._items(values["Id"]):
            message = "You can't change the price book or the currency of an order that has order products."
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, fixed)
        book = values.get("Pricebook2Id")
        if book and "Pricebook2Id" in changes and not self._row("Pricebook2", book).get("IsActive"):
            message = "field integrity exception: Pricebook2Id (price book is inactive)"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["Pricebook2Id"])

    # their lines

    def _judge_item(self, values: Values, before: Values | None) -> None:
        order = self._draft(values["OrderId"])
        entry = self._row("PricebookEntry", values["PricebookEntryId"])
        if before is None:
            self._judge_entry(order, entry)
        if not values.get("Quantity"):
            message = "Quantity must be nonzero"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["Quantity"])
        if values.get("UnitPrice") is None:
            raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", ["UnitPrice"])
        if before is None:
            values["Product2Id"], values["ListPrice"] = entry.get("Product2Id"), entry.get("UnitPrice")
        values["AvailableQuantity"] = values["Quantity"]
        total = exact(values["Quantity"]) * exact(values["UnitPrice"])
        values["TotalPrice"] = rounded(total, self._setup.price_scale)

    def _judge_entry(self, order: Values, entry: Values) -> None:
        reason = ""
        if not order.get("Pricebook2Id") or entry.get("Pricebook2Id") != order.get("Pricebook2Id"):
            reason = _FOREIGN_ENTRY
        elif entry.get("CurrencyIsoCode") != order.get("CurrencyIsoCode"):
            reason = "field integrity exception: PricebookEntryId (currency code does not match that of the order)"
        elif not entry.get("IsActive"):
            reason = "field integrity exception: PricebookEntryId (pricebook entry is inactive)"
        if reason:
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", reason, ["PricebookEntryId"])

    def _draft(self, order_id: object) -> Values:
        """The order of a line that is to change. Raises SalesforceError for an activated one."""
        order = self._row("Order", order_id)
        if order.get("StatusCode") == "Activated":
            raise self._locked("Order products cannot be changed because the order is activated")
        return order

    def _locked(self, message: str, fields: list[str] | None = None) -> SalesforceError:
        return SalesforceError(self._setup.locked, message, fields or [])

    def _items(self, order_id: object) -> list[Values]:
        return self._store.newest_below("OrderItem", "OrderId", order_id)

    def _category(self, status: object) -> str:
        found = (row["StatusCode"] for row in self._store.seen("OrderStatus") if row.get("ApiName") == status)
        return str(next(found, "Draft"))

    def _row(self, object_name: str, id_: object) -> Values:
        row = self._store.newest(object_name, id_)
        return row.values if row else {}
