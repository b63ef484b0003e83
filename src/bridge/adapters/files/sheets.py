"""What all formats have in common: a table with a header, read line by line and written anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from bridge.adapters.files.style import Column, Style

Cells = dict[str, str]
Dialect = dict[str, Any]
"""How a file is written (encoding, delimiter, line ends …): found when it is read, kept when it is written."""


class Unusable(Exception):
    """A file that cannot be read at all. The message is for a person."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What a format has to know to read and write: the words of the settings, and the types of the columns."""

    style: Style
    columns: Mapping[str, Column] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Column]] = field(default_factory=dict)
    encoding: str = "auto"
    delimiter: str = "auto"
    quote: str = '"'
    safe: bool = False
    sheet: str = ""


@dataclass(slots=True)
class Line:
    """One line of a file, which may be several lines of text.

    number: the first of them, from 1. cells: column -> text; None where they cannot be told apart. raw: the line as it
    stands, to be put back unchanged. tables: rows that are nested in it. column, reason: what is wrong, if anything.
    """

    number: int
    cells: Cells | None
    raw: list[str]
    tables: dict[str, list[Cells]] = field(default_factory=dict)
    column: str = ""
    reason: str = ""


@dataclass(slots=True)
class Sheet:
    """An open file. names: its columns, each once; notes: what is odd about it as a whole."""

    names: list[str]
    heads: list[str]
    dialect: Dialect
    lines: Iterator[Line]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Out:
    """One line to write: the cells of a record, or a line as it stood."""

    cells: Cells = field(default_factory=dict)
    tables: Mapping[str, list[Cells]] = field(default_factory=dict)
    raw: list[str] | None = None


class Format(Protocol):
    """One kind of file."""

    nested: bool
    """Whether the rows of a record stand inside its line."""

    def open(self, path: Path, manners: Manners) -> Sheet:
        """The header, and the lines one by one. Raises Unusable, OSError."""

    def write(
        self, path: Path, names: list[str], heads: list[str], dialect: Dialect, manners: Manners, lines: Iterable[Out]
    ) -> None:
        """Write a whole file and have it on the disk when it returns."""

    def dialect(self, path: Path, manners: Manners) -> Dialect:
        """How the file is written, or a new one would be."""

    def cells_of(self, raw: list[str], names: list[str], manners: Manners) -> Cells | None:
        """The cells of a line as it stands; None where they cannot be told apart."""

    def raw_of(self, cells: Cells, names: list[str], manners: Manners) -> list[str]:
        """The line that these cells make."""

    def cannot_hold(self, text: str, dialect: Dialect) -> str:
        """Why the file cannot hold a text; empty where it can."""


def paired(raw: list[str], names: list[str]) -> Cells | None:
    """Cells by their place."""
    return dict(zip(names, raw, strict=True)) if len(raw) == len(names) and raw[:1] != ["\x00"] else None


def named(heads: list[str], file: str, line: int) -> tuple[list[str], list[str]]:
    """The names of columns from a header, each once, and what is odd: a second of one name is kept, and not read."""
    names: list[str] = []
    notes: list[str] = []
    for place, head in enumerate(heads, 1):
        name = head.strip()
        if not name:
            name = f"#{place}"
        elif name in names:
            notes.append(
                f"{file}:{line}: the column '{name}' stands twice; the one at place {place} is kept as it is, not read"
            )
            name = f"{name}#{place}"
        names.append(name)
    return names, notes
