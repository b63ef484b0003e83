"""Rules of Field Service stock: one record for a product at a location, and a note of every change of quantity.

Facts: the object reference of ProductItem and ProductItemTransaction.
"""

from __future__ import annotations

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.exact import exact, rounded
from bridge.sandbox.salesforce.store import Store, Values


class StockRules:
    """Product items and their transactions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._noted = 0

    def complete(self, name: str, values: Values, changes: Values) -> None:
        """Nothing is taken from elsewhere."""

    def judge(self, name: str, values: Values, changes: Values, before: Values | None, by: str) -> None:
        if name != "ProductItem":
            return
        location = self._store.newest("Location", values["LocationId"])
        if before is None and location is not None and not location.values.get("IsInventoryLocation"):
            message = "Select a location that is marked as an inventory location"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["LocationId"])
        serial = values.get("SerialNumber")
        if serial and values["QuantityOnHand"] not in (0, 1):
            message = "A product item with a serial number has a quantity of 1"
            raise SalesforceError("FIELD_INTEGRITY_EXCEPTION", message, ["QuantityOnHand"])
        if before is not None:
            return
        for row in self._store.newest_below("ProductItem", "Product2Id", values["Product2Id"]):
            if row.get("LocationId") == values["LocationId"] and row.get("SerialNumber") == serial:
                message = f"duplicate value found: a product item for this product and location: {row['Id']}"
                raise SalesforceError("DUPLICATE_VALUE", message)

    def settle(self, name: str, values: Values, before: Values | None, by: str) -> None:
        """Whoever changes a quantity, the system notes by how much."""
        if name != "ProductItem" or values.get("IsDeleted"):
            return
        moved = exact(values.get("QuantityOnHand")) - exact(before.get("QuantityOnHand") if before else None)
        if not moved:
            return
        self._noted += 1
        definition = self._store.objects["productitemtransaction"]
        note: Values = {
            **dict.fromkeys(field.name for field in definition.fields.values()),
            "Id": self._store.new_id("ProductItemTransaction"),
            "IsDeleted": False,
            "ProductItemTransactionNumber": f"PIT-{self._noted:04}",
            "ProductItemId": values["Id"],
            "Quantity": rounded(moved, 3),
            "TransactionType": "Adjusted" if before else "Replenished",
        }
        if "CurrencyIsoCode" in note:
            note["CurrencyIsoCode"] = values.get("CurrencyIsoCode")
        self._store.put(definition, note, by=by)

    def deleting(self, name: str, values: Values) -> None:
        """Its transactions go with it."""
