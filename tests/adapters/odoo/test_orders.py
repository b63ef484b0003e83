"""Orders of Odoo over real HTTP: lines with keys, prices that stay, states that are moved by actions."""

from __future__ import annotations

from typing import Any

import pytest
from tests.adapters.odoo.installation import Installation
from tests.adapters.odoo.shipped import specs

from bridge.adapters.odoo import OdooAdapter
from bridge.ports.errors import InDoubt, Rejected
from bridge.ports.records import CreateItem, NativeRecord, NativeValue, UpdateItem

SPEC = specs()["order"]


class Shop:
    """An Odoo with a customer and three products."""

    def __init__(self, odoo: Installation) -> None:
        self.odoo = odoo
        self.adapter: OdooAdapter = odoo.adapter()
        self.customer = odoo.insert(name="Alba GmbH", is_company=True)
        self.products = [
            odoo.insert("product.product", name=f"Thing {n}", default_code=f"SKU-{n}", list_price=99.0)
            for n in range(3)
        ]
        steps = self.adapter.setup(SPEC, apply=True)
        assert all(step.state in ("done", "present") for step in steps), steps
        self.currency = next(
            row["name"]
            for id_, row in odoo.rows("res.currency").items()
            if int(id_) == odoo.rows("res.company")["1"]["currency_id"]
        )

    def line(self, key: str, product: int, quantity: str, price: str, **more: NativeValue) -> dict[str, NativeValue]:
        cells: dict[str, NativeValue] = {"product_id": self.products[product], "product_uom_qty": quantity,
                                         "price_unit": price, **more}  # fmt: skip
        return {f"order_line[{key}].{name}": value for name, value in cells.items()}

    def order(self, key: str, *lines: dict[str, NativeValue], **more: NativeValue) -> CreateItem:
        keys = [next(iter(one)).partition("[")[2].partition("]")[0] for one in lines]
        values: dict[str, NativeValue] = {
            "partner_id": self.customer, "date_order": "2026-01-01T11:00:00Z", "currency_id": self.currency,
            "client_order_ref": f"PO-{key}", "order_line": keys, **more,
        }  # fmt: skip
        for one in lines:
            values |= one
        return CreateItem(key, values)

    def create(self, *orders: CreateItem) -> list[str]:
        results = self.adapter.create(SPEC, list(orders))
        assert [one.outcome for one in results] == ["ok"] * len(orders), [str(one.error) for one in results]
        return [str(one.native_id) for one in results]

    def update(self, native_id: str, **values: NativeValue) -> Any:
        return self.adapter.update(SPEC, [UpdateItem(native_id, values)])[0]

    def record(self, native_id: str) -> NativeRecord:
        return self.adapter.fetch(SPEC, [native_id])[native_id]

    def stored(self) -> dict[str, dict[str, Any]]:
        """The lines as Odoo has them, by key."""
        return {row["x_bridge_line"]: row for row in self.odoo.rows("sale.order.line").values()}


@pytest.fixture
def shop(odoo: Installation) -> Shop:
    return Shop(odoo)


def test_orders_with_their_lines_are_made_in_one_import(shop: Shop) -> None:
    shop.odoo.calls()
    orders = [shop.order(f"o{n}", shop.line(f"a{n}", 0, "2", "19.99"), shop.line(f"b{n}", 1, "1", "0.35"))
              for n in range(50)]  # fmt: skip
    ids = shop.create(*orders)
    assert shop.odoo.calls()["load sale.order"] == 1
    one = shop.record(ids[7])
    assert one.values["order_line"] == ["a7", "b7"]
    assert one.values["order_line[a7].price_unit"] == "19.99"
    assert one.values["amount_untaxed"] == "40.33"


def test_lines_without_a_unit_take_that_of_their_product(shop: Shop) -> None:
    """Beside orders whose lines have one, and inside one order: an empty cell would clear it."""
    unit: dict[str, NativeValue] = {"product_uom_id": "Units"}
    ids = shop.create(
        shop.order("o1", shop.line("a", 0, "1", "5", **unit), shop.line("b", 1, "1", "6", **unit)),
        shop.order("o2", shop.line("c", 0, "1", "7")),
        shop.order("o3", shop.line("d", 0, "1", "8", **unit), shop.line("e", 1, "1", "9.5")),
    )
    name = "product_uom_id" if "product_uom_id" in shop.stored()["a"] else "product_uom"
    assert all(row[name] for row in shop.stored().values())
    assert {key: row["price_unit"] for key, row in shop.stored().items()} == {
        "a": 5.0, "b": 6.0, "c": 7.0, "d": 8.0, "e": 9.5,
    }  # fmt: skip
    assert shop.record(ids[2]).values["order_line[d].product_uom_id"] == "Units"


