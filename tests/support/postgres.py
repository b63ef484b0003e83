"""A real PostgreSQL for the tests: a server of its own in a temporary folder, a fresh database for whoever asks."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs says which folder it took in place of XDG_RUNTIME_DIR
    import pgserver


class Postgres:
    """A running server. `new_database` answers the URL of an empty database."""

    def __init__(self, server: pgserver.PostgresServer) -> None:
        self._server = server
        self._numbers = count(1)

    def new_database(self) -> str:
        name = f"bridge{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name}")
        return self._server.get_uri(name)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server, stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="bridge-pg-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
