"""The stages of a migration, each run to its end or as far as it comes; what they find is kept in the state."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from bridge.config import Config
from bridge.engine.budget import Budget, left
from bridge.engine.circuit import hasten
from bridge.engine.cycle import cycle
from bridge.engine.meter import known_budgets
from bridge.engine.migrate.load import DONE, checkpoints, load, restarted
from bridge.engine.migrate.plan import Planned, plan_entity
from bridge.engine.migrate.profile import Profile
from bridge.engine.migrate.verify import read_all, verify_entity
from bridge.engine.outbox.failure import give_up
from bridge.engine.plan.forecast import Forecast, forecast_of
from bridge.engine.report import Report
from bridge.engine.runtime import Halt, Run, Runtime
from bridge.entrypoints.alone import alone, daemon_runs
from bridge.entrypoints.migration.state import State, keep
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.store import Database
from bridge.wiring import make_runtime

PATIENCE = 120.0
"""Seconds that a stage waits for another command, or for a cycle of the daemon, to end."""

TURN = 60.0
"""Seconds of loading after which a daemon of the same store gets its turn."""

Progress = Callable[[str, str, str, int], None]


@dataclass(slots=True)
class Stages:
    """A migration at work. The maps are those of its entities, mapped on both sides."""

    settings: Config
    store: Database
    adapters: Mapping[str, Adapter]
    maps: Mapping[str, EntityMap]
    state: State
    progress: Progress
    full: bool = False

    def run(self, stage: str) -> Report:
        """One stage. Its report says what went wrong; the state holds what it found if it came to its end."""
        steps: dict[str, Callable[[], Report]] = {
            "profile": self._profile,
            "match": self._match,
            "plan": self._plan,
            "load": self._load,
            "verify": self._verify,
        }
        if stage == "load" and stage in self.state.stages:
            with self.store.begin() as uow:
                restarted(uow, self.state.run)
        self.state.begin_stage(stage)
        self.save()
        return steps[stage]()

    def save(self) -> None:
        """Keep the state."""
        with self.store.begin() as uow:
            keep(uow, self.state)

    def end(self, stage: str, found: dict[str, Any]) -> None:
        """A stage has come to its end."""
        self.state.end_stage(stage, found, datetime.now(UTC))
        self.save()

    def _runtime(self, stopping: Callable[[], bool] = lambda: False) -> Runtime:
        made = make_runtime(self.settings, self.store, self.adapters, self.maps, progress=self.progress)
        return replace(made, priority="migration", stopping=stopping)

    def _cycle(
        self, writing: Callable[[Run], None], *, reading: bool, writes: bool = False, turn: float | None = None
    ) -> Report:
        """One cycle of the engine over the two systems, with something else in place of its writing.

        turn: seconds after which the writing stops between two pages; None: it goes on to its end.
        """
        way, began = self.state.way, list[float]()

        def timed(run: Run) -> None:
            began.append(time.monotonic())
            writing(run)

        runtime = self._runtime(lambda: turn is not None and bool(began) and time.monotonic() > began[0] + turn)
        if writes and reading:
            runtime = replace(runtime, progress=self._page_by_page)
        places = {(system, entity) for entity in self.maps for system in (way.source, way.target)}
        with alone(self.settings, self.store, patience=PATIENCE):
            with self.store.begin() as uow:
                uow.reclaim(runtime.clock(), owner=runtime.owner)  # the lock says that nobody else is at work
                uow.hasten()
                hasten(uow, self.adapters, runtime.clock())
            return cycle(
                runtime,
                self.state.run,
                patience=self.settings.sync.wait if writes else 0,
                reads=places if reading else (),
                quiet=[system for system in self.adapters if system not in (way.source, way.target)],
                read_only=[way.source] if writes else list(self.adapters),
                writing=timed,
            )

    def _page_by_page(self, stage: str, system: str, entity: str, number: int) -> None:
        """How far a load is: within a page the writing counts from nought again, which is nobody's news."""
        if stage != "write":
            self.progress(stage, system, entity, number)

    def look(self) -> Report:
        """Read both systems, and write nothing: what happened there since."""
        return self._cycle(lambda run: None, reading=True)

    def unmaking(self, work: Callable[[Run], None]) -> Report:
        """Write into the target what takes the migration back."""
        return self._cycle(work, reading=False, writes=True)

    def _each(self, run: Run, step: Callable[[EntityMap], None], system: str) -> None:
        """A step for each entity. An error of a system ends it, and is told."""
        for emap in self.maps.values():
            try:
                step(emap)
            except Halt:
                raise
            except Exception as error:
                give_up(run, emap, system, [], error)
                return

    def _profile(self) -> Report:
        way, found = self.state.way, dict[str, Any]()

        def look(run: Run) -> None:
            def one(emap: EntityMap) -> None:
                if {way.source, way.target} & run.down:
                    return
                with run.calling(way.target, emap.entity) as (adapter, _):
                    schema = adapter.schema(emap.spec(way.target))
                profile = Profile(emap, way.source, way.target, schema)
                for page in read_all(run, emap, way.source):
                    profile.add(page.records)
                    profile.add_bad(page.bad)
                    run.runtime.progress("profile", way.source, emap.entity, profile.records)
                found[emap.entity] = profile.as_json()

            self._each(run, one, way.source)

        report = self._cycle(look, reading=False)
        if len(found) == len(self.maps):
            self.end("profile", {"entities": found})
        return report

    def _match(self) -> Report:
        report = self.look()
        way, found = self.state.way, {}
        with self.store.begin() as uow:
            complete = all(
                uow.cursor(system, entity).complete for entity in self.maps for system in (way.source, way.target)
            )
            counts = uow.record_counts()
        for entity in self.maps:
            of = counts.get(entity, {})
            found[entity] = {
                "source": of.get(way.source, 0),
                "target": of.get(way.target, 0),
                "both": self._both(entity),
                "review": of.get(f"{way.source} review", 0) + of.get(f"{way.target} review", 0),
                "conflicts": sum(t.conflicts for (_, one), t in report.tallies.items() if one == entity),
                "calls": {s: report.of(s, entity).api_calls for s in (way.source, way.target)},
            }
        if complete and not report.stopped and not report.resting and not report.paused:
            self.end("match", {"entities": found, "calls": _calls(report), "seconds": round(report.seconds, 1)})
        return report

    def _both(self, entity: str) -> int:
        """Records of the source that have one in the target."""
        with self.store.begin() as uow:
            return uow.linked_in_both(entity, self.state.source, self.state.target)

    def _plan(self) -> Report:
        runtime, found = self._runtime(), dict[str, Planned]()
        for entity, emap in self.maps.items():
            found[entity] = plan_entity(runtime, self.state.way, emap)
            self.progress("plan", self.state.target, entity, sum(found[entity].counts.values()))
        expected = self._forecast(runtime, found)
        told = [{**asdict(one), "calls": one.calls, "fits": _fits(one), "words": str(one)} for one in expected]
        with self.store.begin() as uow:
            allowed = {system: budget.allowed for system, budget in known_budgets(uow).items()}
        for one in told:
            per_day = allowed.get(str(one["system"]))
            one["share"] = round(one["calls"] / per_day, 4) if per_day else None
            one["hours"] = round(self._seconds(one) / 3600, 2)
        entities = {entity: planned.as_json() for entity, planned in found.items()}
        self.end("plan", {"entities": entities, "forecast": told})
        return Report(self.state.run)

    def _seconds(self, one: Mapping[str, Any]) -> float:
        """How long it will take: the pace allowed, or the time that a call of the matching took, whichever is more."""
        match = self.state.stages.get("match", {})
        calls = sum(match.get("calls", {}).values())
        each = match.get("seconds", 0.0) / calls if calls else 0.0
        return max(float(one["seconds"] or 0.0), each * int(one["calls"]))

    def _forecast(self, runtime: Runtime, found: Mapping[str, Planned]) -> list[Forecast]:
        target, terms = self.state.target, runtime.terms
        with self.store.begin() as uow:
            known = known_budgets(uow)
        numbers = {
            (target, entity, op): planned.counts[op]
            for entity, planned in found.items()
            for op in ("create", "update", "delete")
            if planned.counts[op]
        }
        rooms = {
            system: left(known.get(system, Budget()), terms[system], runtime.priority, runtime.clock())
            for system in (self.state.source, target)
        }
        return forecast_of(
            numbers,
            lambda system, entity: self.adapters[system].capabilities(self.maps[entity].spec(system)),
            self.state.stages.get("match", {}).get("calls", {}),
            rooms,
            {system: given.per_second for system, given in terms.items()},
        )

    def _load(self) -> Report:
        way = self.state.way
        while True:
            turn = TURN if daemon_runs(self.settings, self.store) else None
            report = self._cycle(lambda run: load(run, way), reading=True, writes=True, turn=turn)
            with self.store.begin() as uow:
                places = checkpoints(uow, self.state.run)
                uow.finish_run(self.state.run, report.as_json(), datetime.now(UTC))
                written = uow.written_counts(self.state.run)
            over = all(places.get(entity) == DONE for entity in self.maps)
            if over or turn is None or not report.ok:
                break
            time.sleep(1)  # the daemon takes its turn
        found = {
            entity: {op: written.get((way.target, entity, op), 0) for op in ("create", "update", "delete")}
            for entity in self.maps
        }
        if over:
            self.end("load", {"entities": found, "calls": _calls(report), "seconds": round(report.seconds, 1)})
        return report

    def _verify(self) -> Report:
        way, found = self.state.way, dict[str, Any]()

        def look(run: Run) -> None:
            def one(emap: EntityMap) -> None:
                if not {way.source, way.target} & run.down:
                    found[emap.entity] = verify_entity(run, way, emap, full=self.full).as_json()

            self._each(run, one, way.target)

        report = self._cycle(look, reading=False)
        if len(found) == len(self.maps):
            self.end("verify", {"entities": found, "full": self.full})
        return report


def _fits(one: Forecast) -> bool:
    """Whether load and verification can be done within what is left of the day's calls."""
    return one.left is None or one.calls <= one.left


def _calls(report: Report) -> dict[str, int]:
    """Calls by system."""
    calls = dict(report.sessions)
    for (system, _), tally in report.tallies.items():
        calls[system] = calls.get(system, 0) + tally.api_calls
    return calls
