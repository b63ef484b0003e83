"""How many calls the work takes, counted by the server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.adapters.odoo.installation import WAYS, Installation, read_all, read_later
from tests.adapters.odoo.shipped import item, specs

from bridge.ports.errors import Rejected
from bridge.ports.records import CreateItem, DeleteItem, UpdateItem

CUSTOMER = specs()["customer"]
SHIPPED = replace(CUSTOMER, fields=tuple(one for one in CUSTOMER.fields if one.path != "user_id"))
MANY = 1000


def without_owner(n: int) -> CreateItem:
    """Customer n as the shipped mapping writes it: addresses, states, countries, tags that are not there yet."""
    values = {path: value for path, value in item(n).values.items() if path != "user_id"}
    return CreateItem(item(n).key, values)


def test_a_thousand_creates_take_eleven_calls_and_six_when_all_is_known(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([SHIPPED])
    odoo.calls()
    results = adapter.create(SHIPPED, [without_owner(n) for n in range(1, MANY + 1)])
    assert [(one.outcome, one.created) for one in results] == [("ok", True)] * MANY
    first = odoo.calls()
    assert first.total() <= 11, first  # over JSON-2 one is to learn who we are
    results = adapter.create(SHIPPED, [without_owner(n) for n in range(MANY + 1, 2 * MANY + 1)])
    assert [(one.outcome, one.created) for one in results] == [("ok", True)] * MANY
    second = odoo.calls()
    assert second.total() <= 6, second


def test_many_countries_take_one_call(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    places = [("US", "CA"), ("CA", "QC"), ("US", "NY"), ("CA", "ON")]
    values = [{"name": f"C{n}", "country_id": c, "state_id": s} for n, (c, s) in enumerate(places)]
    results = adapter.create(CUSTOMER, [CreateItem(f"{n:032}", one) for n, one in enumerate(values)])
    assert [one.outcome for one in results] == ["ok"] * len(places)
    asked = {name: count for name, count in odoo.calls().items() if "res.country" in name}
    assert asked == {"web_search_read res.country": 1}


def test_unknown_codes_are_asked_for_once_in_a_batch(odoo: Installation) -> None:
    adapter = odoo.adapter()
    bad = [{"name": f"C{n}", "country_id": f"Z{n}"} for n in range(5)]
    bad += [{"name": f"S{n}", "country_id": "US", "state_id": f"Z{n}"} for n in range(5)]
    results = adapter.create(CUSTOMER, [CreateItem(f"{n:032}", one) for n, one in enumerate(bad)])
    fields = [one.error.fields for one in results if isinstance(one.error, Rejected)]
    assert fields == [("country_id",)] * 5 + [("state_id",)] * 5
    assert sum(count for name, count in odoo.calls().items() if "res.country" in name) <= 2


@pytest.mark.parametrize("odoo", [WAYS[0], WAYS[2]], indirect=True, ids=["18-jsonrpc", "19-json2"])
def test_a_thousand_customers(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    odoo.calls()
    before = adapter.calls

    results = adapter.create(CUSTOMER, [item(n) for n in range(1, MANY + 1)])
    assert [(one.outcome, one.created) for one in results] == [("ok", True)] * MANY
    assert all(one.stored is not None for one in results)
    creating = odoo.calls()
    assert creating.total() <= 12, creating  # one more than without owners: their addresses are looked up
    assert creating.total() == adapter.calls - before  # what the adapter says of itself

    records, cursor = read_all(adapter, CUSTOMER)
    assert len(records) == MANY
    reading = odoo.calls()
    assert reading.total() <= 2, reading

    cursor = read_later(odoo, adapter, CUSTOMER, cursor)
    odoo.calls()
    assert read_all(adapter, CUSTOMER, cursor)[0] == []
    nothing_new = odoo.calls()
    assert nothing_new.total() == 1, nothing_new

    updates = [UpdateItem(one.native_id, {"city": "Gent"}, one.version) for one in records]
    changed = adapter.update(CUSTOMER, updates)
    assert {one.stored.values["city"] for one in changed if one.stored is not None} == {"Gent"}
    updating = odoo.calls()
    assert updating.total() <= 6, updating

    adapter.delete(CUSTOMER, [DeleteItem(one.native_id) for one in records])
    deleting = odoo.calls()
    assert deleting.total() <= 3, deleting


def test_finding_keys_takes_no_call_for_each(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.create(CUSTOMER, [item(n) for n in range(1, 21)])
    odoo.calls()
    found = adapter.find(CUSTOMER, [item(n).key for n in range(1, MANY + 1)])
    assert sum(len(records) for records in found.values()) == 20
    finding = odoo.calls()
    assert finding.total() <= 2, finding


def test_one_log_in_serves_all_calls(odoo: Installation) -> None:
    adapter = odoo.adapter()
    adapter.open([CUSTOMER])
    opening = odoo.calls()
    assert opening.total() <= 2, opening
    for _ in range(3):
        read_all(adapter, CUSTOMER)
    assert set(odoo.calls()) <= {"web_search_read res.partner", "search_read ir.model.data"}
