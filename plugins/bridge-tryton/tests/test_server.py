"""What is particular about Tryton, against a real server."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from bridge.ports.adapter import Adapter
from bridge.ports.errors import Rejected, Unsupported
from bridge.ports.records import Condition, CreateItem, FieldSpec, ObjectSpec, UpdateItem

from bridge_tryton import make
from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import DATABASE, LOGIN, PASSWORD, Server

PARTIES = ObjectSpec("customer", "party.party", "identifiers", (FieldSpec("name"), FieldSpec("code")))
PRODUCTS = ObjectSpec(
    "product",
    "product.product",
    "identifiers",
    (
        FieldSpec("code"),
        FieldSpec("template.name"),
        FieldSpec("template.list_price", type="decimal"),
        FieldSpec("template.default_uom", ref="unit.name"),
        FieldSpec("active", type="boolean"),
    ),
    new=(Condition("template.salable", "=", "true"),),
)
LEVELS = ObjectSpec(
    "stock_level",
    "stock.level",
    "external id",
    (FieldSpec("product", ref="record"), FieldSpec("location", ref="record"), FieldSpec("quantity", type="decimal")),
    where=(Condition("location.code", "in", ("STO",)),),
)


def adapter_of(server: Server, **settings: object) -> Adapter:
    return make("erp", {"url": server.url, "database": DATABASE, "login": LOGIN, "password": PASSWORD, **settings})


@pytest.fixture(scope="module")
def adapter(tryton: Server) -> Iterator[Adapter]:
    tryton.clock(offset=0.0)
    made = adapter_of(tryton)
    yield made
    made.close()


def key() -> str:
    return uuid.uuid4().hex


def product(adapter: Adapter, sku: str) -> tuple[str, str]:
    """A new product; its key and its id."""
    values = {"code": sku, "template.name": "Pump", "template.list_price": "12.5", "template.default_uom": "Unit"}
    item = CreateItem(key(), values)
    (result,) = adapter.create(PRODUCTS, [item])
    assert result.outcome == "ok", result.error
    assert result.stored is not None
    assert {path: result.stored.values[path] for path in values} == values
    return item.key, str(result.native_id)


def test_one_bad_party_of_twenty_stands_alone(adapter: Adapter) -> None:
    items = [CreateItem(key(), {"name": f"Bulk {n}", "code": f"B-{n}" if n != 7 else "OWN"}) for n in range(20)]
    results = adapter.create(PARTIES, items)
    assert [n for n, result in enumerate(results) if result.outcome != "ok"] == [7]
    assert isinstance(results[7].error, Rejected)
    assert results[7].error.fields == ("code",)


def test_twenty_different_writes_are_one_call(adapter: Adapter) -> None:
    results = adapter.create(PARTIES, [CreateItem(key(), {"name": f"Many {n}"}) for n in range(20)])
    stored = [result.stored for result in results if result.stored]
    before = adapter.calls
    adapter.update(
        PARTIES, [UpdateItem(one.native_id, {"name": f"New {one.native_id}"}, one.version) for one in stored]
    )
    assert adapter.calls - before == 3  # read before, written, read back


def test_an_address_that_is_edited_by_itself_is_read(tryton: Server, desk: Desk) -> None:
    """Its party's own stamp does not move. Without an overlap, which would hide that."""
    spec = ObjectSpec("customer", "party.party", "identifiers", (FieldSpec("name"), FieldSpec("address.city")))
    quick = adapter_of(tryton, overlap=0)
    party = desk.make("party.party", name="Mover", addresses=[["create", [{"city": "Berlin"}]]])
    time.sleep(2.1)
    page = quick.changes(spec, None, 1000)
    assert not page.more
    time.sleep(2.1)
    assert str(party) not in {one.native_id for one in quick.changes(spec, page.cursor, 1000).records}
    address = desk.one("party.address", ["party", "=", party])
    desk.call("party.address", "write", [address], {"city": "Bonn"})
    (seen,) = [one for one in quick.changes(spec, page.cursor, 1000).records if one.native_id == str(party)]
    quick.close()
    assert seen.values["address.city"] == "Bonn"


def test_the_company_itself_is_no_customer(adapter: Adapter, desk: Desk) -> None:
    own = str(desk.one("party.party", ["code", "=", "OWN"]))
    assert own not in {one.native_id for one in adapter.changes(PARTIES, None, 1000).records}
    assert own not in [one for page in adapter.refs(PARTIES) for one in page]


def test_a_party_that_was_replaced_goes_on_as_the_other(adapter: Adapter, desk: Desk) -> None:
    old, new = (desk.make("party.party", name="Twin") for _ in range(2))
    desk.replace(old, new)
    stones = {one.native_id: one.merged_into for one in adapter.changes(PARTIES, None, 1000).tombstones}
    assert stones[str(old)] == str(new)


def test_a_price_changes_the_template_and_shows_at_the_product(adapter: Adapter, desk: Desk) -> None:
    _, native_id = product(adapter, "PRICE-1")
    (before,) = adapter.fetch(PRODUCTS, [native_id]).values()
    (result,) = adapter.update(PRODUCTS, [UpdateItem(native_id, {"template.list_price": "13.25"}, before.version)])
    assert result.stored is not None
    assert result.stored.values["template.list_price"] == "13.25"
    template = desk.rows("product.product", [["id", "=", int(native_id)]], ["template"])[0]["template"]
    desk.call("product.template", "write", [template], {"name": "Renamed"})
    (again,) = adapter.update(PRODUCTS, [UpdateItem(native_id, {"code": "PRICE-2"}, result.stored.version)])
    assert again.outcome == "failed", "an edit of the template was not noticed"


