"""bridge as it runs there: one process after the other, each of which may be killed at any moment.

A moment is a named step of the engine, a commit, or the time just before or after an HTTP call.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from bridge.engine.cycle import cycle
from bridge.engine.report import Report
from bridge.engine.runtime import Runtime
from bridge.store import Database, open_store
from bridge.transport.session import PooledSession
from bridge.wiring import make_adapters, make_maps, make_runtime
from reliability.soak.clock import Timeline
from reliability.soak.company import Company

CALL = 0.04
"""Simulated seconds that a call takes."""
RESTARTS = 0.1


class Killed(BaseException):
    """The process is gone, as after SIGKILL: nothing may catch it."""


class Moments:
    """What was planned for the n-th moment from now."""

    def __init__(self) -> None:
        self.count = 0
        self._deaths: dict[int, Callable[[], None]] = {}
        self._acts: list[tuple[int, Callable[[], None]]] = []

    def kill(self, after: int, death: Callable[[], None]) -> None:
        """Let the process die `after` moments from now."""
        self._deaths[self.count + after] = death

    def plan(self, after: int, act: Callable[[], None]) -> None:
        """Let a user do something `after` moments from now, or at the next one at which no transaction is open: bridge
        and what users look up in its store would wait for each other."""
        self._acts.append((self.count + after, act))

    def forget(self) -> None:
        """What has not happened will not."""
        self._deaths.clear()
        self._acts.clear()

    def pass_(self, _: str = "", *, inside: bool = False) -> None:
        """A moment has come; inside: of an open transaction."""
        self.count += 1
        if self.count in self._deaths:
            self._deaths.pop(self.count)()
        if not inside:
            due = [act for at, act in self._acts if at <= self.count]
            self._acts = [(at, act) for at, act in self._acts if at > self.count]
            for act in due:
                act()


@dataclass
class _WatchedStore:
    """A store whose commits are moments."""

    store: Database
    moments: Moments

    @contextmanager
    def begin(self) -> Iterator[Any]:
        with self.store.begin() as uow:
            yield uow
            self.moments.pass_(inside=True)
        self.moments.pass_()


class Bridge:
    """The program, its store, and the process that runs at the moment."""

    def __init__(self, company: Company, timeline: Timeline, seed: str) -> None:
        self.company, self.timeline, self.seed = company, timeline, seed
        self.moments = Moments()
        self.processes = 0
        self.cycles = 0
        self.url = company.configuration().store
        self.store = open_store(self.url)
        self.runtime: Runtime | None = None

    def start(self) -> Runtime:
        """A new process: the configuration is read, nothing is remembered but what the store holds."""
        self.processes += 1
        config = self.company.configuration()
        luck = Random(f"{self.seed}:{self.processes}")
        made = make_runtime(config, self.store, make_adapters(config), make_maps(config))
        self.runtime = replace(
            made,
            store=_WatchedStore(self.store, self.moments),
            clock=self.timeline.bridge,
            new_id=lambda: f"{int(self.timeline.now.timestamp() * 1000):012x}{luck.getrandbits(80):020x}",
            back_off=lambda attempts: luck.uniform(0, min(900.0, 2.0 * 2 ** min(attempts, 12))),
            owner=f"process {self.processes}",
            point=self.moments.pass_,
        )
        return self.runtime

    def stop(self) -> None:
        """The process is gone, by its own will or not."""
        if self.runtime is not None:
            for adapter in self.runtime.adapters.values():
                adapter.close()
        self.runtime = None

    def cycle(self, patience: float = 0) -> Report:
        """One cycle of the process that runs, or of a new one."""
        self.cycles += 1
        fresh = self.runtime is None
        runtime = self.runtime or self.start()
        if fresh:  # no other process is at work
            with runtime.store.begin() as uow:
                uow.reclaim(runtime.clock(), owner=runtime.owner)
        return cycle(runtime, run_name(self.cycles), patience=patience, sleep=self.timeline.wait)

    def cycle_in_a_child(self, kill_after: int) -> bool:
        """One cycle in a process of its own, which is killed by SIGKILL; answers whether it was still at work.

        The store is closed on this side meanwhile: a connection must not be shared by two processes.
        """
        self.stop()
        self.store.close()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._be_killed(kill_after)
        _, status = os.waitpid(child, 0)
        self.cycles += 1
        self.processes += 1
        self.store = open_store(self.url)
        self.timeline.now = max(self.timeline.now, self.company.latest())
        ended = os.waitstatus_to_exitcode(status)
        if ended not in (0, -signal.SIGKILL):
            raise AssertionError(f"a child process of bridge ended with {ended}")
        return ended != 0

    def _be_killed(self, kill_after: int) -> None:
        try:
            self.company.remote = True
            self.store = open_store(self.url)
            self.moments.forget()
            self.moments.kill(kill_after, lambda: os.kill(os.getpid(), signal.SIGKILL))
            self.cycle()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Every HTTP call of bridge takes simulated time and is a moment, before it leaves and after it is answered."""
        send = PooledSession.send

        def watched(session: PooledSession, request: Any, **named: Any) -> Any:
            self.moments.pass_()
            self.timeline.wait(CALL)
            self.company.strike_the_hour(self.company.system_at(request.url))
            try:
                return send(session, request, **named)
            finally:
                self.timeline.wait(CALL)
                self.moments.pass_()

        with patch.object(PooledSession, "send", watched):
            yield

    def close(self) -> None:
        """The end."""
        self.stop()
        with suppress(Exception):
            self.store.close()


def run_name(number: int) -> str:
    """The name of a run; names of later runs are greater."""
    return f"cycle {number:06}"


def sqlite_at(folder: Path) -> str:
    """The store in a file."""
    return f"sqlite:///{folder / 'bridge.db'}"
