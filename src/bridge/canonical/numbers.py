"""Numbers: integers, decimals as exact text, yes and no."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Final

from bridge.canonical.text import as_text
from bridge.canonical.values import InvalidValue, Plain

_DIGITS_AT_MOST: Final = 38
_YES: Final = frozenset({"true", "yes", "1"})
_NO: Final = frozenset({"false", "no", "0"})


def plain_decimal(number: Decimal) -> str:
    """A decimal as text without exponent and trailing zeros; minus zero is zero."""
    if not number:
        return "0"
    shown = format(number, "f")
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def to_decimal(value: Plain) -> Decimal | None:
    """The exact number. Refuses NaN, infinity, and more than 38 digits (what databases and the vendors hold)."""
    if isinstance(value, bool):
        raise InvalidValue("number", "a yes/no value where a number is expected")
    if isinstance(value, int):
        return Decimal(value)
    shown = as_text(value)
    if shown is None:
        return None
    try:
        number = Decimal(shown)
    except InvalidOperation:
        raise InvalidValue("number", "not a number") from None
    if not number.is_finite() or number.adjusted() > _DIGITS_AT_MOST or len(number.as_tuple().digits) > _DIGITS_AT_MOST:
        raise InvalidValue("number", "not a finite number of at most 38 digits")
    return number


def decimal(value: Plain) -> str | None:
    """A decimal number as canonical text: "12.50" and "1.25E1" are "12.5"."""
    number = to_decimal(value)
    return None if number is None else plain_decimal(number)


def integer(value: Plain) -> int | None:
    """A whole number; "12.0" is one, "12.5" is not."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = to_decimal(value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise InvalidValue("number", "not a whole number")
    return int(number)


def boolean(value: Plain) -> bool | None:
    """Yes or no, also as 1 and 0 or in the words true, false, yes, no."""
    if isinstance(value, bool):
        return value
    shown = as_text(value)
    if shown is None:
        return None
    word = shown.lower()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise InvalidValue("boolean", "neither yes nor no")
