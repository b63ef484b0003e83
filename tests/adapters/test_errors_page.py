"""docs/reference/errors.md is what the tables say, and what it says of the engine is so."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.adapters.errors_page import NEXT, PAGE, page

from bridge.engine.outbox.reaction import after_error
from bridge.engine.runtime import Pace
from bridge.ports import errors
from bridge.ports.work import OutboxEntry
from bridge.transport.answers import FAULTS, STATUSES, fault_row, shown_code

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/adapters/errors_page.py"


def test_every_class_is_on_the_page() -> None:
    ours = {cls for cls in errors.all_errors() if cls.__module__ == errors.__name__} - {errors.BridgeError}
    assert set(NEXT) == ours


def test_the_readme_leads_to_the_page() -> None:
    assert "(docs/reference/errors.md)" in (PAGE.parents[2] / "README.md").read_text(encoding="utf-8")


STATES: dict[type[errors.BridgeError], str] = {
    errors.Transient: "waiting",
    errors.RateLimited: "waiting",
    errors.AuthFailed: "waiting",
    errors.KeyFieldMissing: "waiting",
    errors.AdapterBroken: "waiting",
    errors.PermissionDenied: "dead",
    errors.VersionConflict: "pending",
    errors.InDoubt: "in_doubt",
    errors.MissingReference: "held",
    errors.AlreadyExists: "dead",
    errors.NotFound: "dead",
    errors.NoSuchObject: "dead",
    errors.Rejected: "dead",
    errors.Unsupported: "dead",
    errors.MappingError: "dead",
}


@pytest.mark.parametrize(("cls", "state"), STATES.items(), ids=[cls.__name__ for cls in STATES])
def test_what_the_page_says_of_the_outbox_is_so(cls: type[errors.BridgeError], state: str) -> None:
    entry = OutboxEntry(id=1, system="crm", entity="customer", golden_id="g", state="leased", rev=1, created_at=NOW)
    settled = after_error(entry, cls("x", system="crm"), NOW, Pace(), lambda attempts: 1.0)
    assert settled.state == state
    # waits, stands aside or is looked up without an attempt; an attempt is counted where a record failed or is final
    assert settled.count_attempt is (NEXT[cls][1] in ("final", "of a record yes, of a system no"))


def test_the_shared_rows_have_sources_and_the_last_takes_all() -> None:
    assert all(len(row.source) > 5 for row in (*STATUSES, *FAULTS))
    assert FAULTS[-1].text is None
    assert FAULTS[-1].fault in FAULTS[0].fault.__mro__


@pytest.mark.parametrize(
    ("text", "writing"),
    [
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed certificate", errors.Transient),
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)", errors.Transient),
        ("[SSL: SSLV3_ALERT_HANDSHAKE_FAILURE] sslv3 alert handshake failure", errors.Transient),
        # after the handshake: the write was sent, and may have been carried out
        ("EOF occurred in violation of protocol (_ssl.c:2427)", errors.InDoubt),
        ("[SSL: DECRYPTION_FAILED_OR_BAD_RECORD_MAC] decryption failed or bad record mac", errors.InDoubt),
    ],
)
def test_tls_that_breaks_after_the_handshake_leaves_a_write_in_doubt(text: str, writing: type[Exception]) -> None:
    from requests.exceptions import SSLError

    assert fault_row(SSLError(text)).writing is writing


@pytest.mark.parametrize("code", ["", "Jane Doe", "jane@example.com", "4711", "x" * 200, "<b>X</b>", "A\nB"])
def test_a_code_that_is_no_name_is_not_shown(code: str) -> None:
    assert shown_code(code) == "unknown"
    assert shown_code("odoo.exceptions.UserError") == "odoo.exceptions.UserError"
