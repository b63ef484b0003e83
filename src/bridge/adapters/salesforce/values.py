"""From Salesforce's wire values to native values and back. Pure.

On the wire a number is a JSON number, an instant "2026-01-31T08:00:00.000+0000", a multi-select picklist "a;b" in the
order in which the field defines its choices, and empty is null. Texts are trimmed and "" becomes null on saving.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.ports.records import NativeValue

DECIMALS = frozenset({"double", "currency", "percent"})
CONVERTED = DECIMALS | {"multipicklist", "datetime", "int"}
"""Types of which a text on the wire is not the value as it is."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def from_wire(kind: str, raw: Any, *, several: bool = False) -> NativeValue:
    """The native value of what a query answered. kind: the type by describe; several: present a list in any case."""
    if raw is None or raw == "":
        return None
    if kind == "multipicklist" or several:
        return sorted({part.strip() for part in str(raw).split(";")} - {""}) or None
    if kind in DECIMALS:
        return decimal_text(Decimal(str(raw)))
    if kind == "datetime":
        return instant_text(instant(str(raw)))
    if isinstance(raw, bool):
        return raw
    if kind == "int":
        return int(raw)
    if isinstance(raw, Mapping):
        return None  # a compound (an address): its parts are fields of their own
    return str(raw)


def to_wire(kind: str, value: NativeValue, *, several: bool = False) -> Any:
    """What to send for a native value. Raises ValueError with the reason, without the value."""
    if value is None or value == "":
        return None
    if kind == "multipicklist" or several:
        return _joined(value)
    if isinstance(value, list):
        raise ValueError("takes one value, not a list")
    convert = _CONVERT.get(kind)
    if convert is not None:
        return convert(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def decimal_text(number: Decimal) -> str:
    """Decimal text without exponent and trailing zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def instant(text: str) -> datetime:
    """The UTC instant of a stamp ("+0000" in JSON, "Z" in bulk files)."""
    return datetime.fromisoformat(text).astimezone(UTC)


def instant_text(moment: datetime) -> str:
    """UTC text, with microseconds where there are any."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _joined(value: NativeValue) -> str | None:
    parts = value if isinstance(value, list) else [str(value)]
    if any(";" in part for part in parts):
        raise ValueError("cannot hold a choice with a semicolon in it")
    return ";".join(parts) or None


def _check(value: object) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise ValueError("takes yes or no")


def _number(value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        raise ValueError("takes a number") from None
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError("takes a number")
    return number


def _whole(value: object) -> int:
    number = _number(value)
    if number != number.to_integral_value():
        raise ValueError("takes a whole number")
    return int(number)


def _date(value: object) -> str:
    text = str(value)
    if not _DATE.fullmatch(text):
        raise ValueError("takes a date like 2026-01-31")
    return text


def _datetime(value: object) -> str:
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        raise ValueError("takes an instant like 2026-01-31T08:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("takes an instant with its time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


_CONVERT: Mapping[str, Callable[[object], Any]] = {
    "boolean": _check,
    "int": _whole,
    "double": _number,
    "currency": _number,
    "percent": _number,
    "date": _date,
    "datetime": _datetime,
}
