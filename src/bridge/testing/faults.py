"""The contract under faults: what is not known is not called done, and nothing is done twice."""

from __future__ import annotations

import logging

import pytest

from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, RateLimited, Transient
from bridge.ports.records import CreateItem, UpdateItem
from bridge.testing.harness import FaultKind, Harness
from bridge.testing.levels import at
from bridge.testing.steps import (
    allow,
    arm,
    change,
    create_again,
    fetch,
    make,
    none_of,
    outcomes,
    over,
    printed,
    read,
    ready,
    refuse,
    writes,
)

MARK = "Zebra-47-Quagga"
"""A value that no system says by itself: where it shows up, a value was shown."""


def _broken_write(h: Harness, fault: FaultKind) -> None:
    """A create that meets a fault is not called done, and its repeat makes one record."""
    adapter = ready(h)
    item = CreateItem(h.new_key(), h.sample(1))
    arm(h, fault, "create")
    answer = allow(lambda: adapter.create(h.spec, [item]))
    assert "ok" not in outcomes(answer), f"a create that met {fault} is called done"
    create_again(h, h.adapter(), item)


def _broken_read(h: Harness, fault: FaultKind, *kinds: type[BridgeError]) -> None:
    """A reading that meets a fault is an error, not an empty page, and the next one brings everything."""
    made = h.user_insert(1)
    adapter = ready(h)
    arm(h, fault, "read")
    refuse(lambda: read(h, adapter), *kinds)
    assert made in read(h, adapter).ids, f"after {fault} the adapter reads no more"


class LostAnswers:
    """The moment that makes duplicates."""

    @at("writes")
    def test_lost_answer_to_a_create_is_in_doubt(self, h: Harness) -> None:
        adapter = ready(h)
        item = CreateItem(h.new_key(), h.sample(1))
        arm(h, "lost_answer", "create")
        answer = allow(lambda: adapter.create(h.spec, [item]))
        assert isinstance(answer, InDoubt) or outcomes(answer) == ["unknown"], (
            f"a create without an answer is neither InDoubt nor unknown: {answer}"
        )
        create_again(h, h.adapter(), item)

    @at("writes")
    def test_lost_answer_to_a_batch_is_in_doubt(self, h: Harness) -> None:
        adapter = ready(h)
        items = [CreateItem(h.new_key(), h.sample(n)) for n in range(3)]
        arm(h, "lost_answer", "create")
        answer = allow(lambda: adapter.create(h.spec, items))
        if not isinstance(answer, InDoubt):
            assert len(outcomes(answer)) == 3, f"no result for each item: {answer}"
            assert "unknown" in outcomes(answer)
        h.adapter().create(h.spec, items)
        found = h.adapter().find(h.spec, [item.key for item in items])
        assert [len(found[item.key]) for item in items] == [1, 1, 1], "not one record for each key"

    @at("writes")
    def test_lost_answer_to_an_update_is_in_doubt(self, h: Harness) -> None:
        adapter = ready(h)
        _, record = make(h, adapter, 1)[0]
        arm(h, "lost_answer", "update")
        answer = allow(lambda: adapter.update(h.spec, [UpdateItem(record.native_id, {h.features.text: "perhaps"})]))
        assert isinstance(answer, InDoubt) or outcomes(answer) == ["unknown"], (
            f"an update without an answer is neither InDoubt nor unknown: {answer}"
        )
        assert fetch(h, record.native_id).values[h.features.text] in ("perhaps", record.values[h.features.text])

    @at("writes")
    def test_writes_are_not_repeated_by_the_adapter(self, h: Harness) -> None:
        adapter = ready(h)
        arm(h, "server_error", "create")
        answer = allow(lambda: adapter.create(h.spec, [CreateItem(h.new_key(), h.sample(1))]))
        assert "ok" not in outcomes(answer), "the adapter repeated a write by itself"


