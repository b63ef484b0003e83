"""A system is down for an hour while ten thousand edits arrive elsewhere: nobody waits, and it is drained in batches.

Simulated time, a store in memory; every call of the system that comes back is on record with its moment.
"""

from __future__ import annotations

from datetime import timedelta
from math import ceil

import pytest

from bridge.engine.budget import Terms
from bridge.engine.runtime import Pace
from model.machine import Machine

BATCH = 200
MINUTES = 60
PER_SECOND = 0.5


@pytest.mark.parametrize(
    ("customers", "edits"), [pytest.param(400, 10_000, marks=pytest.mark.long), (400, 1_000)], ids=["10,000", "1,000"]
)
def test_an_hour_of_outage(monkeypatch: pytest.MonkeyPatch, customers: int, edits: int) -> None:
    machine = Machine()
    machine.pace, machine.back_off = Pace(page=1000), 60
    for sim in machine.systems.values():
        sim.page, sim.batch = 1000, BATCH
    crm, erp, fin = (machine.systems[name] for name in ("crm", "erp", "fin"))
    machine.world.clock = lambda: machine.world.now  # time passes when it is told to, and while bridge waits
    for number in range(customers):
        crm.insert("Customer", {"mail": f"c{number}@x.de", "name": "ana"})
    machine.run()
    assert [len(sim.rows) for sim in (crm, erp, fin)] == [customers] * 3

    erp.out_of_order, calls_before = True, erp.calls
    rows, edit, lag = list(crm.rows), 0, []
    for _minute in range(MINUTES):
        machine.world.now += timedelta(minutes=1)
        while edit < edits * (_minute + 1) // MINUTES:
            crm.edit(rows[edit * 7 % customers], "note", f"n{edit}")
            edit += 1
        machine.run()
        lag.append(sum(fin_note != crm_note for fin_note, crm_note in zip(notes(fin), notes(crm), strict=True)))
    assert edit == edits
    assert lag == [0] * MINUTES, "the others are in step after every cycle, as if nobody were missing"
    assert erp.calls - calls_before <= MINUTES, "one call each time it is asked again"
    with machine.store.begin() as uow:
        waiting = uow.entries(None, edits)
    assert len(waiting) == customers, "the latest state of each record, not each edit"
    assert {entry.attempts for entry in waiting} == {0}

    moments: list[timedelta] = []
    begun = machine.world.now

    def note(name: str) -> None:
        if name.startswith("erp ") and not name.endswith("done"):
            moments.append(machine.world.now - begun)

    monkeypatch.setattr(machine.world, "moment", note)

    machine.wait_for = lambda seconds: setattr(machine.world, "now", machine.world.now + timedelta(seconds=seconds))
    machine.terms = {"erp": Terms(per_second=PER_SECOND)}
    erp.out_of_order = False
    erp.sizes.clear()
    writes = erp.writes
    machine.world.now += timedelta(minutes=5)
    begun = machine.world.now
    report = machine.run(patience=600)
    assert report.ok
    assert notes(erp) == notes(crm)
    assert erp.writes - writes == customers
    assert erp.sizes == [BATCH] * ceil(customers / BATCH)
    assert 4 <= len(moments) <= 12
    for first, start in enumerate(moments):
        for last in range(first, len(moments)):
            seconds = (moments[last] - start).total_seconds()
            assert last - first + 1 <= seconds * PER_SECOND + 1 + 1e-6, "its rate limit is kept while it is drained"


def notes(sim) -> list[object]:
    return [note for _, note in sorted((row.values["mail"], row.values.get("note")) for row in sim.rows.values())]
