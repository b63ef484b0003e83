"""Rules of products and their prices.

Facts: the object reference of PricebookEntry; the codes and texts as integrators report them.
"""

from __future__ import annotations

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.store import Store, Values


class PriceRules:
    """A price stands in the standard book first; one for each book, product and currency."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def complete(self, name: str, values: Values, changes: Values) -> None:
        """A price that follows the standard price needs none of its own."""
        if name != "PricebookEntry" or not values.get("UseStandardPrice"):
            return
        standard = self._standard(values)
        if standard is None or standard["Id"] == values.get("Id"):
            raise _no_standard()
        values["UnitPrice"] = standard["UnitPrice"]

    def judge(self, name: str, values: Values, changes: Values, before: Values | None, by: str) -> None:
        if name != "PricebookEntry":
            return
        product = self._row("Product2", values["Product2Id"])
        custom = not self._row("Pricebook2", values["Pricebook2Id"]).get("IsStandard")
        if before is None and any(_same(row, values) for row in self._entries(values["Product2Id"], deleted=False)):
            raise SalesforceError("DUPLICATE_VALUE", "This price definition already exists in this price book")
        if custom and (before is None or values.get("IsActive")):
            standard = self._standard(values)
            if standard is None or not standard.get("IsActive"):
                raise _no_standard()
        values["Name"], values["ProductCode"] = product.get("Name"), product.get("ProductCode")

    def settle(self, name: str, values: Values, before: Values | None, by: str) -> None:
        if name == "Product2" and before is not None:
            shown = {"Name": values.get("Name"), "ProductCode": values.get("ProductCode")}
            if shown != {field: before.get(field) for field in shown}:
                for entry in self._entries(values["Id"], deleted=True):
                    self._store.amend("PricebookEntry", entry["Id"], shown)
        if name == "PricebookEntry" and self._row("Pricebook2", values["Pricebook2Id"]).get("IsStandard"):
            self._follow(values, by)

    def deleting(self, name: str, values: Values) -> None:
        if name == "Pricebook2" and values.get("IsStandard"):
            raise SalesforceError("DELETE_FAILED", "The standard price book cannot be deleted")

    def _follow(self, standard: Values, by: str) -> None:
        """Prices that use the standard price move with it."""
        entries = self._store.objects["pricebookentry"]
        for row in self._entries(standard["Product2Id"], deleted=False):
            same = row.get("CurrencyIsoCode") == standard.get("CurrencyIsoCode")
            if row.get("UseStandardPrice") and same and row["UnitPrice"] != standard["UnitPrice"]:
                self._store.put(entries, {**row, "UnitPrice": standard["UnitPrice"]}, by=by)

    def _standard(self, values: Values) -> Values | None:
        """The product's entry in the standard book, in this currency."""
        for row in self._entries(values.get("Product2Id"), deleted=False):
            same = row.get("CurrencyIsoCode") == values.get("CurrencyIsoCode")
            if same and self._row("Pricebook2", row["Pricebook2Id"]).get("IsStandard"):
                return row
        return None

    def _entries(self, product: object, *, deleted: bool) -> list[Values]:
        return self._store.newest_below("PricebookEntry", "Product2Id", product, deleted=deleted)

    def _row(self, object_name: str, id_: object) -> Values:
        row = self._store.newest(object_name, id_)
        return row.values if row else {}


def _same(row: Values, values: Values) -> bool:
    return all(row.get(name) == values.get(name) for name in ("Pricebook2Id", "CurrencyIsoCode"))


def _no_standard() -> SalesforceError:
    message = "Before creating a custom price, create a standard price."
    return SalesforceError("STANDARD_PRICE_NOT_DEFINED", message)
