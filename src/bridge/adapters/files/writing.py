"""Writes to files: one result for each item, committed to the index as one batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from bridge.adapters.files.documents import (
    BadField,
    Document,
    changed,
    id_of,
    key_of,
    problem,
    row_keys,
    version,
)
from bridge.adapters.files.feed import record_of
from bridge.adapters.files.index import CHANGED, CLEAN, DELETED, NEW, File, Index, Kept
from bridge.adapters.files.layout import BESIDE, Layout
from bridge.ports.errors import (
    BridgeError,
    KeyFieldMissing,
    NotFound,
    Rejected,
    Unsupported,
    VersionConflict,
)
from bridge.ports.records import (
    CreateItem,
    DeleteItem,
    NativeValue,
    ObjectSpec,
    UpdateItem,
    WriteResult,
    split_row_path,
)

Item = TypeVar("Item", CreateItem, UpdateItem, DeleteItem)


class Writer:
    """Writes one batch to the index, inside its transaction."""

    def __init__(
        self,
        system: str,
        index: Index,
        layout: Layout,
        file: File,
        spec: ObjectSpec,
        now: float,
    ) -> None:
        self._system, self._index, self._layout, self._file = system, index, layout, file
        self._spec, self._now = spec, now

    def allowed(self) -> None:
        """Raises Unsupported for files that bridge does not write."""
        if not self._layout.complete:
            words = "the file does not hold all records (`complete: no`), so it is only read"
            raise Unsupported(words, system=self._system)
        if any(one.get("sheets", 1) > 1 for one in self._file.dialect.values()):
            words = (
                f"{self._layout.path.name} has several sheets, of which writing would keep one: give it a file alone"
            )
            raise Unsupported(words, system=self._system)

    def keyed(self) -> None:
        """Raises KeyFieldMissing where the file has no column for the key."""
        if self._layout.key == BESIDE or self._layout.key not in self._file.names[""]:
            words = f"{self._layout.path.name} has no column {self._layout.key} for bridge's key"
            raise KeyFieldMissing(words, system=self._system)

    def creates(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """New lines. Raises KeyFieldMissing."""
        self.keyed()
        return self.batch(items, self.create)

    def batch(self, items: Sequence[Item], one: Callable[[Item], WriteResult]) -> list[WriteResult]:
        """One result for each item, in order."""
        results = []
        for item in items:
            native_id = None if isinstance(item, CreateItem) else item.native_id
            try:
                results.append(one(item))
            except BadField as error:
                words = f"the value {error.reason}"
                results.append(self._failed(native_id, Rejected(words, fields=(error.path,), system=self._system)))
            except BridgeError as error:
                results.append(self._failed(native_id, error))
        self._index.save(self._file)
        return results

    def _failed(self, native_id: str | None, error: BridgeError) -> WriteResult:
        return WriteResult("failed", native_id, error=error)

    def create(self, item: CreateItem) -> WriteResult:
        """A new line at the end; the line that has the key already, where there is one."""
        known = self._index.with_keys(self._layout.object, [item.key])[item.key]
        if known:
            record = record_of(self._system, self._layout, self._spec, known[0])
            return WriteResult("ok", record.native_id, record, created=False)
        given: dict[str, NativeValue] = {
            term.path: list(term.value) if isinstance(term.value, tuple) else term.value for term in self._spec.given
        }
        values = {**given, **item.values}
        self._measure(values)
        blank = Document({name: "" for name in self._file.names[""] if not self._of_rows(name)})
        document = changed(self._layout, self._spec, blank, values, self._system)
        document.cells[self._layout.key] = item.key
        if len(self._layout.id) == 1 and not document.cells.get(self._layout.id[0]):
            if self._layout.id[0] in {field.path for field in self._spec.fields}:
                raise BadField(self._layout.id[0], "is missing, and tells the rows of the file apart")
            document.cells[self._layout.id[0]] = item.key
        self._fits(document, None)
        id_ = id_of(document.cells, self._layout.id)
        if not id_:
            raise BadField(self._layout.id[0], "is missing, and tells the rows of the file apart")
        old = self._index.records(self._layout.object, [id_]).get(id_)
        if old is not None and not old.gone:
            raise BadField(self._layout.id[0], "is that of another row")
        held = old.held if old is not None and old.dirty == DELETED else None
        place = self._index.last_place(self._layout.object) + 1
        kept = self._kept(id_, place, document, held, CHANGED if held else NEW)
        return WriteResult("ok", id_, record_of(self._system, self._layout, self._spec, kept), created=True)

    def update(self, item: UpdateItem) -> WriteResult:
        """Change cells of a line, unless it has moved."""
        old = self._there(item.native_id)
        self._unmoved(old, item.expected)
        self._measure(item.values)
        before = Document.parse(old.doc)
        self._rows_there(item, before)
        document = changed(self._layout, self._spec, before, item.values, self._system)
        if item.key and self._layout.key in self._file.names[""]:
            document.cells[self._layout.key] = item.key
        self._fits(document, before)
        if id_of(document.cells, self._layout.id) != old.id:
            raise BadField(self._layout.id[0], "cannot be changed: it tells the rows of the file apart")
        if document.text() != old.doc:
            held = old.held if old.dirty else old.doc
            old = self._kept(old.id, old.ord, document, held, NEW if old.dirty == NEW else CHANGED, old.seen)
        return WriteResult("ok", old.id, record_of(self._system, self._layout, self._spec, old))

    def delete(self, item: DeleteItem) -> WriteResult:
        """Take a line out, unless it has moved."""
        old = self._index.records(self._layout.object, [item.native_id]).get(item.native_id)
        if old is not None and not old.gone:
            self._unmoved(old, item.expected)
            self._file.seq += 1
            held = old.held if old.dirty else old.doc
            old.gone, old.seq, old.key, old.doc, old.changed_at = True, self._file.seq, None, "", self._now
            old.held, old.dirty = (None, CLEAN) if old.dirty == NEW else (held, DELETED)
            self._index.put(self._layout.object, [old])
        return WriteResult("ok", item.native_id)

    def _kept(
        self, id_: str, place: int, document: Document, held: str | None, dirty: int, seen: int | None = None
    ) -> Kept:
        self._file.seq += 1
        key = key_of(document.cells, self._layout.key)
        seen = self._file.scan if seen is None else seen
        kept = Kept(id_, place, self._file.seq, False, key, None, document.text(), held, dirty, seen, self._now)
        self._index.put(self._layout.object, [kept])
        return kept

    def _there(self, native_id: str) -> Kept:
        old = self._index.records(self._layout.object, [native_id]).get(native_id)
        if old is None or old.gone:
            raise NotFound("the row is not in the file", system=self._system)
        return old

    def _unmoved(self, old: Kept, expected: str | None) -> None:
        if expected is not None and expected != version(old.doc):
            raise VersionConflict("the row has changed since it was read", system=self._system)

    def _of_rows(self, name: str) -> bool:
        shared = self._layout.shared
        return shared is not None and name in shared.columns

    def _measure(self, values: dict[str, NativeValue] | object) -> None:
        """Refuse what does not belong to the mapping, or has no column."""
        known = {field.path for field in self._spec.fields} | {term.path for term in self._spec.given}
        known |= {table.path for table in self._spec.tables}
        names = set(self._file.names[""])
        for path in values if isinstance(values, dict) else ():
            cell = split_row_path(path)
            if cell is not None and cell[0] in self._layout.tables:
                table = self._layout.tables[cell[0]]
                nested = table.path is None and not table.columns
                columns = set(self._file.names.get(table.name if table.path else "", ()))
                if not nested and table.key not in columns and table.key != BESIDE:
                    words = f"the rows have no column {table.key} for bridge's key"
                    raise KeyFieldMissing(words, system=self._system)
                if not nested and cell[2] not in columns:
                    raise Rejected("the file has no such column", fields=(path,), system=self._system)
            elif path not in known:
                raise Rejected("there is no such field in the mapping", fields=(path,), system=self._system)
            elif path not in names and path not in self._layout.tables:
                raise Rejected("the file has no such column", fields=(path,), system=self._system)

    def _rows_there(self, item: UpdateItem, before: Document) -> None:
        """A row that somebody has taken out cannot be changed: the record has moved."""
        for path in item.values:
            cell = split_row_path(path)
            if cell is None:
                continue
            keys = item.values.get(cell[0])
            if not isinstance(keys, list):
                keys = row_keys(self._layout.tables[cell[0]], before.rows.get(cell[0], []), self._system)
            if cell[1] not in keys:
                raise VersionConflict("a row has gone since it was read", system=self._system)

    def _fits(self, document: Document, before: Document | None) -> None:
        """Raises BadField for what the file cannot hold."""
        found = problem(self._layout, document)
        if found:
            raise BadField(*found)
        form, dialect = self._layout.format, self._file.dialect[""]
        for name, text in document.cells.items():
            if before is None or before.cells.get(name) != text:
                reason = form.cannot_hold(text, dialect)
                if reason:
                    raise BadField(name, reason)
        for table, rows in document.rows.items():
            of = self._layout.tables[table]
            own = self._file.dialect.get(table if of.path else "", dialect)
            for row in rows:
                for name, text in row.items():
                    if reason := of.format.cannot_hold(text, own):
                        raise BadField(f"{table}.{name}", reason)
