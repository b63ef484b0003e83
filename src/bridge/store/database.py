"""Opening a store: SQLite with WAL for one machine, PostgreSQL for many; schema brought up to date on opening."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, func, inspect, make_url, select
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.pool import StaticPool

from bridge.ports.errors import ConfigError
from bridge.store.backlog import Backlog
from bridge.store.erasure import Erasure
from bridge.store.hints import Hints
from bridge.store.identity import Identity
from bridge.store.journal import Journal
from bridge.store.leases import WORK, Leases, work_lock
from bridge.store.listing import Listing
from bridge.store.queue import Queue
from bridge.store.records import Records
from bridge.store.schema import METADATA
from bridge.store.transaction import CHANNEL
from bridge.store.written import Written

for _name in ("sqlalchemy.engine.Engine", "sqlalchemy.pool.impl.QueuePool", "psycopg"):
    # The first logs every row at level DEBUG. The others tell a host that is not found, psycopg as a warning that
    # reaches the terminal: of "user:pass@word@host" it is "word@host".
    logging.getLogger(_name).disabled = True

LOCKS = {"work": WORK, "turn": WORK + 1}
"""The numbers of the advisory locks."""

IDLE = "60s"
"""How long a transaction may stand still while others wait for their turn: its process hangs, or was stopped."""
TIMED_OUT = "55P03"

CACHE_KB = 10_240
"""Of a SQLite store, what a connection keeps in memory. The system keeps it too: 64 MB made no cycle faster, loading by
a tenth at most, and a process of any large store 50 MB larger after a thousand edits."""

COPIED_AT_ONCE = 1000
"""Rows in memory while a store is copied."""


class SqlUnitOfWork(Records, Identity, Queue, Backlog, Journal, Leases, Written, Erasure, Hints):
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

    @contextmanager
    def in_turn(self) -> Iterator[SqlUnitOfWork]:
        """One transaction as `begin`, beside which no other one of its kind is open (`bridge.ports.storage`).

        On SQLite every transaction is alone; on PostgreSQL they stand in line, in the order in which they came.
        """
        with self.begin() as uow:
            if self.shared:
                bounded = func.set_config("idle_in_transaction_session_timeout", IDLE, True)
                uow.connection.execute(select(bounded, func.pg_advisory_xact_lock(LOCKS["turn"])))
            yield uow

    @property
    def shared(self) -> bool:
        """Whether several workers may share this store."""
        return self.engine.dialect.name == "postgresql"

    @contextmanager
    def locked(self, *, patience: float = 5.0, together: bool = False) -> Iterator[bool]:
        """Whether this process may work with a PostgreSQL store; so to the end, or until the connection is gone.

        together: beside all others who say so; else alone. patience: seconds. While one waits to be alone, nobody
        begins together.
        """
        number, kind = LOCKS["work"], "_shared" if together else ""
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            if not self._lock(connection, number, kind, patience):
                yield False
                return
            try:
                yield True
            finally:
                try:
                    connection.execute(select(getattr(func, f"pg_advisory_unlock{kind}")(number)))
                except DBAPIError:  # the server was restarted in the meantime: the lock went with the connection
                    connection.invalidate()

    def _lock(self, connection: Connection, number: int, kind: str, patience: float) -> bool:
        if patience <= 0:
            return bool(connection.scalar(select(getattr(func, f"pg_try_advisory_lock{kind}")(number))))
        connection.execute(select(func.set_config("lock_timeout", f"{round(patience * 1000)}ms", False)))
        try:
            connection.execute(select(getattr(func, f"pg_advisory_lock{kind}")(number)))
        except DBAPIError as error:
            if getattr(error.orig, "sqlstate", "") != TIMED_OUT:
                raise
            return False
        finally:
            connection.execute(select(func.set_config("lock_timeout", "0", False)))
        return True

    def wanted(self) -> bool:
        """Whether somebody waits to be alone with this PostgreSQL store."""
        with self.engine.connect() as connection:
            return work_lock(connection, granted=False)

    def listen(self, heard: Callable[[], object], over: Callable[[], bool]) -> None:
        """Call `heard` whenever somebody made work in this PostgreSQL store, until `over`. Raises psycopg's errors."""
        raw = self.engine.raw_connection()
        connection: Any = raw.driver_connection
        raw.detach()  # its own from now on: the pool would hand it on listening
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            while not over():
                for _ in connection.notifies(timeout=1.0, stop_after=1):
                    heard()
        finally:
            connection.close()

    def listing(self) -> Listing:
        """An empty set of ids on disk."""
        return Listing()

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
        return Database(_engine(make_url(f"sqlite:///{path}")))

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

    Raises ConfigError where the URL cannot be used or nobody answers there; never shows a password, nor what may be a
    part of one: an unquoted @ or / in a password makes its rest the host.
    """
    problem, parsed = "", None
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # a port that is no number
        problem = (
            "not a database URL; write for example sqlite:///bridge.db (an @, : or / in a password as %40, %3A, %2F)"
        )
    if parsed is not None and parsed.get_backend_name() not in ("sqlite", "postgresql"):
        problem = f"{parsed.get_backend_name()} is not supported; use sqlite or postgresql"
    elif parsed is not None:
        engine, problem = _opened(parsed)
        if engine is not None:
            return Database(engine)
    raise ConfigError(f"store.url: {problem}")  # outside every handler: the faults hold the URL


def _opened(parsed: URL) -> tuple[Engine | None, str]:
    """The engine, its schema up to date; or a sentence on what stands in the way."""
    local = parsed.get_backend_name() == "sqlite"
    shown = f"sqlite:///{parsed.database}" if local else "the PostgreSQL store"
    try:
        if local and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = _engine(parsed)
        _prepare(engine)
    except OSError as error:
        return None, f"cannot open {shown}: {error.strerror or type(error).__name__}"
    except DBAPIError as error:
        return None, f"cannot open {shown}: {error.orig if local else _why(str(error.orig))}"
    except ArgumentError:
        return None, f"cannot open {shown}: there is no such driver; write postgresql+psycopg://"
    except ModuleNotFoundError as error:
        return None, f"{shown} needs the Python package {error.name}; install bridge-sync[postgresql]"
    return engine, ""


_WHY = {
    "password authentication failed": "it refuses user or password",
    "no password supplied": "it wants a password",
    "no pg_hba.conf entry": "it lets nobody in from here",
    "does not exist": "there is no such database or user",
    "permission denied": "the user lacks a right",
    "resolve": "the host name is unknown (is an @ or / in the password written as %40 or %2F?)",
    "name or service not known": "the host name is unknown (is an @ or / in the password written as %40 or %2F?)",
    "refused": "nobody answers at this address",
    "timeout": "no answer within the time limit",
    "certificate": "its TLS certificate could not be verified",
}


def _why(said: str) -> str:
    """PostgreSQL's fault in words of our own: its text names user and host, which may be a part of the password."""
    return next((words for sign, words in _WHY.items() if sign in said.lower()), "it does not let us in")


