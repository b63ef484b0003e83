"""G9: the plan printed is the writes made. Before a cycle it is rehearsed, on a copy of the store, as `bridge plan` does it."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis.stateful import rule

from bridge.engine import cycle as cycles
from bridge.engine.plan.rehearsal import RehearsalAdapter, Script
from bridge.engine.report import Report
from model.machine import Machine

MINUTES = timedelta(minutes=12)
Writes = Counter[tuple[str, str, str, str]]
"""(system, operation, record, values) of each write; a record that the run makes is called after its key."""


class Planned(Machine):
    """See the module. To be put before a machine of any kind."""

    @rule()
    def planned_cycle(self) -> None:
        """Nothing breaks and nobody edits while it is planned and carried out."""
        if any(sim.faults or sim.out_of_order for sim in self.systems.values()):
            return
        self.world.now += MINUTES  # what waits for its next attempt is due for both
        planned, foreseen = self._rehearse()
        for sim in self.systems.values():
            sim.made.clear()
        report = self.run()
        made = self._made()
        assert planned == made, f"planned and not made: {planned - made}; made and not planned: {made - planned}"
        assert foreseen.stopped == report.stopped

    def _rehearse(self) -> tuple[Writes, Report]:
        script, now, last = Script(), self.world.now, self.last_id
        pretending = {name: RehearsalAdapter(sim, script, self.maps) for name, sim in self.systems.items()}
        copy = self.store.copied()
        runtime = self.runtime(store=copy, adapters=pretending, ledger=self.store, point=lambda name: None)
        with copy.begin() as uow:
            uow.reclaim(self.world.now, owner=runtime.owner)
        report = cycles.cycle(runtime, "plan")
        self.world.now, self.last_id = now, last
        told = (
            (x.system, x.op, f"new:{x.golden_id}" if x.op == "create" else x.native_id, x.after) for x in script.actions
        )
        return Counter(
            (system, op, record, repr(sorted(values.items()))) for system, op, record, values in told
        ), report

    def _made(self) -> Writes:
        found: Writes = Counter()
        for name, sim in self.systems.items():
            fresh = {row: f"new:{sim.rows[row].key}" for op, row, _ in sim.made if op == "create"}
            for op, row, values in sim.made:
                named = {
                    path: fresh.get(str(value), value) if path == "parent" else value for path, value in values.items()
                }
                found[name, op, fresh.get(row, row), repr(sorted(named.items()))] += 1
        return found

    def first_cycle(self) -> None:
        self.planned_cycle()
