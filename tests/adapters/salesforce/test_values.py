"""Values: there and back, without a lost digit, and null is not empty text."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from bridge.adapters.salesforce.client import encode
from bridge.adapters.salesforce.values import from_wire, to_wire
from bridge.ports.records import NativeValue


@pytest.mark.parametrize(
    ("kind", "wire", "native"),
    [
        ("string", None, None),
        ("string", "", None),
        ("string", "O'Neil \\ 🚀 / ß", "O'Neil \\ 🚀 / ß"),
        ("currency", Decimal("12.50"), "12.5"),
        ("currency", 0, "0"),
        ("currency", 123456789012345678, "123456789012345678"),
        ("double", Decimal("1E+3"), "1000"),
        ("double", Decimal("-0.0"), "0"),
        ("percent", 100, "100"),
        ("int", 7, 7),
        ("boolean", False, False),
        ("date", "2026-01-31", "2026-01-31"),
        ("datetime", "2026-01-31T08:00:00.000+0000", "2026-01-31T08:00:00Z"),
        ("datetime", "2026-01-31T09:00:00.120+0100", "2026-01-31T08:00:00.120000Z"),
        ("multipicklist", "b;a", ["a", "b"]),
        ("reference", "001000000000001AAA", "001000000000001AAA"),
        ("address", {"city": "X"}, None),
    ],
)
def test_from_the_wire(kind: str, wire: Any, native: NativeValue) -> None:
    value = from_wire(kind, wire)
    assert value == native
    assert type(value) is type(native)


@pytest.mark.parametrize(
    ("kind", "native", "wire"),
    [
        ("string", "", None),
        ("string", True, "true"),
        ("currency", "123456789012345678.05", Decimal("123456789012345678.05")),
        ("int", "7", 7),
        ("boolean", "0", False),
        ("multipicklist", ["a", "b"], "a;b"),
        ("multipicklist", [], None),
        ("datetime", "2026-01-31T08:00:00.120000Z", "2026-01-31T08:00:00.120Z"),
        ("date", "2026-01-31", "2026-01-31"),
    ],
)
def test_to_the_wire(kind: str, native: NativeValue, wire: Any) -> None:
    assert to_wire(kind, native) == wire


@pytest.mark.parametrize(
    ("kind", "native"),
    [
        ("currency", "twelve"),
        ("currency", "NaN"),
        ("int", "1.5"),
        ("boolean", "maybe"),
        ("date", "31.1.2026"),
        ("datetime", "2026-01-31T08:00:00"),
        ("datetime", "yesterday"),
        ("string", ["a"]),
        ("multipicklist", ["a;b"]),
    ],
)
def test_what_the_field_cannot_hold_is_refused_without_saying_it(kind: str, native: NativeValue) -> None:
    with pytest.raises(ValueError, match=r"takes|cannot hold") as refused:
        to_wire(kind, native)
    assert str(native) not in str(refused.value)


def test_json_keeps_every_digit() -> None:
    text = encode(
        {"records": [{"Credit__c": Decimal("123456789012345678.05"), "Name": 'a"\\\n🚀', "Gone": None, "On": True}]}
    )
    assert "123456789012345678.05" in text
    assert json.loads(text, parse_float=Decimal)["records"][0]["Credit__c"] == Decimal("123456789012345678.05")
    assert json.loads(text)["records"][0] | {"Credit__c": 0} == {
        "Credit__c": 0,
        "Name": 'a"\\\n🚀',
        "Gone": None,
        "On": True,
    }