def memory_store() -> Database:
    """A store in memory, gone with the process: for tests and rehearsals of a few records."""
    engine = create_engine(
        "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
    )
    _tune(engine)
    METADATA.create_all(engine)
    return Database(engine)


def _engine(parsed: URL) -> Engine:
    if parsed.drivername == "postgresql":  # SQLAlchemy's own choice for this name is the older psycopg2
        parsed = parsed.set(drivername="postgresql+psycopg")
    engine = create_engine(parsed, hide_parameters=True)  # an error's text would hold the values of the statement
    if engine.dialect.name == "sqlite":
        _tune(engine)
    else:
        _plan_each(engine)
    return engine


def _plan_each(engine: Engine) -> None:
    """Let PostgreSQL plan every statement for its own values: the one plan for all that it keeps for a statement seen
    several times may read a whole system's rows to look up a page of them, as long as a table has no statistics."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: object) -> None:
        connection.execute("SET plan_cache_mode = force_custom_plan")
        connection.commit()


def _tune(engine: Engine) -> None:
    """WAL, so that reading people and a writing sync do not wait for each other; full durability for intents.

    Transactions begin IMMEDIATE: a reader that turns writer in the middle would fail with "database is locked" at
    once, without waiting. The driver's own transaction handling is switched off for that, as SQLAlchemy's
    documentation of pysqlite advises.
    """

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", f"cache_size=-{CACHE_KB}"):
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
