"""Many records in a store, as if they had been read, linked and edited: the rows of one that was, with other ids and
values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Table, select

from bridge.store import Database
from bridge.store.schema import CROSSWALK, GOLDEN, METADATA, SHADOW

AT_ONCE = 5_000
"""Records in one transaction."""

TEMPLATE = 999_999
"""The number of the customer whose rows are taken: its six digits stand in nearly all of its values."""

MOST = 990_000
"""Numbers below this one are free for the filling."""

_DIGITS = str(TEMPLATE)
_FIRST = 0x19A_0000_0000  # milliseconds of a past day: golden ids lie in the order of their making
_NAMES = UUID(int=0x6272696467652D67)


def fill(store: Database, records: int) -> None:
    """Add so many customers, each linked in both systems."""
    if records > MOST:
        raise ValueError(f"there are numbers for {MOST:,} customers only")
    rows = _about_template(store)
    for start in range(0, records, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, records))
        with store.begin() as uow:
            for row in rows:
                uow.connection.execute(row.table.insert(), [row.of(number) for number in numbers])
    if store.shared:  # what PostgreSQL's own daemon does within a minute or two of such a load
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row about the template."""

    table: Table
    values: Mapping[str, Any]
    golden_id: str

    def of(self, number: int) -> dict[str, Any]:
        """The same row about the customer of this number."""
        digits, found = f"{number:06}", dict(self.values)
        for name, value in found.items():
            if value == self.golden_id:
                found[name] = f"{_FIRST + number:012x}{uuid5(_NAMES, digits).hex[12:]}"
            elif name == "native_id":
                found[name] = f"001q9{number:010}AAA" if found["system"] == "crm" else str(10_000_000 + number)
            elif isinstance(value, bytes):
                found[name] = value.replace(_DIGITS.encode(), digits.encode())
            elif isinstance(value, str):
                found[name] = value.replace(_DIGITS, digits)
        return found


def _about_template(store: Database) -> list[_Row]:
    """Every row about the template, in every table."""
    name = f"Customer {TEMPLATE} GmbH".encode()
    with store.begin() as uow:
        connection = uow.connection
        shadows = connection.execute(select(SHADOW.c.golden_id, SHADOW.c.body))
        golden_ids = {row.golden_id for row in shadows if name in row.body}
        assert len(golden_ids) == 1, "the template is not linked"
        golden_id = golden_ids.pop()
        found = []
        for table in METADATA.sorted_tables:
            mine = GOLDEN.c.id if table is GOLDEN else table.c.get("golden_id")
            for row in [] if mine is None else connection.execute(select(table).where(mine == golden_id)).mappings():
                counted = name_of_count(table)
                values = {name: value for name, value in row.items() if name != counted}
                found.append(_Row(table, values, golden_id))
    assert {CROSSWALK, GOLDEN, SHADOW} <= {row.table for row in found}
    return found


def name_of_count(table: Table) -> str | None:
    """The column that the database counts up by itself, if there is one."""
    column = table.autoincrement_column
    return None if column is None else column.name
