"""The workers: `bridge run` as it is, several times on one store; who is killed is replaced at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random


class Worker:
    """One process, and what it says."""

    def __init__(self, program: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
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
    """One worker for each of these configurations, which are of one store. program: what is started in place of bridge.

    environment: what they find beside this process's own.
    """

    def __init__(
        self, files: Sequence[Path], environment: Mapping[str, str], program: Sequence[str] = ("bridge",)
    ) -> None:
        self._files, self._program = list(files), program
        self._environment = {**os.environ, **environment, "NO_COLOR": "1"}
        self.kills, self._number = 0, 0
        self.workers = [self._start(place) for place in range(len(files))]

    def _start(self, place: int) -> Worker:
        file, self._number = self._files[place], self._number + 1
        environment = {**self._environment, "BRIDGE_CONFIG": str(file)}
        return Worker(self._program, environment, file.parent / f"worker-{self._number}.log")

    def await_start(self, within: float) -> None:
        """Wait until all are at work. within: seconds. Raises AssertionError with what one said that ended instead."""
        until = time.monotonic() + within
        while not all(worker.at_work for worker in self.workers) and time.monotonic() < until:
            self.all_live()
            time.sleep(0.05)

    def all_live(self) -> None:
        """Raises AssertionError where one has ended by itself."""
        for place, worker in enumerate(self.workers):
            ended = worker.process.poll()
            assert ended is None, f"worker {place} ended by itself: {worker.log.read_text()[-2000:]}"

    def kill(self, luck: Random) -> bool:
        """Kill one that is at work by SIGKILL, and start another one in its place; False where none is yet."""
        self.all_live()
        able = [place for place, worker in enumerate(self.workers) if worker.at_work]
        if not able:
            return False
        place = luck.choice(able)
        victim = self.workers[place].process
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        self.kills += 1
        self.workers[place] = self._start(place)
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
