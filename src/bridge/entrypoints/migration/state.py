"""What is remembered of a migration between its stages: one small document in the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from bridge.engine.migrate.load import DONE, checkpoints, restarted
from bridge.engine.migrate.report import STAGES
from bridge.engine.migrate.way import Way
from bridge.ports.storage import UnitOfWork

PREFIX = "migration:"
KEPT = 20
"""Migrations that are remembered."""


@dataclass(slots=True)
class State:
    """One migration. stages: stage -> what it found, with `at`. confirmed: the counts that a person agreed to."""

    run: str
    source: str
    target: str
    entities: list[str]
    began: str
    confirmed: str = ""
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def way(self) -> Way:
        """From where to where."""
        return Way(self.source, self.target)

    @property
    def finished(self) -> bool:
        """Whether its report has been made."""
        return "report" in self.stages

    @property
    def next(self) -> str:
        """The first stage that is still to be done; empty when all are."""
        return next((stage for stage in STAGES if stage not in self.stages), "")

    def begin_stage(self, stage: str) -> None:
        """This stage is made, or made again: what later stages found is old then, and a plan is confirmed anew."""
        later = STAGES[STAGES.index(stage) :]
        for name in later:
            self.stages.pop(name, None)
        if STAGES.index(stage) <= STAGES.index("plan"):
            self.confirmed = ""

    def end_stage(self, stage: str, found: dict[str, Any], at: datetime) -> None:
        """A stage is done."""
        self.stages[stage] = {"at": at.isoformat(), **found}

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {name: getattr(self, name) for name in self.__slots__}


def keep(uow: UnitOfWork, state: State) -> None:
    """Remember it."""
    uow.set_flag(PREFIX + state.run, orjson.dumps(state.as_json()).decode())


def all_states(uow: UnitOfWork) -> list[State]:
    """Every migration that is remembered, the newest first."""
    found = [State(**orjson.loads(text)) for text in uow.flags(PREFIX).values()]
    return sorted(found, key=lambda state: state.began, reverse=True)


def drop_old(uow: UnitOfWork) -> None:
    """Forget all but the newest migrations. Their writes are remembered by themselves, and for longer."""
    for state in all_states(uow)[KEPT:]:
        uow.set_flag(PREFIX + state.run, "")
        restarted(uow, state.run)


def forget_names(uow: UnitOfWork) -> None:
    """No id of a record stays in what is remembered of migrations: somebody is to be forgotten. The figures stay."""
    for state in all_states(uow):
        for found in state.stages.values():
            for one in found.get("entities", {}).values():
                one.update({"named": []} if "named" in one else {})
                for misfit in one.get("misfits", ()):
                    misfit["ids"] = []
        keep(uow, state)
        if any(place != DONE for place in checkpoints(uow, state.run).values()):
            restarted(uow, state.run)  # a checkpoint is an id; from the beginning, what is in step is left alone


def latest(states: Sequence[State], way: Way) -> State | None:
    """The newest migration of this way."""
    return next((state for state in states if state.way == way), None)
