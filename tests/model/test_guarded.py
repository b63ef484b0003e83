"""G1 to G4 where guards stop at every turn, and a person approves now and then; G8 at every run."""

from __future__ import annotations

from datetime import timedelta

from hypothesis.stateful import rule

from bridge.engine.circuit import open_circuits
from bridge.engine.plan.guards import Limits
from bridge.engine.report import Report
from bridge.engine.runtime import Pace
from bridge.engine.stops import all_stops, approve
from model.machine import SYSTEMS, DeletingMachine
from model.planned import Planned
from model.test_model import SETTINGS
from support.plain_store import PlainStore


class GuardedMachine(Planned, DeletingMachine):
    """Two of three records that change, one that goes, two deletes to pass on: all that stops."""

    store_kind = PlainStore

    def __init__(self) -> None:
        super().__init__()
        self.pace = Pace(page=2, max_deletes=1, guards=Limits(few_lost=0, few_changed=0))

    @rule()
    def nod(self) -> None:
        with self.store.begin() as uow:
            approve(uow, "run", self.world.now)

    def run(self, patience: float = 0) -> Report:
        """Nothing is written by a run that ends with a stop, whether it began with it or made it: the stop comes first.

        Who did not answer the last time is asked last: a stop that comes of that is too late for the others' writes.
        """
        before, written = self._waiting(), self._written()
        with self.store.begin() as uow:
            asked_last = open_circuits(uow, SYSTEMS)
        report = super().run(patience)
        after = self._waiting()
        if before & after or (after and not asked_last):
            assert self._written() == written, "something was written while a stop waits"
            assert report.stopped
        return report

    def _waiting(self) -> set[tuple[str, str]]:
        with self.store.begin() as uow:
            waiting = [stop for stop in all_stops(uow) if stop.approved is None]
        return {(stop.system, stop.kind) for stop in waiting if stop.kind != "deletes"}

    def _written(self) -> int:
        return sum(system.writes for system in self.systems.values())

    def teardown(self) -> None:
        """Everything that is left is meant; then the guarantees hold as without guards."""
        for system in self.systems.values():
            system.faults = []
        for _ in range(8):
            self.world.now += timedelta(seconds=700)
            if not self.run().stopped:
                break
            self.nod()
        else:
            raise AssertionError("it stops again and again")
        super().teardown()


class TestGuardedModel(GuardedMachine.TestCase):
    settings = SETTINGS
