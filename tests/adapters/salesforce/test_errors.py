"""The table: class, fields and discretion."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Any

import pytest

from bridge.adapters.salesforce.errors import complaints, login_refusal, refusal, row_error, session_refused
from bridge.adapters.salesforce.errors_table import EXCEPTION_CODE, LOGIN, PAGES, STATUS_CODE, STATUSES, TABLE, Row
from bridge.ports import errors as e

PRIVATE = "Jane Doe 47"


def _body(code: str, text: str = PRIVATE, *fields: str) -> list[dict[str, Any]]:
    return [{"message": text, "errorCode": code, "fields": list(fields)}]


@pytest.mark.parametrize(
    ("status", "code", "text", "error"),
    [
        (401, "INVALID_SESSION_ID", "Session expired or invalid", e.AuthFailed),
        (403, "API_CURRENTLY_DISABLED", "API is disabled for this User", e.AuthFailed),
        (403, "API_CURRENTLY_DISABLED", "", e.Transient),
        (400, "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "", e.Transient),
        (400, "LIMIT_EXCEEDED", "Cannot have more than 25 subrequests", e.Rejected),
        (400, "CANNOT_EXECUTE_FLOW_TRIGGER", "flow: UNABLE_TO_LOCK_ROW", e.Transient),
        (400, "APEX_ERROR", "UNABLE_TO_LOCK_ROW", e.Transient),
        (400, "UNABLE_TO_LOCK_ROW", "", e.Transient),
        (500, "UNABLE_TO_LOCK_ROW", "", e.Transient),
        (503, "SERVER_UNAVAILABLE", "", e.Transient),
        (403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", e.RateLimited),
        (403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded.", e.RateLimited),
        (500, "UNKNOWN_EXCEPTION", "An unexpected error occurred", e.InDoubt),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trg: UNABLE_TO_LOCK_ROW, unable", e.Transient),
        (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Trg: no such discount", e.Rejected),
        (400, "INVALID_FIELD", "Foreign key external ID: k not found for field Ext__c", e.MissingReference),
        (400, "INVALID_FIELD", "No such column 'x' on entity 'Account'", e.Rejected),
        (404, "ENTITY_IS_DELETED", "entity is deleted", e.NotFound),
        (404, "NOT_FOUND", "The requested resource does not exist", e.NotFound),
        (412, "PRECONDITION_FAILED", "", e.VersionConflict),
        (400, "STRING_TOO_LONG", PRIVATE, e.Rejected),
        (400, "DUPLICATE_VALUE", "", e.AlreadyExists),
        (403, "INSUFFICIENT_ACCESS_OR_READONLY", "", e.PermissionDenied),
        (400, "INVALID_REPLICATION_DATE", "", e.CursorExpired),
        (400, "SOMETHING_NEW", "", e.Rejected),
    ],
)
def test_a_refused_write(status: int, code: str, text: str, error: type[e.BridgeError]) -> None:
    refused = refusal(status, _body(code, text), system="crm", writing=True)
    assert type(refused) is error
    assert refused.vendor_code == code
    assert PRIVATE not in str(refused)


def test_a_refused_read_is_about_the_mapping_not_about_a_record() -> None:
    assert type(refusal(400, _body("INVALID_FIELD"), system="crm", writing=False)) is e.Unsupported
    assert type(refusal(500, _body("UNKNOWN_EXCEPTION"), system="crm", writing=False)) is e.Transient


def test_the_day_s_allowance_is_told_from_a_burst() -> None:
    day = refusal(403, _body("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), system="crm", writing=False)
    burst = refusal(403, _body("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests Limit"), system="crm", writing=False)
    assert isinstance(day, e.RateLimited)
    assert isinstance(burst, e.RateLimited)
    assert (day.quota, burst.quota) == (True, False)


def test_a_row_s_error_names_fields_and_no_value() -> None:
    row = complaints([{"statusCode": "STRING_TOO_LONG", "message": f"Phone: {PRIVATE}", "fields": ["Phone", PRIVATE]}])
    error = row_error(row, system="crm")
    assert isinstance(error, e.Rejected)
    assert error.fields == ("Phone",)
    assert "Phone" in str(error)
    assert PRIVATE not in str(error) + repr(error) + repr(row)


def test_a_duplicate_names_the_other_record() -> None:
    text = "duplicate value found: VAT__c duplicates value on record with id: 001000000000001AAA"
    error = row_error(complaints([{"statusCode": "DUPLICATE_VALUE", "message": text, "fields": []}]), system="crm")
    assert isinstance(error, e.AlreadyExists)
    assert error.native_id == "001000000000001AAA"


def test_a_refusal_without_reasons_is_final() -> None:
    assert type(row_error([], system="crm")) is e.Rejected


@pytest.mark.parametrize("status", [400, 403, 404, 420, 503])
def test_a_page_without_a_code_says_nothing_about_a_record(status: int) -> None:
    assert type(refusal(status, None, system="crm", writing=True)) is e.Transient


def test_an_object_for_a_body_is_understood() -> None:
    body = {"message": "x", "errorCode": "INVALID_SESSION_ID"}
    assert session_refused(403, body)
    assert session_refused(401, None)
    assert not session_refused(403, _body("REQUEST_LIMIT_EXCEEDED"))


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"error": "invalid_client", "error_description": PRIVATE}, e.AuthFailed),
        (400, {"error": "invalid_grant", "error_description": "user hasn't approved this consumer"}, e.AuthFailed),
        (400, {"error": "invalid_grant", "error_description": "login rate exceeded"}, e.RateLimited),
        (400, {"error": "unknown_error", "error_description": "retry your request"}, e.Transient),
        (503, None, e.Transient),
        (403, None, e.Transient),
    ],
)
def test_a_refused_log_in(status: int, body: Any, error: type[e.BridgeError]) -> None:
    refused = login_refusal(status, body, system="crm")
    assert type(refused) is error
    assert PRIVATE not in str(refused)


@pytest.mark.parametrize("table", [TABLE, LOGIN], ids=["calls", "log-ins"])
def test_no_row_is_hidden_by_one_before(table: tuple[Row, ...]) -> None:
    seen: set[str | None] = set()
    for row in table:
        assert row.code not in seen, f"{row.code} stands behind a row that takes all its texts"
        if row.text is None:
            seen.add(row.code)


def test_an_error_of_the_server_s_own_at_one_record_is_not_final() -> None:
    (first,) = complaints([{"statusCode": "UNKNOWN_EXCEPTION", "message": PRIVATE, "fields": []}])
    assert type(row_error([first], system="crm")) is e.Transient


@pytest.mark.parametrize("code", ["Jane Doe 47", "x" * 200, "jane@example.com"])
def test_a_code_that_is_no_name_is_not_shown(code: str) -> None:
    assert refusal(400, _body(code), system="crm", writing=True).vendor_code == "unknown"
    assert login_refusal(400, {"error": code}, system="crm").vendor_code == "unknown"


def test_every_row_has_a_source() -> None:
    assert [row for row in (*TABLE, *LOGIN, *STATUSES, *PAGES) if len(row.source) < 6] == []


def test_every_code_that_is_said_to_be_in_the_wsdl_is_there() -> None:
    """simple-salesforce ships the metadata WSDL of Salesforce: its StatusCode is what the source names."""
    wsdl = (files("simple_salesforce") / "metadata.wsdl").read_text(encoding="utf-8")
    (kind,) = re.findall(r'<xsd:simpleType name="StatusCode">(.*?)</xsd:simpleType>', wsdl, re.DOTALL)
    listed = set(re.findall(r'enumeration value="(\w+)"', kind))
    assert len(listed) > 500
    assert [row.code for row in TABLE if row.source.startswith(STATUS_CODE) and row.code not in listed] == []
    assert [row.code for row in TABLE if row.source.startswith(EXCEPTION_CODE) and row.code in listed] == []
