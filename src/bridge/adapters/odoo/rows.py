"""Changing the rows of records that are there, and moving records from state to state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.documents import ACTIONS, DATED, STATE
from bridge.adapters.odoo.drafts import Cells, Draft, Drafts
from bridge.adapters.odoo.importing import Importer, Outcome, in_halves
from bridge.adapters.odoo.layout import Lines
from bridge.ports.errors import BridgeError, InDoubt, Rejected, VersionConflict
from bridge.ports.records import UpdateItem

Rows = Mapping[str, Any]


def _common(rows: Mapping[str, Cells]) -> list[str]:
    """The columns that every row has."""
    shared = set.intersection(*(set(row) for row in rows.values())) if rows else set()
    return sorted(shared)


class RowWriter:
    """Changes, adds and takes out the rows of records, those of many records in one call."""

    def __init__(self, client: Client, drafts: Drafts, batch: int) -> None:
        self._client, self._drafts, self._batch = client, drafts, batch

    def new(self, fresh: Mapping[int, Draft]) -> dict[int, list[Cells]]:
        """The lines of new records as they go with them in an import: those of one record all with the same columns.

        An empty cell would clear what Odoo fills by itself (the unit, the taxes), so that a column which not every line
        of the record has is left for `complete`.
        """
        found: dict[int, list[Cells]] = {}
        for number, (one, _) in enumerate(self._drafts.lines):
            for place, draft in fresh.items():
                rows = draft.rows.get(number, {})
                columns = _common(rows)
                for key, row in rows.items():
                    whole = {one.table.key: key, **{column: row[column] for column in columns}}
                    line = {f"{one.table.path}/{column}": cell for column, cell in whole.items()}
                    found.setdefault(place, []).append(line)
        return found

    def complete(self, fresh: Mapping[int, Draft], outcome: Outcome) -> None:
        """Cells that only some lines of a new record have."""
        for number, (one, row_drafts) in enumerate(self._drafts.lines):
            left = {
                (outcome.ids[place], key): row
                for place in outcome.ids.keys() & fresh.keys()
                for key, row in fresh[place].rows.get(number, {}).items()
                if row.keys() - _common(fresh[place].rows[number])
            }
            if left:
                self._complete(one, row_drafts, left, outcome)

    def _complete(
        self, one: Lines, row_drafts: Drafts, left: Mapping[tuple[int, str], Cells], outcome: Outcome
    ) -> None:
        """left: id of the record, key of the line -> what the line still lacks."""
        place_of = {record: place for place, record in outcome.ids.items()}
        places = sorted({place_of[record] for record, _ in left})
        lacking = outcome.ended
        if lacking is None:
            try:
                lines = self._client.call(
                    one.layout.model,
                    "search_read",
                    domain=[[one.inverse, "in", sorted({record for record, _ in left})]],
                    fields=[one.inverse, one.table.key],
                    answers=shapes.rows,
                )
            except BridgeError as error:
                lacking = error
        if lacking is not None:
            outcome.fail(places, InDoubt.partly(lacking, self._client.system))
            return
        held = {int(line["id"]): (int(line[one.inverse][0]), str(line[one.table.key])) for line in lines}
        cells = {id_: {".id": str(id_), **left[wanted]} for id_, wanted in held.items() if wanted in left}
        inner = Outcome(started=True)
        importer = Importer(self._client, one.layout.model, self._batch)
        importer.run(cells, inner, partial(self._path_of, one, row_drafts))
        for id_, refusal in inner.errors.items():
            outcome.fail([place_of[held[id_][0]]], InDoubt.partly(refusal, self._client.system))

    def change(self, items: Sequence[UpdateItem], drafts: Mapping[int, Draft], before: Rows, outcome: Outcome) -> None:
        """before: native id -> the row of the record as it is."""
        for number, (one, row_drafts) in enumerate(self._drafts.lines):
            wanted = {
                place: draft
                for place, draft in drafts.items()
                if place not in outcome.errors and (number in draft.rows or number in draft.keys)
            }
            if wanted:
                self._table(number, one, row_drafts, items, wanted, before, outcome)

    def _table(
        self,
        number: int,
        one: Lines,
        row_drafts: Drafts,
        items: Sequence[UpdateItem],
        wanted: Mapping[int, Draft],
        before: Rows,
        outcome: Outcome,
    ) -> None:
        changed: dict[int, Cells] = {}
        place_of: dict[int, int] = {}
        gone: dict[int, list[int]] = {}
        for place, draft in wanted.items():
            native_id = items[place].native_id
            held = one.rows(before[native_id])
            keys = draft.keys.get(number)
            cells = draft.rows.get(number, {})
            if any(key not in held and (keys is None or key not in keys) for key in cells):
                words = "does not have one of the rows any more"
                outcome.fail([place], VersionConflict(words, system=self._client.system))
                continue
            for key, row in cells.items():
                at = len(changed)
                place_of[at] = place
                if key in held:
                    changed[at] = {".id": str(held[key]["id"]), **row}
                else:
                    changed[at] = {f"{one.inverse}/.id": native_id, one.table.key: key, **row}
            if keys is not None:
                gone[place] = [int(row["id"]) for key, row in held.items() if key not in keys]
        inner = Outcome(started=outcome.started)
        importer = Importer(self._client, one.layout.model, self._batch)
        importer.run(changed, inner, partial(self._path_of, one, row_drafts))
        outcome.started, outcome.ended = inner.started, inner.ended or outcome.ended
        for at, error in inner.errors.items():
            outcome.errors.setdefault(place_of[at], error)
        self._take_out(one, items, {place: ids for place, ids in gone.items() if ids}, before, outcome)

    def _take_out(
        self, one: Lines, items: Sequence[UpdateItem], gone: Mapping[int, list[int]], before: Rows, outcome: Outcome
    ) -> None:
        """Delete rows; a confirmed order lets none be deleted (273), there the quantity is set to nothing."""
        confirmed = [place for place in gone if before[items[place].native_id].get(STATE) == "sale"]
        open_ = [place for place in gone if place not in confirmed and place not in outcome.errors]

        def unlink(part: list[int]) -> None:
            self._client.call(one.layout.model, "unlink", [i for place in part for i in gone[place]], writing=True)

        def nothing(part: list[int]) -> None:
            values = {"product_uom_qty": 0}
            ids = [number for place in part for number in gone[place]]
            self._client.call(one.layout.model, "write", ids, positional=(values,), vals=values, writing=True)

        in_halves(open_, items, outcome, unlink, (Rejected,), self._client.system)
        left = [place for place in confirmed if place not in outcome.errors]
        in_halves(left, items, outcome, nothing, (Rejected,), self._client.system)

    def _path_of(self, one: Lines, row_drafts: Drafts, column: str) -> str:
        return f"{one.table.path}[].{row_drafts.path_of(column)}"


class StateMover:
    """Moves records into the state that is wanted, by the action that leads there."""

    def __init__(self, client: Client, model: str, drafts: Drafts) -> None:
        self._client, self._model, self._drafts = client, model, drafts

    def move(self, items: Sequence[UpdateItem], drafts: Mapping[int, Draft], before: Rows, outcome: Outcome) -> None:
        """A record that is in the state already is left alone: a second action is refused (270), and the answer to the
        first may have been lost."""
        wanted: dict[str, list[int]] = {}
        for place, draft in drafts.items():
            now = before[items[place].native_id].get(STATE)
            if draft.state is not None and place not in outcome.errors and now != draft.state:
                wanted.setdefault(draft.state, []).append(place)
        for state, places in wanted.items():
            action = ACTIONS[self._model].get(state)
            if action is None:
                outcome.fail(places, self._refused(f"has no action that leads to the state {state}"))
                continue

            def act(part: list[int], method: str = action.method, context: Mapping[str, Any] = action.context) -> None:
                ids = sorted({int(items[place].native_id) for place in part})
                self._client.call(self._model, method, ids, writing=True, context=dict(context))

            in_halves(places, items, outcome, act, (Rejected,), self._client.system)
            moved = [place for place in places if place not in outcome.errors]
            self._keep_date(state, moved, items, before, outcome)
            self._look(state, moved, items, outcome)

    def _keep_date(
        self, state: str, places: list[int], items: Sequence[UpdateItem], before: Rows, outcome: Outcome
    ) -> None:
        """Put a date back that the action has overwritten, where the mapping has it."""
        name = DATED.get((self._model, state))
        if name is None or not self._drafts.has(name) or not places:
            return
        cells = {
            place: {".id": items[place].native_id, name: str(before[items[place].native_id][name])}
            for place in places
            if before[items[place].native_id].get(name)
        }
        Importer(self._client, self._model, len(places)).run(cells, outcome, self._drafts.path_of)

    def _look(self, state: str, places: list[int], items: Sequence[UpdateItem], outcome: Outcome) -> None:
        """An action may open a dialogue instead of acting, and say nothing of it."""
        if not places:
            return
        ids = sorted({int(items[place].native_id) for place in places})
        try:
            rows = self._client.call(self._model, "read", ids, fields=[STATE], answers=shapes.rows)
        except BridgeError:
            return  # the reading back of the record will tell
        reached = {str(row["id"]) for row in rows if row.get(STATE) == state}
        stuck = [place for place in places if items[place].native_id not in reached]
        outcome.fail(stuck, self._refused(f"did not move the record to the state {state}: it asks a person something"))

    def _refused(self, words: str) -> Rejected:
        path = self._drafts.path_of(STATE)
        return Rejected(words, fields=(path,), system=self._client.system)
