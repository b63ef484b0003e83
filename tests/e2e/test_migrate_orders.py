"""Orders in all six directions: made in one system, migrated into the next, and from there into the last."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_bad_rows import arrived
from e2e.test_migrate import done, migrate
from e2e.test_orders import begin, fin, odoo

LINES = {"SKU-1": ("3", "19.99"), "SKU-2": ("2", "7.5")}
NET = "74.97"


def made_in_erp(site: Site) -> None:
    """The order as the people of Odoo make it."""
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    (prices,) = site.seed("erp", [{"object": "product.pricelist", "values": {"name": "Euro", "currency_id": euro}}])
    (customer,) = odoo(site, "res.partner", "create", [{"name": "Alba GmbH", "is_company": True}])
    goods = [{"name": f"Thing {sku}", "default_code": sku, "list_price": float(LINES[sku][1])} for sku in LINES]
    products = odoo(site, "product.product", "create", goods)
    lines = [
        [0, 0, {"product_id": product, "product_uom_qty": float(number), "price_unit": float(price)}]
        for product, (number, price) in zip(products, LINES.values(), strict=True)
    ]
    order = {"partner_id": customer, "client_order_ref": "PO-1", "pricelist_id": int(prices), "order_line": lines,
             "date_order": "2026-01-01 11:00:00", "commitment_date": "2026-01-20 11:00:00"}  # fmt: skip
    odoo(site, "sale.order", "create", [order])


def made_in_fin(site: Site) -> None:
    """The order as the people of ERPNext make it."""
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    site.seed("erp", [{"object": "product.pricelist", "values": {"name": "Euro", "currency_id": euro}}])
    fin(site, "POST", "resource/Customer", customer_name="Alba GmbH", customer_type="Company")
    for sku, (_, price) in LINES.items():
        fin(site, "POST", "resource/Item", item_code=sku, item_name=f"Thing {sku}", item_group="Products",
            stock_uom="Nos", standard_rate=float(price))  # fmt: skip
    items = [{"item_code": sku, "qty": float(number), "rate": float(price)} for sku, (number, price) in LINES.items()]
    fin(site, "POST", "resource/Sales Order", customer="Alba GmbH", po_no="PO-1", transaction_date="2026-01-01",
        delivery_date="2026-01-20", currency="EUR", company="Acme", items=items)  # fmt: skip


def make(site: Site, system: str) -> None:
    """An order of two lines in one system, with its customer and products."""
    if system == "crm":
        begin(site, LINES)
    else:
        {"erp": made_in_erp, "fin": made_in_fin}[system](site)


def carried(site: Site, source: str, target: str) -> dict[str, Any]:
    """What the verification of a migration of the order says."""
    words = ("--from", source, "--to", target, "--entities", "customer,product,order", "--yes", "--full")
    events = migrate(site, *words, "--out", str(site.folder))
    assert {entity: one["create"] for entity, one in done(events, "load").items()} == {
        "customer": 1,
        "product": 2,
        "order": 1,
    }
    return dict(done(events, "verify")["order"])


@pytest.mark.parametrize(
    "way", [("crm", "erp", "fin"), ("erp", "fin", "crm"), ("fin", "crm", "erp"),
            ("crm", "fin", "erp"), ("erp", "crm", "fin"), ("fin", "erp", "crm")],
    ids=" to ".join,
)  # fmt: skip
def test_an_order_goes_from_system_to_system_and_keeps_its_lines_and_sum(site: Site, way: tuple[str, str, str]) -> None:
    make(site, way[0])
    for source, target in ((way[0], way[1]), (way[1], way[2])):
        verified = carried(site, source, target)
        assert (verified["pairs"], verified["wrong"], verified["missing"]) == (1, 0, {}), verified["named"]
        totals = {one["field"]: (one["source"], one["target"]) for one in verified["totals"]}
        assert totals["lines[].quantity"] == ("5", "5")
        assert totals["net_total"] == (NET, NET)
        assert arrived(site, target) == {"PO-1"}
