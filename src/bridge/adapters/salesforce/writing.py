"""Creating, changing and deleting records.

Creates are inserts that carry the golden id in a unique field, not upserts: repeated, they are refused by the field
(DUPLICATE_VALUE) and the record is found by its key, whereas an upsert would write old values over what users changed
since. After a write the records are read back: triggers, roll-ups and trimming make them differ from what was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.adapters.salesforce.batches import Answer, Batch, send
from bridge.adapters.salesforce.bulk import Bulk
from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.drafts import Drafts, repeated
from bridge.adapters.salesforce.errors import row_error
from bridge.adapters.salesforce.layout import Layout, require_key, require_movement, require_row_keys
from bridge.adapters.salesforce.reading import Reader
from bridge.adapters.salesforce.soql import is_id
from bridge.adapters.salesforce.users import Users
from bridge.ports.errors import (
    BridgeError,
    InDoubt,
    MissingReference,
    NotFound,
    PermissionDenied,
    Transient,
    Unsupported,
    VersionConflict,
)
from bridge.ports.records import NOT_READ, CreateItem, DeleteItem, NativeRecord, ReadBack, UpdateItem, WriteResult

_COLLECTION = "composite/sobjects"


class Writer:
    """Writes of the records of one entity."""

    def __init__(
        self, client: Client, reader: Reader, layout: Layout, users: Users, batch: int, bulk: int | None = None
    ) -> None:
        """batch: records in one call. bulk: more new records than so many at once go as a job; None: never."""
        self._bulk = bulk
        self._client = client
        self._reader = reader
        self._layout = layout
        self._drafts = Drafts(layout, users, client.system)
        self._size = batch
        self._complete = True  # whether the last reading back came through

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Create records, or give the ones that have the keys already. Raises KeyFieldMissing."""
        require_key(self._layout, self._client.system)
        require_row_keys(self._layout, self._client.system)
        self._drafts.prepare(items)
        batch = Batch()
        again = repeated([item.key for item in items])
        drafts: dict[int, Json] = {}
        for place, item in enumerate(items):
            if place not in again:
                self._draft(batch, drafts, place, item)
        self._insert(items, drafts, batch)
        results = self._created(items, batch)
        firsts = {items[place].key: results[place] for place in sorted(drafts | batch.answers, reverse=True)}
        return [_repeat(firsts[item.key]) if place in again else results[place] for place, item in enumerate(items)]

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Change only the given fields. Versions are compared just before each call, because a collection takes no
        condition; a small window stays. Raises KeyFieldMissing."""
        require_row_keys(self._layout, self._client.system)
        if any(item.deltas for item in items):
            require_movement(self._layout, self._client.system)
        self._drafts.prepare(items)
        batch = Batch()
        drafts: dict[int, Json] = {}
        for place, item in enumerate(items):
            if is_id(item.native_id):
                self._draft(batch, drafts, place, item)
            else:
                batch.fail([place], self._missing())
        for part in _parts(drafts, self._size):
            for wave in _distinct(part, items):  # Salesforce refuses an id that stands twice in one call
                fresh = self._unmoved(items, wave, batch)
                self._change(items, fresh, batch)
        return self._updated(items, batch)

    def _change(self, items: Sequence[UpdateItem], drafts: Mapping[int, Json], batch: Batch) -> None:
        """Send changes, no record twice."""
        send(self._client, drafts, lambda records: self._collect("PATCH", records), batch, self._size)

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Delete records; one that is gone already counts as ok."""
        batch = Batch()
        wanted = {place: item.native_id for place, item in enumerate(items) if is_id(item.native_id)}
        for part in _parts(wanted, self._size):
            for wave in _distinct(part, items):
                send(self._client, self._unmoved(items, wave, batch), self._erase, batch, self._size)
        return [self._deleted(item, batch.answers.get(place)) for place, item in enumerate(items)]

    def _insert(self, items: Sequence[CreateItem], drafts: Mapping[int, Json], batch: Batch) -> None:
        """Send new records."""
        if self._bulk is not None and len(drafts) > self._bulk:
            try:
                Bulk(self._client, self._layout.object, self._layout.spec.key).insert(drafts, batch)
            except (Unsupported, PermissionDenied):  # no job for this object or this user: nothing was written
                pass
            else:
                return
        send(self._client, drafts, lambda records: self._collect("POST", records), batch, self._size)

    def _draft(self, batch: Batch, drafts: dict[int, Json], place: int, item: CreateItem | UpdateItem) -> None:
        try:
            drafts[place] = self._drafts.create(item) if isinstance(item, CreateItem) else self._drafts.update(item)
        except BridgeError as refusal:
            batch.fail([place], refusal)

    def _collect(self, method: str, records: list[Any]) -> Any:
        body = {"allOrNone": False, "records": records}
        return self._client.call(method, _COLLECTION, body=body, writing=True)

    def _erase(self, native_ids: list[Any]) -> Any:
        params = {"ids": ",".join(native_ids), "allOrNone": "false"}
        return self._client.call("DELETE", _COLLECTION, params=params, writing=True)

    def _created(self, items: Sequence[CreateItem], batch: Batch) -> list[WriteResult]:
        """The results of a create; keys that were refused as duplicates lead to the records that have them."""
        answers = batch.answers
        ids = [answer.native_id for answer in answers.values() if answer.ok and answer.native_id]
        taken = [items[place].key for place, answer in answers.items() if _duplicate(answer)]
        back = self._read_back(ids)
        holders = self._holders(taken)
        results = []
        for place, item in enumerate(items):
            answer = answers.get(place, Answer(error=Transient("was not asked", system=self._client.system)))
            holder = holders.get(item.key) if _duplicate(answer) else None
            if answer.ok:
                record, edited = back.get(answer.native_id or "", NOT_READ)
                results.append(WriteResult("ok", answer.native_id, record, created=True, edited=edited))
            elif holder is not None:
                results.append(WriteResult("ok", holder.native_id, holder, created=False))
            else:
                results.append(self._failed(answer, None))
        return results

    def _updated(self, items: Sequence[UpdateItem], batch: Batch) -> list[WriteResult]:
        """The results of an update. INVALID_CROSS_REFERENCE_KEY names the record itself or one it refers to: which of
        the two is seen by whether the record can still be read."""
        answers = batch.answers
        wanted = [items[place].native_id for place, answer in answers.items() if answer.ok or _unclear(answer)]
        back = self._read_back(wanted)
        results = []
        for place, item in enumerate(items):
            answer = answers.get(place, Answer(error=Transient("was not asked", system=self._client.system)))
            record, edited = back.get(item.native_id, NOT_READ)
            if answer.ok:
                results.append(WriteResult("ok", item.native_id, record, created=False, edited=edited))
            elif _unclear(answer) and record is None and self._complete:
                results.append(WriteResult("failed", item.native_id, error=self._missing()))
            else:
                results.append(self._failed(answer, item.native_id))
        return results

    def _deleted(self, item: DeleteItem, answer: Answer | None) -> WriteResult:
        if answer is None or answer.ok:
            return WriteResult("ok", item.native_id)
        result = self._failed(answer, item.native_id)
        gone = isinstance(result.error, (NotFound, MissingReference))
        return WriteResult("ok", item.native_id) if gone else result

    def _error(self, answer: Answer) -> BridgeError:
        return answer.error or row_error(answer.refused, system=self._client.system)

    def _failed(self, answer: Answer, native_id: str | None) -> WriteResult:
        error = self._error(answer)
        return WriteResult("unknown" if isinstance(error, InDoubt) else "failed", native_id, error=error)

    def _unmoved(
        self, items: Sequence[UpdateItem] | Sequence[DeleteItem], part: Mapping[int, Any], batch: Batch
    ) -> dict[int, Any]:
        """Those of a part whose version is still the expected one; the others get their error."""
        checked = [place for place in part if items[place].expected is not None]
        if not checked or batch.ended is not None:
            return dict(part)
        try:
            held = self._reader.fetch(self._layout, [items[place].native_id for place in checked])
        except BridgeError as error:
            if not batch.started:
                raise
            batch.ended = error
            return dict(part)
        fresh = dict(part)
        for place in checked:
            record = held.get(items[place].native_id)
            if record is not None and record.version == items[place].expected:
                continue
            del fresh[place]
            batch.fail([place], self._missing() if record is None else self._moved())
        return fresh

    def _read_back(self, native_ids: Iterable[str]) -> dict[str, ReadBack]:
        """What the org holds now; empty where it cannot be read, which does not undo the write."""
        wanted = list(native_ids)
        self._complete = True
        try:
            return self._reader.read_back(self._layout, wanted) if wanted else {}
        except BridgeError:
            self._complete = False
            return {}

    def _holders(self, keys: Sequence[str]) -> dict[str, NativeRecord]:
        if not keys:
            return {}
        try:
            found = self._reader.find(self._layout, keys)
        except BridgeError:
            return {}
        return {key: records[0] for key, records in found.items() if len(records) == 1}

    def _missing(self) -> NotFound:
        return NotFound("does not have this record", system=self._client.system)

    def _moved(self) -> VersionConflict:
        return VersionConflict("has a newer version of the record", system=self._client.system)


