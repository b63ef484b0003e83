"""The pure parts of a migration: sketches, profile, totals, report, the counts that a person confirms."""

from __future__ import annotations

import dataclasses
import json
import random
from typing import Any

import pytest

from bridge.engine.migrate.profile import Profile
from bridge.engine.migrate.report import body, genuine, signed
from bridge.engine.migrate.sketch import Sketch, Words
from bridge.engine.migrate.totals import Totals, side_by_side
from bridge.entrypoints.cli.migrate_consent import same_counts
from bridge.entrypoints.migration.page import carried_in, page
from bridge.entrypoints.migration.state import State
from bridge.mapping.units import MatchRule, Unit
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.records import NativeRecord, NativeValue
from support.build import entity, field


def typed(name: str, kind: str, **more: Any) -> Unit:
    return dataclasses.replace(field(name, **more), kind=kind)


def record(native_id: str, **values: NativeValue) -> NativeRecord:
    return NativeRecord(native_id, values, "v")


def test_a_sketch_counts_exactly_what_fits_and_fairly_what_does_not() -> None:
    small = Sketch(100)
    for value in ("a", "b", "a", "c", "a"):
        small.add(value)
    assert (small.distinct, small.doubled, small.surplus, small.exact) == (3, 1, 2, True)
    large = Sketch(2_000)
    for number in range(50_000):
        large.add(str(number))
        if number % 10 == 0:
            large.add(str(number))
    assert not large.exact
    assert len(large._counts) <= 2_000
    assert large.distinct == pytest.approx(50_000, rel=0.15)
    assert large.doubled == pytest.approx(5_000, rel=0.35)


def test_frequent_words_stay_when_there_are_too_many() -> None:
    words, luck = Words(20), random.Random(1)
    for number in range(5_000):
        words.add("often" if luck.random() < 0.2 else f"rare {number}")
    assert words.top(1)[0][0] == "often"
    assert len(words._counts) <= 80


def profiled(*records: NativeRecord) -> dict[str, Any]:
    emap = entity(
        field("name", required=True),
        typed("email", "email"),
        typed("status", "choice"),
        match=[MatchRule("same", ("email",))],
    )
    told = {
        "name": NativeField("name", "text", length=5),
        "status": NativeField("status", "choice", choices=("on", "off"), choices_closed=True),
    }
    profile = Profile(emap, "crm", "erp", NativeSchema("Customer", told))
    profile.add(records[:1])
    profile.add(records[1:])
    return profile.as_json()


def test_a_profile_counts_and_names_what_will_not_fit() -> None:
    found = profiled(
        record("1", name="Alba", email="a@x.de", status="on"),
        record("2", name="much too long", email="a@x.de", status="on"),
        record("3", name=None, email=None, status="asleep"),
        record("4", name="Cato", email="c@x.de", status=None),
    )
    fields = {one["field"]: one for one in found["fields"]}
    assert found["records"] == 4
    assert (fields["email"]["filled"], fields["email"]["distinct"], fields["email"]["share"]) == (3, 2, 0.75)
    assert fields["status"]["top"] == [["on", 2], ["asleep", 1]]
    reasons = {(one["field"], one["reason"]): one["ids"] for one in found["misfits"]}
    assert reasons == {
        ("name", "is longer than the 5 characters of name"): ["2"],
        ("name", "is required and empty"): ["3"],
        ("status", "is no choice of status"): ["3"],
    }
    assert found["duplicates"] == [{"same": ["email"], "values": 1, "surplus": 1, "exact": True}]


def test_a_profile_tells_no_personal_value() -> None:
    text = json.dumps(profiled(record("1", name="Alba Secret", email="secret@x.de", status="on")))
    assert "secret" not in text.lower()


