"""The rows of all doctypes in memory: keys, indexed values, child rows, undoing a request, late commits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.erpnext.collation import collate

Row = dict[str, Any]
Parent = tuple[str, str]


@dataclass(slots=True)
class _Late:
    """A row that was written but whose transaction others do not see before `until`; `before` is what they see."""

    until: float
    before: Row | None


class Tables:
    """Rows by doctype and key. A row is never changed in place: it is put anew, so that a request can be undone."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._children: dict[str, dict[Parent, dict[str, None]]] = {}
        self._held: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
        self._undo: list[tuple[str, str, Row | None]] = []
        self._late: dict[tuple[str, str], _Late] = {}

    def get(self, doctype: str, name: Any) -> Row | None:
        """The row of this name, in any case."""
        return self._rows.get(doctype, {}).get(collate(str(name))) if name is not None else None

    def of_key(self, doctype: str, key: str) -> Row | None:
        """The row under a key as `written` tells it."""
        return self._rows.get(doctype, {}).get(key)

    def all(self, doctype: str) -> Iterator[Row]:
        """All rows, the one that was written last standing last: what the index on `modified` gives."""
        return iter(self._rows.get(doctype, {}).values())

    def put(self, doctype: str, row: Row) -> None:
        """Insert a row, or replace the one of its name."""
        key = collate(str(row["name"]))
        self._undo.append((doctype, key, self._set(doctype, key, row)))

    def remove(self, doctype: str, name: Any) -> None:
        """Take a row away."""
        key = collate(str(name))
        self._undo.append((doctype, key, self._set(doctype, key, None)))

    def children(self, doctype: str, parenttype: str, parent: Any, now: float | None = None) -> list[Row]:
        """The rows of a child doctype under a document, by idx; with `now` as a reader sees them at that moment."""
        under = (parenttype, collate(str(parent)))
        keys = self._children.get(doctype, {}).get(under, {})
        late = self._unseen(doctype, now) if now is not None else {}
        rows = [self._rows[doctype][key] for key in keys if key not in late]
        gone = (each.before for each in late.values() if each.before is not None)
        rows += [row for row in gone if (row["parenttype"], collate(str(row["parent"]))) == under]
        return sorted(rows, key=lambda row: int(row["idx"]))

    def holder(self, doctype: str, column: str, value: Any) -> str | None:
        """The name of the document that has this value in a unique column."""
        holders = self.having(doctype, column, [str(value)])
        return str(holders[-1]["name"]) if holders else None

    def rows_with(self, doctype: str, column: str, values: Iterable[str], now: float) -> list[Row] | None:
        """As `having`, for a reader; None while he does not see some of the doctype's rows as they are."""
        return None if self._unseen(doctype, now) else self.having(doctype, column, values)

    def having(self, doctype: str, column: str, values: Iterable[str]) -> list[Row]:
        """The rows that have one of these texts in a column, in any case, as the column's index gives them: for each
        the one that was written last standing last."""
        index = self._held.get((doctype, column))
        if index is None:
            index = self._held[doctype, column] = {}
            for key, row in self._rows.get(doctype, {}).items():
                if row.get(column) is not None:
                    index.setdefault(collate(str(row[column])), {})[key] = None
        keys = dict.fromkeys(key for value in values for key in index.get(collate(value), ()))
        return [self._rows[doctype][key] for key in keys]

    def begin(self) -> None:
        """A request begins: what it writes can be undone as one."""
        self._undo.clear()

    def mark(self) -> int:
        """A point to which `rollback` can return."""
        return len(self._undo)

    def rollback(self, mark: int = 0) -> None:
        """Undo what was written since the mark."""
        while len(self._undo) > mark:
            doctype, key, before = self._undo.pop()
            self._set(doctype, key, before)

    def written(self) -> Iterable[tuple[str, str, Row | None]]:
        """Doctype, key and earlier row of all that this request wrote."""
        return tuple(self._undo)

    def hide_written(self, until: float) -> None:
        """Others do not see what this request wrote until that moment: its transaction commits late."""
        for doctype, key, before in self._undo:
            self._late.setdefault((doctype, key), _Late(until, before))

    def seen(self, doctype: str, now: float) -> Iterable[Row]:
        """The rows that a reader sees at a moment."""
        late = self._unseen(doctype, now)
        if not late:
            return self._rows.get(doctype, {}).values()
        rows = {key: row for key, row in self._rows.get(doctype, {}).items() if key not in late}
        rows.update({key: each.before for key, each in late.items() if each.before is not None})
        return rows.values()

    def look(self, doctype: str, name: Any, now: float) -> Row | None:
        """The row of this name as a reader sees it at a moment."""
        late = self._late.get((doctype, collate(str(name)))) if self._late else None
        return late.before if late is not None and late.until > now else self.get(doctype, name)

    def forget_late(self, now: float) -> None:
        """Transactions that have committed by now are as any other."""
        if self._late:
            self._late = {key: each for key, each in self._late.items() if each.until > now}

    def _unseen(self, doctype: str, now: float) -> dict[str, _Late]:
        return {key: each for (kind, key), each in self._late.items() if kind == doctype and each.until > now}

    def _set(self, doctype: str, key: str, row: Row | None) -> Row | None:
        table = self._rows.setdefault(doctype, {})
        before = table.pop(key, None)
        if before is not None:
            self._index(doctype, key, before, present=False)
        if row is not None:
            table[key] = row
            self._index(doctype, key, row, present=True)
        return before

    def _index(self, doctype: str, key: str, row: Row, *, present: bool) -> None:
        if row.get("parent") and row.get("parenttype"):
            under = self._children.setdefault(doctype, {})
            parent = (str(row["parenttype"]), collate(str(row["parent"])))
            if present:
                under.setdefault(parent, {})[key] = None
            else:
                under.get(parent, {}).pop(key, None)
        for (kind, column), held in self._held.items():
            if kind == doctype and row.get(column) is not None:
                with_it = held.setdefault(collate(str(row[column])), {})
                if present:
                    with_it[key] = None
                else:
                    with_it.pop(key, None)
