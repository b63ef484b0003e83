"""G1 to G4 where several workers share the store: their cycles are woven into each other at any moment."""

from __future__ import annotations

from itertools import groupby
from unittest import mock

import pytest
from hypothesis.stateful import run_state_machine_as_test

from bridge.engine.runtime import Pace
from bridge.engine.sharing import BATCHES, Workers
from model.test_model import SETTINGS
from model.together import Together
from support.plain_store import PlainStore


class OnPlainStore(Together):
    store_kind = PlainStore


class TestTogether(OnPlainStore.TestCase):
    settings = SETTINGS


def company() -> Together:
    machine = OnPlainStore()
    machine.pace = Pace(page=100)
    for sim in machine.systems.values():
        sim.page = sim.batch = 100  # all that changed is on the first page
    for mail in ("m1", "m2", "m3", "m4"):
        machine.insert("crm", mail, "ana")
    machine.run()
    machine.run()
    return machine


def test_who_was_held_up_in_a_read_commits_nothing() -> None:
    """The page was fetched before another worker wrote to the record; merged after that, it would undo the edit."""
    machine = company()
    machine.edit("erp", "m1", "note", None)
    machine.edit("crm", "m1", "name", "bob")
    machine.world.at(
        "crm changes", lambda: machine.world.at("after read", lambda: machine._another(None, stalled=True))
    )
    report = machine.run()
    assert machine.late == 1
    assert report.busy
    machine.teardown()


def test_two_workers_share_a_cycle_and_neither_does_the_work_of_the_other() -> None:
    machine = company()
    for mail in ("m1", "m2", "m3", "m4"):
        machine.edit("crm", mail, "note", None)
    writes = machine.systems["erp"].writes
    machine.world.at("before write", lambda: machine._another(None, stalled=False))
    machine.run()
    machine.run()
    assert machine.beside == 1
    assert machine.systems["erp"].writes - writes == 4
    machine.teardown()


def test_without_leases_the_model_finds_what_goes_wrong() -> None:
    """A planted bug: everybody works everywhere, so that what was read may be older than what was written since."""
    with mock.patch.object(Workers, "take", return_value=True), pytest.raises(AssertionError):
        run_state_machine_as_test(OnPlainStore, settings=SETTINGS)


def test_much_work_for_one_system_lets_the_others_have_their_turn() -> None:
    """Sixty edits are twenty batches for each system: nobody waits until another has had all of its own."""
    machine = OnPlainStore()
    machine.pace = Pace(page=100)
    for number in range(60):
        machine.insert("crm", f"m{number}", "ana")
    machine.run()
    machine.run()
    turns: list[str] = []
    for name in ("erp", "fin"):
        sim = machine.systems[name]
        update = sim.update
        sim.update = lambda spec, items, name=name, update=update: turns.append(name) or update(spec, items)
    for number in range(60):
        machine.edit("crm", f"m{number}", "note", None)
    machine.run()
    assert turns.count("erp") == turns.count("fin") == 20
    longest = max(len(list(same)) for _, same in groupby(turns))
    assert longest <= BATCHES
    machine.teardown()
