"""Over the sandbox, with the fields of the shipped mapping: refs, contacts, limits, and what calls cost."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from bridge.adapters.salesforce import make
from bridge.ports import errors
from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, CreateItem, FieldSpec, NativeRecord, ObjectSpec, UpdateItem
from bridge.sandbox.kernel import PREFIX, Server, serve
from bridge.sandbox.salesforce import build

PRICE = "PricebookEntry.Standard"
PLAIN = ("Name", "AccountNumber", "VAT__c", "Email__c", "Phone", "Website", "Description", "Status__c")
ADDRESS = ("Street", "City", "PostalCode", "StateCode", "CountryCode")
ACCOUNT = ObjectSpec(
    entity="customer",
    object="Account",
    key="Bridge_Id__c",
    fields=(
        *(FieldSpec(path) for path in PLAIN),
        *(FieldSpec(f"{kind}{part}") for kind in ("Billing", "Shipping") for part in ADDRESS),
        FieldSpec("ParentId", ref="record"),
        FieldSpec("OwnerId", ref="user.email"),
        FieldSpec("Tags__c", ref="tag.name", type="multichoice"),
        FieldSpec("Credit__c", type="decimal"),
    ),
)
CONTACT = ObjectSpec(
    entity="contact",
    object="Contact",
    key="Bridge_Id__c",
    fields=(
        FieldSpec("AccountId", ref="record"),
        *(FieldSpec(path) for path in ("Email", "Phone", "MobilePhone", "Title", "FirstName", "LastName")),
    ),
    where=(Condition("AccountId", "is set"),),
)

PRODUCT = ObjectSpec(
    entity="product",
    object="Product2",
    key="Bridge_Id__c",
    fields=(FieldSpec("Name"), FieldSpec("ProductCode"), FieldSpec(PRICE, type="decimal")),
)


@pytest.fixture
def server() -> Iterator[Server]:
    server = serve(build(key_field=True)).start()
    yield server
    server.stop()


@pytest.fixture
def adapter(server: Server) -> Iterator[Adapter]:
    adapter = _adapter(server)
    yield adapter
    adapter.close()


def _adapter(server: Server, **settings: Any) -> Adapter:
    good = {"instance_url": server.url, "client_id": "bridge-client-id", "client_secret": "bridge-client-secret"}
    return make("crm", {**good, **settings})


def _control(server: Server, name: str, given: dict[str, Any]) -> None:
    assert requests.post(f"{server.url}{PREFIX}{name}", json=given, timeout=10).ok


def test_an_account_with_everything(adapter: Adapter) -> None:
    parent = adapter.create(ACCOUNT, [CreateItem("k-0", {"Name": "Parent"})])[0].native_id
    values = {
        "Name": 'O\'Neil \\ "Söhne" / 🚀',
        "VAT__c": "DE123456789",
        "Email__c": "office@example.com",
        "Website": "https://example.com/a?b=c&d",
        "Description": "one\ntwo",
        "Status__c": "On Hold",
        "BillingStreet": "Main 1\nFloor 2",
        "BillingCountryCode": "DE",
        "ParentId": parent,
        "OwnerId": "clerk@example.com",
        "Tags__c": ["big", "old"],
        "Credit__c": "12345678901.05",
    }
    result = adapter.create(ACCOUNT, [CreateItem("k-1", values)])[0]
    assert result.stored is not None, result.error
    held = result.stored.values
    assert {path: held[path] for path in values} == values
    assert {held[path] for path in ("Phone", "AccountNumber", "ShippingCity")} == {None}
    gone = adapter.update(ACCOUNT, [UpdateItem(result.native_id or "", {"OwnerId": "gone@example.com"})])[0]
    assert isinstance(gone.error, errors.Rejected)
    assert gone.error.fields == ("OwnerId",)


def test_a_contact_belongs_to_the_entity_while_it_has_an_account(adapter: Adapter) -> None:
    account = adapter.create(ACCOUNT, [CreateItem("k-0", {"Name": "Acme"})])[0].native_id
    items = [
        CreateItem("c-1", {"LastName": "Doe", "AccountId": account}),
        CreateItem("c-2", {"LastName": "Alone"}),
        CreateItem("c-3", {"LastName": "Lost", "AccountId": "001000000000999AAA"}),
        CreateItem("c-4", {"FirstName": "Jane", "AccountId": account}),
    ]
    results = adapter.create(CONTACT, items)
    assert [result.outcome for result in results] == ["ok", "ok", "failed", "failed"]
    assert isinstance(results[2].error, errors.MissingReference), repr(results[2].error)
    assert isinstance(results[3].error, errors.Rejected)
    assert results[3].error.fields == ("LastName",)
    page = adapter.changes(CONTACT, None, 100)
    assert [record.key for record in page.records] == ["c-1"]


def test_what_a_thousand_records_cost(adapter: Adapter) -> None:
    adapter.check()
    before = adapter.calls
    results = adapter.create(ACCOUNT, [CreateItem(f"k-{n}", {"Name": f"n{n}"}) for n in range(1000)])
    assert all(result.created and result.stored for result in results)
    assert adapter.calls - before <= 10
    cursor = adapter.changes(ACCOUNT, None, 2000).cursor
    before = adapter.calls
    page = adapter.changes(ACCOUNT, cursor, 2000)
    assert not page.more
    assert adapter.calls - before <= 2


def test_a_page_does_not_outlive_its_reading(adapter: Adapter) -> None:
    """requests keeps a request's hooks, and one that keeps the answer keeps megabytes until cycles are looked for."""
    adapter.changes(ACCOUNT, None, 100)
    gc.collect()
    gc.disable()
    try:
        adapter.changes(ACCOUNT, None, 100)
        assert not [one for one in gc.get_objects() if type(one) is requests.Response]
    finally:
        gc.enable()


