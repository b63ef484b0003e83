"""A system that tells of no deletes: what is gone is found by its ids, asked for directly, stopped where many are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.engine import sweep as sweeping
from bridge.ports.errors import Transient
from model.machine import SweptMachine


@pytest.fixture
def company() -> SweptMachine:
    """Twenty customers in three systems; the ERP tells of no deletes, and is swept once a day."""
    machine = SweptMachine()
    machine.pace = replace(machine.pace, sweep=timedelta(days=1))
    for number in range(20):
        machine.insert("crm", f"m{number}", "ana")
    for _ in range(2):
        machine.run()
        machine.wait(60)
    return machine


def alive(machine: SweptMachine, system: str) -> int:
    return sum(not row.deleted for row in machine.systems[system].rows.values())


def note(machine: SweptMachine, system: str, mail: str) -> object:
    (row,) = [row for row in machine.systems[system].rows.values() if row.values["mail"] == mail]
    return row.values.get("note")


def a_day_passes(machine: SweptMachine) -> None:
    machine.wait(86_400)


def test_a_delete_is_found_by_the_next_sweep_and_goes_on(company: SweptMachine) -> None:
    company.remove("erp", "m3")
    company.run()
    assert alive(company, "fin") == 20, "nobody has told, and nobody has looked"
    a_day_passes(company)
    company.run()
    assert (alive(company, "crm"), alive(company, "fin")) == (20, 19), "deletes go on to finance, not to the CRM"
    quiet = company.run()
    assert (quiet.writes, quiet.as_json()["totals"]["enqueued"]) == (0, 0)
    company.teardown()


def test_a_sweep_costs_nothing_in_between(company: SweptMachine) -> None:
    a_day_passes(company)
    company.run()
    calls: list[str] = []
    refs = company.systems["erp"].refs
    company.systems["erp"].refs = lambda spec: calls.append("refs") or refs(spec)
    company.run()
    assert calls == []


def test_what_is_only_not_listed_is_not_gone(company: SweptMachine) -> None:
    """It left the filter, or the list is not all: asked for directly, it is there."""
    erp = company.systems["erp"]
    erp.refs = lambda spec: iter([[row.id for row in erp.rows.values()][:18]])
    a_day_passes(company)
    company.run()
    assert alive(company, "fin") == 20
    del erp.refs
    company.teardown()


@pytest.mark.parametrize("listed", [0, 5])
def test_a_listing_that_lacks_many_stops_and_ends_by_itself(company: SweptMachine, listed: int) -> None:
    erp = company.systems["erp"]
    fetch = erp.fetch
    erp.refs = lambda spec: iter([[row.id for row in erp.rows.values()][:listed]])
    erp.fetch = lambda spec, ids: {}  # and whoever asks directly is told the same lie
    a_day_passes(company)
    company.edit("crm", "m1", "note", "x")
    report = company.run()
    assert report.stopped
    assert (alive(company, "fin"), alive(company, "crm")) == (20, 20)
    assert note(company, "fin", "m1") is None, "nothing of the entity is written meanwhile"
    del erp.refs
    erp.fetch = fetch
    company.run()
    assert note(company, "fin", "m1") == "n1", "the listing is whole again: it goes on"
    company.teardown()


def test_a_listing_that_breaks_off_proves_nothing(company: SweptMachine) -> None:
    erp = company.systems["erp"]

    def broken(spec: object):
        yield [row.id for row in erp.rows.values()][:10]
        raise Transient("no answer", system="erp")

    erp.refs = broken
    a_day_passes(company)
    report = company.run()
    assert report.troubles
    assert alive(company, "fin") == 20
    del erp.refs
    company.teardown()


def test_an_edit_elsewhere_beats_a_delete_that_is_found_late(company: SweptMachine) -> None:
    company.systems["erp"].out_of_order = True
    company.edit("fin", "m3", "note", "x")
    company.run()
    company.systems["erp"].out_of_order = False
    company.remove("erp", "m3")
    a_day_passes(company)
    company.run()
    company.run()
    assert alive(company, "fin") == 20
    assert ("(record)", "edit beats delete") in [(one.unit, one.rule) for one in company.conflicts()]


def test_the_model_finds_a_sweep_that_does_not_ask_again(
    company: SweptMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "confirmed_gone", lambda run, emap, system, ids: list(ids))
    with pytest.raises(AssertionError):
        test_what_is_only_not_listed_is_not_gone(company)
