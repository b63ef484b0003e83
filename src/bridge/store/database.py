"""Opening a store: SQLite with WAL for one machine, PostgreSQL for many; schema brought up to date on opening."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from bridge.ports.errors import ConfigError
from bridge.store.backlog import Backlog
from bridge.store.journal import Journal
from bridge.store.queue import Queue
from bridge.store.records import Records
from bridge.store.schema import METADATA

COPIED_AT_ONCE = 1000
"""Rows in memory while a store is copied."""


class SqlUnitOfWork(Records, Queue, Backlog, Journal):
    """One transaction over all tables (`bridge.ports.storage.UnitOfWork`)."""


class Database:
    """A durable store (`bridge.ports.storage.Store`)."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """One transaction: leaving commits, an exception rolls back."""
        with self.engine.begin() as connection:
            yield SqlUnitOfWork(connection)

    def copy_to(self, path: Path) -> Database:
        """A complete copy in a SQLite file, for a rehearsal; taken at one moment, while others go on writing."""
        if self.engine.dialect.name != "sqlite":
            return self._carried_to(open_store(f"sqlite:///{path}"))
        target = sqlite3.connect(path)
        raw = self.engine.raw_connection()
        try:
            source = raw.driver_connection
            assert isinstance(source, sqlite3.Connection)
            source.backup(target)
        finally:
            raw.close()
            target.close()
        return Database(_engine(f"sqlite:///{path}"))

    def _carried_to(self, target: Database) -> Database:
        reading = self.engine.connect().execution_options(isolation_level="REPEATABLE READ", yield_per=COPIED_AT_ONCE)
        with reading as source, target.engine.begin() as copy:
            for table in METADATA.sorted_tables:
                for rows in source.execute(select(table)).mappings().partitions():
                    copy.execute(table.insert(), [dict(row) for row in rows])
        return target

    def close(self) -> None:
        """Release connections."""
        self.engine.dispose()


def open_store(url: str) -> Database:
    """Open the store at `url`, creating or migrating its schema.

    Raises ConfigError where the URL cannot be used or nobody answers there; never shows a password.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigError("store.url: not a database URL; write for example sqlite:///bridge.db") from None
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise ConfigError(f"store.url: {parsed.get_backend_name()} is not supported; use sqlite or postgresql")
    shown = parsed.render_as_string(hide_password=True)
    try:
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = _engine(url)
        _prepare(engine)
    except OSError as error:
        raise ConfigError(f"store.url: cannot open {shown}: {error.strerror or error}") from None
    except DBAPIError as error:
        raise ConfigError(f"store.url: cannot open {shown}: {error.orig}") from None
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"store.url: {shown} needs the Python package {error.name}; install bridge-sync[postgresql]"
        ) from None
    return Database(engine)


def memory_store() -> Database:
    """A store in memory, gone with the process: for tests and rehearsals of a few records."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    _tune(engine)
    METADATA.create_all(engine)
    return Database(engine)


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.drivername == "postgresql":  # SQLAlchemy's own choice for this name is the older psycopg2
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed)
    if engine.dialect.name == "sqlite":
        _tune(engine)
    return engine


def _tune(engine: Engine) -> None:
    """WAL, so that reading people and a writing sync do not wait for each other; full durability for intents.

    Transactions begin IMMEDIATE: a reader that turns writer in the middle would fail with "database is locked" at
    once, without waiting. The driver's own transaction handling is switched off for that, as SQLAlchemy's
    documentation of pysqlite advises.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _prepare(engine: Engine) -> None:
    """Bring the schema to the newest revision; alembic is loaded only where there is something to do."""
    from bridge.store.migrate import HEAD, upgrade

    if inspect(engine).has_table("alembic_version"):
        with engine.connect() as connection:
            current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
        if current == HEAD:
            return
    upgrade(engine)
