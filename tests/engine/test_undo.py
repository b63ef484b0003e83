"""The plan of an undo: what goes back, what is deleted, and what is left alone and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bridge.engine.plan.undo import Known, LeftAlone, Remove, SetBack, Step, plan_undo
from bridge.mapping.units import Policy
from bridge.ports.work import Golden, HistoryRow, Link, Provenance, Shadow, WriteRow
from support.build import at, entity, field

EMAP = entity(field("name"), field("stock", policy=Policy("sum")), field("mail", writes=("erp", "fin"), required=True))


def row(op: str = "update", seconds: float = 10, **changed: Any) -> WriteRow:
    values = {"before": {"name": "a"}, "after": {"name": "b"}} if op == "update" else {"before": {}, "after": {}}
    base = WriteRow("run", "erp", "customer", "g1", "p1", op, **values, version_after="v2", at=at(seconds))
    return replace(base, **changed)


def change(unit: str = "name", **changed: Any) -> HistoryRow:
    base = HistoryRow("customer", "g1", unit, "a", "b", "crm", at(5), "changed", "run")
    return replace(base, **changed)


def known(**changed: Any) -> Known:
    golden = Golden("customer", "g1", 2, {"name": "b"}, {"name": Provenance("crm", at(5), "changed")})
    shadow = Shadow("erp", "customer", "p1", "g1", {"name": "b"}, "v2", "f")
    link = Link("erp", "customer", "p1", "g1", "linked", "created")
    base = Known(
        EMAP, {"g1": golden}, {"g1": [change()]}, {("erp", "g1"): link}, {("erp", "g1"): shadow}, frozenset({"erp"})
    )
    return replace(base, **changed)


def golden_is(**changed: Any) -> Known:
    return known(goldens={"g1": replace(known().goldens["g1"], **changed)})


def shadow_is(**changed: Any) -> Known:
    return known(shadows={("erp", "g1"): replace(known().shadows["erp", "g1"], **changed)})


def why(steps: list[Step]) -> str:
    (step,) = steps
    assert isinstance(step, LeftAlone)
    return step.why


def test_an_update_goes_back_to_what_was_before_the_run() -> None:
    assert plan_undo("run", [row()], known()) == [SetBack("customer", "g1", "name", "b", "a", "crm")]


def test_of_two_changes_in_the_run_the_first_counts() -> None:
    history = [change(new="x"), change(old="x")]
    writes = [row(before={"name": "x"}), row(after={"name": "x"})]
    assert plan_undo("run", writes, known(history={"g1": history})) == [
        SetBack("customer", "g1", "name", "b", "a", "crm")
    ]


def test_a_value_that_a_system_stores_in_its_own_form_still_stands() -> None:
    (step,) = plan_undo("run", [row()], shadow_is(values={"name": "B"}, echo={"name": "b"}))
    assert isinstance(step, SetBack)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (known(history={"g1": [change(), change(run="later", old="b", new="c", at=at(99))]}), "edited since by crm at"),
        (known(history={"g1": []}), "agreed before the run"),
        (known(history={"g1": [change(rule="filled", old=None)]}), "would lose it"),
        (golden_is(alive=False), "deleted since"),
        (golden_is(held={"name": "c1"}), "open conflict"),
        (golden_is(values={"name": "z"}), "another by now"),
        (known(goldens={}), "deleted since"),
        (shadow_is(values={"name": "c"}), "something else by now"),
        (known(shadows={}), "something else by now"),
    ],
)
def test_what_was_touched_since_or_cannot_go_back_is_left_alone(seen: Known, reason: str) -> None:
    assert reason in why(plan_undo("run", [row()], seen))


def test_one_system_that_shows_something_else_keeps_the_value_everywhere() -> None:
    fin = replace(known().shadows["erp", "g1"], system="fin", values={"name": "c"})
    seen = known(shadows={**known().shadows, ("fin", "g1"): fin})
    assert "fin shows something else" in why(plan_undo("run", [row(), row(system="fin")], seen))


@pytest.mark.parametrize(
    ("unit", "row_of", "reason"),
    [
        ("stock", change("stock"), "book the opposite"),
        ("mail", change("mail", system="crm"), "change it there"),
        ("mail", change("mail", system="fin", old=None), "required now"),
    ],
)
def test_some_fields_do_not_go_back(unit: str, row_of: HistoryRow, reason: str) -> None:
    seen = replace(golden_is(values={unit: "b"}), history={"g1": [row_of]})
    assert reason in why(plan_undo("run", [row(after={unit: "b"})], seen))


def test_a_record_that_the_run_made_goes() -> None:
    writes = [row(), row("create", 1, version_after="v1")]
    assert plan_undo("run", writes, known()) == [Remove("customer", "g1", "erp", "p1")]


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        (known(deleting=frozenset()), "does not let records"),
        (known(links={}), "not linked any more"),
        (shadow_is(version="v3"), "changed in erp since"),
        (golden_is(alive=False), "deleted elsewhere"),
        (known(history={"g1": [change(run="later", system="fin", at=at(99))]}), "edited since by fin"),
    ],
)
def test_a_record_that_was_touched_since_stays(seen: Known, reason: str) -> None:
    assert reason in why(plan_undo("run", [row("create", 1)], seen))


def test_a_deleted_record_is_not_brought_back() -> None:
    assert "cannot be brought back" in why(plan_undo("run", [row("delete", version_after=None)], known()))
