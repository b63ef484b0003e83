"""Creating, changing and deleting records.

A record is made in one transaction with its rows and with bridge's id in it, and looked for by that id before: Tryton
keeps no id of another program unique. A change is told which stamps it expects, of the record and of every row that
is written with it, and the server itself refuses it where one has moved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.ports.errors import BridgeError, NotFound, Rejected, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, NativeRecord, UpdateItem, WriteResult

from bridge_tryton.batches import Outcome, failed, in_halves, written
from bridge_tryton.client import Client
from bridge_tryton.drafts import Draft, Drafter, Values, commands, lost_rows
from bridge_tryton.kinds import Kind
from bridge_tryton.layout import Layout, Row
from bridge_tryton.models import Models
from bridge_tryton.reading import Reader
from bridge_tryton.tables import Tables


class Writer:
    """Writes of the records of one entity."""

    def __init__(
        self, client: Client, reader: Reader, layout: Layout, models: Models, tables: Tables, kind: Kind, batch: int
    ) -> None:
        self._client, self._reader, self._layout, self._kind = client, reader, layout, kind
        self._drafter, self._tables = Drafter(layout, tables, client.system), tables
        self._models, self._batch = models, batch

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create records, or give the ones that have the keys already."""
        if not items:
            return []
        outcome = Outcome()
        drafts = self._drafted(items, {}, outcome)
        there = self._reader.find(self._layout, [item.key for item in items])
        firsts: dict[str, int] = {}
        for place in drafts:
            firsts.setdefault(items[place].key, place)
        fresh = {place: drafts[place] for key, place in firsts.items() if not there.get(key)}
        self._insert(items, fresh, outcome)
        stored = self._read_back(outcome.ids.values())
        results = []
        for place, item in enumerate(items):
            first = firsts.get(item.key, place)
            if there.get(item.key) and place in drafts:
                held = there[item.key][0]
                results.append(written(held.native_id, held, created=False))
            elif first in outcome.ids and place in drafts:
                native_id = str(outcome.ids[first])
                results.append(written(native_id, stored.get(native_id), created=first == place))
            else:
                error = outcome.errors.get(place) or outcome.errors.get(first)
                results.append(failed(error, None, self._client.system))
        return results

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change only the given fields; a stale `expected` yields VersionConflict for that item."""
        if not items:
            return []
        outcome = Outcome()
        rows = self._rows([item.native_id for item in items])
        drafts = self._drafted(items, rows, outcome)
        for place in list(drafts):
            if lost_rows(self._layout, drafts[place], rows[items[place].native_id]):
                outcome.fail([place], self._moved("does not have one of the rows any more"))
                del drafts[place]
        for wave in _waves(items, list(drafts)):
            self._change(items, drafts, wave, rows, outcome)
        good = [place for place in drafts if place not in outcome.errors]
        stored = self._read_back(int(items[place].native_id) for place in good)
        return [
            written(item.native_id, stored.get(item.native_id), created=False)
            if place in good
            else failed(outcome.errors.get(place), item.native_id, self._client.system)
            for place, item in enumerate(items)
        ]

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete records; one that is gone already counts as ok."""
        if not items:
            return []
        outcome = Outcome()
        rows = self._rows([item.native_id for item in items])
        places = [place for place, item in enumerate(items) if item.native_id in rows]
        places = [place for place in places if self._unmoved(items[place], rows, place, outcome)]

        def send(part: list[int]) -> None:
            told = {items[place].native_id: rows[items[place].native_id] for place in part}
            stamps = {name: stamp for row in told.values() for name, stamp in self._layout.stamps(row).items()}
            self._kind.delete(list(told.values()), {"_timestamp": stamps})

        in_halves(places, outcome, send, size=self._batch, system=self._client.system)
        errors = {place: error for place, error in outcome.errors.items() if not isinstance(error, NotFound)}
        return [
            failed(errors[place], item.native_id, self._client.system)
            if place in errors
            else WriteResult("ok", item.native_id)
            for place, item in enumerate(items)
        ]

    def _drafted(
        self, items: Sequence[CreateItem | UpdateItem], rows: Mapping[str, Row], outcome: Outcome
    ) -> dict[int, Draft]:
        self._tables.begin()
        found: dict[int, Draft] = {}
        for place, item in enumerate(items):
            before = rows.get(item.native_id) if isinstance(item, UpdateItem) else None
            if isinstance(item, UpdateItem) and before is None:
                outcome.fail([place], NotFound("does not have the record (any more)", system=self._client.system))
                continue
            try:
                draft = self._drafter.make(item.values, before)
                self._kind.judge(draft, before)
                found[place] = draft
            except Rejected as refusal:  # any other trouble is not the item's: nothing was sent yet, and nothing is
                outcome.fail([place], refusal)
        return found

    def _insert(self, items: Sequence[CreateItem], fresh: Mapping[int, Draft], outcome: Outcome) -> None:
        told: dict[int, Values] = {}
        for place, draft in fresh.items():
            values = {**self._drafter.constants(), **commands(self._layout, draft, None, items[place].key)}
            told[place] = values
        self._kind.complete({place: (values, fresh[place]) for place, values in told.items()})
        labels = self._models.labels(self._layout.spec)

        def send(part: list[int]) -> None:
            made = self._kind.create([(told[place], fresh[place].above) for place in part], labels)
            outcome.ids.update(zip(part, made, strict=True))

        in_halves(list(told), outcome, send, size=self._batch, system=self._client.system)

    def _change(
        self,
        items: Sequence[UpdateItem],
        drafts: Mapping[int, Draft],
        wave: Sequence[int],
        rows: Mapping[str, Row],
        outcome: Outcome,
    ) -> None:
        """Values first, then the state: what is at work takes no more changes."""
        places = [place for place in wave if self._unmoved(items[place], rows, place, outcome)]
        told = {
            place: commands(self._layout, drafts[place], rows[items[place].native_id], items[place].key)
            for place in places
        }
        writes = [place for place in places if told[place] or drafts[place].above]
        labels = self._models.labels(self._layout.spec)

        def send(part: list[int]) -> None:
            given = [(rows[items[place].native_id], told[place], drafts[place].above) for place in part]
            self._kind.write(given, self._stamps(items, part, rows), labels)

        in_halves(writes, outcome, send, size=self._batch, system=self._client.system)
        self._move(items, drafts, [place for place in places if place not in outcome.errors], writes, rows, outcome)

    def _move(
        self,
        items: Sequence[UpdateItem],
        drafts: Mapping[int, Draft],
        places: Sequence[int],
        writes: Sequence[int],
        rows: Mapping[str, Row],
        outcome: Outcome,
    ) -> None:
        """Press the buttons that lead to the wanted states, each for all records at once."""
        steps: dict[int, tuple[str, ...]] = {}
        for place in places:
            try:
                steps[place] = self._kind.steps(rows[items[place].native_id], drafts[place].state)
            except Rejected as refusal:
                outcome.fail([place], refusal)
        for number in range(max(map(len, steps.values()), default=0)):
            due = {place: steps[place][number] for place in steps if number < len(steps[place])}
            for button in dict.fromkeys(due.values()):

                def press(part: list[int], button: str = button, number: int = number) -> None:
                    # the stamps have moved where the record was just written
                    fresh = [place for place in part if number == 0 and place not in writes]
                    ids = [int(items[place].native_id) for place in part]
                    self._kind.press(button, ids, self._stamps(items, fresh, rows))

                pressed = [place for place in due if due[place] == button and place not in outcome.errors]
                in_halves(pressed, outcome, press, size=self._batch, system=self._client.system)

    def _stamps(self, items: Sequence[UpdateItem], part: Sequence[int], rows: Mapping[str, Row]) -> dict[str, Any]:
        """The context by which the server compares: only for those that say what they expect."""
        found: dict[str, str] = {}
        for place in part:
            if items[place].expected is not None:
                found |= self._layout.stamps(rows[items[place].native_id])
        return {"_timestamp": found} if found else {}

    def _unmoved(self, item: UpdateItem | DeleteItem, rows: Mapping[str, Row], place: int, outcome: Outcome) -> bool:
        """Whether the record still has the expected version; notes the conflict."""
        if item.expected is None or self._layout.version(rows[item.native_id]) == item.expected:
            return True
        outcome.fail([place], self._moved("has the record in another version than expected"))
        return False

    def _moved(self, words: str) -> VersionConflict:
        return VersionConflict(words, system=self._client.system)

    def _rows(self, native_ids: Iterable[str]) -> dict[str, Row]:
        return {str(row["id"]): row for row in self._reader.rows_of(self._layout, list(native_ids))}

    def _read_back(self, ids: Iterable[int]) -> dict[str, NativeRecord]:
        """The records as they are now; nothing where they cannot be read just now (the engine reads them later)."""
        wanted = [str(one) for one in ids]
        try:
            return self._reader.fetch(self._layout, wanted) if wanted else {}
        except BridgeError:
            return {}


def _waves(items: Sequence[UpdateItem], places: list[int]) -> list[list[int]]:
    """Places in their order, so that no record is in one wave twice."""
    waves: list[list[int]] = []
    seen: list[set[str]] = []
    for place in places:
        for wave, ids in zip(waves, seen, strict=True):
            if items[place].native_id not in ids:
                wave.append(place)
                ids.add(items[place].native_id)
                break
        else:
            waves.append([place])
            seen.append({items[place].native_id})
    return waves
