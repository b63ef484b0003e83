"""Backup and restore: a store as one SQLite file, and such a file as the store again."""

from __future__ import annotations

import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, func, select, text

from bridge.ports.errors import BridgeError, ConfigError
from bridge.store.check import Health, check
from bridge.store.database import COPIED_AT_ONCE, Database, SqlUnitOfWork, open_store
from bridge.store.schema import CONFLICT, CROSSWALK, CURSOR, GOLDEN, HISTORY, METADATA, OUTBOX, WRITTEN

MAGIC: Final = b"SQLite format 3\x00"
"""The beginning of every SQLite file."""

PRIVATE: Final = 0o600
"""A store holds personal data: only its owner reads a copy."""


class CannotKeep(BridgeError):
    """A backup that was not made, or not restored."""

    code = "BR-BACKUP"
    not_done = "The store was not changed, and no backup was made."
    to_do = "Do what the message says and run the command again."


@dataclass(frozen=True, slots=True)
class Kept:
    """A copy that was made: where, how many bytes, and what the check found."""

    path: Path
    size: int
    health: Health


def checked(store: Database) -> Health:
    """Check a store (`bridge.store.check`)."""
    with store.engine.connect() as connection:
        return check(connection)


def backup(store: Database, path: Path) -> Kept:
    """Write a checked copy to `path`, as one file that only its owner may read.

    Taken at one moment, while others go on writing. It is there whole or not at all: made under another name, checked,
    forced to the disk, then named; also where the check found something: a damaged store is worth a copy, too.
    Raises CannotKeep where there is a file of that name already, OSError.
    """
    if path.exists() or path.is_symlink():
        raise CannotKeep(f"{path}: there is a file of this name already")
    with _unfinished(path) as part:
        copy = store.copy_to(part)
        try:
            health = checked(copy)
        finally:
            copy.close()
        _as_one_file(part)
        size = part.stat().st_size
        _name(part, path)
    return Kept(path, size, health)


@contextmanager
def opened_backup(path: Path) -> Iterator[Database]:
    """A copy of a backup, of the present schema; the file itself stays as it is. Raises CannotKeep, ConfigError."""
    try:
        with path.open("rb") as file:
            begins = file.read(len(MAGIC))
    except OSError as error:
        raise CannotKeep(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None
    if begins != MAGIC:
        raise CannotKeep(f"{path}: is no backup of bridge (no SQLite file)")
    with _unfinished(path) as part:
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as source:
                if not source.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
                    raise CannotKeep(f"{path}: is no backup of bridge (a SQLite file of something else)")
                with closing(sqlite3.connect(part)) as target:
                    source.backup(target)
            copy = open_store(f"sqlite:///{part}")
        except sqlite3.Error as error:
            raise CannotKeep(f"{path}: is damaged ({error})") from None
        except ConfigError as error:
            raise CannotKeep(f"{path}: {error.problems[0].removeprefix('store.url: ')}") from None
        try:
            yield copy
        finally:
            copy.close()


def is_empty(store: Database) -> bool:
    """Whether nothing has been read into this store yet."""
    with store.engine.connect() as connection:
        return not any(
            connection.execute(select(table).limit(1)).first() is not None
            for table in (GOLDEN, CROSSWALK, CURSOR, OUTBOX, CONFLICT, HISTORY, WRITTEN)
        )


def load(uow: SqlUnitOfWork, source: Database) -> None:
    """Put another store's rows in the place of this one's, in the caller's transaction: all of them or none."""
    writing = uow.connection
    with source.engine.connect() as reading:
        given = reading.execution_options(yield_per=COPIED_AT_ONCE)
        for table in reversed(METADATA.sorted_tables):
            writing.execute(delete(table))
        for table in METADATA.sorted_tables:
            for rows in given.execute(select(table)).mappings().partitions():
                writing.execute(table.insert(), [dict(row) for row in rows])
        _go_on_counting(writing)


def _go_on_counting(connection: Connection) -> None:
    """PostgreSQL counts ids beside the table: what was given by us it knows nothing of."""
    if connection.dialect.name != "postgresql":
        return
    for table in (OUTBOX, HISTORY, WRITTEN):
        last = connection.scalar(select(func.max(table.c.id))) or 0
        sequence = func.pg_get_serial_sequence(table.name, "id")
        connection.execute(select(func.setval(sequence, last + 1, text("false"))))


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """A private file beside `path`, gone afterwards with what SQLite lays beside it."""
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE))
    try:
        yield part
    finally:
        for ending in ("", "-wal", "-shm", "-journal"):
            with suppress(FileNotFoundError):
                Path(f"{part}{ending}").unlink()


def _as_one_file(part: Path) -> None:
    """What stands in the write-ahead log goes into the file, and no log is needed to read it."""
    with closing(sqlite3.connect(part)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def _name(part: Path, path: Path) -> None:
    """Unlike a renaming, a link never takes the place of a file that has come meanwhile; not every disk has links."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise CannotKeep(f"{path}: there is a file of this name already") from None
    except OSError:
        part.rename(path)
    for place in (path, path.parent):
        number = os.open(place, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)
