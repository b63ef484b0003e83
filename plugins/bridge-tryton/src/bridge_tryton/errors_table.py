"""What Tryton says of a failure, what it means to bridge, and how we know.

An error of the application comes with HTTP 200, as a list: the name of the exception and its words. The words are
Tryton's own in English, since every call asks for that language. "measured" stands for the server 8.2 of this
package's tests.
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
    VersionConflict,
)
from bridge.transport.answers import StatusRow


class Row(NamedTuple):
    """One line: the exception's name (None fits all), what its words must contain (None fits all), our class, our
    words, where the fact comes from. writing: the class where something could have been changed, if that is another.
    """

    name: str | None
    text: str | None
    error: type[BridgeError]
    words: str
    source: str
    writing: type[BridgeError] | None = None


USER: Final = "UserError"
WARNING: Final = "UserWarning"
_MESSAGES = "trytond source, ir/message.xml"
_GONE = "does not have the record (any more)"
_RIGHT = "does not let this user do that"

TABLE: Final[tuple[Row, ...]] = (
    Row("ConcurrencyException", None, VersionConflict, "has the record in another version than expected",
        "measured: a write with an old _timestamp"),
    Row(WARNING, None, Rejected, "wants a person to say yes first (or set `warnings: accept`)",
        "trytond source, exceptions.py: UserWarning; measured in test_warnings"),
    Row("LoginException", None, AuthFailed, "asks for more than a password to log in",
        "trytond source, exceptions.py: LoginException"),
    Row(USER, r"^You are trying to (read|write to|delete) records .* that don't exist", NotFound, _GONE,
        "measured: read and write of an id that is not there"),
    Row(USER, r"^You are not allowed to (access|create records|read records|write to|delete records|execute|search)",
        PermissionDenied, _RIGHT, f"{_MESSAGES}: access and rules"),
    Row(USER, r"^Calling button", PermissionDenied, _RIGHT, f"{_MESSAGES}: buttons of other groups"),
    Row(USER, r"^You can not call", Rejected, "does not take this step from the state the record is in",
        "measured: confirm of a confirmed sale"),
    Row(USER, r"^You are not allowed to modify the field", Rejected, "does not let the field be changed (any more)",
        "measured: the quantity of a line of a confirmed sale"),
    Row(USER, r"^You are not allowed to delete the record|^The records could not be deleted|you must cancel it",
        Rejected, "does not delete a record that others refer to, or that is at work",
        f"measured: delete of a confirmed sale; {_MESSAGES}"),
    Row(USER, r"for field .* in .* does not exist", MissingReference, "refers to a record that is not there",
        f"{_MESSAGES}: foreign keys, on PostgreSQL"),
    Row(USER, r"^Recursion error", MissingReference,
        "refuses a record above itself: it waits until the other one has been moved", _MESSAGES),
    Row(USER, r"must be unique", Rejected, "has the value in another record, and it must be unique",
        "measured: the code of a party, the code of an active product"),
    Row(USER, r"^A value is required|must enter|is missing", Rejected, "wants a value that is missing",
        "measured: a product without a unit of sale, a quote without an address"),
    Row(USER, r"is too long", Rejected, "has no room for so long a text", _MESSAGES),
    Row(USER, r"number of digits", Rejected, "has no room for so many digits", "measured: a price with six digits"),
    Row(USER, r"is not one of the allowed options", Rejected, "does not offer that word", _MESSAGES),
    Row(USER, r"is not valid|invalid chars", Rejected, "refuses the form of a value", "measured: a VAT number"),
    Row(USER, None, Rejected, "refuses the record", "measured: every refusal of the application is a UserError"),
    Row(None, r"^(database is locked|could not obtain lock|deadlock detected|could not serialize)", Transient,
        "had several writers at the same record", "SQLite and PostgreSQL documentation; the transaction is undone"),
    Row(None, r"server closed the connection|connection .*(closed|lost|terminated)|SSL SYSCALL", Transient,
        "has lost its database", "assumed: the connection to PostgreSQL may break while it commits", InDoubt),
    Row(None, r"^'[a-z_]+(\.[a-z_.]+)+'$", NoSuchObject, "does not know the model",
        "measured: search in an unknown model is a KeyError"),
    Row(None, r"^'\w+'$", Unsupported, "does not have a field", "measured: an unknown field is a KeyError"),
    Row(None, r"^invalid literal|could not convert|unsupported operand|argument", Rejected,
        "refuses the form of a value", "measured: a text for a reference is a ValueError"),
)  # fmt: skip

UNNAMED: Final = Row(None, None, Rejected, "refuses the call",
                     "an error without a row is final, so that a person looks")  # fmt: skip

STATUSES: Final[tuple[StatusRow, ...]] = (
    StatusRow(201, 299, Transient, InDoubt, "answered with something else than a result (HTTP {status}): is the "
              "address right?", "measured: every answer of the application is a 200"),
    StatusRow(400, 400, Unsupported, Unsupported, "does not understand the request",
              "measured: a body that is not declared as JSON"),
    StatusRow(401, 401, AuthFailed, AuthFailed, "refuses login or password", "measured: common.db.login"),
    StatusRow(403, 403, Unsupported, Unsupported, "does not offer the method",
              "measured: a method that is not exposed"),
    StatusRow(404, 404, Transient, Transient, "does not know the database: is the name in `database` right, and the "
              "address?", "measured: a name that is not there"),
    StatusRow(413, 413, Unsupported, Unsupported, "finds the request too large", "RFC 9110 15.5.14"),
    StatusRow(400, 499, Unsupported, Unsupported, "refuses the request", "RFC 9110 15.5"),
    StatusRow(503, 503, Transient, Transient, "answered with an error of its own (HTTP {status})",
              "RFC 9110 15.6.4: nothing was done"),
    StatusRow(500, 599, Transient, InDoubt, "answered with an error of its own (HTTP {status})", "RFC 9110 15.6"),
)  # fmt: skip
"""Answers without an application's error in them. 401 is that of a log-in; of any other call it ends the session."""


def row_of(rows: Iterable[Row], name: str, text: str) -> Row:
    """The first row that fits; UNNAMED where there is none."""
    for row in rows:
        if row.name in (None, name) and (row.text is None or re.search(row.text, text)):
            return row
    return UNNAMED
