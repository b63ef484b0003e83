"""From Salesforce's answer to the error that leaves the adapter. The facts stand in `errors_table`.

Texts never reach a message: they quote values, record names and the whole query.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bridge.adapters.salesforce.errors_table import LOGIN, PAGES, STATUSES, TABLE, TOO_MANY, UNNAMED, Row
from bridge.ports.errors import AlreadyExists, BridgeError, RateLimited, Rejected, Transient, Unsupported
from bridge.transport.answers import StatusRow, shown_code, status_row

_OF_THE_CALL = frozenset({"UNKNOWN_EXCEPTION"})
"""Codes that say nothing about a whole call that failed with a status of 500 and more: the work may be done."""
_ID = re.compile(r"\bid: ([a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?)\b")
_NAME = re.compile(r"[A-Za-z]\w*")


@dataclass(frozen=True, slots=True)
class Complaint:
    """One error of the vendor: HTTP bodies call the code errorCode, collections statusCode."""

    code: str
    text: str = ""
    fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Complaint({self.code!r})"

    @property
    def names_id(self) -> str | None:
        """The other record's id, where the text gives one ("... duplicates value on record with id: 001...")."""
        found = _ID.search(self.text)
        return found[1] if found else None


def complaints(body: Any) -> list[Complaint]:
    """The errors in an HTTP body or in the "errors" of a collection's row; empty if it is none of ours."""
    if isinstance(body, Mapping):
        body = [body]
    if not isinstance(body, Sequence) or isinstance(body, (str, bytes)):
        return []
    found = []
    for entry in body:
        if isinstance(entry, Mapping) and (entry.get("errorCode") or entry.get("statusCode")):
            code = str(entry.get("errorCode") or entry.get("statusCode"))
            names = entry.get("fields") or ()
            fields = tuple(str(name) for name in names if _NAME.fullmatch(str(name)))
            found.append(Complaint(code, str(entry.get("message") or ""), fields))
    return found


def look_up(complaint: Complaint, rows: Iterable[Row] = TABLE) -> Row:
    """The first row that fits; UNNAMED where there is none, which is final: a person looks at it."""
    for row in rows:
        if row.code in (None, complaint.code) and (row.text is None or re.search(row.text, complaint.text)):
            return row
    return UNNAMED


def row_error(found: Sequence[Complaint], *, system: str) -> BridgeError:
    """The error of one record of a batch."""
    if not found:
        return Rejected("refuses the record without saying why", system=system)
    first = found[0]
    row = look_up(first)
    fields = tuple(dict.fromkeys(name for complaint in found for name in complaint.fields))
    words = row.words + (f" ({', '.join(fields)})" if fields else "")
    return _make(row.error, words, first, fields, system)


def refusal(status: int, body: Any, *, system: str, writing: bool) -> BridgeError:
    """The error for an HTTP answer of 300 and more that the application gave."""
    found = complaints(body)
    if not found:
        return _by_status(status_row(PAGES, status) or PAGES[-1], status, system=system, writing=writing)
    first = found[0]
    row = look_up(first)
    if row is UNNAMED or (status >= 500 and first.code in _OF_THE_CALL):
        line = status_row(STATUSES, status)
        if line is not None:
            return _make(line.kind(writing=writing), line.said(status), first, first.fields, system)
    cls = row.error
    if not writing and issubclass(cls, Rejected):
        cls = Unsupported  # nothing was to be written: the mapping asks for what is not there
    return _make(cls, row.words, first, first.fields, system)


def login_refusal(status: int, body: Any, *, system: str) -> BridgeError:
    """The error for a refused log-in ({"error", "error_description"}), which never changes a record."""
    code = str(body.get("error") or "") if isinstance(body, Mapping) else ""
    text = str(body.get("error_description") or "") if isinstance(body, Mapping) else ""
    row = look_up(Complaint(code, text), LOGIN)
    shown = shown_code(code) if code else None
    if row.error is Transient or (status >= 500 and row.error is not RateLimited):
        return Transient(f"could not take the log-in (HTTP {status})", system=system, vendor_code=shown)
    return row.error(row.words, system=system, vendor_code=shown)


def not_json(status: int, *, system: str, writing: bool) -> BridgeError:
    """The error for a page of status 200 or 201 where data was expected: something in front of Salesforce answered."""
    return _by_status(status_row(PAGES, status) or PAGES[-1], status, system=system, writing=writing)


def session_refused(status: int, body: Any) -> bool:
    """Whether an answer means that the session has ended: 401, or 403 with the session's code."""
    if status == 401:
        return True
    return status == 403 and any(complaint.code == "INVALID_SESSION_ID" for complaint in complaints(body))


def _by_status(row: StatusRow, status: int, *, system: str, writing: bool) -> BridgeError:
    return row.kind(writing=writing)(row.said(status), system=system, vendor_code=f"HTTP {status}")


def _make(
    cls: type[BridgeError], words: str, complaint: Complaint, fields: tuple[str, ...], system: str
) -> BridgeError:
    code = shown_code(complaint.code)
    if cls is RateLimited:
        return RateLimited(words, quota=words != TOO_MANY, system=system, vendor_code=code)
    if cls is AlreadyExists:
        return AlreadyExists(words, native_id=complaint.names_id, system=system, vendor_code=code)
    if issubclass(cls, Rejected):
        return cls(words, fields=fields, system=system, vendor_code=code)
    return cls(words, system=system, vendor_code=code)
