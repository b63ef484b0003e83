"""Every field type: what it reads, what it refuses, and that a normal form is stable."""

from __future__ import annotations

import unicodedata
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.canonical.models import CanonicalField, entities
from bridge.canonical.samples import sample
from bridge.canonical.types import FIELD_TYPES, Hints
from bridge.canonical.values import InvalidValue

GERMANY = Hints(country="DE")


def read(name: str, value: object, hints: Hints = Hints()) -> object:  # noqa: B008
    return FIELD_TYPES[name].parser(hints)(value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "native", "normal"),
    [
        ("text", "  Acme  ", "Acme"),
        ("text", "", None),
        ("text", " \t ", None),
        ("text", 12, "12"),
        ("text", "Mu\u0308ller", "Müller"),
        ("text", "NO", "NO"),
        ("longtext", "a\r\nb\rc", "a\nb\nc"),
        ("tax id", "de 123.456-789", "DE123456789"),
        ("tax id", " - ", None),
        ("list", ["b", "a ", "b", ""], ["a", "b"]),
        ("list", [], None),
        ("list", "one", ["one"]),
        ("email", " Jane.DOE@Example.COM ", "jane.doe@example.com"),
        ("email", "stock@firm.local", "stock@firm.local"),
        ("email", "root@localhost", "root@localhost"),
        ("phone", "+49 (0)30 1234567", "+49301234567"),
        ("phone", "+1 212 555 0100 ext. 12", "+12125550100;ext=12"),
        ("url", "www.Example.com/", "http://www.example.com"),
        ("url", "HTTPS://Example.com/Path?q=1", "https://example.com/Path?q=1"),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", None, None),
        ("integer", "12.0", 12),
        ("integer", 7, 7),
        ("decimal", "12.50", "12.5"),
        ("decimal", "1.2E3", "1200"),
        ("decimal", "-0.00", "0"),
        ("decimal", 1000, "1000"),
        ("money", "0.10", "0.1"),
        ("date", "2026-01-31", "2026-01-31"),
        ("datetime", "2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z"),
        ("datetime", "2026-01-31T08:00:00.250000Z", "2026-01-31T08:00:00.250000Z"),
        ("country", "de", "DE"),
        ("country", "NO", "NO"),
        ("region", "DE-BY", "BY"),
        ("region", "9", "9"),
        ("currency", "eur", "EUR"),
        ("language", "de_DE", "de-DE"),
        ("language", "zh-hant-tw", "zh-Hant-TW"),
    ],
)
def test_reads(name: str, native: object, normal: object) -> None:
    assert read(name, native) == normal


@pytest.mark.parametrize(
    ("name", "native", "code"),
    [
        ("text", True, "text"),
        ("text", ["a"], "text"),
        ("text", "a\x00b", "text"),
        ("text", "a\ud800b", "text"),
        ("email", "a@example.com; b@example.com", "email"),
        ("email", "nobody", "email"),
        ("phone", "030 1234567", "phone"),
        ("phone", "ask Bob", "phone"),
        ("phone", "+49 1", "phone"),
        ("url", "not a site", "url"),
        ("url", "https://user:pass@example.com", "url"),
        ("url", "ftp://example.com", "url"),
        ("boolean", "perhaps", "boolean"),
        ("integer", "12.5", "number"),
        ("decimal", "NaN", "number"),
        ("decimal", "1e999", "number"),
        ("decimal", True, "number"),
        ("decimal", "12,50", "number"),
        ("date", "2026-02-30", "date"),
        ("date", "2026-01-31T00:00:00Z", "date"),
        ("datetime", "2026-01-31T08:00:00", "datetime"),
        ("country", "Germany", "country"),
        ("region", "Bavaria", "region"),
        ("currency", "euro", "currency"),
        ("language", "klingonese", "language"),
    ],
)
def test_refuses_and_does_not_repeat_the_value(name: str, native: object, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read(name, native)
    assert caught.value.code == code
    assert str(native) not in str(caught.value)


def test_a_number_without_country_code_needs_the_system_s_country() -> None:
    assert read("phone", "030 1234567", GERMANY) == "+49301234567"
    assert read("phone", "+1 212 555 0100", GERMANY) == "+12125550100"


def test_an_extension_survives_the_way_out_and_back() -> None:
    phone = FIELD_TYPES["phone"]
    assert phone.write("+12125550100;ext=12") == "+12125550100 ext. 12"
    assert read("phone", phone.write("+12125550100;ext=12")) == "+12125550100;ext=12"


@pytest.mark.parametrize("name", sorted(FIELD_TYPES))
def test_what_is_written_is_what_is_read(name: str) -> None:
    kind, rng = FIELD_TYPES[name], Random(7)
    values = [sample(CanonicalField("f", name), rng) for _ in range(200)]
    assert len({str(value) for value in values}) > 1
    for value in values:
        assert value is not None
        assert read(name, kind.write(value)) == value


@given(st.sampled_from(sorted(FIELD_TYPES)), st.one_of(st.text(), st.integers(), st.booleans(), st.none()))
def test_any_value_is_read_once_for_all_or_refused(name: str, native: object) -> None:
    try:
        normal = read(name, native)
    except InvalidValue:
        return
    assert read(name, FIELD_TYPES[name].write(normal)) == normal  # type: ignore[arg-type]
    if isinstance(normal, str):
        assert normal == unicodedata.normalize("NFC", normal)
        assert normal == normal.strip() != ""


def test_the_models_name_only_known_types() -> None:
    for entity in entities().values():
        fields = [*entity.fields.values(), *(m for group in entity.groups.values() for m in group.values())]
        assert fields
        assert {known.type for known in fields} <= set(FIELD_TYPES)
