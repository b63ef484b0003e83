"""Rows in memory with what PostgreSQL gives Odoo: transactions, the transaction's start as stamp, ids never used again.

A row holds stored columns only: None for NULL, a bare id for a many2one, a tuple of ids for a many2many, naive UTC
datetimes with microseconds. Rows are never changed in place, so that a journal of old rows is enough to roll back.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.kernel import Clock
from bridge.sandbox.odoo.models import Model

Row = dict[str, Any]
_NOT_INDEXED = frozenset({"create_uid", "write_uid"})
_MORE_INDEXED = {"ir.model.data": ("name", "res_id"), "res.partner": ("ref",)}


class Store:
    """All tables of one database. Use inside `transaction`; one transaction at a time."""

    def __init__(self, models: Mapping[str, Model], clock: Clock) -> None:
        self.models = models
        self.clock = clock
        self.tables: dict[str, dict[int, Row]] = {name: {} for name in models}
        self.stamp = clock.now().replace(tzinfo=None)
        self.late_seconds: float | None = None
        self.written: dict[tuple[str, int], Row | None] = {}
        self._sequences: dict[str, int] = dict.fromkeys(models, 0)
        self._journal: list[tuple[str, int, Row | None]] = []
        self._pending: list[tuple[datetime, list[tuple[str, int, Row | None]]]] = []
        self._indexes: dict[tuple[str, str], dict[Any, dict[int, None]]] = {
            (model.name, column): {} for model in models.values() for column in _indexed(model)
        }
        self._columns = {model.name: tuple(_indexed(model)) for model in models.values()}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One transaction: all or nothing. Its start is the stamp of everything it writes.

        With `late_seconds` set, a transaction that wrote something commits that much later: its rows keep the stamp of
        its start but no reader sees them before. That is what a long transaction does to a watermark.
        """
        self._settle()
        self.stamp = self.clock.now().replace(tzinfo=None)
        self._journal.clear()
        try:
            yield
        except BaseException:
            self.rollback(0)
            raise
        self.written = {}
        for model, record, old in self._journal:
            self.written.setdefault((model, record), old)
        if self.late_seconds is not None and self._journal:
            self._commit_late(self.late_seconds)
            self.late_seconds = None
        self._journal.clear()

    def copy(self) -> Store:
        """The same rows in a store of its own; rows are shared, for they are never changed in place."""
        other = Store(self.models, self.clock)
        other.tables = {name: dict(table) for name, table in self.tables.items()}
        other._sequences = dict(self._sequences)
        other._indexes = {
            key: {value: dict(ids) for value, ids in index.items()} for key, index in self._indexes.items()
        }
        return other

    def savepoint(self) -> int:
        """A mark to roll back to."""
        return len(self._journal)

    def rollback(self, mark: int) -> None:
        """Undo everything since the mark. Sequences are not rolled back: ids are burnt, as in PostgreSQL."""
        while len(self._journal) > mark:
            model, record, old = self._journal.pop()
            self._set(model, record, old)

    def next_id(self, model: str) -> int:
        """A new id."""
        self._sequences[model] += 1
        return self._sequences[model]

    def peek(self, model: str) -> int:
        """The id that the next new record gets."""
        return self._sequences[model] + 1

    @contextmanager
    def next_as(self, model: str, record: int | None) -> Iterator[None]:
        """Let the next new record have this id; the sequence goes on after the highest."""
        highest = self._sequences[model]
        if record is not None:
            self._sequences[model] = record - 1
        try:
            yield
        finally:
            self._sequences[model] = max(highest, self._sequences[model])

    def get(self, model: str, record: int) -> Row | None:
        """A row as this transaction sees it."""
        return self.tables[model].get(record)

    def put(self, model: str, record: int, row: Row | None) -> None:
        """Insert or replace a row; None deletes it."""
        self._journal.append((model, record, self.tables[model].get(record)))
        self._set(model, record, row)

    def update(self, model: str, record: int, values: Mapping[str, Any]) -> None:
        """Change some columns."""
        self.put(model, record, {**self.tables[model][record], **values})

    def is_indexed(self, model: str, column: str) -> bool:
        """Whether `where` answers for this column."""
        return (model, column) in self._indexes

    def where(self, model: str, column: str, values: Iterable[Any]) -> list[int]:
        """Ids of the rows with one of these values in an indexed column, in order of id."""
        index = self._indexes[model, column]
        found: dict[int, None] = {}
        for value in values:
            found.update(index.get(value, {}))
        return sorted(found)

    def references(self, target: str) -> Iterator[tuple[Model, str]]:
        """Every stored many2one, of any model, that points to a model."""
        for model in self.models.values():
            for item in model.fields.values():
                if item.type == "many2one" and item.store and item.relation == target:
                    yield model, item.name

    def _commit_late(self, seconds: float) -> None:
        touched = {(model, record): self.tables[model].get(record) for model, record, _ in self._journal}
        self.rollback(0)
        due = self.stamp + timedelta(seconds=seconds)
        self._pending.append((due, [(model, record, row) for (model, record), row in touched.items()]))

    def _settle(self) -> None:
        now = self.clock.now().replace(tzinfo=None)
        for due, rows in [item for item in self._pending if item[0] <= now]:
            for model, record, row in rows:
                self._set(model, record, row)
            self._pending.remove((due, rows))

    def _set(self, model: str, record: int, row: Row | None) -> None:
        table = self.tables[model]
        old = table.get(record)
        for column in self._columns[model]:
            before = old[column] if old else None
            after = row[column] if row else None
            if before == after:
                continue
            index = self._indexes[model, column]
            if before is not None:
                index[before].pop(record, None)
            if after is not None:
                index.setdefault(after, {})[record] = None
        if row is None:
            table.pop(record, None)
        else:
            table[record] = row


def _indexed(model: Model) -> list[str]:
    columns = [
        item.name
        for item in model.fields.values()
        if item.type == "many2one" and item.store and item.name not in _NOT_INDEXED
    ]
    return columns + list(_MORE_INDEXED.get(model.name, ()))
