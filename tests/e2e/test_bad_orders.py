"""Orders that cannot travel: each is held with a reason that a person understands, and all else flows."""

from __future__ import annotations

import json
from typing import Any

from e2e.conftest import Site
from e2e.test_orders import LINES, begin, confirmed, crm_edit, dec, fin, odoo, shown, stock_up


def reasons(site: Site, entity: str, system: str | None = None) -> list[str]:
    """What `bridge outbox list` says of entries that are not sent."""
    entries = json.loads(site.bridge("outbox", "list", "--json", code=None))["entries"]
    return sorted({one["error"] for one in entries if one["entity"] == entity and system in (None, one["system"])})


def second_order(site: Site, **product: Any) -> tuple[str, str]:
    """Another order in the CRM, of one line with a product of its own; answers both ids."""
    dump = site.control("crm", "GET", "dump")
    account, book = next(iter(dump["Account"])), next(iter(dump["Pricebook2"]))
    values = {"Name": "Thing X", "ProductCode": "SKU-X", "IsActive": True, "QuantityUnitOfMeasure": "Each", **product}
    (made,) = site.seed("crm", [{"object": "Product2", "values": values}])
    (entry,) = site.seed("crm", [{"object": "PricebookEntry", "values": {
        "Product2Id": made, "Pricebook2Id": book, "UnitPrice": "5", "IsActive": True}}])  # fmt: skip
    order = {
        "AccountId": account,
        "EffectiveDate": "2026-01-01",
        "Status": "Draft",
        "Pricebook2Id": book,
        "PoNumber": "PO-2",
    }
    (number,) = site.seed("crm", [{"object": "Order", "values": order}])
    line = {"OrderId": number, "PricebookEntryId": entry, "Quantity": "2", "UnitPrice": "5"}
    site.seed("crm", [{"object": "OrderItem", "values": line}])
    return number, made


def references(site: Site) -> dict[str, list[str]]:
    """The customer references of the orders that each system has."""
    erp = odoo(site, "sale.order", "search_read", domain=[], fields=["client_order_ref"])
    orders = fin(site, "GET", 'resource/Sales Order?fields=["po_no"]')
    crm = site.control("crm", "GET", "dump")["Order"].values()
    return {
        "crm": sorted(row["PoNumber"] for row in crm),
        "erp": sorted(row["client_order_ref"] for row in erp),
        "fin": sorted(row["po_no"] for row in orders),
    }


ONLY_THE_GOOD = {"crm": ["PO-1", "PO-2"], "erp": ["PO-1"], "fin": ["PO-1"]}
ALL = {"crm": ["PO-1", "PO-2"], "erp": ["PO-1", "PO-2"], "fin": ["PO-1", "PO-2"]}


def test_a_product_that_the_target_does_not_know(site: Site) -> None:
    """It has no number, so that the others cannot have it; the order waits for it and goes on when it has one."""
    begin(site)
    _, product = second_order(site, ProductCode=None)
    site.sync(code=None)
    assert references(site) == ONLY_THE_GOOD
    assert reasons(site, "product") == ["erp: sku is required and empty", "fin: sku is required and empty"]
    told = reasons(site, "order")
    assert [one.split(" lines[")[0] for one in told] == ["erp: waits for", "fin: waits for"]
    assert all(one.endswith("].product to be known in this system") for one in told)
    crm_edit(site, "Product2", product, ProductCode="SKU-X")
    site.sync(code=None)
    site.sync(code=None)
    assert references(site) == ALL


def test_a_currency_that_a_system_lacks(site: Site) -> None:
    """An order in pounds, taken in ERPNext: Odoo has no price list for it, the CRM knows euros only."""
    begin(site)
    site.sync()
    customer = fin(site, "GET", "resource/Customer")[0]["name"]
    fin(site, "POST", "resource/Sales Order", customer=customer, po_no="PO-GBP", transaction_date="2026-01-01",
        delivery_date="2026-01-20", currency="GBP", conversion_rate=1.15, company="Acme",
        items=[{"item_code": "SKU-1", "qty": 1, "rate": 7}])  # fmt: skip
    site.sync(code=None)
    assert references(site) == {"crm": ["PO-1"], "erp": ["PO-1"], "fin": ["PO-1", "PO-GBP"]}
    (crm,) = reasons(site, "order", "crm")
    assert "all records of this system have 'EUR' there, and this one has not" in crm
    (erp,) = reasons(site, "order", "erp")
    assert "has no price list in the currency GBP" in erp


