"""Sample values of every type, for checking that what is written is what is read. The same seed, the same values.

The samples are made to be awkward: accents, quotes, markup, several lines, signs, long and tiny numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from bridge.canonical.codes import countries, currencies
from bridge.canonical.models import CanonicalField
from bridge.canonical.numbers import plain_decimal
from bridge.canonical.types import FIELD_TYPES, Hints
from bridge.canonical.values import Normal

_WORDS: Final = (
    "Acme", "Müller & Söhne", "O'Brien", "Łódź", "a<b>c", "50 %", '"quoted"', "日本", "Strasse 1/2", "x", "NO", "012",
    "12:30", "naïve", "=1+1", "\u00e9", "a | b", "it's; fine", "\U0001f600", "Ludwig van",
)  # fmt: skip
_EPOCH: Final = date(1970, 1, 1)
_LANGUAGES: Final = ("de", "en-US", "pt-BR", "zh-Hant-TW", "sr-Latn-RS", "fr-CA")
_PHONE_COUNTRIES: Final = ("DE", "US", "GB", "FR", "IN", "BR", "JP")


def sample(known: CanonicalField, rng: Random) -> Normal:
    """A canonical value of the field's type, never empty."""
    if known.choices:
        return rng.choice(known.choices)
    raw = _MAKERS[known.type](rng)
    return FIELD_TYPES[known.type].parser(Hints())(raw)


def _words(rng: Random) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(1, 3)))


def _lines(rng: Random) -> str:
    return "\n".join(_words(rng) for _ in range(rng.choice((1, 1, 2, 2, 3, 4))))


def _decimal(rng: Random) -> str:
    number = Decimal(rng.randint(-(10**9), 10**9)).scaleb(-rng.choice((0, 0, 1, 2, 2, 3, 6)))
    return plain_decimal(number)


def _phone(rng: Random) -> str:
    import phonenumbers  # with the first value, as in `reach`

    number = phonenumbers.example_number(rng.choice(_PHONE_COUNTRIES)) or phonenumbers.PhoneNumber()
    e164 = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return f"{e164} ext. {rng.randint(1, 999)}" if rng.random() < 0.2 else e164


def _instant(rng: Random) -> str:
    at = datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randint(0, 10**9))
    return (at + timedelta(microseconds=rng.choice((0, 0, 1, 500_000)))).isoformat()


_MAKERS: Final[Mapping[str, Callable[[Random], str | int | bool | list[str]]]] = {
    "text": _words,
    "longtext": _lines,
    "choice": _words,
    "reference": lambda rng: f"{rng.randint(1, 10**6)}",
    "tax id": lambda rng: f"{rng.choice(('DE', 'ATU', 'CHE-'))}{rng.randint(10**7, 10**9)}",
    "list": lambda rng: [_words(rng) for _ in range(rng.randint(1, 4))],
    "email": lambda rng: f"{rng.choice(('Info', 'o.brien+x', 'jürgen'))}@{rng.choice(('example.com', 'firm.local'))}",
    "phone": _phone,
    "url": lambda rng: rng.choice(("https://example.com/a?b=c#d", "www.Example.com", "http://example.com:8080/")),
    "boolean": lambda rng: rng.random() < 0.5,
    "integer": lambda rng: rng.randint(-(10**6), 10**9),
    "decimal": _decimal,
    "money": _decimal,
    "date": lambda rng: (_EPOCH + timedelta(days=rng.randint(-20_000, 40_000))).isoformat(),
    "datetime": _instant,
    "country": lambda rng: rng.choice(sorted(countries())),
    "region": lambda rng: rng.choice(("BY", "CA", "9", "ENG", "75")),
    "currency": lambda rng: rng.choice(sorted(currencies())),
    "language": lambda rng: rng.choice(_LANGUAGES),
    "unit": lambda rng: rng.choice(("H87", "KGM", "GRM", "MTR", "LTR", "HUR", "DZN")),
    "gtin": lambda rng: rng.choice(("4006381333931", "96385074", "036000291452", "10614141000415")),
}
