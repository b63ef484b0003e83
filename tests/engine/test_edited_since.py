"""A user edits between bridge's write and its reading it back: the edit is heard like any other."""

from __future__ import annotations

from dataclasses import replace
from unittest import mock

import pytest

from model.machine import Machine
from model.world import Simulated


def _shown(state: Machine, path: str) -> dict[str, object]:
    return {name: row.values.get(path) for name, sim in state.systems.items() for row in sim.rows.values()}


def _runs(state: Machine, number: int) -> None:
    for _ in range(number):
        state.world.now += state.pace.tolerance * 2
        state.run()


def _known() -> Machine:
    """One customer who is in all systems, with a note in each. Notes are numbered: n1, n2, ... (`Machine.edit`)."""
    state = Machine()
    state.insert("crm", "m1", "ana")
    state.run()
    state.edit("crm", "m1", "note", "ana")
    _runs(state, 3)
    assert set(_shown(state, "note").values()) == {"n1"}
    return state


def _meanwhile(state: Machine, moment: str) -> None:
    """The ERP's note is edited at this moment."""
    state.world.at(moment, lambda: state.edit("erp", "m1", "note", "cleo"))


def _edited_after_an_update() -> Machine:
    state = _known()
    state.edit("crm", "m1", "note", "bobby")
    _meanwhile(state, "erp update done")
    _runs(state, 2)
    return state


def test_after_an_update_it_is_no_form_of_what_was_sent() -> None:
    state = _edited_after_an_update()
    assert set(_shown(state, "note").values()) == {"n3"}
    state.teardown()


def test_after_a_create_it_is_no_default() -> None:
    state = Machine()
    state.insert("crm", "m1", "ana")
    _meanwhile(state, "erp create done")
    for _ in range(2):
        state.run()
    assert set(_shown(state, "note").values()) == {"n1"}
    state.teardown()


def test_after_a_create_it_stands_against_what_was_said_elsewhere_meanwhile() -> None:
    state = Machine()
    state.insert("crm", "m1", "ana")
    state.world.at("erp create", lambda: state.edit("crm", "m1", "note", "bobby"))
    _meanwhile(state, "erp create done")
    for _ in range(3):
        state.run()
    state.teardown()  # either in the golden record, or in the journal


def test_what_the_system_makes_of_what_was_sent_stays_its_own() -> None:
    """Somebody edits another field meanwhile: that the name is cut short is still nobody's word."""
    state = _known()
    state.edit("crm", "m1", "name", "maximilian")
    _meanwhile(state, "erp update done")
    _runs(state, 3)
    shown = _shown(state, "name")
    assert (shown["crm"], shown["fin"]) == ("maximilian", "maximilian")
    assert shown["erp"] == state.systems["erp"].spell("maximilian") != "maximilian"
    assert set(_shown(state, "note").values()) == {"n2"}
    state.teardown()


def test_what_a_system_makes_of_an_acknowledged_change_is_in_no_journal() -> None:
    state = _known()
    state.edit("crm", "m1", "name", "maximilian")
    _runs(state, 3)
    assert _shown(state, "name")["erp"] == state.systems["erp"].spell("maximilian") != "maximilian"
    with state.store.begin() as uow:
        assert uow.conflicts(limit=10) == []


def test_it_is_lost_where_the_system_does_not_tell_who_wrote() -> None:
    """Else the tests above would prove nothing."""
    told = Simulated._read_back

    def silent(self: Simulated, spec, result):
        return replace(told(self, spec, result), edited=frozenset())

    with mock.patch.object(Simulated, "_read_back", silent):
        state = _edited_after_an_update()
        assert _shown(state, "note") == {"crm": "n2", "erp": "n3", "fin": "n2"}
        with pytest.raises(AssertionError):
            state.teardown()
