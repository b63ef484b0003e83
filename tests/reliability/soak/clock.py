"""One simulated time, and the clocks that follow it: those of the three systems, and that of bridge's machine.

The engine is handed its clock. Adapters ask their machine for the time (when a token was taken, when a table was read,
what the difference to a system's Date header is), so their modules are given a machine that lives in simulated time.
Socket timeouts stay real.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from types import SimpleNamespace
from unittest.mock import patch
from uuid import UUID

BRIDGE = "bridge"
START = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
ASK_THE_DATE = ("bridge.transport.session", "bridge.adapters.odoo.client", "bridge.adapters.salesforce.client")
ASK_THE_TIME = (
    "bridge.adapters.odoo.models",
    "bridge.adapters.erpnext.meta",
    "bridge.adapters.erpnext.site",
    "bridge.adapters.salesforce.users",
    "bridge.adapters.salesforce.tokens",
    "bridge.adapters.salesforce.describe",
)
GIVEN_THE_TIME = (("bridge.adapters.erpnext.reading", "Reader"), ("bridge.adapters.erpnext.changes", "Changes"))
"""Classes whose last argument is a clock that they are given by default."""
GIVEN_TIME_AND_SLEEP = (("bridge.adapters.salesforce.bulk", "Bulk"),)
"""Classes that take `clock` and `sleep` by name."""


@dataclass
class Timeline:
    """True time, and by how much each clock is off. skews: system, or BRIDGE -> how far its clock is ahead."""

    now: datetime = START
    skews: dict[str, timedelta] = field(default_factory=dict)

    def shown_by(self, who: str) -> datetime:
        """What the clock of a system, or of bridge's machine, shows."""
        return self.now + self.skews.get(who, timedelta())

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def bridge(self) -> datetime:
        """The clock that is handed to the engine; each look at it takes a moment, so that moments differ."""
        self.wait(0.003)
        return self.shown_by(BRIDGE)


@contextmanager
def machine_time(timeline: Timeline, luck: Random) -> Iterator[None]:
    """Everything in this process that adapters take the time, or a random name, from follows the timeline."""
    machine = SimpleNamespace(
        time=lambda: timeline.shown_by(BRIDGE).timestamp(),
        monotonic=lambda: (timeline.now - START).total_seconds() + 1e6,
        sleep=timeline.wait,
    )
    names = SimpleNamespace(uuid4=lambda: UUID(int=luck.getrandbits(128)))
    with ExitStack() as stack:
        for name in ASK_THE_DATE:
            stack.enter_context(patch.object(importlib.import_module(name), "datetime", _dates(timeline)))
        for name in ASK_THE_TIME:
            stack.enter_context(patch.object(importlib.import_module(name), "time", machine))
        for name, cls in GIVEN_THE_TIME:
            made = getattr(importlib.import_module(name), cls).__init__
            stack.enter_context(patch.object(made, "__defaults__", (*made.__defaults__[:-1], machine.time)))
        for name, cls in GIVEN_TIME_AND_SLEEP:
            named = getattr(importlib.import_module(name), cls).__init__.__kwdefaults__
            stack.enter_context(patch.dict(named, clock=machine.monotonic, sleep=machine.sleep))
        stack.enter_context(patch.object(importlib.import_module("bridge.adapters.erpnext.changes"), "uuid", names))
        yield


def _dates(timeline: Timeline) -> type[datetime]:
    class Dates(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return timeline.shown_by(BRIDGE)

    return Dates
