"""How several documents look like one record, and what of it may be written."""

from __future__ import annotations

from typing import Any, cast

import pytest
from tests.adapters.erpnext.double import Metas, Place, Tables

from bridge.adapters.erpnext.document import (
    Joined,
    Layout,
    choose,
    layout_of,
    own_stamp,
    record_of,
    tag_names,
    version_of,
)
from bridge.adapters.erpnext.drafts import Drafts
from bridge.adapters.erpnext.reading import Reader
from bridge.ports.errors import KeyFieldMissing, Rejected, Unsupported
from bridge.ports.records import Condition, FieldSpec, ObjectSpec

STAMP = "2026-11-23 10:00:00.000001"


def layout(*paths: str, where: tuple[Condition, ...] = (), key: str = "custom_bridge_id") -> Layout:
    spec = ObjectSpec("customer", "Customer", key, tuple(FieldSpec(path) for path in paths), where)
    return layout_of(spec, cast(Any, Metas()))


def drafts(of: Layout) -> Drafts:
    return Drafts(cast(Any, Place()), of, "fin")


def address(name: str, **values: Any) -> dict[str, Any]:
    return {"name": name, "creation": STAMP, "modified": STAMP, "address_type": "Billing", **values}


def test_unknown_paths_are_named_and_not_asked_for() -> None:
    one = layout("tax_id", "nope", "Address.Billing.nope", "Address.Moon.city", "links.Customer", "Contact.phone")
    assert one.unknown == ("nope", "Address.Billing.nope", "Address.Moon.city", "links.Customer", "Contact.phone")
    assert one.columns == ["name", "modified", "modified_by", "creation", "custom_bridge_id", "tax_id"]


def test_an_address_without_a_type_is_the_billing_address() -> None:
    assert layout("Address.city").roles == ("Billing",)


def test_of_several_addresses_the_preferred_then_the_oldest_stands() -> None:
    old = address("old", creation="2026-01-01 00:00:00")
    new, preferred = address("new"), address("preferred", is_primary_address=1)
    assert choose([new, old], "Billing") is old
    assert choose([new, old, preferred], "Billing") is preferred
    assert choose([address("off", disabled=1), address("ship", address_type="Shipping")], "Billing") is None


def test_a_record_shows_empty_as_none_and_leaves_out_what_is_withheld() -> None:
    one = layout("customer_name", "tax_id", "disabled", "group", "Address.Billing.city", "Address.Shipping.city")
    row = {"name": "A", "modified": STAMP, "custom_bridge_id": "g1", "customer_name": "A", "tax_id": "", "disabled": 0}
    record = record_of(one, row, Joined({"Billing": address("x", city="Köln"), "Shipping": None}), cast(Any, Place()))
    assert record.values == {
        "customer_name": "A",
        "tax_id": None,
        "disabled": False,
        "Address.Billing.city": "Köln",
        "Address.Shipping.city": None,
    }
    assert record.key == "g1"
    assert "Köln" not in repr(record)


def test_a_version_holds_the_stamp_for_the_servers_lock() -> None:
    row = {"name": "A", "modified": STAMP}
    assert version_of(row, {}) == STAMP
    token = version_of(row, {"Billing": address("x")})
    assert own_stamp(token) == STAMP
    assert token != version_of(row, {"Billing": address("y")})
    assert token != version_of(row, {"Billing": address("x", modified="2026")})


def test_tags_are_a_sorted_list() -> None:
    assert tag_names(",b, a,") == ["a", "b"]
    assert tag_names(None) is None


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"nope": "x"}, ("nope",)),
        ({"tax_id": "x", "nope": "x", "other": None}, ("nope", "other")),
        ({"creation": "2026-01-01T00:00:00Z"}, ("creation",)),
        ({"disabled": "perhaps"}, ("disabled",)),
        ({"Address.Billing.city": "x" * 141}, ("Address.Billing.city",)),
    ],
)
def test_what_the_server_would_drop_or_spoil_is_refused_by_name(
    values: dict[str, Any], fields: tuple[str, ...]
) -> None:
    made = drafts(layout("tax_id", "creation", "disabled", "Address.Billing.city"))
    with pytest.raises(Rejected) as refused:
        made.of(values, None, creating=False)
    assert refused.value.fields == fields
    assert "x" * 141 not in str(refused.value)


def test_a_draft_is_sorted_by_document() -> None:
    draft = drafts(layout("tax_id", "Address.Billing.city", "_user_tags")).of(
        {"tax_id": "T", "Address.Billing.city": "Köln", "_user_tags": ["b", "a"]}, "g1", creating=False
    )
    assert draft.own == {"tax_id": "T", "custom_bridge_id": "g1"}
    assert draft.addresses == {"Billing": {"city": "Köln"}}
    assert draft.tags == ["a", "b"]
    assert not draft.plain


def test_the_where_is_set_on_what_is_created() -> None:
    made = drafts(layout("tax_id", where=(Condition("group", "=", "Commercial"), Condition("disabled", "=", False))))
    assert made.of({}, "g1", creating=True).own == {"group": "Commercial", "disabled": 0, "custom_bridge_id": "g1"}
    assert made.of({}, "g1", creating=False).own == {"custom_bridge_id": "g1"}


def test_a_new_address_is_linked_and_preferred() -> None:
    made = drafts(layout("Address.Billing.city", "Address.Billing.address_line1", "Address.Shipping.city"))
    values = {"Address.Billing.city": "Köln", "Address.Billing.address_line1": "Dom 1", "Address.Shipping.city": None}
    draft = made.of(values, "g1", creating=True)
    document = made.new_address(draft, "Billing", "A/B")
    assert document is not None
    assert document["links"] == [{"link_doctype": "Customer", "link_name": "A/B"}]
    assert (document["address_type"], document["is_primary_address"], document["city"]) == ("Billing", 1, "Köln")
    assert made.new_address(draft, "Shipping", "A/B") is None


@pytest.mark.parametrize(
    ("condition", "filters"),
    [
        (Condition("group", "=", 'a"b\\c'), [["group", "=", 'a"b\\c']]),
        (Condition("group", "!=", "x"), [["group", "!=", "x"]]),
        (Condition("group", "in", ("x", "y")), [["group", "in", ["x", "y"]]]),
        (Condition("group", "is set"), [["group", "is", "set"]]),
        (Condition("group", "is not set"), [["group", "is", "not set"]]),
        (Condition("group", "=", None), [["group", "is", "not set"]]),
        (Condition("group", "!=", None), [["group", "is", "set"]]),
        (Condition("disabled", "=", True), [["disabled", "=", 1]]),
    ],
)
def test_a_where_becomes_filters(condition: Condition, filters: list[list[Any]]) -> None:
    reader = Reader(cast(Any, Tables()), cast(Any, Place()), 2000)
    assert reader.where(layout("tax_id", where=(condition,))) == filters


def test_a_where_on_another_document_is_not_to_be_had() -> None:
    reader = Reader(cast(Any, Tables()), cast(Any, Place()), 2000)
    with pytest.raises(Unsupported):
        reader.where(layout("tax_id", where=(Condition("Address.Billing.city", "=", "x"),)))


def test_without_the_key_field_nothing_is_looked_up_by_key() -> None:
    reader = Reader(cast(Any, Tables()), cast(Any, Place()), 2000)
    with pytest.raises(KeyFieldMissing, match="custom_missing"):
        reader.find(layout("tax_id", key="custom_missing"), ["g1"])
