"""What Salesforce says of a failure, what it means to bridge, and how we know.

The code decides. A text is looked at only where the code says too little: which allowance is gone, what the failure
of a trigger hides, whether a parent is missing, who has lost the API.
"""

from __future__ import annotations

from typing import Final, NamedTuple

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
from bridge.transport.answers import StatusRow


class Row(NamedTuple):
    """One line. `text` is a pattern that the vendor's message must contain, None fits all; `code` None fits all too.

    source: where the fact comes from.
    """

    code: str | None
    text: str | None
    error: type[BridgeError]
    words: str
    source: str


_LOCKED = "was held up by another user's lock"
_TRIGGER = "refuses the record by a trigger or flow of the org"
_BUSY = "is not available at the moment"
_ALONE = "stopped before this record"
_NEWER = "has a newer version of the record"
_HELD = "has locked the record (an approval, an activated order)"
_IN_USE = "does not delete a record that others refer to"
_ASKED = "does not understand the call"
TOO_MANY: Final = "asks for fewer calls"

STATUS_CODE: Final = "SOAP API guide, StatusCode"
"""The enumeration in the metadata WSDL, which simple-salesforce ships: a test looks each of these rows up there."""
EXCEPTION_CODE: Final = "SOAP API guide, ExceptionCode"
_REST = "REST API guide, Status Codes and Error Responses"
_ORDERS = "Object reference, Order: status and activation"

