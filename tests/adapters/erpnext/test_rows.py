"""Child tables: what stays, what changes, what goes."""

from __future__ import annotations

from bridge.adapters.erpnext.rows import whole, with_channels, with_links

OLD = {"name": "r1", "email_id": "old@x.example", "is_primary": 1, "custom_note": "keep"}
SECOND = {"name": "r2", "email_id": "second@x.example", "is_primary": 0}
PHONE = {"name": "p1", "phone": "+49 30 1", "is_primary_phone": 1, "is_primary_mobile_no": 0}
BOTH = {"name": "p2", "phone": "+49 30 2", "is_primary_phone": 1, "is_primary_mobile_no": 1}


def test_the_primary_row_changes_in_place_and_keeps_all_else() -> None:
    lines = with_channels("email_ids", [SECOND, OLD], {"email_id": "new@x.example"})
    assert lines == [SECOND, {**OLD, "email_id": "new@x.example"}]


def test_the_first_address_is_a_new_primary_row() -> None:
    assert with_channels("email_ids", [], {"email_id": "a@x.example"}) == [{"email_id": "a@x.example", "is_primary": 1}]


def test_a_value_that_another_row_has_makes_no_twin() -> None:
    lines = with_channels("email_ids", [OLD, SECOND], {"email_id": "second@x.example"})
    assert lines == [{**OLD, "email_id": "second@x.example"}]


def test_a_row_that_is_not_primary_becomes_it_where_there_is_none() -> None:
    assert with_channels("email_ids", [SECOND], {"email_id": "second@x.example"}) == [{**SECOND, "is_primary": 1}]


def test_emptying_takes_the_primary_row_away_and_no_other() -> None:
    assert with_channels("email_ids", [OLD, SECOND], {"email_id": None}) == [SECOND]


def test_phone_and_mobile_are_rows_of_one_table() -> None:
    lines = with_channels("phone_nos", [PHONE], {"mobile_no": "+49 170 9"})
    assert lines == [PHONE, {"phone": "+49 170 9", "is_primary_mobile_no": 1}]


def test_a_row_that_is_both_is_left_for_the_other() -> None:
    lines = with_channels("phone_nos", [BOTH], {"phone": "+49 30 9"})
    assert lines == [{**BOTH, "is_primary_phone": 0}, {"phone": "+49 30 9", "is_primary_phone": 1}]


def test_the_same_number_for_phone_and_mobile_is_one_row() -> None:
    lines = with_channels("phone_nos", [], {"phone": "1", "mobile_no": "1"})
    assert lines == [{"phone": "1", "is_primary_phone": 1, "is_primary_mobile_no": 1}]


def test_the_first_link_is_changed_and_other_doctypes_stay() -> None:
    supplier = {"name": "l0", "link_doctype": "Supplier", "link_name": "S", "link_title": "S"}
    customer = {"name": "l1", "link_doctype": "Customer", "link_name": "A", "link_title": "A"}
    assert with_links([supplier, customer], {"Customer": "B"}) == [
        supplier,
        {"name": "l1", "link_doctype": "Customer", "link_name": "B", "link_title": None},
    ]


def test_a_link_is_added_and_taken_away() -> None:
    added = with_links([], {"Customer": "B"})
    assert added == [{"link_doctype": "Customer", "link_name": "B"}]
    assert with_links(added, {"Customer": None}) == []


def test_bookkeeping_is_not_sent_back() -> None:
    row = {**OLD, "owner": "x", "modified": "y", "parent": "z", "idx": 1, "doctype": "Contact Email", "__unsaved": 1}
    assert whole(row) == OLD
