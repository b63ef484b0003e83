"""From Tryton's answer to the error that leaves the adapter. The facts stand in `errors_table`.

Tryton's messages quote values and names of records. Of a refusal only the labels of fields are told; of a warning its
words, without anything that is quoted, a number or an address.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from bridge.ports.errors import BridgeError, Rejected
from bridge.transport.answers import shown_code, status_row

from bridge_tryton.errors_table import STATUSES, TABLE, WARNING, row_of

_FIELD = re.compile(r'field "([^"]+)"')
_UNIQUE = re.compile(r"^(?:The )?(\w+) .*must be unique")


class Questioned(Rejected):
    """Tryton wants a person to say yes. `name` is that under which a yes is remembered."""

    def __init__(self, message: str, *, system: str, name: str) -> None:
        super().__init__(message, system=system, vendor_code=WARNING)
        self.name = name


def refusal(error: Any, *, system: str, writing: bool = False, labels: Mapping[str, str] | None = None) -> BridgeError:
    """The error for what stands under "error" in an answer.

    labels: label of a field -> its path in the mapping, so that a refusal can name it.
    """
    name, text = _said(error)
    row = row_of(TABLE, name, text)
    kind = row.writing if writing and row.writing else row.error
    if name == WARNING:
        own = scrub(_words(error))
        given = error[1][0] if isinstance(error[1], list) and error[1] else ""
        return Questioned(f"{row.words}{f': {own}' if own else ''}", system=system, name=str(given))
    code = shown_code(name) if name else None
    fields = _fields(text, labels or {})
    words = f"{row.words} ({', '.join(fields)})" if fields else row.words
    if issubclass(kind, Rejected):
        return kind(words, fields=fields, system=system, vendor_code=code)
    return kind(words, system=system, vendor_code=code)


def status_error(status: int, *, system: str, writing: bool) -> BridgeError:
    """The error for an HTTP status other than 200."""
    row = status_row(STATUSES, status) or STATUSES[-1]
    kind = row.kind(writing=writing)
    return kind(row.said(status), system=system, vendor_code=f"HTTP {status}")


def scrub(text: str) -> str:
    """Words without anything that may be a value: what is quoted or in brackets, numbers, addresses."""
    text = re.sub(r"\"[^\"]*\"|'[^']*'|\([^)]*\)|\[[^\]]*\]|“[^”]*”", "…", text)
    text = re.sub(r"\S+@\S+|\S*\d\S*", "…", text)
    return " ".join(text.split())[:200]


def _said(error: Any) -> tuple[str, str]:
    """Name and words. What is no exception of Tryton's own has no name: its words come first."""
    if not isinstance(error, list) or not error:
        return "", ""
    first, rest = str(error[0]), error[1] if len(error) > 1 else ""
    if isinstance(rest, list):
        return first, str(rest[0]) if rest else ""
    if first == "ConcurrencyException":
        return first, str(rest)
    return "", first


def _words(error: list[Any]) -> str:
    given = error[1]
    return str(given[1]) if isinstance(given, list) and len(given) > 1 else ""


def _fields(text: str, labels: Mapping[str, str]) -> tuple[str, ...]:
    named = _FIELD.findall(text) or _UNIQUE.findall(text)
    return tuple(dict.fromkeys(labels[one.lower()] for one in named if one.lower() in labels))
