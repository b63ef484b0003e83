"""Creating, changing and deleting records.

Creates carry an external id of bridge's own module, which Odoo keeps unique; one that is there already is never sent,
because an import would write old values over what users changed since. After a write the records are read back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.drafts import Cells, Draft, Drafts, waves
from bridge.adapters.odoo.importing import Importer, Outcome, in_halves
from bridge.adapters.odoo.keys import Keys
from bridge.adapters.odoo.layout import Layout
from bridge.adapters.odoo.reading import Reader
from bridge.adapters.odoo.rows import RowWriter, StateMover
from bridge.ports.errors import BridgeError, InDoubt, NotFound, Rejected, Transient, VersionConflict
from bridge.ports.records import NOT_READ, CreateItem, DeleteItem, ReadBack, UpdateItem, WriteResult


class Writer:
    """Writes of the records of one entity. with_default: of these fields, those that Odoo fills by itself."""

    def __init__(
        self,
        client: Client,
        reader: Reader,
        layout: Layout,
        drafts: Drafts,
        *,
        with_default: Callable[[set[str]], set[str]],
        batch: int,
        module: str,
    ) -> None:
        self._client, self._reader, self._layout, self._drafts = client, reader, layout, drafts
        self._with_default, self._module = with_default, module
        self._importer = Importer(client, layout.model, batch)
        self._rows = RowWriter(client, drafts, batch)
        self._keys = Keys(client, reader, layout, self._importer, module, drafts.path_of)
        self._states = StateMover(client, layout.model, drafts)

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create records, or give the ones that have the keys already. Raises KeyFieldMissing."""
        self._require_keys()
        outcome = Outcome()
        drafts = self._drafted(items, outcome, {})
        there = self._reader.find(self._layout, [item.key for item in items])
        firsts: dict[str, int] = {}
        fresh: dict[int, Draft] = {}
        for place, draft in drafts.items():
            key = items[place].key
            if there.get(key):
                continue
            if firsts.setdefault(key, place) == place:
                fresh[place] = draft
        self._insert(items, fresh, outcome)
        back = self._read_back(outcome.ids.values(), {outcome.ids[p]: items[p].key for p in outcome.ids})
        results: list[WriteResult] = []
        for place, item in enumerate(items):
            first = firsts.get(item.key, place)
            if there.get(item.key) and place not in outcome.errors:
                held = there[item.key][0]
                results.append(WriteResult("ok", held.native_id, held, created=False))
            elif first in outcome.ids and place not in outcome.errors:
                native_id = str(outcome.ids[first])
                stored, edited = back.get(native_id, NOT_READ)
                results.append(WriteResult("ok", native_id, stored, created=first == place, edited=edited))
            else:
                results.append(self._failed(outcome.errors.get(place) or outcome.errors.get(first), None))
        return results

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change only the given fields. Odoo takes no condition with a write: the records are read just before, and
        those that moved are left alone; a small window stays. Raises KeyFieldMissing."""
        self._require_keys()
        outcome = Outcome()
        self._keys.learn(items)
        rows = self._look(items)
        drafts = self._drafted(items, outcome, rows)
        for wave in waves(items, drafts):
            checked = {place: drafts[place] for place in wave if self._unmoved(items[place], rows, place, outcome)}
            self._change(items, checked, rows, outcome)
        written = [place for place in drafts if place not in outcome.errors]
        back = self._read_back([int(items[place].native_id) for place in written], None)
        results: list[WriteResult] = []
        for place, item in enumerate(items):
            if place in written:
                stored, edited = back.get(item.native_id, NOT_READ)
                results.append(WriteResult("ok", item.native_id, stored, created=False, edited=edited))
            else:
                results.append(self._failed(outcome.errors.get(place), item.native_id))
        return results

    def _require_keys(self) -> None:
        for one in self._layout.lines:
            one.require_key()

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete records; one that is gone already counts as ok."""
        outcome = Outcome()
        rows = self._look(items)
        places = [
            place
            for place, item in enumerate(items)
            if item.native_id in rows and self._unmoved(item, rows, place, outcome)
        ]
        self._unlink(items, places, outcome)
        errors = {place: error for place, error in outcome.errors.items() if not isinstance(error, NotFound)}
        return [
            self._failed(errors[place], item.native_id) if place in errors else WriteResult("ok", item.native_id)
            for place, item in enumerate(items)
        ]

    def _drafted(
        self, items: Sequence[CreateItem | UpdateItem], outcome: Outcome, rows: Mapping[str, Any]
    ) -> dict[int, Draft]:
        self._drafts.prepare(items)
        found: dict[int, Draft] = {}
        for place, item in enumerate(items):
            before: Mapping[str, Any] | None = rows.get(item.native_id) if isinstance(item, UpdateItem) else None
            if isinstance(item, UpdateItem) and before is None:
                outcome.fail([place], self._gone())
                continue
            try:
                found[place] = self._drafts.make(item.values, before)
            except Rejected as refusal:  # any other trouble is not the item's: nothing was sent yet, and nothing is
                outcome.fail([place], refusal)
        return found

    def _insert(self, items: Sequence[CreateItem], fresh: Mapping[int, Draft], outcome: Outcome) -> None:
        """Make the records, then the addresses below them."""
        constants = self._drafts.constants()
        rows: dict[int, Cells] = {}
        for place, draft in fresh.items():
            key = items[place].key
            noted = {"id": f"{self._module}.{key}"} if self._layout.external else {self._layout.spec.key: key}
            rows[place] = {**constants, **draft.own, **noted}
        rows = self._padded(rows)
        self._importer.run(rows, outcome, self._drafts.path_of, self._rows.new(fresh))
        self._rows.complete(fresh, outcome)
        self._import_below(fresh, outcome)

    def _import_below(self, fresh: Mapping[int, Draft], outcome: Outcome) -> None:
        """Addresses of new records."""
        below = [(place, role, cells) for place in outcome.ids for role, cells in fresh[place].below.items()]
        rows = {
            number: {**cells, "parent_id/.id": str(outcome.ids[place]), "type": role}
            for number, (place, role, cells) in enumerate(below)
            if any(cells.values())
        }
        if not rows:
            return
        inner = Outcome(started=True, ended=outcome.ended)
        try:
            self._importer.run(self._padded(rows), inner, self._drafts.path_of)
        except BridgeError as error:
            inner.fail(list(rows), error)
        for number, lacking in inner.errors.items():
            outcome.fail([below[number][0]], InDoubt.partly(lacking, self._client.system))

    def _padded(self, rows: Mapping[int, Cells]) -> dict[int, Cells]:
        """New records with the same columns, so that one import does for all: an empty cell means nothing to a new
        record. But it would take the default of a field that has one: such a field gets no cell it did not ask for."""
        columns = {column for cells in rows.values() for column in cells}
        ragged = {column for column in columns if any(column not in cells for cells in rows.values())}
        filled = self._with_default({column.partition("/")[0] for column in ragged}) if ragged else set()
        empty = {column: "" for column in ragged if column.partition("/")[0] not in filled}
        return {place: {**empty, **cells} for place, cells in rows.items()}

    def _change(
        self,
        items: Sequence[UpdateItem],
        drafts: Mapping[int, Draft],
        rows: Mapping[str, Any],
        outcome: Outcome,
    ) -> None:
        self._keys.note(items, list(drafts), rows, outcome)  # first: one that is refused leaves nothing half written
        own = {
            place: {".id": items[place].native_id, **draft.own}
            for place, draft in drafts.items()
            if draft.own and place not in outcome.errors
        }
        self._importer.run(own, outcome, self._drafts.path_of, look=partial(self._still_unmoved, items, outcome))
        written = {place for place in own if place not in outcome.errors}
        for role in self._layout.roles:
            cells: dict[int, Cells] = {}
            for place, draft in drafts.items():
                wanted = draft.below.get(role)
                if not wanted or place in outcome.errors:
                    continue
                child = self._layout.child_id(rows[items[place].native_id], role)
                if child is not None:
                    cells[place] = {".id": str(child), **wanted}
                elif any(wanted.values()):
                    cells[place] = {**wanted, "parent_id/.id": items[place].native_id, "type": role}
            if cells:
                self._importer.run(cells, outcome, partial(self._drafts.path_of, role=role))
                written |= {place for place in cells if place not in outcome.errors}
        self._rows.change(items, drafts, rows, outcome)
        written |= {place for place, draft in drafts.items() if draft.rows and place not in outcome.errors}
        self._states.move(items, drafts, rows, outcome)
        for place in written.intersection(outcome.errors):
            if not isinstance(outcome.errors[place], InDoubt):
                outcome.errors[place] = InDoubt.partly(outcome.errors[place], self._client.system)

    def _look(self, items: Sequence[UpdateItem] | Sequence[DeleteItem]) -> dict[str, dict[str, Any]]:
        """The rows as they are now, by native id."""
        ids = [one.native_id for one in items]
        return {str(row["id"]): row for row in self._reader.rows_of(self._layout, ids)}

    def _still_unmoved(self, items: Sequence[UpdateItem], outcome: Outcome, places: list[int]) -> list[int]:
        """Look once more, after another call went before: who edited meanwhile is not written over."""
        asked = [place for place in places if items[place].expected is not None]
        if not asked:
            return places
        try:
            rows = self._look([items[place] for place in asked])
        except BridgeError as error:
            outcome.stop(places, error)
            return []
        outcome.fail([place for place in asked if items[place].native_id not in rows], self._gone())
        return [
            place
            for place in places
            if place not in outcome.errors and (place not in asked or self._unmoved(items[place], rows, place, outcome))
        ]

    def _unmoved(self, item: UpdateItem | DeleteItem, rows: Mapping[str, Any], place: int, outcome: Outcome) -> bool:
        """Whether the record still has the expected version; notes the conflict."""
        if item.expected is None or self._layout.version(rows[item.native_id]) == item.expected:
            return True
        words = "has the record in another version than expected"
        outcome.fail([place], VersionConflict(words, system=self._client.system))
        return False

    def _unlink(self, items: Sequence[DeleteItem], places: list[int], outcome: Outcome) -> None:
        def send(part: list[int]) -> None:
            ids = sorted({int(items[place].native_id) for place in part})
            self._client.call(self._layout.model, "unlink", ids, writing=True)

        in_halves(places, items, outcome, send, (Rejected, NotFound), self._client.system)

    def _read_back(self, ids: Iterable[int], keys: Mapping[int, str] | None) -> dict[str, ReadBack]:
        """The records as they are now; nothing where they cannot be read just now (the engine reads them later)."""
        wanted = [str(one) for one in ids]
        if not wanted:
            return {}
        try:
            user = self._client.user()
            rows = self._reader.rows_of(self._layout, wanted, writers=True)
            if keys is None:
                records = self._reader.records(self._layout, rows)
            else:
                records = [self._layout.record(row, keys.get(int(row["id"]))) for row in rows]
        except BridgeError:
            return {}
        return {
            record.native_id: (record, self._layout.edited(row, user))
            for record, row in zip(records, rows, strict=True)
        }

    def _failed(self, error: BridgeError | None, native_id: str | None) -> WriteResult:
        error = error or Transient("was not asked", system=self._client.system)
        return WriteResult("unknown" if isinstance(error, InDoubt) else "failed", native_id, error=error)

    def _gone(self) -> NotFound:
        return NotFound("does not have the record (any more)", system=self._client.system)
