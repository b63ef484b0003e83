"""What the shipped mappings write comes back equal, from both versions over each of their protocols."""

from __future__ import annotations

from dataclasses import replace

from tests.adapters.odoo.installation import Installation, read_all
from tests.adapters.odoo.shipped import NASTY, customer, item, specs, writable

from bridge.adapters.odoo import OdooAdapter
from bridge.ports.errors import MissingReference, NotFound, Rejected
from bridge.ports.records import CreateItem, DeleteItem, FieldSpec, NativeRecord, NativeValue, UpdateItem, WriteResult

CUSTOMER, CONTACT = specs()["customer"], specs()["contact"]


def created(adapter: OdooAdapter, *items: CreateItem) -> list[NativeRecord]:
    """The records as stored; each must have been made."""
    results = adapter.create(CUSTOMER, items)
    assert [(one.outcome, one.created) for one in results] == [("ok", True)] * len(items)
    return [one.stored for one in results if one.stored is not None]


def update(adapter: OdooAdapter, record: NativeRecord, **changes: NativeValue) -> WriteResult:
    values = {path.replace("__", "."): value for path, value in changes.items()}
    (result,) = adapter.update(CUSTOMER, [UpdateItem(record.native_id, values, record.version)])
    return result


def written(record: NativeRecord | None) -> dict[str, NativeValue]:
    assert record is not None
    return {path: value for path, value in record.values.items() if path in writable(record_entity(record))}


def record_entity(record: NativeRecord) -> str:
    return "customer" if "vat" in record.values else "contact"


def test_the_sample_uses_every_path_of_the_mapping() -> None:
    assert set(customer(1)) == set(writable("customer"))


def test_customers_come_back_as_they_were_written(odoo: Installation) -> None:
    adapter = odoo.adapter()
    items = [item(n) for n in range(1, 6)]
    records = created(adapter, *items)
    assert [written(record) for record in records] == [dict(one.values) for one in items]
    assert [record.key for record in records] == [one.key for one in items]
    seen, _ = read_all(odoo.adapter(), CUSTOMER)
    assert seen == records
    assert adapter.find(CUSTOMER, [items[2].key, "no-such-key"]) == {items[2].key: [records[2]], "no-such-key": []}
    assert adapter.fetch(CUSTOMER, [records[0].native_id, "99999999"]) == {records[0].native_id: records[0]}
    rows = odoo.rows()
    assert all(rows[record.native_id]["is_company"] for record in records)


