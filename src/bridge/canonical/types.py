"""The field types: each one parser into the normal form, and one writer back.

A type's parser is total over what systems send: it returns the normal form, None for empty, or raises InvalidValue.
Parsing what was formatted gives the value back; parsing a normal form changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from bridge.canonical import codes, numbers, reach, text, times
from bridge.canonical.values import Normal, Plain

Parser = Callable[[Plain], Normal]
Writer = Callable[[Normal], Plain]


@dataclass(frozen=True, slots=True)
class Hints:
    """What a parser may know about the system: `country` (ISO alpha-2) for phone numbers without a country code."""

    country: str | None = None


@dataclass(frozen=True, slots=True)
class FieldType:
    """One type of canonical field.

    native: the word for it in `bridge.ports.records.FieldSpec.type`.
    ordered: highest and lowest mean something. summable: quantities that add up.
    """

    name: str
    native: str
    parser: Callable[[Hints], Parser]
    write: Writer
    ordered: bool = False
    summable: bool = False

    @property
    def as_is(self) -> bool:
        """Whether a value is written as it is."""
        return self.write is _as_is


def _as_is(value: Normal) -> Plain:
    return value


def _phone_out(value: Normal) -> Plain:
    return reach.phone_text(value) if isinstance(value, str) else value


def _always(parse: Parser) -> Callable[[Hints], Parser]:
    return lambda _hints: parse


def _phone(hints: Hints) -> Parser:
    return reach.phone_parser(hints.country)


def _plain(
    name: str, parse: Parser, native: str = "text", *, ordered: bool = False, summable: bool = False
) -> FieldType:
    return FieldType(name, native, _always(parse), _as_is, ordered, summable)


FIELD_TYPES: Final[Mapping[str, FieldType]] = {
    known.name: known
    for known in (
        _plain("text", text.text),
        _plain("longtext", text.text, "longtext"),
        _plain("choice", text.text, "choice"),
        _plain("reference", text.text),
        _plain("tax id", text.tax_id),
        _plain("list", text.texts, "multichoice"),
        _plain("email", reach.email, "email"),
        FieldType("phone", "phone", _phone, _phone_out),
        _plain("url", reach.website, "url"),
        _plain("boolean", numbers.boolean, "boolean", ordered=True),
        _plain("integer", numbers.integer, "integer", ordered=True, summable=True),
        _plain("decimal", numbers.decimal, "decimal", ordered=True, summable=True),
        _plain("money", numbers.decimal, "decimal", ordered=True, summable=True),
        _plain("date", times.calendar_date, "date", ordered=True),
        _plain("datetime", times.instant, "datetime", ordered=True),
        _plain("country", codes.country),
        _plain("region", codes.region),
        _plain("currency", codes.currency),
        _plain("language", codes.language),
        _plain("unit", codes.unit),
        _plain("gtin", codes.gtin),
    )
}
"""Every type by the word a mapping or configuration file uses for it."""
