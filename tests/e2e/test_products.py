"""Products between a CRM and two ERPs, over real HTTP: made in each, priced in each, with codes, units and prices."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_orders import begin, confirmed, crm_edit, dec, fin, odoo, quiet

EAN, OTHER_EAN = "4006381333931", "5901234123457"
Shown = dict[str, dict[str, Any]]


def standard_book(site: Site) -> str:
    books = site.control("crm", "GET", "dump")["Pricebook2"]
    return next(id_ for id_, row in books.items() if row["IsStandard"])


def shown(site: Site, sku: str) -> Shown:
    """A product as each system shows it."""
    crm = site.control("crm", "GET", "dump")
    ((id_, product),) = [(key, row) for key, row in crm["Product2"].items() if row["ProductCode"] == sku]
    prices = [
        dec(row["UnitPrice"])
        for row in crm["PricebookEntry"].values()
        if row["Product2Id"] == id_ and row["Pricebook2Id"] == standard_book(site)
    ]
    (item,) = odoo(site, "product.product", "search_read", domain=[["default_code", "=", sku]],
                   fields=["name", "barcode", "list_price", "uom_id"])  # fmt: skip
    document = fin(site, "GET", f"resource/Item/{sku}")
    columns = 'fields=["price_list_rate"]&filters=' + json.dumps([["item_code", "=", sku]])
    listed = fin(site, "GET", f"resource/Item Price?{columns}")
    return {
        "crm": {"name": product["Name"], "barcode": product["Barcode__c"], "price": _only(prices),
                "unit": product["QuantityUnitOfMeasure"]},
        "erp": {"name": item["name"], "barcode": item["barcode"] or None, "price": dec(item["list_price"]),
                "unit": item["uom_id"][1]},
        "fin": {"name": document["item_name"], "barcode": _only([row["barcode"] for row in document["barcodes"]]),
                "price": _only([row["price_list_rate"] for row in listed]), "unit": document["stock_uom"]},
    }  # fmt: skip


def _only(found: list[Any]) -> Any:
    assert len(found) <= 1, found
    one = found[0] if found else None
    return one if one is None or isinstance(one, str) else dec(one)


def alike(site: Site, sku: str, *, name: str, price: str, barcode: str | None = EAN, unit: int = 0) -> None:
    units = (("Each", "Units", "Nos"), ("Kilogram", "kg", "Kg"))[unit]
    now = shown(site, sku)
    for system, word in zip(("crm", "erp", "fin"), units, strict=True):
        assert now[system] == {"name": name, "barcode": barcode, "price": dec(price), "unit": word}, system


def made_in(site: Site, system: str, sku: str, price: str, *, unit: int = 0) -> None:
    """A person makes a product in one system, with its price."""
    if system == "crm":
        word = ("Each", "Kilogram")[unit]
        values = {"Name": "Widget", "ProductCode": sku, "IsActive": True, "Barcode__c": EAN,
                  "QuantityUnitOfMeasure": word}  # fmt: skip
        (made,) = site.seed("crm", [{"object": "Product2", "values": values}])
        entry = {"Product2Id": made, "Pricebook2Id": standard_book(site), "UnitPrice": price, "IsActive": True}
        site.seed("crm", [{"object": "PricebookEntry", "values": entry}])
    elif system == "erp":
        (measure,) = odoo(site, "uom.uom", "search", domain=[["name", "=", ("Units", "kg")[unit]]])
        odoo(site, "product.product", "create", [{"name": "Widget", "default_code": sku, "barcode": EAN,
                                                  "list_price": float(price), "uom_id": measure}])  # fmt: skip
    else:
        fin(site, "POST", "resource/Item", item_code=sku, item_name="Widget", item_group="Products",
            stock_uom=("Nos", "Kg")[unit], standard_rate=float(price), barcodes=[{"barcode": EAN}])  # fmt: skip


def priced_in(site: Site, system: str, sku: str, price: str) -> None:
    """A person gives it another price in one system; nothing else changes there."""
    if system == "crm":
        (entry,) = site.control("crm", "GET", "dump")["PricebookEntry"]
        crm_edit(site, "PricebookEntry", entry, UnitPrice=price)
    elif system == "erp":
        (product,) = odoo(site, "product.product", "search", domain=[["default_code", "=", sku]])
        odoo(site, "product.product", "write", [product], vals={"list_price": float(price)})
    else:
        (row,) = fin(site, "GET", "resource/Item Price")
        fin(site, "PUT", f"resource/Item Price/{row['name']}", price_list_rate=float(price))


@pytest.mark.parametrize("system", ["crm", "erp", "fin"])
def test_a_product_made_in_one_system_is_in_all_with_its_price(site: Site, system: str) -> None:
    made_in(site, system, "W-1", "19.99")
    site.sync()
    alike(site, "W-1", name="Widget", price="19.99")
    quiet(site)


@pytest.mark.parametrize("system", ["crm", "erp", "fin"])
def test_a_price_changed_in_one_system_alone_changes_in_all(site: Site, system: str) -> None:
    made_in(site, "crm", "W-1", "19.99")
    site.sync()
    priced_in(site, system, "W-1", "24.5")
    site.sync()
    alike(site, "W-1", name="Widget", price="24.5")
    quiet(site)


@pytest.mark.parametrize("price", ["20", "0.01", "1499", "99999.95"])
def test_whole_small_and_large_prices(site: Site, price: str) -> None:
    made_in(site, "fin", "W-1", price)
    site.sync()
    alike(site, "W-1", name="Widget", price=price)
    quiet(site)


def test_a_price_of_more_digits_than_a_system_keeps_is_not_taken_for_another(site: Site) -> None:
    """Odoo's price list shows two digits; its rounding of ERPNext's price must not come back as an edit."""
    made_in(site, "fin", "W-1", "1.234")
    site.sync()
    now = shown(site, "W-1")
    assert now["fin"]["price"] == Decimal("1.234")
    assert {now["crm"]["price"], now["erp"]["price"]} <= {Decimal("1.23"), Decimal("1.234")}
    quiet(site)
    assert shown(site, "W-1") == now


def test_a_product_without_a_price_gets_none_and_one_taken_away_is_taken_away(site: Site) -> None:
    fin(site, "POST", "resource/Item", item_code="W-1", item_name="Widget", item_group="Products", stock_uom="Nos")
    site.sync()
    assert not site.control("fin", "GET", "dump").get("Item Price") or shown(site, "W-1")["fin"]["price"] == 0
    quiet(site)


def test_name_here_and_price_there_at_once_are_both_kept(site: Site) -> None:
    made_in(site, "crm", "W-1", "19.99")
    site.sync()
    priced_in(site, "fin", "W-1", "21")
    (product,) = odoo(site, "product.product", "search", domain=[["default_code", "=", "W-1"]])
    odoo(site, "product.product", "write", [product], vals={"name": "Widget II"})
    (crm,) = site.control("crm", "GET", "dump")["Product2"]
    crm_edit(site, "Product2", crm, Barcode__c=OTHER_EAN)
    site.sync()
    alike(site, "W-1", name="Widget II", price="21", barcode=OTHER_EAN)
    quiet(site)


def test_a_product_by_weight_keeps_its_unit(site: Site) -> None:
    made_in(site, "erp", "W-KG", "1.25", unit=1)
    site.sync()
    alike(site, "W-KG", name="Widget", price="1.25", unit=1)
    quiet(site)


def test_the_unit_of_a_product_in_use_is_refused_with_a_reason(site: Site) -> None:
    """A unit cannot change once goods have moved: it is said why, and all is well when it is put back."""
    confirmed(site)
    (product, *_) = site.control("crm", "GET", "dump")["Product2"]
    crm_edit(site, "Product2", product, QuantityUnitOfMeasure="Kilogram")
    site.sync(code=None)
    entries = json.loads(site.bridge("outbox", "list", "--json", code=None))["entries"]
    told = {one["system"]: one["error"] for one in entries if one["entity"] == "product"}
    assert "unit of measure" in told["erp"].lower()
    assert "Default Unit of Measure" in told["fin"]
    crm_edit(site, "Product2", product, QuantityUnitOfMeasure="Each")
    site.sync(code=None)
    quiet(site)


TAXES = """  tax_code:
    crm: Tax_Code__c
    erp: taxes_id
    fin: taxes.item_tax_template
    ref: {erp: tax.name}
    values: {"19%": {crm: full, erp: "19%", fin: VAT 19 - AC}, "7%": {crm: reduced, erp: "7%", fin: VAT 7 - AC}}
