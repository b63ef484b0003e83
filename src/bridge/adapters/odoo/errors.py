"""From Odoo's answer to the error that leaves the adapter. The facts stand in `errors_table`.

Odoo's messages quote values and are never passed on; the words are bridge's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.adapters.odoo.errors_table import LOAD, STATUSES, TABLE, row_of
from bridge.ports.errors import BridgeError, Rejected
from bridge.transport.answers import shown_code, status_row


def exception_error(
    name: str, message: str, *, system: str, writing: bool = False, fields: tuple[str, ...] = ()
) -> BridgeError:
    """The error for an exception of Odoo, by its name and text. Unknown ones are final, so that a person looks."""
    row = row_of(TABLE, name, message)
    kind = row.writing if writing and row.writing else row.error
    return _make(kind, row.words, shown_code(name), system, fields)


def status_error(status: int, body: Any, *, system: str, writing: bool) -> BridgeError:
    """The error for an HTTP status other than 200, with the exception in the body where there is one (JSON-2)."""
    if isinstance(body, dict) and isinstance(body.get("name"), str):
        return exception_error(body["name"], str(body.get("message") or ""), system=system, writing=writing)
    row = status_row(STATUSES, status) or STATUSES[-1]
    kind, words = row.kind(writing=writing), row.said(status)
    return kind(words, system=system, vendor_code=f"HTTP {status}")


def load_error(message: Mapping[str, Any], *, system: str, fields: tuple[str, ...] = ()) -> BridgeError:
    """The error for one message of `load`."""
    row = row_of(LOAD, "load", str(message.get("message") or ""))
    return _make(row.error, row.words, "load", system, fields)


def _make(kind: type[BridgeError], words: str, name: str, system: str, fields: tuple[str, ...]) -> BridgeError:
    if fields:
        words = f"{words} ({', '.join(fields)})"
    if issubclass(kind, Rejected):
        return kind(words, fields=fields, system=system, vendor_code=name)
    return kind(words, system=system, vendor_code=name)
