"""What needs no server: errors and what they may say, keys in texts, Tryton's JSON, settings, log-ins."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import responses
from bridge.ports import errors
from bridge.ports.errors import ConfigError
from bridge.ports.records import FieldSpec, ObjectSpec

from bridge_tryton import make, wire
from bridge_tryton.errors import Questioned, refusal, scrub
from bridge_tryton.errors_table import STATUSES, TABLE
from bridge_tryton.keys import key_in, with_key, without_key
from bridge_tryton.places import place_of, sub_record
from bridge_tryton.settings import load

GOOD = {"url": "https://tryton.example.com", "database": "acme", "login": "bridge", "password": "hush-hush-hush"}
PARTIES = ObjectSpec("customer", "party.party", "identifiers", (FieldSpec("name"),))


def user(words: str) -> list[Any]:
    return ["UserError", [words, "", None]]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (["ConcurrencyException", "Records were modified in the meanwhile"], errors.VersionConflict),
        (user('You are trying to write to records "9" of "Party" that don\'t exist.'), errors.NotFound),
        (user('You are not allowed to access "Party".'), errors.PermissionDenied),
        (user('You are not allowed to modify the field "Quantity" in record "3 u Pump" of "Line".'), errors.Rejected),
        (user('You can not call "confirm" on "1 [x]" of "Sale".'), errors.Rejected),
        (user('The value "9" for field "Party" in "Sale" does not exist.'), errors.MissingReference),
        (user("The code on party must be unique."), errors.Rejected),
        (["'nope'", ""], errors.Unsupported),
        (["'party.nope'", ""], errors.NoSuchObject),
        (["database is locked", ""], errors.Transient),
        (["something nobody has seen", ""], errors.Rejected),
        ("nonsense", errors.Rejected),
    ],
)
def test_every_answer_has_its_class(error: Any, kind: type[errors.BridgeError]) -> None:
    assert type(refusal(error, system="erp")) is kind


def test_a_lost_database_leaves_a_write_in_doubt() -> None:
    lost = ["server closed the connection unexpectedly", ""]
    assert type(refusal(lost, system="erp")) is errors.Transient
    assert type(refusal(lost, system="erp", writing=True)) is errors.InDoubt


def test_a_refusal_names_the_field_and_no_value() -> None:
    said = user('A value is required for field "Sale UoM" in record "Zebra GmbH" of "Product Template".')
    error = refusal(said, system="erp", labels={"sale uom": "template.sale_uom"})
    assert isinstance(error, errors.Rejected)
    assert error.fields == ("template.sale_uom",)
    assert "Zebra" not in str(error)


def test_a_warning_tells_its_words_without_what_they_are_about() -> None:
    given = ["UserWarning", ["abc.future", 'The moves "Zebra 47" have dates in the future, ask z@x.example.', ""]]
    error = refusal(given, system="erp")
    assert isinstance(error, Questioned)
    assert error.name == "abc.future"
    assert "have dates in the future" in str(error)
    assert not [word for word in ("Zebra", "47", "@") if word in str(error)]
    assert scrub("(Jane Doe) [PO-1] is late") == "… … is late"


def test_every_row_says_how_we_know() -> None:
    assert all(len(row.source) > 5 for row in (*TABLE, *STATUSES))


@pytest.mark.parametrize("text", [None, "", "PO-1", "PO-1 of\nMay", "bridge:"])
def test_a_key_stands_behind_what_people_write(text: str | None) -> None:
    marked = with_key(text, "0193aa")
    assert key_in(marked) == "0193aa"
    assert without_key(marked) == (text or None)
    assert with_key(marked, "0193bb") == with_key(text, "0193bb")
    assert key_in(text) is None


def test_values_come_back_as_they_went() -> None:
    value = {"price": Decimal("12.50"), "at": datetime(2026, 3, 1, 8, 0, 0, 5, tzinfo=UTC), "day": date(2026, 3, 1),
             "rows": [["create", [{"quantity": 2.0, "note": None}]]]}  # fmt: skip
    assert wire.loads(wire.dumps(value)) == value
    assert json.loads(wire.dumps(Decimal("12.50"))) == {"__class__": "Decimal", "decimal": "12.50"}


def test_an_address_for_deliveries_only_is_no_other_one() -> None:
    rows = [
        {"id": 3, "sequence": None, "active": 1, "delivery": True, "invoice": False},
        {"id": 2, "sequence": 5, "active": 1, "delivery": False, "invoice": False},
        {"id": 1, "sequence": None, "active": 0, "delivery": False, "invoice": False},
    ]
    places = {name: place_of("party.party", FieldSpec(f"{name}.city")) for name in ("address", "delivery")}
    assert {name: (sub_record(one, rows) or {}).get("id") for name, one in places.items()} == {
        "address": 2,
        "delivery": 3,
    }
    with pytest.raises(ConfigError):
        place_of("party.party", FieldSpec("nowhere.city"))


@pytest.mark.parametrize(
    "changes",
    [{"url": "http://tryton.example.com"}, {"database": "a/b"}, {"password": ""}, {"warnings": "maybe"}, {"tls": True}],
)
def test_a_bad_setting_is_named_and_not_shown(changes: dict[str, object]) -> None:
    with pytest.raises(ConfigError) as caught:
        load("erp", {**GOOD, **changes})
    assert f"systems.erp.{next(iter(changes))}" in str(caught.value)
    assert "hush" not in str(caught.value)


@responses.activate
def test_a_wrong_password_is_asked_once() -> None:
    responses.post("https://tryton.example.com/acme/rpc/", status=401)
    adapter = make("erp", GOOD)
    for _ in range(3):
        with pytest.raises(errors.AuthFailed):
            adapter.changes(PARTIES, None, 10)
    assert len(responses.calls) == 1


@responses.activate
def test_a_log_in_that_is_throttled_waits() -> None:
    responses.post("https://tryton.example.com/acme/rpc/", status=429)
    with pytest.raises(errors.RateLimited) as caught:
        make("erp", GOOD).changes(PARTIES, None, 10)
    assert caught.value.after == 300


@responses.activate
def test_without_a_company_nothing_is_read() -> None:
    responses.post("https://tryton.example.com/acme/rpc/", json={"id": 1, "result": [1, "session", None]})
    responses.post("https://tryton.example.com/acme/rpc/", json={"id": 1, "result": {"company": None}})
    with pytest.raises(errors.AuthFailed, match="no company"):
        make("erp", GOOD).changes(PARTIES, None, 10)


def test_nothing_of_bridge_itself_knows_of_tryton() -> None:
    core = Path(errors.__file__).parents[1]
    assert [path.name for path in core.rglob("*.py") if "tryton" in path.read_text(encoding="utf-8").lower()] == []