def test_totals_are_exact_by_currency_and_over_rows() -> None:
    emap = entity(typed("price", "money"), typed("currency", "currency"), typed("weight", "decimal"), field("name"))
    mine, theirs = Totals(emap, "crm", "erp"), Totals(emap, "crm", "erp")
    for _ in range(10):
        mine.add({"price": "0.1", "currency": "EUR", "weight": "1.5", "name": "7"})
    mine.add({"price": "0.30", "currency": "USD", "weight": None})
    theirs.add({"price": "1.00", "currency": "EUR", "weight": "15"})
    rows = {(one["field"], one["currency"]): one for one in side_by_side(mine, theirs)}
    assert rows["price", "EUR"]["equal"] is True
    assert (rows["price", "USD"]["source"], rows["price", "USD"]["difference"]) == ("0.3", "-0.3")
    assert rows["weight", ""]["target"] == "15"
    assert ("name", "") not in rows


def test_what_is_never_written_to_the_target_stays_behind_and_is_in_no_total() -> None:
    limit = dataclasses.replace(typed("limit", "decimal"), writes=frozenset({"crm"}))
    emap = entity(limit, typed("weight", "decimal"))
    mine = Totals(emap, "crm", "erp")
    mine.add({"limit": "5000", "weight": "2"})
    assert [one["field"] for one in side_by_side(mine, Totals(emap, "crm", "erp"))] == ["weight"]
    profile = Profile(emap, "crm", "erp", None)
    profile.add([record("1", limit="5000", weight="2")])
    stays = {one["field"]: one["stays"] for one in profile.as_json()["fields"]}
    assert stays == {"limit": "the mapping never writes it to erp", "weight": ""}


def document() -> dict[str, Any]:
    verified = {
        "ok": True, "records": {"source": 1}, "compared": 1, "equal": 1, "wrong": 0, "decided": 0, "pairs": 1,
        "missing": {"refused: </script><b>": 1}, "unread": {}, "totals": [],
        "named": [{"id": "<1>", "what": "missing", "why": "x"}],
    }  # fmt: skip
    state = State("r1", "crm", "erp", ["customer"], "2026-03-01T12:00:00+00:00")
    state.stages["plan"] = {"at": "t", "entities": {"customer": {"create": 1, "named": []}}, "forecast": []}
    state.stages["verify"] = {"at": "t", "entities": {"customer": verified}, "full": True}
    return signed(body(state.as_json(), "2026-03-01T13:00:00+00:00"))


def test_a_changed_figure_is_found_out() -> None:
    good = document()
    assert genuine(good)
    assert not genuine({**good, "missing": 0})
    assert not genuine({**good, "sha256": "0" * 64})
    assert not genuine({})


def test_the_page_carries_its_document_and_escapes_what_it_shows() -> None:
    made = document()
    text = page(made)
    assert carried_in(text) == made
    assert page(carried_in(text) or {}) == text
    assert "<b>" not in text.replace("<b>Look", "").replace("<b>Verified", "")
    assert "&lt;1&gt;" in text


@pytest.mark.parametrize(
    ("said", "same"),
    [
        ("create 1200, update 30", True),
        ("create 1,200, update 30", True),
        ("create 1.200 update 30", True),
        ("Create 1200, update 30, delete 0", True),
        ("create 1200", False),
        ("create 1200, update 31", False),
        ("", False),
        ("yes", False),
    ],
)
def test_only_the_counts_of_the_plan_confirm_it(said: str, same: bool) -> None:
    assert same_counts(said, {"create": 1200, "update": 30, "delete": 0}) is same


def test_a_stage_made_again_takes_back_what_later_ones_found() -> None:
    state = State("r1", "crm", "erp", ["customer"], "t", confirmed="create 1")
    state.stages = {stage: {"at": "t"} for stage in ("profile", "match", "plan", "load", "verify", "report")}
    state.begin_stage("verify")
    assert (sorted(state.stages), state.next, state.confirmed) == (
        ["load", "match", "plan", "profile"],
        "verify",
        "create 1",
    )
    state.begin_stage("match")
    assert (sorted(state.stages), state.next, state.confirmed) == (["profile"], "match", "")
