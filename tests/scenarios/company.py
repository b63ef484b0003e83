"""The company of a story: systems in memory, the real engine, a store in memory, and a clock that the story moves."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import yaml

from bridge.adapters.memory import MemoryAdapter
from bridge.engine.circuit import hasten
from bridge.engine.cycle import cycle
from bridge.engine.plan.rehearsal import RehearsalAdapter, Script
from bridge.engine.plan.undo import Remove, SetBack, Step
from bridge.engine.report import Report
from bridge.engine.runtime import Pace, Run, Runtime
from bridge.engine.undo import guard, undo, what_would_be_undone
from bridge.mapping.compiled import EntityMap
from bridge.mapping.load import parse_mapping
from bridge.ports.work import Conflict
from bridge.store.database import memory_store
from bridge.wiring import in_order
from scenarios.desk import Desk

MAPPINGS = Path(__file__).parent / "mappings"
BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TALLIED = (
    "linked", "created", "updated", "deleted", "archived", "restored", "conflicts", "held", "failed", "review",
    "waiting",
)  # fmt: skip


class Killed(BaseException):
    """The process is gone, as after SIGKILL: nothing may catch it."""


def maps_of(story: Mapping[str, Any]) -> dict[str, EntityMap]:
    """The mappings of a story: files of `mappings/` by name, with the changes that the story makes to them."""
    named = story.get("mapping", "customer")
    found: dict[str, EntityMap] = {}
    for name in [named] if isinstance(named, str) else named:
        document = yaml.load((MAPPINGS / f"{name}.yaml").read_text(encoding="utf-8"), yaml.BaseLoader)
        _change(document, story.get("changes", {}).get(name, {}))
        text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
        emap, findings = parse_mapping(text, f"{name}.yaml", dict.fromkeys(document["systems"], "memory"))
        assert emap is not None, [str(finding) for finding in findings]
        found[emap.entity] = emap
    return in_order(found)


def _change(document: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(document.get(key), dict):
            _change(document[key], value)
        elif value is None:
            document.pop(key)
        else:
            document[key] = deepcopy(value)


class Company:
    """What the steps of a story act on, and what its `expect` is compared with."""

    def __init__(self, story: Mapping[str, Any]) -> None:
        self.now = BEGIN
        self.maps = maps_of(story)
        self.names = list(dict.fromkeys(system for emap in self.maps.values() for system in emap.systems))
        said = story.get("systems", {})
        self.desks = {name: Desk(name, self.clock, said.get(name, {})) for name in self.names}
        self.store = memory_store()
        self.pace = Pace(**story.get("pace", {}))
        self.runs: list[dict[str, Any]] = []
        self.planned: dict[str, list[Callable[[], None]]] = {}
        self.later: dict[str, list[Callable[[], None]]] = {}
        self._ids, self._processes, self._numbers = count(1), count(1), count(1)
        for system, objects in story.get("given", {}).items():
            for obj, records in objects.items():
                for label, values in records.items():
                    self.add(system, obj, label, values)

    def clock(self) -> datetime:
        """The clock of everybody; it never stands still."""
        self.now += timedelta(milliseconds=1)
        return self.now

    # people

    def add(self, system: str, obj: str, label: str, values: Mapping[str, Any]) -> None:
        """Somebody makes a record."""
        desk = self.desks[system]
        desk.labels[label] = desk.user_insert(obj, self._native(system, values))

    def edit(self, system: str, label: str, values: Mapping[str, Any]) -> None:
        """Somebody changes a record."""
        native_id = self.native_id(system, label)
        self.desks[system].user_edit(self.object_of(system, native_id), native_id, self._native(system, values))

    def delete(self, system: str, label: str, into: str | None = None) -> None:
        """Somebody deletes a record, or merges it into another."""
        native_id = self.native_id(system, label)
        heir = self.native_id(system, into) if into else None
        self.desks[system].user_delete(self.object_of(system, native_id), native_id, merged_into=heir)

    def native_id(self, system: str, label: str) -> str:
        """The record that a story calls so: made under that name here, or linked to the one that was elsewhere."""
        mine = self.desks[system].labels
        if label in mine:
            return mine[label]
        found = next((native for native, named in self.labels(system).items() if named == label), None)
        assert found is not None, f"{system} has no record that is called {label}"
        return found

    def object_of(self, system: str, native_id: str) -> str:
        """The object that a record is one of."""
        return next(obj for obj, rows in self.desks[system].rows.items() if native_id in rows)

    def _native(self, system: str, values: Mapping[str, Any]) -> dict[str, Any]:
        def one(value: Any) -> Any:
            return self.native_id(system, value[3:]) if isinstance(value, str) and value.startswith("-> ") else value

        return {path: one(value) for path, value in values.items()}

    # bridge

    def sync(
        self, *, killed: str | None = None, first: Callable[[Runtime, str], None] = lambda runtime, run_id: None
    ) -> None:
        """`bridge sync`, or as much of it as there is before it is killed."""
        for desk in self.desks.values():
            desk.automate()
        runtime = self._runtime(killed)
        run_id = f"run-{next(self._numbers)}"
        with self.store.begin() as uow:
            uow.reclaim(runtime.clock(), owner=runtime.owner)
            uow.hasten()
            hasten(uow, self.names, runtime.clock())
            uow.start_run(run_id, "sync", runtime.clock())
        try:
            first(runtime, run_id)
            report = cycle(runtime, run_id, sleep=self.sleep)
        except Killed:
            self.runs.append({"killed": killed})
            return
        with self.store.begin() as uow:
            uow.finish_run(run_id, report.as_json(), runtime.clock())
        self.runs.append(figures(report))
        self.planned.clear()

    def plan(self) -> None:
        """`bridge plan`: what a sync would write."""
        script = Script()
        with tempfile.TemporaryDirectory() as folder:
            copy = self.store.copy_to(Path(folder) / "plan.db")
            runtime = self._runtime(None)
            pretending = {name: RehearsalAdapter(one, script, self.maps) for name, one in runtime.adapters.items()}
            report = cycle(replace(runtime, store=copy, adapters=pretending, ledger=self.store), "plan")
            copy.close()
        writes: dict[str, int] = {}
        for action in script.actions:
            what = f"{action.what} in {action.system}"
            writes[what] = writes.get(what, 0) + 1
        self.runs.append(
            {"plan": writes, **{k: v for k, v in figures(report).items() if k in ("exit", "review", "held")}}
        )

    def undo(self, number: int, *, apply: bool, killed: str | None = None) -> None:
        """`bridge undo`: what it would do, or a sync and then that."""
        if apply:
            self.sync()
        runtime, run_id = self._runtime(None), f"run-{number}"
        with self.store.begin() as uow:
            steps = what_would_be_undone(runtime, uow, run_id)
        told = [self._step(step) for step in steps]
        self.runs.append({"undo of": number, **({"steps": told} if told else {})})
        self.planned.update(self.later)
        self.later.clear()
        if apply and any(isinstance(step, SetBack | Remove) for step in steps):
            guard(runtime, steps)
            self.sync(killed=killed, first=lambda runtime, run: undo(Run(runtime, run, Report(run)), run_id, steps))

    def _step(self, step: Step) -> str:
        label = self.label_of(step.golden_id)
        if isinstance(step, SetBack):
            return f"{label}, {step.unit}: back from {_plain(step.value)} to {_plain(step.to)}"
        if isinstance(step, Remove):
            return f"{label}: deleted in {step.system}"
        return f"{label}{', ' if step.unit else ''}{step.unit}, {step.op} in {step.system}: left alone, {step.why}"

    def sleep(self, seconds: float) -> None:
        """Bridge waits."""
        self.now += timedelta(seconds=seconds)

    def _runtime(self, killed: str | None) -> Runtime:
        def point(name: str) -> None:
            if name == killed:
                raise Killed
            for event in self.planned.pop(name, []):
                event()

        return Runtime(
            store=self.store,
            adapters={name: MemoryAdapter(name, desk) for name, desk in self.desks.items()},
            maps=self.maps,
            clock=self.clock,
            new_id=lambda: f"golden-{next(self._ids):04}",
            back_off=lambda attempts: 30,
            owner=f"process {next(self._processes)}",
            pace=self.pace,
            point=point,
        )

    # what is seen in the end

    def labels(self, system: str) -> dict[str, str]:
        """Native id -> what a story calls the record; one that bridge made is called as its origin elsewhere."""
        found = {native: label for label, native in self.desks[system].labels.items()}
        for native, golden_id in self._golden_of(system).items():
            found.setdefault(native, self.label_of(golden_id))
        return found

    def label_of(self, golden_id: str) -> str:
        """What a story calls a golden record: as the first system that had it under a name."""
        for system in self.names:
            mine = {native: label for label, native in self.desks[system].labels.items()}
            for native, of in self._golden_of(system).items():
                if of == golden_id and native in mine:
                    return mine[native]
        return golden_id

    def _golden_of(self, system: str) -> dict[str, str]:
        ids = [native for rows in self.desks[system].rows.values() for native in rows]
        with self.store.begin() as uow:
            links = [link for entity in self.maps for link in uow.links(system, entity, ids).values()]
        return {link.native_id: link.golden_id for link in links if link.golden_id}

    def seen(self) -> dict[str, Any]:
        """Everything that a story may expect."""
        found: dict[str, Any] = {"runs": self.runs}
        found.update({system: self._rows(system) for system in self.names})
        with self.store.begin() as uow:
            conflicts = sorted(uow.conflicts(limit=100), key=lambda row: (row.at, row.id))
            entries = uow.entries(None, 100)
            review = [link for entity in self.maps for link in uow.all_links(entity, "review", 100)]
        found["conflicts"] = [self._told(conflict) for conflict in conflicts]
        found["outbox"] = sorted(
            f"{e.system} {self.label_of(e.golden_id)}: {e.state}{' ' + e.error_code if e.error_code else ''}"
            for e in entries
        )
        found["review"] = [
            f"{link.system} {self.labels(link.system).get(link.native_id, link.native_id)}: {link.reason} "
            f"({', '.join(self.label_of(one) for one in link.candidates)})"
            for link in review
        ]
        return {key: value for key, value in found.items() if value or key in self.names}

    def _rows(self, system: str) -> dict[str, Any]:
        labels, found = self.labels(system), dict[str, Any]()
        for rows in self.desks[system].rows.values():
            for row in rows.values():
                if row.deleted:
                    continue
                label = labels.get(row.id, row.id)
                while label in found:
                    label += " (again)"
                values = {path: _shown(value, labels) for path, value in row.values.items() if value not in (None, "")}
                found[label] = {**values, **({"archived": True} if row.archived else {})}
        return dict(sorted(found.items()))

    def _told(self, conflict: Conflict) -> str:
        words = "; ".join(f"{p.system or 'bridge'}: {_plain(p.value)}" for p in conflict.proposals)
        stands = f", {conflict.winner} stands" if conflict.winner else ""
        where = f"{conflict.entity} {self.label_of(conflict.golden_id)}, {conflict.unit}"
        return f"{where}: {conflict.state} by {conflict.rule}{stands} ({words})"


def figures(report: Report) -> dict[str, Any]:
    """The figures of a run that are not nought, and the exit code of the command."""
    code = 0 if report.ok else 3 if report.stopped else 1
    sums = {name: sum(getattr(tally, name) for tally in report.tallies.values()) for name in TALLIED}
    troubles = list(dict.fromkeys(f"{t.system} {t.code}" for t in report.troubles))
    return {"exit": code, **{k: v for k, v in sums.items() if v}, **({"troubles": troubles} if troubles else {})}


def _shown(value: Any, labels: Mapping[str, str]) -> Any:
    if isinstance(value, str) and value in labels:
        return f"-> {labels[value]}"
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value


def _plain(value: Any) -> str:
    return "(empty)" if value is None else str(value)
