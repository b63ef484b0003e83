"""Who works with a store: one program at a time does, one daemon looks after it, and what is let go of at the end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
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
def alone(settings: Config, store: Database, *, patience: float = PATIENCE) -> Iterator[None]:
    """One writing process for a store, by a lock that is gone with the process. Raises Busy."""
    with _locked(settings, store, "work", patience) as got:
        if not got:
            raise Busy(BUSY)
        yield


@contextmanager
def only_daemon(settings: Config, store: Database) -> Iterator[None]:
    """One daemon for a store. It holds this for its life, and the other lock for each of its cycles: between them, what
    people decide on the command line gets its turn. Raises AlreadyRunning."""
    with _locked(settings, store, "run", PATIENCE) as got:
        if not got:
            raise AlreadyRunning("a bridge daemon is running for this store")
        yield


def daemon_runs(settings: Config, store: Database) -> bool:
    """Whether a daemon looks after this store: then a long command lets it have its turn now and then."""
    with _locked(settings, store, "run", 0) as got:
        return not got


@contextmanager
def _locked(settings: Config, store: Database, which: str, patience: float) -> Iterator[bool]:
    url = make_url(settings.store)
    if url.get_backend_name() != "sqlite":
        with store.locked(which, patience) as got:
            yield got
        return
    if not url.database:
        yield True
        return
    ending = ".lock" if which == "work" else f".{which}.lock"
    lock = FileLock(f"{Path(url.database).resolve()}{ending}")
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
