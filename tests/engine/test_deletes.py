"""Deletes that are passed on: confirmed, beaten by an edit, looked up after a lost answer, stopped where many."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bridge.engine.outbox import deliver, doubt
from bridge.ports.records import DeleteItem
from model.machine import DeletingMachine


@pytest.fixture
def company() -> DeletingMachine:
    """Three customers that are in the CRM, in the ERP and in finance; deletes go on to the last two."""
    machine = DeletingMachine()
    machine.back_off = 20
    for mail in ("m1", "m2", "m3"):
        machine.insert("crm", mail, "ana")
    machine.run()
    machine.wait(60)
    return machine


def alive(machine: DeletingMachine, system: str) -> list[object]:
    return sorted(row.values["mail"] for row in machine.systems[system].rows.values() if not row.deleted)


def journal(machine: DeletingMachine) -> list[tuple[str, str]]:
    return [(conflict.unit, conflict.rule) for conflict in machine.conflicts()]


def test_a_delete_goes_on_where_the_mapping_says_so(company: DeletingMachine) -> None:
    company.remove("erp", "m1")
    report = company.run()
    assert (alive(company, "crm"), alive(company, "fin")) == (["m1", "m2", "m3"], ["m2", "m3"])
    assert report.of("fin", "customer").deleted == 1
    quiet = company.run()
    assert (quiet.writes, quiet.as_json()["totals"]["enqueued"]) == (0, 0)
    company.teardown()


def test_nothing_brings_it_back(company: DeletingMachine) -> None:
    company.remove("crm", "m1")
    company.run()
    company.insert("crm", "m4", "ana")
    company.wait(60)
    company.run()
    assert alive(company, "erp") == alive(company, "fin") == ["m2", "m3", "m4"]


@pytest.mark.parametrize("first", ["delete", "edit"])
def test_an_edit_beats_a_delete_in_any_order(company: DeletingMachine, first: str) -> None:
    """Somebody edits in finance what somebody deletes in the CRM; neither has seen the other's act."""
    if first == "edit":
        company.edit("fin", "m1", "note", None)
        company.remove("crm", "m1")
    else:
        company.remove("crm", "m1")
        company.edit("fin", "m1", "note", None)
    company.run()
    company.wait(60)
    company.run()
    assert alive(company, "erp") == alive(company, "fin") == ["m1", "m2", "m3"]
    assert ("(record)", "edit beats delete") in journal(company)
    company.teardown()


def test_who_had_not_seen_an_edit_deletes_for_nobody_else(company: DeletingMachine) -> None:
    """The edit reached bridge before the delete did, but not the one who deleted."""
    company.edit("fin", "m1", "note", None)
    company.systems["crm"].out_of_order = True
    company.run()
    company.systems["crm"].out_of_order = False
    company.remove("crm", "m1")
    company.wait(400)
    company.run()
    assert alive(company, "fin") == ["m1", "m2", "m3"]
    assert journal(company) == [("(record)", "edit beats delete")]


def test_an_edit_just_before_the_delete_is_seen(company: DeletingMachine) -> None:
    company.remove("crm", "m1")
    company.world.at("fin delete", lambda: company.edit("fin", "m1", "note", None))
    company.run()
    company.wait(60)
    company.run()
    assert alive(company, "fin") == ["m1", "m2", "m3"]
    company.teardown()


@pytest.mark.parametrize("fault", ["lost", "lost whole"])
def test_a_lost_answer_is_looked_up(company: DeletingMachine, fault: str) -> None:
    company.remove("crm", "m1")
    company.world.at("fin delete", lambda: company.arm("fin", [fault]))
    company.run()
    deletes = company.systems["fin"].writes
    company.wait(60)
    company.run()
    assert alive(company, "fin") == ["m2", "m3"]
    assert company.systems["fin"].writes == deletes
    company.teardown()


def test_killed_before_it_is_sent(company: DeletingMachine) -> None:
    company.remove("crm", "m1")
    company.world.at("fin delete", company.world.kill)
    company.cycle(None, [])
    assert alive(company, "fin") == ["m1", "m2", "m3"]
    company.wait(60)
    company.run()
    company.wait(60)
    company.run()
    assert alive(company, "fin") == ["m2", "m3"]
    company.teardown()


def test_what_is_still_there_was_not_deleted(company: DeletingMachine) -> None:
    """The feed says that a record is gone, and it is there: left out of a filter, or put back in the meantime."""
    crm = company.systems["crm"]
    row = next(row for row in crm.rows.values() if row.values["mail"] == "m1")
    company.remove("crm", "m1")
    company.world.at("crm changes done", lambda: setattr(row, "deleted", False))
    company.run()
    assert alive(company, "fin") == ["m1", "m2", "m3"]


def test_many_deletes_wait_for_a_person(company: DeletingMachine) -> None:
    company.pace = replace(company.pace, max_deletes=2)
    for mail in ("m1", "m2", "m3"):
        company.remove("crm", mail)
    report = company.run()
    assert alive(company, "erp") == alive(company, "fin") == ["m1", "m2", "m3"]
    assert report.stopped
    assert any("sync.max_deletes" in trouble.what for trouble in report.troubles)
    company.pace = replace(company.pace, max_deletes=25)
    company.wait(700)
    assert not company.run().stopped
    assert alive(company, "erp") == alive(company, "fin") == []


def bugs() -> dict[str, object]:
    def deletes_without_a_look(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(deliver, "_refresh", lambda run, emap, system, tasks, able, lane: tasks)
        patch.setattr("bridge.engine.outbox.lane.DeleteItem", lambda native_id, expected: DeleteItem(native_id))

    def takes_a_lost_delete_for_done(patch: pytest.MonkeyPatch) -> None:
        look_up = doubt._look_up

        def wrong(adapter, emap, system, entries):
            found = look_up(adapter, emap, system, entries)
            return {e.id: [] if e.intent and e.intent.op == "delete" else found[e.id] for e in entries}

        patch.setattr(doubt, "_look_up", wrong)

    return {"blind": deletes_without_a_look, "hopeful": takes_a_lost_delete_for_done}


@pytest.mark.parametrize(
    ("bug", "history"),
    [("blind", test_an_edit_just_before_the_delete_is_seen), ("hopeful", test_killed_before_it_is_sent)],
)
def test_a_planted_bug_is_caught(company: DeletingMachine, bug: str, history, monkeypatch: pytest.MonkeyPatch) -> None:
    bugs()[bug](monkeypatch)
    with pytest.raises(AssertionError):
        history(company)
