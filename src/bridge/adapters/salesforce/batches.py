"""Sending records in collections (200 a call, each with a result of its own), and what a lost answer leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.errors import Complaint, complaints
from bridge.ports.errors import BridgeError, InDoubt, Rejected, Transient


@dataclass(frozen=True, slots=True)
class Answer:
    """What Salesforce said about one record. `error` is set where the whole call failed."""

    native_id: str | None = None
    created: bool | None = None
    refused: tuple[Complaint, ...] = ()
    error: BridgeError | None = None

    @property
    def ok(self) -> bool:
        """Whether the record was written."""
        return self.error is None and not self.refused


@dataclass(slots=True)
class Batch:
    """Answers by place in the batch. started: whether any call may have written something."""

    answers: dict[int, Answer] = field(default_factory=dict)
    started: bool = False
    ended: BridgeError | None = None

    def fail(self, places: Sequence[int], error: BridgeError) -> None:
        """Note one error for several places."""
        for place in places:
            self.answers[place] = Answer(error=error)


def send(
    client: Client,
    drafts: Mapping[int, Any],
    call: Callable[[list[Any]], Any],
    batch: Batch,
    size: int,
) -> None:
    """Send drafts in calls of `size` and note an answer for each place.

    A lost answer leaves its records in doubt; whatever comes after the first failed call is not sent. Raises the error
    of the first call if nothing of the batch was done.
    """
    places = list(drafts)
    for start in range(0, len(places), size):
        chunk = places[start : start + size]
        if batch.ended is not None:
            batch.fail(chunk, Transient("was not asked: an earlier call of the batch failed", system=client.system))
            continue
        try:
            rows = _rows(call([drafts[place] for place in chunk]), len(chunk), client.system)
        except InDoubt as doubt:
            batch.started, batch.ended = True, doubt
            batch.fail(chunk, doubt)
        except Rejected as refusal:
            if len(chunk) == 1:
                batch.fail(chunk, refusal)
            else:  # the request as a whole was refused, so nothing was done: find out for whose sake
                send(client, {place: drafts[place] for place in chunk}, call, batch, max(1, len(chunk) // 4))
        except BridgeError as error:
            if not batch.started:
                raise
            batch.ended = error
            batch.fail(chunk, error)
        else:
            batch.started = True
            batch.answers.update(zip(chunk, map(_answer, rows), strict=True))


def _rows(answer: Any, count: int, system: str) -> list[Json]:
    """The rows of a collection's answer: one for each record, in order."""
    if not isinstance(answer, list) or len(answer) != count or not all(isinstance(row, dict) for row in answer):
        raise InDoubt("answered a write with something else than one result for each record", system=system)
    return answer


def _answer(row: Json) -> Answer:
    native_id = str(row["id"]) if row.get("id") else None
    if row.get("success") is True:
        return Answer(native_id, row.get("created"))
    found = tuple(complaints(row.get("errors")))
    return Answer(native_id, refused=found or (Complaint("UNNAMED_REFUSAL"),))
