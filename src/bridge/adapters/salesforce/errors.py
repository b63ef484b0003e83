"""From Salesforce's answers to bridge's errors, in one table.

HTTP status and error code decide. A text is looked at in three places only, where the code says too little: which
allowance is gone, what a trigger's failure hides, and whether a parent is missing. Texts never reach a message: they
quote values, record names and the whole query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bridge.ports.errors import (
    AlreadyExists,
    AuthFailed,
    BridgeError,
    CursorExpired,
    InDoubt,
    MissingReference,
    NotFound,
    PermissionDenied,
    RateLimited,
    Rejected,
    Transient,
    Unsupported,
    VersionConflict,
)


class Row(NamedTuple):
    """One line of the table. `text` is a pattern that the vendor's message must contain, None fits all."""

    code: str
    text: str | None
    error: type[BridgeError]
    words: str


_LOCKED = "was held up by another user's lock"
_TOO_MANY = "asks for fewer calls"

# Sources: section 2.6 of the notes on Salesforce (its classes in that order); REST API guide "Status Codes and Error
# Responses"; SOAP API guide "Core Data Types, StatusCode".
TABLE: tuple[Row, ...] = (
    # re-authentication: only reaches the caller if a fresh session was refused too
    Row("INVALID_SESSION_ID", None, AuthFailed, "refuses the session, a fresh one too (IP range, app policy, host?)"),
    # permanent refusals of the log-in
    Row("INVALID_AUTH_HEADER", None, AuthFailed, "refuses the session"),
    Row("INVALID_LOGIN", None, AuthFailed, "refuses the log-in"),
    Row("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", None, AuthFailed, "says that the user's password has expired"),
    Row("API_CURRENTLY_DISABLED", None, AuthFailed, "has the API switched off for this user"),
    Row("API_DISABLED_FOR_ORG", None, AuthFailed, "has the API switched off for the whole org"),
    # transient
    Row("UNABLE_TO_LOCK_ROW", None, Transient, _LOCKED),
    Row("SERVER_UNAVAILABLE", None, Transient, "is not available at the moment"),
    Row("SERVICE_UNAVAILABLE", None, Transient, "is not available at the moment"),
    Row("QUERY_TIMEOUT", None, Transient, "took too long for the query"),
    Row("REQUEST_RUNNING_TOO_LONG", None, Transient, "took too long for the request"),
    Row("ALREADY_IN_PROCESS", None, Transient, "is still busy with this record"),
    # quota: the rolling 24 hours, against a burst of long-running calls
    Row("REQUEST_LIMIT_EXCEEDED", r"Concurrent", RateLimited, _TOO_MANY),
    Row("REQUEST_LIMIT_EXCEEDED", None, RateLimited, "has no calls left for today"),
    Row("LIMIT_EXCEEDED", None, RateLimited, "has no allowance left for today"),
    Row("STORAGE_LIMIT_EXCEEDED", None, Rejected, "has no storage left"),
    # the record itself is fine: the whole call was taken back
    Row("ALL_OR_NONE_OPERATION_ROLLED_BACK", None, Transient, "took the whole call back"),
    Row("PROCESSING_HALTED", None, Transient, "stopped before this record"),
    Row("BATCH_PROCESSING_HALTED", None, Transient, "stopped before this record"),
    # conflict
    Row("PRECONDITION_FAILED", None, VersionConflict, "has a newer version of the record"),
    Row("ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE", None, VersionConflict, "has a newer version of the record"),
    Row("DUPLICATE_VALUE", None, AlreadyExists, "has a record with this unique value already"),
    Row("DUPLICATE_EXTERNAL_ID", None, AlreadyExists, "has several records with this external id"),
    Row("DUPLICATES_DETECTED", None, AlreadyExists, "has a similar record already (a duplicate rule)"),
    Row("ENTITY_IS_LOCKED", None, Rejected, "has locked the record (an approval, an activated order)"),
    Row("RECORD_LOCKED", None, Rejected, "has locked the record (an approval, an activated order)"),
    # gone
    Row("ENTITY_IS_DELETED", None, NotFound, "has deleted the record"),
    Row("NOT_FOUND", None, NotFound, "does not have this record"),
    # dependency
    Row("INVALID_CROSS_REFERENCE_KEY", None, MissingReference, "does not have a record that this one refers to"),
    Row("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", None, MissingReference, "hides a record this one refers to"),
    Row("INVALID_FIELD", r"Foreign key external ID", MissingReference, "does not have a record this one refers to"),
    Row("STANDARD_PRICE_NOT_DEFINED", None, MissingReference, "wants a price in the standard price book first"),
    # permanent, the data
    Row("REQUIRED_FIELD_MISSING", None, Rejected, "wants a value that is missing"),
    Row("STRING_TOO_LONG", None, Rejected, "refuses a value that is too long"),
    Row("NUMBER_OUTSIDE_VALID_RANGE", None, Rejected, "refuses a number outside the field's range"),
    Row("INVALID_EMAIL_ADDRESS", None, Rejected, "refuses the e-mail address"),
    Row("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", None, Rejected, "does not know this choice"),
    Row("INVALID_TYPE_ON_FIELD_IN_RECORD", None, Rejected, "refuses a value of the wrong type"),
    Row("FIELD_CUSTOM_VALIDATION_EXCEPTION", None, Rejected, "refuses the record by a validation rule of the org"),
    Row("FIELD_FILTER_VALIDATION_EXCEPTION", None, Rejected, "refuses the record by a lookup filter of the org"),
    Row("FIELD_INTEGRITY_EXCEPTION", None, Rejected, "refuses a value that does not fit the others"),
    # waits as for a missing record: the one that stands in the way may be moved by the next write
    Row("CIRCULAR_DEPENDENCY", None, MissingReference, "refuses a record above itself until the other one is moved"),
    Row("INACTIVE_OWNER_OR_USER", None, Rejected, "refuses an owner who is no longer active"),
    Row("DELETE_FAILED", None, Rejected, "does not delete a record that others refer to"),
    Row("DEPENDENCY_EXISTS", None, Rejected, "does not delete a record that others refer to"),
    Row("MALFORMED_ID", None, Rejected, "refuses an id that is none"),
    Row("JSON_PARSER_ERROR", None, Rejected, "cannot read one of the values"),
    # permanent, the configuration
    Row("INVALID_FIELD", None, Rejected, "does not have, or show us, one of the fields"),
    Row("INVALID_FIELD_FOR_INSERT_UPDATE", None, Rejected, "does not let us write one of the fields"),
    Row("INVALID_TYPE", None, NotFound, "does not have, or show us, this object"),
    Row("INSUFFICIENT_ACCESS_OR_READONLY", None, PermissionDenied, "does not let the user do this"),
    Row("INSUFFICIENT_ACCESS", None, PermissionDenied, "does not let the user do this"),
    Row("TXN_SECURITY_NO_ACCESS", None, PermissionDenied, "forbids this by a security policy"),
    Row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED),
    Row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", None, Rejected, "refuses the record by a trigger or flow of the org"),
    Row("CANNOT_EXECUTE_FLOW_TRIGGER", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED),
    Row("CANNOT_EXECUTE_FLOW_TRIGGER", None, Rejected, "refuses the record by a trigger or flow of the org"),
    Row("APEX_ERROR", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED),
    Row("APEX_ERROR", None, Rejected, "refuses the record by code of the org"),
    Row("FUNCTIONALITY_NOT_ENABLED", None, Unsupported, "has this switched off"),
    Row("API_VERSION_NOT_SUPPORTED", None, Unsupported, "does not know this version of the API"),
    Row("UNSUPPORTED_API_VERSION", None, Unsupported, "does not know this version of the API"),
    Row("METHOD_NOT_ALLOWED", None, Unsupported, "does not know this call"),
    Row("MALFORMED_QUERY", None, Unsupported, "does not understand the query"),
    Row("INVALID_QUERY_FILTER_OPERATOR", None, Unsupported, "does not filter by this field in this way"),
    # positions
    Row("INVALID_REPLICATION_DATE", None, CursorExpired, "no longer knows the deletes since then"),
    Row("INVALID_QUERY_LOCATOR", None, Transient, "has dropped a half-read list"),
)

