"""What a site says of a failure, what it means to bridge, and how we know.

HTTP status and `exc_type` decide. A text is looked at in one place only, for the numbers of MariaDB, which nobody
translates: other texts are translated, and a site may hide them (System Settings, allow_error_traceback).
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from bridge.ports.errors import (
    AlreadyExists,
    AuthFailed,
    BridgeError,
    InDoubt,
    MissingReference,
    NotFound,
    PermissionDenied,
    Rejected,
    Transient,
    Unsupported,
    VersionConflict,
)
from bridge.transport.answers import StatusRow


class Row(NamedTuple):
    """One line. `status`, `exc_type` or `text` None fits all. source: where the fact comes from.

    text: a pattern that `exception` must contain. writing: the class where the call could have changed something, if
    that is another.
    """

    status: int | None
    exc_type: str | None
    error: type[BridgeError]
    words: str
    source: str
    text: str | None = None
    writing: type[BridgeError] | None = None


_UNFIT = "cannot work with this record"
_STORE = "cannot store one of the values"
_LOST = "has lost its database"
_PYMYSQL = "PyMySQL source, err.py and constants"
_PYTHON = "assumed: an exception of Python at one record comes again with that record, as TypeError does"

TABLE: Final[tuple[Row, ...]] = (
    # wrong key, wrong secret and malformed token cannot be told apart
    Row(401, None, AuthFailed, "refuses the API key and secret", "ERPNext 15 recordings 004, 006, 007, 012, 292, 411"),
    # a session cookie beside the token switches the CSRF check on
    Row(400, "CSRFTokenError", AuthFailed, "took the call for a browser session",
        "ERPNext 15 recordings 016, 018, 019"),
    # the session of a cookie has ended; a token has none
    Row(403, "SessionExpired", AuthFailed, "says that the session has ended", "ERPNext 15 recording 020"),
    # Guest, or a user without the role
    Row(403, None, PermissionDenied, "does not permit this",
        "ERPNext 15 recordings 008, 009, 010, 034, 099, 103, 126, 226, 264, 265, 315"),
    # also an unknown doctype, a link target of an order, an unknown route: the caller knows what it asked for
    Row(404, "DoesNotExistError", NotFound, "does not have this record",
        "ERPNext 15 recordings 024, 025, 060, 063, 078, 079, 098, 102, 159, 162, 286"),
    Row(404, None, Unsupported, "does not know this call", "Frappe 15 source, exceptions.py: PageDoesNotExistError"),
    # '<' or '>' in what becomes the name
    Row(409, "NameError", Rejected, "does not accept this as a name", "ERPNext 15 recording 054"),
    # an Item of the same code; a second amendment
    Row(409, "DuplicateEntryError", AlreadyExists, "has a record of this name already",
        "ERPNext 15 recordings 195, 407"),
    # the unique key field: 417, not 409
    Row(417, "UniqueValidationError", AlreadyExists, "has a record with this unique value already",
        "ERPNext 15 recordings 038, 110, 148, 193"),
    Row(417, "TimestampMismatchError", VersionConflict, "has a newer version of the record",
        "ERPNext 15 recordings 068, 070, 084, 085, 199, 285"),
    # final where the missing record is none that bridge brings (a territory)
    Row(417, "LinkValidationError", MissingReference, "does not have a record that this one refers to",
        "ERPNext 15 recordings 042, 091, 114, 116, 132, 163, 304, 406"),
    Row(417, "MandatoryError", Rejected, "wants a value that is missing",
        "ERPNext 15 recordings 043, 048, 074, 181, 410"),
    Row(417, "CharacterLengthExceededError", Rejected, "refuses a value that is too long",
        "ERPNext 15 recordings 045, 046"),
    Row(417, "LinkExistsError", Rejected, "does not delete a record that others refer to",
        "ERPNext 15 recordings 189, 310, 386"),
    Row(417, "UpdateAfterSubmitError", Rejected, "does not change this in a submitted document",
        "ERPNext 15 recordings 180, 182"),
    Row(417, "CannotChangeConstantError", Rejected, "never changes this field", "ERPNext 15 recording 080"),
    Row(417, "InvalidEmailAddressError", Rejected, "refuses the e-mail address", "ERPNext 15 recording 118"),
    Row(417, "InvalidPhoneNumberError", Rejected, "refuses the phone number",
        "Frappe 15 source, exceptions.py: InvalidPhoneNumberError"),
    # all other refusals of the ValidationError family
    Row(417, None, Rejected, "refuses the record",
        "ERPNext 15 recordings 033, 044, 088, 093, 134, 135, 142, 150, 156, 157, 158, 160, 164, 166, 177, 184, 192, "
        "210, 211, 212, 213, 214, 216, 217, 218, 220, 258, 259, 261, 295, 297, 302, 303, 309, 338, 377, 379"),
    # waited for a lock; the whole request was rolled back
    Row(500, "QueryTimeoutError", Transient, "was held up by another user's lock",
        "ERPNext 15 recordings 356, 357, 358"),
    # the victim of a deadlock; the whole request was rolled back
    Row(500, "QueryDeadlockError", Transient, "was stopped by a deadlock",
        "Frappe 15 source, exceptions.py: QueryDeadlockError; PyMySQL error 1213"),
    # bad requests in disguise, also the next ones
    Row(500, "TypeError", Rejected, _UNFIT, "ERPNext 15 recordings 050, 096, 409"),
    Row(500, "KeyError", Rejected, _UNFIT, "ERPNext 15 recording 100"),
    Row(500, "AttributeError", Rejected, _UNFIT, _PYTHON),
    Row(500, "ValueError", Rejected, _UNFIT, _PYTHON),
    Row(500, "IndexError", Rejected, _UNFIT, _PYTHON),
    Row(500, "ZeroDivisionError", Rejected, _UNFIT, _PYTHON),
    Row(500, "AssertionError", Rejected, _UNFIT, _PYTHON),
    Row(500, "JSONDecodeError", Rejected, "cannot read the request", "ERPNext 15 recordings 049, 260"),
    Row(500, "OperationalError", Transient, _LOST, f"{_PYMYSQL}: lost while a query, or the commit, was under way",
        r"\((2013|2055|1053)\b", InDoubt),
    Row(500, "OperationalError", Transient, _LOST, f"{_PYMYSQL}: no connection, or too many of them",
        r"\((1040|1203|2002|2003|2006)\b"),
    # a date that MariaDB does not take
    Row(500, "OperationalError", Rejected, _STORE, "ERPNext 15 recordings 375, 376"),
    Row(500, "DataError", Rejected, _STORE, f"{_PYMYSQL}: DataError"),
    Row(500, "ProgrammingError", Rejected, _UNFIT, f"{_PYMYSQL}: ProgrammingError"),
    Row(500, "InterfaceError", Transient, _LOST, f"{_PYMYSQL}: InterfaceError where the connection is gone"),
    Row(500, None, Transient, "had an error of its own and took everything back",
        "Frappe 15 source, app.py: every exception is answered as JSON after a rollback"),
    Row(503, None, Transient, "is being maintained", "ERPNext 15 recording 355"),
)  # fmt: skip

UNNAMED: Final = Row(None, None, Rejected, "refuses the call", "a status without a row is final: a person looks")

_PAGE = "answered with a page instead of data (HTTP {status}): is the address right, and is the site up?"
PAGES: Final[tuple[StatusRow, ...]] = (
    StatusRow(200, 399, Transient, InDoubt, _PAGE, "assumed: what stands in front may have let the write pass"),
    # an unknown site, a request line that is too long: the application was not reached
    StatusRow(400, 499, Transient, Transient, _PAGE, "ERPNext 15 recordings 021, 252"),
    StatusRow(503, 503, Transient, Transient, _PAGE, "RFC 9110 15.6.4: nothing was done"),
    StatusRow(500, 599, Transient, InDoubt, _PAGE, "RFC 9110 15.6: the work may be done although the answer failed"),
)  # fmt: skip
"""Pages where data was expected: not the application but something in front of it answered."""


def look_up(status: int, exc_type: str, text: str = "") -> Row:
    """The first row that fits; UNNAMED where there is none. The exact rows stand before the general ones."""
    for row in TABLE:
        if row.status == status and row.exc_type in (None, exc_type) and re.search(row.text or "", text):
            return row
    return UNNAMED
