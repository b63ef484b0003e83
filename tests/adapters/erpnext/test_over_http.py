"""The adapter over real HTTP, with the paths that the shipped mapping uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from bridge.adapters.erpnext import make
from bridge.ports import errors
from bridge.ports.adapter import Adapter
from bridge.ports.records import (
    Condition,
    CreateItem,
    FieldSpec,
    NativeRecord,
    NativeValue,
    ObjectSpec,
    Tombstone,
    UpdateItem,
)
from bridge.sandbox.erpnext import build
from bridge.sandbox.kernel import PREFIX, Server, serve

KEY, SECRET = "the-api-key", "the-api-secret"
ROLES = ("Billing", "Shipping")
CUSTOMER = ObjectSpec(
    entity="customer",
    object="Customer",
    key="custom_bridge_id",
    fields=(
        *(FieldSpec(path) for path in ("customer_name", "tax_id", "website", "customer_details", "disabled")),
        FieldSpec("account_manager", "user.email"),
        FieldSpec("_user_tags", "tag.name"),
        *(
            FieldSpec(f"Address.{role}.{name}", "country.iso2" if name == "country" else None)
            for role in ROLES
            for name in ("address_line1", "address_line2", "city", "pincode", "country")
        ),
    ),
    where=(Condition("customer_type", "!=", "Individual"),),
)
CONTACT = ObjectSpec(
    entity="contact",
    object="Contact",
    key="custom_bridge_id",
    fields=(
        FieldSpec("links.Customer", "record"),
        *(FieldSpec(path) for path in ("email_id", "phone", "mobile_no", "designation", "first_name", "last_name")),
    ),
)
BERLIN = {
    "Address.Billing.address_line1": "Straße 1",
    "Address.Billing.city": "Berlin",
    "Address.Billing.pincode": "10115",
    "Address.Billing.country": "DE",
}


class Site:
    """The sandbox and the hands inside it."""

    def __init__(self, server: Server) -> None:
        self.url = server.url

    def control(self, method: str, name: str, given: Mapping[str, Any] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}{PREFIX}{name}", json=given or {}, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def adapter(self, **settings: object) -> Adapter:
        return make("fin", {"url": self.url, "api_key": KEY, "api_secret": SECRET, **settings})

    def ready(self, **settings: object) -> Adapter:
        adapter = self.adapter(**settings)
        for spec in (CUSTOMER, CONTACT):
            adapter.setup(spec, apply=True)
        return adapter

    def documents(self, doctype: str) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = self.control("GET", "dump")[doctype]
        return found

    def edit(self, doctype: str, name: str, **values: Any) -> None:
        self.control("POST", "edit", {"object": doctype, "id": name, "values": values})

    def fault(self, operation: str, **given: Any) -> None:
        self.control("POST", "faults", {"operation": operation, **given})


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(build(api_key=KEY, api_secret=SECRET)) as running:
        yield running


@pytest.fixture
def site(server: Server) -> Site:
    site = Site(server)
    site.control("POST", "reset")
    return site


def create(adapter: Adapter, spec: ObjectSpec, key: str, values: Mapping[str, NativeValue]) -> NativeRecord:
    (result,) = adapter.create(spec, [CreateItem(key, values)])
    assert result.stored is not None, result.error
    return result.stored


def update(adapter: Adapter, spec: ObjectSpec, native_id: str, values: Mapping[str, NativeValue]) -> NativeRecord:
    (result,) = adapter.update(spec, [UpdateItem(native_id, values)])
    assert result.stored is not None, result.error
    return result.stored


def read(adapter: Adapter, spec: ObjectSpec, cursor: str | None = None, limit: int = 1000) -> tuple[list[Any], str]:
    found: list[Any] = []
    while True:
        page = adapter.changes(spec, cursor, limit)
        found += [*page.records, *page.tombstones]
        cursor = page.cursor
        if not page.more:
            return found, cursor


def plant(site: Site, count: int) -> None:
    """Customers with a billing address each, stamped one second apart long ago."""
    records = []
    for n in range(count):
        at = f"2026-01-01T{8 + n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}Z"
        link = [{"link_doctype": "Customer", "link_name": f"C{n}"}]
        place = {"address_type": "Billing", "address_line1": "x", "city": "y", "country": "Germany", "links": link}
        records += [
            {"object": "Customer", "id": f"C{n}", "values": {"customer_name": f"C{n}"}, "modified": at},
            {"object": "Address", "id": f"C{n}-B", "values": {"address_title": f"C{n}", **place}, "modified": at},
        ]
    site.control("POST", "seed", {"records": records})


def test_the_key_field_is_unique_and_kept_from_people(site: Site) -> None:
    adapter = site.adapter()
    assert [step.state for step in adapter.setup(CUSTOMER, apply=False)] == ["needed"]
    assert [step.state for step in adapter.setup(CUSTOMER, apply=True)] == ["done"]
    assert [step.state for step in adapter.setup(CUSTOMER, apply=True)] == ["present"]
    (made,) = site.documents("Custom Field").values()
    assert (made["fieldname"], made["fieldtype"], made["length"]) == ("custom_bridge_id", "Data", 140)
    assert (made["unique"], made["read_only"], made["no_copy"]) == (1, 1, 1)


@pytest.mark.parametrize("interval", [300, 0.001, None])
def test_a_thousand_unchanged_records_cost_two_calls(site: Site, interval: float | None) -> None:
    adapter = site.ready(deletes_interval=interval)
    plant(site, 1000)
    found, cursor = read(adapter, CUSTOMER)
    assert len({record.native_id for record in found}) == 1000
    for _ in range(4):
        site.control("POST", "clock", {"advance": 400})
        before = adapter.calls
        again, cursor = read(adapter, CUSTOMER, cursor)
        assert not again
        assert adapter.calls - before <= 2


def test_a_first_reading_takes_few_calls(site: Site) -> None:
    adapter = site.ready()
    plant(site, 1000)
    before = adapter.calls
    found, _ = read(adapter, CUSTOMER)
    assert len({record.native_id for record in found}) == 1000
    assert adapter.calls - before <= 12


def test_another_process_takes_a_few_calls_more_and_little_again(site: Site) -> None:
    plant(site, 300)
    _, cursor = read(site.ready(), CUSTOMER)
    adapter = site.adapter()
    again, _ = read(adapter, CUSTOMER, cursor)
    assert len(again) <= 1, "the row on the edge may come once more"
    assert adapter.calls <= 10


def test_the_delete_log_and_the_addresses_are_both_seen_in_turn(site: Site) -> None:
    adapter = site.ready(deletes_interval=0.001)
    plant(site, 3)
    _, cursor = read(adapter, CUSTOMER)
    site.edit("Address", "C1-B", city="Köln")
    site.control("POST", "delete", {"object": "Customer", "id": "C2"})
    seen: list[Any] = []
    for _ in range(2):
        found, cursor = read(adapter, CUSTOMER, cursor)
        seen += found
    towns = {one.native_id: one.values["Address.Billing.city"] for one in seen if isinstance(one, NativeRecord)}
    assert towns["C1"] == "Köln"
    assert [one.native_id for one in seen if isinstance(one, Tombstone)] == ["C2"]


def test_a_customer_is_two_documents_and_one_record(site: Site) -> None:
    adapter = site.ready()
    values = {"customer_name": "Söhne/Ö & Co 🚀 \"x\" 'y' \\", "account_manager": "clerk@erpnext.example", **BERLIN}
    made = create(adapter, CUSTOMER, "g1", values)
    assert {path: made.values[path] for path in values} == values
    assert made.values["Address.Shipping.city"] is None
    (address,) = site.documents("Address").values()
    assert (address["country"], address["is_primary_address"]) == ("Germany", 1)
    assert adapter.find(CUSTOMER, ["g1"])["g1"] == [made]
    changed = update(adapter, CUSTOMER, made.native_id, {"Address.Billing.country": "FR", "tax_id": "T"})
    assert (changed.values["Address.Billing.country"], changed.values["tax_id"]) == ("FR", "T")
    assert len(site.documents("Address")) == 1


def test_what_names_nothing_is_refused_by_its_path(site: Site) -> None:
    adapter = site.ready()
    items = [
        CreateItem("g1", {"customer_name": "A", **BERLIN, "Address.Billing.country": "XX"}),
        CreateItem("g2", {"customer_name": "B", "account_manager": "nobody@example.com"}),
        CreateItem("g3", {"customer_name": "C"}),
    ]
    results = adapter.create(CUSTOMER, items)
    assert [result.outcome for result in results] == ["failed", "failed", "ok"]
    named = [result.error.fields for result in results if isinstance(result.error, errors.Rejected)]
    assert named == [("Address.Billing.country",), ("account_manager",)]
    assert list(site.documents("Customer")) == ["C"]


def test_tags_are_made_and_taken_away(site: Site) -> None:
    adapter = site.ready()
    made = create(adapter, CUSTOMER, "g1", {"customer_name": "A", "_user_tags": ["Key", "Größe"]})
    assert made.values["_user_tags"] == ["Größe", "Key"]
    assert update(adapter, CUSTOMER, "A", {"_user_tags": ["Key", "New"]}).values["_user_tags"] == ["Key", "New"]
    assert update(adapter, CUSTOMER, "A", {"_user_tags": None}).values["_user_tags"] is None


def test_equal_conditions_are_set_on_what_is_created(site: Site) -> None:
    where = (Condition("customer_type", "=", "Individual"),)
    people = ObjectSpec("person", "Customer", "custom_bridge_id", (FieldSpec("customer_name"),), where)
    create(site.ready(), people, "g1", {"customer_name": "Ann"})
    assert site.documents("Customer")["Ann"]["customer_type"] == "Individual"


def test_a_contact_moves_from_customer_to_customer(site: Site) -> None:
    adapter = site.ready()
    for name in ("A", "B/1"):
        create(adapter, CUSTOMER, f"g{name}", {"customer_name": name})
    values = {"first_name": "Zoë", "email_id": "zoe@example.com", "phone": "+49 30 1", "links.Customer": "A"}
    made = create(adapter, CONTACT, "c1", values)
    assert {path: made.values[path] for path in values} == values
    moved = update(adapter, CONTACT, made.native_id, {"links.Customer": "B/1", "email_id": "z@example.com"})
    assert (moved.values["links.Customer"], moved.values["email_id"]) == ("B/1", "z@example.com")
    assert moved.values["phone"] == "+49 30 1"


def test_a_contact_of_a_customer_to_come_waits_for_it(site: Site) -> None:
    (result,) = site.ready().create(CONTACT, [CreateItem("c1", {"first_name": "Zoë", "links.Customer": "A"})])
    assert result.outcome == "failed"
    assert isinstance(result.error, errors.MissingReference)


def test_a_lost_answer_about_an_address_is_looked_up_by_key(site: Site) -> None:
    adapter = site.ready()
    site.fault("insert_many Address", kind="drop_answer")
    (result,) = adapter.create(CUSTOMER, [CreateItem("g1", {"customer_name": "A", **BERLIN})])
    assert (result.outcome, type(result.error)) == ("unknown", errors.InDoubt)
    (found,) = adapter.find(CUSTOMER, ["g1"])["g1"]
    assert found.values["Address.Billing.city"] == "Berlin"


def test_half_an_update_is_in_doubt_and_not_undone(site: Site) -> None:
    adapter = site.ready()
    made = create(adapter, CUSTOMER, "g1", {"customer_name": "A", **BERLIN})
    site.fault("update Address", kind="status", status=503, headers={}, body="down")
    changes = {"tax_id": "T", "Address.Billing.city": "Bonn"}
    (result,) = adapter.update(CUSTOMER, [UpdateItem("A", changes, made.version)])
    assert result.outcome == "unknown"
    assert adapter.fetch(CUSTOMER, ["A"])["A"].values["tax_id"] == "T"
    assert update(adapter, CUSTOMER, "A", changes).values["Address.Billing.city"] == "Bonn"


def test_a_look_up_that_fails_after_known_keys_keeps_what_is_done(site: Site) -> None:
    adapter = site.ready(batch=1)
    create(adapter, CUSTOMER, "g2", {"customer_name": "B"})
    site.fault("get_list Customer", kind="status", status=503, after=1, headers={}, body="down")
    results = adapter.create(CUSTOMER, [CreateItem(f"g{n}", {"customer_name": f"N{n}"}) for n in (1, 2, 3)])
    assert [result.outcome for result in results] == ["ok", "failed", "failed"]
    assert all(isinstance(result.error, errors.Transient) for result in results[1:])


def test_a_person_added_meanwhile_is_known_after_a_while(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = site.ready()
    create(adapter, CUSTOMER, "g1", {"customer_name": "A", "account_manager": "clerk@erpnext.example"})
    new = {"email": "new@example.com", "first_name": "New"}
    site.control("POST", "seed", {"records": [{"object": "User", "id": "new@example.com", "values": new}]})
    monkeypatch.setattr("bridge.adapters.erpnext.site.TABLE_AGE", 0.0)
    assert update(adapter, CUSTOMER, "A", {"account_manager": "new@example.com"}).values["account_manager"] == (
        "new@example.com"
    )


def test_a_renamed_customer_leaves_word_of_its_new_name(site: Site) -> None:
    adapter = site.ready(deletes_interval=0)
    plant(site, 2)
    _, cursor = read(adapter, CUSTOMER)
    body = {"doctype": "Customer", "old_name": "C1", "new_name": "C1 new"}
    headers = {"Authorization": f"token {KEY}:{SECRET}"}
    call = f"{site.url}/api/method/frappe.client.rename_doc"
    requests.post(call, json=body, headers=headers, timeout=30).raise_for_status()
    found, _ = read(adapter, CUSTOMER, cursor)
    assert [one.merged_into for one in found if not isinstance(one, NativeRecord)] == ["C1 new"]
    assert found[-1].native_id == "C1 new"
