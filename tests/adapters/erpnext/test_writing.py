"""Writing: one result for every item, the bad one alone, nothing lost and nothing twice."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.adapters.erpnext.double import Metas, Place, Tables

from bridge.adapters.erpnext.creating import Creator
from bridge.adapters.erpnext.document import Layout, layout_of
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.updating import Updater
from bridge.ports import errors
from bridge.ports.records import CreateItem, DeleteItem, FieldSpec, NativeRecord, ObjectSpec, UpdateItem, WriteResult

CITY, STREET, SHIP = "Address.Billing.city", "Address.Billing.address_line1", "Address.Shipping.city"
PATHS = ("customer_name", "tax_id", CITY, STREET, SHIP, "_user_tags")
CONTACT = ("first_name", "email_id", "phone", "mobile_no", "links.Customer")
LOST = errors.InDoubt("silence", system="fin")


@pytest.fixture
def tables() -> Tables:
    return Tables()


def layout(paths: tuple[str, ...] = PATHS, doctype: str = "Customer") -> Layout:
    refs = {"links.Customer": "record"}
    specs = tuple(FieldSpec(path, refs.get(path)) for path in paths)
    return layout_of(ObjectSpec("customer", doctype, "custom_bridge_id", specs), cast(Any, Metas()))


def reader(tables: Tables) -> Reader:
    return Reader(cast(Any, tables), cast(Any, Place()), 2000)


def create(tables: Tables, *items: CreateItem, batch: int = 100, of: Layout | None = None) -> list[WriteResult]:
    return Creator(cast(Any, tables), reader(tables), of or layout(), batch).create(items)


def update(tables: Tables, *items: UpdateItem, of: Layout | None = None) -> list[WriteResult]:
    return Updater(cast(Any, tables), reader(tables), of or layout()).update(items)


def delete(tables: Tables, *items: DeleteItem) -> list[WriteResult]:
    return Updater(cast(Any, tables), reader(tables), layout()).delete(items)


def customers(count: int, **values: Any) -> list[CreateItem]:
    return [CreateItem(f"g{at}", {"customer_name": f"C{at}", **values}) for at in range(count)]


def outcomes(results: list[WriteResult]) -> list[str]:
    return [result.outcome for result in results]


def stored(result: WriteResult) -> NativeRecord:
    assert result.stored is not None
    return result.stored


def test_a_create_gives_what_is_stored_with_its_address(tables: Tables) -> None:
    (result,) = create(tables, CreateItem("g1", {"customer_name": "A/B", CITY: "Köln", STREET: "x", SHIP: None}))
    assert (result.outcome, result.native_id, result.created) == ("ok", "A/B", True)
    assert stored(result).key == "g1"
    assert stored(result).values[CITY] == "Köln"
    assert stored(result).values[SHIP] is None


def test_many_creates_take_few_calls(tables: Tables) -> None:
    create(tables, *customers(100, **{CITY: "Köln", STREET: "x"}))
    assert tables.asked.count("insert_many") == 2
    assert len(tables.asked) == 4


def test_a_bad_row_stands_alone(tables: Tables) -> None:
    items = customers(20)
    items[7] = CreateItem("g7", {"customer_name": "C7", "tax_id": "bad"})
    items[9] = CreateItem("g9", {"customer_name": "C9", "nope": 1})
    results = create(tables, *items)
    assert [at for at, one in enumerate(results) if one.outcome == "failed"] == [7, 9]
    assert len(tables.rows_of["Customer"]) == 18
    assert all(isinstance(results[at].error, errors.Rejected) for at in (7, 9))


def test_a_key_that_exists_gives_the_record_there_is(tables: Tables) -> None:
    create(tables, *customers(3))
    results = create(tables, *customers(5))
    assert [result.created for result in results] == [False, False, False, True, True]
    assert len(tables.rows_of["Customer"]) == 5
    assert stored(results[0]).native_id == "C0"


def test_the_same_key_twice_in_a_batch_is_one_record(tables: Tables) -> None:
    first = CreateItem("g1", {"customer_name": "A", CITY: "Köln", STREET: "x"})
    results = create(tables, first, CreateItem("g1", {"customer_name": "B"}))
    assert [(one.native_id, one.created) for one in results] == [("A", True), ("A", False)]
    assert stored(results[0]).values[CITY] == "Köln"


def test_a_lost_answer_leaves_that_run_unknown_and_the_rest_unsent(tables: Tables) -> None:
    tables.after["insert_many"] = [None, LOST]
    results = create(tables, *customers(6), batch=2)
    assert outcomes(results) == ["ok", "ok", "unknown", "unknown", "failed", "failed"]
    assert isinstance(results[5].error, errors.Transient)
    found = reader(tables).find(layout(), [f"g{at}" for at in range(6)])
    assert [len(records) for records in found.values()] == [1, 1, 1, 1, 0, 0]


def test_a_lost_answer_about_addresses_leaves_their_records_unknown(tables: Tables) -> None:
    tables.after["insert_many"] = [None, LOST]
    results = create(tables, *customers(2, **{CITY: "Köln", STREET: "x"}))
    assert outcomes(results) == ["unknown", "unknown"]


def test_nothing_done_is_raised(tables: Tables) -> None:
    tables.before["insert_many"] = [errors.RateLimited("busy", after=3)]
    with pytest.raises(errors.RateLimited):
        create(tables, *customers(2))


def test_credentials_refused_in_the_middle_keep_what_is_done(tables: Tables) -> None:
    tables.before["insert_many"] = [None, errors.AuthFailed("key")]
    assert outcomes(create(tables, *customers(4), batch=2)) == ["ok", "ok", "failed", "failed"]


def test_an_address_that_lacks_a_must_is_refused_before_its_customer_is_made(tables: Tables) -> None:
    (result,) = create(tables, CreateItem("g1", {"customer_name": "A", CITY: "Köln"}))
    assert isinstance(result.error, errors.Rejected)
    assert result.error.fields == (STREET,)
    assert "Customer" not in tables.rows_of


def test_an_address_that_is_refused_says_so_and_leaves_the_others(tables: Tables) -> None:
    items = [CreateItem(f"g{at}", {"customer_name": f"C{at}", CITY: "Köln", STREET: "x"}) for at in range(3)]
    items[1] = CreateItem("g1", {"customer_name": "C1", CITY: "bad", STREET: "x"})
    results = create(tables, *items)
    assert outcomes(results) == ["ok", "unknown", "ok"], "the customer is there: looked up, and the address sent alone"
    assert results[1].native_id == "C1"
    assert stored(results[2]).values[CITY] == "Köln"
    (alone,) = update(tables, UpdateItem("C1", {CITY: "bad", STREET: "x"}, key="g1"))
    assert (alone.outcome, type(alone.error)) == ("failed", errors.Rejected)


def test_tags_of_a_new_record_are_added(tables: Tables) -> None:
    create(tables, CreateItem("g1", {"customer_name": "A", "_user_tags": ["x", "y"]}))
    assert [body["tag"] for _, body in tables.sent] == ["x", "y"]


def test_a_contact_is_made_with_its_rows(tables: Tables) -> None:
    tables.customer("A")
    values = {"first_name": "Eva", "email_id": "e@x.example", "phone": "1", "mobile_no": "2", "links.Customer": "A"}
    create(tables, CreateItem("g1", values), of=layout(CONTACT, "Contact"))
    assert [(row["email_id"], row["is_primary"]) for row in tables.lines("Contact Email", "Eva")] == [
        ("e@x.example", 1)
    ]
    assert [row["phone"] for row in tables.lines("Contact Phone", "Eva")] == ["1", "2"]
    assert [row["link_name"] for row in tables.lines("Dynamic Link", "Eva")] == ["A"]


def made(tables: Tables, count: int = 1, **values: Any) -> list[NativeRecord]:
    return [stored(result) for result in create(tables, *customers(count, **values))]


def test_an_update_writes_the_given_fields_under_the_lock(tables: Tables) -> None:
    (record,) = made(tables)
    (result,) = update(tables, UpdateItem("C0", {"tax_id": "T"}, record.version, "g0"))
    assert stored(result).values["tax_id"] == "T"
    assert stored(result).version != record.version


@pytest.mark.parametrize("paths", [PATHS, ("customer_name", "tax_id")])
def test_a_stale_version_is_a_conflict_and_the_others_go_on(tables: Tables, paths: tuple[str, ...]) -> None:
    of = layout(paths)
    create(tables, *customers(2))
    records = reader(tables).fetch(of, ["C0", "C1"])
    tables.put("Customer", "C0", {"tax_id": "user"})
    results = update(
        tables,
        UpdateItem("C0", {"tax_id": "bridge"}, records["C0"].version),
        UpdateItem("C1", {"tax_id": "bridge"}, records["C1"].version),
        of=of,
    )
    assert isinstance(results[0].error, errors.VersionConflict)
    assert outcomes(results) == ["failed", "ok"]
    assert tables.find("Customer", "C0")["tax_id"] == "user"


def test_an_edit_of_the_address_makes_the_version_stale(tables: Tables) -> None:
    (record,) = made(tables, **{CITY: "Köln", STREET: "x"})
    tables.put("Address", "C0", {"city": "Ulm"})
    for values in ({"tax_id": "T"}, {CITY: "Rom"}):
        (result,) = update(tables, UpdateItem("C0", values, record.version))
        assert isinstance(result.error, errors.VersionConflict)
    assert tables.find("Address", "C0")["city"] == "Ulm"


def test_only_the_address_is_written_where_only_it_changes(tables: Tables) -> None:
    (record,) = made(tables, **{CITY: "Köln", STREET: "x"})
    before = dict(tables.find("Customer", "C0"))
    (result,) = update(tables, UpdateItem("C0", {CITY: "Rom"}, record.version, "g0"))
    assert stored(result).values[CITY] == "Rom"
    assert stored(result).values[STREET] == "x"
    assert tables.find("Customer", "C0") == before


def test_an_address_is_made_where_there_is_none(tables: Tables) -> None:
    (record,) = made(tables)
    (result,) = update(tables, UpdateItem("C0", {CITY: "Rom", STREET: "y"}, record.version))
    assert stored(result).values[CITY] == "Rom"


def test_an_emptied_address_is_put_out_of_use(tables: Tables) -> None:
    (record,) = made(tables, **{CITY: "Köln", STREET: "x"})
    (result,) = update(tables, UpdateItem("C0", {CITY: None, STREET: None}, record.version))
    assert stored(result).values[CITY] is None
    assert tables.find("Address", "C0")["disabled"] == 1


def test_half_an_address_is_refused_before_anything_is_written(tables: Tables) -> None:
    (record,) = made(tables, **{CITY: "Köln", STREET: "x"})
    (result,) = update(tables, UpdateItem("C0", {"tax_id": "T", CITY: None}, record.version))
    assert isinstance(result.error, errors.Rejected)
    assert result.error.fields == (CITY,)
    assert tables.find("Customer", "C0").get("tax_id") is None


def test_a_lost_answer_to_an_update(tables: Tables) -> None:
    made(tables, 3)
    tables.after["put"] = [None, LOST]
    results = update(tables, *[UpdateItem(f"C{at}", {"tax_id": "T"}) for at in range(3)])
    assert outcomes(results) == ["ok", "unknown", "failed"]
    assert isinstance(results[2].error, errors.Transient)


@pytest.mark.parametrize("values", [{"tax_id": "T"}, {CITY: "Rom", STREET: "x"}])
def test_a_record_that_is_gone(tables: Tables, values: dict[str, Any]) -> None:
    (result,) = update(tables, UpdateItem("gone", values, "2026"))
    assert isinstance(result.error, errors.NotFound)


def test_tags_are_made_what_is_wanted(tables: Tables) -> None:
    made(tables)
    tables.find("Customer", "C0")["_user_tags"] = ",a,b"
    update(tables, UpdateItem("C0", {"_user_tags": ["b", "c"]}))
    assert [(name.rpartition(".")[2], body["tag"]) for name, body in tables.sent] == [
        ("add_tag", "c"),
        ("remove_tag", "a"),
    ]


def test_a_contacts_rows_change_and_the_others_stay(tables: Tables) -> None:
    of = layout(CONTACT, "Contact")
    for name in ("A", "B"):
        tables.customer(name)
    values = {"first_name": "Eva", "email_id": "e@x.example", "phone": "1", "links.Customer": "A"}
    (created,) = create(tables, CreateItem("g1", values), of=of)
    tables.add("Contact Email", "second", email_id="s@x.example", parent="Eva", parenttype="Contact",
               parentfield="email_ids", idx=2, note="n")  # fmt: skip
    changed = {"email_id": "new@x.example", "phone": None, "mobile_no": "2", "links.Customer": "B"}
    (result,) = update(tables, UpdateItem("Eva", changed, stored(created).version), of=of)
    assert result.outcome == "ok"
    emails = tables.lines("Contact Email", "Eva")
    assert [(row["email_id"], row.get("note")) for row in emails] == [("new@x.example", None), ("s@x.example", "n")]
    assert [row["phone"] for row in tables.lines("Contact Phone", "Eva")] == ["2"]
    assert stored(result).values["links.Customer"] == "B"


def test_a_delete_of_what_is_gone_is_done(tables: Tables) -> None:
    (record,) = made(tables)
    assert (
        outcomes(delete(tables, DeleteItem("C0", record.version), DeleteItem("C0"), DeleteItem("never"))) == ["ok"] * 3
    )


def test_a_stale_delete_is_a_conflict(tables: Tables) -> None:
    (record,) = made(tables)
    tables.put("Customer", "C0", {"tax_id": "user"})
    (result,) = delete(tables, DeleteItem("C0", record.version))
    assert isinstance(result.error, errors.VersionConflict)
    assert tables.find("Customer", "C0")


def test_a_refused_delete_leaves_the_others(tables: Tables) -> None:
    made(tables, 2)
    tables.before["delete"] = [errors.Rejected("linked")]
    assert outcomes(delete(tables, DeleteItem("C0"), DeleteItem("C1"))) == ["failed", "ok"]