class Answers:
    """What is not the vendor's answer is not an answer."""

    def test_html_to_a_read_is_an_error(self, h: Harness) -> None:
        _broken_read(h, "html")

    def test_redirect_of_a_read_is_an_error(self, h: Harness) -> None:
        _broken_read(h, "redirect")

    def test_reset_of_a_read_is_transient(self, h: Harness) -> None:
        _broken_read(h, "reset", Transient)

    def test_server_error_on_a_read_is_transient(self, h: Harness) -> None:
        _broken_read(h, "server_error", Transient)

    @at("writes")
    @pytest.mark.parametrize("fault", ["html", "redirect", "reset", "server_error"])
    def test_a_write_without_a_true_answer_is_not_done(self, h: Harness, fault: FaultKind) -> None:
        _broken_write(h, fault)

    def test_rate_limit_of_a_read(self, h: Harness) -> None:
        adapter = ready(h)
        arm(h, "rate_limit", "read")
        error = refuse(lambda: read(h, adapter), RateLimited)
        assert isinstance(error, RateLimited)
        assert error.after == h.features.retry_after, f"the wait asked for is {h.features.retry_after}: {error.after}"

    @at("writes")
    def test_rate_limit_of_a_write(self, h: Harness) -> None:
        adapter = ready(h)
        item = CreateItem(h.new_key(), h.sample(1))
        arm(h, "rate_limit", "create")
        refuse(lambda: adapter.create(h.spec, [item]), RateLimited)
        assert h.adapter().find(h.spec, [item.key])[item.key] == []
        create_again(h, h.adapter(), item)

    def test_an_expired_token_is_renewed(self, h: Harness) -> None:
        made = h.user_insert(1)
        adapter = ready(h)
        arm(h, "expired_token", "read")
        assert made in read(h, adapter).ids

    @at("writes")
    def test_an_expired_token_is_renewed_for_a_write(self, h: Harness) -> None:
        adapter = ready(h)
        arm(h, "expired_token", "create")
        key, _ = make(h, adapter, 2)[0]
        assert len(h.adapter().find(h.spec, [key])[key]) == 1

    def test_wrong_credentials_are_told(self, h: Harness) -> None:
        stranger = h.stranger()
        if stranger is None:
            pytest.skip("the system under test knows no credentials")
        none_of(h.secrets, printed(refuse(stranger.check, AuthFailed)), "the error")
        refuse(lambda: stranger.changes(h.spec, None, 10), AuthFailed)


class Discretion:
    """Nothing is said that must not be said, and the calls are counted."""

    def test_repr_shows_no_secret(self, h: Harness) -> None:
        adapter = ready(h)
        none_of(h.secrets, f"{adapter!r} {adapter}", "the adapter")

    @pytest.mark.parametrize("fault", ["html", "redirect", "reset", "server_error", "rate_limit"])
    def test_errors_show_no_secret(self, h: Harness, fault: FaultKind) -> None:
        adapter = ready(h)
        arm(h, fault, "read")
        none_of(h.secrets, printed(refuse(lambda: read(h, adapter))), f"the error after {fault}")

    @at("writes")
    def test_errors_show_no_value(self, h: Harness) -> None:
        adapter, path = ready(h), h.features.text
        bad = [CreateItem(h.new_key(), over(over(h.sample(1), path, MARK), h.features.unknown, MARK))]
        if h.features.limited:
            limited, length = h.features.limited
            bad.append(CreateItem(h.new_key(), over(h.sample(2), limited, MARK + "x" * length)))
        for result in adapter.create(h.spec, bad):
            assert result.error, f"a bad record is {result.outcome}"
            none_of((MARK, *h.secrets), printed(result.error), "the error")

    def test_logs_show_no_value(self, h: Harness, caplog: pytest.LogCaptureFixture) -> None:
        seen = h.user_insert(3)
        h.user_edit(seen, MARK)
        with caplog.at_level(logging.DEBUG):
            adapter = ready(h)
            if writes(h, adapter):
                adapter.create(h.spec, [CreateItem(h.new_key(), over(h.sample(1), h.features.text, MARK))])
                _, record = make(h, adapter, 2)[0]
                change(h, adapter, record.native_id, MARK)
            read(h, adapter)
            adapter.fetch(h.spec, [seen])
        said = "\n".join(r.getMessage() for r in caplog.records if not r.name.startswith("urllib3"))
        none_of((MARK, *h.secrets), said, "the log")

    def test_calls_are_counted(self, h: Harness) -> None:
        adapter = h.adapter()
        adapter.capabilities(h.spec)
        assert adapter.calls == 0, "making an adapter or asking what it can do makes calls"
        before = h.seen()
        counts = [adapter.calls]
        last = (lambda: make(h, adapter, 1)) if writes(h, adapter) else (lambda: adapter.schema(h.spec))
        for call in (adapter.check, lambda: read(h, adapter), last):
            call()
            counts.append(adapter.calls)
        assert counts == sorted(set(counts)), f"calls that were made are not counted: {counts}"
        after = h.seen()
        if before is not None and after is not None:
            assert adapter.calls == after - before, "the system has counted another number of calls"

    def test_close_twice(self, h: Harness) -> None:
        adapter = ready(h)
        adapter.close()
        adapter.close()
