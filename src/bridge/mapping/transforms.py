"""Named transforms: pairs of functions between native values and the form in which a field's type reads them.

A transform stands between a native path (or several, joined by +) and the field type. Each is an inverse pair, or says
of itself that it is lossy: then what is written may read back as less, and bridge compares in the system's own form.
A transform without `write` serves reading only.

A site adds its own as Python functions, handed to `load_mappings`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.canonical.numbers import plain_decimal, to_decimal
from bridge.canonical.text import as_text
from bridge.canonical.times import calendar_date, instant
from bridge.canonical.values import InvalidValue, Normal, Plain
from bridge.mapping.joined import join_lines, stages, together
from bridge.mapping.markup import html_to_text, text_to_html
from bridge.mapping.pairs import Maker, Transform, one_path, plain_value

_TEXTS: Final = frozenset({"text", "longtext", "tax id", "email", "phone", "url", "reference"})
_NUMBERS: Final = frozenset({"decimal", "money"})


def trim(paths: int, arguments: Sequence[str]) -> Transform:
    """Blanks inside a text shrink to one. (Outer blanks go everywhere, without any transform.)"""
    one_path(paths, arguments)

    def squeeze(value: Plain) -> Plain:
        return " ".join(value.split()) if isinstance(value, str) else value

    return Transform(squeeze, lambda value: (squeeze(plain_value(value)),), lossy=True, types=_TEXTS)


def upper(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds capitals only."""
    one_path(paths, arguments)
    return Transform(_upper, lambda value: (_upper(plain_value(value)),), lossy=True, types=_TEXTS)


def _upper(value: Plain) -> Plain:
    return value.upper() if isinstance(value, str) else value


def lower(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds small letters only."""
    one_path(paths, arguments)
    return Transform(_lower, lambda value: (_lower(plain_value(value)),), lossy=True, types=_TEXTS)


def _lower(value: Plain) -> Plain:
    return value.lower() if isinstance(value, str) else value


def scale(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds this many digits after the point; halves are rounded away from zero."""
    one_path(paths, arguments, takes=1)
    if not arguments[0].isdigit():
        raise ValueError("takes the number of digits after the point, as scale(2)")
    step = Decimal(1).scaleb(-int(arguments[0]))

    def write(value: object) -> Sequence[Plain]:
        number = to_decimal(plain_value(value))
        return (None if number is None else plain_decimal(number.quantize(step, ROUND_HALF_UP)),)

    return Transform(lambda value: value, write, lossy=True, types=_NUMBERS)


def cents(paths: int, arguments: Sequence[str]) -> Transform:
    """The system counts hundredths: 1250 there is 12.5 here. A part of a cent cannot be written."""
    one_path(paths, arguments)

    def read(value: Plain) -> Plain:
        number = to_decimal(value)
        return None if number is None else plain_decimal(number.scaleb(-2))

    def write(value: object) -> Sequence[Plain]:
        number = to_decimal(plain_value(value))
        if number is None:
            return (None,)
        whole = number.scaleb(2)
        if whole != whole.to_integral_value():
            raise InvalidValue("transform", "a part of a cent, which the system cannot hold")
        return (int(whole),)

    return Transform(read, write, types=_NUMBERS)


def bool_text(paths: int, arguments: Sequence[str]) -> Transform:
    """The system writes yes and no in words of its own: bool_text(Ja, Nein)."""
    one_path(paths, arguments, takes=2)
    yes, no = arguments
    if not yes or not no or yes.casefold() == no.casefold():
        raise ValueError("takes two different words, the one for yes first")
    words: dict[str, Plain] = {yes.casefold(): True, no.casefold(): False}

    def read(value: Plain) -> Plain:
        shown = as_text(value)
        if shown is not None and shown.casefold() not in words:
            raise InvalidValue("unknown value", "neither of the two words for yes and no")
        return None if shown is None else words[shown.casefold()]

    def write(value: object) -> Sequence[Plain]:
        return (None if value is None else yes if value else no,)

    return Transform(read, write, types=frozenset({"boolean"}))


def html_text(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds HTML: read as plain text, written as paragraphs. Formatting is lost when bridge writes."""
    one_path(paths, arguments)

    def read(value: Plain) -> Plain:
        shown = as_text(value)
        return None if shown is None else html_to_text(shown)

    def write(value: object) -> Sequence[Plain]:
        return (text_to_html(value) if isinstance(value, str) else None,)

    return Transform(read, write, lossy=True, types=frozenset({"text", "longtext"}))


def split_name(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds a person's name in one field: the last word is the family name.

    Lossy: "Ludwig van Beethoven" reads back with the family name "Beethoven". Bridge compares in the system's own form,
    so the better split of another system stays as long as the whole name is the same.
    """
    one_path(paths, arguments)

    def read(value: Plain) -> dict[str, Normal]:
        *given, family = (as_text(value) or "").split() or [""]
        return {"given_name": " ".join(given) or None, "family_name": family or None}

    def write(value: object) -> Sequence[Plain]:
        members = value if isinstance(value, Mapping) else {}
        parts = [members.get("given_name"), members.get("family_name")]
        return (" ".join(str(part) for part in parts if part is not None) or None,)

    return Transform(read, write, lossy=True, whole=True)


def day_in(paths: int, arguments: Sequence[str]) -> Transform:
    """The system holds an instant where a day is meant: day_in(Europe/Berlin) says whose day it is.

    Written as noon of that day there, so that users some hours to the east or west see the same date. Lossy, as the
    time of day is: an instant on the right day is left as it is.
    """
    one_path(paths, arguments, takes=1)
    try:
        zone = ZoneInfo(arguments[0])
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"'{arguments[0]}' is no time zone; write one such as Europe/Berlin") from None

    def read(value: Plain) -> Plain:
        shown = instant(value)
        if shown is None:
            return None
        return datetime.fromisoformat(shown).astimezone(zone).date().isoformat()

    def write(value: object) -> Sequence[Plain]:
        day = calendar_date(plain_value(value))
        if day is None:
            return (None,)
        return (instant(datetime.combine(date.fromisoformat(day), time(12), zone).isoformat()),)

    return Transform(read, write, lossy=True, types=frozenset({"date"}))


TRANSFORMS: Final[Mapping[str, Maker]] = {
    maker.__name__: maker
    for maker in (
        trim, upper, lower, scale, cents, bool_text, html_text, join_lines, split_name, stages, together, day_in,
    )
}  # fmt: skip
"""The transforms that come with bridge, by the name a mapping file uses."""
