"""What the org demands of prices, orders and their lines, beyond what a field by itself can say.

Facts: the object reference of PricebookEntry, Order and OrderItem; the codes as integrators report them.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.store import Store, Values

_FREE: Final = frozenset({"Status"})
"""What may be changed on an activated order."""


class Rules:
    """Judges changes, and fills in what follows from them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._numbers: dict[tuple[str, str], int] = {}
        self._lines: dict[str, dict[str, None]] = {}

    def number(self, definition: SObject, values: Values) -> None:
        """Give the numbers that the system gives, and the defaults."""
        for field in definition.fields.values():
            if field.auto:
                place = (definition.name, field.name)
                self._numbers[place] = self._numbers.get(place, 0) + 1
                values[field.name] = field.auto.format(self._numbers[place])
            elif values.get(field.name) is None and field.default is not None:
                values[field.name] = field.default

    def judge(self, definition: SObject, values: Values, changes: Values, before: Values | None) -> None:
        """Refuse what may not be, and derive what follows. before: the record as it was, None for a new one."""
        by_object = {
            "PricebookEntry": self._entry,
            "Order": self._order,
            "OrderItem": self._item,
            "ProductItem": self._product_item,
        }
        judge = by_object.get(definition.name)
        if judge is not None:
            judge(values, changes, before)

    def settle(self, definition: SObject, values: Values, by: str) -> None:
        """What a saved record changes in others."""
        if definition.name == "OrderItem":
            self._lines.setdefault(str(values["OrderId"]), {})[str(values["Id"])] = None
            self._total(str(values["OrderId"]), by)

    def deleting(self, definition: SObject, values: Values) -> None:
        """Refuse to delete what is in use."""
        if definition.name == "Order" and values.get("StatusCode") == "Activated":
            raise SalesforceError("DELETE_FAILED", "an activated order cannot be deleted")
        if definition.name == "OrderItem":
            self._unlocked(str(values["OrderId"]))
        used = {"Product2": ("OrderItem", "Product2Id"), "PricebookEntry": ("OrderItem", "PricebookEntryId")}
        if definition.name in used:
            other, field = used[definition.name]
            if any(row.get(field) == values["Id"] for row in self._store.seen(other)):
                message = "Your attempt to delete could not be completed because it is associated with order products."
                raise SalesforceError("DELETE_FAILED", message)

    # prices

    def _entry(self, values: Values, changes: Values, before: Values | None) -> None:
        product = self._row("Product2", values.get("Product2Id"))
        book = self._row("Pricebook2", values.get("Pricebook2Id"))
        if before is None:
            same = [
                row
                for row in self._store.seen("PricebookEntry")
                if all(row.get(n) == values.get(n) for n in ("Product2Id", "Pricebook2Id", "CurrencyIsoCode"))
            ]
            if same:
                message = "This price definition already exists in this price book"
                raise SalesforceError("DUPLICATE_VALUE", message)
        if not book.get("IsStandard") and values.get("IsActive") and not self._has_standard(values):
            message = "Before creating a custom price, create a standard price."
            raise SalesforceError("STANDARD_PRICE_NOT_DEFINED", message, ["UnitPrice"])
        values["Name"], values["ProductCode"] = product.get("Name"), product.get("ProductCode")

    def _has_standard(self, values: Values) -> bool:
        for row in self._store.seen("PricebookEntry"):
            mine = row.get("Product2Id") == values.get("Product2Id") and row.get("IsActive")
            same = row.get("CurrencyIsoCode") == values.get("CurrencyIsoCode")
            if mine and same and self._row("Pricebook2", row.get("Pricebook2Id")).get("IsStandard"):
                return True
        return False

    # orders

    def _order(self, values: Values, changes: Values, before: Values | None) -> None:
        category = self._category(values.get("Status"))
        values["StatusCode"] = category
        if before is None:
            values["TotalAmount"] = 0.0
            if category != "Draft":
                message = "Status: Choose a valid order status and save your changes. An order is created as a draft."
                raise SalesforceError("INVALID_STATUS", message, ["Status"])
            return
        changed = {name for name in changes if changes[name] != before.get(name)}
        items = self._items(str(values["Id"]))
        if before.get("StatusCode") == "Activated":
            if changed - _FREE:
                fields = sorted(changed - _FREE)
                message = "The record cannot be edited because the order is activated."
                raise SalesforceError("ENTITY_IS_LOCKED", message, fields)
            return
        if "Pricebook2Id" in changed and items:
            message = "You cannot change the price book of an order that has order products."
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["Pricebook2Id"])
        if category == "Activated":
            if set(changes) - _FREE:
                message = "When an order is activated, its status must be the only field that is changed."
                raise SalesforceError("FAILED_ACTIVATION", message, ["Status"])
            if not items:
                raise SalesforceError("FAILED_ACTIVATION", "An order must have at least one product.", ["Status"])
            values["ActivatedDate"] = values.get("SystemModstamp")

    def _item(self, values: Values, changes: Values, before: Values | None) -> None:
        order = self._unlocked(str(values["OrderId"]))
        entry = self._row("PricebookEntry", values.get("PricebookEntryId"))
        if not order.get("Pricebook2Id") or entry.get("Pricebook2Id") != order.get("Pricebook2Id"):
            message = (
                "Order Products must have a Price Book Entry that belongs to the Price Book related to the parent Order"
            )
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["PricebookEntryId"])
        if entry.get("CurrencyIsoCode") != order.get("CurrencyIsoCode"):
            message = "The price book entry is in another currency than the order"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["PricebookEntryId"])
        if before is None and not entry.get("IsActive"):
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", "The price book entry is inactive", ["PricebookEntryId"])
        if not values.get("Quantity"):
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", "Quantity must be other than zero", ["Quantity"])
        if values.get("UnitPrice") is None:
            raise SalesforceError("REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", ["UnitPrice"])
        values["Product2Id"], values["ListPrice"] = entry.get("Product2Id"), entry.get("UnitPrice")
        values["TotalPrice"] = self._money(_exact(values["Quantity"]) * _exact(values["UnitPrice"]))

    def _total(self, order_id: str, by: str) -> None:
        """The order's sum follows its lines, and its stamp with it."""
        order = self._store.newest("Order", order_id)
        if order is None or order.values.get("IsDeleted"):
            return
        total = sum((_exact(row.get("TotalPrice") or 0) for row in self._items(order_id)), Decimal(0))
        self._store.put(self._store.objects["order"], {**order.values, "TotalAmount": self._money(total)}, by=by)

    def _items(self, order_id: str) -> list[Values]:
        """The lines of an order, committed or not."""
        found = (self._store.newest("OrderItem", id_) for id_ in self._lines.get(order_id, ()))
        return [row.values for row in found if row is not None and not row.values.get("IsDeleted")]

    def _unlocked(self, order_id: str) -> Values:
        order = self._row("Order", order_id)
        if order.get("StatusCode") == "Activated":
            message = "The order products cannot be changed because the order is activated."
            raise SalesforceError("ENTITY_IS_LOCKED", message)
        return order

    def _product_item(self, values: Values, changes: Values, before: Values | None) -> None:
        for row in self._store.seen("ProductItem"):
            same = row.get("Product2Id") == values.get("Product2Id") and row.get("LocationId") == values.get(
                "LocationId"
            )
            if before is None and same:
                raise SalesforceError("DUPLICATE_VALUE", "There is a product item for this product and location")

    def _category(self, status: object) -> str:
        for row in self._store.seen("OrderStatus"):
            if row.get("ApiName") == status:
                return str(row["StatusCode"])
        return "Draft"

    def _row(self, object_name: str, id_: object) -> Values:
        row = self._store.newest(object_name, id_)
        return row.values if row else {}

    def _money(self, amount: Decimal) -> float:
        scale = self._store.objects["orderitem"].fields["totalprice"].scale
        return float(amount.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP))


def _exact(number: Any) -> Decimal:
    return Decimal(str(number))