def test_a_line_without_a_price(site: Site) -> None:
    """This company has agreed prices in a field of its own, and sales has left one empty."""
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().replace("crm: UnitPrice", "crm: Agreed_Price__c"))
    site.bridge("setup", "crm")
    begin(site)
    for id_, line in site.control("crm", "GET", "dump")["OrderItem"].items():
        crm_edit(site, "OrderItem", id_, Agreed_Price__c=line["UnitPrice"])
    second_order(site)
    site.sync(code=None)
    assert references(site) == ONLY_THE_GOOD
    for said in reasons(site, "order"):
        assert "unit_price is required and empty" in said
    assert reasons(site, "order") != []


def test_an_order_for_a_customer_that_the_erp_has_put_away(site: Site) -> None:
    begin(site)
    site.sync()
    customer = fin(site, "GET", "resource/Customer")[0]["name"]
    fin(site, "PUT", f"resource/Customer/{customer}", disabled=1)
    site.sync(code=None)
    second_order(site)
    site.sync(code=None)
    found = references(site)
    assert found["fin"] == ["PO-1"]
    (said,) = reasons(site, "order", "fin")
    assert "is disabled" in said
    fin(site, "PUT", f"resource/Customer/{customer}", disabled=0)


def test_a_status_that_moves_backwards(site: Site) -> None:
    """Odoo sets a cancelled order back to a quotation: that is no move of the mapping."""
    confirmed(site)
    (order,) = odoo(site, "sale.order", "search", domain=[])
    odoo(site, "sale.order", "action_cancel", [order], context={"disable_cancel_warning": True})
    site.sync(code=None)
    assert shown(site)["crm"]["status"] == "Cancelled"
    odoo(site, "sale.order", "action_draft", [order])
    second_order(site)
    site.sync(code=None)
    held = json.loads(site.bridge("conflicts", "list", "--json", code=None))["conflicts"]
    assert [(one["unit"], one["rule"]) for one in held] == [("status", "illegal move")]
    dump = site.control("crm", "GET", "dump")["Order"].values()
    assert {row["PoNumber"]: row["Status"] for row in dump}["PO-1"] == "Cancelled"
    assert references(site) == ALL


def test_a_unit_without_conversion(site: Site) -> None:
    """Twelve are not one: no default stands for a unit that the mapping does not name."""
    begin(site)
    second_order(site, QuantityUnitOfMeasure="Dozen")
    report = site.sync(code=None)
    assert any("unit" in json.dumps(one) for one in report["troubles"])
    assert references(site) == ONLY_THE_GOOD
    (said,) = {one.partition(": ")[2] or one for one in reasons(site, "product")}
    assert "product.unit holds something in another system that the mapping does not know" in said
    assert "SKU-X" not in [row["name"] for row in fin(site, "GET", "resource/Item")]


def test_a_line_in_a_unit_without_conversion(site: Site) -> None:
    begin(site)
    site.sync()
    customer = fin(site, "GET", "resource/Customer")[0]["name"]
    fin(site, "POST", "resource/Sales Order", customer=customer, po_no="PO-BOX", transaction_date="2026-01-01",
        delivery_date="2026-01-20", currency="EUR", company="Acme",
        items=[{"item_code": "SKU-1", "qty": 1, "rate": 7, "uom": "Box", "conversion_factor": 12}])  # fmt: skip
    site.sync(code=None)
    assert references(site)["erp"] == ["PO-1"]
    (said,) = reasons(site, "order", "erp")
    assert ".unit holds something in another system that the mapping does not know" in said


def test_all_of_them_at_once_and_the_good_order_lives_on(site: Site) -> None:
    order = begin(site)
    second_order(site, QuantityUnitOfMeasure="Dozen")
    second_order(site, ProductCode=None)
    site.sync(code=None)
    crm_edit(site, "Order", order, Status="Activated")
    site.sync(code=None)
    stock_up(site, *LINES)
    site.sync(code=None)
    rows = odoo(site, "sale.order", "search_read", domain=[], fields=["state", "amount_untaxed"])
    assert [(row["state"], dec(row["amount_untaxed"])) for row in rows] == [("sale", dec("1563.17"))]
