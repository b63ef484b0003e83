"""Codes from published lists: country (ISO 3166-1), region (3166-2), currency (ISO 4217), language (BCP 47), unit of
measure (UN/ECE recommendation 20), article number (GTIN)."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Final

import pycountry
from babel import Locale, UnknownLocaleError

from bridge.canonical.text import as_text
from bridge.canonical.values import InvalidValue, Plain

_REGION: Final = re.compile(r"[A-Z0-9]{1,3}")
_UNIT: Final = re.compile(r"[A-Z0-9]{1,3}")
_GTIN: Final = re.compile(r"\d{8}|\d{12,14}")
_LANGUAGES_REMEMBERED: Final = 1024


@cache
def countries() -> frozenset[str]:
    """All ISO 3166-1 alpha-2 codes."""
    return frozenset(str(country.alpha_2) for country in pycountry.countries)


@cache
def currencies() -> frozenset[str]:
    """All ISO 4217 codes."""
    return frozenset(str(currency.alpha_3) for currency in pycountry.currencies)


def country(value: Plain) -> str | None:
    """An ISO 3166-1 alpha-2 code in capitals."""
    shown = as_text(value)
    if shown is None:
        return None
    code = shown.upper()
    if code not in countries():
        raise InvalidValue("country", "not an ISO 3166-1 country code of two letters")
    return code


def region(value: Plain) -> str | None:
    """The second half of an ISO 3166-2 code: "BY" of "DE-BY". A whole code is taken apart."""
    shown = as_text(value)
    if shown is None:
        return None
    head, dash, tail = shown.upper().partition("-")
    code = tail if dash and head in countries() else shown.upper()
    if not _REGION.fullmatch(code):
        raise InvalidValue("region", "not a region code of one to three letters or digits")
    return code


def currency(value: Plain) -> str | None:
    """An ISO 4217 code in capitals."""
    shown = as_text(value)
    if shown is None:
        return None
    code = shown.upper()
    if code not in currencies():
        raise InvalidValue("currency", "not an ISO 4217 currency code")
    return code


def language(value: Plain) -> str | None:
    """A BCP 47 tag: "de", "pt-BR", "sr-Latn-RS"; "de_DE" is read as "de-DE"."""
    shown = as_text(value)
    return None if shown is None else _language(shown)


@lru_cache(_LANGUAGES_REMEMBERED)
def _language(shown: str) -> str:
    try:
        found = Locale.parse(shown.replace("_", "-"), sep="-", resolve_likely_subtags=False)
    except (UnknownLocaleError, ValueError, TypeError):
        raise InvalidValue("language", "not a language tag such as de or pt-BR") from None
    parts = (found.language, found.script, found.territory)
    return "-".join(part for part in parts if part)


def unit(value: Plain) -> str | None:
    """A UN/ECE recommendation 20 code of one to three capitals or digits: "H87" (piece), "KGM", "DZN".

    Systems keep units by names of their own; `values` in the mapping says which is which.
    """
    shown = as_text(value)
    if shown is None:
        return None
    code = shown.upper()
    if not _UNIT.fullmatch(code):
        raise InvalidValue("unit", "not a unit code of UN/ECE recommendation 20, such as H87; name it in `values`")
    return code


def gtin(value: Plain) -> str | None:
    """An article number of 8, 12, 13 or 14 digits with its check digit (GS1), blanks and hyphens taken out.

    An article number of one's own, which is no GTIN, stays as it is: shops print what they like.
    """
    shown = as_text(value)
    if shown is None:
        return None
    digits = shown.replace(" ", "").replace("-", "")
    return digits if _GTIN.fullmatch(digits) and _check_digit(digits) else shown


def _check_digit(digits: str) -> bool:
    """GS1 general specifications 7.9: from the right, every second digit counts three times."""
    weighed = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return weighed % 10 == 0
