"""Hints in any order: true, late, doubled, of other systems' records, invented; in cycles that read nothing else. They
change latency, and none of the guarantees. The same machine as the model test, with cycles that only heed.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from bridge.engine import heed as heeding
from bridge.engine.heed import FEW, chosen
from bridge.ports.records import Condition, FieldSpec, ObjectSpec
from model.machine import MAILS, NAMES, SYSTEMS, Machine, SweptMachine
from model.people import DeletingPeople
from model.test_model import SETTINGS
from model.world import Killed
from support.plain_store import PlainStore

INVENTED = ("crm99", "erp1", "fin1", "", "Robert'); DROP TABLE", "golden-0001")


class Told(Machine):
    """And systems that tell."""

    @rule(
        system=st.sampled_from(SYSTEMS),
        mails=st.lists(st.sampled_from(MAILS), max_size=3),
        invented=st.lists(st.sampled_from(INVENTED), max_size=2),
        kill=st.one_of(st.none(), st.integers(1, 20)),
        edit=st.one_of(st.none(), st.tuples(st.integers(1, 20), st.sampled_from(MAILS), st.sampled_from(NAMES))),
    )
    def tell(self, system: str, mails, invented, kill: int | None, edit) -> None:
        """A cycle that reads nothing but what is told, killed or edited into as any other."""
        rows = self.systems[system].rows.values()
        ids = {row.id for row in rows if row.values.get("mail") in mails} | set(invented)
        if kill is not None:
            self.world.plan(kill, self.world.kill)
        if edit is not None:
            after, mail, name = edit
            self.world.plan(after, lambda: self._edit(system, mail, "name", name))
        self.asked = {"reads": (), "hints": {(system, "customer"): ids} if ids else {}}
        try:
            self.run()
        except Killed:
            pass
        finally:
            self.asked = {}
            self.world.planned.clear()


class ToldOnPlainStore(Told, DeletingPeople):
    store_kind = PlainStore


class ToldAndSwept(Told, SweptMachine):
    store_kind = PlainStore


class TestHinted(ToldOnPlainStore.TestCase):
    settings = SETTINGS


class TestHintedWithSweeps(ToldAndSwept.TestCase):
    settings = SETTINGS


@pytest.fixture
def company() -> Machine:
    """Six customers in three systems, in step."""
    machine = ToldAndSwept()
    machine.begin([])
    for number in range(6):
        machine.insert("crm", f"m{number}", "ana")
    for _ in range(3):
        machine.run()
        machine.wait(60)
    return machine


def told(machine: Machine, system: str, *ids: str) -> list[str]:
    """A cycle with hints only; answers the calls that it made in this system."""
    sim, calls = machine.systems[system], []
    plain = sim._call
    sim._call = lambda name: calls.append(name) or plain(name)
    machine.asked = {"reads": (), "hints": {(system, "customer"): ids}}
    machine.run()
    machine.asked = {}
    del sim._call
    return calls


def row_of(machine: Machine, system: str, mail: str):
    (row,) = [row for row in machine.systems[system].rows.values() if row.values["mail"] == mail]
    return row


def test_known_records_are_asked_for_and_nothing_else(company: Machine) -> None:
    company._edit("crm", "m1", "note", "x")
    calls = told(company, "crm", row_of(company, "crm", "m1").id)
    assert [name for name in calls if name not in ("open", "update", "find")] == ["fetch"]
    assert row_of(company, "fin", "m1").values["note"] == row_of(company, "crm", "m1").values["note"]
    company.teardown()


def test_a_new_record_is_polled_and_made_elsewhere(company: Machine) -> None:
    company.insert("crm", "m9", "ana")
    assert "changes" in told(company, "crm", row_of(company, "crm", "m9").id)
    assert row_of(company, "fin", "m9").key
    company.teardown()


def test_invented_ids_write_nothing(company: Machine) -> None:
    before = [sim.writes for sim in company.systems.values()]
    for system in SYSTEMS:
        told(company, system, *INVENTED)
    assert [sim.writes for sim in company.systems.values()] == before
    company.teardown()


def test_a_delete_is_passed_on_at_once_also_where_deletes_are_not_told(company: Machine) -> None:
    gone = row_of(company, "erp", "m2").id
    company.remove("erp", "m2")
    company.pace = replace(company.pace, sweep=company.pace.max_age)
    told(company, "erp", gone)
    assert row_of(company, "fin", "m2").deleted


def test_before_everything_was_read_nothing_is_made(company: Machine) -> None:
    machine = ToldAndSwept()
    machine.begin([("crm", "m1"), ("erp", "m2")])
    told(machine, "crm", "crm1")
    assert [len(sim.rows) for sim in machine.systems.values()] == [1, 1, 0]
    machine.teardown()


def test_many_are_counted_as_any_reading_is() -> None:
    """A change of everything is stopped, however it is told of."""
    machine = ToldAndSwept()
    machine.begin([])
    for number in range(150):
        machine.insert("crm", f"m{number}", "ana")
    for _ in range(3):
        machine.run()
        machine.wait(60)
    for row in machine.systems["crm"].rows.values():
        machine.systems["crm"].edit(row.id, "note", "gone mad")
    before = machine.systems["fin"].writes
    told(machine, "crm", *machine.systems["crm"].rows)
    assert machine.systems["fin"].writes == before


SPEC = ObjectSpec("customer", "Account", "Key", (FieldSpec("Name"), FieldSpec("Type")))
WHERE = (Condition("Type", "=", "Customer"),)
HIDDEN = (Condition("Owner.Active", "=", "true"),)


@pytest.mark.parametrize(
    ("ids", "known", "spec", "ready", "direct", "poll"),
    [
        (["a"], {"a"}, SPEC, True, ("a",), False),
        (["a", "b"], {"a"}, SPEC, True, ("a",), True),
        (["a", ""], {"a"}, SPEC, True, ("a",), True),
        (["a"], {"a"}, replace(SPEC, where=WHERE), True, ("a",), False),
        (["a"], {"a"}, replace(SPEC, where=HIDDEN), True, ("a",), True),
        (["a"], {"a"}, SPEC, False, (), True),
        ([f"{n}" for n in range(FEW + 1)], {f"{n}" for n in range(FEW + 1)}, SPEC, True, (), True),
    ],
)
def test_the_way(ids, known, spec, ready, direct, poll) -> None:
    way = chosen(ids, known, spec, ready=ready)
    assert (way.ids, way.poll) == (direct, poll)


def test_a_record_that_left_the_where_is_not_taken_in_by_its_id(company: Machine, monkeypatch) -> None:
    """Who asks for ids gets records that are no customers any more: those are the poll's to judge."""
    spec = company.maps["customer"].spec("crm")
    narrow = replace(spec, where=(Condition("rank", "is not set", None),))
    company.maps["customer"]._specs["crm"] = narrow
    row = row_of(company, "crm", "m1")
    company.systems["crm"].edit(row.id, "rank", "bob")
    polled: list[str] = []
    monkeypatch.setattr(heeding, "read", lambda run, emap, system: polled.append(system))
    told(company, "crm", row.id)
    assert polled == ["crm"]
    assert row_of(company, "fin", "m1").values.get("rank") is None
