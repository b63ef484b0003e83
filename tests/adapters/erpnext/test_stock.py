"""Stock of ERPNext over real HTTP: levels from Bins, movements as Stock Entries under a reference, counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.adapters.erpnext import make
from bridge.ports.adapter import Adapter
from bridge.ports.errors import Rejected
from bridge.ports.records import Condition, CreateItem, FieldSpec, NativeRecord, ObjectSpec, UpdateItem, WriteResult
from bridge.sandbox.erpnext import build
from bridge.sandbox.kernel import PREFIX, Server, serve

KEY, SECRET = "the-api-key", "the-api-secret"
STORES = "Stores - AC"
LEVEL = ObjectSpec(
    entity="stock_level",
    object="Bin",
    key="custom_bridge_id",
    fields=(
        FieldSpec("item_code", "record"),
        FieldSpec("warehouse", "record"),
        FieldSpec("actual_qty", None, "decimal"),
        FieldSpec("reserved_qty", None, "decimal"),
    ),
    where=(Condition("warehouse", "in", (STORES,)),),
)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(build(api_key=KEY, api_secret=SECRET)) as running:
        yield running


class Store:
    """The sandbox with two items, an adapter, and a storekeeper."""

    def __init__(self, server: Server) -> None:
        self.url = server.url
        self.control("POST", "reset")
        items = [{"item_code": code, "item_group": "Products", "stock_uom": "Kg"} for code in ("A", "B")]
        self.control("POST", "seed", records=[{"object": "Item", "values": item} for item in items])
        self.adapter: Adapter = make("fin", {"url": self.url, "api_key": KEY, "api_secret": SECRET})
        self.adapter.setup(LEVEL, apply=True)

    def control(self, method: str, name: str, **given: Any) -> Any:
        answer = requests.request(method, f"{self.url}{PREFIX}{name}", json=given, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def book(self, item: str, quantity: float, kind: str = "Material Receipt") -> None:
        """The storekeeper books goods in or out."""
        place = "s_warehouse" if kind == "Material Issue" else "t_warehouse"
        row = {"item_code": item, "qty": quantity, place: STORES, "allow_zero_valuation_rate": 1}
        body = {"company": "Acme", "stock_entry_type": kind, "docstatus": 1, "items": [row]}
        headers = {"Authorization": f"token {KEY}:{SECRET}"}
        requests.post(f"{self.url}/api/resource/Stock Entry", json=body, headers=headers, timeout=30).raise_for_status()

    def documents(self, doctype: str) -> list[dict[str, Any]]:
        return list(self.control("GET", "dump").get(doctype, {}).values())

    def level(self, item: str) -> NativeRecord:
        name = f"{item} @ {STORES}"
        return self.adapter.fetch(LEVEL, [name])[name]

    def move(self, item: str, by: str, reference: str, shown: str = "0") -> WriteResult:
        values = {"actual_qty": shown}
        update = UpdateItem(f"{item} @ {STORES}", values, None, "g1", {"actual_qty": by}, reference)
        (result,) = self.adapter.update(LEVEL, [update])
        return result


@pytest.fixture
def store(server: Server) -> Store:
    return Store(server)


def test_a_level_without_a_bin_is_one_of_zero(store: Store) -> None:
    assert store.level("A").values["actual_qty"] == "0"
    assert store.level("A").native_id == f"A @ {STORES}"


def test_what_a_storekeeper_books_is_news(store: Store) -> None:
    page = store.adapter.changes(LEVEL, None, 100)
    store.book("A", 12.345)
    page = store.adapter.changes(LEVEL, page.cursor, 100)
    (found,) = page.records
    assert (found.native_id, found.values["actual_qty"]) == (f"A @ {STORES}", "12.345")
    store.book("A", 2.345, "Material Issue")
    assert store.level("A").values["actual_qty"] == "10"


def test_a_movement_is_a_stock_entry_with_its_reference(store: Store) -> None:
    store.book("A", 10)
    assert store.move("A", "2.125", "m-1").outcome == "ok"
    assert store.move("A", "-4", "m-2").outcome == "ok"
    assert store.level("A").values["actual_qty"] == "8.125"
    kinds = {row["custom_bridge_id"]: row["stock_entry_type"] for row in store.documents("Stock Entry")}
    assert kinds == {None: "Material Receipt", "m-1": "Material Receipt", "m-2": "Material Issue"}
    assert {row["docstatus"] for row in store.documents("Stock Entry")} == {1}
    assert store.adapter.booked(LEVEL, ["m-1", "m-2", "m-3"]) == {"m-1", "m-2"}


def test_a_movement_sent_again_is_not_booked_again(store: Store) -> None:
    store.move("A", "5", "m-1")
    again = store.move("A", "5", "m-1")
    assert again.outcome in ("ok", "failed")
    assert store.level("A").values["actual_qty"] == "5"
    assert len(store.documents("Stock Entry")) == 1


def test_a_lost_answer_is_told_and_the_movement_can_be_asked_for(store: Store) -> None:
    store.control("POST", "faults", operation="* Stock Entry", kind="drop_answer")
    assert store.move("A", "5", "m-1").outcome == "unknown"
    assert store.adapter.booked(LEVEL, ["m-1"]) == {"m-1"}
    assert store.level("A").values["actual_qty"] == "5"


def test_goods_that_are_not_there_are_not_sold(store: Store) -> None:
    result = store.move("A", "-1", "m-1")
    assert result.outcome == "failed"
    assert isinstance(result.error, Rejected)
    assert "needed in" in result.error.message
    assert store.adapter.booked(LEVEL, ["m-1"]) == set()


def test_a_count_sets_the_number(store: Store) -> None:
    """One owner of counts: the number is set by a Stock Reconciliation, whatever was there."""
    store.book("A", 7)
    (result,) = store.adapter.update(LEVEL, [UpdateItem(f"A @ {STORES}", {"actual_qty": "3.5"}, None, "g1")])
    assert result.outcome == "ok", result.error
    assert store.level("A").values["actual_qty"] == "3.5"
    (count,) = store.documents("Stock Reconciliation")
    assert count["docstatus"] == 1


def test_a_new_level_is_made_by_its_first_movement(store: Store) -> None:
    values = {"item_code": "B", "warehouse": STORES, "actual_qty": "4"}
    for _ in range(2):  # a create is safe to repeat
        (result,) = store.adapter.create(LEVEL, [CreateItem("g-b", values)])
        assert result.outcome == "ok", result.error
    assert store.level("B").values["actual_qty"] == "4"
    assert len(store.documents("Stock Entry")) == 1


def test_only_the_quantity_can_be_written(store: Store) -> None:
    fields = store.adapter.schema(LEVEL).fields
    assert fields["actual_qty"].updateable
    assert not fields["reserved_qty"].updateable
    assert not fields["item_code"].updateable
    assert fields["item_code"].createable
