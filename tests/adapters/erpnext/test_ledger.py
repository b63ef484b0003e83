"""One result for every item, and an exception only where nothing at all was done."""

from __future__ import annotations

import pytest

from bridge.adapters.erpnext.ledger import Ledger, concerns_item
from bridge.ports import errors
from bridge.ports.records import NativeRecord


def outcomes(ledger: Ledger) -> list[str]:
    return [result.outcome for result in ledger.results()]


def test_nothing_done_is_raised() -> None:
    ledger = Ledger(2, "fin")
    ledger.stop(errors.RateLimited("busy", after=3))
    with pytest.raises(errors.RateLimited):
        ledger.results()


def test_a_refused_item_alone_is_nothing_done() -> None:
    ledger = Ledger(2, "fin")
    ledger.failed(0, errors.Rejected("no"))
    ledger.stop(errors.AuthFailed("key"))
    with pytest.raises(errors.AuthFailed):
        ledger.results()


def test_what_was_not_sent_is_transient() -> None:
    ledger = Ledger(3, "fin")
    ledger.written(0, "A")
    ledger.failed(1, errors.AuthFailed("key"))
    ledger.stop(errors.AuthFailed("key"))
    results = ledger.results()
    assert outcomes(ledger) == ["ok", "failed", "failed"]
    assert type(results[2].error) is errors.Transient


def test_a_lost_answer_is_unknown_and_never_raised() -> None:
    ledger = Ledger(2, "fin")
    lost = errors.InDoubt("silence")
    ledger.failed(0, lost)
    ledger.stop(lost)
    assert outcomes(ledger) == ["unknown", "failed"]


def test_a_rate_limit_is_passed_on_to_what_was_not_sent() -> None:
    ledger = Ledger(2, "fin")
    ledger.written(0, "A")
    ledger.stop(errors.RateLimited("busy", after=3))
    assert isinstance(ledger.results()[1].error, errors.RateLimited)


def test_read_back_keeps_whether_it_was_created() -> None:
    ledger = Ledger(2, "fin")
    ledger.written(0, "A", created=False)
    ledger.written(1, "gone", created=True)
    ledger.read_back({"A": (NativeRecord("A", {}, "1"), frozenset({"city"}))})
    first, second = ledger.results()
    assert (first.created, first.stored is not None, first.edited) == (False, True, {"city"})
    assert (second.outcome, second.stored) == ("ok", None)


@pytest.mark.parametrize(
    ("error", "of_item"),
    [
        (errors.Rejected("x"), True),
        (errors.PermissionDenied("x"), True),
        (errors.VersionConflict("x"), True),
        (errors.AuthFailed("x"), False),
        (errors.RateLimited("x"), False),
        (errors.InDoubt("x"), False),
    ],
)
def test_what_concerns_the_item_alone(error: errors.BridgeError, of_item: bool) -> None:
    assert concerns_item(error) is of_item