_BY_STATUS: Mapping[int, tuple[type[BridgeError], str]] = {
    401: (AuthFailed, "refuses the session, a fresh one too"),
    403: (PermissionDenied, "does not permit this"),
    404: (NotFound, "does not have this"),
    405: (Unsupported, "does not know this call"),
    412: (VersionConflict, "has a newer version of the record"),
    414: (Unsupported, "finds the query too long"),
    420: (Transient, "cannot be reached at the moment"),
    431: (Unsupported, "finds the query too long"),
    503: (Transient, "is not available at the moment"),
}

# RFC 6749 5.2; "unknown_error" ("retry your request") is Salesforce's own and passes
_LOGIN_TRANSIENT = frozenset({"unknown_error", "server_error", "temporarily_unavailable"})
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


def look_up(complaint: Complaint) -> Row:
    """The first line of the table that fits. A code it does not have is final: a person looks at it."""
    for row in TABLE:
        if row.code == complaint.code and (row.text is None or re.search(row.text, complaint.text)):
            return row
    return Row(complaint.code, None, Rejected, "refuses the record")


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
    """The error for an HTTP answer of 400 and more that the application gave."""
    found = complaints(body)
    if not found:
        return _by_status(status, system=system, writing=writing)
    first = found[0]
    row = look_up(first)
    known = any(line.code == first.code for line in TABLE)
    if not known:
        if status >= 500:
            return _own_error(status, first.code, system=system, writing=writing)
        if status in _BY_STATUS:
            cls, words = _BY_STATUS[status]
            return _make(cls, words, first, first.fields, system)
    cls = row.error
    if not writing and issubclass(cls, Rejected):
        cls = Unsupported  # nothing was to be written: the mapping asks for what is not there
    return _make(cls, row.words, first, first.fields, system)


