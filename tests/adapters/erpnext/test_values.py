"""Wire values to native values and back."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from bridge.adapters.erpnext.values import decimal_text, from_wire, to_wire

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("fieldtype", "raw", "native"),
    [
        ("Data", "", None),
        ("Data", None, None),
        ("Data", '  O\'Brien \\ "é😀"/ ', '  O\'Brien \\ "é😀"/ '),
        ("Check", 0, False),
        ("Check", 1, True),
        ("Int", 7, 7),
        ("Float", Decimal("12.50"), "12.5"),
        ("Float", Decimal("0.0"), "0"),
        ("Currency", Decimal("1E+17"), "100000000000000000"),
        ("Currency", 123456789012345678, "123456789012345678"),
        ("Data", "123456789012345678", "123456789012345678"),
        ("Date", "2026-01-31", "2026-01-31"),
        ("Datetime", "2026-11-23 10:06:21.686854", "2026-11-23T09:06:21.686854Z"),
        ("Datetime", "2026-07-01 10:00:00", "2026-07-01T08:00:00Z"),
    ],
)
def test_reading(fieldtype: str, raw: object, native: object) -> None:
    assert from_wire(fieldtype, raw, BERLIN) == native
    assert type(from_wire(fieldtype, raw, BERLIN)) is type(native)


@pytest.mark.parametrize(
    ("fieldtype", "native", "wire"),
    [
        ("Data", None, None),
        ("Data", "a", "a"),
        ("Data", True, "1"),
        ("Check", True, 1),
        ("Check", "0", 0),
        ("Check", "true", 1),
        ("Float", "12.5", 12.5),
        ("Currency", "123456789012345678.5", "123456789012345678.5"),
        ("Int", "12", 12),
        ("Date", "2026-01-31", "2026-01-31"),
        ("Datetime", "2026-07-01T08:00:00Z", "2026-07-01 10:00:00.000000"),
    ],
)
def test_writing(fieldtype: str, native: str | bool | None, wire: object) -> None:
    assert to_wire(fieldtype, native, BERLIN) == wire


@pytest.mark.parametrize(
    ("fieldtype", "native"),
    [
        ("Float", "two"),
        ("Float", "NaN"),
        ("Currency", True),
        ("Int", "1.5"),
        ("Check", "perhaps"),
        ("Date", "2026-12-01T00:00:00Z"),
        ("Date", "31.12.2026"),
        ("Date", "2026-02-30"),
        ("Datetime", "2026-12-01 10:00:00"),
        ("Datetime", "soon"),
        ("Data", ["a"]),
    ],
)
def test_what_the_server_would_spoil_is_refused_without_its_value(fieldtype: str, native: str | list[str]) -> None:
    with pytest.raises(ValueError, match="takes") as refused:
        to_wire(fieldtype, native, BERLIN)
    assert str(native) not in str(refused.value)


@pytest.mark.parametrize(("number", "text"), [("-0.0", "0"), ("10", "10"), ("1E-7", "0.0000001"), ("100.00", "100")])
def test_decimals_have_one_form(number: str, text: str) -> None:
    assert decimal_text(Decimal(number)) == text
