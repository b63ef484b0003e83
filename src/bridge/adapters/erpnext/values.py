"""From ERPNext's wire values to native values and back. Pure.

On the wire a Check is 0 or 1, a number may be a float, an instant is naive text in the site's own time zone with
microseconds ("2026-11-23 10:06:21.686854"), and empty is null, a missing key or "" (reference 2 and 3).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from bridge.ports.records import NativeValue

DECIMALS = frozenset({"Float", "Currency", "Percent", "Rating"})
WHOLE = frozenset({"Int", "Long Int", "Duration"})
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TRUE = frozenset({"1", "true", "yes"})
_FALSE = frozenset({"0", "false", "no"})


def from_wire(fieldtype: str, raw: Any, zone: ZoneInfo) -> NativeValue:
    """The native value of what a list or document holds."""
    if raw is None or raw == "":
        return None
    if fieldtype == "Check":
        return bool(int(raw))
    if fieldtype in DECIMALS:
        return decimal_text(Decimal(str(raw)))
    if fieldtype in WHOLE:
        return int(raw)
    if fieldtype == "Datetime":
        return instant_text(instant(str(raw), zone))
    return raw if isinstance(raw, (bool, int)) else str(raw)


def to_wire(fieldtype: str, value: NativeValue, zone: ZoneInfo) -> Any:
    """What to send for a native value. Raises ValueError with the reason, without the value.

    Checked here because the server does not: a word in a number field becomes 0 (recording 379), an ISO instant in a
    date field is a 500 (375).
    """
    if value is None:
        return None
    if isinstance(value, list):
        raise ValueError("takes one value, not a list")
    if fieldtype == "Check":
        return _check(value)
    if fieldtype in DECIMALS:
        return _number(value)
    if fieldtype in WHOLE:
        return _whole(value)
    if fieldtype == "Date":
        return _date(value)
    if fieldtype == "Datetime":
        return _site_time(value, zone)
    return str(int(value)) if isinstance(value, bool) else str(value)


def decimal_text(number: Decimal) -> str:
    """Decimal text without exponent and trailing zeros."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def instant(stamp: str, zone: ZoneInfo) -> datetime:
    """The UTC instant of a stamp of the site. The hour that a zone repeats in autumn counts as its first."""
    return datetime.fromisoformat(stamp).replace(tzinfo=zone).astimezone(UTC)


def instant_text(moment: datetime) -> str:
    """UTC text with microseconds where there are any."""
    return moment.isoformat().replace("+00:00", "Z")


def _check(value: object) -> int:
    word = str(value).strip().lower()
    if word in _TRUE:
        return 1
    if word in _FALSE:
        return 0
    raise ValueError("takes yes or no")


def _number(value: object) -> Any:
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        raise ValueError("takes a number") from None
    if not number.is_finite() or isinstance(value, bool):
        raise ValueError("takes a number")
    near = float(number)
    # a JSON number is a double: what it cannot hold goes as text, and the server says what it makes of it
    return near if Decimal(repr(near)) == number else decimal_text(number)


def _whole(value: object) -> int:
    try:
        return int(str(value).strip())
    except ValueError:
        raise ValueError("takes a whole number") from None


def _date(value: object) -> str:
    text = str(value)
    try:
        datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a calendar date has no zone
    except ValueError:
        text = ""
    if not _DATE.fullmatch(text):
        raise ValueError("takes a date like 2026-01-31")
    return text


def _site_time(value: object, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except ValueError:
        raise ValueError("takes an instant like 2026-01-31T08:00:00Z") from None
    if moment.tzinfo is None:
        raise ValueError("takes an instant with its zone, like 2026-01-31T08:00:00Z")
    local = moment.astimezone(zone).replace(tzinfo=None)
    # the column compares as text with six digits; an offset would be ignored silently (recording 245)
    return local.isoformat(sep=" ", timespec="microseconds")