def test_a_create_again_yields_the_record_that_is_there(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (record,) = created(adapter, item(1))
    odoo.edit(record.native_id, city="Changed by a user")
    (again,) = adapter.create(CUSTOMER, [item(1)])
    assert (again.outcome, again.created, again.native_id) == ("ok", False, record.native_id)
    assert again.stored is not None
    assert again.stored.values["city"] == "Changed by a user"


def test_an_update_touches_nothing_else(odoo: Installation) -> None:
    adapter = odoo.adapter()
    first, other = created(adapter, item(1), item(2))
    changes: dict[str, NativeValue] = {"name": NASTY * 2, "phone": None, "category_id": ["Silver"], "user_id": None}
    result = update(adapter, first, **changes)
    assert result.outcome == "ok"
    assert result.stored is not None
    assert result.stored.values == {**first.values, **changes}
    assert adapter.fetch(CUSTOMER, [other.native_id])[other.native_id] == other


def test_every_value_can_be_emptied(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (record,) = created(adapter, item(1))
    emptied: dict[str, NativeValue] = {path: None for path in writable("customer") if path != "name"}
    (result,) = adapter.update(CUSTOMER, [UpdateItem(record.native_id, emptied)])
    assert written(result.stored) == {**emptied, "name": record.values["name"]}


def test_a_state_goes_with_its_country(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (record,) = created(adapter, item(1))
    assert update(adapter, record, state_id="NY").outcome == "ok"
    (held,) = adapter.fetch(CUSTOMER, [record.native_id]).values()
    assert (held.values["state_id"], held.values["country_id"]) == ("NY", "US")
    result = update(adapter, held, delivery__state_id="CA", delivery__country_id="US")
    assert result.stored is not None
    assert result.stored.values["delivery.state_id"] == "CA"
    refused = update(adapter, result.stored, state_id="CA", country_id="BE")
    assert isinstance(refused.error, Rejected)
    assert refused.error.fields == ("state_id",)


def test_a_delivery_address_is_made_changed_and_emptied(odoo: Installation) -> None:
    adapter = odoo.adapter()
    none: dict[str, NativeValue] = {path: None for path in customer(1) if path.startswith("delivery.")}
    (record,) = created(adapter, CreateItem("1" * 32, {**customer(1), **none}))
    assert not [row for row in odoo.rows().values() if row["parent_id"] == int(record.native_id)]
    made = update(adapter, record, delivery__city="Gent", delivery__country_id="BE").stored
    assert made is not None
    assert {path: made.values[path] for path in none if made.values[path]} == {
        "delivery.city": "Gent",
        "delivery.country_id": "BE",
    }
    changed = update(adapter, made, delivery__street="Kaai 1").stored
    assert changed is not None
    assert changed.values["delivery.city"] == "Gent"
    below = [row for row in odoo.rows().values() if row["parent_id"] == int(record.native_id)]
    assert [(row["type"], row["street"], row["city"]) for row in below] == [("delivery", "Kaai 1", "Gent")]


def test_customers_below_customers(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (above,) = created(adapter, item(1))
    (below,) = created(adapter, item(2, parent_id=above.native_id))
    assert below.values["parent_id"] == above.native_id
    assert update(adapter, below, parent_id=None).stored is not None
    lost, good = adapter.create(CUSTOMER, [item(3, parent_id="99999999"), item(4)])
    assert isinstance(lost.error, MissingReference)
    assert lost.error.fields == ("parent_id",)
    assert good.outcome == "ok"


def test_bad_items_are_refused_by_field_and_the_others_go_on(odoo: Installation) -> None:
    adapter = odoo.adapter()
    results = adapter.create(
        CUSTOMER,
        [
            item(1),
            item(2, name=None),
            item(3, country_id="ZZ", state_id=None),
            item(4, user_id="nobody@example.com"),
            CreateItem("5" * 32, {**customer(5), "no_such_field": "x"}),
            item(6),
        ],
    )
    assert [one.outcome for one in results] == ["ok", "failed", "failed", "failed", "failed", "ok"]
    errors = [one.error for one in results[1:5]]
    assert all(isinstance(error, Rejected) for error in errors)
    fields = [error.fields for error in errors if isinstance(error, Rejected)]
    assert fields[1:] == [("country_id",), ("user_id",), ("no_such_field",)]
    assert not [error for error in errors if "nobody@" in str(error)]


def test_an_owner_without_mail_address_goes_by_the_log_in(odoo: Installation) -> None:
    admin = next(row for row in odoo.rows("res.users").values() if row["login"] == "admin")
    odoo.edit(str(admin["partner_id"]), email=False)
    (record,) = created(odoo.adapter(), item(1, user_id="admin"))
    assert record.values["user_id"] == "admin"


def test_a_user_who_left_does_not_stand_in_the_way(odoo: Installation) -> None:
    users = odoo.rows("res.users")
    left = next(row for row in users.values() if not row["active"])
    odoo.edit(str(left["partner_id"]), email="limited@example.com")
    (record,) = created(odoo.adapter(), item(1))
    owner = odoo.rows()[record.native_id]["user_id"]
    assert users[str(owner)]["active"]


def test_a_create_does_not_take_the_default_of_a_field_it_does_not_name(odoo: Installation) -> None:
    spec = replace(CUSTOMER, fields=(*CUSTOMER.fields, FieldSpec("active", type="boolean")))
    named = CreateItem("1" * 32, {"name": "Archived from the start", "active": False})
    plain = CreateItem("2" * 32, {"name": "In use"})
    first, second = odoo.adapter().create(spec, [named, plain])
    rows = odoo.rows()
    assert not rows[str(first.native_id)]["active"]
    assert rows[str(second.native_id)]["active"]


def test_contacts_come_back_as_they_were_written(odoo: Installation) -> None:
    adapter = odoo.adapter()
    (company, second) = created(adapter, item(1), item(2))
    values: dict[str, NativeValue] = {
        "parent_id": company.native_id,
        "email": "o'neil@example.com",
        "phone": "+1 234",
        "function": "CEO / 社長",
        "name": f"Jane {NASTY}",
    }
    assert set(values) == set(writable("contact"))
    (result,) = adapter.create(CONTACT, [CreateItem("c" * 32, values)])
    assert written(result.stored) == values
    assert result.stored is not None
    changes: dict[str, NativeValue] = {"parent_id": second.native_id, "function": None}
    (moved,) = adapter.update(CONTACT, [UpdateItem(result.stored.native_id, changes, result.stored.version)])
    assert written(moved.stored) == {**values, **changes}
    seen, _ = read_all(adapter, CONTACT)
    assert seen == [moved.stored]  # delivery addresses are no contacts, companies neither


def test_a_key_is_noted_on_a_record_that_a_user_made(odoo: Installation) -> None:
    adapter = odoo.adapter()
    theirs = odoo.insert(name="Made by a user", is_company=True)
    other = odoo.insert(name="Another one", is_company=True)
    (mine,) = created(adapter, item(1))
    assert mine.key is not None
    results = adapter.update(
        CUSTOMER,
        [
            UpdateItem(theirs, {"city": "Here"}, key="d" * 32),
            UpdateItem(other, {"city": "There"}, key=mine.key),  # which belongs to another record
        ],
    )
    assert results[0].outcome == "ok"
    assert results[0].stored is not None
    assert results[0].stored.key == "d" * 32
    assert isinstance(results[1].error, Rejected)
    assert adapter.find(CUSTOMER, [mine.key])[mine.key][0].native_id == mine.native_id


def test_an_update_of_a_record_that_is_gone_is_told(odoo: Installation) -> None:
    adapter = odoo.adapter()
    first, second = created(adapter, item(1), item(2))
    odoo.control("POST", "delete", object="res.partner", id=second.native_id)
    results = adapter.update(CUSTOMER, [UpdateItem(one.native_id, {"city": "X"}) for one in (first, second)])
    assert results[0].outcome == "ok"
    assert isinstance(results[1].error, NotFound)
    gone = adapter.delete(CUSTOMER, [DeleteItem(second.native_id), DeleteItem(first.native_id)])
    assert [one.outcome for one in gone] == ["ok", "ok"]
    assert first.native_id not in odoo.rows()
