"""What the engine does after an error: decided on its class alone. Pure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bridge.engine.runtime import Pace
from bridge.ports.errors import (
    AuthFailed,
    BridgeError,
    InDoubt,
    MissingReference,
    PermissionDenied,
    RateLimited,
    Transient,
    VersionConflict,
)
from bridge.ports.storage import Settlement
from bridge.ports.work import EntryState, OutboxEntry

LOOK_UP_AFTER = 1.0
"""A write without an answer may still be on its way inside the system: give it a moment before looking (seconds)."""


def after_error(
    entry: OutboxEntry, error: BridgeError, now: datetime, pace: Pace, back_off: Callable[[int], float]
) -> Settlement:
    """The next state of an entry whose write failed or was not sent.

    back_off: number of attempts so far -> seconds to wait (exponential with full jitter).
    """

    def to(state: EntryState, wait: float | None = None, *, attempt: bool = False) -> Settlement:
        next_at = None if wait is None else now + timedelta(seconds=wait)
        return Settlement(entry, state, next_at, attempt, error.code, str(error))

    if isinstance(error, RateLimited):  # "busy" is not an attempt
        return to("waiting", error.after if error.after is not None else back_off(1))
    if isinstance(error, Transient):
        worn = entry.attempts + 1 >= pace.max_attempts
        aged = entry.created_at is not None and now - entry.created_at > pace.max_age
        if worn or aged:
            return to("dead", attempt=True)
        return to("waiting", back_off(entry.attempts + 1), attempt=True)
    if isinstance(error, InDoubt):
        return to("in_doubt", LOOK_UP_AFTER)
    if isinstance(error, MissingReference):
        return to("held")
    if isinstance(error, VersionConflict):
        return to("pending")
    if isinstance(error, AuthFailed) and not isinstance(error, PermissionDenied):
        return to("waiting", back_off(1))
    return to("dead", attempt=True)


def postponed(entry: OutboxEntry, error: BridgeError, until: datetime) -> Settlement:
    """The next state of an entry whose system is out of order: it is not to blame, and waits until the system is asked
    again."""
    return Settlement(entry, "waiting", until, error_code=error.code, error=str(error))


def ends_the_turn(error: BridgeError) -> bool:
    """Whether the system is of no use for the rest of this run, whatever is asked of it."""
    return isinstance(error, Transient) or (isinstance(error, AuthFailed) and not isinstance(error, PermissionDenied))


def as_bridge_error(error: BaseException | None, system: str) -> BridgeError:
    """An adapter's error; anything an adapter should not have let out counts as in doubt, and shows no value."""
    if isinstance(error, BridgeError):
        return error
    return InDoubt(f"the adapter failed unexpectedly ({type(error).__name__})", system=system)
