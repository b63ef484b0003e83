"""Days that stay the day they are, whoever looks; amounts of no, two and three decimals; quantities of three."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bridge.sandbox import build
from bridge.sandbox.kernel import serve
from e2e.conftest import VENDORS, Site
from e2e.test_orders import begin, crm_edit, dec, fin, odoo, quiet, shown

ZONES = ("Pacific/Pago_Pago", "Pacific/Kiritimati")  # UTC-11 and UTC+14: 25 hours apart
DAY = "2026-01-01"


def users_live_in(site: Site, zone: str) -> None:
    """All users of Odoo, the one of the integration too; Odoo reads what is imported in the user's time."""
    users = odoo(site, "res.users", "search_read", domain=[], fields=["partner_id"])
    odoo(site, "res.partner", "write", [user["partner_id"][0] for user in users], vals={"tz": zone})


def day_seen(site: Site, zone: str) -> set[str]:
    """The day of each order as a user in that zone sees it in Odoo."""
    rows = odoo(site, "sale.order", "search_read", domain=[], fields=["date_order"])
    moments = [datetime.strptime(row["date_order"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) for row in rows]
    return {moment.astimezone(ZoneInfo(zone)).date().isoformat() for moment in moments}


def days(site: Site) -> set[str]:
    """The days of all orders in the CRM and in ERPNext, which keep them as days."""
    crm = {row["EffectiveDate"] for row in site.control("crm", "GET", "dump")["Order"].values()}
    return crm | {
        row["transaction_date"] for row in fin(site, "GET", 'resource/Sales Order?fields=["transaction_date"]')
    }


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("company", ["Europe/Berlin", "the users'"])
def test_an_order_of_new_year_s_day_stays_one(site: Site, zone: str, company: str) -> None:
    """The mapping says whose day it is: the company's, or that of users at the other end of the world."""
    whose = zone if company == "the users'" else company
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().replace("day_in(Europe/Berlin)", f"day_in({whose})"))
    users_live_in(site, zone)
    order = begin(site)
    site.sync()
    assert days(site) == {DAY}
    assert day_seen(site, whose) == {DAY}
    crm_edit(site, "Order", order, Status="Activated")
    site.sync()
    quiet(site)
    assert days(site) == {DAY}
    assert day_seen(site, whose) == {DAY}


@pytest.mark.parametrize("zone", ZONES)
def test_an_order_taken_in_odoo_late_on_new_year_s_day_is_of_that_day_everywhere(site: Site, zone: str) -> None:
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().replace("day_in(Europe/Berlin)", f"day_in({zone})"))
    users_live_in(site, zone)
    begin(site)
    site.sync()
    moment = datetime(2026, 1, 1, 23, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    (partner,) = odoo(site, "res.partner", "search", domain=[["name", "=", "Alba GmbH"]])
    (product,) = odoo(site, "product.product", "search", domain=[["default_code", "=", "SKU-1"]])
    euro = odoo(site, "product.pricelist", "search", domain=[["name", "=", "Euro"]])
    line = [0, 0, {"product_id": product, "product_uom_qty": 1, "price_unit": 5}]
    odoo(site, "sale.order", "create", [{"partner_id": partner, "date_order": moment, "order_line": [line],
                                         "client_order_ref": "late", "pricelist_id": euro[0]}])  # fmt: skip
    site.sync()
    site.sync()
    assert len(site.control("crm", "GET", "dump")["Order"]) == 2
    assert days(site) == {DAY}
    quiet(site)
    assert day_seen(site, zone) == {DAY}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Site]:
    """A company with several currencies, prices and quantities of three decimals."""
    options: dict[str, dict[str, Any]] = {"crm": {"multi_currency": True, "price_scale": 3, "quantity_scale": 3}}
    with ExitStack() as stack:
        servers = {
            system: stack.enter_context(serve(build(vendor, **options.get(system, {}))))
            for system, vendor in VENDORS.items()
        }
        made = Site(tmp_path, servers)
        path = tmp_path / "mappings" / "order.yaml"
        path.write_text(path.read_text().replace("crm: = EUR", "crm: CurrencyIsoCode"))
        precisions = odoo(
            made, "decimal.precision", "search", domain=[["name", "in", ["Product Price", "Product Unit"]]]
        )
        precisions += odoo(made, "decimal.precision", "search", domain=[["name", "=", "Product Unit of Measure"]])
        odoo(made, "decimal.precision", "write", sorted(set(precisions)), vals={"digits": 3})
        for system in servers:
            made.bridge("setup", system)
        yield made


CASES = {
    "JPY": {"SKU-1": ("3", "1999"), "SKU-2": ("12", "35"), "SKU-3": ("1", "149900")},
    "USD": {"SKU-1": ("0.125", "19.92"), "SKU-2": ("12.5", "0.38"), "SKU-3": ("1000.001", "1000")},
    "KWD": {"SKU-1": ("3", "19.995"), "SKU-2": ("1.125", "0.008"), "SKU-3": ("1", "1499.001")},
}


@pytest.mark.parametrize("currency", CASES)
def test_amounts_and_quantities_survive_all_three_systems(world: Site, currency: str) -> None:
    lines = CASES[currency]
    found = odoo(world, "res.currency", "search", domain=[["name", "=", currency]])
    odoo(world, "res.currency", "write", found, vals={"active": True})
    odoo(world, "product.pricelist", "create", [{"name": currency, "currency_id": found[0]}])
    fin(world, "POST", "resource/Currency Exchange", date=DAY, from_currency=currency, to_currency="EUR",
        exchange_rate=0.5)  # fmt: skip
    order = begin(world, lines, CurrencyIsoCode=currency)
    for product in world.control("crm", "GET", "dump")["Product2"]:
        crm_edit(world, "Product2", product, QuantityUnitOfMeasure="Kilogram")  # ERPNext sells no half pieces
    world.sync()
    crm_edit(world, "Order", order, Status="Activated")
    world.sync()
    quiet(world)
    now = shown(world)
    wanted = {sku: (dec(quantity), dec(price)) for sku, (quantity, price) in lines.items()}
    assert {system: now[system]["lines"] for system in now} == dict.fromkeys(("crm", "erp", "fin"), wanted)
    net = sum((Decimal(quantity) * Decimal(price) for quantity, price in lines.values()), Decimal(0))
    assert {now[system]["net"] for system in now} == {dec(net)}
    (row,) = odoo(world, "sale.order", "search_read", domain=[], fields=["currency_id"])
    assert row["currency_id"][1] == currency
    assert {row["currency"] for row in fin(world, "GET", 'resource/Sales Order?fields=["currency"]')} == {currency}
