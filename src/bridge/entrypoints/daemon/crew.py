"""The crew: what one daemon has to do with the others that work with the same store. Alone (on SQLite): nothing."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from bridge.engine.sharing import RENEW, TERM, Workers, lease_name
from bridge.entrypoints.daemon.faults import EngineStore, StoreFault, store_faults
from bridge.ports.storage import UnitOfWork
from bridge.store import Database

Place = tuple[str, str]
"""(system, entity)."""
ASK: Final = 0.5
"""Seconds between two looks whether somebody wants to be alone with the store."""
JITTER: Final = 0.2
"""Seconds at most between a call and the look at what it is about: not all workers are to begin the same at once."""
HUNG: Final = timedelta(minutes=15)
"""Without a sign of the work itself for so long, its place is left to others: it hangs."""
SKEW: Final = timedelta(minutes=1)
"""By so much the clocks of two machines may differ."""


class Crew:
    """One daemon among others. owner: names it. sign: when its work gave the last sign. wake: it is to look for work.

    workers: its view of a store that others work with too, None where it is alone. made_way: whether the last cycle
    ended early for a person's command.
    """

    def __init__(
        self,
        store: Database,
        owner: str,
        clock: Callable[[], datetime],
        sign: Callable[[], datetime],
        wake: Callable[[], object],
    ) -> None:
        self.owner, self._store, self._clock, self._sign, self._wake = owner, store, clock, sign, wake
        self.workers = Workers(EngineStore(store), owner) if store.shared else None
        self.made_way = False
        self._began, self._asked = clock(), 0.0
        self._halt = threading.Event()

    def makes_way(self) -> bool:
        """Whether a person's command waits to be alone with the store: asked between two steps."""
        if self.workers is None or self.made_way or time.monotonic() - self._asked < ASK:
            return self.made_way
        self._asked = time.monotonic()
        with store_faults():
            self.made_way = self._store.wanted()
        return self.made_way

    def timetable(self, own: Mapping[Place, datetime], places: list[Place]) -> dict[Place, datetime]:
        """When each place was read last, by whomever; those at which another one is at work just now were read now."""
        last = dict(own)
        if self.workers is None:
            return last
        now = self._clock()
        with self._store.begin() as uow:
            known = uow.leases()
        for place in places:
            lease = known.get(lease_name(place))
            if lease is None:
                continue
            if lease.owner not in (None, self.owner) and lease.until is not None and lease.until > now:
                last[place] = now
            elif lease.read_at is not None and lease.read_at < now + SKEW:
                last[place] = max(min(lease.read_at, now), own.get(place, lease.read_at))
        return last

    def read_since_start(self, last: Mapping[Place, datetime]) -> dict[Place, datetime]:
        """What was read since this daemon began, out of a timetable."""
        return {place: at for place, at in last.items() if at >= self._began} if self.workers else {}

    def others(self, uow: UnitOfWork) -> set[str]:
        """Names of the leases that other workers hold."""
        if self.workers is None:
            return set()
        now = self._clock()
        return {
            one.name
            for one in uow.leases().values()
            if one.owner not in (None, self.owner) and one.until is not None and one.until > now
        }

    def speaks(self, uow: UnitOfWork) -> bool:
        """Whether this one tells people what needs them: of several workers one does."""
        if self.workers is None:
            return True
        now = self._clock()
        return uow.take_lease("notifier", self.owner, now, now + 2 * TERM) is not None

    @contextmanager
    def on_duty(self, log: Any) -> Iterator[None]:
        """Signs of life for the place that is worked at, and an ear for work that others make, in threads."""
        if self.workers is None:
            yield
            return
        threads = [
            threading.Thread(target=self._live, name="signs of life", daemon=True),
            threading.Thread(target=self._hear, args=(log,), name="listener", daemon=True),
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._halt.set()
            threads[0].join(RENEW)

    def _live(self) -> None:
        assert self.workers is not None
        while not self._halt.wait(RENEW):
            try:
                if self._clock() - self._sign() < HUNG:
                    self.workers.sign_of_life(self._clock())
            except StoreFault:  # the daemon itself meets the same, and tells it
                continue

    def _hear(self, log: Any) -> None:
        """Only a hint: whoever hears nothing finds the work at the next look."""

        def heard() -> None:
            self._halt.wait(random.uniform(0, JITTER))  # noqa: S311 - no secret
            self._wake()

        while not self._halt.is_set():
            try:
                self._store.listen(heard, self._halt.is_set)
            except Exception as error:  # the server is restarted, or its driver says so in a word of its own
                log.debug("does not hear the others", what=type(error).__name__)
                self._halt.wait(RENEW)
