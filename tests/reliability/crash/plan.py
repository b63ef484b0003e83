"""Which runs there are, and how they are spread over the processes that make them.

Every world is made, used and left by one worker, a fork of a process that has loaded everything and runs one thread.
"""

from __future__ import annotations

import json
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from reliability.crash.matrix import Block, Run
from reliability.crash.stories import OPERATIONS, Operation
from reliability.crash.world import PAIRS, Pair, opened
from support.postgres import running_postgres

STORES = ("SQLite", "PostgreSQL")
TOGETHER = 2
"""Operations that share a world: with more, its systems fill up and every look at them takes longer."""
SEED = 20261125


@dataclass(frozen=True, slots=True)
class Choice:
    """What is to be run.

    kills: how many moments of each operation in each world; 0 for every one. share: of the worlds each operation is
    met in, so many (0: all). only: "store/system/operation/number", each part may be left out or empty. jobs:
    processes.
    """

    seed: int = SEED
    kills: int = 0
    share: int = 0
    only: tuple[str, ...] = ()
    jobs: int = 2

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Choice:
        """BRIDGE_CRASH_SEED, _RUNS, _SHARE, _ONLY, _JOBS."""
        only = environment.get("BRIDGE_CRASH_ONLY", "")
        return cls(
            int(environment.get("BRIDGE_CRASH_SEED", SEED)),
            int(environment.get("BRIDGE_CRASH_RUNS", 0)),
            int(environment.get("BRIDGE_CRASH_SHARE", 0)),
            tuple(only.split("/")) if only else (),
            int(environment.get("BRIDGE_CRASH_JOBS", 2)),
        )

    def part(self, place: int) -> str:
        """A part of `only`; empty where all are meant."""
        return self.only[place] if place < len(self.only) else ""


@dataclass(frozen=True, slots=True)
class Task:
    """One world and the operations that are met in it."""

    store: str
    pair: Pair
    operations: tuple[Operation, ...]
    url: str = ""


def tasks(choice: Choice) -> list[Task]:
    """All worlds; with a share, so many of them for each operation, drawn by the seed so that all are touched."""
    worlds = [
        (store, pair)
        for store in STORES
        for pair in PAIRS
        if choice.part(0) in ("", store) and choice.part(1) in ("", pair.tested)
    ]
    operations = [one for one in OPERATIONS if choice.part(2) in ("", one.name)]
    if choice.share:
        drawn = random.Random(choice.seed).sample(operations, len(operations))
        return [
            Task(store, pair, tuple(drawn[(place + turn) % len(drawn)] for turn in range(choice.share)))
            for place, (store, pair) in enumerate(worlds)
        ]
    groups = [tuple(operations[start : start + TOGETHER]) for start in range(0, len(operations), TOGETHER)]
    return [Task(store, pair, group) for group in groups for store, pair in worlds]


def run_all(choice: Choice) -> Iterator[Run]:
    """Make all runs; each comes as soon as it is made. Raises RuntimeError where a worker failed."""
    with tempfile.TemporaryDirectory(prefix="bridge-crash-") as folder:
        wanted = tasks(choice)
        if not any(task.store == "PostgreSQL" for task in wanted):
            yield from _spread(choice, wanted, Path(folder))
            return
        with running_postgres() as server:
            placed = [
                Task(one.store, one.pair, one.operations, server.new_database() if one.store == "PostgreSQL" else "")
                for one in wanted
            ]
            yield from _spread(choice, placed, Path(folder))


def _spread(choice: Choice, wanted: Sequence[Task], folder: Path) -> Iterator[Run]:
    reading, writing = os.pipe()
    jobs = max(1, min(choice.jobs, len(wanted)))
    workers: list[int] = []
    for job in range(jobs):
        sys.stdout.flush()
        worker = os.fork()
        if not worker:
            os.close(reading)
            _work(choice, list(enumerate(wanted))[job::jobs], folder, writing)
        workers.append(worker)
    os.close(writing)
    failed = ""
    with os.fdopen(reading) as pipe:
        for line in pipe:
            told: dict[str, Any] = json.loads(line)
            if "failed" in told:
                failed = told["failed"]
            else:
                yield Run(**told)
    for worker in workers:
        os.waitpid(worker, 0)
    if failed:
        raise RuntimeError(failed)


def _work(choice: Choice, mine: Iterable[tuple[int, Task]], folder: Path, writing: int) -> None:
    with os.fdopen(writing, "w", buffering=1) as pipe:
        try:
            for place, task in mine:
                for run in runs_of(choice, task, folder / str(place)):
                    words = [word[-400:] for word in run.words[:4]]  # a line of a pipe is written whole up to 4 KB
                    pipe.write(json.dumps({**run.as_json(), "words": words}) + "\n")
        except BaseException:
            pipe.write(json.dumps({"failed": traceback.format_exc()[-3000:]}) + "\n")
    os._exit(0)


def runs_of(choice: Choice, task: Task, folder: Path) -> Iterator[Run]:
    """All runs of one world."""
    folder.mkdir()
    store = task.url or f"sqlite:///{folder / 'bridge.db'}"
    numbers = count(1)
    with opened(task.pair, folder, store) as world:
        for operation in task.operations:
            block = Block(world, task.store, operation, numbers, choice.seed)
            yield from block.runs(lambda labels, name=operation.name: _chosen(choice, task, name, labels))  # type: ignore[misc]


def _chosen(choice: Choice, task: Task, operation: str, labels: Sequence[str]) -> list[int]:
    every = range(1, len(labels) + 1)
    if choice.part(3):
        return [int(choice.part(3))]
    if not choice.kills or choice.kills >= len(every):
        return list(every)
    luck = random.Random(f"{choice.seed} {task.store} {task.pair.tested} {operation}")
    return sorted(luck.sample(every, choice.kills))


def clock() -> float:
    """Seconds, for the length of the whole."""
    return time.monotonic()
