"""Prices and barcodes of items over real HTTP: documents and rows of their own that look like fields of the item."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.adapters.erpnext import make
from bridge.adapters.erpnext.prices import current
from bridge.ports.adapter import Adapter
from bridge.ports.records import CreateItem, FieldSpec, NativeRecord, NativeValue, ObjectSpec, UpdateItem
from bridge.sandbox.erpnext import build
from bridge.sandbox.kernel import PREFIX, Server, serve

KEY, SECRET = "the-api-key", "the-api-secret"
PRICE, BARCODE = "Item_Price.Standard_Selling", "barcodes.barcode"
ITEM = ObjectSpec(
    entity="product",
    object="Item",
    key="custom_bridge_id",
    fields=tuple(FieldSpec(path) for path in ("item_code", "item_name", "item_group", "stock_uom", PRICE, BARCODE)),
)
PLAIN: dict[str, NativeValue] = {"item_code": "W-1", "item_group": "Products", "stock_uom": "Nos"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(build(api_key=KEY, api_secret=SECRET)) as running:
        yield running


class Shop:
    """The sandbox, an adapter, and a person at the desk."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.control("POST", "reset")
        settings = {"url": self.url, "api_key": KEY, "api_secret": SECRET, "deletes_interval": 0}
        self.adapter: Adapter = make("fin", settings)
        self.adapter.setup(ITEM, apply=True)

    def control(self, method: str, name: str, **given: Any) -> Any:
        answer = requests.request(method, f"{self.url}{PREFIX}{name}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def desk(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        headers = {"Authorization": f"token {KEY}:{SECRET}"}
        answer = requests.request(method, f"{self.url}/api/resource/{path}", json=body, headers=headers, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json().get("data") or {}
        return found

    def prices(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.control("GET", "dump")["Item Price"]
        return found

    def make(self, key: str = "g1", **values: NativeValue) -> NativeRecord:
        (result,) = self.adapter.create(ITEM, [CreateItem(key, {**PLAIN, **values})])
        assert result.stored is not None, result.error
        return result.stored

    def change(self, values: dict[str, NativeValue], name: str = "W-1", expected: str | None = None) -> NativeRecord:
        (result,) = self.adapter.update(ITEM, [UpdateItem(name, values, expected)])
        assert result.stored is not None, result.error
        return result.stored

    def news(self, cursor: str | None) -> tuple[dict[str, NativeRecord], str]:
        found: dict[str, NativeRecord] = {}
        while True:
            page = self.adapter.changes(ITEM, cursor, 500)
            found |= {record.native_id: record for record in page.records}
            cursor = page.cursor
            if not page.more:
                return found, cursor


@pytest.fixture
def shop(server: Server) -> Shop:
    return Shop(server)


def test_a_price_is_made_changed_and_taken_away(shop: Shop) -> None:
    made = shop.make(**{PRICE: "19.99"})
    assert made.values[PRICE] == "19.99"
    (price,) = shop.prices().values()
    assert (price["item_code"], price["price_list"], price["uom"]) == ("W-1", "Standard Selling", "Nos")
    assert shop.change({PRICE: "21"}, expected=made.version).values[PRICE] == "21"
    assert len(shop.prices()) == 1
    assert shop.change({PRICE: None}).values[PRICE] is None
    assert not shop.prices()
    assert shop.change({PRICE: "5.5", "item_name": "Widget"}).values[PRICE] == "5.5"


def test_an_item_without_a_price_gets_none(shop: Shop) -> None:
    assert shop.make(**{PRICE: None}).values[PRICE] is None
    assert not shop.prices()


def test_a_price_changed_by_a_person_is_news_of_its_item_and_stale_writes_are_refused(shop: Shop) -> None:
    made = shop.make(**{PRICE: "10"})
    _, cursor = shop.news(None)
    (name,) = shop.prices()
    shop.desk("PUT", f"Item Price/{name}", price_list_rate=12.5)
    found, cursor = shop.news(cursor)
    assert found["W-1"].values[PRICE] == "12.5"
    assert found["W-1"].version != made.version, "the item's own stamp stays, the version must not"
    (result,) = shop.adapter.update(ITEM, [UpdateItem("W-1", {PRICE: "11"}, made.version)])
    assert result.outcome == "failed"
    shop.desk("DELETE", f"Item Price/{name}")
    found, cursor = shop.news(cursor)
    assert found["W-1"].values[PRICE] is None
    shop.desk("POST", "Item Price", item_code="W-1", price_list="Standard Selling", price_list_rate=3)
    assert shop.news(cursor)[0]["W-1"].values[PRICE] == "3"


def test_a_barcode_is_the_first_row_and_the_others_stay(shop: Shop) -> None:
    made = shop.make(**{BARCODE: "4006381333931"})
    assert made.values[BARCODE] == "4006381333931"
    rows = shop.desk("GET", "Item/W-1")["barcodes"]
    shop.desk("PUT", "Item/W-1", barcodes=[*rows, {"barcode": "second"}])
    assert shop.change({BARCODE: "5901234123457"}).values[BARCODE] == "5901234123457"
    assert [row["barcode"] for row in shop.desk("GET", "Item/W-1")["barcodes"]] == ["5901234123457", "second"]
    assert shop.change({BARCODE: None}).values[BARCODE] == "second", "the next row is now the first"


def test_a_thousand_items_with_prices_are_read_in_few_calls(shop: Shop) -> None:
    items = [
        {"object": "Item", "values": {**PLAIN, "item_code": f"I-{n}", "standard_rate": n + 1}} for n in range(1000)
    ]
    shop.control("POST", "seed", records=items)
    before = shop.adapter.calls
    found, cursor = shop.news(None)
    assert len(found) == 1000
    assert found["I-41"].values[PRICE] == "42"
    assert shop.adapter.calls - before <= 16
    before = shop.adapter.calls
    assert not shop.news(cursor)[0]
    assert shop.adapter.calls - before <= 3


def test_the_schema_knows_both_paths(shop: Shop) -> None:
    fields = shop.adapter.schema(ITEM).fields
    assert (fields[PRICE].type, fields[PRICE].createable, fields[PRICE].updateable) == ("decimal", True, True)
    assert (fields[BARCODE].type, fields[BARCODE].updateable, fields[BARCODE].required) == ("text", True, False)


@pytest.mark.parametrize(
    ("rows", "chosen"),
    [
        ([{"name": "a"}, {"name": "b", "valid_from": "2026-05-01"}], "b"),
        ([{"name": "a"}, {"name": "b", "valid_from": "2026-12-01"}], "a"),
        ([{"name": "a"}, {"name": "b", "valid_from": "2026-05-01", "valid_upto": "2026-10-31"}], "a"),
        ([{"name": "a", "valid_upto": "2026-11-24"}], "a"),
        ([{"name": "a", "customer": "ACME"}], None),
        ([{"name": "a", "uom": "Box"}, {"name": "b", "uom": "Nos"}], "b"),
        ([{"name": "a", "price_list": "Standard Buying"}], None),
        ([{"name": "a", "creation": "2026-01-01"}, {"name": "b", "creation": "2026-01-02"}], "b"),
    ],
)
def test_of_several_prices_one_counts(rows: list[dict[str, Any]], chosen: str | None) -> None:
    usual = {"price_list": "Standard Selling", "uom": "Nos", "stock_uom": "Nos", "creation": "2026-01-01"}
    found = current([{**usual, **row} for row in rows], "Standard Selling", "2026-11-24")
    assert (found or {}).get("name") == chosen
