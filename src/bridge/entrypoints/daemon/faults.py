"""Faults of the daemon's own world: its store does not answer, its disk is full, or it has a defect. Told when one
comes and when it is over; tried again with growing rests until it works."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from bridge.entrypoints.cli.crash import in_words
from bridge.entrypoints.daemon.pulse import Pulse
from bridge.entrypoints.daemon.telling import of_the_store
from bridge.ports.storage import Listing, UnitOfWork
from bridge.store import Database

FIRST_REST: Final = 1.0
LONGEST_REST: Final = 60.0
"""Seconds of rest after a fault, which double while it stays."""


class StoreFault(BaseException):
    """The store failed in the middle of a cycle. Not an error of any step: none is to take it for its system's."""

    def __init__(self, error: DBAPIError) -> None:
        super().__init__()
        self.error = error


@contextmanager
def store_faults() -> Iterator[None]:
    """What the store raises inside ends the cycle. Raises StoreFault in place of it."""
    try:
        yield
    except DBAPIError as error:
        raise StoreFault(error) from None


class EngineStore:
    """The store as a cycle gets it (`bridge.ports.storage.SharedStore`): its errors are no system's."""

    def __init__(self, store: Database) -> None:
        self._store = store

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """As that of the store. Raises StoreFault."""
        with store_faults(), self._store.begin() as uow:
            yield uow

    @contextmanager
    def in_turn(self) -> Iterator[UnitOfWork]:
        """As that of the store. Raises StoreFault."""
        with store_faults(), self._store.in_turn() as uow:
            yield uow

    def listing(self) -> Listing:
        """An empty set of ids on disk."""
        return self._store.listing()


class Faults:
    """What is wrong just now. rest: seconds until the next try; 0 while nothing is."""

    def __init__(self, store: Database, pulse: Pulse, log: Any) -> None:
        self._store, self._pulse, self._log = store, pulse, log
        self.rest = 0.0

    def met(self, error: Exception, run: str | None = None) -> None:
        """Something went wrong that is no system's. It is told once. run: the cycle that it ended, if it was in one."""
        self.rest = min(max(self.rest * 2, FIRST_REST), LONGEST_REST)
        kind = type(error).__name__
        if isinstance(error, DBAPIError):
            kind = of_the_store(error)
            self._store.engine.dispose()  # connections of a server that was restarted are of no use
        if kind == self._pulse.fault:
            return
        self._pulse.fault = kind
        what = kind if isinstance(error, DBAPIError) else in_words(error)
        self._log.error("fault", run=run, what=what, to_do="Nothing is lost; it is tried again until it works.")

    def over(self) -> None:
        """All went well."""
        if self._pulse.fault:
            self._log.info("fault over", what=self._pulse.fault)
        self.rest, self._pulse.fault = 0.0, ""
