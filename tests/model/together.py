"""Several workers on one store: whole cycles of others begin at chosen moments inside a cycle, also when its lease has
run out because the process stood still, or was killed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from bridge.engine import cycle as cycles
from bridge.engine.report import Report
from bridge.engine.runtime import Runtime
from bridge.engine.sharing import TERM, Workers
from model.machine import Machine
from model.world import Killed

IN_FLIGHT = (" create", " update", " delete", " half written")
"""Here a write is on its way to the system. That it lands after it was looked for in vain is a fault of its own, which
no lease can prevent (docs/reliability.md): a process that stands still does so before its call, or after."""
DEPTH = 3
"""Workers at most that are at work at once."""


class Together(Machine):
    """See the module."""

    def __init__(self) -> None:
        super().__init__()
        self.at_work = 0
        self.beside = 0  # cycles that found another one at work
        self.in_flight = 0  # workers that wait for the answer to a write while others are at work
        self.late = 0  # cycles whose places were taken meanwhile

    def runtime(self, **other: Any) -> Runtime:
        workers = Workers(self.store, f"worker {next(self.processes)}")
        return super().runtime(**{"store": workers, "workers": workers, "owner": workers.owner} | other)

    def run(self, patience: float = 0) -> Report:
        self.at_work += 1
        try:
            report = cycles.cycle(self.runtime(), "run", patience=patience, sleep=self.wait_for)
            self.beside += bool(report.busy)
            return report
        finally:
            self.at_work -= 1
            if not self.at_work:
                self.world.place = ""
                self._note_links()

    def _another(self, kill: int | None, stalled: bool) -> None:
        """Another worker does a cycle while this one is in the middle of its own, or stands still."""
        if self.at_work >= DEPTH:
            return
        flying = self.world.place.endswith(IN_FLIGHT)
        self.in_flight += flying
        if stalled and not self.in_flight:  # nor does it take that long while another one's write is on its way
            self.world.now += 2 * TERM
            self.late += 1
        if kill is not None:
            self.world.plan(kill, self.world.kill)
        place, gates = self.world.place, {system: sim.gate for system, sim in self.systems.items()}
        with suppress(Killed):
            self.run()
        self.in_flight -= flying
        self.world.place = place
        for system, gate in gates.items():  # adapters are each process's own
            self.systems[system].gate = gate

    @rule(
        others=st.lists(
            st.tuples(st.integers(1, 60), st.one_of(st.none(), st.integers(1, 30)), st.booleans()),
            min_size=1,
            max_size=4,
        ),
        edits=st.lists(
            st.tuples(
                st.integers(1, 60),
                st.sampled_from(["crm", "erp", "fin"]),
                st.sampled_from(["m1", "m2", "m3"]),
                st.sampled_from(["name", "note"]),
                st.sampled_from(["ana", "bob"]),
            ),
            max_size=3,
        ),
    )
    def together(self, others, edits) -> None:
        """A cycle inside which others do theirs, and users edit."""
        for after, kill, stalled in others:
            self.world.plan(after, lambda k=kill, s=stalled: self._another(k, s))
        for after, system, mail, path, name in edits:
            self.world.plan(after, lambda s=system, m=mail, p=path, n=name: self._edit(s, m, p, n))
        with suppress(Killed):
            self.run()
        self.world.planned.clear()
        self.world.now += timedelta(seconds=1)
