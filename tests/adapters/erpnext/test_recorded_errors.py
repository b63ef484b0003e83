"""Every error that was recorded from a real ERPNext, read by the adapter's own client and judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.adapters.erpnext.recordings import load, needs_recordings, numbers
from tests.adapters.replaying import Replay, recordings_of, replaying, values_of

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.errors import Naming, answered
from bridge.adapters.erpnext.errors_table import PAGES, TABLE, Row, look_up
from bridge.adapters.erpnext.settings import load as settings
from bridge.ports import errors
from bridge.transport.answers import STATUSES, StatusRow, status_row

EXPECTED: dict[type[errors.BridgeError], str] = {
    errors.AuthFailed: "004 006 007 012 016 018 019 020 292 411",
    errors.PermissionDenied: "008 009 010 034 099 103 126 226 264 265 315",
    errors.RateLimited: "352 353",
    # an unknown site, a request line that is too long, maintenance, locks
    errors.Transient: "021 252 355 356 357 358",
    # 024, 102: an unknown route says the same as an unknown document; 159, 162: a link target of an order
    errors.NotFound: "024 025 060 063 078 079 098 102 159 162 286",
    errors.AlreadyExists: "038 110 148 193 195 407",
    errors.VersionConflict: "068 070 084 085 199 285",
    errors.MissingReference: "042 091 114 116 132 163 304 406",
    errors.Rejected: "033 043 044 045 046 048 049 050 054 074 080 088 093 096 100 118 134 135 142 150 156 157 158 160 "
    "164 166 177 180 181 182 184 189 192 210 211 212 213 214 216 217 218 220 258 259 260 261 295 297 302 303 309 310 "
    "338 375 376 377 379 386 409 410",
}
CLASS_OF = {number: cls for cls, listed in EXPECTED.items() for number in listed.split()}


def answer(number: str) -> dict[str, Any] | None:
    """The recorded answer where it is an error."""
    response = load(number).get("response")
    return response if isinstance(response, dict) and response.get("status", 0) >= 400 else None


def row_of(number: str) -> Row | StatusRow | None:
    """The row for a recorded answer."""
    recorded = answer(number)
    assert recorded is not None, number
    status, body = recorded["status"], recorded["body"]
    shared = status_row(STATUSES, status)
    if shared is not None or not isinstance(body, dict):
        return shared or status_row(PAGES, status)
    return look_up(status, *answered(status, body))


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with replaying() as server:
        yield server


def error_of(replay: Replay, number: str, naming: Naming) -> errors.BridgeError:
    """What the client makes of a recorded answer to a write."""
    client = Client("fin", settings("fin", {"url": replay.url, "api_key": "k", "api_secret": "s"}))
    recorded = answer(number)
    assert recorded is not None
    replay.answer = recorded
    with pytest.raises(errors.BridgeError) as raised:
        client.method("frappe.client.insert_many", {}, writing=True, naming=naming)
    client.session.close()
    return raised.value


def test_every_row_has_a_source() -> None:
    assert [row for row in (*TABLE, *PAGES, *STATUSES) if len(row.source) < 6] == []


@needs_recordings
def test_every_recorded_error_is_expected_to_be_something() -> None:
    assert {number for number in numbers() if answer(number)} == set(CLASS_OF)


@needs_recordings
@pytest.mark.parametrize("number", sorted(CLASS_OF))
def test_the_client_makes_of_a_recorded_answer_what_it_means(replay: Replay, number: str) -> None:
    ours = Naming(labels={"Any": "any"}, records=frozenset({"any"}))  # whatever is missing may be on its way
    assert type(error_of(replay, number, ours)) is CLASS_OF[number]


@needs_recordings
@pytest.mark.parametrize("number", sorted(CLASS_OF))
def test_a_recorded_error_is_told_without_a_value_of_the_request(replay: Replay, number: str) -> None:
    error = error_of(replay, number, Naming(labels={"Customer Name": "customer_name"}))
    told = f"{error} {error.vendor_code}"
    sent = {value for value in values_of(load(number)) if len(value) > 3 and not value.startswith(("Sales ", "Stock "))}
    assert [value for value in sent - PLAIN if value in told] == []


PLAIN = {"Customer", "Contact", "Address", "Item", "Company", "Delivery Note", "Custom Field"}
"""Names of doctypes are no values."""


@needs_recordings
@pytest.mark.parametrize("row", [*TABLE, *PAGES, *STATUSES], ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_row_is_what_its_recordings_show(row: Row | StatusRow) -> None:
    for recording in recordings_of(row.source):
        assert row_of(recording.removeprefix("ERPNext 15/")) is row, recording


@needs_recordings
def test_every_recorded_error_is_the_source_of_a_row() -> None:
    named = {
        one.removeprefix("ERPNext 15/") for row in (*TABLE, *PAGES, *STATUSES) for one in recordings_of(row.source)
    }
    assert named == set(CLASS_OF)
