"""One program at a time: who works with a store, and what is let go of at the end."""

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


class Busy(BridgeError):
    """Another process works with the same store."""

    code = "BR-BUSY"
    not_done = "Nothing was read or written."
    to_do = "Wait until it is done; `bridge status` shows its progress."


@contextmanager
def alone(settings: Config, store: Database) -> Iterator[None]:
    """One writing process for a store, by a lock that is gone with the process. Raises Busy."""
    url = make_url(settings.store)
    if url.get_backend_name() != "sqlite":
        with store.locked() as got:
            if not got:
                raise Busy(BUSY)
            yield
        return
    if not url.database:
        yield
        return
    lock = FileLock(f"{Path(url.database).resolve()}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Busy(BUSY) from None
    try:
        yield
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
