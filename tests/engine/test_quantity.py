"""Quantities that add up, and the number that is worked out from two of them."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from bridge.mapping.load import compile_mapping
from engine.orders import SYSTEMS, due
from support.build import Scene

MAPPING = """
version: "1"
entity: stock_level
systems: {crm: {object: Level}, erp: {object: Quant}, fin: {object: Bin}}
identity: {key: {crm: K, erp: k, fin: key}, match: [{same: [product, location]}], first contact: hold}
fields:
  product:   {crm: P, erp: p, fin: item, ref: record product}
  location:  {crm: L, erp: l, fin: place, ref: record location}
  on_hand:   {crm: On, erp: qty, fin: actual, conflict: sum}
  reserved:  {crm: Res, erp: res, direction: to crm}
  available: {crm: Avail, direction: to crm}
"""


def scene() -> Scene:
    return Scene(compile_mapping(MAPPING, SYSTEMS))


def agreed(on_hand: str = "100", reserved: str = "0") -> Scene:
    one = scene()
    one.says("erp", {"qty": on_hand, "res": reserved})
    one.says("fin", {"actual": on_hand})
    left = str(Decimal(on_hand) - Decimal(reserved))
    one.says("crm", {"On": on_hand, "Res": reserved, "Avail": left})
    return one


class TestSum:
    def test_zero_is_nothing_at_first_contact(self) -> None:
        one = scene()
        one.says("fin", {"actual": "0"})
        one.says("erp", {"qty": "40", "res": "0"})
        assert one.golden.values["on_hand"] == "40"
        assert due(one, "fin").deltas == {"actual": "40"}

    def test_a_level_of_zero_that_comes_later_takes_nothing_away(self) -> None:
        one = scene()
        one.says("erp", {"qty": "40", "res": "0"})
        one.says("fin", {"actual": "0"})
        assert one.golden.values["on_hand"] == "40"
        assert one.conflicts == []

    def test_two_different_quantities_at_first_contact_are_held(self) -> None:
        one = scene()
        one.says("erp", {"qty": "40", "res": "0"})
        one.says("fin", {"actual": "30"})
        assert [(c.unit, c.rule) for c in one.conflicts] == [("on_hand", "first contact")]

    @pytest.mark.parametrize("order", list(permutations(("crm", "erp", "fin"))))
    def test_movements_in_all_three_count_in_any_order(self, order: tuple[str, ...]) -> None:
        one = agreed()
        says = {"crm": {"On": "99", "Res": "0", "Avail": "100"}, "erp": {"qty": "70.5", "res": "0"},
                "fin": {"actual": "112.125"}}  # fmt: skip
        for seconds, system in enumerate(order, 5):
            one.says(system, says[system], seconds)
        assert one.golden.values["on_hand"] == "81.625"
        assert due(one, "erp").deltas == {"qty": "11.125"}
        assert due(one, "fin").deltas == {"actual": "-30.5"}

    def test_equal_movements_in_two_systems_are_two_movements(self) -> None:
        one = agreed()
        one.says("erp", {"qty": "95", "res": "0"}, 5)
        one.says("fin", {"actual": "95"}, 5)
        assert one.golden.values["on_hand"] == "90"


class TestWorkedOut:
    def test_it_follows_from_the_two(self) -> None:
        one = agreed(reserved="30")
        assert one.golden.values["available"] == "70"
        one.says("erp", {"qty": "100", "res": "45.5"}, 5)
        assert one.golden.values["available"] == "54.5"
        assert due(one, "crm").values == {"Res": "45.5", "Avail": "54.5"}

    def test_nobody_s_word_on_it_counts(self) -> None:
        one = agreed(reserved="30")
        one.says("crm", {"On": "100", "Res": "30", "Avail": "12"}, 5)
        assert one.golden.values["available"] == "70"
        assert due(one, "crm").values == {"Avail": "70"}

    def test_below_zero_is_told_as_it_is_and_is_an_alarm_until_it_is_so_no_more(self) -> None:
        one = agreed(reserved="60")
        one.says("fin", {"actual": "50"}, 5)
        assert one.golden.values["available"] == "-10"
        assert [(c.state, c.unit, c.rule) for c in one.conflicts] == [
            ("held", "available", "more promised than there is")
        ]
        assert due(one, "crm").values["Avail"] == "-10"
        one.says("fin", {"actual": "45"}, 6)
        assert [(c.state, c.proposals[0].value) for c in one.conflicts] == [("held", "-15")]
        one.says("fin", {"actual": "60"}, 7)
        assert [c.state for c in one.conflicts] == ["resolved"]
        assert one.golden.values["available"] == "0"
