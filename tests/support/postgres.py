"""A real PostgreSQL for the tests: a server of its own in a temporary folder, a fresh database for whoever asks."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from sqlalchemy import make_url

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs says which folder it took in place of XDG_RUNTIME_DIR
    import pgserver
    from pgserver._commands import pg_ctl


class Postgres:
    """A running server. `new_database` answers the URL of an empty database."""

    def __init__(self, server: pgserver.PostgresServer) -> None:
        self._server = server
        self._numbers = count(1)

    def new_database(self) -> str:
        name = f"bridge{next(self._numbers)}"
        self._server.psql(f"CREATE DATABASE {name}")
        return self._server.get_uri(name)

    def stop(self) -> None:
        """Shut it down: every connection is cut, and nobody is let in."""
        pg_ctl(["-w", "-m", "immediate", "stop"], pgdata=self._server.pgdata, user=self._server.system_user)

    def start(self) -> None:
        """Start it again, at the same address."""
        self._server.ensure_postgres_running()

    def psql(self, statement: str) -> str:
        return str(self._server.psql(statement))

    def with_password(self, url: str, user: str, password: str) -> str:
        """The URL for a user of that name who has to show the password."""
        parsed = make_url(url)
        self._server.psql(f"CREATE ROLE \"{user}\" SUPERUSER LOGIN PASSWORD '{password}'")
        rules = Path(self._server.pgdata) / "pg_hba.conf"
        rules.write_text(f'local all "{user}" scram-sha-256\n{rules.read_text()}')
        self._server.psql("SELECT pg_reload_conf()")
        return parsed.set(username=user, password=password).render_as_string(hide_password=False)


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server, stopped and removed at the end."""
    with tempfile.TemporaryDirectory(prefix="bridge-pg-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        try:
            yield Postgres(server)
        finally:
            server.cleanup()
