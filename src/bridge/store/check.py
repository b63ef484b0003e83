"""Is what the store says of itself true? The promises that rows of different tables make to each other, in SQL.

Read only, in one transaction. What holds of every store, whatever was stopped in the middle:

    a linked record has its golden record            crosswalk -> golden
    a shadow belongs to a linked record              shadow -> crosswalk, with the same golden record
    what is to be written, and what was disputed, is of a golden record that is there    outbox, conflict -> golden
    what finds golden records finds some             match_key, candidate, alias -> golden
    one golden record has one record in a system     crosswalk
    one entry waits and one is under way             outbox

A linked record without a shadow is none of them: a person has just linked it, and the next run reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import ColumnElement, Connection, Table, and_, exists, func, inspect, select
from sqlalchemy.exc import DBAPIError

from bridge.store import codec, journal_codec
from bridge.store.migrate import HEAD
from bridge.store.schema import (
    ALIAS,
    CANDIDATE,
    CONFLICT,
    CROSSWALK,
    GOLDEN,
    MATCH_KEY,
    METADATA,
    OPEN_WHERE,
    OUTBOX,
    SHADOW,
    TAKEN_WHERE,
)

SAMPLES: Final = 5
"""Ids that a problem names."""

PAGE: Final = 1000
"""Rows in memory while bodies are read."""

RESTORE: Final = "Restore a backup from before (`bridge restore`); what was edited since is read again."
READ_ANEW: Final = (
    "Stop bridge and restore a backup; without one, begin with an empty store: the key fields link again."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken promise: in which table, what is wrong, of how many rows, some of their ids, what to do."""

    table: str
    what: str
    count: int
    samples: tuple[str, ...] = field(repr=False)
    to_do: str = RESTORE


@dataclass(frozen=True, slots=True)
class Health:
    """What a check found. counts: table -> rows."""

    revision: str
    counts: dict[str, int]
    problems: tuple[Problem, ...]


def check(connection: Connection) -> Health:
    """Look at everything; a file that is damaged itself, or lacks tables, is not looked at any further."""
    problems = list(_damage(connection))
    revision = _revision(connection)
    if not problems:
        problems = list(_form(connection, revision))
    if problems:
        return Health(revision, {}, tuple(problems))
    for look in (_strays, _lost, _doubles, _unreadable):
        problems.extend(look(connection))
    counts = {str(t.name): connection.scalar(select(func.count()).select_from(t)) or 0 for t in METADATA.sorted_tables}
    return Health(revision, counts, tuple(problems))


def _damage(connection: Connection) -> Iterator[Problem]:
    """SQLite looks through its own file: pages, indexes, and that both say the same. PostgreSQL has its own tools."""
    if connection.dialect.name != "sqlite":
        return
    try:
        said = [str(row[0]) for row in connection.exec_driver_sql(f"PRAGMA integrity_check({SAMPLES * 20})")]
    except DBAPIError as error:
        said = [str(error.orig)]
    if said != ["ok"]:
        yield Problem("(file)", "the file is damaged", len(said), (), READ_ANEW)


def _revision(connection: Connection) -> str:
    try:
        found = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except DBAPIError:
        return ""
    return str(found or "")


def _form(connection: Connection, revision: str) -> Iterator[Problem]:
    if revision != HEAD:
        found = f"the schema has revision {revision or '(none)'}, this version of bridge has {HEAD}"
        yield Problem("alembic_version", found, 1, (), "Use the version of bridge that wrote it, or a newer one.")
        return
    known = inspect(connection)
    for table in METADATA.sorted_tables:
        if not known.has_table(table.name):
            yield Problem(str(table.name), "the table is missing", 1, ())
            continue
        columns = {column["name"] for column in known.get_columns(table.name)}
        lacking = tuple(column.name for column in table.columns if column.name not in columns)
        if lacking:
            yield Problem(str(table.name), "columns are missing", len(lacking), lacking[:SAMPLES])
        indexes = {index["name"] for index in known.get_indexes(table.name)}
        gone = tuple(sorted(str(index.name) for index in table.indexes if index.name not in indexes))
        if gone:
            yield Problem(
                str(table.name), "indexes are missing, and with them what they forbid", len(gone), gone[:SAMPLES]
            )


def _has_golden(table: Table, id_: ColumnElement[Any]) -> ColumnElement[bool]:
    return exists().where(GOLDEN.c.entity == table.c.entity, GOLDEN.c.id == id_)


