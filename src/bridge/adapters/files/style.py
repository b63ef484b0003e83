"""How a file writes numbers, dates and yes or no: the text of a cell <-> a native value. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from bridge.ports.records import NativeValue

_WORDS: Final = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "hh": "%H", "mm": "%M", "ss": "%S"}
_WORD: Final = re.compile("YYYY|YY|MM|DD|hh|mm|ss")
_BLANKS: Final = str.maketrans("", "", " \u00a0\u202f")
LITERAL: Final = "\x01"
"""Before the text of a cell that the file holds as a number, a date, yes or no, or something nested: what follows is
JSON, or `@` and an ISO date. So what nobody changes is written back as what it was."""


class BadCell(Exception):
    """A cell that is not of its column's type. The message says what was expected and never what stands there."""


@cache
def pattern(words: str) -> str:
    """DD.MM.YYYY hh:mm as strftime knows it."""
    return words if "%" in words else _WORD.sub(lambda found: _WORDS[found[0]], words)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column holds: see `ColumnSettings`."""

    type: str = "text"
    length: int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True)
class Style:
    """The manner of one file, as `Manner` says it."""

    decimal: str = "."
    thousands: str = ""
    dates: tuple[str, ...] = ("YYYY-MM-DD",)
    datetimes: tuple[str, ...] = ("YYYY-MM-DDThh:mm:ss",)
    timezone: str = "UTC"
    empty: tuple[str, ...] = ("",)
    true: tuple[str, ...] = ("true",)
    false: tuple[str, ...] = ("false",)
    separator: str = ";"

    def read(self, text: str, column: Column) -> NativeValue:
        """The native value of a cell. Raises BadCell."""
        if text.startswith(LITERAL):
            text = unmarked(text)
        if text == "" or text in self.empty:
            if column.required:
                raise BadCell("a value is missing")
            return None
        if "\x00" in text:
            raise BadCell("holds a NUL character")
        if column.length and len(text) > column.length:
            raise BadCell(f"is longer than {column.length} characters")
        match column.type:
            case "number":
                return plain(self._number(text))
            case "integer":
                return self._integer(text)
            case "date":
                return self._moment(text, self.dates).date().isoformat()
            case "datetime":
                return self._instant(text)
            case "boolean":
                return self._yes(text)
            case "list":
                return [item.strip() for item in text.split(self.separator) if item.strip()]
        return text

    def write(self, value: NativeValue, column: Column) -> str:
        """The cell of a native value. Raises BadCell."""
        if value is None or value == "" or value == []:
            if column.required:
                raise BadCell("a value is missing")
            return self.empty[0] if self.empty else ""
        if isinstance(value, list):
            if any(self.separator in item for item in value):
                raise BadCell(f"an item holds the separator {self.separator}")
            return self.separator.join(value)
        if isinstance(value, bool):
            return (self.true if value else self.false)[0]
        text = str(value)
        if column.type in ("number", "integer"):
            text = text.replace(".", self.decimal)
        elif column.type == "date":
            text = _day(text).strftime(pattern(self.dates[0]))
        elif column.type == "datetime":
            moment = _time(text)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
            text = moment.astimezone(ZoneInfo(self.timezone)).strftime(pattern(self.datetimes[0]))
        if column.length and len(text) > column.length:
            raise BadCell(f"is longer than {column.length} characters")
        if text in self.empty:
            raise BadCell("is a text that means nothing in this file (`empty`)")
        return text

    def _number(self, text: str) -> Decimal:
        text = text.translate(_BLANKS)
        if not _number_form(self.decimal, self.thousands).fullmatch(text) or not text.strip("+-"):
            raise BadCell(f"is no number such as 1234{self.decimal}5{self._rather(text)}")
        if self.thousands:
            text = text.replace(self.thousands, "")
        try:
            return Decimal(text.replace(self.decimal, "."))
        except InvalidOperation:
            raise BadCell("is no number") from None

    def _rather(self, text: str) -> str:
        """What would read a number that this style does not."""
        for decimal, thousands in ((",", "."), (".", ","), (",", "'"), (".", "'")):
            if _number_form(decimal, thousands).fullmatch(text) and text.strip("+-"):
                words = f'`decimal: "{decimal}"`' if decimal != self.decimal else ""
                words += f' and `thousands: "{thousands}"`' if thousands in text else ""
                return f" (with {words.removeprefix(' and ')} it is one)"
        return ""

    def _integer(self, text: str) -> int:
        number = self._number(text)
        if number != number.to_integral_value():
            raise BadCell("is no whole number")
        return int(number)

    def _moment(self, text: str, wanted: tuple[str, ...]) -> datetime:
        for words in wanted:
            try:
                if words == "YYYY-MM-DD" and len(text) == 10:
                    return datetime.fromisoformat(text)
                return datetime.strptime(text.strip(), pattern(words))  # noqa: DTZ007 - the zone is the file's
            except ValueError:
                continue
        raise BadCell(f"is no date such as {' or '.join(wanted)}")

    def _instant(self, text: str) -> str:
        if re.search(r"\d(?:Z|[+-]\d\d:?\d\d)$", text.strip()):
            moment = _time(text.strip())
        else:
            moment = self._moment(text, self.datetimes).replace(tzinfo=ZoneInfo(self.timezone))
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

    def _yes(self, text: str) -> bool:
        word = text.strip().casefold()
        if word in (one.casefold() for one in self.true):
            return True
        if word in (one.casefold() for one in self.false):
            return False
        raise BadCell(f"is neither {', '.join(self.true)} nor {', '.join(self.false)}")


@cache
def _number_form(decimal: str, thousands: str) -> re.Pattern[str]:
    whole = r"\d{1,3}(?:T\d{3})+|\d+".replace("T", re.escape(thousands)) if thousands else r"\d+"
    return re.compile(rf"[+-]?(?:{whole})?(?:{re.escape(decimal)}\d+)?")


def plain(number: Decimal) -> str:
    """A number as text without exponent or trailing zeros."""
    return format(number.normalize() if number else Decimal(0), "f")


def unmarked(text: str) -> str:
    """What a literal says, as text."""
    body = text.removeprefix(LITERAL)
    if body.startswith("@"):
        return body[1:].removesuffix("T00:00:00")
    return body.strip('"') if body[:1] == '"' else body


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadCell("is no date") from None


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise BadCell("is no time") from None
