"""Stock in Salesforce's own objects (ProductItem, Location) in place of custom ones: only YAML differs."""

from __future__ import annotations

from decimal import Decimal

from e2e.conftest import Site
from e2e.test_orders import LINES, begin, dec, quiet, stock_up
from e2e.test_stock import move_in_erpnext, move_in_odoo

SKUS = tuple(LINES)


def field_service(site: Site) -> None:
    """The two mapping files with Salesforce's own objects. Reserved and available stock have no field there."""
    path = site.folder / "mappings" / "location.yaml"
    text = path.read_text()
    for old, new in (
        ("crm: {object: Stock_Location__c}", 'crm: {object: Location, where: "IsInventoryLocation = true", '
                                             "new: {LocationType: Warehouse}}"),
        ("crm: Code__c", "crm: ExternalReference"),
        ("  active: {crm: Active__c, erp: active, default: \"true\"}\n", ""),
    ):  # fmt: skip
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text)
    path = site.folder / "mappings" / "stock_level.yaml"
    text = path.read_text()
    for old, new in (("Stock_Level__c", "ProductItem"), ("Product__c", "Product2Id"), ("Location__c", "LocationId"),
                     ("On_Hand__c", "QuantityOnHand")):  # fmt: skip
        assert old in text, old
        text = text.replace(old, new)
    lines = [line for line in text.splitlines() if not line.startswith(("  reserved:", "  available:"))]
    path.write_text("\n".join(lines) + "\n")
    site.bridge("setup", "crm")


def shown(site: Site) -> dict[str, Decimal]:
    dump = site.control("crm", "GET", "dump")
    codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
    return {codes[row["Product2Id"]]: dec(row["QuantityOnHand"]) for row in dump["ProductItem"].values()}


def test_stock_is_shown_in_product_items_and_moves_with_the_erps(site: Site) -> None:
    field_service(site)
    begin(site)
    site.sync()
    stock_up(site, *SKUS)
    site.sync(code=None)
    site.sync(code=None)
    assert shown(site) == dict.fromkeys(SKUS, dec("100"))
    (place,) = site.control("crm", "GET", "dump")["Location"].values()
    assert (place["ExternalReference"], place["LocationType"], place["IsInventoryLocation"]) == (
        "MAIN",
        "Warehouse",
        True,
    )
    move_in_odoo(site, "SKU-1", "-3")
    move_in_erpnext(site, "SKU-1", "-2")
    site.sync()
    assert shown(site)["SKU-1"] == dec("95")
    quiet(site)
    noted = site.control("crm", "GET", "dump")["ProductItemTransaction"].values()
    assert sum(dec(row["Quantity"]) for row in noted) == dec("295"), "Salesforce notes each change by itself"
