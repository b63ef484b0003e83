"""Items with their barcodes, and their prices. By number: recordings."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.erpnext.controllers import Controller, Doc, register
from bridge.sandbox.erpnext.errors import thrown
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.warehouse import Ledger


class Item(Controller):
    """Named by the item code, which stays; a standard rate makes a price once."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The code is the name; barcodes are checked."""
        if before is not None:
            doc["item_code"] = doc["name"]  # 144
            if doc.get("stock_uom") != before.get("stock_uom") and Ledger(site).knows(str(doc["name"])):
                text = (
                    f"Default Unit of Measure for Item {doc['name']} cannot be changed directly because you have "
                    "already made some transaction(s) with another UOM. You will need to create a new Item to use a "
                    "different Default UOM."
                )
                raise thrown("ValidationError", text)  # 309
        doc["item_name"] = doc.get("item_name") or doc.get("item_code")
        doc["description"] = doc.get("description") or doc["item_name"]
        for row in doc.get("barcodes") or ():
            code = str(row.get("barcode") or "")
            other = next(iter(site.tables.having("Item Barcode", "barcode", [code])), None)
            if other is not None and other["parent"] != doc.get("name"):
                raise thrown("ValidationError", f"Barcode {code} already used in Item {other['parent']}")  # 135
            if row.get("barcode_type") == "EAN" and not _check_digit(code):
                raise thrown("InvalidBarcode", f"Barcode {code} is not a valid EAN code")

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """The standard rate is the price of the standard list, at creation only (138-140)."""
        if before is None and doc.get("standard_rate"):
            site.make("Item Price", {
                "item_code": doc["name"], "price_list": "Standard Selling", "price_list_rate": doc["standard_rate"],
            })  # fmt: skip


class ItemPrice(Controller):
    """One price of an item, list, unit and day."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Fill in, and refuse a second one."""
        row = site.tables.get("Price List", doc.get("price_list")) or {}
        doc.update(
            {"currency": row.get("currency"), "selling": row.get("selling") or 0, "buying": row.get("buying") or 0}
        )
        item = site.tables.get("Item", doc.get("item_code")) or {}
        doc["item_name"], doc["uom"] = item.get("item_name"), doc.get("uom") or item.get("stock_uom")
        for other in site.tables.having("Item Price", "item_code", [str(doc.get("item_code"))]):
            same = all(other.get(n) == doc.get(n) for n in ("item_code", "price_list", "uom", "valid_from"))
            if same and other["name"] != doc.get("name"):
                named = "Price List, Supplier/Customer, Currency, Item, Batch, UOM, Qty, and Dates."
                raise thrown("ItemPriceDuplicateItem", f"Item Price appears multiple times based on {named}")


def list_price(site: Site, item: str, price_list: str, unit: Any) -> float | None:
    """What the list says of an item in that unit (147: a price per kilogram is none per piece)."""
    rows = [
        row
        for row in site.tables.having("Item Price", "item_code", [item])
        if row["item_code"] == item and row["price_list"] == price_list and row.get("uom") in (None, "", unit)
    ]
    return float(rows[-1]["price_list_rate"]) if rows else None


def _check_digit(code: str) -> bool:
    if not code.isdigit() or len(code) not in (8, 13):
        return False
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(code)))
    return weighed % 10 == 0


register({"Item": Item(), "Item Price": ItemPrice()})
