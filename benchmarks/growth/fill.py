"""Many records in a store, as if they had been read, linked and edited: the rows of one that was, with other ids and
values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import Table, delete, select

from bridge.store import Database
from bridge.store.schema import CROSSWALK, GOLDEN, METADATA, SHADOW

AT_ONCE = 5_000
"""Records in one transaction."""

TEMPLATE = 999_999
"""The number of the customer whose rows are taken: its six digits stand in nearly all of its values."""

MOST = 999_000
"""Numbers below this one are free for the filling."""

_DIGITS = str(TEMPLATE)
_FIRST = 0x19A_0000_0000  # milliseconds of a past day: golden ids lie in the order of their making
_NAMES = UUID(int=0x6272696467652D67)
_Rows = dict[Table, list[dict[str, Any]]]


def ids(stride: int) -> Callable[[], str]:
    """Golden ids for the customers that are linked before the filling: between two of them is room for `stride`."""
    numbers = count()
    return lambda: _golden_id(2 * next(numbers) * stride)


def fill(store: Database, records: int, stride: int) -> None:
    """Add so many customers, each linked in both systems, between those that are there: so that those lie scattered in
    the tables and their indexes, as records do that happen to be edited, and not side by side."""
    if records > MOST:
        raise ValueError(f"there are numbers for {MOST:,} customers only")
    there, templates = _taken_out(store)
    known = sorted(there)
    native = [_native(there[golden_id]) for golden_id in known]
    for start in range(0, records, AT_ONCE):
        batch: _Rows = {}
        for number in range(start, min(start + AT_ONCE, records)):
            at, after = divmod(number, stride)
            if not after and at < len(known):
                _add(batch, there.pop(known[at]))
            beside = native[min(at, len(native) - 1)]
            for row in templates:
                batch.setdefault(row.table, []).append(row.of(number, beside))
        _insert(store, batch)
    batch = {}
    for golden_id in sorted(there):
        _add(batch, there[golden_id])
    _insert(store, batch)
    if store.shared:  # what PostgreSQL's own daemon does within a minute or two of such a load
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row about the template."""

    table: Table
    values: Mapping[str, Any]
    golden_id: str

    def of(self, number: int, beside: Mapping[str, str]) -> dict[str, Any]:
        """The same row about the customer of this number. beside: the native ids of one that is there, by system."""
        digits, found = f"{number:06}", dict(self.values)
        for name, value in found.items():
            if value == self.golden_id:
                found[name] = _golden_id(2 * number + 1)
            elif name == "native_id":
                found[name] = f"{beside[found['system']]}{digits}"
            elif isinstance(value, bytes):
                found[name] = value.replace(_DIGITS.encode(), digits.encode())
            elif isinstance(value, str):
                found[name] = value.replace(_DIGITS, digits)
        return found


def _golden_id(number: int) -> str:
    return f"{_FIRST + number:012x}{uuid5(_NAMES, str(number)).hex[12:]}"


def _taken_out(store: Database) -> tuple[dict[str, _Rows], list[_Row]]:
    """Golden id -> every row about it, in every table, which are empty then; and those about the template."""
    there: dict[str, _Rows] = {}
    template, name = "", f"Customer {TEMPLATE} GmbH".encode()
    with store.begin() as uow:
        for table in METADATA.sorted_tables:
            column = GOLDEN.c.id if table is GOLDEN else table.c.get("golden_id")
            if column is None:
                continue
            counted = table.autoincrement_column
            for row in uow.connection.execute(select(table)).mappings().all():
                values = {key: value for key, value in row.items() if counted is None or key != counted.name}
                there.setdefault(row[column.name], {}).setdefault(table, []).append(values)
                if table is SHADOW and name in row["body"]:
                    template = row["golden_id"]
            uow.connection.execute(delete(table))
    assert template, "the template is not linked"
    assert {CROSSWALK, GOLDEN, SHADOW} <= set(there[template])
    about = [_Row(table, row, template) for table, rows in there[template].items() for row in rows]
    return there, about


def _native(rows: _Rows) -> dict[str, str]:
    return {row["system"]: row["native_id"] for row in rows[CROSSWALK]}


def _add(batch: _Rows, rows: _Rows) -> None:
    for table, found in rows.items():
        batch.setdefault(table, []).extend(found)


def _insert(store: Database, batch: _Rows) -> None:
    with store.begin() as uow:
        for table, rows in batch.items():
            uow.connection.execute(table.insert(), rows)
