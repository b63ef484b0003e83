"""Salesforce's sandbox and a real Tryton, kept in step over HTTP: customers, products, an order, and stock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from bridge.entrypoints.cli.app import app
from bridge.sandbox import build
from bridge.sandbox.kernel import Server as Kernel
from bridge.sandbox.kernel import serve
from typer.testing import CliRunner

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.pair import Pair
from bridge_tryton.real.server import Server

ADDRESS = {"BillingStreet": "Weg 1\n2. Stock", "BillingCity": "Berlin", "BillingPostalCode": "10115",
           "BillingCountryCode": "DE"}  # fmt: skip
LINES = {"SKU-1": ("3", "19.99"), "SKU-2": ("12", "0.35")}


class Quick(Pair):
    """Runs bridge inside this process: starting another takes longer than most commands."""

    def bridge(self, *words: str, code: int | None = 0) -> str:
        said = CliRunner().invoke(app, list(words), env=self.environment)
        assert "Traceback" not in said.stdout + said.stderr
        assert code is None or said.exit_code == code, f"{words} ended with {said.exit_code}: {said.output}"
        return said.stdout


@pytest.fixture(scope="session")
def crm() -> Iterator[Kernel]:
    with serve(build("salesforce")) as server:
        yield server


@pytest.fixture(scope="module")
def customers_only() -> Iterator[Desk]:
    """A server for the tests that leave nothing behind but parties, which can be deleted."""
    with Server() as server:
        made = Desk(server.url)
        yield made
        made.close()


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A server of each test's own, where something is sold or moved: Tryton never deletes that."""
    if request.node.get_closest_marker("customers"):
        made: Desk = request.getfixturevalue("customers_only")
        rows = made.rows("party.party", [["code", "!=", "OWN"]], [], active_test=False)
        made.call("party.party", "delete", [row["id"] for row in rows])
        yield made
        return
    with Server() as server:
        made = Desk(server.url)
        yield made
        made.close()


@pytest.fixture
def pair(tmp_path: Path, crm: Kernel, desk: Desk) -> Iterator[Quick]:
    made = Quick(tmp_path, crm.url, desk.url, desk)
    made.control("POST", "reset")
    made.bridge("setup", "crm")
    yield made
    made.close()


def quiet(pair: Pair) -> None:
    pair.sync(code=None)
    totals = pair.sync()["totals"]
    assert (totals["writes"], totals["enqueued"]) == (0, 0)


def parties(desk: Desk) -> dict[str, dict[str, Any]]:
    names = ["name", "code", "email", "phone", "addresses.city", "addresses.street_unstructured", "addresses.delivery",
             "addresses.country.code", "identifiers.type", "identifiers.code"]  # fmt: skip
    return {row["name"]: row for row in desk.rows("party.party", [["code", "!=", "OWN"]], names)}


def begin(pair: Quick) -> str:
    """A customer, two products and a draft in the CRM; answers the order's id."""
    (account,) = pair.accounts({"Name": "Alba GmbH", **ADDRESS})
    entries = pair.products({sku: price for sku, (_, price) in LINES.items()})
    return pair.order(account, "PO-1", [(entries[sku], *line) for sku, line in LINES.items()])


def sale(desk: Desk) -> dict[str, Any]:
    """The one order as Tryton shows it."""
    names = ["state", "shipment_state", "description", "reference", "sale_date", "untaxed_amount", "party.name",
             "lines.product.code", "lines.quantity", "lines.unit_price"]  # fmt: skip
    (row,) = desk.rows("sale.sale", [], names)
    row["lines"] = {
        one["product."]["code"]: (Decimal(str(one["quantity"])), one["unit_price"].normalize()) for one in row["lines."]
    }
    return row


def wanted(lines: dict[str, tuple[str, str]]) -> dict[str, tuple[Decimal, Decimal]]:
    return {sku: (Decimal(quantity), Decimal(price)) for sku, (quantity, price) in lines.items()}


def items(pair: Pair) -> dict[str, tuple[Decimal, Decimal]]:
    codes = {id_: row["ProductCode"] for id_, row in pair.shown("Product2").items()}
    return {
        codes[row["Product2Id"]]: (Decimal(str(row["Quantity"])), Decimal(str(row["UnitPrice"])))
        for row in pair.shown("OrderItem").values()
    }


def stock(pair: Pair) -> dict[str, Decimal]:
    codes = {id_: row["ProductCode"] for id_, row in pair.shown("Product2").items()}
    return {codes[row["Product__c"]]: Decimal(str(row["On_Hand__c"])) for row in pair.shown("Stock_Level__c").values()}


def products(desk: Desk) -> dict[str, int]:
    return {row["code"]: row["id"] for row in desk.rows("product.product", [], ["code"])}


@pytest.mark.customers
def test_a_first_sync_recognises_what_both_have_and_makes_what_one_lacks(pair: Quick, desk: Desk) -> None:
    pair.only("customer")
    pair.accounts(
        {"Name": "Alba GmbH", "VAT__c": "DE136695976", "Email__c": "info@alba.example", **ADDRESS},
        {"Name": "Bruno AG", "Email__c": "post@bruno.example", "ShippingCity": "Kiel", "ShippingCountryCode": "DE"},
    )
    vat = [["create", [{"type": "eu_vat", "code": "DE136695976"}]]]
    desk.make("party.party", name="Alba GmbH", identifiers=vat)
    desk.make(
        "party.party", name="Cleo KG", contact_mechanisms=[["create", [{"type": "phone", "value": "+49 30 231258"}]]]
    )
    report = pair.sync()
    assert [row["failed"] for row in report["systems"]] == [0, 0]
    there, accounts = parties(desk), {row["Name"]: row for row in pair.shown("Account").values()}
    assert set(there) == set(accounts) == {"Alba GmbH", "Bruno AG", "Cleo KG"}
    assert [one["city"] for one in there["Alba GmbH"]["addresses."]] == ["Berlin"]
    assert [(one["city"], bool(one["delivery"])) for one in there["Bruno AG"]["addresses."]] == [("Kiel", True)]
    assert accounts["Alba GmbH"]["BillingStreet"] == ADDRESS["BillingStreet"]
    quiet(pair)
    numbers = {row["Name"]: row["AccountNumber"] for row in pair.shown("Account").values()}
    assert numbers["Cleo KG"] == there["Cleo KG"]["code"]


