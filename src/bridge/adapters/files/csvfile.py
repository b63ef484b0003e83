"""CSV: lines of cells, in any encoding and with any delimiter; what is wrong in one line stays in that line."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, TextIO

from bridge.adapters.files.sheets import Cells, Dialect, Line, Manners, Out, Sheet, Unusable, named, paired
from bridge.adapters.files.sniff import SAMPLE, delimiter_of, encoding_of

_LONGEST: Final = 200
"""Lines of text that one quoted cell may span; a quote that is open for longer is one that was never closed."""
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_KEEP_BYTES: Final = "surrogateescape"
csv.field_size_limit(16 * 1024 * 1024)


class Csv:
    """Text files with cells between delimiters."""

    nested = False

    def open(self, path: Path, manners: Manners) -> Sheet:
        """The header, and the lines one by one. Raises Unusable, OSError."""
        dialect = _dialect(path, manners)
        stream = path.open("r", encoding=dialect["encoding"], errors=_errors(dialect), newline="")
        texts = _logical(stream, manners.quote)
        first = next(texts, None)
        while first is not None and not first[1].strip("\r\n \ufeff"):
            first = next(texts, None)
        if first is None:
            stream.close()
            raise Unusable(f"{path.name} is empty: it has not even a header")
        heads = _split(first[1], dialect)
        names, notes = named(heads, path.name, first[0])
        return Sheet(names, heads, dialect, _lines(stream, texts, names, dialect, manners), notes)

    def write(
        self, path: Path, names: list[str], heads: list[str], dialect: Dialect, manners: Manners, lines: Iterable[Out]
    ) -> None:
        """Write a whole file and have it on the disk when it returns."""
        with path.open("w", encoding=dialect["encoding"], errors=_errors(dialect), newline="") as stream:
            writer = csv.writer(
                stream, delimiter=dialect["delimiter"], quotechar=dialect["quote"], lineterminator=dialect["newline"]
            )
            writer.writerow(heads)
            for line in lines:
                if line.raw is None:
                    writer.writerow([_shielded(line.cells.get(name, ""), name, manners) for name in names])
                elif line.raw[:1] == ["\x00"]:  # a line that could not be split: the text itself
                    stream.write(line.raw[1])
                else:
                    writer.writerow(line.raw)
            stream.flush()
            os.fsync(stream.fileno())

    def dialect(self, path: Path, manners: Manners) -> Dialect:
        """How the file is written, or a new one would be."""
        return _dialect(path, manners)

    def cells_of(self, raw: list[str], names: list[str], manners: Manners) -> Cells | None:
        """The cells of a line as it stands; None where they cannot be told apart."""
        cells = paired(raw, names)
        return cells and {name: _bare(text) if manners.safe else text for name, text in cells.items()}

    def raw_of(self, cells: Cells, names: list[str], manners: Manners) -> list[str]:
        """The line that these cells make."""
        return [_shielded(cells.get(name, ""), name, manners) for name in names]

    def cannot_hold(self, text: str, dialect: Dialect) -> str:
        """Why the file cannot hold a text; empty where it can."""
        try:
            text.encode(dialect["encoding"])
        except UnicodeEncodeError:
            return f"holds a sign that the file's encoding {dialect['encoding']} does not have"
        return ""


def _dialect(path: Path, manners: Manners) -> Dialect:
    """How the file is written; of a new or empty one, how bridge writes."""
    sample = b""
    if path.exists():
        with path.open("rb") as stream:
            sample = stream.read(SAMPLE)
    encoding = manners.encoding
    if encoding == "auto":
        encoding = encoding_of(sample, whole=len(sample) < SAMPLE)
    elif encoding.replace("_", "-").lower() in ("utf-8", "utf8") and sample.startswith(b"\xef\xbb\xbf"):
        encoding = "utf-8-sig"
    text = sample.decode(encoding, errors="replace")
    delimiter = manners.delimiter
    if delimiter == "auto":
        lines = [line for line in text.splitlines()[:30] if line.strip()]
        delimiter = delimiter_of(lines, manners.quote) if lines else ","
    newline = "\r\n" if "\r\n" in text else "\n"
    return {"encoding": encoding, "delimiter": delimiter, "quote": manners.quote, "newline": newline}


def _errors(dialect: Dialect) -> str:
    wide = dialect["encoding"].lower().replace("-", "").replace("_", "").startswith(("utf16", "utf32"))
    return "replace" if wide else _KEEP_BYTES


def _logical(stream: TextIO, quote: str) -> Iterator[tuple[int, str]]:
    """Lines, those inside of quotes together, each with its number; a quote that is never closed ends with its line."""
    waiting: list[str] = []
    number = 1

    def more() -> str:
        return waiting.pop(0) if waiting else stream.readline()

    while text := more():
        taken = [text]
        opened = text.count(quote) % 2
        while opened and len(taken) < _LONGEST and (following := more()):
            taken.append(following)
            opened = (opened + following.count(quote)) % 2
        if opened:
            waiting[:0] = taken[1:]
            taken = taken[:1]
        yield number, "".join(taken)
        number += len(taken)


def _split(text: str, dialect: Dialect) -> list[str]:
    reader = csv.reader([text], delimiter=dialect["delimiter"], quotechar=dialect["quote"], strict=True)
    return next(reader, [])


def _lines(
    stream: TextIO, texts: Iterable[tuple[int, str]], names: list[str], dialect: Dialect, manners: Manners
) -> Iterator[Line]:
    with stream:
        for number, text in texts:
            if not text.strip("\r\n"):
                continue
            try:
                cells = _split(text, dialect)
            except csv.Error:
                reason = "the quotes of this line do not match: a quote inside a text is written twice"
                yield Line(number, None, ["\x00", text], reason=reason)
                continue
            if not any(cells):
                continue
            if len(cells) != len(names):
                reason = f"has {len(cells)} cells where the header names {len(names)}"
                yield Line(number, None, cells, reason=reason)
                continue
            line = Line(number, dict(zip(names, map(_bare, cells) if manners.safe else cells, strict=True)), cells)
            if not text.isascii():
                _decoded(line, dialect)
            yield line


def _decoded(line: Line, dialect: Dialect) -> None:
    """Note the cell that is not in the file's encoding."""
    for name, cell in (line.cells or {}).items():
        if any("\udc80" <= sign <= "\udcff" or sign == "\ufffd" for sign in cell):
            line.column, line.reason = name, f"cannot be read in the file's encoding {dialect['encoding']}"
            return


def _shielded(text: str, name: str, manners: Manners) -> str:
    """A text that a spreadsheet would run as a formula, with an apostrophe before it; numbers and dates are none."""
    if manners.safe and text.lstrip("'").startswith(_FORMULA):
        column = manners.columns.get(name)
        if column is None or column.type in ("text", "list", "reference"):
            return "'" + text
    return text


def _bare(text: str) -> str:
    """What `_shielded` was made from."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_FORMULA) else text
