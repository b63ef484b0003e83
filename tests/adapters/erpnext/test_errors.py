"""The table of errors, and what an error may say. Recorded answers through the client: test_recorded_errors."""

from __future__ import annotations

import pytest
from tests.adapters.erpnext.recordings import load, needs_recordings, numbers

from bridge.adapters.erpnext.errors import Naming, named_paths, not_json, refusal, scrub
from bridge.adapters.erpnext.errors_table import TABLE
from bridge.ports import errors

SECRET = "Jane Doe"


def error_of(number: str, naming: Naming | None = None) -> errors.BridgeError:
    recorded = load(number)["response"]
    return refusal(recorded["status"], recorded["body"], system="fin", writing=True, naming=naming or Naming())


@needs_recordings
@pytest.mark.parametrize("number", numbers())
def test_every_recorded_refusal_is_an_error_without_the_values_sent(number: str) -> None:
    recorded = load(number)
    if not isinstance(recorded.get("response"), dict) or recorded["response"]["status"] < 400:
        return
    body = recorded["request"]["body"]
    sent = [str(value) for value in body.values() if isinstance(value, str)] if isinstance(body, dict) else []
    naming = Naming(hidden=tuple(value for value in sent if len(value) > 1))
    told = str(error_of(number, naming))
    assert not [value for value in naming.hidden if len(value) > 8 and value in told]
    assert "<" not in told


@needs_recordings
@pytest.mark.parametrize(
    ("number", "path"),
    [("043", "customer_name"), ("044", "customer_type"), ("045", "customer_name"), ("046", "tax_id")],
)
def test_a_refusal_names_the_field(number: str, path: str) -> None:
    labels = {"Customer Name": "customer_name", "Customer Type": "customer_type", "Tax ID": "tax_id", "Name": "x"}
    error = error_of(number, Naming(labels=labels, names={"customer_name": "customer_name"}))
    assert isinstance(error, errors.Rejected)
    assert path in error.fields


@needs_recordings
def test_a_missing_link_waits_only_where_the_other_record_is_one_of_ours() -> None:
    labels = {"Link Name": "links.Customer", "Territory": "territory", "Customer Group": "customer_group"}
    ours = Naming(labels=labels, records=frozenset({"links.Customer"}))
    assert isinstance(error_of("116", ours), errors.MissingReference)
    other = error_of("042", ours)
    assert not isinstance(other, errors.MissingReference)
    assert isinstance(other, errors.Rejected)
    assert set(other.fields) == {"territory", "customer_group"}


def test_hidden_tracebacks_leave_the_class() -> None:
    body = {"exc_type": "TimestampMismatchError", "_server_messages": "[]"}
    assert isinstance(refusal(417, body, system="fin", writing=True), errors.VersionConflict)


def test_no_row_is_hidden_by_one_before() -> None:
    seen: set[tuple[int | None, str | None]] = set()
    for row in TABLE:
        assert not {(row.status, row.exc_type), (row.status, None)} & seen, f"{row.status} {row.exc_type}"
        if row.text is None:
            seen.add((row.status, row.exc_type))


def test_a_deadlock_may_be_sent_again() -> None:
    body = {"exc_type": "QueryDeadlockError"}
    assert type(refusal(500, body, system="fin", writing=True)) is errors.Transient


@pytest.mark.parametrize("status", [200, 500])
def test_a_page_in_place_of_an_answer_leaves_a_write_in_doubt(status: int) -> None:
    assert isinstance(not_json(status, system="fin", writing=True), errors.InDoubt)
    assert isinstance(not_json(status, system="fin", writing=False), errors.Transient)


def test_messages_of_a_strange_form_do_not_hide_the_refusal() -> None:
    for messages in ("not json", '["not json"]', "[1]", 7):
        body = {"exc_type": "ValidationError", "_server_messages": messages}
        assert isinstance(refusal(417, body, system="fin", writing=True), errors.Rejected)


def test_scrubbing_takes_values_and_leaves_labels() -> None:
    naming = Naming(labels={"Customer Type": "customer_type"}, hidden=(SECRET,))
    text = f'Value for <b>Customer Type</b> of {SECRET} cannot be "Alien" (jane@x.example, +49 30 123456)'
    assert scrub(text, naming) == "Value for Customer Type of … cannot be … …"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Item SRV-001 is disabled", "Item … is disabled"),
        ("Another Customer with name Jane Doe exists", "Another Customer with name … … exists"),
        ("Customer Müller & Söhne is frozen", "Customer … … … is frozen"),
        (
            "Row #1: Account VAT - AC does not belong to company Acme",
            "Row #1: Account … - … does not belong to company …",
        ),
        ("Expected Delivery Date should be after Sales Order Date",) * 2,
    ],
)
def test_names_of_other_records_are_taken_out(said: str, told: str) -> None:
    assert scrub(said, Naming()) == told


@pytest.mark.parametrize("number", ['2003, "Can\'t connect to MySQL server"', "2006, 'gone away'", "1040, 'Too many'"])
def test_a_database_that_is_gone_is_no_fault_of_the_record(number: str) -> None:
    body = {"exc_type": "OperationalError", "exception": f"pymysql.err.OperationalError: ({number})"}
    assert type(refusal(500, body, system="fin", writing=True)) is errors.Transient


def test_a_database_lost_in_the_middle_leaves_a_write_in_doubt() -> None:
    text = "pymysql.err.OperationalError: (2013, 'Lost connection to MySQL server during query')"
    body = {"exc_type": "OperationalError", "exception": text}
    assert type(refusal(500, body, system="fin", writing=True)) is errors.InDoubt
    assert type(refusal(500, body, system="fin", writing=False)) is errors.Transient


def test_a_class_that_is_no_name_is_not_shown() -> None:
    assert refusal(417, {"exc_type": f"Error of {SECRET}"}, system="fin", writing=True).vendor_code == "unknown"


def test_a_label_within_a_word_is_not_that_field() -> None:
    naming = Naming(labels={"Name": "name", "Phone": "phone"})
    assert named_paths(["Telephone is wrong"], "ValidationError", naming) == ()
