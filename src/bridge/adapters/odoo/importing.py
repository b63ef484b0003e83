"""Imports: many different records in one call of `load`, a bad one taken out and the others sent again.

`load` is all or nothing: with one error nothing is saved, and the answer names the rows at fault. Serialization
failures stand among those messages, too, and are not tried again by the server.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.drafts import Cells
from bridge.adapters.odoo.errors import load_error
from bridge.ports.errors import BridgeError, InDoubt, NotFound, Rejected, Transient, Unsupported
from bridge.ports.records import DeleteItem, UpdateItem


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
    places: Sequence[int],
    items: Sequence[UpdateItem | DeleteItem],
    outcome: Outcome,
    send: Callable[[list[int]], None],
    refusals: tuple[type[BridgeError], ...],
    system: str,
) -> None:
    """One call for all; where it is refused, halves, until the bad record stands alone."""
    if not places:
        return
    if outcome.ended is not None:
        outcome.fail(places, Transient("was not asked: an earlier call failed", system=system))
        return
    try:
        send(list(places))
        outcome.started = True
    except refusals as refusal:
        if len({items[place].native_id for place in places}) == 1:
            outcome.fail(places, refusal)
            return
        half = len(places) // 2
        in_halves(places[:half], items, outcome, send, refusals, system)
        in_halves(places[half:], items, outcome, send, refusals, system)
    except BridgeError as error:
        outcome.stop(places, error)


class Importer:
    """Imports into one model. path_of: the path that a column stands for."""

    def __init__(self, client: Client, model: str, size: int) -> None:
        self._client, self._model, self._size = client, model, size
        self._lines: Mapping[int, Sequence[Cells]] = {}

    def run(
        self,
        rows: Mapping[int, Cells],
        outcome: Outcome,
        path_of: Callable[[str], str],
        lines: Mapping[int, Sequence[Cells]] | None = None,
        look: Callable[[list[int]], list[int]] | None = None,
    ) -> None:
        """Send the rows, those with the same columns together. An empty cell clears its field, so that a row must not
        get columns it did not ask for. Raises if nothing at all was done.

        lines: the lines that go with each record, those of one record with the same columns: recorded as 187.
        look: asked before every call but the first for the places that may still be sent: the caller's own look was
        before the first, and a call may take a second.
        """
        self._lines = lines or {}
        sent = False
        groups: dict[tuple[str, ...], list[int]] = {}
        for place, cells in rows.items():
            first = next(iter(self._lines.get(place, ())), {})
            groups.setdefault((*sorted(cells), *sorted(first)), []).append(place)
        for columns, places in groups.items():
            for start in range(0, len(places), self._size):
                part = places[start : start + self._size]
                if look is not None and sent and outcome.ended is None:
                    part = look(part)
                self._chunk(columns, part, rows, outcome, path_of)
                sent = True

    def _chunk(
        self,
        columns: tuple[str, ...],
        places: list[int],
        rows: Mapping[int, Cells],
        outcome: Outcome,
        path_of: Callable[[str], str],
    ) -> None:
        while places:
            if outcome.ended is not None:
                words = "was not asked: an earlier call of the batch failed"
                outcome.fail(places, Transient(words, system=self._client.system))
                return
            try:
                answer = self._send(columns, self._with_lines(places, rows))
                left = [] if answer.get("ids") else self._without_bad(places, answer, outcome, path_of)
            except InDoubt as doubt:
                outcome.started, outcome.ended = True, doubt
                outcome.fail(places, doubt)
                return
            except (Rejected, NotFound, Unsupported) as refusal:
                if len(places) == 1:
                    outcome.fail(places, refusal)
                    return
                half = len(places) // 2  # the call as a whole was refused: find out for whose sake
                self._chunk(columns, places[:half], rows, outcome, path_of)
                places = places[half:]
                continue
            except BridgeError as error:
                if not outcome.started:
                    raise
                outcome.ended = error
                outcome.fail(places, error)
                return
            if answer.get("ids"):
                outcome.started = True
                outcome.ids |= {place: int(id_) for place, id_ in zip(places, answer["ids"], strict=True)}
                return
            places = left

    def _with_lines(self, places: list[int], rows: Mapping[int, Cells]) -> list[Cells]:
        """Each record with its first line, and its other lines in rows of their own that name no record."""
        found: list[Cells] = []
        for place in places:
            first, *others = [*self._lines.get(place, ())] or [{}]
            found += [{**rows[place], **first}, *others]
        return found

    def _send(self, columns: tuple[str, ...], rows: list[Cells]) -> dict[str, Any]:
        data = [[row.get(column, "") for column in columns] for row in rows]
        answer: dict[str, Any] = self._client.call(
            self._model,
            "load",
            fields=list(columns),
            data=data,
            writing=True,
            answers=shapes.imported,
        )
        return answer

    def _without_bad(
        self, places: list[int], answer: Mapping[str, Any], outcome: Outcome, path_of: Callable[[str], str]
    ) -> list[int]:
        """Note the errors of the rows at fault; answers the places that are left. Raises where no row is named."""
        bad: dict[int, BridgeError] = {}
        for message in answer.get("messages") or []:
            if message.get("type") != "error":
                continue
            fields = (path_of(str(message["field"])),) if message.get("field") else ()
            error = load_error(message, system=self._client.system, fields=fields)
            if isinstance(error, Transient):
                raise error
            record = message.get("record", (message.get("rows") or {}).get("from"))
            if isinstance(record, int) and 0 <= record < len(places):
                bad.setdefault(places[record], error)
        if not bad:
            refusal = Rejected("refuses an import without saying why", system=self._client.system)
            if len(places) == 1:
                bad[places[0]] = refusal
            else:
                raise refusal
        outcome.errors |= bad
        return [place for place in places if place not in bad]
