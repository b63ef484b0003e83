"""Stock levels of Odoo over real HTTP: movements that are booked once, counts, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adapters.odoo.installation import Installation, read_all, read_later
from tests.adapters.odoo.shipped import specs

from bridge.adapters.odoo import OdooAdapter
from bridge.ports.errors import InDoubt, Rejected, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem, WriteResult

SPEC = specs()["stock_level"]


class Warehouse:
    """An Odoo with products, and the place WH/Stock."""

    def __init__(self, odoo: Installation) -> None:
        self.odoo = odoo
        self.adapter: OdooAdapter = odoo.adapter()
        self.place = next(id_ for id_, row in odoo.rows("stock.location").items() if row["complete_name"] == "WH/Stock")
        self.products = [
            odoo.insert("product.product", name=f"Thing {n}", default_code=f"SKU-{n}", type="consu", is_storable=True)
            for n in range(3)
        ]

    def level(self, product: int) -> str:
        return f"{self.products[product]}-{self.place}"

    def create(self, key: str, product: int, quantity: str) -> WriteResult:
        values = {"product_id": self.products[product], "location_id": self.place, "quantity": quantity}
        return self.adapter.create(SPEC, [CreateItem(key, values)])[0]

    def move(self, product: int, by: str, reference: str) -> WriteResult:
        item = UpdateItem(self.level(product), {}, deltas={"quantity": by}, reference=reference)
        return self.adapter.update(SPEC, [item])[0]

    def quantity(self, product: int) -> Any:
        return self.adapter.fetch(SPEC, [self.level(product)])[self.level(product)].values["quantity"]

    def done(self) -> int:
        return sum(row["state"] == "done" for row in self.odoo.rows("stock.picking").values())


@pytest.fixture
def warehouse(odoo: Installation) -> Warehouse:
    return Warehouse(odoo)


def test_the_first_quantity_is_a_movement_with_the_key_as_its_reference(warehouse: Warehouse) -> None:
    result = warehouse.create("g1", 0, "40.5")
    assert (result.outcome, result.native_id, result.created) == ("ok", warehouse.level(0), True)
    assert result.stored is not None
    assert result.stored.values["quantity"] == "40.5"
    assert warehouse.adapter.find(SPEC, ["g1", "g2"])["g1"][0].native_id == warehouse.level(0)
    assert warehouse.create("g1", 0, "40.5").outcome == "ok"
    assert (warehouse.quantity(0), warehouse.done()) == ("40.5", 1)


def test_a_movement_is_booked_once_however_often_it_is_sent(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    for _ in range(3):
        assert warehouse.move(0, "-2.5", "m1").outcome == "ok"
    assert warehouse.quantity(0) == "37.5"
    assert warehouse.adapter.booked(SPEC, ["m1", "m2"]) == {"m1"}


def test_many_movements_take_a_few_calls(warehouse: Warehouse) -> None:
    for n in range(3):
        warehouse.create(f"g{n}", n, "100")
    warehouse.odoo.calls()
    items = [UpdateItem(warehouse.level(n % 3), {}, deltas={"quantity": "-1"}, reference=f"m{n}") for n in range(60)]
    results = warehouse.adapter.update(SPEC, items)
    assert [one.outcome for one in results] == ["ok"] * 60
    assert [warehouse.quantity(n) for n in range(3)] == ["80"] * 3
    assert sum(warehouse.odoo.calls().values()) <= 15


def test_a_movement_that_was_made_and_not_validated_is_validated_when_it_is_asked_for(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    warehouse.odoo.fault("reset", "button_validate stock.picking")
    assert isinstance(warehouse.move(0, "5", "m1").error, InDoubt)
    assert warehouse.quantity(0) == "40"
    assert warehouse.adapter.booked(SPEC, ["m1"]) == {"m1"}
    assert warehouse.quantity(0) == "45"


def test_a_lost_answer_is_in_doubt_and_found_booked(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    warehouse.odoo.fault("drop_answer", "button_validate stock.picking")
    assert isinstance(warehouse.move(0, "5", "m1").error, InDoubt)
    assert warehouse.adapter.booked(SPEC, ["m1"]) == {"m1"}
    assert warehouse.quantity(0) == "45"
    assert warehouse.done() == 2


def test_what_users_move_shows_up_as_a_change_of_the_level(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    warehouse.create("g2", 1, "7")
    cursor = read_later(warehouse.odoo, warehouse.adapter, SPEC, None)
    quant = next(
        id_
        for id_, row in warehouse.odoo.rows("stock.quant").items()
        if str(row["product_id"]) == warehouse.products[0] and str(row["location_id"]) == warehouse.place
    )
    warehouse.odoo.edit(quant, "stock.quant", quantity=33.0)
    records, _ = read_all(warehouse.adapter, SPEC, cursor)
    assert {one.native_id: one.values["quantity"] for one in records}[warehouse.level(0)] == "33"


def test_a_count_sets_the_number(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    seen = warehouse.adapter.fetch(SPEC, [warehouse.level(0)])[warehouse.level(0)]
    counted = UpdateItem(warehouse.level(0), {"quantity": "12.5"}, expected=seen.version)
    assert warehouse.adapter.update(SPEC, [counted])[0].outcome == "ok"
    assert warehouse.quantity(0) == "12.5"
    (late,) = warehouse.adapter.update(SPEC, [counted])
    assert isinstance(late.error, VersionConflict)
    assert warehouse.quantity(0) == "12.5"


def test_a_level_that_was_never_stocked_is_zero(warehouse: Warehouse) -> None:
    assert warehouse.create("g1", 0, "0").outcome == "ok"
    assert warehouse.quantity(0) in ("0", "0")


def test_what_is_reserved_cannot_be_written(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    (result,) = warehouse.adapter.update(SPEC, [UpdateItem(warehouse.level(0), {"reserved_quantity": "3"})])
    assert isinstance(result.error, Rejected)
    assert "works out reserved_quantity by itself" in str(result.error)


def test_levels_are_not_deleted(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    (result,) = warehouse.adapter.delete(SPEC, [DeleteItem(warehouse.level(0))])
    assert "count them to zero" in str(result.error)


def test_more_digits_than_the_unit_has_are_refused_and_not_rounded(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    result = warehouse.move(0, "0.0000001", "m1")
    assert result.outcome == "failed"
    assert warehouse.quantity(0) == "40"


def test_one_bad_movement_leaves_the_others(warehouse: Warehouse) -> None:
    warehouse.create("g1", 0, "40")
    items = [
        UpdateItem(warehouse.level(0), {}, deltas={"quantity": "1"}, reference="m1"),
        UpdateItem(f"999999-{warehouse.place}", {}, deltas={"quantity": "1"}, reference="m2"),
        UpdateItem("nonsense", {}, deltas={"quantity": "1"}, reference="m3"),
    ]
    results = warehouse.adapter.update(SPEC, items)
    assert [one.outcome for one in results] == ["ok", "failed", "failed"]
    assert warehouse.quantity(0) == "41"