def _read_on(adapter: Adapter, spec: ObjectSpec, cursor: str | None, limit: int) -> tuple[list[NativeRecord], str]:
    """All that is new since a position, in pages of at most so many."""
    found: list[NativeRecord] = []
    for _ in range(20):
        page = adapter.changes(spec, cursor, limit)
        assert len(page.records) <= limit
        found += page.records
        cursor = page.cursor
        if not page.more:
            return found, page.cursor
    raise AssertionError("no end")


def test_changed_prices_come_page_by_page_and_once_more_within_the_overlap(server: Server, adapter: Adapter) -> None:
    made = adapter.create(PRODUCT, [CreateItem(f"p-{n}", {"Name": f"n{n}", PRICE: "1"}) for n in range(7)])
    _, cursor = _read_on(adapter, PRODUCT, None, 100)
    for _ in range(2):
        _control(server, "clock", {"advance": 3600})
        _, cursor = _read_on(adapter, PRODUCT, cursor, 100)
    for entry in requests.get(f"{server.url}{PREFIX}dump", timeout=10).json()["PricebookEntry"]:
        _control(server, "edit", {"object": "PricebookEntry", "id": entry, "values": {"UnitPrice": 5}})
    for _ in range(2):
        found, cursor = _read_on(adapter, PRODUCT, cursor, 3)
        assert sorted(record.native_id for record in found) == sorted(result.native_id for result in made)
        assert {record.values[PRICE] for record in found} == {"5"}
        _control(server, "clock", {"advance": 3600})
    found, cursor = _read_on(adapter, PRODUCT, cursor, 3)
    assert not found


def test_a_product_without_one_of_its_prices_is_looked_up(adapter: Adapter) -> None:
    """Called not written, it would be found by its key later, with values that pass for a user's edit."""
    spec = replace(PRODUCT, fields=(*PRODUCT.fields, FieldSpec("PricebookEntry.Nowhere", type="decimal")))
    item = CreateItem("p-1", {"Name": "n", PRICE: "1", "PricebookEntry.Nowhere": "2"})
    (made,) = adapter.create(spec, [item])
    assert (made.outcome, type(made.error)) == ("unknown", errors.InDoubt)
    (held,) = adapter.find(spec, ["p-1"])["p-1"]
    assert (held.values["Name"], held.values[PRICE]) == ("n", "1")
    (alone,) = adapter.update(spec, [UpdateItem(held.native_id, {"PricebookEntry.Nowhere": "2"})])
    assert (alone.outcome, type(alone.error)) == ("failed", errors.Rejected)


@pytest.mark.parametrize("kind", ["lock_row", "trigger_lock"])
def test_a_row_that_is_locked_waits_alone(server: Server, adapter: Adapter, kind: str) -> None:
    adapter.check()
    _control(server, "faults", {"kind": kind, "operation": "create Account", "rows": 1})
    results = adapter.create(ACCOUNT, [CreateItem(f"k-{n}", {"Name": f"n{n}"}) for n in range(3)])
    assert sorted(result.outcome for result in results) == ["failed", "ok", "ok"]
    assert [type(result.error) for result in results if result.error] == [errors.Transient]


@pytest.mark.parametrize(("kind", "quota"), [("quota", True), ("concurrent", False)])
def test_limits(server: Server, adapter: Adapter, kind: str, quota: bool) -> None:
    adapter.check()
    adapter.schema(ACCOUNT)
    _control(server, "faults", {"kind": kind, "operation": "query*"})
    with pytest.raises(errors.RateLimited) as limited:
        adapter.changes(ACCOUNT, None, 10)
    assert limited.value.quota is quota


def test_a_purged_log_of_deletes_asks_for_a_full_reading(server: Server, adapter: Adapter) -> None:
    cursor = adapter.changes(ACCOUNT, None, 10).cursor
    _control(server, "clock", {"advance": 3600})
    _control(server, "faults", {"kind": "purge_deletes", "operation": "*"})
    with pytest.raises(errors.CursorExpired):
        adapter.changes(ACCOUNT, cursor, 10)


def test_check_tells_the_user_and_the_clock(server: Server) -> None:
    _control(server, "clock", {"advance": 300})
    health = _adapter(server).check()
    assert health.user == "integration@sandbox.example.com"
    assert health.clock_skew is not None
    assert 290 < health.clock_skew < 310
    assert len(health.problems) == 1
    assert "clocks" in health.problems[0]


def test_modified_is_the_org_s_time(server: Server, adapter: Adapter) -> None:
    _control(server, "clock", {"set": "2026-03-29T00:59:59Z"})
    _control(server, "clock", {"freeze": True})
    record = adapter.create(ACCOUNT, [CreateItem("k-1", {"Name": "a"})])[0].stored
    assert record is not None
    assert record.modified == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)


def test_setup_makes_the_key_on_an_org_without_it() -> None:
    server = serve(build()).start()
    adapter = _adapter(server)
    assert adapter.schema(CONTACT).key_problem
    assert [step.state for step in adapter.setup(CONTACT, apply=True)] == ["done"]
    assert adapter.schema(CONTACT).key_problem is None
    assert {step.state for step in adapter.setup(ACCOUNT, apply=True)} == {"done", "present"}
    server.stop()
