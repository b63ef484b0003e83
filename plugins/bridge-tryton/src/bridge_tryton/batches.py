"""Batches: Tryton does all of a call or nothing, so that one bad record keeps back all others until it stands alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bridge.ports.errors import BridgeError, InDoubt, NotFound, Rejected, Transient, Unsupported, VersionConflict
from bridge.ports.records import NativeRecord, WriteResult

REFUSALS = (Rejected, NotFound, VersionConflict, Unsupported)
"""Errors that may be due to one record of a call."""


@dataclass(slots=True)
class Outcome:
    """Ids of what was written and errors of what was not, by place in the batch. started: whether anything may be."""

    ids: dict[int, int] = field(default_factory=dict)
    errors: dict[int, BridgeError] = field(default_factory=dict)
    started: bool = False
    ended: BridgeError | None = None

    def fail(self, places: Sequence[int], error: BridgeError) -> None:
        """Note one error for several places."""
        for place in places:
            self.errors[place] = error

    def stop(self, places: Sequence[int], error: BridgeError) -> None:
        """Note what ended the batch; raises it where nothing was done yet."""
        if isinstance(error, InDoubt):
            self.started = True
        if not self.started:
            raise error
        self.ended = error
        self.fail(places, error)


def in_halves(
    places: Sequence[int], outcome: Outcome, send: Callable[[list[int]], None], *, size: int, system: str
) -> None:
    """Calls for so many places each; one that is refused is sent in halves, until the bad record stands alone."""
    for start in range(0, len(places), size):
        _halved(list(places[start : start + size]), outcome, send, system)


def _halved(places: list[int], outcome: Outcome, send: Callable[[list[int]], None], system: str) -> None:
    if not places:
        return
    if outcome.ended is not None:
        outcome.fail(places, Transient("was not asked: an earlier call failed", system=system))
        return
    try:
        send(places)
        outcome.started = True
    except REFUSALS as refusal:
        if len(places) == 1:
            outcome.fail(places, refusal)
            return
        half = len(places) // 2
        _halved(places[:half], outcome, send, system)
        _halved(places[half:], outcome, send, system)
    except BridgeError as error:
        outcome.stop(places, error)


def failed(error: BridgeError | None, native_id: str | None, system: str) -> WriteResult:
    """The result of an item that was not written, or of which that is not known."""
    error = error or Transient("was not asked", system=system)
    return WriteResult("unknown" if isinstance(error, InDoubt) else "failed", native_id, error=error)


def written(native_id: str, stored: NativeRecord | None, *, created: bool) -> WriteResult:
    """The result of an item that was written."""
    return WriteResult("ok", native_id, stored, created=created)