def _strays(connection: Connection) -> Iterator[Problem]:
    """Rows that refer to something that is not there."""
    link = CROSSWALK.alias("link")
    linked = exists().where(
        link.c.system == SHADOW.c.system,
        link.c.entity == SHADOW.c.entity,
        link.c.native_id == SHADOW.c.native_id,
        link.c.golden_id == SHADOW.c.golden_id,
        link.c.state == "linked",
    )
    reviewed = exists().where(
        link.c.system == CANDIDATE.c.system,
        link.c.entity == CANDIDATE.c.entity,
        link.c.native_id == CANDIDATE.c.native_id,
        link.c.state == "review",
    )
    nowhere = and_(CROSSWALK.c.state == "linked", CROSSWALK.c.golden_id.is_(None))
    rules: list[tuple[Table, str, ColumnElement[bool]]] = [
        (CROSSWALK, "is linked, and no golden record is named", nowhere),
        (SHADOW, "is of a record that is not linked to this golden record", ~linked),
        (CANDIDATE, "is of a record that does not wait for review", ~reviewed),
    ]
    for table, what in ((OUTBOX, "is about"), (CONFLICT, "is about"), (MATCH_KEY, "finds"), (CANDIDATE, "names"),
                        (ALIAS, "leads to")):  # fmt: skip
        rules.append((table, f"{what} a golden record that is not there", ~_has_golden(table, table.c.golden_id)))
    for table, what, where in rules:
        count = connection.scalar(select(func.count()).select_from(table).where(where)) or 0
        if count:
            rows = connection.execute(select(*table.primary_key).where(where).limit(SAMPLES))
            yield Problem(str(table.name), what, count, tuple(_named(row) for row in rows))


def _lost(connection: Connection) -> Iterator[Problem]:
    """Linked records without a golden record. One that says nothing at all has none: there is nothing to agree on."""
    place = and_(*(CROSSWALK.c[name] == SHADOW.c[name] for name in ("system", "entity", "native_id")))
    query = (
        select(*CROSSWALK.primary_key, SHADOW.c.body)
        .select_from(CROSSWALK.outerjoin(SHADOW, place))
        .where(CROSSWALK.c.state == "linked", CROSSWALK.c.golden_id.is_not(None))
        .where(~_has_golden(CROSSWALK, CROSSWALK.c.golden_id))
    )
    found = [_named(row[:-1]) for row in connection.execute(query.execution_options(yield_per=PAGE)) if _says(row.body)]
    if found:
        what = "is linked to a golden record that is not there"
        yield Problem(str(CROSSWALK.name), what, len(found), tuple(found[:SAMPLES]))


def _says(body: bytes | None) -> bool:
    """Whether a shadow holds any value; one that is not there, or cannot be read, may have."""
    try:
        values = codec.unpack(body)["v"].values() if body else ("?",)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        return True
    return any(value not in (None, "") for value in values)


def _doubles(connection: Connection) -> Iterator[Problem]:
    """What unique indexes forbid, looked at without them: a damaged index would let it in."""
    place = (CROSSWALK.c.system, CROSSWALK.c.entity, CROSSWALK.c.golden_id)
    entry = (OUTBOX.c.system, OUTBOX.c.entity, OUTBOX.c.golden_id)
    rules: list[tuple[Table, Sequence[ColumnElement[Any]], Any, str]] = [
        (CROSSWALK, place, CROSSWALK.c.state == "linked", "golden records with several records in one system"),
        (OUTBOX, entry, OPEN_WHERE, "records with several open entries"),
        (OUTBOX, entry, TAKEN_WHERE, "records with several entries under way"),
    ]
    for table, columns, where, what in rules:
        query = select(*columns).where(where).group_by(*columns).having(func.count() > 1)
        found = [_named(row) for row in connection.execute(query)]
        if found:
            yield Problem(str(table.name), what, len(found), tuple(found[:SAMPLES]))


_BODIES: Final[tuple[tuple[Table, Callable[[Any], object]], ...]] = (
    (GOLDEN, codec.golden_of),
    (SHADOW, codec.shadow_of),
    (OUTBOX, codec.entry_of),
    (CONFLICT, journal_codec.conflict_of),
)


def _unreadable(connection: Connection) -> Iterator[Problem]:
    """Bodies that are no JSON, or lack what belongs there."""
    for table, decode in _BODIES:
        found: list[str] = []
        for row in connection.execute(select(table).execution_options(yield_per=PAGE)):
            try:
                decode(row)
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
                found.append(_named(getattr(row, column.name) for column in table.primary_key))
        if found:
            yield Problem(str(table.name), "cannot be read", len(found), tuple(islice(found, SAMPLES)))


def _named(values: Any) -> str:
    return ":".join(str(value) for value in values)