@pytest.mark.parametrize("operation", ["search_read sale.order.line", "load sale.order.line"])
def test_an_order_whose_lines_are_not_complete_is_not_called_done(shop: Shop, operation: str) -> None:
    """What only some lines have is sent in a second import; an order without it would be taken for what Odoo wants."""
    order = shop.order("o1", shop.line("a1", 0, "2", "19.99", product_uom_id="Units"), shop.line("b1", 1, "1", "0.35"))
    shop.odoo.fault("reset", operation)
    (result,) = shop.adapter.create(SPEC, [order])
    assert (result.outcome, type(result.error)) == ("unknown", InDoubt)
    (held,) = shop.adapter.find(SPEC, ["o1"])["o1"]
    assert held.values["order_line"] == ["a1", "b1"]


def test_a_bad_line_fails_its_order_and_the_others_are_made(shop: Shop) -> None:
    good = shop.order("o1", shop.line("a", 0, "1", "5"))
    bad = shop.order("o2", {**shop.line("b", 0, "1", "5"), "order_line[b].product_id": "999999"})
    first, second = shop.adapter.create(SPEC, [good, bad])
    assert first.outcome == "ok"
    assert second.outcome == "failed"
    assert isinstance(second.error, Rejected)


def test_a_changed_quantity_keeps_the_price(shop: Shop) -> None:
    """Odoo takes the price list's price where a quantity is written alone (recorded: 261)."""
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "19.99")))
    result = shop.update(order, **{"order_line[a].product_uom_qty": "5"})
    assert result.outcome == "ok"
    assert result.stored.values["order_line[a].price_unit"] == "19.99"
    assert result.stored.values["amount_untaxed"] == "99.95"


def test_lines_are_added_and_taken_out(shop: Shop) -> None:
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "19.99"), shop.line("b", 1, "1", "3")))
    result = shop.update(order, order_line=["a", "c"], **shop.line("c", 2, "7", "0.5"))
    assert result.outcome == "ok"
    assert result.stored.values["order_line"] == ["a", "c"]
    assert result.stored.values["amount_untaxed"] == "43.48"


def test_a_line_taken_out_of_a_confirmed_order_is_set_to_nothing(shop: Shop) -> None:
    """A confirmed order lets none be deleted (recorded: 273)."""
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "10"), shop.line("b", 1, "1", "3")))
    assert shop.update(order, state="sale").outcome == "ok"
    result = shop.update(order, order_line=["a"])
    assert result.outcome == "ok"
    assert result.stored.values["order_line"] == ["a"]
    assert result.stored.values["amount_untaxed"] == "20"


def test_confirmed_by_the_action_and_the_day_stays(shop: Shop) -> None:
    """action_confirm sets date_order to this very moment (recorded: 269)."""
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "10")))
    shop.odoo.calls()
    result = shop.update(order, state="sale")
    assert result.outcome == "ok"
    assert shop.odoo.calls()["action_confirm sale.order"] == 1
    assert result.stored.values["state"] == "sale"
    assert result.stored.values["date_order"] == "2026-01-01T11:00:00Z"
    again = shop.update(order, state="sale")
    assert again.outcome == "ok"
    assert shop.odoo.calls()["action_confirm sale.order"] == 0


def test_cancelled_without_a_dialogue(shop: Shop) -> None:
    """Odoo 18 opens a wizard unless the context says otherwise (recorded: 276, 340)."""
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "10")))
    shop.update(order, state="sale")
    result = shop.update(order, state="cancel")
    assert result.outcome == "ok"
    assert result.stored.values["state"] == "cancel"


def test_a_state_without_an_action_is_refused_with_its_name(shop: Shop) -> None:
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "10")))
    result = shop.update(order, state="sent")
    assert result.outcome == "failed"
    assert "no action that leads to the state sent" in str(result.error)
    assert shop.record(order).values["state"] == "draft"


def test_the_currency_is_that_of_a_price_list(shop: Shop) -> None:
    (currency,) = [id_ for id_, row in shop.odoo.rows("res.currency").items() if row["name"] == "EUR"]
    other = shop.odoo.insert("product.pricelist", name="Euro", currency_id=int(currency))
    (order,) = shop.create(shop.order("o1", shop.line("a", 0, "2", "10"), currency_id="EUR"))
    assert str(shop.odoo.rows("sale.order")[order]["pricelist_id"]) == other
    assert shop.record(order).values["currency_id"] == "EUR"


def test_a_currency_without_a_price_list_is_refused_before_anything_is_written(shop: Shop) -> None:
    (result,) = shop.adapter.create(SPEC, [shop.order("o1", shop.line("a", 0, "2", "10"), currency_id="JPY")])
    assert result.outcome == "failed"
    assert "JPY" in str(result.error)
    assert shop.odoo.rows("sale.order") == {}