TABLE: Final[tuple[Row, ...]] = (
    # re-authentication: only reaches the caller if a fresh session was refused too
    Row("INVALID_SESSION_ID", None, AuthFailed, "refuses the session, a fresh one too (IP range, app policy, host?)",
        STATUS_CODE),
    # permanent refusals of the log-in
    Row("INVALID_AUTH_HEADER", None, AuthFailed, "refuses the session", STATUS_CODE),
    Row("INVALID_LOGIN", None, AuthFailed, "refuses the log-in", EXCEPTION_CODE),
    Row("INVALID_OPERATION_WITH_EXPIRED_PASSWORD", None, AuthFailed, "says that the user's password has expired",
        f"{EXCEPTION_CODE}; jsforce/jsforce#1411"),
    # two meanings: the right of one user, or trouble of the whole system, which passes
    Row("API_CURRENTLY_DISABLED", r"(?i)\buser\b", AuthFailed, "has the API switched off for this user",
        "Adobe Marketo, Salesforce diagnostics: API_CURRENTLY_DISABLED"),
    Row("API_CURRENTLY_DISABLED", None, Transient, "has the API switched off at the moment",
        f"{EXCEPTION_CODE}: because of a system problem, temporarily"),
    Row("API_DISABLED_FOR_ORG", None, AuthFailed, "has the API switched off for the whole org",
        f"{EXCEPTION_CODE}; restforce/restforce#219"),
    # transient
    Row("UNABLE_TO_LOCK_ROW", None, Transient, _LOCKED, f"{STATUS_CODE}; jsforce/jsforce#1018, datacite/datacite#1461"),
    Row("SERVER_UNAVAILABLE", None, Transient, _BUSY, f"{EXCEPTION_CODE}; {_REST}: 503"),
    Row("SERVICE_UNAVAILABLE", None, Transient, _BUSY, STATUS_CODE),
    Row("ORG_IN_MAINTENANCE", None, Transient, _BUSY, EXCEPTION_CODE),
    Row("FUNCTIONALITY_TEMPORARILY_UNAVAILABLE", None, Transient, _BUSY, EXCEPTION_CODE),
    Row("INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", None, Transient,
        "takes no writes during its maintenance", STATUS_CODE),
    Row("QUERY_TIMEOUT", None, Transient, "took too long for the query", STATUS_CODE),
    Row("REQUEST_RUNNING_TOO_LONG", None, Transient, "took too long for the request", STATUS_CODE),
    Row("ALREADY_IN_PROCESS", None, Transient, "is still busy with this record", STATUS_CODE),
    # of one record: it was not written; as the answer of a whole call the STATUSES decide, for the work may be done
    Row("UNKNOWN_EXCEPTION", None, Transient, "had an error of its own at this record", STATUS_CODE),
    # quota: the rolling 24 hours, against a burst of long-running calls
    Row("REQUEST_LIMIT_EXCEEDED", r"Concurrent", RateLimited, TOO_MANY, f"{EXCEPTION_CODE}; API Request Limits"),
    Row("REQUEST_LIMIT_EXCEEDED", None, RateLimited, "has no calls left for today",
        f"{EXCEPTION_CODE}; API Request Limits: TotalRequests"),
    Row("LIMIT_EXCEEDED", r"(?i)\bdaily\b|24.hour", RateLimited, "has no allowance left for today",
        f"assumed: {STATUS_CODE} tells only of lists that are too long"),
    Row("LIMIT_EXCEEDED", None, Rejected, "finds too many things in one call", f"{STATUS_CODE}: an array is too long"),
    Row("EXCEEDED_ID_LIMIT", None, Rejected, "finds too many records in one call", EXCEPTION_CODE),
    Row("STORAGE_LIMIT_EXCEEDED", None, Rejected, "has no storage left", STATUS_CODE),
    # the record itself is fine: the whole call was taken back
    Row("ALL_OR_NONE_OPERATION_ROLLED_BACK", None, Transient, "took the whole call back",
        f"{STATUS_CODE}; jsforce, test/connection-crud.test.ts"),
    Row("PROCESSING_HALTED", None, Transient, _ALONE, f"{STATUS_CODE}; REST API guide, Composite Graph"),
    Row("BATCH_PROCESSING_HALTED", None, Transient, _ALONE, f"{EXCEPTION_CODE}; REST API guide, Composite Batch: 412"),
    # conflict
    Row("PRECONDITION_FAILED", None, VersionConflict, _NEWER, "REST API guide, Conditional Request Headers: 412"),
    Row("ENTITY_FAILED_IFLASTMODIFIED_ON_UPDATE", None, VersionConflict, _NEWER, STATUS_CODE),
    Row("DUPLICATE_VALUE", None, AlreadyExists, "has a record with this unique value already",
        f"{STATUS_CODE}; funraise/Funraise-Salesforce#40"),
    Row("DUPLICATE_EXTERNAL_ID", None, AlreadyExists, "has several records with this external id", STATUS_CODE),
    Row("DUPLICATES_DETECTED", None, AlreadyExists, "has a similar record already (a duplicate rule)",
        f"{STATUS_CODE}; omniphx/forrest#176"),
    Row("DUPLICATE_DEVELOPER_NAME", None, AlreadyExists, "has something of this name already", STATUS_CODE),
    Row("ENTITY_IS_LOCKED", None, Rejected, _HELD, STATUS_CODE),
    Row("RECORD_LOCKED", None, Rejected, _HELD, STATUS_CODE),
    # gone
    Row("ENTITY_IS_DELETED", None, NotFound, "has deleted the record", STATUS_CODE),
    Row("NOT_FOUND", None, NotFound, "does not have this record",
        f"{STATUS_CODE}; restforce, spec/fixtures/sobject/sobject_find_error_response.json"),
    # dependency
    Row("INVALID_CROSS_REFERENCE_KEY", None, MissingReference, "does not have a record that this one refers to",
        STATUS_CODE),
    Row("INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", None, MissingReference, "hides a record this one refers to",
        STATUS_CODE),
    Row("INVALID_FIELD", r"Foreign key external ID", MissingReference, "does not have a record this one refers to",
        f"{STATUS_CODE}; its text assumed"),
    Row("STANDARD_PRICE_NOT_DEFINED", None, MissingReference, "wants a price in the standard price book first",
        STATUS_CODE),
    # permanent, the data
    Row("REQUIRED_FIELD_MISSING", None, Rejected, "wants a value that is missing", STATUS_CODE),
    Row("MISSING_ARGUMENT", None, Rejected, "wants an id or a key that is missing", STATUS_CODE),
    Row("STRING_TOO_LONG", None, Rejected, "refuses a value that is too long", STATUS_CODE),
    Row("NUMBER_OUTSIDE_VALID_RANGE", None, Rejected, "refuses a number outside the field's range", STATUS_CODE),
    Row("INVALID_EMAIL_ADDRESS", None, Rejected, "refuses the e-mail address", STATUS_CODE),
    Row("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", None, Rejected, "does not know this choice", STATUS_CODE),
    Row("INVALID_TYPE_ON_FIELD_IN_RECORD", None, Rejected, "refuses a value of the wrong type", STATUS_CODE),
    Row("INVALID_STATUS", None, Rejected, "does not go to this status from where it is", f"{STATUS_CODE}; {_ORDERS}"),
    Row("FAILED_ACTIVATION", None, Rejected, "does not activate the order", f"{STATUS_CODE}; {_ORDERS}"),
    Row("FIELD_CUSTOM_VALIDATION_EXCEPTION", None, Rejected, "refuses the record by a validation rule of the org",
        STATUS_CODE),
    Row("FIELD_FILTER_VALIDATION_EXCEPTION", None, Rejected, "refuses the record by a lookup filter of the org",
        STATUS_CODE),
    Row("FIELD_INTEGRITY_EXCEPTION", None, Rejected, "refuses a value that does not fit the others", STATUS_CODE),
    # waits as for a missing record: the one that stands in the way may be moved by the next write
    Row("CIRCULAR_DEPENDENCY", None, MissingReference, "refuses a record above itself until the other one is moved",
        STATUS_CODE),
    Row("INACTIVE_OWNER_OR_USER", None, Rejected, "refuses an owner who is no longer active", STATUS_CODE),
    Row("CANNOT_UPDATE_CONVERTED_LEAD", None, Rejected, "never changes a lead that was converted", STATUS_CODE),
    Row("DELETE_FAILED", None, Rejected, _IN_USE, STATUS_CODE),
    Row("DEPENDENCY_EXISTS", None, Rejected, _IN_USE, STATUS_CODE),
    Row("UNDELETE_FAILED", None, Rejected, "does not bring this record back", STATUS_CODE),
    Row("MALFORMED_ID", None, Rejected, "refuses an id that is none",
        f"{STATUS_CODE}; StevenMMortimer/salesforcer#136"),
    Row("JSON_PARSER_ERROR", None, Rejected, "cannot read one of the values", EXCEPTION_CODE),
    # permanent, the configuration
    Row("INVALID_FIELD", None, Rejected, "does not have, or show us, one of the fields",
        f"{STATUS_CODE}; restforce, spec/fixtures/sobject/write_error_response.json"),
    Row("INVALID_FIELD_FOR_INSERT_UPDATE", None, Rejected, "does not let us write one of the fields", STATUS_CODE),
    Row("INVALID_FULL_NAME", None, Rejected, "does not accept this as a name", "assumed: Tooling API"),
    Row("INVALID_TYPE", None, NotFound, "does not have, or show us, this object", STATUS_CODE),
    Row("INSUFFICIENT_ACCESS_OR_READONLY", None, PermissionDenied, "does not let the user do this", STATUS_CODE),
    Row("INSUFFICIENT_ACCESS", None, PermissionDenied, "does not let the user do this", STATUS_CODE),
    Row("TXN_SECURITY_NO_ACCESS", None, PermissionDenied, "forbids this by a security policy", STATUS_CODE),
    # what the code of the org did: it may have met the lock of another
    Row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED,
        f"{STATUS_CODE}; SFDO-Community/declarative-lookup-rollup-summaries#847"),
    Row("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", None, Rejected, _TRIGGER, STATUS_CODE),
    Row("CANNOT_EXECUTE_FLOW_TRIGGER", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED,
        f"{STATUS_CODE}; its text as that of a trigger, assumed"),
    Row("CANNOT_EXECUTE_FLOW_TRIGGER", None, Rejected, _TRIGGER, STATUS_CODE),
    Row("APEX_ERROR", r"UNABLE_TO_LOCK_ROW", Transient, _LOCKED, "assumed: Apex REST, as a trigger"),
    Row("APEX_ERROR", None, Rejected, "refuses the record by code of the org", "assumed: Apex REST"),
    Row("FUNCTIONALITY_NOT_ENABLED", None, Unsupported, "has this switched off", STATUS_CODE),
    Row("API_VERSION_NOT_SUPPORTED", None, Unsupported, "does not know this version of the API",
        "assumed: as the next"),
    Row("UNSUPPORTED_API_VERSION", None, Unsupported, "does not know this version of the API", EXCEPTION_CODE),
    Row("METHOD_NOT_ALLOWED", None, Unsupported, "does not know this call", f"{STATUS_CODE}; {_REST}: 405"),
    Row("MALFORMED_QUERY", None, Unsupported, "does not understand the query", EXCEPTION_CODE),
    Row("INVALID_QUERY_FILTER_OPERATOR", None, Unsupported, "does not filter by this field in this way",
        EXCEPTION_CODE),
    Row("INVALID_INPUT", None, Rejected, _ASKED, STATUS_CODE),
    Row("INVALID_HEADER", None, Rejected, _ASKED, "assumed: REST API guide, Headers"),
    # jobs of the Bulk API 2.0
    Row("INVALIDENTITY", None, Unsupported, "does not take this object as a bulk job", "airbytehq/airbyte#8206"),
    Row("INVALIDJOB", None, Unsupported, "does not take this bulk job", "jsforce/jsforce#186"),
    Row("INVALIDJOBSTATE", None, Rejected, "is past this step of the bulk job", "restforce/restforce#905"),
    Row("INVALIDCONTENTTYPE", None, Unsupported, _ASKED, "assumed: as a collection that is no JSON"),
    Row("PAYLOAD_TOO_LARGE", None, Rejected, "finds the rows of a bulk job too large",
        f"assumed: {_REST}: 413; at most 150 MB"),
    Row("InvalidBatch", r"Field name not found", Rejected, "does not have, or show us, one of the fields",
        "jsforce/jsforce#688, msrivastav13/node-sf-bulk2#17"),
    Row("InvalidBatch", None, Rejected, "cannot read the rows of a bulk job",
        "simple-salesforce/simple-salesforce#717"),
    # positions
    Row("INVALID_REPLICATION_DATE", None, CursorExpired, "no longer knows the deletes since then", EXCEPTION_CODE),
    Row("INVALID_QUERY_LOCATOR", None, Transient, "has dropped a half-read list",
        f"{STATUS_CODE}; help.salesforce.com 000384958"),
)  # fmt: skip

