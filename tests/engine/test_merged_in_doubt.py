"""Users merge what bridge is making or changing, in a system that tells of no merges and hands the key on (Odoo).

Found by the model test, each history as short as it became.
"""

from __future__ import annotations

from typing import TypeVar

from model.machine import SweptMachine
from model.people import People, links
from model.planned import Planned
from support.plain_store import PlainStore


class SweptPeople(People, SweptMachine):
    """One of the systems tells of no deletes and merges."""


class PlannedPeople(Planned, SweptPeople):
    """And what is planned is what is made."""

    store_kind = PlainStore


KindOfPeople = TypeVar("KindOfPeople", bound=SweptPeople)


def in_step(state: KindOfPeople, **names: str) -> KindOfPeople:
    """These customers (mail and name) are in all systems, and no reading brings them any more."""
    for mail, name in names.items():
        state.insert("fin", mail, name)
    state.run()
    state.wait(60)
    state.run()
    return state


def test_what_bridge_has_just_made_and_a_user_merged_into_another_is_that_one() -> None:
    """The answer to its creation is lost, and the system tells of no merges: it hands the key on, as Odoo does."""
    state = in_step(SweptPeople(), m1="ana")
    state.insert("crm", "m2", "bob")
    erp = state.systems["erp"]
    state.world.at("erp create", lambda: setattr(erp, "faults", ["lost"]))
    state.run()
    made = next(row.id for row in erp.rows.values() if row.values["mail"] == "m2")
    assert made not in links(state, "erp")
    state.merge("erp", 0, sorted(erp.rows).index(made))
    state.run()
    state.wait(600)
    state.teardown()
    with state.store.begin() as uow:
        assert len(state._goldens(uow)) == 1
    for system in ("crm", "fin"):
        assert sorted(kind for _, kind in links(state, system).values()) == ["linked", "review"]


def test_what_was_merged_while_both_were_being_made_is_one() -> None:
    """Neither creation was heard of, and one record is found under both keys."""
    state = SweptPeople()
    state.begin([("fin", "m3"), ("fin", "m1"), ("crm", "m1")], skews=(600, 0, -600))
    state.world.at("erp create", lambda: setattr(state.systems["erp"], "faults", ["lost whole"]))
    state.run()
    assert len(state.systems["erp"].rows) == 2
    assert not links(state, "erp")
    state.merge("erp", 0, 1)
    state.run()
    state.wait(600)
    state.teardown()
    with state.store.begin() as uow:
        assert len(state._goldens(uow)) == 1


def test_what_was_merged_while_a_change_to_it_was_in_doubt_is_planned_as_it_is_made() -> None:
    """The look-up of the change finds it gone: not deleted, but merged into the record that has its key by now."""
    state = in_step(PlannedPeople(), m1="ana", m2="bob")
    erp = state.systems["erp"]
    first, second = (next(row.id for row in erp.rows.values() if row.values["mail"] == mail) for mail in ("m1", "m2"))
    state.edit("fin", "m2", "note", "bobby")
    state.world.at("erp update", lambda: setattr(erp, "faults", ["lost"]))
    state.run()
    ids = list(erp.rows)
    state.merge("erp", ids.index(first), ids.index(second))
    state.wait(60)
    state.planned_cycle()
    assert links(state, "erp")[second][1] == "gone"
    assert [row.id for row in erp.rows.values() if not row.deleted] == [first]
    state.wait(600)
    state.teardown()


def test_what_is_to_be_made_and_whose_key_another_record_has_is_that_one() -> None:
    """A store that was put back knows nothing of what it had made, and of what a user merged that into."""
    state = in_step(SweptPeople(), m1="ana")
    first = state.systems["erp"].rows["erp1"]
    state.insert("crm", "m2", "bob")
    state.world.at("erp create", lambda: setattr(first, "inherited", ("golden-0002",)))
    state.parted |= {"m1", "m2"}
    state.run()
    state.wait(600)
    state.teardown()
    with state.store.begin() as uow:
        assert list(state._goldens(uow)) == ["golden-0001"]
