"""The contract of what is told of edits that users make between a write and its being read back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.ports.records import CreateItem, WriteResult
from bridge.testing.harness import Harness
from bridge.testing.levels import at
from bridge.testing.steps import change, make

THEIRS = "said by somebody else"


class _Between:
    """Stands before every call of an adapter; once the write has come about, somebody edits, before the next call."""

    def __init__(self, written: Callable[[], str | None], edit: Callable[[str], None]) -> None:
        self._written, self._edit = written, edit
        self.done = False

    def enter(self) -> None:
        if not self.done and (native_id := self._written()):
            self.done = True
            self._edit(native_id)

    def told(self, used: int, allowed: int) -> None:
        """Nothing is kept of it."""


class EditedSince:
    """Else such an edit would be taken for the system's own form of what was sent, and be lost."""

    @at("writes")
    def test_an_edit_between_an_update_and_its_read_back_is_told(self, h: Harness) -> None:
        _only_where_told(h)
        text, adapter, other = h.features.text, h.adapter(), h.adapter()
        _, record = make(h, adapter, 1)[0]

        def written() -> str | None:
            now = other.fetch(h.spec, [record.native_id])[record.native_id]
            return record.native_id if now.values[text] == "sent by bridge" else None

        between = _Between(written, lambda native_id: h.user_edit(native_id, THEIRS))
        adapter.metered(between)
        _is_told(h, change(h, adapter, record.native_id, "sent by bridge"), between)

    @at("writes")
    def test_an_edit_between_a_create_and_its_read_back_is_told(self, h: Harness) -> None:
        _only_where_told(h)
        adapter, other, key = h.adapter(), h.adapter(), h.new_key()
        values = {path: value for path, value in h.sample(1).items() if path != h.features.text}

        def written() -> str | None:
            return next((one.native_id for one in other.find(h.spec, [key])[key]), None)

        between = _Between(written, lambda native_id: h.user_edit(native_id, THEIRS))
        adapter.metered(between)
        _is_told(h, adapter.create(h.spec, [CreateItem(key, values)])[0], between)

    @at("writes")
    def test_nothing_is_told_where_nobody_edits(self, h: Harness) -> None:
        adapter = h.adapter()
        created = adapter.create(h.spec, [CreateItem(h.new_key(), h.sample(1))])[0]
        assert created.native_id
        changed = change(h, adapter, created.native_id, "sent by bridge")
        assert (created.edited, changed.edited) == (frozenset(), frozenset())

    @at("writes")
    def test_what_somebody_said_before_a_write_is_not_told_of_what_is_written(self, h: Harness) -> None:
        adapter = h.adapter()
        native_id = h.user_insert(1)
        assert h.features.text not in change(h, adapter, native_id, "sent by bridge").edited


def _only_where_told(h: Harness) -> None:
    if not h.features.tells_writers:
        pytest.skip("the system does not tell who wrote last, or is written and read in one step")


def _is_told(h: Harness, result: WriteResult, between: _Between) -> None:
    assert between.done, "the adapter made no call after the write: declare tells_writers only where it reads back"
    assert result.outcome == "ok"
    if result.stored is None:
        return  # the engine reads it before it trusts it
    assert result.stored.values[h.features.text] == THEIRS
    assert h.features.text in result.edited, "what somebody else wrote is not told as such"