def test_a_refusal_names_the_path_of_the_mapping(adapter: Adapter) -> None:
    values = {
        "code": "BAD-1",
        "template.name": "Pump",
        "template.list_price": "1.234567",
        "template.default_uom": "Unit",
    }
    (result,) = adapter.create(PRODUCTS, [CreateItem(key(), values)])
    assert isinstance(result.error, Rejected)
    assert result.error.fields == ("template.list_price",)
    assert "1.234567" not in str(result.error)


def test_a_product_is_made_once_for_each_key(adapter: Adapter) -> None:
    made, native_id = product(adapter, "ONCE-1")
    (again,) = adapter.create(PRODUCTS, [CreateItem(made, {"code": "ONCE-2"})])
    assert (again.native_id, again.created) == (native_id, False)


@pytest.mark.parametrize("warnings", ["refuse", "accept"])
def test_what_wants_a_yes_is_refused_unless_the_settings_say_yes(
    tryton: Server, adapter: Adapter, desk: Desk, warnings: str
) -> None:
    """Tryton asks before a product that lies in stock is put out of use."""
    _, native_id = product(adapter, f"ASKED-{warnings}")
    desk.count({int(native_id): 3.0})
    other = adapter_of(tryton, warnings=warnings)
    (result,) = other.update(PRODUCTS, [UpdateItem(native_id, {"active": False})])
    other.close()
    assert result.outcome == ("ok" if warnings == "accept" else "failed")
    if warnings == "refuse":
        assert isinstance(result.error, Rejected)
        assert result.error.vendor_code == "UserWarning"
        assert f"ASKED-{warnings}" not in str(result.error)


def test_stock_is_not_read_without_a_place(adapter: Adapter) -> None:
    """Tryton would answer nought, and no error."""
    nowhere = ObjectSpec("stock_level", "stock.level", "external id", LEVELS.fields)
    elsewhere = ObjectSpec(
        "stock_level", "stock.level", "external id", LEVELS.fields, (Condition("location.code", "=", "NOPE"),)
    )
    for spec in (nowhere, elsewhere):
        with pytest.raises(Unsupported):
            adapter.changes(spec, None, 10)


def test_a_movement_is_booked_once_and_goes_on_where_it_broke_off(adapter: Adapter, desk: Desk) -> None:
    _, native_id = product(adapter, "MOVED-1")
    level = f"{native_id}-{desk.storage()}"
    first, second = key(), key()
    items = [UpdateItem(level, {"quantity": "5"}, deltas={"quantity": "5"}, reference=first)]
    for _ in range(2):
        (result,) = adapter.update(LEVELS, items)
        assert result.stored is not None
        assert result.stored.values["quantity"] == "5"
    begun = desk.rows("stock.shipment.internal", [["reference", "=", f"bridge:{first}"]], ["moves", "from_location"])
    assert len(begun) == 1
    # as if bridge had died after it made the second one
    ends = {"from_location": begun[0]["from_location"], "to_location": desk.storage(), "company": 1}
    unit = desk.rows("product.product", [["id", "=", int(native_id)]], ["default_uom"])[0]["default_uom"]
    moves = [["create", [{"product": int(native_id), "unit": unit, "quantity": 2.0, **ends}]]]
    desk.make("stock.shipment.internal", reference=f"bridge:{second}", moves=moves, **ends)
    assert adapter.booked(LEVELS, [first, second, key()]) == {first, second}
    assert adapter.fetch(LEVELS, [level])[level].values["quantity"] == "7"


def test_a_count_sets_what_lies_there_unless_it_has_moved(adapter: Adapter, desk: Desk) -> None:
    _, native_id = product(adapter, "COUNTED-1")
    level = f"{native_id}-{desk.storage()}"
    before = adapter.fetch(LEVELS, [level])[level]
    (result,) = adapter.update(LEVELS, [UpdateItem(level, {"quantity": "9"}, before.version)])
    assert result.stored is not None
    assert result.stored.values["quantity"] == "9"
    (stale,) = adapter.update(LEVELS, [UpdateItem(level, {"quantity": "4"}, before.version)])
    assert stale.outcome == "failed"


def test_a_sale_that_somebody_copies_is_another_one(adapter: Adapter, desk: Desk) -> None:
    spec = ObjectSpec("order", "sale.sale", "reference", (FieldSpec("party", ref="record"), FieldSpec("description"),
                      FieldSpec("currency", ref="currency.code"), FieldSpec("sale_date", type="date")))  # fmt: skip
    party = desk.make("party.party", name="Buyer")
    values: dict[str, Any] = {"party": str(party), "description": "PO-7", "currency": "EUR",
                              "sale_date": date(2026, 1, 1).isoformat()}  # fmt: skip
    item = CreateItem(key(), values)
    (result,) = adapter.create(spec, [item])
    assert result.outcome == "ok", result.error
    desk.call("sale.sale", "write", [int(str(result.native_id))], {"reference": f"PO-7 bridge:{item.key}"})
    (copy,) = desk.call("sale.sale", "copy", [int(str(result.native_id))])
    assert [one.native_id for one in adapter.find(spec, [item.key])[item.key]] == [result.native_id]
    assert adapter.fetch(spec, [str(copy)])[str(copy)].key is None
