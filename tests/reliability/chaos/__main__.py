"""Chaos as a program: `PYTHONPATH=tests python -m reliability.chaos`. Ends with 1 where a guarantee did not hold."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from sqlalchemy import func, select

from bridge.store import Database, open_store
from bridge.store.schema import WRITTEN
from reliability.chaos import check
from reliability.chaos.crew import ENTITIES, bridge, configured, crew
from reliability.chaos.systems import running
from reliability.chaos.users import Users
from reliability.document import table, write_report, write_section
from support.crew import Crew
from support.postgres import running_postgres
from support.served import Desk

WORKERS = 4
RARE = 0.005
"""The share of edits that may fall between a look and a write, milliseconds later: more, and nobody looked."""
PAUSE = 0.12
"""Seconds between two acts of users."""
REST = 180.0
"""Seconds at most until everything is written, after the last edit and the last kill."""


@dataclass
class Figures:
    """What chaos came to; problems: each in a sentence.

    overtaken: edits made between bridge's last look at a record and its write, where the system takes no condition.
    """

    seed: str
    workers: int = WORKERS
    seconds: float = 0
    edits: int = 0
    delivered: int = 0
    kills: int = 0
    lost: int = 0
    duplicates: int = 0
    out_of_order: int = 0
    over_quota: int = 0
    out_of_step: int = 0
    echoes: int = 0
    overtaken: int = 0
    seconds_to_rest: float = 0
    calls: int = 0
    most_calls_in_window: int = 0
    problems: list[str] = field(default_factory=list)


def live(seed: str, seconds: float, plant: str, folder: Path, url: str) -> Figures:
    """Chaos for so long, then rest, then the checks."""
    luck, found = Random(seed), Figures(seed)
    with running() as desks:
        file = configured(folder, desks, url)
        for system in desks:
            done = bridge(file, "setup", system)
            assert done.returncode == 0, done.stdout + done.stderr
        users = Users(desks, Random(f"{seed}:users"))
        workers = crew(file, WORKERS, plant)
        try:
            _trouble(workers, users, luck, seconds)
            found.edits, found.kills = users.edits, workers.kills
            _judge(found, workers, users, desks, file, url)
        finally:
            workers.close()
    return found


def _trouble(crew: Crew, users: Users, luck: Random, seconds: float) -> None:
    halt, failed = threading.Event(), []

    def act() -> None:
        try:
            users.live(halt, PAUSE)
        except BaseException as error:
            failed.append(error)

    acting = threading.Thread(target=act)
    acting.start()
    try:
        while not all(worker.at_work for worker in crew.workers):
            time.sleep(0.2)
        until = time.monotonic() + seconds
        while time.monotonic() < until and not failed:
            if crew.kill(luck):
                time.sleep(luck.uniform(2, 5))
            else:
                time.sleep(0.2)
    finally:
        halt.set()
        acting.join()
    if failed:
        raise failed[0]


def _judge(found: Figures, crew: Crew, users: Users, desks: dict[str, Desk], file: Path, url: str) -> None:
    store = open_store(url)
    try:
        found.seconds_to_rest = round(_rested(store, len(desks) * len(ENTITIES)), 1)
        ended = crew.stop(60)
        if set(ended) != {0}:
            found.problems.append(f"workers that were asked to stop ended with {ended}")
        said = bridge(file, "sync", "--json")
        said = bridge(file, "sync", "--json")
        last = json.loads(said.stdout)["totals"]
        if last["writes"] or last["enqueued"]:
            found.echoes = last["writes"] + last["enqueued"]
            found.problems.append(f"a cycle in which nothing had changed wrote {last}")
        overtaken = [note for desk in desks.values() for note in desk.noted("/chaos")["overtaken"]]
        found.overtaken = len(overtaken)
        if found.overtaken > max(RARE * found.edits, 1):
            found.problems.append(f"written over without a look right before: {overtaken[:20]}")
        for name, words in (
            ("out_of_step", check.out_of_step(file, store)),
            ("lost", check.lost(users, desks, store, overtaken)),
            ("duplicates", check.duplicates(users, desks)),
        ):
            setattr(found, name, sum(not word.startswith(" ") for word in words))  # else it tells how it came about
            found.problems += words[:100]
        with store.begin() as uow:
            found.delivered = uow.connection.scalar(select(func.count()).select_from(WRITTEN)) or 0
        for system, desk in desks.items():
            noted = desk.noted("/chaos")
            found.calls += noted["calls"]
            found.out_of_order += noted["out_of_order"]
            found.over_quota += noted["over_quota"]
            found.most_calls_in_window = max(found.most_calls_in_window, noted["most_in_window"])
            for name in ("out_of_order", "over_quota"):
                if noted[name]:
                    found.problems.append(f"{system}: {noted[name]} {name}")
    finally:
        store.close()


def _rested(store: Database, places: int) -> float:
    """Wait until all was read after the last edit, and nothing is left to write; seconds it took."""
    start, after, rounds = time.monotonic(), datetime.now(UTC), 0
    while rounds < 3 and time.monotonic() < start + REST:  # what the last writes made of it is read as well
        with store.begin() as uow:
            left = sum(n for place, n in uow.queue_counts().items() if place[2] not in ("dead", "held"))
            read = sum(lease.read_at is not None and lease.read_at > after for lease in uow.leases().values())
        if left:
            rounds, after = 0, datetime.now(UTC)
        elif read == places:
            rounds, after = rounds + 1, datetime.now(UTC)
        time.sleep(0.5)
    return time.monotonic() - start


def section(found: Figures) -> str:
    """The part of docs/reliability.md."""
    names = ("edits", "delivered", "kills", "lost", "duplicates", "out_of_order", "over_quota", "out_of_step", "echoes")
    names = (*names, "overtaken")
    figures = asdict(found)
    return (
        f"{found.workers} workers on one PostgreSQL store and three systems for {found.seconds:.0f} seconds (seed"
        f" {found.seed}). After the last edit everything was written within {found.seconds_to_rest:.0f} seconds, the"
        f" time of a lease that a killed worker held included.\n\n"
        + table([name.replace("_", " ") for name in names], [[figures[name] for name in names]])
    )


def main() -> int:
    """Run, tell, write the report."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # with everything that was started
    seed = os.environ.get("BRIDGE_CHAOS_SEED") or str(secrets.randbelow(1_000_000))
    seconds = float(os.environ.get("BRIDGE_CHAOS_SECONDS", "180"))
    plant = os.environ.get("BRIDGE_CHAOS_PLANT", "")
    print(f"Seed {seed}, {seconds:.0f} seconds.", flush=True)
    with tempfile.TemporaryDirectory(prefix="bridge-chaos-") as folder, running_postgres() as server:
        found = live(seed, seconds, plant, Path(folder), server.new_database())
        if found.problems and os.environ.get("BRIDGE_CHAOS_KEEP"):
            shutil.copytree(folder, os.environ["BRIDGE_CHAOS_KEEP"], dirs_exist_ok=True)
    found.seconds = seconds
    figures = asdict(found)
    print(json.dumps(figures, indent=2))
    if "--record" in sys.argv:
        write_report("chaos", figures)
        write_section("chaos", section(found))
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
