"""Rows of a record: which there are is merged by key, what stands in them by field."""

from __future__ import annotations

from itertools import permutations

import pytest

from bridge.engine.plan.due import due_create, due_update, waits_for
from bridge.ports.records import split_row_path
from bridge.ports.work import Intent
from engine.orders import MAPPING, SYSTEMS, agreed, due, order, rows, scene

A = ("Apples", "2", "1.5")
B = ("Bread", "1", "3")
C = ("Cake", "5", "0.2")


def test_the_path_of_a_cell_is_taken_apart() -> None:
    assert split_row_path("lines[crm-1].qty") == ("lines", "crm-1", "qty")
    assert split_row_path("Address.Billing.city") is None


def test_a_new_order_is_created_with_all_its_lines_and_as_a_draft() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A, "b": B}, "confirmed"))
    values = due(one, "erp").values
    assert values["lines"] == ["a", "b"]
    assert (values["lines[a].qty"], values["lines[b].price"]) == ("2", "3")
    assert "state" not in values


def test_the_status_is_told_after_everything_else() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A}, "confirmed"))
    stored = order("erp", {"a": A}, "draft")
    one.written("erp", due(one, "erp").values, stored)
    assert due(one, "erp").values == {"state": "sale"}


def test_different_cells_of_a_line_flow_together() -> None:
    one = agreed({"a": A})
    one.says("crm", order("crm", {"a": ("Apples", "3", "1.5")}), 5)
    one.says("erp", order("erp", {"a": ("Red apples", "2", "1.5")}), 5)
    assert rows(one)["a"] == ("Apples", "3", "1.5")  # a draft is the crm's: the erp's word is in the journal
    assert {c.rule for c in one.conflicts} == {"owner by status"}


def test_lines_added_in_two_systems_are_both_there() -> None:
    one = agreed({"a": A}, "confirmed")
    one.says("erp", order("erp", {"a": A, "b": B}, "confirmed"), 5)
    one.says("fin", order("fin", {"a": A, "c": C}, "confirmed"), 6)
    assert set(rows(one)) == {"a", "b", "c"}
    assert due(one, "fin").values["items"] == ["a", "b", "c"]
    assert due(one, "fin").values["items[b].rate"] == "3"
    assert due(one, "crm").values["Items"] == ["a", "b", "c"]


def test_a_line_taken_out_goes_everywhere() -> None:
    one = agreed({"a": A, "b": B})
    one.says("crm", order("crm", {"a": A}), 5)
    assert set(rows(one)) == {"a"}
    assert due(one, "erp").values == {"lines": ["a"]}
    one.written("erp", {"lines": ["a"]}, order("erp", {"a": A}))
    assert due(one, "erp").nothing
    assert not [path for path in one.shadows["crm"].values if path.startswith("Items[b]")]


@pytest.mark.parametrize("order_read", list(permutations(("erp", "fin"))))
def test_an_edit_beats_a_delete_whoever_is_read_first(order_read) -> None:
    one = agreed({"a": A, "b": B}, "confirmed")
    says = {
        "erp": order("erp", {"a": A}, "confirmed"),
        "fin": order("fin", {"a": A, "b": ("Bread", "7", "3")}, "confirmed"),
    }
    for system in order_read:
        one.says(system, says[system], 5)
    assert rows(one)["b"] == ("Bread", "7", "3")
    assert "edit beats delete" in {c.rule for c in one.conflicts}
    assert due(one, "erp").values["lines[b].qty"] == "7"


def test_the_same_line_taken_out_twice_is_nothing_special() -> None:
    one = agreed({"a": A, "b": B}, "confirmed")
    one.says("erp", order("erp", {"a": A}, "confirmed"), 5)
    one.says("fin", order("fin", {"a": A}, "confirmed"), 6)
    assert set(rows(one)) == {"a"}
    assert one.conflicts == []


def test_what_does_not_own_it_changes_no_line() -> None:
    one = agreed({"a": A}, "confirmed")
    one.says("crm", order("crm", {"a": ("Apples", "9", "1.5"), "x": B}, "confirmed"), 5)
    assert rows(one) == {"a": A}
    assert {(c.rule, c.unit) for c in one.conflicts} == {
        ("owner by status", "lines"), ("owner by status", "lines[a].quantity"),
    }  # fmt: skip
    back = due(one, "crm").values
    assert back == {"Items": ["a"], "Items[a].Qty": "2"}


@pytest.mark.parametrize("order_read", list(permutations(SYSTEMS)))
def test_ownership_is_that_of_the_status_the_user_saw(order_read) -> None:
    one = agreed({"a": A})
    says = {
        "crm": order("crm", {"a": ("Apples", "3", "1.5")}, "confirmed"),
        "erp": order("erp", {"a": ("Apples", "4", "1.5")}, "confirmed"),
        "fin": order("fin", {"a": A}),
    }
    for system in order_read:
        one.says(system, says[system], 5)
    assert rows(one)["a"] == ("Apples", "3", "1.5")
    assert one.golden.values["status"] == "confirmed"


