"""Erasure: all rows of one golden record, in every table; and the bytes that deleted rows leave in the file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Table, and_, delete, false, func, or_, select, tuple_, update

from bridge.ports.work import AGAIN
from bridge.store.schema import (
    ALIAS,
    CANDIDATE,
    CONFLICT,
    CROSSWALK,
    GOLDEN,
    HINT,
    HISTORY,
    MATCH_KEY,
    METADATA,
    OUTBOX,
    SEPARATED,
    SHADOW,
    WRITTEN,
)
from bridge.store.transaction import Transaction

if TYPE_CHECKING:
    from bridge.store.database import Database


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose rows: an entity, the golden ids (earlier ones included), the records as (system, native id)."""

    entity: str
    golden_ids: tuple[str, ...]
    records: tuple[tuple[str, str], ...] = field(repr=False)


class Erasure(Transaction):
    """The part of a unit of work that forgets a golden record."""

    def earlier_ids(self, entity: str, golden_id: str) -> list[str]:
        """The ids that the golden record had before, and its keys in systems."""
        query = select(ALIAS.c.id).where(ALIAS.c.entity == entity, ALIAS.c.golden_id == golden_id)
        return list(self.connection.execute(query.order_by(ALIAS.c.id)).scalars())

    def rows_of(self, whose: Whose) -> dict[str, int]:
        """Table -> rows that hold something of it; tables without any left out."""
        found = {}
        for table, where in _everywhere(whose):
            number = self.connection.scalar(select(func.count()).select_from(table).where(where)) or 0
            if number:
                found[str(table.name)] = number
        return found

    def suspected(self, whose: Whose) -> list[tuple[str, str]]:
        """(system, native id) of other records that wait for a person to say whether they are this one."""
        of_it = and_(CANDIDATE.c.entity == whose.entity, CANDIDATE.c.golden_id.in_(whose.golden_ids))
        query = select(CANDIDATE.c.system, CANDIDATE.c.native_id).where(of_it).distinct()
        rows = self.connection.execute(query.order_by(CANDIDATE.c.system, CANDIDATE.c.native_id))
        return [(row.system, row.native_id) for row in rows if (row.system, row.native_id) not in whose.records]

    def erase(self, whose: Whose) -> int:
        """Delete every row of it. Records that waited to be told from it are judged anew. Returns how many rows."""
        for system, native_id in self.suspected(whose):
            row = (CROSSWALK.c.system == system, CROSSWALK.c.entity == whose.entity, CROSSWALK.c.native_id == native_id)
            self.connection.execute(update(CROSSWALK).where(*row).values(fingerprint=AGAIN, body=None))
        return sum(
            int(self.connection.execute(delete(table).where(where)).rowcount) for table, where in _everywhere(whose)
        )


def scrub(store: Database) -> bool:
    """Write the store anew without what deleted rows left in its file. Returns whether all of it is gone: another
    process that reads keeps SQLite's log from being emptied. PostgreSQL frees the space, and uses it again."""
    if store.engine.dialect.name != "sqlite":
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in METADATA.sorted_tables:
                connection.exec_driver_sql(f"VACUUM {table.name}")
        return True
    raw = store.engine.raw_connection()
    try:
        driver = raw.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        driver.execute("VACUUM")
        (busy, _, _) = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        raw.close()
    return not busy


def _everywhere(whose: Whose) -> Iterable[tuple[Table, ColumnElement[bool]]]:
    """Each table with the condition for its rows."""
    ids = whose.golden_ids
    for table in (MATCH_KEY, OUTBOX, CONFLICT, HISTORY):
        yield table, and_(table.c.entity == whose.entity, table.c.golden_id.in_(ids))
    for table in (CANDIDATE, SEPARATED, SHADOW, WRITTEN, CROSSWALK):
        yield table, and_(table.c.entity == whose.entity, or_(table.c.golden_id.in_(ids), _of(table, whose.records)))
    yield HINT, _of(HINT, whose.records)
    yield ALIAS, and_(ALIAS.c.entity == whose.entity, or_(ALIAS.c.id.in_(ids), ALIAS.c.golden_id.in_(ids)))
    yield GOLDEN, and_(GOLDEN.c.entity == whose.entity, GOLDEN.c.id.in_(ids))


def _of(table: Table, records: Sequence[tuple[str, str]]) -> ColumnElement[Any]:
    return tuple_(table.c.system, table.c.native_id).in_(records) if records else false()
