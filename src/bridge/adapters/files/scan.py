"""Take in what the files hold now: compare every line with what is remembered, and note what is new, other or gone.

A line that cannot be taken in is noted with its reason, and all others go on. What a person changed in a record that
bridge has changed too and not yet written is merged, cell by cell: nobody's edit is overwritten.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from bridge.adapters.files.documents import Document, id_of, key_of, merged, problem
from bridge.adapters.files.index import CHANGED, CLEAN, DELETED, NEW, BadLine, File, Index, Kept
from bridge.adapters.files.layout import Layout, Table
from bridge.adapters.files.sheets import Cells, Line, Sheet, Unusable
from bridge.adapters.files.style import unmarked

_BATCH: Final = 500
_CHILDREN: Final = (
    "create temp table if not exists child (tbl text, parent text, ord integer, line integer, cells text, reason text)",
    "create index if not exists temp.child_parent on child (parent, tbl, ord)",
    "delete from child",
)


class Scan:
    """One reading of an object's files, in a transaction of the index. changed_at: of the file, in seconds."""

    def __init__(self, index: Index, layout: Layout, file: File, changed_at: float) -> None:
        self._index, self._layout, self._file, self._changed_at = index, layout, file, changed_at
        self._number = file.scan + 1
        self._base = file.seq
        self._seq = file.seq + index.count(file.object)  # tombstones get the numbers before these
        self._anonymous = False
        self._ord = 0

    def run(self) -> None:
        """Read everything. Raises Unusable, OSError; then nothing of it counts."""
        obj, file = self._layout.object, self._file
        self._index.db.execute("delete from bad where object = ?", (obj,))
        file.notes = []
        for table in self._layout.tables.values():
            if table.path is not None:
                self._children(table)
        sheet = self._opened("", self._layout.path, self._layout.manners)
        self._named(sheet)
        for batch in _batches(self._groups(sheet.lines)):
            self._take(batch)
        self._orphans()
        if self._layout.complete and not self._anonymous:
            self._bury()
        file.scan, file.seq = self._number, self._seq

    def _opened(self, part: str, path: Any, manners: Any) -> Sheet:
        form = self._layout.tables[part].format if part else self._layout.format
        sheet = form.open(path, manners)
        names = sheet.names
        if form.nested and not part:  # a file without a header has the columns that were declared, too
            names = list(dict.fromkeys([*names, *self._layout.declared, *self._file.names.get("", ())]))
        self._file.names[part], self._file.heads[part] = names, sheet.heads if not form.nested else names
        self._file.dialect[part] = sheet.dialect
        self._file.notes += sheet.notes
        return sheet

    def _named(self, sheet: Sheet) -> None:
        missing = [name for name in self._layout.id if name not in self._file.names[""]]
        if missing:
            where, them = self._layout.path.name, ", ".join(missing)
            raise Unusable(
                f"{where} has no column '{them}', by which its rows are told apart;"
                f" name those that do with `id` under `files: {{{self._layout.object}: …}}`"
            )

    # the rows of records that have a file of their own

    def _children(self, table: Table) -> None:
        assert table.path is not None
        for statement in _CHILDREN if self._first(table) else ():
            self._index.db.execute(statement)
        sheet = self._opened(table.name, table.path, table.manners)
        if table.parent not in sheet.names:
            raise Unusable(
                f"{table.path.name} has no column '{table.parent}' with the id of the record that a row belongs to;"
                f" name it with `parent` under `rows: {{{table.name}: …}}`"
            )
        place = 0
        for batch in _batches(sheet.lines):
            rows = []
            for line in batch:
                place += 1
                parent = unmarked((line.cells or {}).get(table.parent, "")).strip()
                column, reason = self._row_problem(table, line)
                if not parent:
                    self._reject(table.name, line, place, "", table.parent, reason or "names no record")
                    self._anonymous = self._anonymous or line.cells is None
                    continue
                said = f"{table.path.name}:{line.number} {column}: {reason}" if reason else ""
                rows.append((table.name, parent, place, line.number, json.dumps([line.cells, line.raw]), said))
            self._index.db.executemany("insert into child values (?,?,?,?,?,?)", rows)

    def _first(self, table: Table) -> bool:
        own = [one for one in self._layout.tables.values() if one.path is not None]
        return own[0] is table

    def _row_problem(self, table: Table, line: Line) -> tuple[str, str]:
        if line.reason:
            return line.column, line.reason
        found = problem(self._layout, Document({}, {table.name: [line.cells or {}]}))
        names = [name for name, column in self._layout.types.items() if column.required]
        if found and found[0] not in names:
            return found[0].removeprefix(f"{table.name}."), found[1]
        return "", ""

    def _rows_of(self, ids: Sequence[str]) -> tuple[dict[tuple[str, str], list[Cells]], dict[str, str]]:
        rows: dict[tuple[str, str], list[Cells]] = {}
        reasons: dict[str, str] = {}
        if any(table.path is not None for table in self._layout.tables.values()) and ids:
            marks = ", ".join("?" * len(ids))
            found = self._index.db.execute(
                f"select tbl, parent, cells, reason from child where parent in ({marks}) order by tbl, ord",  # noqa: S608 - question marks only
                tuple(ids),
            )
            for tbl, parent, text, reason in found:
                rows.setdefault((tbl, parent), []).append(json.loads(text)[0] or {})
                if reason:
                    reasons.setdefault(parent, reason)
        return rows, reasons

    def _orphans(self) -> None:
        """Rows of records that are not there, or are not taken in: put aside, so that they stay in their file."""
        if not any(table.path is not None for table in self._layout.tables.values()):
            return
        found = self._index.db.execute(
            "select tbl, parent, ord, line, cells, reason from child where parent not in"
            " (select id from record where object = ? and (seen = ? or dirty = ?))",
            (self._layout.object, self._number, DELETED),
        )
        for tbl, parent, place, number, text, reason in found.fetchall():
            cells, raw = json.loads(text)
            line = Line(number, cells, raw)
            words = reason.partition(": ")[2] or f"the record that it belongs to is not in {self._layout.path.name},"
            words += "" if reason else " or is not taken in itself"
            self._reject(tbl, line, place, parent, self._layout.tables[tbl].parent, words)

    # the records

    def _groups(self, lines: Iterable[Line]) -> Iterator[tuple[list[Line], str]]:
        """The lines of each record, with its id: one, unless its rows stand in the same file, one after the other."""
        shared = self._layout.shared
        group: list[Line] = []
        last = ""
        for line in lines:
            id_ = id_of(line.cells or {}, self._layout.id)
            if shared is not None and id_ and id_ == last:
                group.append(line)
                continue
            if group:
                yield group, last
            group, last = [line], id_
        if group:
            yield group, last

    def _take(self, batch: Sequence[tuple[list[Line], str]]) -> None:
        ids = [id_ for _, id_ in batch if id_]
        known = self._index.records(self._layout.object, ids)
        rows, reasons = self._rows_of(ids)
        fresh: dict[str, Kept] = {}
        same: list[tuple[int, int, str, str]] = []
        for group, id_ in batch:
            self._ord += 1
            document, column, reason = self._document(group, id_, rows)
            old = known.get(id_)
            if id_ in reasons:
                column, reason = "", reasons[id_]
            if not reason and (id_ in fresh or (old is not None and old.seen == self._number)):
                column, reason = ", ".join(self._layout.id), "the same id stands in a line before"
            if reason:
                self._refuse(group, id_, column, reason)
                if old is not None and not old.gone and old.seen != self._number and id_ not in fresh:
                    same.append((self._number, self._ord, self._layout.object, id_))
                    old.seen = self._number
                continue
            now = self._compared(old, id_, document)
            if now is None:
                same.append((self._number, self._ord, self._layout.object, id_))
                assert old is not None  # what compares as the same was there before
                old.seen = self._number
            else:
                fresh[id_] = now
        self._index.db.executemany("update record set seen = ?, ord = ? where object = ? and id = ?", same)
        self._index.put(self._layout.object, list(fresh.values()))

    def _document(
        self, group: list[Line], id_: str, rows: dict[tuple[str, str], list[Cells]]
    ) -> tuple[Document, str, str]:
        """The document of a record's lines, and what is wrong with it: (column, reason)."""
        document = Document()
        for line in group:
            if line.reason:
                return document, line.column, line.reason
        first = group[0].cells or {}
        if not id_:
            return document, ", ".join(self._layout.id), "the row has no id"
        shared = self._layout.shared
        own = set(shared.columns) if shared else set()
        document = Document({name: text for name, text in first.items() if name not in own})
        for table in self._layout.tables.values():
            if table.path is not None:
                document.rows[table.name] = rows.get((table.name, id_), [])
            elif table is shared:
                parts = [{name: text for name, text in (line.cells or {}).items() if name in own} for line in group]
                document.rows[table.name] = [part for part in parts if any(part.values())]
            else:
                document.rows[table.name] = group[0].tables.get(table.name, [])
        for line in group[1:]:
            for name, text in (line.cells or {}).items():
                if name not in own and text and text != first.get(name):
                    return document, name, f"says something else than line {group[0].number} of the same record"
        column, reason = problem(self._layout, document) or ("", "")
        return document, column, reason

    def _compared(self, old: Kept | None, id_: str, document: Document) -> Kept | None:
        """The record as it is to be remembered; None where nothing has changed."""
        text = document.text()
        if old is None or (old.gone and old.dirty == CLEAN):
            return self._new(id_, document, text)
        if old.dirty == CLEAN:
            return None if old.doc == text else self._new(id_, document, text)
        if old.dirty == DELETED:
            return None if old.held == text else self._new(id_, document, text)
        held = Document() if old.dirty == NEW else Document.parse(old.held or old.doc)
        both = merged(held, Document.parse(old.doc), document)
        now = self._new(id_, both, both.text())
        if now.doc == old.doc:
            now.seq, now.changed_at = old.seq, old.changed_at
        if now.doc != text:
            now.held, now.dirty = text, CHANGED
        return now

    def _new(self, id_: str, document: Document, text: str) -> Kept:
        self._seq += 1
        key = key_of(document.cells, self._layout.key)
        return Kept(id_, self._ord, self._seq, False, key, None, text, None, CLEAN, self._number, self._changed_at)

    def _refuse(self, group: list[Line], id_: str, column: str, reason: str) -> None:
        """Put aside all lines of a record of which one cannot be taken in."""
        guilty = next((line for line in group if line.reason), group[0])
        for line in group:
            words = reason if line is guilty else f"belongs to the record of line {guilty.number}, which is bad"
            self._reject("", line, self._ord, id_, column if line is guilty else "", words)
        self._anonymous = self._anonymous or not id_

    def _reject(self, part: str, line: Line, place: int, id_: str, column: str, reason: str) -> None:
        self._seq += 1
        bad = BadLine(self._layout.object, part, place, line.number, id_, column, reason, line.raw, self._seq)
        self._index.add_bad([bad])

    def _bury(self) -> None:
        """What stands there no more has been deleted, or carries on under another id where its key does."""
        obj = self._layout.object
        found = self._index.db.execute(
            "select id, key, ord from record where object = ? and not gone and seen <> ? and dirty <> ?",
            (obj, self._number, NEW),
        ).fetchall()
        keys = [key for _, key, _ in found if key]
        living = self._index.with_keys(obj, keys)
        heirs = {key: one.id for key, ones in living.items() for one in ones if one.seen == self._number}
        stones = []
        for place, (id_, key, ord_) in enumerate(found, 1):
            heir = heirs.get(key) if key else None
            heir = None if heir == id_ else heir
            seq = self._base + place
            stones.append(Kept(id_, ord_, seq, True, None, heir, "", None, CLEAN, self._number, self._changed_at))
        self._index.put(obj, stones)


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    walk = iter(items)
    while batch := list(islice(walk, _BATCH)):
        yield batch
