"""The same number of jobs that do nothing, worked off by one worker of each queue, on the same two databases."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from statistics import median
from typing import Any

from sqlalchemy import make_url

from benchmarks.claims import measure, stores

BATCH = 200
OWN = f"bridge's outbox, {BATCH} at once"
TIMEOUT = 1_800


def run(jobs: int, rounds: int) -> list[dict[str, Any]]:
    """All queues in turns: the medians of jobs a second, beside bridge's outbox on the same database."""
    with stores() as made:
        queues = _queues(made["postgresql"], made["sqlite"])
        found: list[list[float]] = [[] for _ in queues]
        failed: dict[int, str] = {}
        for _ in range(rounds):
            for place, queue in enumerate(queues):
                if place not in failed:
                    try:
                        found[place].append(queue.measured(jobs))
                    except (RuntimeError, ModuleNotFoundError, subprocess.TimeoutExpired) as error:
                        failed[place] = str(error)
    own = {queue.store: median(rates) for queue, rates in zip(queues, found, strict=True) if queue.title == OWN}
    rows = []
    for place, queue in enumerate(queues):
        row: dict[str, Any] = {"title": queue.title, "store": queue.store, "jobs": jobs}
        if place in failed:
            rows.append({**row, "failed": failed[place]})
        else:
            rate = median(found[place])
            rows.append({**row, "per_second": round(rate), "ratio": rate / own[queue.beside or queue.store]})
    return rows


@dataclass(frozen=True, slots=True)
class Queue:
    """One row. measured: answers jobs a second. beside: the store of bridge's that it is compared with, if another."""

    title: str
    store: str
    measured: Callable[[int], float]
    beside: str = ""


def _queues(postgresql: Callable[[], str], sqlite: Callable[[], str]) -> list[Queue]:
    def of_bridge(new: Callable[[], str]) -> Callable[[int], float]:
        return lambda jobs: float(str(measure(new(), jobs, 1, BATCH)["per_second"]))

    def of(kind: str, new: Callable[[], str]) -> Callable[[int], float]:
        return lambda jobs: worked(kind, new(), jobs)

    def file() -> str:
        return str(make_url(sqlite()).database)

    def by_kombu() -> str:
        return postgresql().replace("postgresql://", "sqla+postgresql+psycopg://")

    return [
        Queue(OWN, "postgresql", of_bridge(postgresql)),
        Queue("procrastinate, 1 at once", "postgresql", of("procrastinate", postgresql)),
        Queue("procrastinate, 20 at once", "postgresql", of("procrastinate 20", postgresql)),
        Queue("huey", "postgresql", of("huey", postgresql)),
        Queue("celery, by SQLAlchemy", "postgresql", of("celery", by_kombu)),
        Queue(OWN, "sqlite", of_bridge(sqlite)),
        Queue("huey", "sqlite", of("huey", file)),
        Queue("celery, by SQLAlchemy", "sqlite", of("celery", lambda: f"sqla+{sqlite()}")),
        Queue("celery, by files", "files", of("celery", lambda: f"{file()}.celery"), beside="sqlite"),
    ]


def worked(kind: str, url: str, jobs: int) -> float:
    """Put the jobs in, then let a process of its own work them off: jobs a second, from the first to the last.

    Raises ModuleNotFoundError, RuntimeError.
    """
    package = kind.partition(" ")[0]
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    command = [sys.executable, "-m", "benchmarks.peers.work", kind, url, str(jobs)]
    for step in ("put", "work"):
        done = subprocess.run([*command, step], capture_output=True, text=True, check=False, timeout=TIMEOUT)
        told = [line for line in done.stdout.splitlines() if line.startswith('{"seconds"')]
        if (step == "put" and done.returncode) or (step == "work" and not told):
            raise RuntimeError((done.stderr + done.stdout)[-2000:])
    return jobs / float(json.loads(told[0])["seconds"])
