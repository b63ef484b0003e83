"""The table of errors, and what an error may say. Recorded answers through the client: test_recorded_errors."""

from __future__ import annotations

import re
from typing import Any

import pytest
from tests.adapters.odoo.recordings import VERSIONS, load, names, needs_recordings

from bridge.adapters.odoo.errors import exception_error, load_error, status_error
from bridge.adapters.odoo.errors_table import TABLE
from bridge.ports import errors


def error_of(name: str) -> tuple[errors.BridgeError, str] | None:
    """Our error for a recorded answer, and what Odoo said; None where it was no error."""
    response = load(name).get("response")
    if not isinstance(response, dict) or "status" not in response:
        return None
    body, status = response.get("body"), response["status"]
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        data = body["error"].get("data") or {}
        said = str(data.get("message") or "")
        return exception_error(str(data.get("name") or ""), said, system="erp"), said
    if status >= 400:
        said = str(body.get("message") if isinstance(body, dict) else body)
        return status_error(status, body, system="erp", writing=False), said
    return None


def messages_of(name: str) -> list[dict[str, Any]]:
    """The messages of a recorded import."""
    found: list[dict[str, Any]] = load(name)["response"]["body"]["result"]["messages"]
    return found


@needs_recordings
@pytest.mark.parametrize("name", names())
def test_no_recorded_refusal_is_quoted(name: str) -> None:
    found = error_of(name)
    if found is None:
        return
    error, said = found
    told = str(error)
    assert "<" not in told
    assert len(said) < 8 or said not in told
    assert not [value for value in re.findall(r"['\"]([^'\"]{4,})['\"]", said) if value in told]


@needs_recordings
@pytest.mark.parametrize("version", VERSIONS)
def test_the_messages_of_an_import_have_their_class(version: str) -> None:
    unknown_country, nameless = messages_of(f"{version}/178")
    reference = load_error(unknown_country, system="erp", fields=("country_id",))
    assert isinstance(reference, errors.MissingReference)
    assert reference.fields == ("country_id",)
    assert "Nosuchland" not in str(reference)
    assert load_error(nameless, system="erp").message == "wants a name"
    (gone,) = messages_of(f"{version}/182")
    assert type(load_error(gone, system="erp", fields=(".id",))) is errors.NotFound
    (boolean,) = messages_of(f"{version}/183")
    assert type(load_error(boolean, system="erp", fields=("is_company",))) is errors.Rejected


@needs_recordings
def test_a_lost_race_inside_an_import_may_be_sent_again() -> None:
    losers = [one["result"]["messages"] for one in load("19/373")["response"]["results"] if not one["result"]["ids"]]
    assert len(losers) == 3
    for (message,) in losers:
        assert type(load_error(message, system="erp")) is errors.Transient


@pytest.mark.parametrize(
    "name",
    [
        "psycopg2.OperationalError",
        "psycopg2.InterfaceError",
        "psycopg2.errors.AdminShutdown",
        "psycopg2.errors.TooManyConnections",
        "psycopg2.errors.SerializationFailure",
        "psycopg2.errors.DeadlockDetected",
        "psycopg2.errors.LockNotAvailable",
        "odoo.exceptions.LockError",
    ],
)
def test_what_passes_by_itself_is_transient(name: str) -> None:
    assert type(exception_error(name, "terminating connection", system="erp")) is errors.Transient


def test_an_exception_without_a_row_is_final_and_named() -> None:
    error = exception_error("odoo.addons.x.Strange", "jane@example.com", system="erp")
    assert type(error) is errors.Rejected
    assert str(error) == "erp: refuses the call [odoo.addons.x.Strange]"


def test_a_database_lost_in_the_middle_leaves_a_write_in_doubt() -> None:
    said = ("psycopg2.OperationalError", "server closed the connection unexpectedly")
    assert type(exception_error(*said, system="erp", writing=True)) is errors.InDoubt
    assert type(exception_error(*said, system="erp")) is errors.Transient


@pytest.mark.parametrize("name", ["Jane Doe", "jane@example.com", "x" * 200, "<b>odoo</b>"])
def test_a_name_that_is_none_is_not_shown(name: str) -> None:
    assert exception_error(name, "", system="erp").vendor_code == "unknown"


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_server_error_without_a_name_leaves_a_write_in_doubt(status: int) -> None:
    assert isinstance(status_error(status, None, system="erp", writing=True), errors.InDoubt)
    assert type(status_error(status, None, system="erp", writing=False)) is errors.Transient


def test_the_name_in_the_body_goes_before_the_status() -> None:
    body = {"name": "odoo.exceptions.ValidationError", "message": "You cannot create recursive Partner hierarchies."}
    error = status_error(500, body, system="erp", writing=True)
    assert type(error) is errors.MissingReference, "the other record may be moved by the next write"
    assert error.message.startswith("refuses a record above itself")


def test_no_row_of_the_table_is_shadowed_by_one_above() -> None:
    seen: set[tuple[str, str | None]] = set()
    for row in TABLE:
        assert (row.name, row.text) not in seen
        assert (row.name, None) not in seen
        seen.add((row.name, row.text))