def _duplicate(answer: Answer) -> bool:
    return any(complaint.code == "DUPLICATE_VALUE" for complaint in answer.refused)


def _unclear(answer: Answer) -> bool:
    return bool(answer.refused) and answer.refused[0].code == "INVALID_CROSS_REFERENCE_KEY"


def _parts(drafts: Mapping[int, Any], size: int) -> list[dict[int, Any]]:
    places = list(drafts)
    return [{place: drafts[place] for place in places[start : start + size]} for start in range(0, len(places), size)]


def _distinct(part: Mapping[int, Any], items: Sequence[UpdateItem] | Sequence[DeleteItem]) -> list[dict[int, Any]]:
    """A part cut so that no id stands twice in one call, in the order given."""
    waves: list[dict[int, Any]] = []
    turns: dict[str, int] = {}
    for place, draft in part.items():
        native_id = items[place].native_id[:15]
        turn = turns.get(native_id, 0)
        turns[native_id] = turn + 1
        if turn == len(waves):
            waves.append({})
        waves[turn][place] = draft
    return waves


def _repeat(first: WriteResult) -> WriteResult:
    """The result of an item whose key stood earlier in the batch: that record."""
    if first.outcome != "ok":
        return first
    return WriteResult("ok", first.native_id, first.stored, created=False)
