"""Who works with a store: one program at a time does, one daemon looks after it, and what is let go of at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import make_url

from bridge.config import Config
from bridge.ports.adapter import Adapter
from bridge.ports.errors import BridgeError
from bridge.store import Database

BUSY = "another bridge run is using this store"
PATIENCE = 5.0
"""Seconds that a command waits for another one, or for a cycle of the daemon, to end."""
PATIENCE_WITH_WORKERS = 30.0
"""The same where several workers share the store: they make way after the step that each of them is at."""


class Busy(BridgeError):
    """Another process works with the same store."""

    code = "BR-BUSY"
    not_done = "Nothing was read or written."
    to_do = "Wait until it is done; `bridge status` shows its progress."


class AlreadyRunning(BridgeError):
    """There is a daemon for this store already."""

    code = "BR-RUNNING"
    not_done = "No second one was started; the first goes on."
    to_do = "Stop it first, or reload it (SIGHUP) if it only is to read its configuration anew."


@contextmanager
def alone(settings: Config, store: Database, *, patience: float | None = None) -> Iterator[None]:
    """One writing process for a store, by a lock that is gone with the process. Raises Busy.

    Where several workers share the store they stop after the step that is under way, and go on afterwards.
    patience: seconds to wait for the lock; None: as long as such a step may take.
    """
    if not store.shared:
        with _locked(settings, ".lock", PATIENCE if patience is None else patience) as got:
            if not got:
                raise Busy(BUSY)
            yield
        return
    with store.locked(patience=PATIENCE_WITH_WORKERS if patience is None else patience) as got:
        if not got:
            raise Busy(BUSY)
        with store.in_turn() as uow:  # behind what a worker is just committing
            uow.void_leases()  # of a worker that lost its connection, and does not know yet
        yield


@contextmanager
def at_work(settings: Config, store: Database) -> Iterator[None]:
    """A cycle of a daemon: alone, or beside those of other workers where they share the store. Raises Busy at once."""
    with store.locked(patience=0, together=True) if store.shared else _locked(settings, ".lock", 0) as got:
        if not got:
            raise Busy(BUSY)
        yield


@contextmanager
def only_daemon(settings: Config, store: Database) -> Iterator[None]:
    """One daemon for a SQLite store. It holds this for its life, and the other lock for each of its cycles: between
    them, what people decide on the command line gets its turn. Raises AlreadyRunning."""
    with nullcontext(True) if store.shared else _locked(settings, ".run.lock", PATIENCE) as got:
        if not got:
            raise AlreadyRunning("a bridge daemon is running for this store")
        yield


def daemon_runs(settings: Config, store: Database) -> bool:
    """Whether a daemon looks after this store: then a long command lets it have its turn now and then. Of a store that
    workers may share that is taken for granted: a turn that nobody takes costs next to nothing."""
    if store.shared:
        return True
    with _locked(settings, ".run.lock", 0) as got:
        return not got


@contextmanager
def _locked(settings: Config, ending: str, patience: float) -> Iterator[bool]:
    file = make_url(settings.store).database
    if not file:
        yield True
        return
    lock = FileLock(f"{Path(file).resolve()}{ending}")
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def closing(adapters: dict[str, Adapter]) -> Iterator[None]:
    """Release the adapters' connections at the end."""
    try:
        yield
    finally:
        for adapter in adapters.values():
            adapter.close()