def test_a_row_without_what_it_needs_is_left_out_and_told() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A, "b": ("Bread", None, "3")}))
    lacking = due(one, "erp")
    assert lacking.problems == ("lines[b].quantity is required and empty",)


def test_defaults_of_a_row_made_by_bridge_are_the_systems_own() -> None:
    one = agreed({"a": A}, "confirmed")
    one.says("erp", order("erp", {"a": A, "b": ("Bread", "1", None)}, "confirmed"), 5)
    sent = due(one, "fin").values
    assert "items[b].rate" not in sent
    one.written("fin", sent, order("fin", {"a": A, "b": ("Bread", "1", "9.99")}, "confirmed"))
    assert rows(one)["b"] == ("Bread", "1", None)
    assert due(one, "fin").nothing


def test_a_lost_answer_to_a_new_row_is_settled_by_what_is_there() -> None:
    one = agreed({"a": A}, "confirmed")
    one.says("erp", order("erp", {"a": A, "b": B}, "confirmed"), 5)
    sent = due(one, "fin").values
    before = one.shadows["fin"]
    intent = Intent("update", "fin-1", {path: before.values.get(path) for path in sent}, sent, before.version)
    one.says("fin", order("fin", {"a": A}, "confirmed"), 6, intent=intent, version=before.version)
    assert due(one, "fin").values == sent
    one.says("fin", order("fin", {"a": A, "b": B}, "confirmed"), 7, intent=intent)
    assert due(one, "fin").nothing
    assert set(rows(one)) == {"a", "b"}


def test_first_contact_of_two_orders_with_other_lines_is_held() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A}))
    one.says("erp", order("erp", {"b": A}))
    assert "lines" in one.golden.held
    assert due(one, "erp").nothing


def test_an_order_is_not_made_in_a_third_system_before_its_lines_are_decided() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A}))
    one.says("erp", order("erp", {"b": A}))
    asked = due(one, "fin")
    assert (asked.blocked, asked.missing) == (True, ("lines",))
    assert waits_for(one.golden, asked.missing, "fin") == "waits for a person to decide lines (`bridge conflicts list`)"


def test_nor_before_the_quantity_of_a_line_is() -> None:
    one = scene()
    one.says("crm", order("crm", {"a": A}))
    one.says("erp", order("erp", {"a": ("Apples", "7", "1.5")}))
    asked = due(one, "fin")
    assert (asked.blocked, asked.missing) == (True, ("lines[a].quantity",))
    one.says("erp", order("erp", {"a": A}), 6)
    assert (due(one, "fin").blocked, due(one, "fin").missing) == (False, ())


class TestWhatCannotBeRead:
    """A word that is not known is no empty field: nothing stands in for it."""

    def test_an_order_with_a_line_without_a_price_is_not_made(self) -> None:
        one = scene(MAPPING.replace("price, fin: rate}", "price, fin: rate, required: yes}"))
        one.says("crm", order("crm", {"a": ("Apples", "2", "1.5"), "b": ("Pears", "1", None)}))
        wanted = due(one, "erp")
        assert wanted.refused
        assert wanted.problems == ("lines[b].unit_price is required and empty",)

    def test_a_line_whose_cell_cannot_be_read_keeps_the_order_back(self) -> None:
        one = scene()
        one.says("crm", order("crm", {"a": ("Apples", "two", "1.5")}))
        form = one.form("erp")
        wanted = due_create(form, one.golden, unread=one.shadows["crm"].stopped)
        assert wanted.refused
        (said,) = wanted.problems
        assert said.startswith("order.lines[a].quantity holds something in another system")

    def test_a_default_does_not_stand_for_it(self) -> None:
        one = scene(MAPPING.replace("currency:   {crm: Cur, erp", "currency:   {crm: Cur, default: EUR, erp"))
        one.says("crm", order("crm", {"a": ("Apples", "2", "1.5")}, currency="nuts"))
        form = one.form("erp")
        assert due_create(form, one.golden).values["currency"] == "EUR"
        wanted = due_create(form, one.golden, unread=one.shadows["crm"].stopped)
        assert wanted.refused
        assert "order.currency holds something" in wanted.problems[0]

    def test_a_line_added_later_that_cannot_be_read_is_left_out_and_told(self) -> None:
        one = agreed({"a": ("Apples", "2", "1.5")}, "confirmed")
        one.says("erp", order("erp", {"a": ("Apples", "2", "1.5"), "b": ("Pears", "one", "3")}, "confirmed"), 5)
        wanted = due_update(one.form("crm"), one.golden, one.shadows["crm"], one.shadows["erp"].stopped)
        assert not wanted.values
        assert len(wanted.problems) == 1
