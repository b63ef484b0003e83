"""JSON Lines: one object a line. What is nested is reached by dots; the rows of a record stand inside it as a list."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from bridge.adapters.files.sheets import Cells, Dialect, Line, Manners, Out, Sheet
from bridge.adapters.files.style import LITERAL, Column, plain


class Jsonl:
    """Text files with a JSON object on every line."""

    nested = True

    def open(self, path: Path, manners: Manners) -> Sheet:
        """The names that any line uses, and the lines one by one. Raises OSError."""
        names: dict[str, None] = {}
        for line in _lines(path, manners):
            names.update(dict.fromkeys(line.cells or ()))
        return Sheet(list(names), list(names), {"encoding": "utf-8"}, _lines(path, manners))

    def write(
        self, path: Path, names: list[str], heads: list[str], dialect: Dialect, manners: Manners, lines: Iterable[Out]
    ) -> None:
        """Write a whole file and have it on the disk when it returns."""
        with path.open("wb") as stream:
            for line in lines:
                if line.raw is not None:
                    text = line.raw[0]
                else:
                    cells = {name: line.cells[name] for name in names if name in line.cells}
                    found = _nested(cells, manners.columns, manners)
                    for table, rows in line.tables.items():
                        known = manners.tables.get(table, {})
                        _put(found, table, [_nested(row, known, manners) for row in rows])
                    text = _dumped(found)
                stream.write(text.encode("utf-8", "surrogateescape") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())

    def dialect(self, path: Path, manners: Manners) -> Dialect:
        """How the file is written, or a new one would be."""
        return {"encoding": "utf-8"}

    def cells_of(self, raw: list[str], names: list[str], manners: Manners) -> Cells | None:
        """The cells of a line as it stands, a list of rows as its JSON; None where it is no JSON object."""
        found = _object(raw[0])
        return None if isinstance(found, str) else _flat(found, manners.columns, manners)

    def raw_of(self, cells: Cells, names: list[str], manners: Manners) -> list[str]:
        """The line that these cells make."""
        found = _nested(cells, manners.columns, manners)
        for table in manners.tables:
            if isinstance(text := found.get(table), str):
                with suppress(ValueError):
                    found[table] = json.loads(text, parse_float=_Number)
        return [_dumped(found)]

    def cannot_hold(self, text: str, dialect: Dialect) -> str:
        """It holds every text."""
        return ""


def _lines(path: Path, manners: Manners) -> Iterator[Line]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            text = line.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape").rstrip("\r\n")
            if not text.strip():
                continue
            found = _object(text)
            if isinstance(found, str):
                yield Line(number, None, [text], reason=found)
                continue
            tables: dict[str, list[Cells]] = {}
            for table, columns in manners.tables.items():
                rows = found.pop(table, None)
                if isinstance(rows, list) and all(isinstance(row, dict) for row in rows):
                    tables[table] = [_flat(row, columns, manners) for row in rows]
            yield Line(number, _flat(found, manners.columns, manners), [text], tables)


def _object(text: str) -> dict[str, Any] | str:
    """The object of a line, or why it is none."""
    if any("\udc80" <= sign <= "\udcff" for sign in text):
        return "cannot be read as UTF-8"
    try:
        found = json.loads(text, parse_float=Decimal)
    except ValueError:
        return "is no JSON"
    return found if isinstance(found, dict) else "is no JSON object"


def _flat(found: Mapping[str, Any], columns: Mapping[str, Column], manners: Manners, before: str = "") -> Cells:
    cells: Cells = {}
    for key, value in found.items():
        name = f"{before}{key}"
        if isinstance(value, dict) and value:
            cells.update(_flat(value, columns, manners, f"{name}."))
        else:
            cells[name] = cell(value, columns.get(name, Column()), manners)
    return cells


def cell(value: Any, column: Column, manners: Manners) -> str:
    """The text of a value that the file itself holds as a number, a list, yes or no."""
    style = manners.style
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return style.write(value, column) if column.type == "boolean" else f"{LITERAL}{json.dumps(value)}"
    if isinstance(value, int | Decimal):
        if column.type in ("number", "integer"):
            return plain(Decimal(value)).replace(".", style.decimal)
        return f"{LITERAL}{plain(Decimal(value))}"
    if column.type == "list" and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return style.separator.join(value)
    return f"{LITERAL}{_dumped(value)}"


def _nested(cells: Mapping[str, str], columns: Mapping[str, Column], manners: Manners) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, text in cells.items():
        _put(found, name, _value(text, columns.get(name, Column()), manners))
    return found


def _put(found: dict[str, Any], name: str, value: Any) -> None:
    *steps, last = name.split(".")
    for step in steps:
        inner = found.setdefault(step, {})
        if not isinstance(inner, dict):
            found[name] = value
            return
        found = inner
    found[last] = value


class _Number(str):
    """The digits of a number as they stand in the file, or are to."""

    __slots__ = ()


def _value(text: str, column: Column, manners: Manners) -> Any:
    if text == "":
        return None
    if text.startswith(LITERAL):
        return json.loads(text.removeprefix(LITERAL), parse_float=_Number)
    if column.type in ("number", "integer", "boolean", "list"):
        value = manners.style.read(text, column)
        return _Number(value) if column.type == "number" and isinstance(value, str) else value
    return text


def _dumped(found: Any) -> str:
    """JSON with numbers as they were written: a float would round them."""
    if isinstance(found, _Number | Decimal):
        return str(found)
    if isinstance(found, dict):
        return "{" + ", ".join(f"{json.dumps(k, ensure_ascii=False)}: {_dumped(v)}" for k, v in found.items()) + "}"
    if isinstance(found, list):
        return "[" + ", ".join(_dumped(item) for item in found) + "]"
    return json.dumps(found, ensure_ascii=False)
