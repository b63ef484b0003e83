"""Systems out of order, batches that come to nothing, records that cannot be written now: who waits, and who not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.engine.circuit import LONGEST
from bridge.engine.runtime import Pace
from bridge.ports.errors import BridgeError, Rejected, Transient
from bridge.ports.records import WriteResult
from bridge.ports.work import OutboxEntry
from model.machine import Machine

MAILS = [f"m{number}" for number in range(1, 9)]


@pytest.fixture
def company() -> Machine:
    """Eight customers, made in the CRM and known everywhere; batches of eight."""
    machine = Machine()
    machine.pace, machine.back_off = Pace(page=100), 20
    for sim in machine.systems.values():
        sim.page = sim.batch = 100
    for mail in MAILS:
        machine.insert("crm", mail, "ana")
    machine.run()
    assert [len(sim.rows) for sim in machine.systems.values()] == [8, 8, 8]
    return machine


def entries(machine: Machine) -> list[OutboxEntry]:
    with machine.store.begin() as uow:
        return uow.entries(None, 1000)


def shown(machine: Machine, system: str, path: str = "note") -> dict[str, object]:
    return {row.values["mail"]: row.values.get(path) for row in machine.systems[system].rows.values()}


def later(machine: Machine, seconds: float) -> None:
    machine.wait(seconds)
    machine.run()


# a system out of order


def test_an_outage_counts_no_attempt_and_costs_nobody_anything(company: Machine) -> None:
    company.systems["erp"].out_of_order = True
    before = company.systems["erp"].calls
    for number in range(120):  # an hour, every thirty seconds; edits go on
        company.edit("crm", MAILS[number % 8], "note", None)
        later(company, 30)
        assert shown(company, "fin") == shown(company, "crm"), "the others are kept in step"
    assert company.systems["erp"].calls - before < 130, "a dead system is asked once in a while, with one call"
    assert {(e.state, e.attempts) for e in entries(company)} <= {("pending", 0), ("waiting", 0)}
    writes = company.systems["erp"].writes
    company.systems["erp"].out_of_order = False
    company.wait(LONGEST)
    report = company.run()
    assert shown(company, "erp") == shown(company, "crm")
    assert company.systems["erp"].writes - writes == 8, "the latest state only, once for each record"
    assert not entries(company)
    assert report.ok
    company.teardown()


def test_who_did_not_answer_is_asked_after_all_others_were_served(company: Machine) -> None:
    company.systems["crm"].out_of_order = True
    company.run()
    company.edit("erp", "m1", "note", None)
    served: list[object] = []
    company.world.at("crm open", lambda: served.append(shown(company, "fin")["m1"]))
    company.wait(LONGEST)
    company.run()
    assert served == [shown(company, "erp")["m1"]]


def test_before_its_time_a_system_out_of_order_is_not_called(company: Machine) -> None:
    company.systems["erp"].out_of_order = True
    company.run()
    calls = company.systems["erp"].calls
    report = company.run()
    assert company.systems["erp"].calls == calls
    assert "does not answer" in str(report.resting["erp"])
    assert not report.ok


def test_what_was_set_aside_for_want_of_an_answer_is_tried_again_after_an_outage(company: Machine) -> None:
    company.pace = replace(company.pace, max_attempts=2)
    erp = company.systems["erp"]
    erp.whole = Transient("had an error of its own", system="erp")
    poison(company, "m1")
    for _ in range(4):
        later(company, 60)
    assert [entry.state for entry in entries(company)] == ["dead"]
    erp.whole, erp.out_of_order = None, True
    later(company, 60)
    erp.out_of_order = False
    later(company, LONGEST)
    assert shown(company, "erp")["m1"] == "poison"
    assert not entries(company)


# batches


def poison(machine: Machine, mail: str, system: str = "crm") -> None:
    """An edit that the other systems choke on, where `whole` says so."""
    sim = machine.systems[system]
    row = next(row for row in sim.rows.values() if row.values["mail"] == mail)
    sim.edit(row.id, "note", "poison")


def edit_all(machine: Machine) -> None:
    for mail in MAILS:
        machine.edit("crm", mail, "note", None)


@pytest.mark.parametrize("bad", MAILS)
@pytest.mark.parametrize(
    ("error", "state"), [(Rejected("no", system="erp"), "dead"), (Transient("broke down", system="erp"), "waiting")]
)
def test_a_batch_that_comes_to_nothing_is_split_until_the_bad_record_stands_alone(
    company: Machine, bad: str, error: BridgeError, state: str
) -> None:
    erp = company.systems["erp"]
    erp.whole = error
    edit_all(company)
    poison(company, bad)
    erp.sizes.clear()
    later(company, 1)
    assert erp.sizes.count(8) == 1
    assert len(erp.sizes) == 1 + 2 + 2 + 2, "halved three times"
    agreed = shown(company, "crm")
    assert {mail: note for mail, note in shown(company, "erp").items() if mail != bad} == {
        mail: note for mail, note in agreed.items() if mail != bad
    }
    assert [(entry.state, entry.attempts) for entry in entries(company)] == [(state, 1)]
    assert shown(company, "fin") == agreed


def test_seven_bad_records_of_two_hundred_cost_few_calls() -> None:
    machine = Machine()
    machine.pace = Pace(page=1000)
    for sim in machine.systems.values():
        sim.page, sim.batch = 1000, 200
    machine.systems["erp"].whole = Rejected("no", fields=("name",), system="erp")
    for number in range(200):
        machine.systems["crm"].insert(
            "Customer", {"mail": f"c{number}", "name": "poison" if number % 29 == 3 else "ana"}
        )
    machine.systems["fin"].whole = machine.systems["erp"].whole
    machine.run()
    bad = sum(number % 29 == 3 for number in range(200))
    assert bad == 7
    for system in ("erp", "fin"):
        assert len(machine.systems[system].rows) == 200 - bad
        assert len(machine.systems[system].sizes) <= 1 + bad * 2 * 8
    assert [entry.state for entry in entries(machine)] == ["dead"] * 2 * bad
    assert all("no" in str(entry.error) for entry in entries(machine))


def test_results_that_cannot_be_told_apart_are_in_doubt(company: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = company.systems["erp"]
    update = type(erp).update
    monkeypatch.setattr(erp, "update", lambda spec, items: update(erp, spec, items)[:-1], raising=False)
    edit_all(company)
    report = company.run()
    assert [entry.state for entry in entries(company) if entry.state != "pending"] == ["in_doubt"] * 8
    assert any("7 results for 8 records" in trouble.what for trouble in report.troubles)
    writes = erp.writes
    later(company, 2)
    assert erp.writes == writes, "what was written is looked up and not written again"
    assert not entries(company)


def test_a_locked_record_waits_and_all_others_go_on(company: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    erp = company.systems["erp"]
    locked = next(row.id for row in erp.rows.values() if row.values["mail"] == "m3")
    write = erp._update

    def held_up(spec, item, fault):
        if item.native_id == locked:
            return WriteResult("failed", item.native_id, error=Transient("locked", system="erp"))
        return write(spec, item, fault)

    monkeypatch.setattr(erp, "_update", held_up, raising=False)
    edit_all(company)
    company.run()
    assert [(entry.state, entry.attempts) for entry in entries(company)] == [("waiting", 1)]
    assert sum(shown(company, "erp")[mail] == shown(company, "crm")[mail] for mail in MAILS) == 7
    company.edit("crm", "m1", "note", None)
    company.run()
    assert shown(company, "erp")["m1"] == shown(company, "crm")["m1"], "the system is not left alone for that"
    monkeypatch.undo()
    later(company, 60)
    assert shown(company, "erp") == shown(company, "crm")


# causes that are gone


def test_a_mended_mapping_tries_again_what_was_set_aside(company: Machine) -> None:
    erp = company.systems["erp"]
    erp.whole = Rejected("no", system="erp")
    poison(company, "m1")
    company.run()
    assert [entry.state for entry in entries(company)] == ["dead"]
    erp.whole = None
    later(company, 60)
    assert [entry.state for entry in entries(company)] == ["dead"], "what was refused is not sent again by itself"
    company.maps["customer"].digest = "mended"
    later(company, 60)
    assert shown(company, "erp")["m1"] == "poison"
    assert not entries(company)


def test_a_child_goes_on_when_a_user_makes_its_parent(company: Machine) -> None:
    """The parent is refused by a system; a user of that system makes it by hand, and it is matched."""
    erp, crm = company.systems["erp"], company.systems["crm"]
    parent = crm.insert("Customer", {"mail": "p1", "name": "poison"})
    crm.edit(next(row.id for row in crm.rows.values() if row.values["mail"] == "m1"), "parent", parent)
    company.run()
    assert {entry.state for entry in entries(company)} == {"dead", "held"}
    made = erp.insert("Customer", {"mail": "p1", "name": "ana"})
    later(company, 60)
    assert next(row.values["parent"] for row in erp.rows.values() if row.values["mail"] == "m1") == made