def login_refusal(status: int, body: Any, *, system: str) -> BridgeError:
    """The error for a refused log-in ({"error", "error_description"}), which never changes a record."""
    code = str(body.get("error") or "") if isinstance(body, Mapping) else ""
    text = str(body.get("error_description") or "") if isinstance(body, Mapping) else ""
    if "rate exceeded" in text.lower():
        return RateLimited("asks for fewer log-ins", system=system, vendor_code=code)
    if not code or status >= 500 or code in _LOGIN_TRANSIENT:
        return Transient(f"could not take the log-in (HTTP {status})", system=system, vendor_code=code or None)
    return AuthFailed("refuses the credentials of the log-in", system=system, vendor_code=code)


def not_json(status: int, *, system: str, writing: bool) -> BridgeError:
    """The error for a page where data was expected: something in front of Salesforce answered."""
    words = f"answered with a page instead of data (HTTP {status}): is the address right, and is the org up?"
    return InDoubt(words, system=system) if writing else Transient(words, system=system)


def session_refused(status: int, body: Any) -> bool:
    """Whether an answer means that the session has ended: 401, or 403 with the session's code."""
    if status == 401:
        return True
    return status == 403 and any(complaint.code == "INVALID_SESSION_ID" for complaint in complaints(body))


def _by_status(status: int, *, system: str, writing: bool) -> BridgeError:
    if status in _BY_STATUS:
        cls, words = _BY_STATUS[status]
        # without a code of the application, "not found" and "forbidden" are a proxy's words, not the record's state
        if cls in (NotFound, PermissionDenied):
            return Transient(f"answered with a page instead of data (HTTP {status})", system=system)
        return cls(words, system=system, vendor_code=f"HTTP {status}")
    if status >= 500:
        return _own_error(status, f"HTTP {status}", system=system, writing=writing)
    return Transient(f"answered with a page instead of data (HTTP {status})", system=system)


def _own_error(status: int, code: str, *, system: str, writing: bool) -> BridgeError:
    """UNKNOWN_EXCEPTION and the like: the work may be done although the answer failed."""
    if status == 503:
        return Transient("is not available at the moment", system=system, vendor_code=code)
    words = f"had an error of its own (HTTP {status})"
    cls = InDoubt if writing else Transient
    return cls(words, system=system, vendor_code=code)


def _make(
    cls: type[BridgeError], words: str, complaint: Complaint, fields: tuple[str, ...], system: str
) -> BridgeError:
    if cls is RateLimited:
        quota = words != _TOO_MANY
        return RateLimited(words, quota=quota, system=system, vendor_code=complaint.code)
    if cls is AlreadyExists:
        return AlreadyExists(words, native_id=complaint.names_id, system=system, vendor_code=complaint.code)
    if issubclass(cls, Rejected):
        return cls(words, fields=fields, system=system, vendor_code=complaint.code)
    return cls(words, system=system, vendor_code=complaint.code)
