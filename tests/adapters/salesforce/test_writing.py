"""Writing: once each, never over somebody's edit, and what a lost answer leaves behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.salesforce import double
from adapters.salesforce.double import KEY, OWNER, SPEC, Org, adapter_of
from bridge.adapters.salesforce.describe import MOVEMENT
from bridge.ports import errors
from bridge.ports.records import CreateItem, DeleteItem, NativeRecord, UpdateItem, WriteResult

DOUBT = errors.InDoubt("sent a write and got no answer", system="crm")
DOWN = errors.Transient("cannot be reached", system="crm")


def _items(count: int) -> list[CreateItem]:
    return [CreateItem(f"k-{n}", {"Name": f"n{n}"}) for n in range(count)]


def _outcomes(results: Sequence[WriteResult]) -> list[str]:
    return [result.outcome for result in results]


def _stored(result: WriteResult) -> NativeRecord:
    assert result.stored is not None
    return result.stored


def test_a_thousand_creates_cost_at_most_ten_calls() -> None:
    org = Org()
    adapter = adapter_of(org)
    results = adapter.create(SPEC, _items(1000))
    assert all(result.outcome == "ok" and result.created and result.stored for result in results)
    assert [result.stored.key for result in results if result.stored] == [f"k-{n}" for n in range(1000)]
    assert len(org.log) <= 10, org.log
    assert org.log.count("POST composite/sobjects") == 5


def test_a_known_key_gives_the_record_that_has_it_and_keeps_its_values() -> None:
    org = Org()
    first = org.insert(Name="the user's newer name", **{KEY: "k-1"})
    results = adapter_of(org).create(SPEC, _items(3))
    assert [result.created for result in results] == [True, False, True]
    assert results[1].native_id == first
    assert _stored(results[1]).values["Name"] == "the user's newer name"


def test_a_key_that_stands_twice_in_a_batch_makes_one_record() -> None:
    org = Org()
    items = [*_items(2), *_items(1)]
    results = adapter_of(org).create(SPEC, items)
    assert [result.created for result in results] == [True, True, False]
    assert results[2].native_id == results[0].native_id


def test_a_lost_answer_in_the_middle() -> None:
    org = Org()
    org.before = lambda method: org.faults.append(("POST", DOUBT, True)) if org.log.count(POST) == 2 else None
    adapter = adapter_of(org, batch=2)
    items = _items(6)
    results = adapter.create(SPEC, items)
    assert _outcomes(results) == ["ok", "ok", "unknown", "unknown", "failed", "failed"]
    assert isinstance(results[4].error, errors.Transient)
    org.before = None
    org.faults.clear()
    found = adapter.find(SPEC, [item.key for item in items])
    assert [len(found[item.key]) for item in items] == [1, 1, 1, 1, 0, 0]
    again = adapter.create(SPEC, items)
    assert [result.created for result in again] == [False, False, False, False, True, True]


POST = "POST composite/sobjects"


def test_a_first_call_that_does_nothing_raises() -> None:
    org = Org()
    org.faults.append(("POST", DOWN, False))
    with pytest.raises(errors.Transient):
        adapter_of(org).create(SPEC, _items(3))


def test_a_later_call_that_does_nothing_leaves_the_first_ones_done() -> None:
    org = Org()
    org.before = lambda method: org.faults.append(("POST", DOWN, False)) if org.log.count(POST) == 2 else None
    assert _outcomes(adapter_of(org, batch=2).create(SPEC, _items(4))) == ["ok", "ok", "failed", "failed"]


def test_a_reading_back_that_fails_does_not_undo_the_write() -> None:
    org = Org()
    adapter = adapter_of(org)
    adapter.find(SPEC, ["k-0"])
    org.faults.append(("GET", DOWN, False))
    result = adapter.create(SPEC, _items(1))[0]
    assert (result.outcome, result.created, result.stored) == ("ok", True, None)
    assert result.native_id


def test_a_call_that_is_refused_as_a_whole_is_taken_apart() -> None:
    org = Org()
    org.faults.append(("POST", errors.Rejected("cannot read one of the values", system="crm"), False))
    assert _outcomes(adapter_of(org).create(SPEC, _items(6))) == ["ok"] * 6


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"Nowhere__c": "x"}, "Nowhere__c"),
        ({"SystemModstamp": "2026-01-31T08:00:00Z"}, "SystemModstamp"),
        ({"Credit__c": "a lot"}, "Credit__c"),
        ({"ParentId": "not an id"}, "ParentId"),
        ({"OwnerId": "nobody@acme.example"}, "OwnerId"),
        ({"Tags__c": ["a;b"]}, "Tags__c"),
        ({"Phone": "9" * 41}, "Phone"),
    ],
)
def test_a_bad_item_is_refused_with_its_field_and_takes_no_other_down(values: dict[str, object], field: str) -> None:
    org = Org()
    bad = CreateItem("k-bad", {"Name": "bad", **values})  # type: ignore[dict-item]
    results = adapter_of(org).create(SPEC, [*_items(1), bad, CreateItem("k-9", {"Name": "n9"})])
    assert _outcomes(results) == ["ok", "failed", "ok"]
    error = results[1].error
    assert isinstance(error, errors.Rejected)
    assert not isinstance(error, errors.MissingReference)
    assert error.fields == (field,)
    assert "9" * 41 not in str(error)
    assert adapter_of(org).find(SPEC, ["k-bad"]) == {"k-bad": []}


def test_a_key_field_that_is_not_unique_makes_no_records() -> None:
    org = Org()
    for field in org.description["fields"]:
        field["unique"] = False
    result = adapter_of(org).create(SPEC, _items(1))[0]
    assert isinstance(result.error, errors.Rejected)
    assert "not unique" in str(result.error)


def test_owners_are_found_by_their_address_and_looked_up_once() -> None:
    org = Org()
    org.add_user("005000000000002AAA", "bob@acme.example")
    org.add_user("005000000000003AAA", "bob@acme.example", active=False)
    org.add_user("005000000000004AAA", "two@acme.example", "two@acme.example")
    org.add_user("005000000000005AAA", "two@acme.example", "other@acme.example")
    items = [
        CreateItem("k-1", {"Name": "a", "OwnerId": "Bob@ACME.example"}),
        CreateItem("k-2", {"Name": "b", "OwnerId": "two@acme.example"}),
        CreateItem("k-3", {"Name": "c", "OwnerId": None}),
    ]
    results = adapter_of(org).create(SPEC, items)
    held = [org.held(result.native_id or "")["OwnerId"] for result in results]
    assert held == ["005000000000002AAA", "005000000000004AAA", OWNER]
    assert sum("FROM User" in query for query in org.said) == 1


def test_two_users_of_one_address_are_not_guessed_at() -> None:
    org = Org()
    for n in (2, 3):
        org.add_user(f"00500000000000{n}AAA", "bob@acme.example", f"bob{n}@acme.example")
    result = adapter_of(org).create(SPEC, [CreateItem("k-1", {"Name": "a", "OwnerId": "bob@acme.example"})])[0]
    assert isinstance(result.error, errors.Rejected)
    assert "bob" not in str(result.error)


def test_stored_is_what_the_org_holds() -> None:
    org = Org()
    adapter = adapter_of(org)
    result = adapter.create(SPEC, [CreateItem("k-1", {"Name": "  spaces  ", "Phone": "", "Tags__c": ["b", "a"]})])[0]
    record = _stored(result)
    assert (record.values["Name"], record.values["Phone"], record.values["Tags__c"]) == ("spaces", None, ["a", "b"])
    result = adapter.update(SPEC, [UpdateItem(record.native_id, {"Name": " x ", "Tags__c": None})])[0]
    assert (_stored(result).values["Name"], _stored(result).values["Tags__c"]) == ("x", None)


def test_large_numbers_are_sent_whole() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    adapter_of(org).update(SPEC, [UpdateItem(native_id, {"Credit__c": "123456789012345678.05"})])
    assert Decimal(org.held(native_id)["Credit__c"]) == Decimal("123456789012345678.05")


def test_an_update_changes_only_what_is_given_and_can_link() -> None:
    org = Org()
    native_id = org.insert(Name="a", Phone="1")
    result = adapter_of(org).update(SPEC, [UpdateItem(native_id, {"Name": "b"}, key="k-1")])[0]
    assert result.outcome == "ok"
    held = org.held(native_id)
    assert (held["Name"], held["Phone"], held[KEY]) == ("b", "1", "k-1")


@pytest.mark.parametrize("same_second", [True, False])
def test_a_stale_version_is_refused_even_within_its_second(same_second: bool) -> None:
    org = Org()
    moved, still = org.insert(Name="a"), org.insert(Name="b")
    adapter = adapter_of(org)
    seen = adapter.fetch(SPEC, [moved, still])
    org.tick(0 if same_second else 5)
    org.edit(moved, Name="the user's")
    updates = [UpdateItem(i, {"Name": "bridge's"}, seen[i].version) for i in (moved, still)]
    results = adapter.update(SPEC, updates)
    assert _outcomes(results) == ["failed", "ok"]
    assert isinstance(results[0].error, errors.VersionConflict)
    assert org.held(moved)["Name"] == "the user's"
    deletion = adapter.delete(SPEC, [DeleteItem(moved, seen[moved].version)])[0]
    assert isinstance(deletion.error, errors.VersionConflict)
    assert not org.held(moved)["IsDeleted"]


class TestMovements:
    """Salesforce keeps no journal of what a number was: the record itself says which movement is in it."""

    MOVED = replace(SPEC, sums=("Credit__c",))

    def test_the_record_carries_the_reference_of_its_last_movement(self) -> None:
        org = Org()
        native_id = org.insert(Name="a", Credit__c="10")
        adapter = adapter_of(org)
        assert adapter.capabilities(self.MOVED).books
        item = UpdateItem(native_id, {"Credit__c": "7"}, deltas={"Credit__c": "-3"}, reference="m-1")
        assert adapter.update(self.MOVED, [item])[0].outcome == "ok"
        assert (Decimal(org.held(native_id)["Credit__c"]), org.held(native_id)[MOVEMENT]) == (Decimal(7), "m-1")
        assert adapter.booked(self.MOVED, ["m-0", "m-1", "M-1"]) == {"m-1"}

    def test_a_movement_that_was_lost_is_told_from_one_that_somebody_edited(self) -> None:
        org = Org()
        arrived, lost = org.insert(Name="a", Credit__c="10"), org.insert(Name="b", Credit__c="10")
        adapter = adapter_of(org)
        adapter.update(self.MOVED, [UpdateItem(arrived, {"Credit__c": "7"}, None, None, {"Credit__c": "-3"}, "m-1")])
        for native_id in (arrived, lost):  # both show the same number in the end
            org.tick(5)
            org.edit(native_id, Credit__c="8")
        assert adapter.booked(self.MOVED, ["m-1", "m-2"]) == {"m-1"}

    def test_what_is_no_movement_says_nothing_of_one(self) -> None:
        org = Org()
        native_id = org.insert(Name="a")
        adapter_of(org).update(self.MOVED, [UpdateItem(native_id, {"Name": "b"})])
        assert org.held(native_id)[MOVEMENT] is None

    def test_without_the_field_nothing_is_moved(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delitem(double._COLUMNS, MOVEMENT)
        org = Org()
        native_id = org.insert(Name="a", Credit__c="10")
        item = UpdateItem(native_id, {"Credit__c": "7"}, deltas={"Credit__c": "-3"}, reference="m-1")
        with pytest.raises(errors.KeyFieldMissing, match=MOVEMENT):
            adapter_of(org).update(self.MOVED, [item])
        assert Decimal(org.held(native_id)["Credit__c"]) == Decimal(10)

    def test_other_objects_book_nothing(self) -> None:
        adapter = adapter_of(Org())
        assert not adapter.capabilities(SPEC).books
        with pytest.raises(errors.Unsupported):
            adapter.booked(SPEC, ["m-1"])


def test_missing_records_are_not_found_and_take_no_other_down() -> None:
    org = Org()
    gone, purged, kept = org.insert(Name="g"), org.insert(Name="p"), org.insert(Name="k")
    org.erase(gone)
    org.purge(purged)
    items = [UpdateItem(i, {"Name": "x"}) for i in (gone, purged, "no such id", kept)]
    results = adapter_of(org).update(SPEC, items)
    assert _outcomes(results) == ["failed", "failed", "failed", "ok"]
    assert all(type(result.error) is errors.NotFound for result in results[:3])


def test_a_record_that_cannot_be_looked_at_is_not_said_to_be_gone() -> None:
    org = Org()
    purged = org.insert(Name="p")
    org.purge(purged)
    adapter = adapter_of(org)
    adapter.fetch(SPEC, [])
    org.faults.append(("GET", DOWN, False))
    result = adapter.update(SPEC, [UpdateItem(purged, {"Name": "x"})])[0]
    assert isinstance(result.error, errors.MissingReference)


def test_deleting_what_is_gone_is_ok() -> None:
    org = Org()
    first, second, purged = org.insert(Name="a"), org.insert(Name="b"), org.insert(Name="c")
    org.purge(purged)
    adapter = adapter_of(org)
    adapter.delete(SPEC, [DeleteItem(second)])
    items = [DeleteItem(i) for i in (first, second, purged, "no such id")]
    assert _outcomes(adapter.delete(SPEC, items)) == ["ok"] * 4
    assert org.held(first)["IsDeleted"]


def test_one_record_twice_in_a_batch_is_written_in_order() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    items = [UpdateItem(native_id, {"Name": "first"}), UpdateItem(native_id, {"Name": "second"})]
    assert _outcomes(adapter_of(org).update(SPEC, items)) == ["ok", "ok"]
    assert org.held(native_id)["Name"] == "second"
    assert org.log.count("PATCH composite/sobjects") == 2


def test_an_answer_that_does_not_fit_the_question_is_doubt() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    adapter = adapter_of(org)
    answer = org._answer
    org._answer = lambda method, *rest: [] if method == "PATCH" else answer(method, *rest)  # type: ignore[method-assign]
    assert _outcomes(adapter.update(SPEC, [UpdateItem(native_id, {"Name": "b"})])) == ["unknown"]


def test_empty_batches_make_no_call() -> None:
    org = Org()
    adapter = adapter_of(org)
    assert adapter.create(SPEC, []) == adapter.update(SPEC, []) == adapter.delete(SPEC, []) == []
    assert not any("composite" in call for call in org.log)
