"""The error table against every recorded refusal."""

from __future__ import annotations

import pytest
from tests.adapters.erpnext.recordings import load, needs_recordings, numbers

from bridge.adapters.erpnext.errors import Naming, named_paths, not_json, refusal, scrub
from bridge.ports import errors

SECRET = "Jane Doe"

EXPECTED = {
    "004": errors.AuthFailed,
    "006": errors.AuthFailed,
    "007": errors.AuthFailed,
    "008": errors.PermissionDenied,
    "009": errors.PermissionDenied,
    "016": errors.AuthFailed,
    "018": errors.AuthFailed,
    "020": errors.AuthFailed,
    "021": errors.Transient,
    "025": errors.NotFound,
    "034": errors.PermissionDenied,
    "038": errors.AlreadyExists,
    "043": errors.Rejected,
    "044": errors.Rejected,
    "045": errors.Rejected,
    "046": errors.Rejected,
    "049": errors.Rejected,
    "050": errors.Rejected,
    "054": errors.Rejected,
    "060": errors.NotFound,
    "068": errors.VersionConflict,
    "070": errors.VersionConflict,
    "074": errors.Rejected,
    "078": errors.NotFound,
    "080": errors.Rejected,
    "093": errors.Rejected,
    "096": errors.Rejected,
    "098": errors.NotFound,
    "099": errors.PermissionDenied,
    "110": errors.AlreadyExists,
    "118": errors.Rejected,
    "148": errors.AlreadyExists,
    "180": errors.Rejected,
    "189": errors.Rejected,
    "252": errors.Transient,
    "258": errors.Rejected,
    "310": errors.Rejected,
    "315": errors.PermissionDenied,
    "355": errors.Transient,
    "356": errors.Transient,
    "358": errors.Transient,
    "375": errors.Rejected,
    "376": errors.Rejected,
    "406": errors.Rejected,
    "407": errors.AlreadyExists,
    "411": errors.AuthFailed,
}


def error_of(number: str, naming: Naming | None = None) -> errors.BridgeError:
    recorded = load(number)["response"]
    return refusal(recorded["status"], recorded["body"], system="fin", writing=True, naming=naming or Naming())


@needs_recordings
@pytest.mark.parametrize(("number", "cls"), EXPECTED.items())
def test_a_recorded_refusal_has_its_class(number: str, cls: type[errors.BridgeError]) -> None:
    assert type(error_of(number)) is cls


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


def test_a_label_within_a_word_is_not_that_field() -> None:
    naming = Naming(labels={"Name": "name", "Phone": "phone"})
    assert named_paths(["Telephone is wrong"], "ValidationError", naming) == ()
