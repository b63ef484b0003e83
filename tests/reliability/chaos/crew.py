"""The workers: `bridge run` as it is, several times on one store; who is killed is replaced at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random
from typing import Final

from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from reliability.chaos.systems import PACE, PACED, Desk

ROOT = Path(__file__).resolve().parents[3]
ENTITIES: Final = ("customer", "contact")
RUN: Final = """
run:
  every: 2s
  listen: 127.0.0.1:0
"""


def configured(folder: Path, desks: dict[str, Desk], store: str) -> Path:
    """Write the configuration and the mappings; answers the path of the first."""
    text = CONFIGURATION.format(**{system: desk.url for system, desk in desks.items()})
    text = text.replace("sqlite:///bridge.db", store)
    text = text.replace("    database: acme\n", f"    database: acme\n    budget: {{per_second: {PACE:g}}}\n")
    assert PACED == "erp"
    os.environ.update(SECRETS)
    (folder / "bridge.yaml").write_text(text + RUN, encoding="utf-8")
    (folder / "mappings").mkdir()
    for name in ENTITIES:
        (folder / "mappings" / f"{name}.yaml").write_bytes((ROOT / "mappings" / f"{name}.yaml").read_bytes())
    return folder / "bridge.yaml"


class Worker:
    """One process, and what it says."""

    def __init__(self, program: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *program, "run", "--json"],
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def at_work(self) -> bool:
        """Whether it has started; on a busy machine that takes a while."""
        return b'"started"' in self.log.read_bytes()


class Crew:
    """So many workers. plant: the name of a bug that each of them has."""

    def __init__(self, file: Path, size: int, plant: str = "") -> None:
        self._folder, self._plant = file.parent, plant
        self._environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(file), "NO_COLOR": "1"}
        self.kills, self._number = 0, 0
        self.workers = [self._start() for _ in range(size)]

    def bridge(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command beside the workers."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def _start(self) -> Worker:
        program = ["reliability.chaos.planted", self._plant] if self._plant else ["bridge"]
        self._number += 1
        return Worker(program, self._environment, self._folder / f"worker-{self._number}.log")

    def kill(self, luck: Random) -> bool:
        """Kill one that is at work by SIGKILL, and start another one in its place; False where none is yet."""
        for place, victim in enumerate(self.workers):
            assert victim.process.poll() is None, f"worker {place} ended by itself: {victim.log.read_text()[-2000:]}"
        able = [place for place, worker in enumerate(self.workers) if worker.at_work]
        if not able:
            return False
        place = luck.choice(able)
        victim = self.workers[place].process
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.kills += 1
        self.workers[place] = self._start()
        return True

    def stop(self, within: float) -> list[int]:
        """Ask all to stop; answers with what they ended."""
        until = time.monotonic() + within
        while not all(worker.at_work for worker in self.workers) and time.monotonic() < until:
            time.sleep(0.2)
        for worker in self.workers:
            worker.process.send_signal(signal.SIGTERM)
        return [worker.process.wait(max(until - time.monotonic(), 0.1)) for worker in self.workers]

    def close(self) -> None:
        """The end, also after a fault."""
        for worker in self.workers:
            worker.process.kill()
            worker.process.wait()