"""


def test_the_tax_code_of_each_system(site: Site) -> None:
    path = site.folder / "mappings" / "product.yaml"
    (line,) = [line for line in path.read_text().splitlines() if line.startswith("  tax_code:")]
    path.write_text(path.read_text().replace(f"{line}\n", TAXES))
    for title in ("VAT 19 - AC", "VAT 7 - AC"):
        site.seed("fin", [{"object": "Item Tax Template", "values": {"title": title, "company": "Acme"}}])
    made_in(site, "crm", "W-1", "10")
    (product,) = site.control("crm", "GET", "dump")["Product2"]
    crm_edit(site, "Product2", product, Tax_Code__c="full")
    site.sync()
    taxes = odoo(site, "product.product", "search_read", domain=[["default_code", "=", "W-1"]], fields=["taxes_id"])
    (nineteen,) = odoo(site, "account.tax", "search", domain=[["name", "=", "19%"]])
    assert taxes[0]["taxes_id"] == [nineteen]
    (row,) = fin(site, "GET", "resource/Item/W-1")["taxes"]
    assert row["item_tax_template"] == "VAT 19 - AC"
    quiet(site)
    fin(site, "PUT", "resource/Item/W-1", taxes=[{**row, "item_tax_template": "VAT 7 - AC"}])
    site.sync()
    assert site.control("crm", "GET", "dump")["Product2"][product]["Tax_Code__c"] == "reduced"
    quiet(site)


def test_an_archived_product_is_disabled_everywhere_and_comes_back(site: Site) -> None:
    begin(site, {"SKU-1": ("1", "5")})
    site.sync()
    (product,) = site.control("crm", "GET", "dump")["Product2"]
    for active in (False, True):
        crm_edit(site, "Product2", product, IsActive=active)
        site.sync()
        domain = [["default_code", "=", "SKU-1"], ["active", "in", [True, False]]]
        (item,) = odoo(site, "product.product", "search_read", domain=domain, fields=["active"])
        assert item["active"] is active
        assert fin(site, "GET", "resource/Item/SKU-1")["disabled"] == (0 if active else 1)
        quiet(site)
