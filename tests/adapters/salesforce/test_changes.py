"""Changes: nothing is lost at equal stamps, late commits, deletes and merges; nothing is asked too often."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.salesforce.double import KEY, SPEC, Org, adapter_of
from bridge.adapters.salesforce.adapter import SalesforceAdapter
from bridge.ports.errors import CursorExpired, Unsupported
from bridge.ports.records import ChangePage, Condition, FieldSpec, NativeRecord, Tombstone


def _read(adapter: SalesforceAdapter, cursor: str | None = None, limit: int = 2000) -> ChangePage:
    """All pages as one."""
    records: list[NativeRecord] = []
    tombstones: list[Tombstone] = []
    for _ in range(100):
        page = adapter.changes(SPEC, cursor, limit)
        records += page.records
        tombstones += page.tombstones
        cursor = page.cursor
        if not page.more:
            return ChangePage(tuple(records), tuple(tombstones), cursor, False)
    raise AssertionError("no end")


def _ids(page: ChangePage) -> set[str]:
    return {record.native_id for record in page.records}


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_equal_stamps_are_not_lost_on_page_edges(limit: int) -> None:
    org = Org()
    made = {org.insert(Name=f"n{n}") for n in range(7)}
    page = _read(adapter_of(org), limit=limit)
    assert _ids(page) == made
    assert len(page.records) == 7


def test_a_late_commit_with_an_older_stamp_is_found() -> None:
    org = Org()
    cursor = _read(adapter_of(org)).cursor
    late = org.insert(Name="late", late=300)
    org.tick(200)
    org.insert(Name="newer")
    before = _read(adapter_of(org), cursor)
    assert late not in _ids(before)
    org.tick(150)
    assert late in _ids(_read(adapter_of(org), before.cursor))


def test_a_late_commit_during_a_long_first_contact_is_found() -> None:
    org = Org()
    for n in range(4):
        org.insert(Name=f"n{n}")
        org.tick(60)
    late = org.insert(Name="late", late=100)
    org.tick(10)
    org.insert(Name="last")
    adapter = adapter_of(org)
    page = adapter.changes(SPEC, None, 4)
    page = adapter.changes(SPEC, page.cursor, 4)
    org.tick(3600)
    rest = _read(adapter, page.cursor)
    assert late in _ids(rest)


def test_what_went_during_a_first_contact_is_told() -> None:
    org = Org()
    first = org.insert(Name="a")
    org.tick(3600)
    org.insert(Name="b")
    adapter = adapter_of(org, deletes_interval=None)
    page = adapter.changes(SPEC, None, 1)
    org.tick(30)
    org.erase(first)
    org.tick(7200)  # by now nothing recent is left, so that no overlap helps
    rest = _read(adapter, page.cursor)
    assert first in {stone.native_id for stone in rest.tombstones}


def test_what_was_in_the_bin_at_the_first_contact_is_not_told() -> None:
    org = Org()
    org.erase(org.insert(Name="old"))
    org.tick(60)
    assert _read(adapter_of(org)).tombstones == ()


def test_deletes_and_merges_come_with_the_changes_in_one_call() -> None:
    org = Org()
    winner, loser, gone = (org.insert(Name=name) for name in ("w", "l", "g"))
    adapter = adapter_of(org)
    cursor = _read(adapter).cursor
    org.tick(60)
    org.erase(loser, master=winner)
    org.erase(gone)
    org.log.clear()
    page = _read(adapter, cursor)
    stones = {stone.native_id: stone.merged_into for stone in page.tombstones}
    assert stones == {loser: winner, gone: None}
    assert org.log == ["GET queryAll"]


def test_what_left_the_recycle_bin_unseen_is_in_the_log() -> None:
    org = Org()
    gone, back = org.insert(Name="g"), org.insert(Name="b")
    org.tick(7200)
    adapter = adapter_of(org)
    cursor = _read(adapter).cursor
    org.tick(3600)
    org.purge(gone)
    org.erase(back)
    org.edit(back, IsDeleted=False)
    org.tick(400)
    org.insert(Name="another")
    for limit in (1, 10):
        page = _read(adapter, cursor, limit)
        assert [stone.native_id for stone in page.tombstones] == [gone]
        assert back in _ids(page)


def test_a_delete_that_is_in_the_bin_and_in_the_log_is_told_once() -> None:
    org = Org()
    winner, loser = org.insert(Name="w"), org.insert(Name="l")
    adapter = adapter_of(org)
    cursor = _read(adapter).cursor
    org.tick(3600)
    org.erase(loser, master=winner)
    org.tick(10)
    stones = _read(adapter, cursor).tombstones
    assert [(stone.native_id, stone.merged_into) for stone in stones] == [(loser, winner)]


def test_a_log_that_does_not_reach_back_asks_for_a_full_reading() -> None:
    org = Org()
    cursor = _read(adapter_of(org)).cursor
    org.tick(3600)
    org.earliest = org.time.strftime("%Y-%m-%dT%H:%M:%S.000+0000")
    with pytest.raises(CursorExpired):
        _read(adapter_of(org), cursor)


def test_a_position_older_than_the_recycle_bin_asks_for_a_full_reading() -> None:
    org = Org()
    cursor = _read(adapter_of(org)).cursor
    org.tick(16 * 86_400)
    with pytest.raises(CursorExpired):
        _read(adapter_of(org), cursor)


def test_a_cursor_can_be_replayed() -> None:
    org = Org()
    cursor = _read(adapter_of(org)).cursor
    made = {org.insert(Name=f"n{n}") for n in range(3)}
    adapter = adapter_of(org)
    assert _ids(_read(adapter, cursor, 2)) == made
    assert _ids(_read(adapter, cursor, 2)) == made


def test_a_thousand_unchanged_records_cost_one_call() -> None:
    org = Org()
    for n in range(1000):
        org.insert(Name=f"n{n}")
    adapter = adapter_of(org)
    cursor = _read(adapter).cursor
    assert len(org.log) == 2  # the describe and the query
    org.log.clear()
    _read(adapter, cursor)
    assert org.log == ["GET queryAll"]


def test_what_has_long_been_quiet_is_not_delivered_again() -> None:
    org = Org()
    org.insert(Name="a")
    cursor = _read(adapter_of(org)).cursor
    for _ in range(3):
        org.tick(600)
        page = _read(adapter_of(org), cursor)
        cursor = page.cursor
    assert page.records == ()


def test_a_record_in_full() -> None:
    org = Org()
    parent = org.insert(Name="p")
    native_id = org.insert(Name="O'Neil 🚀", ParentId=parent, Tags__c="b;a", Credit__c=12.5, **{KEY: "k-1"})
    record = adapter_of(org).fetch(SPEC, [native_id])[native_id]
    assert dict(record.values) == {
        "Name": "O'Neil 🚀",
        "Phone": None,
        "ParentId": parent,
        "OwnerId": "ann@acme.example",
        "Tags__c": ["a", "b"],
        "Credit__c": "12.5",
    }
    assert record.key == "k-1"
    assert record.modified == org.time
    assert "Neil" not in repr(record) + record.version


def test_two_edits_in_one_second_have_two_versions() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    adapter = adapter_of(org)
    before = adapter.fetch(SPEC, [native_id])[native_id].version
    org.edit(native_id, Name="b")
    assert adapter.fetch(SPEC, [native_id])[native_id].version != before


def test_fetch_by_fifteen_characters_and_by_nonsense() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    # the double compares ids as text, Salesforce takes both lengths
    org.db.execute("UPDATE Account SET Id = substr(Id, 1, 15)")
    found = adapter_of(org).fetch(SPEC, [native_id[:15], "no such id", "'; --", "../x"])
    assert set(found) == {native_id[:15]}


def test_find_answers_every_key_exactly() -> None:
    org = Org()
    native_id = org.insert(Name="a", **{KEY: "it's \\ a/key?"})
    found = adapter_of(org).find(SPEC, ["it's \\ a/key?", "absent", ""])
    assert [record.native_id for record in found["it's \\ a/key?"]] == [native_id]
    assert (found["absent"], found[""]) == ([], [])
    assert adapter_of(org).find(SPEC, ["IT'S \\ A/KEY?"]) == {"IT'S \\ A/KEY?": []}


def test_refs_are_complete_page_by_page() -> None:
    org = Org()
    made = {org.insert(Name=f"n{n}") for n in range(7)}
    gone = org.insert(Name="gone")
    org.erase(gone)
    org.insert(Name=None)
    pages = list(adapter_of(org, page=3).refs(SPEC))
    assert {native_id for page in pages for native_id in page} == made
    assert max(map(len, pages)) == 3


def test_fields_that_are_not_shown_are_not_observed() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    spec = replace(SPEC, fields=(*SPEC.fields, FieldSpec("Hidden__c")))
    assert "Hidden__c" not in adapter_of(org).fetch(spec, [native_id])[native_id].values


def test_a_where_on_a_hidden_field_is_refused_rather_than_ignored() -> None:
    spec = replace(SPEC, where=(Condition("Hidden__c", "is set"),))
    with pytest.raises(Unsupported, match="Hidden__c"):
        adapter_of(Org()).changes(spec, None, 10)


def test_a_field_that_went_is_left_out_after_a_new_describe() -> None:
    org = Org()
    native_id = org.insert(Name="a")
    adapter = adapter_of(org)
    adapter.fetch(SPEC, [native_id])
    gone = Unsupported("no such column", system="crm", vendor_code="INVALID_FIELD")
    org.description["fields"] = [field for field in org.description["fields"] if field["name"] != "Phone"]
    org.faults.append(("GET", gone, False))
    assert "Phone" not in adapter.fetch(SPEC, [native_id])[native_id].values
