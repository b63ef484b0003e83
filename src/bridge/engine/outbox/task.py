"""One record to write, between claim and settlement."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bridge.engine.plan.due import Due
from bridge.ports.values import value
from bridge.ports.work import Golden, Intent, OutboxEntry, Shadow


@value(frozen=True, slots=True)
class Task:
    """One record to write: what is due, and the intent that will be committed before it is sent."""

    entry: OutboxEntry
    golden: Golden
    due: Due
    shadow: Shadow | None
    intent: Intent

    @property
    def key(self) -> str:
        """What the system knows the record by: its golden id, unless a record separated from it carries that."""
        return self.intent.key or self.golden.id


def intent_of(due: Due, shadow: Shadow | None, new_id: Callable[[], str], at: datetime, key: str = "") -> Intent:
    """What is about to be done. new_id: names the movement, where quantities are moved. at, key: as in Intent."""
    if shadow is None:
        return Intent("create", None, {}, due.values, None, due.deltas, key=key, at=at)
    if due.delete:
        return Intent("delete", shadow.native_id, {}, {}, shadow.version, at=at)
    before = {path: shadow.values.get(path) for path in due.values}
    reference = new_id() if due.deltas else ""
    return Intent("update", shadow.native_id, before, due.values, shadow.version, due.deltas, reference, key, at)
