"""A record of a file: the texts of its cells and of its rows' cells. Pure.

What stands there is kept as text, in the file's own manner, so that what nobody changed is written back as it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from bridge.adapters.files.layout import BESIDE, Layout, Table
from bridge.adapters.files.sheets import Cells
from bridge.adapters.files.style import BadCell, Column, Style, unmarked
from bridge.ports.records import NativeValue, ObjectSpec, row_path, split_row_path


@dataclass(slots=True)
class Document:
    """cells: column -> text. rows: table -> the cells of each row, in order."""

    cells: Cells = field(default_factory=dict)
    rows: dict[str, list[Cells]] = field(default_factory=dict)

    def text(self) -> str:
        """One text for one content."""
        return json.dumps([self.cells, self.rows], sort_keys=True, separators=(",", ":"))

    @classmethod
    def parse(cls, text: str) -> Document:
        """The document of a text."""
        cells, rows = json.loads(text)
        return cls(cells, rows)


def version(text: str) -> str:
    """The version of a record is its content."""
    return blake2b(text.encode(), digest_size=10).hexdigest()


def id_of(cells: Mapping[str, str], columns: tuple[str, ...]) -> str:
    """The native id: the texts of the id columns; empty where one of them is."""
    parts = [unmarked(cells.get(name, "")).strip() for name in columns]
    return "|".join(part.replace("|", "||") for part in parts) if all(parts) else ""


def key_of(cells: Mapping[str, str], column: str) -> str | None:
    """The golden id in the key column."""
    return None if column == BESIDE else unmarked(cells.get(column, "")).strip() or None


class BadField(Exception):
    """A cell that cannot be read or written, and where."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path, self.reason = path, reason


def problem(layout: Layout, document: Document) -> tuple[str, str] | None:
    """The first cell that is not of its type, (column, reason); None where all are."""
    for name, column in layout.types.items():
        if name in document.cells or column.required:
            try:
                layout.manners.style.read(document.cells.get(name, ""), column)
            except BadCell as error:
                return name, str(error)
    for table in layout.tables.values():
        for row in document.rows.get(table.name, ()):
            for name, column in table.types.items():
                try:
                    layout.manners.style.read(row.get(name, ""), column)
                except BadCell as error:
                    return f"{table.name}.{name}", str(error)
    return None


def values_of(layout: Layout, spec: ObjectSpec, document: Document, system: str) -> dict[str, NativeValue]:
    """The native values; a column that the file does not have is left out.

    So is a cell that was read otherwise (with another decimal sign) and cannot be read any more: its line is bad now.
    """
    style = layout.manners.style
    found = readable(style, {one.path: (one.path, document.cells) for one in spec.fields}, layout.types)
    for table in spec.tables:
        known = layout.tables[table.path]
        rows = document.rows.get(table.path, [])
        keys = row_keys(known, rows, system)
        found[table.path] = keys
        for key, row in zip(keys, rows, strict=True):
            places = {row_path(table.path, key, one.path): (one.path, row) for one in table.fields}
            found |= readable(style, places, known.types)
    return found


def readable(
    style: Style, places: Mapping[str, tuple[str, Mapping[str, str]]], types: Mapping[str, Column]
) -> dict[str, NativeValue]:
    """The values of the cells that are there and can be read. places: name in the answer -> column, and its row."""
    found: dict[str, NativeValue] = {}
    for place, (name, row) in places.items():
        if name in row:
            try:
                found[place] = style.read(row[name], types.get(name, Column()))
            except BadCell:
                continue
    return found


def row_keys(table: Table, rows: list[Cells], system: str) -> list[str]:
    """The key of each row: as bridge gave it, else of its own id or place. A copy of a key is nobody's key."""
    found: list[str] = []
    for place, row in enumerate(rows, 1):
        own = unmarked(row.get(table.id, "")).strip() if table.id else ""
        key = unmarked(row.get(table.key, "")).strip()
        if not key or key in found:
            key = f"{system}-{own or place}"
        found.append(key if key not in found else f"{system}-{own or place}.{place}")
    return found


def changed(
    layout: Layout, spec: ObjectSpec, document: Document, values: Mapping[str, NativeValue], system: str
) -> Document:
    """The document with these values. Raises BadField for a value that a column cannot hold."""
    style = layout.manners.style
    cells, tables = dict(document.cells), dict(document.rows)
    cell_values: dict[str, dict[str, dict[str, NativeValue]]] = {}
    lists: dict[str, list[str]] = {}
    for path, value in values.items():
        split = split_row_path(path)
        if split is not None:
            cell_values.setdefault(split[0], {}).setdefault(split[1], {})[split[2]] = value
        elif path in layout.tables:
            lists[path] = list(value) if isinstance(value, list) else []
        else:
            cells[path] = _written(style, path, value, layout.types.get(path, Column()))
    for name in {*cell_values, *lists}:
        table = layout.tables[name]
        tables[name] = _rows(layout, table, tables.get(name, []), lists.get(name), cell_values.get(name, {}), system)
    return Document(cells, tables)


def _rows(
    layout: Layout,
    table: Table,
    rows: list[Cells],
    wanted: list[str] | None,
    given: Mapping[str, Mapping[str, NativeValue]],
    system: str,
) -> list[Cells]:
    style = layout.manners.style
    keys = row_keys(table, rows, system)
    held = dict(zip(keys, rows, strict=True))
    found: list[Cells] = []
    for key in keys if wanted is None else wanted:
        row = dict(held.get(key, {}))
        if table.key != BESIDE:
            row.setdefault(table.key, "")
            if not row[table.key] and not key.startswith(f"{system}-"):
                row[table.key] = key
        if table.id and not row.get(table.id):
            row[table.id] = key
        for name, value in given.get(key, {}).items():
            path = row_path(table.name, key, name)
            row[name] = _written(style, path, value, table.types.get(name, Column()))
        found.append(row)
    return found


def _written(style: Any, path: str, value: NativeValue, column: Column) -> str:
    try:
        return str(style.write(value, column))
    except BadCell as error:
        raise BadField(path, str(error)) from None


def merged(held: Document, mine: Document, theirs: Document) -> Document:
    """Three-way: what a person changed in the file since it was read, over what bridge has not yet written there."""
    names = dict.fromkeys([*theirs.cells, *mine.cells])
    cells = {name: _one(held.cells.get(name), mine.cells.get(name), theirs.cells.get(name)) for name in names}
    rows = {
        table: theirs.rows.get(table, [])
        if theirs.rows.get(table, []) != held.rows.get(table, [])
        else mine.rows.get(table, [])
        for table in dict.fromkeys([*theirs.rows, *mine.rows])
    }
    return Document({name: text for name, text in cells.items() if text is not None}, rows)


def _one(held: str | None, mine: str | None, theirs: str | None) -> str | None:
    return theirs if theirs != held else mine