_OWN = "had an error of its own (HTTP {status})"
_PAGE = "answered with a page instead of data (HTTP {status}): is the address right, and is the org up?"
_JSFORCE = "jsforce, test/http-api.test.ts"

STATUSES: Final[tuple[StatusRow, ...]] = (
    StatusRow(401, 401, AuthFailed, AuthFailed, "refuses the session, a fresh one too", f"{_REST}: 401"),
    StatusRow(403, 403, PermissionDenied, PermissionDenied, "does not permit this", f"{_REST}: 403"),
    StatusRow(404, 404, NotFound, NotFound, "does not have this", f"{_REST}: 404"),
    StatusRow(405, 405, Unsupported, Unsupported, "does not know this call", f"{_REST}: 405"),
    StatusRow(412, 412, VersionConflict, VersionConflict, _NEWER, f"{_REST}: 412"),
    StatusRow(414, 414, Unsupported, Unsupported, "finds the query too long", f"{_REST}: 414"),
    StatusRow(420, 420, Transient, Transient, "cannot be reached at the moment", f"{_JSFORCE}: 420"),
    StatusRow(431, 431, Unsupported, Unsupported, "finds the query too long", f"{_REST}: 431"),
    StatusRow(503, 503, Transient, Transient, _BUSY, f"{_REST}: 503"),
    StatusRow(500, 599, Transient, InDoubt, _OWN, f"{_REST}: 500: the work may be done although the answer failed"),
)  # fmt: skip
"""Answers with a code that TABLE does not have; any other status is then final, for a person to look at."""

