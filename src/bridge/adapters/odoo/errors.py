"""From Odoo's exception to what the engine does next: one table.

Odoo tells an error by the name of the Python exception (`data.name` on /jsonrpc, `name` on JSON-2); its code is no
guide (0 on 19, 200 on 18). The messages quote values and are never passed on; the words here are bridge's own.
Sources: recordings of Odoo 18 and 19, by number; "source" is Odoo's own code.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from bridge.ports.errors import (
    AuthFailed,
    BridgeError,
    InDoubt,
    MissingReference,
    NoSuchObject,
    NotFound,
    PermissionDenied,
    Rejected,
    Transient,
    Unsupported,
)


@dataclass(frozen=True, slots=True)
class Row:
    """Exception name (a regular expression), what its message must contain, our class, our words."""

    name: str
    message: str | None
    error: type[BridgeError]
    words: str


UNIT_IN_USE: Final = "does not change the unit of measure of a product that was moved: make another product for it"

ABOVE_ITSELF: Final = "refuses a record above itself: it waits until the other one has been moved"

TABLE: Final = (
    # 006, 029, 013: wrong password, unknown user, empty password
    Row(r"odoo\.exceptions\.AccessDenied", None, AuthFailed, "refuses login or password"),
    Row(r"werkzeug\.exceptions\.Unauthorized", None, AuthFailed, "refuses the API key"),  # 035, 036
    Row(r"odoo\.http\.SessionExpiredException", None, AuthFailed, "ended the session"),  # 326
    Row(r"odoo\.exceptions\.AccessError", None, PermissionDenied, "does not let this user do that"),  # 224, 225, 226
    # 012: the user of the call is gone, and not the record that is asked for
    Row(r"odoo\.exceptions\.MissingError", r"res\.users\((\d+),\), User: \1\)", AuthFailed, "does not have the user"),
    Row(r"odoo\.exceptions\.MissingError", None, NotFound, "does not have the record (any more)"),  # 159, 168, 214
    Row(r"odoo\.exceptions\.UserError", r"^Object .* doesn't exist", NoSuchObject, "does not know the model"),  # 201
    Row(r"werkzeug\.exceptions\.NotFound", r"method", Unsupported, "does not know the method"),  # 040
    Row(r"werkzeug\.exceptions\.NotFound", None, NoSuchObject, "does not know the model"),  # 039
    Row(r"odoo\.exceptions\.LockError", None, Transient, "has the record locked"),  # source, JSON-2 409
    # 240, 241: after five tries of its own
    Row(
        r"psycopg2\.errors\.(SerializationFailure|DeadlockDetected|LockNotAvailable|QueryCanceled)",
        None,
        Transient,
        "had several writers at the same record",
    ),
    Row(r"psycopg2\.(errors\.)?OperationalError", r"does not exist", AuthFailed, "has no database of that name"),  # 008
    Row(
        # psycopg2's own list of what it derives from OperationalError: PostgreSQL stops, starts, is full or refuses
        r"psycopg2\.(errors\.)?(OperationalError|InterfaceError|AdminShutdown|CrashShutdown|CannotConnectNow"
        r"|Connection\w+|TooManyConnections|DiskFull|OutOfMemory|InsufficientResources|DatabaseDropped)",
        None,
        Transient,
        "has lost its database",
    ),
    Row(r"psycopg2\.errors\.ForeignKeyViolation", None, MissingReference, "refers to a record that is not there"),
    Row(r"psycopg2\.", None, Rejected, "refuses the values"),  # 221
    Row(r"odoo\.exceptions\.ValidationError", r"require a name", Rejected, "wants a name"),  # 144, 198
    Row(
        r"odoo\.exceptions\.ValidationError",
        r"[Mm]issing required|not set|mandatory",
        Rejected,
        "wants a value that is missing",
    ),  # 198, 200
    # 213: it waits as for a missing record, since the one that stands in the way may be moved by the next write
    Row(r"odoo\.exceptions\.ValidationError", r"[Rr]ecursi|cyclic", MissingReference, ABOVE_ITSELF),
    Row(
        r"odoo\.exceptions\.ValidationError",
        r"another model is using|still referenced|delete",
        Rejected,
        "does not delete a record that others refer to",
    ),  # 212, 294
    Row(
        r"odoo\.exceptions\.ValidationError",
        r"unique|already (exists|assigned)|must be different|can ?not have two",
        Rejected,
        "has the value in another record, and it must be unique",
    ),  # 186, 216, 257
    Row(r"odoo\.exceptions\.UserError", r"unit of measure", Rejected, UNIT_IN_USE),  # source: stock, ProductTemplate
    Row(r"odoo\.exceptions\.(ValidationError|UserError|RedirectWarning)", None, Rejected, "refuses the record"),  # 227
    Row(r"(builtins\.)?(ValueError|KeyError)", r"[Ii]nvalid field", Unsupported, "does not have a field"),  # 190, 191
    Row(r"(builtins\.)?KeyError", None, Unsupported, "does not have a field"),  # 191 on 19
    Row(r"(builtins\.)?ValueError", None, Rejected, "refuses the form of a value"),  # 192, 194, 197
    # 202, 203, 204, 206
    Row(r"(builtins\.)?(TypeError|AttributeError)", None, Unsupported, "does not know the method or its arguments"),
)
_LOAD: Final = (
    # `load` tells these inside its result, and the server does not try again by itself
    (re.compile(r"could not (serialize|obtain lock)|deadlock|(lock|statement)[ _]timeout|concurrent update", re.I),
     Transient, "had several writers at the same record"),
    (re.compile(r"recursi|cyclic", re.I), MissingReference, ABOVE_ITSELF),
    (re.compile(r"require a name", re.I), Rejected, "wants a name"),  # 178
    (re.compile(r"Unknown database identifier", re.I), NotFound, "does not have the record (any more)"),  # 182
    (re.compile(r"No matching record found|does not exist", re.I), MissingReference,
     "refers to a record that is not there"),  # 178
    (re.compile(r"missing required|not set", re.I), Rejected, "wants a value that is missing"),
    (re.compile(r"change the unit of measure", re.I), Rejected, UNIT_IN_USE),
    (re.compile(r"unique|already exists", re.I), Rejected, "has the value in another record, and it must be unique"),
)  # fmt: skip
_STATUS: Final[Mapping[int, tuple[type[BridgeError], str]]] = {
    400: (Unsupported, "does not understand the request"),  # 017, 053
    401: (AuthFailed, "refuses the API key"),
    403: (PermissionDenied, "does not let this user do that"),
    404: (AuthFailed, "does not know the database or the address"),  # 038: a page
    409: (Transient, "has the record locked"),
    413: (Unsupported, "finds the request too large"),
    415: (Unsupported, "does not understand the request"),  # 020
}


def exception_error(name: str, message: str, *, system: str, fields: tuple[str, ...] = ()) -> BridgeError:
    """The error for an exception of Odoo, by its name and text. Unknown ones are final, so that a person looks."""
    for row in TABLE:
        if re.match(row.name, name) and (row.message is None or re.search(row.message, message)):
            return _make(row.error, row.words, name, system, fields)
    return _make(Rejected, "refuses the call", name or "unknown", system, fields)


def status_error(status: int, body: Any, *, system: str, writing: bool) -> BridgeError:
    """The error for an HTTP status other than 200, with the exception in the body where there is one (JSON-2)."""
    if isinstance(body, dict) and isinstance(body.get("name"), str):
        return exception_error(body["name"], str(body.get("message") or ""), system=system)
    if status >= 500:
        words = f"answered with an error of its own (HTTP {status})"
        if status == 503 or not writing:
            return Transient(words, system=system)
        return InDoubt(words, system=system)
    kind, words = _STATUS.get(status, (Unsupported, "refuses the request"))
    return kind(words, system=system, vendor_code=f"HTTP {status}")


def load_error(message: Mapping[str, Any], *, system: str, fields: tuple[str, ...] = ()) -> BridgeError:
    """The error for one message of `load`."""
    text = str(message.get("message") or "")
    for pattern, kind, words in _LOAD:
        if pattern.search(text):
            return _make(kind, words, "load", system, fields)
    return _make(Rejected, "refuses the record", "load", system, fields)


def _make(kind: type[BridgeError], words: str, name: str, system: str, fields: tuple[str, ...]) -> BridgeError:
    if fields:
        words = f"{words} ({', '.join(fields)})"
    if issubclass(kind, Rejected):
        return kind(words, fields=fields, system=system, vendor_code=name)
    return kind(words, system=system, vendor_code=name)
