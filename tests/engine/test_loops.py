"""The loop breaker: what counts as a flip, what is frozen, and what never is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.config import load_config
from bridge.engine.merge.draft import Circumstances
from bridge.engine.merge.loops import Loop, broken, reach, tail
from bridge.engine.merge.observe import Outcome
from bridge.mapping.units import Policy
from bridge.ports.errors import ConfigError
from bridge.ports.work import HistoryRow
from support.build import Scene, at, entity, field

LOOP = Loop(flips=4, within=timedelta(hours=1))
MINUTE = 60.0


def changes(*said: tuple[str, str], every: float = 5 * MINUTE) -> list[HistoryRow]:
    """What these systems said one after the other."""
    rows, old = [], "A"
    for number, (system, value) in enumerate(said):
        rows.append(HistoryRow("customer", "g1", "name", old, value, system, at(number * every), "changed"))
        old = value
    return rows


ROUND = [("erp", "B"), ("crm", "A")]


def test_saying_the_same_again_over_anothers_word_is_a_flip() -> None:
    assert [len(tail(changes(*(ROUND * 4)[:n]), LOOP)) for n in range(1, 9)] == [0, 0, 1, 2, 3, 4, 5, 6]


def test_three_systems_go_round_as_well() -> None:
    rows = changes(*[("erp", "B"), ("fin", "C"), ("crm", "A")] * 3)
    assert len(tail(rows, LOOP)) == 6


@pytest.mark.parametrize(
    "between",
    [("crm", "new"), ("", "B"), ("erp", "B2")],
    ids=["a value that is new", "bridge itself", "another value of the same system"],
)
def test_somebodys_word_in_between_begins_anew(between: tuple[str, str]) -> None:
    rows = changes(*ROUND * 3, between, *ROUND)
    assert len(tail(rows, LOOP)) <= 2


def test_one_system_that_changes_its_mind_is_no_loop() -> None:
    assert tail(changes(*[("crm", "A"), ("crm", "B")] * 5), LOOP) == []


def test_slow_changes_are_no_loop() -> None:
    assert tail(changes(*ROUND * 5, every=45 * MINUTE), LOOP) == []


def test_only_the_flips_of_the_last_while_count() -> None:
    assert len(tail(changes(*ROUND * 10, every=10 * MINUTE), LOOP)) == 7
    assert reach(LOOP, at(0)) == at(-7200)


def _round_trip(scene: Scene, unit: str, values: Sequence[str], loop: Loop = LOOP) -> tuple[Outcome, list[str]]:
    """Both systems say these values in turn, each having seen the other's, until something is frozen."""
    known: list[HistoryRow] = []
    outcome: Outcome | None = None
    for number in range(20):
        system, other, value = ("erp", "crm", values[1]) if number % 2 else ("crm", "erp", values[0])
        before, seconds = scene.golden, number * 5 * MINUTE
        outcome = scene.says(system, {unit: value}, seconds)
        around = _around(seconds)
        outcome, frozen = broken(scene.emap, outcome, before, known, loop, around)
        if frozen:
            return outcome, frozen
        scene.golden = outcome.golden
        known += outcome.history
        scene.written(other, {unit: value}, seconds=seconds)
    assert outcome is not None
    return outcome, []


def _around(seconds: float) -> Circumstances:
    return Circumstances(at(seconds), "run", timedelta(seconds=2), lambda: "frozen")


def test_what_goes_round_is_held_with_the_values_that_alternate() -> None:
    outcome, frozen = _round_trip(Scene(entity(field("name"))), "name", ["A", "B"])
    assert frozen == ["name"]
    (conflict,) = outcome.conflicts
    assert (conflict.state, conflict.rule, conflict.winner) == ("held", "loop", "")
    assert {p.system: p.value for p in conflict.proposals} == {"crm": "A", "erp": "B"}
    assert outcome.golden.held == {"name": conflict.id}
    flip, back = outcome.history
    assert (back.old, back.new, back.system, back.rule) == (flip.new, flip.old, "", "loop")
    assert outcome.golden.values["name"] == flip.old == conflict.base
    assert outcome.golden.provenance["name"].system == ("erp" if flip.system == "crm" else "crm")


def test_it_takes_as_long_again_after_a_person_was_asked() -> None:
    rows = [*changes(*ROUND * 3)]
    taken_back = replace(rows[-1], system="", rule="loop", old="A", new="B")
    assert len(tail([*rows, taken_back, *changes(*ROUND)], LOOP)) == 1


@pytest.mark.parametrize("policy", [Policy("sum")], ids=str)
def test_quantities_that_add_up_are_never_frozen(policy: Policy) -> None:
    assert _round_trip(Scene(entity(field("stock", policy=policy))), "stock", ["5", "4"])[1] == []


def test_the_limits_are_configured(tmp_path: Path) -> None:
    path = tmp_path / "bridge.yaml"
    text = 'version: "1"\nsystems: {crm: {adapter: memory}}\nsync: {loop: {flips: %s, within: 20m}}\n'
    path.write_text(text % 2, encoding="utf-8")
    assert load_config(path).sync.loop == Loop(2, timedelta(minutes=20))
    path.write_text(text % "none", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"sync\.loop\.flips"):
        load_config(path)
    path.write_text((text % 2).replace("20m", "999999d"), encoding="utf-8")
    with pytest.raises(ConfigError, match="at most 36500d"):
        load_config(path)
