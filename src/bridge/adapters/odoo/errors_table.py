"""What Odoo says of a failure, what it means to bridge, and how we know.

Odoo tells an error by the name of the Python exception (`data.name` on /jsonrpc, `name` on JSON-2); its code is no
guide (0 on 19, 200 on 18). `load` tells errors as messages inside its result.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

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
from bridge.transport.answers import StatusRow


class Row(NamedTuple):
    """One line: a pattern of the exception's name ("load" for a message of an import), what its text must contain
    (None fits all), our class, our words, where the fact comes from.

    writing: the class where the call could have changed something, if that is another.
    """

    name: str
    text: str | None
    error: type[BridgeError]
    words: str
    source: str
    writing: type[BridgeError] | None = None


UNIT_IN_USE: Final = "does not change the unit of measure of a product that was moved: make another product for it"
ABOVE_ITSELF: Final = "refuses a record above itself: it waits until the other one has been moved"
NO_DATABASE: Final = "does not know the database, or is not up: is the name in `database` right?"
_LOCKED = "had several writers at the same record"
_LOST = "has lost its database"
_NO_NAME = "wants a name"
_LACKING = "wants a value that is missing"
_UNIQUE = "has the value in another record, and it must be unique"
_GONE = "does not have the record (any more)"
_FIELD = "does not have a field"
_CALL = "does not know the method or its arguments"
_REQUEST = "does not understand the request"
_VALIDATION = r"odoo\.exceptions\.ValidationError"
_PSYCOPG = "psycopg2 documentation, psycopg2.errors: classes derived from OperationalError"
_JSON2 = "Odoo 19 source, addons/rpc/controllers/json2.py"

TABLE: Final[tuple[Row, ...]] = (
    Row(r"odoo\.exceptions\.AccessDenied", None, AuthFailed, "refuses login or password",
        "Odoo 18 and 19 recording 013; Odoo 19 recording 029"),
    Row(r"werkzeug\.exceptions\.Unauthorized", None, AuthFailed, "refuses the API key",
        "Odoo 19 recordings 035, 036"),
    Row(r"odoo\.http\.SessionExpiredException", None, AuthFailed, "ended the session",
        "Odoo 18 and 19 recordings 324, 326"),
    # /web/session/authenticate only: the other routes say it in PostgreSQL's words, below
    Row(r"odoo\.exceptions\.AccessError", r"^Database not found", Transient, NO_DATABASE, "Odoo 19 recording 030"),
    Row(r"odoo\.exceptions\.AccessError", None, PermissionDenied, "does not let this user do that",
        "Odoo 18 and 19 recordings 224, 225, 226; Odoo 18 recording 229; Odoo 19 recordings 041, 124, 203"),
    # the user of the call is gone, and not the record that is asked for
    Row(r"odoo\.exceptions\.MissingError", r"res\.users\((\d+),\), User: \1\)", AuthFailed, "does not have the user",
        "Odoo 18 and 19 recording 012"),
    Row(r"odoo\.exceptions\.MissingError", None, NotFound, _GONE,
        "Odoo 18 and 19 recordings 159, 168, 214; Odoo 18 recordings 145, 169; Odoo 19 recording 048"),
    Row(r"odoo\.exceptions\.UserError", r"^Object .* doesn't exist", NoSuchObject, "does not know the model",
        "Odoo 18 and 19 recording 201"),
    Row(r"werkzeug\.exceptions\.NotFound", r"^(The method|Did you mean)", Unsupported, "does not know the method",
        "Odoo 19 recordings 040, 054"),
    Row(r"werkzeug\.exceptions\.NotFound", None, NoSuchObject, "does not know the model", "Odoo 19 recording 039"),
    Row(r"werkzeug\.exceptions\.(BadRequest|UnprocessableEntity)", None, Unsupported, _REQUEST,
        f"Odoo 19 recording 053; {_JSON2}: UnprocessableEntity for unfitting arguments"),
    Row(r"odoo\.exceptions\.LockError", None, Transient, "has the record locked",
        "Odoo 19 source, odoo/exceptions.py: LockError, HTTP 409"),
    # after five tries of the server's own
    Row(r"psycopg2\.errors\.(SerializationFailure|DeadlockDetected|LockNotAvailable|QueryCanceled)", None, Transient,
        _LOCKED, "Odoo 19 recordings 240, 241; Odoo source, odoo/service/model.py: PG_CONCURRENCY_EXCEPTIONS_TO_RETRY"),
    # a database that is being restored or renamed looks like a wrong name: nobody is paused for that
    Row(r"psycopg2\.(errors\.)?OperationalError", r"database .* does not exist", Transient, NO_DATABASE,
        "Odoo 18 and 19 recordings 008, 011"),
    Row(r"psycopg2\.(errors\.)?(OperationalError|InterfaceError)",
        r"closed the connection|connection already closed|SSL SYSCALL|could not receive data", Transient, _LOST,
        "assumed: the connection to PostgreSQL may break while it commits", InDoubt),
    Row(r"psycopg2\.(errors\.)?(OperationalError|InterfaceError|AdminShutdown|CrashShutdown|CannotConnectNow"
        r"|Connection\w+|TooManyConnections|DiskFull|OutOfMemory|InsufficientResources|DatabaseDropped)",
        None, Transient, _LOST, f"{_PSYCOPG}: PostgreSQL stops, starts, is full, or refuses"),
    Row(r"psycopg2\.errors\.ForeignKeyViolation", None, MissingReference, "refers to a record that is not there",
        "PostgreSQL documentation, appendix A: 23503"),
    Row(r"psycopg2\.", None, Rejected, "refuses the values",
        "Odoo 19 recordings 209, 221, 367; Odoo 18 recording 095"),
    Row(_VALIDATION, r"require a name", Rejected, _NO_NAME,
        "Odoo 18 and 19 recordings 144, 200; Odoo 19 recording 050"),
    Row(_VALIDATION, r"[Mm]issing required|not set|mandatory", Rejected, _LACKING,
        "Odoo 18 and 19 recording 198; Odoo 18 recording 199"),
    # it waits as for a missing record, since the one that stands in the way may be moved by the next write
    Row(_VALIDATION, r"[Rr]ecursi|cyclic", MissingReference, ABOVE_ITSELF, "Odoo 18 and 19 recording 213"),
    Row(_VALIDATION, r"another model (is using|requires)|still referenced|delete", Rejected,
        "does not delete a record that others refer to", "Odoo 18 and 19 recordings 212, 294; Odoo 18 recording 211"),
    Row(_VALIDATION, r"unique|already (exists|assigned)|must be different|can ?not have two", Rejected, _UNIQUE,
        "Odoo 18 and 19 recordings 186, 216, 257"),
    Row(r"odoo\.exceptions\.UserError", r"unit of measure", Rejected, UNIT_IN_USE,
        "Odoo source, addons/stock/models/product.py: ProductTemplate.write"),
    Row(r"odoo\.exceptions\.(ValidationError|UserError|RedirectWarning)", None, Rejected, "refuses the record",
        "Odoo 18 and 19 recordings 270, 273, 279, 343, 379; Odoo 18 recordings 108, 109, 297; "
        "Odoo 19 recordings 104, 105, 227, 274, 364, 380"),
    Row(r"(builtins\.)?(ValueError|KeyError)", r"[Ii]nvalid field", Unsupported, _FIELD,
        "Odoo 18 and 19 recordings 180, 190; Odoo 18 recordings 123, 125; Odoo 19 recordings 118, 119, 121"),
    Row(r"(builtins\.)?KeyError", None, Unsupported, _FIELD,
        "Odoo 19 recording 191; Odoo 18 and 19 recording 014: an unknown service, which bridge never asks for"),
    Row(r"(builtins\.)?ValueError", None, Rejected, "refuses the form of a value",
        "Odoo 18 and 19 recordings 177, 192, 194, 195, 196, 208, 255; Odoo 18 recordings 124, 193, 210, 223; "
        "Odoo 19 recordings 092, 093, 095, 197, 207"),
    Row(r"(builtins\.)?(TypeError|AttributeError|IndexError|NameError)", None, Unsupported, _CALL,
        "Odoo 18 and 19 recordings 018, 142, 202, 204, 206, 220; Odoo 18 recordings 132, 205, 207; "
        "Odoo 19 recordings 042, 056"),
    Row(r"builtins\.Exception", r"^Method not found", Unsupported, _CALL, "Odoo source, odoo/service/common.py"),
)  # fmt: skip

LOAD: Final[tuple[Row, ...]] = (
    # the server does not try again by itself here
    Row("load", r"(?i)could not (serialize|obtain lock)|deadlock|(lock|statement)[ _]timeout|concurrent update",
        Transient, _LOCKED, "Odoo 19 recording 373"),
    Row("load", r"(?i)recursi|cyclic", MissingReference, ABOVE_ITSELF, "Odoo 18 and 19 recording 213, in an import"),
    Row("load", r"(?i)require a name", Rejected, _NO_NAME, "Odoo 18 and 19 recording 178"),
    Row("load", r"(?i)Unknown database identifier", NotFound, _GONE, "Odoo 18 and 19 recording 182"),
    Row("load", r"(?i)No matching record found|does not exist", MissingReference,
        "refers to a record that is not there", "Odoo 18 and 19 recording 178"),
    Row("load", r"(?i)missing required|not set", Rejected, _LACKING, "Odoo 18 and 19 recording 198, in an import"),
    Row("load", r"(?i)change the unit of measure", Rejected, UNIT_IN_USE,
        "Odoo source, addons/stock/models/product.py: ProductTemplate.write"),
    Row("load", r"(?i)unique|already (exists|assigned)|can ?not have two", Rejected, _UNIQUE,
        "Odoo 18 and 19 recordings 186, 216, 257, in an import"),
    Row("load", None, Rejected, "refuses the record", "Odoo 18 and 19 recording 183"),
)  # fmt: skip

STATUSES: Final[tuple[StatusRow, ...]] = (
    StatusRow(201, 299, Transient, InDoubt, "answered with something else than a result (HTTP {status}): is the "
              "address right?", "assumed: Odoo answers every success with 200"),
    StatusRow(400, 400, Unsupported, Unsupported, _REQUEST,
              "Odoo 18 and 19 recordings 017, 019; Odoo 18 recordings 020, 021"),
    StatusRow(401, 401, AuthFailed, AuthFailed, "refuses the API key", "RFC 9110 15.5.2"),
    StatusRow(403, 403, PermissionDenied, PermissionDenied, "does not let this user do that", "RFC 9110 15.5.4"),
    # a page; JSON-2 answers an unknown database with it, and one that is not up, and a proxy a wrong address
    StatusRow(404, 404, Transient, Transient, f"{NO_DATABASE[:-1]}, and the address?",
              "Odoo 19 recordings 032, 038, 316, 317, 318, 323; Odoo 18 recording 001"),
    StatusRow(409, 409, Transient, Transient, "has the record locked", f"{_JSON2}: LockError"),
    StatusRow(413, 413, Unsupported, Unsupported, "finds the request too large", "RFC 9110 15.5.14"),
    StatusRow(415, 415, Unsupported, Unsupported, _REQUEST, "Odoo 19 recordings 020, 021"),
    StatusRow(400, 499, Unsupported, Unsupported, "refuses the request", "RFC 9110 15.5"),
    StatusRow(503, 503, Transient, Transient, "answered with an error of its own (HTTP {status})",
              "RFC 9110 15.6.4: nothing was done"),
    StatusRow(500, 599, Transient, InDoubt, "answered with an error of its own (HTTP {status})",
              "Odoo 18 and 19 recording 321; Odoo 18 recording 322; RFC 9110 15.6"),
)  # fmt: skip
"""Answers without the name of an exception."""

UNNAMED: Final = Row("", None, Rejected, "refuses the call", "a name without a row is final, so that a person looks")


def row_of(rows: Iterable[Row], name: str, text: str) -> Row:
    """The first row that fits; UNNAMED where there is none."""
    for row in rows:
        if re.match(row.name, name) and (row.text is None or re.search(row.text, text)):
            return row
    return UNNAMED
