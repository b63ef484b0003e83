"""Sharing: several workers on one store. Each works at one place (a system and an entity) at a time, and no two at the
same one; what they read and write in the store, they do one after the other.

A place is held by a lease that is renewed while its worker lives. Every transaction of the worker asks first whether
the lease still stands: a worker that was held up for too long finds its place taken, and commits nothing more there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Final, TypeVar
from zlib import crc32

from bridge.ports.storage import Lease, Listing, SharedStore, UnitOfWork

TERM: Final = timedelta(seconds=15)
"""How long a place is held without a sign of life."""
RENEW: Final = 5.0
"""Seconds between two signs of life."""
BATCHES: Final = 5
"""Batches that are written to one system before the next one has its turn."""
TURN: Final = timedelta(seconds=20)
"""After so long of writing a worker looks what is to be read, and goes on writing then."""

_T = TypeVar("_T")


class LeaseLost(BaseException):
    """Another worker has taken the place. Not an error of any step, so that none takes it for its own."""


class Ousted(BaseException):
    """Somebody is alone with the store: the lock under which this worker began went with its connection. The cycle ends
    there; what is left is due in the next one. Not an error of any step either."""


class Workers:
    """One worker's view of a store that it shares with others (a `bridge.ports.storage.Store`).

    owner: names this worker. place: of the lease it holds at the moment, if any.
    """

    def __init__(self, store: SharedStore, owner: str) -> None:
        self.plain, self.owner = store, owner
        self._lease: Lease | None = None
        self._changing = Lock()  # the signs of life come from another thread

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A transaction in its turn. Raises LeaseLost where the place that is worked at is another's by now, Ousted
        where nobody may be at work at all."""
        with self.plain.in_turn() as uow:
            if self._lease is None:  # whoever wants to be alone has ended all leases
                if uow.taken_alone():
                    raise Ousted
            elif not uow.holds_lease(self._lease):
                self._set(None)
                raise LeaseLost
            yield uow

    def listing(self) -> Listing:
        """An empty set of ids on disk."""
        return self.plain.listing()

    def take(self, place: tuple[str, str], now: datetime, unless_read_since: datetime | None = None) -> bool:
        """Begin to work at a place: whether nobody else does, nor (if asked) has read it since then.

        What an earlier worker had claimed there has no worker any more: it is pending, or in doubt, from now on.
        """
        with self.begin() as uow:
            lease = uow.take_lease(lease_name(place), self.owner, now, now + TERM)
            if lease is None:
                return False
            if unless_read_since is not None and lease.read_at is not None and lease.read_at >= unless_read_since:
                uow.end_lease(lease)
                return False
            uow.reclaim(now, place=place)
        self._set(lease)
        return True

    def leave(self, read_at: datetime | None = None) -> None:
        """End the work at the place; read_at: it was read to the end."""
        lease = self._lease
        if lease is not None:
            self._set(None)
            with self.begin() as uow:
                uow.end_lease(lease, read_at)

    def sign_of_life(self, now: datetime) -> None:
        """Hold the place for another term. Called from a thread of its own; whether it still stands, `begin` asks."""
        with self._changing:
            lease = self._lease
        if lease is None:
            return
        with self.plain.begin() as uow:
            held = uow.renew_lease(lease, now + TERM)
        with self._changing:
            if held and self._lease is not None and self._lease.fence == lease.fence:
                self._lease = replace(self._lease, until=now + TERM)

    def before_call(self, now: datetime) -> None:
        """Asked right before every call of a system, without a look at the store: a process that stood still for longer
        than its lease makes no call any more, since another one may have taken its place. Raises LeaseLost."""
        lease = self._lease
        if lease is not None and lease.until is not None and now > lease.until:
            self._set(None)
            raise LeaseLost

    def rotated(self, things: Sequence[_T]) -> Sequence[_T]:
        """The same in an order of this worker's own, so that not all of them want the same first."""
        start = crc32(self.owner.encode()) % max(len(things), 1)
        return [*things[start:], *things[:start]]

    def _set(self, lease: Lease | None) -> None:
        with self._changing:
            self._lease = lease


def lease_name(place: tuple[str, str]) -> str:
    """The name of a place's lease."""
    return "place:" + ":".join(place)
