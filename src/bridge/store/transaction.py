"""One transaction, and the few statement shapes that everything else is made of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from orjson import dumps
from sqlalchemy import BigInteger, ColumnElement, Connection, Dialect, Table, Text, any_, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite

from bridge.store.instant import Instant, microseconds

_T = TypeVar("_T")
CHUNK = 5000
"""Values in one list: what is read with them is in memory at once."""

CHANNEL = "bridge"
"""What workers on PostgreSQL listen to: somebody made work."""


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Slices that fit into one statement."""
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _insert(dialect: Dialect, table: Table) -> Any:
    return postgresql.insert(table) if dialect.name == "postgresql" else sqlite.insert(table)


@lru_cache(maxsize=256)
def _upserting(dialect: Dialect, table: Table, given: tuple[str, ...]) -> tuple[str, tuple[str, ...] | None, list[str]]:
    """The words of a statement that inserts or replaces rows with these columns; their order in a set of parameters,
    None where it is one by names; and which of them are instants.

    The words are put together once, and the driver is given the rows as they are: what is done for each value of each
    row on the way through an execution was a tenth of a first sync.
    """
    statement, keys = _insert(dialect, table), [column.name for column in table.primary_key]
    others = {name: statement.excluded[name] for name in given if name not in keys}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
    compiled = statement.compile(dialect=dialect, column_keys=list(given))
    order = tuple(compiled.positiontup) if compiled.positional and compiled.positiontup else None
    return str(compiled), order, [name for name in given if isinstance(table.c[name].type, Instant)]


class Transaction:
    """Statement shapes over one connection that has a transaction open."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def tell_workers(self) -> None:
        """Wake the workers of a shared store once this transaction commits: a hint, they look by themselves too."""
        if self.connection.dialect.name == "postgresql":
            self.connection.execute(select(func.pg_notify(CHANNEL, "")))

    def insert(self, table: Table) -> Any:
        """An INSERT that can say ON CONFLICT, in the database's own dialect."""
        return _insert(self.connection.dialect, table)

    def one_of(self, column: ColumnElement[int], values: Sequence[int]) -> ColumnElement[bool]:
        """Whether a whole number is one of these: on PostgreSQL one parameter, since hundreds of them in a statement
        cost the driver more than the database."""
        if self.connection.dialect.name == "postgresql":
            return column == any_(literal(list(values), postgresql.ARRAY(BigInteger)))
        return column.in_(values)

    def among(self, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
        """Whether a text is one of these, with one parameter for all of them: a statement with a parameter each is
        another statement for every length of the list, and costs the drivers more than the databases."""
        if self.connection.dialect.name == "postgresql":
            return column == any_(literal(list(values), postgresql.ARRAY(Text)))
        listed = func.json_each(dumps(values).decode()).table_valued("value")
        return column.in_(select(listed.c.value))

    def only(self, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
        """Whether a text is one of these few, as a condition on rows that are found by something else: not a column of
        an index. By its first columns, system and entity, SQLite would read all that there is of them."""
        return (column + "").in_(values)

    def upsert(self, table: Table, rows: Iterable[dict[str, object]]) -> None:
        """Insert rows, or replace those with the same primary key: one statement, many parameter sets."""
        batch = list(rows)
        if not batch:
            return
        words, names, instants = _upserting(self.connection.dialect, table, tuple(batch[0]))
        for name in instants:
            for row in batch:
                row[name] = microseconds(row[name])
        sets = batch if names is None else [tuple([row[name] for name in names]) for row in batch]
        self.connection.exec_driver_sql(words, sets)

    def rows_in(
        self, table: Table, column: ColumnElement[str], values: Sequence[str], *where: ColumnElement[bool]
    ) -> Iterator[Any]:
        """Rows of `table` whose `column` is one of `values`, in as many statements as the limit demands."""
        for part in chunks(values):
            yield from self.connection.execute(select(table).where(self.among(column, part), *where)).all()
