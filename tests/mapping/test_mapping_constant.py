"""`= EUR`: what is so for every record of a system, which has no field for it."""

from __future__ import annotations

import pytest

from bridge.mapping.load import parse_mapping
from bridge.ports.errors import MappingError
from engine.orders import MAPPING, SYSTEMS, agreed, due, order, scene
from mapping.mapping_text import changed

LINES = {"a": ("Apples", "2", "1.5")}
EUROS = changed(("currency:   {crm: Cur, erp", "currency:   {crm: = EUR, required: yes, erp"), text=MAPPING)


def in_crm() -> dict[str, object]:
    values = order("crm", LINES)
    del values["Cur"]
    return values


def test_it_is_that_system_s_word_at_first_contact() -> None:
    one = scene(EUROS)
    one.says("crm", in_crm())
    assert one.golden.values["currency"] == "EUR"
    assert due(one, "erp").values["currency"] == "EUR"


def test_nothing_is_written_for_it() -> None:
    one = scene(EUROS)
    one.says("erp", order("erp", LINES))
    wanted = due(one, "crm")
    assert not wanted.problems
    assert "Cur" not in wanted.values
    assert not any("EUR" in str(value) for value in wanted.values.values())


def test_a_record_with_another_value_is_not_made_there() -> None:
    one = scene(EUROS)
    one.says("erp", order("erp", LINES, currency="JPY"))
    wanted = due(one, "crm")
    assert wanted.refused
    assert wanted.problems == ("order.currency: all records of this system have 'EUR' there, and this one has not",)


def test_another_value_at_first_contact_is_a_difference() -> None:
    one = scene(EUROS)
    one.says("erp", order("erp", LINES, currency="JPY"))
    one.says("crm", in_crm())
    assert [(c.unit, c.rule) for c in one.conflicts if c.unit == "currency"] == [("currency", "first contact")]


def test_seen_again_it_says_nothing_new() -> None:
    one = scene(EUROS)
    one.says("crm", in_crm())
    one.says("erp", order("erp", LINES))
    one.says("crm", {**in_crm(), "Number": "SO2"}, 9)
    assert one.golden.values["currency"] == "EUR"
    assert one.conflicts == []


def test_a_value_that_is_none_of_the_type_is_an_error_at_its_place() -> None:
    text = changed(("crm: Cur", "crm: = euros"), text=MAPPING)
    (said,) = [str(one) for one in parse_mapping(text, "mappings/order.yaml", SYSTEMS)[1]]
    assert "fields.currency.crm: 'euros' is no value of type 'currency'" in said


def test_the_error_names_the_system() -> None:
    emap, _ = parse_mapping(EUROS, "mappings/order.yaml", SYSTEMS)
    assert emap is not None
    with pytest.raises(MappingError, match=r"crm: order\.currency: all records of this system have 'EUR' there"):
        emap.encode("crm", "currency", "USD")
    assert agreed(LINES).golden.values["currency"] == "EUR"