PAGES: Final[tuple[StatusRow, ...]] = (
    # without a code of the application, "not found" and "forbidden" are a proxy's words, not the record's state
    StatusRow(403, 404, Transient, Transient, _PAGE, f"{_JSFORCE}: 404 with a page"),
    *STATUSES,
    StatusRow(300, 499, Transient, Transient, _PAGE, "assumed: what stands in front refused the call"),
    StatusRow(200, 299, Transient, InDoubt, _PAGE, "assumed: what stands in front may have let the write pass"),
)  # fmt: skip
"""Answers without any code: pages where data was expected."""

_OAUTH = "RFC 6749 5.2"
_REFUSED = "refuses the credentials of the log-in"
_NO_LOGIN = "could not take the log-in"
LOGIN: Final[tuple[Row, ...]] = (
    Row(None, r"(?i)rate exceeded", RateLimited, "asks for fewer log-ins", "SOAP API guide, login(): login rate limit"),
    # "retry your request"
    Row("unknown_error", None, Transient, _NO_LOGIN, "Salesforce help, OAuth error codes"),
    Row("server_error", None, Transient, _NO_LOGIN, "RFC 6749 4.1.2.1"),
    Row("temporarily_unavailable", None, Transient, _NO_LOGIN, "RFC 6749 4.1.2.1"),
    Row("invalid_client", None, AuthFailed, _REFUSED, _OAUTH),
    Row("invalid_client_id", None, AuthFailed, _REFUSED, "Salesforce help, OAuth error codes"),
    Row("invalid_grant", None, AuthFailed, _REFUSED, f"{_OAUTH}; restforce, spec/fixtures/auth_error_response.json"),
    Row("unauthorized_client", None, AuthFailed, _REFUSED, _OAUTH),
    Row("unsupported_grant_type", None, AuthFailed, _REFUSED, _OAUTH),
    Row("invalid_scope", None, AuthFailed, _REFUSED, _OAUTH),
    Row("invalid_request", None, AuthFailed, _REFUSED, _OAUTH),
    Row("", None, Transient, _NO_LOGIN, "assumed: a page, something in front of the log-in answered"),
    Row(None, None, AuthFailed, _REFUSED, f"{_OAUTH}: no other code says that it passes"),
)  # fmt: skip
"""Answers of the token endpoint ({"error", "error_description"}); the code "" stands for an answer without one."""

UNNAMED: Final = Row(None, None, Rejected, "refuses the record", "a code without a row is final: a person looks at it")