@pytest.mark.customers
def test_two_people_edit_one_customer_and_both_edits_stand(pair: Quick, desk: Desk) -> None:
    pair.only("customer")
    (account,) = pair.accounts({"Name": "Alba GmbH", "Email__c": "info@alba.example", **ADDRESS})
    pair.sync()
    address = desk.one("party.address", ["party.name", "=", "Alba GmbH"])
    desk.call("party.address", "write", [address], {"city": "Bonn"})  # its party's own stamp does not move
    pair.edited("Account", account, Email__c="neu@alba.example", BillingCity="Köln")
    time.sleep(2.1)  # more than the tolerance: which edit is the newer one can be told
    mail = desk.one("party.contact_mechanism", ["party.name", "=", "Alba GmbH"], ["type", "=", "email"])
    desk.call("party.contact_mechanism", "write", [mail], {"value": "newest@alba.example"})
    report = pair.sync()
    assert report["totals"]["conflicts"] >= 1
    row, there = pair.shown("Account")[account], parties(desk)["Alba GmbH"]
    assert row["Email__c"] == there["email"] == "newest@alba.example"
    assert row["BillingCity"] == there["addresses."][0]["city"]
    quiet(pair)


def test_an_order_is_taken_confirmed_and_shipped(pair: Quick, desk: Desk) -> None:
    order = begin(pair)
    pair.sync()
    made = sale(desk)
    assert (made["state"], made["description"], made["sale_date"].isoformat()) == ("draft", "PO-1", "2026-01-01")
    assert made["lines"] == wanted(LINES)
    assert made["untaxed_amount"] == Decimal("64.17")
    item = next(id_ for id_, row in pair.shown("OrderItem").items() if row["Quantity"] == 3)
    pair.edited("OrderItem", item, Quantity=5)
    pair.sync()
    lines = {**LINES, "SKU-1": ("5", "19.99")}
    assert sale(desk)["lines"] == wanted(lines)
    pair.edited("Order", order, Status="Activated")
    pair.sync()
    assert sale(desk)["state"] == "processing"
    assert sale(desk)["lines"] == wanted(lines) == items(pair)
    there = products(desk)
    desk.count({there["SKU-1"]: 40.0, there["SKU-2"]: 100.0})
    desk.ship(sale(desk)["id"])
    pair.sync()
    assert pair.shown("Order")[order]["Status"] == "Shipped"
    quiet(pair)
    assert stock(pair) == {"SKU-1": 35, "SKU-2": 88}


@pytest.mark.customers
def test_the_shipped_mappings_fit_both_systems(pair: Quick) -> None:
    assert "error" not in pair.bridge("mapping", "lint")


def test_stock_moves_both_ways_and_each_movement_once(pair: Quick, desk: Desk) -> None:
    pair.only("product", "location", "stock_level")
    pair.products({"SKU-1": "19.99", "SKU-2": "0.35"})
    pair.sync()
    there = products(desk)
    desk.count({there["SKU-1"]: 40.0, there["SKU-2"]: 100.0})
    pair.sync()
    assert stock(pair) == {"SKU-1": 40, "SKU-2": 100}
    codes = {id_: row["ProductCode"] for id_, row in pair.shown("Product2").items()}
    level = next(id_ for id_, row in pair.shown("Stock_Level__c").items() if codes[row["Product__c"]] == "SKU-1")
    pair.edited("Stock_Level__c", level, On_Hand__c=33)
    desk.move(there["SKU-1"], -5)
    desk.move(there["SKU-2"], 11)
    pair.sync()
    assert stock(pair) == {"SKU-1": 28, "SKU-2": 111}
    assert {sku: desk.stock()[id_] for sku, id_ in there.items()} == stock(pair)
    quiet(pair)
    marked = desk.rows("stock.shipment.internal", [["reference", "like", "bridge:%"]], ["state"])
    assert [one["state"] for one in marked] == ["done"]


@pytest.mark.customers
def test_what_was_deleted_is_found_by_the_sweep_and_what_was_archived_stays(pair: Quick, desk: Desk) -> None:
    pair.only("customer")
    names = [f"Customer {n}" for n in range(12)]
    pair.accounts(*({"Name": name, "Email__c": f"c{n}@x.example"} for n, name in enumerate(names)))
    pair.sync()
    there = {row["name"]: row["id"] for row in desk.rows("party.party", [], ["name"])}
    desk.call("party.party", "delete", [there["Customer 3"]])
    desk.call("party.party", "write", [there["Customer 4"]], {"active": False})
    pair.bridge("sync", "--sweep", code=None)
    quiet(pair)
    left = {row["name"] for row in desk.rows("party.party", [["active", "in", [True, False]]], ["name"])}
    assert left == {*names, "Own Company"} - {"Customer 3"}
    assert len(pair.shown("Account")) == len(names)
