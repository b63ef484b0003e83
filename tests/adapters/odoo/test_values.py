"""How a row becomes a record and values become cells, without a server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bridge.adapters.odoo.drafts import Draft, Drafts
from bridge.adapters.odoo.layout import Layout, Place, ambiguous
from bridge.adapters.odoo.values import decimal_text, instant
from bridge.ports.errors import ConfigError, Rejected
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec, UpdateItem

DESCRIBED: dict[str, dict[str, Any]] = {
    "name": {"type": "char"},
    "street": {"type": "char"},
    "comment": {"type": "html"},
    "active": {"type": "boolean"},
    "lang": {"type": "selection"},
    "day": {"type": "date"},
    "at": {"type": "datetime"},
    "amount": {"type": "float"},
    "parent_id": {"type": "many2one", "relation": "res.partner"},
    "country_id": {"type": "many2one", "relation": "res.country"},
    "state_id": {"type": "many2one", "relation": "res.country.state"},
    "user_id": {"type": "many2one", "relation": "res.users"},
    "category_id": {"type": "many2many", "relation": "res.partner.category"},
    "credit": {"type": "float", "readonly": True},
    "child_ids": {"type": "one2many", "relation": "res.partner"},
}
FIELDS = (
    FieldSpec("name"),
    FieldSpec("comment", type="longtext"),
    FieldSpec("active", type="boolean"),
    FieldSpec("lang", "language.code"),
    FieldSpec("day", type="date"),
    FieldSpec("at", type="datetime"),
    FieldSpec("amount", type="decimal"),
    FieldSpec("credit", type="decimal"),
    FieldSpec("parent_id", "record"),
    FieldSpec("country_id", "country.iso2"),
    FieldSpec("state_id", "state.code"),
    FieldSpec("user_id", "user.email"),
    FieldSpec("category_id", "tag.name"),
    FieldSpec("delivery.street"),
    FieldSpec("delivery.country_id", "country.iso2"),
    FieldSpec("delivery.state_id", "state.code"),
)
SPEC = ObjectSpec("customer", "res.partner", "external id", FIELDS, (Condition("is_company", "=", True),))
ROW: dict[str, Any] = {
    "id": 7,
    "write_date": "2026-01-31 08:00:00",
    "active": True,
    "name": 'O\'Neil "Ä" \\ / 🚀',
    "comment": False,
    "lang": "en_US",
    "day": "2026-01-31",
    "at": "2026-01-31 08:00:01",
    "amount": 1e-7,
    "credit": 100.0,
    "parent_id": 3,
    "country_id": {"id": 57, "code": "DE"},
    "state_id": False,
    "user_id": {"id": 2, "email": "admin@example.com", "login": "admin"},
    "category_id": [{"id": 9, "name": "Silver, old"}, {"id": 8, "name": "Gold"}],
    "child_ids": [
        {"id": 21, "type": "delivery", "active": True, "street": "Newer", "country_id": {"id": 1, "code": "FR"}},
        {"id": 20, "type": "delivery", "active": True, "street": "Older", "country_id": {"id": 2, "code": "US"}},
        {"id": 19, "type": "delivery", "active": False, "street": "Archived", "country_id": False},
        {"id": 18, "type": "invoice", "active": True, "street": "Invoices", "country_id": False},
    ],
}


class SmallTables:
    """Stands for the tables of a server; notes which country a state was looked for in."""

    def __init__(self) -> None:
        self.countries: list[int | None] = []
        self.tags: dict[str, int] = {}

    def small(self, table: str, code: str, path: str) -> int:
        return {"DE": 57, "US": 233, "FR": 75}[code]

    def state(self, country: int | None, code: str, path: str) -> int:
        self.countries.append(country)
        return 13

    def begin(self) -> None:
        pass

    def learn_states(self) -> None:
        pass

    def learn_users(self, addresses: Iterable[str]) -> None:
        pass

    def user(self, address: str, path: str) -> int:
        return 2

    def learn_tags(self, model: str, names: Iterable[str]) -> None:
        assert model == "res.partner.category"
        self.tags |= {name: 30 + number for number, name in enumerate(sorted(names))}

    def tag(self, model: str, name: str, path: str) -> int:
        return self.tags[name]


def value(spec: FieldSpec, raw: Any, kind: str = "") -> NativeValue:
    layout = Layout(ObjectSpec("customer", "res.partner", "external id", (spec,)), {spec.path: kind} if kind else {})
    return layout.value(layout.places[0], raw)


def draft(values: Mapping[str, NativeValue], before: Mapping[str, Any] | None = None) -> tuple[Draft, SmallTables]:
    tables = SmallTables()
    drafts = Drafts(Layout(SPEC), lambda _: DESCRIBED, tables, "erp")  # type: ignore[arg-type]
    drafts.prepare([UpdateItem("7", values)])
    return drafts.make(values, before), tables


def test_what_does_not_make_the_record_is_not_said() -> None:
    layout = Layout(SPEC, {"active": "boolean"})
    said = layout.said(ROW, "k-1")
    person = {"id": 30, "type": "contact", "active": True, "street": "Elsewhere", "country_id": False}
    newer = {**ROW["child_ids"][0], "street": "Newer still"}
    signed = [{**one, "write_uid": 9, "write_date": "2026-02-01 08:00:00"} for one in ROW["child_ids"]]
    for other in (
        {**ROW, "write_date": "2026-02-01 08:00:00", "write_uid": 9, "email": "not mapped"},
        {**ROW, "child_ids": [person, *ROW["child_ids"]]},
        {**ROW, "child_ids": [newer, *ROW["child_ids"][1:]]},
        {**ROW, "child_ids": signed},
    ):
        assert layout.said(other, "k-1") == said
    older = {**ROW["child_ids"][1], "street": "Older still"}
    for other, key in (
        (ROW, "k-2"),
        (ROW, None),
        ({**ROW, "name": "Other"}, "k-1"),
        ({**ROW, "active": False}, "k-1"),
        ({**ROW, "comment": ""}, "k-1"),
        ({**ROW, "child_ids": [older]}, "k-1"),
        ({name: said for name, said in ROW.items() if name != "name"}, "k-1"),
    ):
        assert layout.said(other, key) != said


def test_a_row_becomes_a_record() -> None:
    record = Layout(SPEC, {"active": "boolean"}).record(ROW, "k-1")
    assert record.native_id == "7"
    assert record.key == "k-1"
    assert record.modified == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert record.values == {
        "name": 'O\'Neil "Ä" \\ / 🚀',
        "comment": None,
        "active": True,
        "lang": "en_US",
        "day": "2026-01-31",
        "at": "2026-01-31T08:00:01Z",
        "amount": "0.0000001",
        "credit": "100",
        "parent_id": "3",
        "country_id": "DE",
        "state_id": None,
        "user_id": "admin@example.com",
        "category_id": ["Gold", "Silver, old"],
        "delivery.street": "Older",  # the oldest address that is in use
        "delivery.country_id": "US",
        "delivery.state_id": None,
    }
    assert "Neil" not in repr(record)


def test_a_record_without_address_below_has_empty_values_there() -> None:
    record = Layout(SPEC).record({**ROW, "child_ids": []}, None)
    assert {path: record.values[path] for path in record.values if path.startswith("delivery.")} == {
        "delivery.street": None,
        "delivery.country_id": None,
        "delivery.state_id": None,
    }


def test_the_version_is_the_content_and_not_the_stamp() -> None:
    layout = Layout(SPEC)
    version = layout.record(ROW, None).version
    assert layout.record({**ROW, "write_date": "2026-02-01 00:00:00"}, "key").version == version
    assert layout.record({**ROW, "name": "Other"}, None).version != version
    assert layout.record({**ROW, "active": False}, None).version != version


@pytest.mark.parametrize(
    ("spec", "kind", "raw", "expected"),
    [
        (FieldSpec("x"), "char", False, None),
        (FieldSpec("x"), "char", "", None),
        (FieldSpec("x"), "char", None, None),
        (FieldSpec("x"), "char", " ", " "),
        (FieldSpec("x"), "char", "123456789012345678", "123456789012345678"),
        (FieldSpec("x", type="boolean"), "", False, False),
        (FieldSpec("x", type="choice"), "boolean", False, False),
        (FieldSpec("x", type="choice"), "selection", False, None),
        (FieldSpec("x", type="integer"), "", 0, 0),
        (FieldSpec("x", type="integer"), "", 123456789012345678, 123456789012345678),
        (FieldSpec("x", type="decimal"), "", 0.0, "0"),
        (FieldSpec("x", type="decimal"), "", -12.50, "-12.5"),
        (FieldSpec("x", type="decimal"), "", 1e16, "10000000000000000"),
        (FieldSpec("x", "record"), "", False, None),
        (FieldSpec("x", "record"), "", 4, "4"),
        (FieldSpec("x", "tag.name"), "", [], None),
        (FieldSpec("x", "user.email"), "", {"id": 2, "email": False, "login": "admin"}, "admin"),
        (FieldSpec("x", "country.iso2"), "", {"id": 2, "code": False}, None),
        (FieldSpec("x", "country.iso2"), "", False, None),
    ],
)
def test_empty_and_full_values(spec: FieldSpec, kind: str, raw: Any, expected: NativeValue) -> None:
    found = value(spec, raw, kind)
    assert found == expected
    assert type(found) is type(expected)


def test_odoos_types_are_asked_for_only_where_false_is_ambiguous() -> None:
    plain = ObjectSpec("c", "res.partner", "external id", (FieldSpec("name"), FieldSpec("parent_id", "record")))
    assert not ambiguous(plain)
    assert ambiguous(ObjectSpec("c", "res.partner", "external id", (FieldSpec("kind", type="choice"),)))


def test_a_page_is_asked_for_with_all_that_it_refers_to() -> None:
    asked = Layout(SPEC).specification()
    assert asked["country_id"] == {"fields": {"code": {}}}
    assert asked["parent_id"] == {}
    assert asked["child_ids"]["fields"]["type"] == {}
    assert set(asked["child_ids"]["fields"]) == {"type", "active", "street", "country_id", "state_id"}
    keyed = Layout(ObjectSpec("customer", "res.partner", "x_bridge_id", (FieldSpec("name"),)))
    assert "x_bridge_id" in keyed.specification()
    assert keyed.record({"id": 1, "name": "A", "x_bridge_id": "k"}, None).key == "k"


@pytest.mark.parametrize(
    ("condition", "term"),
    [
        (Condition("ref", "is set"), ["ref", "!=", False]),
        (Condition("ref", "is not set"), ["ref", "=", False]),
        (Condition("type", "in", ("contact", "other")), ["type", "in", ["contact", "other"]]),
        (Condition("name", "!=", "O'Neil \\"), ["name", "!=", "O'Neil \\"]),
    ],
)
def test_a_condition_becomes_a_term_of_a_domain(condition: Condition, term: list[Any]) -> None:
    assert Layout(ObjectSpec("c", "res.partner", "external id", (), (condition,))).domain() == [term]


@pytest.mark.parametrize("path", ["billing.street", "delivery.country_id.code", "delivery.a.b"])
def test_a_path_with_a_strange_dot_is_told(path: str) -> None:
    with pytest.raises(ConfigError, match=r"names an address below the partner"):
        Layout(ObjectSpec("c", "res.partner", "external id", (FieldSpec(path),)))


def test_values_become_cells() -> None:
    made, _ = draft(
        {
            "name": 'O\'Neil "Ä" \\ / 🚀',
            "comment": None,
            "active": False,
            "lang": "de_DE",
            "at": "2026-01-31T08:00:01.123456Z",
            "amount": "12.5",
            "parent_id": "3",
            "country_id": "DE",
            "user_id": None,
            "category_id": ["Silver, old", "Gold"],
            "delivery.street": "Harbour 1",
            "delivery.country_id": None,
        }
    )
    assert made.own == {
        "name": 'O\'Neil "Ä" \\ / 🚀',
        "comment": "",
        "active": "0",
        "lang": "de_DE",
        "at": "2026-01-31 08:00:01",
        "amount": "12.5",
        "parent_id/.id": "3",
        "country_id/.id": "57",
        "user_id/.id": "",
        "category_id/.id": "31,30",
    }
    assert made.below == {"delivery": {"street": "Harbour 1", "country_id/.id": ""}}


@pytest.mark.parametrize(
    ("values", "before", "country"),
    [
        ({"state_id": "CA", "country_id": "US"}, ROW, 233),  # the one written with it
        ({"state_id": "BE"}, ROW, 57),  # the one that is there
        ({"state_id": "BE"}, None, None),
        ({"state_id": "BE", "country_id": None}, ROW, None),
        ({"delivery.state_id": "CA"}, ROW, 233),  # of the address that is written, not of another one
        ({"delivery.state_id": "X", "delivery.country_id": "FR"}, ROW, 75),
        ({"delivery.state_id": "X"}, {**ROW, "child_ids": []}, None),
    ],
)
def test_a_state_is_looked_for_in_the_country_beside_it(
    values: dict[str, NativeValue], before: Mapping[str, Any] | None, country: int | None
) -> None:
    assert draft(values, before)[1].countries == [country]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"nonsense": "x"}, "nonsense"),
        ({"name": "x", "credit": "1"}, "credit"),
        ({"parent_id": "no number"}, "parent_id"),
        ({"name": ["a", "b"]}, "name"),
    ],
)
def test_what_odoo_would_ignore_or_clear_is_refused_by_name(values: dict[str, NativeValue], path: str) -> None:
    with pytest.raises(Rejected) as caught:
        draft(values)
    assert caught.value.fields == (path,)
    assert "no number" not in str(caught.value)


def test_a_column_is_told_as_the_path_it_stands_for() -> None:
    drafts = Drafts(Layout(SPEC), lambda _: DESCRIBED, SmallTables(), "erp")  # type: ignore[arg-type]
    assert drafts.path_of("country_id/.id") == "country_id"
    assert drafts.path_of("street", "delivery") == "delivery.street"
    assert drafts.path_of("is_company") == "is_company"
    assert drafts.constants() == {"is_company": "1"}


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.1, "0.1"), (1e22, "1" + "0" * 22), (-0.5, "-0.5"), (1.10, "1.1"), (123456789.123, "123456789.123")],
)
def test_numbers_have_no_exponent_and_no_noughts(number: float, text: str) -> None:
    assert decimal_text(number) == text


def test_stamps_are_utc() -> None:
    assert instant("2026-01-31 08:00:00") == datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert instant(False) is None
    assert instant("soon") is None


def test_a_place_says_on_which_record_a_path_lies() -> None:
    place = Layout(SPEC).places[13]
    assert place == Place(FieldSpec("delivery.street"), "delivery", "street", text=True)
    assert Layout(SPEC).roles == ("delivery",)
