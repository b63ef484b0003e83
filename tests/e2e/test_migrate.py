"""`bridge migrate` over real HTTP: all six directions, killed and resumed, repeated, undone, refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_orders import fin, odoo

WAYS = [(a, b) for a in ("crm", "erp", "fin") for b in ("crm", "erp", "fin") if a != b]
NUMBER = 7
OBJECTS = {"crm": "Account", "erp": "res.partner", "fin": "Customer"}


def migrate(site: Site, *words: str, code: int | None = 0) -> list[dict[str, Any]]:
    """The events of a migration; the last one is how it ended."""
    lines = site.bridge("migrate", *words, "--json", code=code).splitlines()
    return [json.loads(line) for line in lines]


def done(events: list[dict[str, Any]], stage: str) -> dict[str, Any]:
    """What a stage found, by entity."""
    found = next(one["found"] for one in events if one["event"] == "stage done" and one["stage"] == stage)
    entities: dict[str, Any] = found["entities"]
    return entities


def fill(site: Site, system: str, number: int = NUMBER) -> None:
    """Companies and a product in one system, made by its people."""
    for n in range(number):
        name, vat = f"Firma {n:03}", f"DE{100000000 + n}"
        if system == "crm":
            values = {"Name": name, "VAT__c": vat, "BillingStreet": "Weg 1", "BillingCity": "Ulm",
                      "BillingCountryCode": "DE"}  # fmt: skip
            site.seed("crm", [{"object": "Account", "values": values}])
        elif system == "erp":
            odoo(site, "res.partner", "create", [{"name": name, "vat": vat, "is_company": True, "city": "Ulm"}])
        else:
            fin(site, "POST", "resource/Customer", customer_name=name, tax_id=vat, customer_type="Company")
    if system == "crm":
        product = {"Name": "Widget", "ProductCode": "SKU-1", "IsActive": True, "QuantityUnitOfMeasure": "Each"}
        (made,) = site.seed("crm", [{"object": "Product2", "values": product}])
        (book,) = [i for i, row in site.control("crm", "GET", "dump")["Pricebook2"].items() if row["IsStandard"]]
        entry = {"Product2Id": made, "Pricebook2Id": book, "UnitPrice": "12.50", "IsActive": True}
        site.seed("crm", [{"object": "PricebookEntry", "values": entry}])
    elif system == "erp":
        odoo(site, "product.product", "create", [{"name": "Widget", "default_code": "SKU-1", "list_price": 12.5}])
    else:
        fin(site, "POST", "resource/Item", item_code="SKU-1", item_name="Widget", item_group="Products",
            stock_uom="Nos", standard_rate=12.5)  # fmt: skip


def names(site: Site, system: str) -> list[str]:
    """Names of the companies, in their order, doubles included."""
    rows = site.control(system, "GET", "dump").get(OBJECTS[system], {}).values()
    column = {"crm": "Name", "erp": "name", "fin": "customer_name"}[system]
    return sorted(str(row[column]) for row in rows if str(row[column]).startswith("Firma"))


def stamps(site: Site, system: str) -> Any:
    """All that a system holds."""
    return site.control(system, "GET", "dump")


@pytest.mark.parametrize(("source", "target"), WAYS)
def test_every_way_arrives_is_verified_and_writes_nothing_twice(site: Site, source: str, target: str) -> None:
    site.only("customer", "product")
    fill(site, source)
    before = stamps(site, source)
    events = migrate(site, "--from", source, "--to", target, "--yes", "--full", "--out", str(site.folder))
    assert done(events, "profile")["customer"]["records"] == NUMBER
    assert done(events, "plan")["customer"]["create"] == NUMBER
    assert done(events, "plan")["product"]["create"] == 1
    assert done(events, "load")["customer"]["create"] == NUMBER
    verified = done(events, "verify")
    assert (verified["customer"]["equal"], verified["customer"]["wrong"]) == (NUMBER, 0)
    assert verified["product"]["equal"] == 1
    totals = [one for one in verified["product"]["totals"] if one["field"] == "list_price"]
    assert [(one["source"], one["equal"]) for one in totals] == [("12.5", True)]
    assert names(site, target) == names(site, source)
    assert stamps(site, source) == before, "the source is read only"
    held = stamps(site, target)
    again = migrate(site, "--from", source, "--to", target, "--yes", "--out", str(site.folder))
    assert again[-1]["run"] != events[-1]["run"]
    assert done(again, "load")["customer"] == {"create": 0, "update": 0, "delete": 0}
    assert stamps(site, target) == held, "a second migration writes nothing"
    other = next(iter({"crm", "erp", "fin"} - {source, target}))
    assert names(site, other) == [], "nobody else is written"
