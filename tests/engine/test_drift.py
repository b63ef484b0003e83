"""Drift: what changed in a system without its feed telling is found in time, a portion after the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.engine import drift as drifting
from bridge.engine.report import Report
from bridge.engine.stops import approve
from bridge.ports.errors import Transient
from model.machine import DeletingMachine, Machine
from support.plain_store import PlainStore

SIX_HOURS = timedelta(hours=6)


@pytest.fixture(autouse=True)
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five portions of four: twenty customers are looked at in the time that is configured."""
    monkeypatch.setattr(drifting, "PORTION", 4)


class Company(DeletingMachine):
    store_kind = PlainStore


@pytest.fixture
def company() -> Company:
    """Twenty customers in three systems; each is looked at once in five days."""
    machine = Company()
    machine.pace = replace(machine.pace, drift=timedelta(days=5))
    for number in range(20):
        machine.insert("crm", f"m{number:02}", "ana")
    for _ in range(2):
        machine.run()
        machine.wait(60)
    return machine


def days(machine: Machine, number: float) -> list[Report]:
    """So many days of a cycle every six hours."""
    found = []
    for _ in range(round(number * 4)):
        machine.wait(SIX_HOURS.total_seconds())
        found.append(machine.run())
    return found


def drifted(reports: list[Report]) -> int:
    return sum(tally.drifted for report in reports for tally in report.tallies.values())


def shown(machine: Machine, system: str, mail: str, path: str = "note") -> object:
    (row,) = [r for r in machine.systems[system].rows.values() if r.values["mail"] == mail and not r.deleted]
    return row.values.get(path)


def untold(machine: Machine, system: str, mail: str, value: str = "untold") -> None:
    machine.systems[system].edit_past(id_of(machine, system, mail), "note", value)
    machine.typed["note"].add(value)


def id_of(machine: Machine, system: str, mail: str) -> str:
    return next(row.id for row in machine.systems[system].rows.values() if row.values["mail"] == mail)


@pytest.mark.parametrize("system", ["crm", "erp", "fin"])
@pytest.mark.parametrize("mail", ["m00", "m11", "m19"])
def test_an_edit_of_which_nobody_tells_is_found_in_time_and_goes_on(company: Company, system: str, mail: str) -> None:
    untold(company, system, mail)
    reports = days(company, 6)
    assert [shown(company, other, mail) for other in ("crm", "erp", "fin")] == ["untold"] * 3
    assert drifted(reports) == 1
    assert drifted(days(company, 6)) == 0, "once"
    company.teardown()


def test_each_record_has_its_turn_evenly(company: Company) -> None:
    """A portion a day and system: no cycle reads everything, and five days read everything."""
    asked: list[int] = []
    fetch = company.systems["fin"].fetch
    company.systems["fin"].fetch = lambda spec, ids: asked.append(len(ids)) or fetch(spec, ids)
    days(company, 5)
    assert asked == [4] * 5


def test_it_costs_nothing_in_between(company: Company) -> None:
    days(company, 1)
    asked: list[object] = []
    company.systems["fin"].fetch = lambda spec, ids: asked.append(ids) or {}
    days(company, 0.25)
    assert asked == []


def test_it_can_be_switched_off(company: Company) -> None:
    company.pace = replace(company.pace, drift=timedelta(0))
    untold(company, "fin", "m03")
    assert drifted(days(company, 12)) == 0
    assert shown(company, "crm", "m03") is None


def test_asked_for_it_looks_at_everything_at_once(company: Company) -> None:
    for number in (3, 17):
        untold(company, "fin", f"m{number:02}", f"untold {number}")
    usual = company.runtime
    company.runtime = lambda **other: usual(**{"drifting": True, **other})
    company.wait(3600)
    assert drifted([company.run()]) == 2
    assert [shown(company, "crm", mail) for mail in ("m03", "m17")] == ["untold 3", "untold 17"]
    assert drifted([company.run()]) == 0


def test_an_ordinary_edit_is_no_drift(company: Company) -> None:
    """Not even where the check sees it before the feed tells."""
    company.edit("fin", "m03", "note", None)
    assert drifted(days(company, 6)) == 0


def test_a_delete_that_the_feed_lost_is_found(company: Company) -> None:
    sim = company.systems["fin"]
    row = sim.rows[id_of(company, "fin", "m05")]
    row.deleted, row.at = True, row.at  # without a new stamp: no tombstone after the cursor
    company.removed.add(("fin", row.id))
    assert drifted(days(company, 6)) == 1
    alive = {one.values["mail"] for one in company.systems["erp"].rows.values() if not one.deleted}
    assert "m05" not in alive
    company.teardown()


def test_a_record_that_came_in_without_a_word_is_met(company: Company) -> None:
    """Imported with the stamps of the system it came from."""
    sim = company.systems["fin"]
    old = sim.rows[id_of(company, "fin", "m00")]
    company.insert("fin", "m90", "bob")
    new = sim.rows[id_of(company, "fin", "m90")]
    new.at, new.seq = old.at, old.seq
    assert "m90" not in {row.values["mail"] for row in company.systems["crm"].rows.values()}
    days(company, 6)
    assert shown(company, "crm", "m90", "name") == "bob"
    company.teardown()


def test_a_mass_change_without_a_word_stops_portion_for_portion(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A backup from another year was put back: each portion by itself would be too small for any guard."""
    company.pace = replace(company.pace, guards=replace(company.pace.guards, few_lost=2, few_changed=2))
    for row in company.systems["fin"].rows.values():
        row.values["name"] = "old"
    reports = days(company, 6)
    assert reports[-1].stopped
    assert shown(company, "crm", "m00", "name") == "ana"
    assert "4 of 4" in next(trouble.what for trouble in reports[-1].troubles)
    for row in company.systems["fin"].rows.values():
        row.values["name"] = "ana"
    assert not days(company, 1)[-1].stopped, "it ends by itself when the cause is gone"
    company.teardown()


def test_what_is_approved_is_taken_in_portion_for_portion(company: Company) -> None:
    company.pace = replace(company.pace, guards=replace(company.pace.guards, few_lost=2, few_changed=2))
    for native_id in sorted(company.systems["fin"].rows)[:4]:
        company.systems["fin"].edit_past(native_id, "note", "meant")
    assert days(company, 6)[-1].stopped
    with company.store.begin() as uow:
        assert approve(uow, "run", company.world.now)
    assert not days(company, 6)[-1].stopped
    rows = [row for row in company.systems["crm"].rows.values() if row.values.get("note") == "meant"]
    assert len(rows) == 4


def test_a_system_that_does_not_answer_is_asked_again(company: Company) -> None:
    untold(company, "fin", "m03")
    sim = company.systems["fin"]
    fetch = sim.fetch

    def fails(spec: object, ids: object) -> object:
        raise Transient("does not answer", system="fin")

    sim.fetch = fails
    assert drifted(days(company, 6)) == 0
    sim.fetch = fetch
    days(company, 7)
    assert shown(company, "crm", "m03") == "untold"


def test_killed_in_the_middle_it_goes_on(company: Company) -> None:
    untold(company, "erp", "m13")
    for moment in range(1, 40):
        company.wait(SIX_HOURS.total_seconds())
        company.cycle(moment, [])
    days(company, 6)
    assert shown(company, "crm", "m13") == "untold"
    company.teardown()
