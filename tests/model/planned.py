"""G9: the plan printed is the writes made. A cycle is rehearsed first, on a copy of the store, as by `bridge plan`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta

from hypothesis.stateful import rule

from bridge.engine import cycle as cycles
from bridge.engine.plan.rehearsal import RehearsalAdapter, Script
from bridge.engine.report import Report
from model.machine import Machine

MINUTES = timedelta(minutes=12)
Writes = Counter[tuple[str, str, str, str]]
"""(system, operation, record, values) of each write; a record that the run makes is called after its key."""


Shown = Mapping[tuple[str, str], Mapping[str, object]]
"""(system, record) -> what it showed when the cycle began."""


def _changes(values: Mapping[str, object], before: Mapping[str, object] | None) -> str:
    """What a write changes. Written twice in one cycle, a record may show again what it did when that began: how a
    system spells what it is told first is not known to a plan, which tells it the whole a second time."""
    return repr(sorted((path, value) for path, value in values.items() if before is None or before.get(path) != value))


class Planned(Machine):
    """See the module. To be put before a machine of any kind."""

    @rule()
    def planned_cycle(self) -> None:
        """Nothing breaks and nobody edits while it is planned and carried out."""
        if any(sim.faults or sim.out_of_order for sim in self.systems.values()):
            return
        self.world.now += MINUTES  # what waits for its next attempt is due for both
        before = {(name, row.id): dict(row.values) for name, sim in self.systems.items() for row in sim.rows.values()}
        planned, foreseen = self._rehearse(before)
        for sim in self.systems.values():
            sim.made.clear()
        report = self.run()
        made = self._made(before)
        assert planned == made, f"planned and not made: {planned - made}; made and not planned: {made - planned}"
        assert foreseen.stopped == report.stopped

    def _rehearse(self, before: Shown) -> tuple[Writes, Report]:
        script, now, last = Script(), self.world.now, self.last_id
        pretending = {name: RehearsalAdapter(sim, script, self.maps) for name, sim in self.systems.items()}
        copy = self.store.copied()
        runtime = self.runtime(store=copy, adapters=pretending, ledger=self.store, point=lambda name: None)
        with copy.begin() as uow:
            uow.reclaim(self.world.now, owner=runtime.owner)
        report = cycles.cycle(runtime, "plan")
        self.world.now, self.last_id = now, last
        writes: Writes = Counter()
        for one in script.actions:
            record = f"new:{one.golden_id}" if one.op == "create" else one.native_id
            writes[one.system, one.op, record, _changes(one.after, before.get((one.system, record)))] += 1
        return writes, report

    def _made(self, before: Shown) -> Writes:
        found: Writes = Counter()
        for name, sim in self.systems.items():
            fresh = {row: f"new:{sim.rows[row].key}" for op, row, _ in sim.made if op == "create"}
            for op, row, values in sim.made:
                if values.get("parent") in fresh:
                    values = {**values, "parent": fresh[str(values["parent"])]}
                record = fresh.get(row, row)
                found[name, op, record, _changes(values, before.get((name, record)))] += 1
        return found

    def first_cycle(self) -> None:
        self.planned_cycle()
