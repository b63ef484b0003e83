"""Workbooks: one sheet of one file, read and written line by line. Formulas are read as what they last showed."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile
from zoneinfo import ZoneInfo

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from bridge.adapters.files.sheets import Cells, Dialect, Line, Manners, Out, Sheet, Unusable, named, paired
from bridge.adapters.files.style import LITERAL, BadCell, Column, pattern, plain, unmarked

_ILLEGAL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONGEST: Final = 32_767


class Xlsx:
    """Workbooks of Excel, LibreOffice and others."""

    nested = False

    def open(self, path: Path, manners: Manners) -> Sheet:
        """The header, and the lines one by one. Raises Unusable, OSError."""
        try:
            book = load_workbook(path, read_only=True, data_only=True)
        except (BadZipFile, InvalidFileException, KeyError, ValueError):
            raise Unusable(f"{path.name} is no workbook (xlsx) that can be read") from None
        if manners.sheet and manners.sheet not in book.sheetnames:
            raise Unusable(f"{path.name} has no sheet '{manners.sheet}' (there are: {', '.join(book.sheetnames)})")
        sheet = book[manners.sheet] if manners.sheet else book.worksheets[0]
        rows = enumerate(sheet.iter_rows(values_only=True), 1)
        for number, first in rows:  # noqa: B007 - told where a column stands twice
            if any(value is not None for value in first):
                break
        else:
            raise Unusable(f"{path.name} is empty: it has not even a header")
        heads = ["" if value is None else str(value) for value in first]
        while heads and not heads[-1].strip():
            heads.pop()
        names, notes = named(heads, path.name, number)
        dialect = {"sheet": sheet.title, "sheets": len(book.sheetnames)}
        return Sheet(names, heads, dialect, _lines(book, rows, names, manners), notes)

    def write(
        self, path: Path, names: list[str], heads: list[str], dialect: Dialect, manners: Manners, lines: Iterable[Out]
    ) -> None:
        """Write a whole file and have it on the disk when it returns."""
        book = Workbook(write_only=True)
        sheet = book.create_sheet(dialect.get("sheet") or manners.sheet or "Sheet1")
        sheet.append(heads)
        for line in lines:
            if line.raw is None:
                sheet.append([_cell(sheet, line.cells.get(name, ""), name, manners) for name in names])
            else:
                kept = [*names, *([""] * len(line.raw))]
                sheet.append([_cell(sheet, text, name, manners) for text, name in zip(line.raw, kept, strict=False)])
        with path.open("wb") as stream:
            book.save(stream)
            stream.flush()
            os.fsync(stream.fileno())

    def dialect(self, path: Path, manners: Manners) -> Dialect:
        """How the file is written, or a new one would be."""
        return {"sheet": manners.sheet, "sheets": 1}

    def cells_of(self, raw: list[str], names: list[str], manners: Manners) -> Cells | None:
        """The cells of a line as it stands; None where they cannot be told apart."""
        return paired(raw, names)

    def raw_of(self, cells: Cells, names: list[str], manners: Manners) -> list[str]:
        """The line that these cells make."""
        return [cells.get(name, "") for name in names]

    def cannot_hold(self, text: str, dialect: Dialect) -> str:
        """Why the file cannot hold a text; empty where it can."""
        if len(text) > _LONGEST:
            return f"is longer than the {_LONGEST} characters that a cell of a workbook holds"
        return "holds a control character that no workbook can hold" if _ILLEGAL.search(text) else ""


def _lines(book: Any, rows: Iterable[tuple[int, Any]], names: list[str], manners: Manners) -> Iterator[Line]:
    try:
        for number, values in rows:
            if not any(value is not None for value in values):
                continue
            wide = len(names) + sum(1 for value in values[len(names) :] if value is not None)
            values = [*values[: len(names)], *[None] * (len(names) - len(values))]
            columns = (manners.columns.get(name, Column()) for name in names)
            cells = [_text(value, column, manners) for value, column in zip(values, columns, strict=True)]
            line = Line(number, dict(zip(names, cells, strict=True)), cells)
            if wide > len(names):
                line.cells, line.reason = None, "has cells to the right of the last column that the header names"
            yield line
    finally:
        book.close()


def _text(value: Any, column: Column, manners: Manners) -> str:
    """The text of a cell, as a text file of the same manners would have it."""
    style = manners.style
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return style.write(value, column) if column.type == "boolean" else f"{LITERAL}{json.dumps(value)}"
    if isinstance(value, int | float):
        text = plain(Decimal(repr(value)))
        return text.replace(".", style.decimal) if column.type in ("number", "integer") else f"{LITERAL}{text}"
    if isinstance(value, datetime):
        if column.type == "date":
            return value.strftime(pattern(style.dates[0]))
        if column.type == "datetime":
            return value.strftime(pattern(style.datetimes[0]))
        return f"{LITERAL}@{value.isoformat()}"
    if isinstance(value, date | time):
        return f"{LITERAL}@{value.isoformat()}"
    return str(value)


def _cell(sheet: Any, text: str, name: str, manners: Manners) -> Any:
    """A cell of the column's type. A text never becomes a formula."""
    if text == "":
        return None
    value: Any = text
    column = manners.columns.get(name, Column())
    if text.startswith(f"{LITERAL}@"):
        value = datetime.fromisoformat(unmarked(text)) if "T" in text or len(text) > 10 else text[2:]
    elif text.startswith(LITERAL):
        value = json.loads(text.removeprefix(LITERAL), parse_float=Decimal)
    else:
        try:
            value = _typed(text, column, manners)
        except BadCell:
            value = text
    cell = WriteOnlyCell(sheet, value=value)
    if isinstance(value, str):
        cell.value = _ILLEGAL.sub("", value)
        cell.data_type = "s"
    return cell


def _typed(text: str, column: Column, manners: Manners) -> Any:
    style = manners.style
    if column.type in ("number", "integer"):
        return Decimal(str(style.read(text, column)))
    if column.type == "boolean":
        return style.read(text, column)
    if column.type == "date":
        return date.fromisoformat(str(style.read(text, column)))
    if column.type == "datetime":
        moment = datetime.fromisoformat(str(style.read(text, column)).replace("Z", "+00:00"))
        return moment.astimezone(ZoneInfo(style.timezone)).replace(tzinfo=None)  # a workbook knows no zones
    return text
