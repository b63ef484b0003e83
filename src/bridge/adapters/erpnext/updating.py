"""Changing and deleting records, one document at a time, each under the server's lock on `modified`.

bulk_update is not used: it has no savepoint, so that a document it reports as failed may be half written (recordings
401-405). A record of several documents is written in this order: its own document (with the lock), then its addresses
(each with its lock); a change of the primary address moves the Customer's `modified` (129), so the other order would
break the lock of the second write.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bridge.adapters.erpnext.amending import ORIGIN, can_be_amended
from bridge.adapters.erpnext.client import Client, Row
from bridge.adapters.erpnext.document import Joined, Layout, own_stamp, require_row_keys, tag_names, version_of
from bridge.adapters.erpnext.drafts import Draft, Drafts
from bridge.adapters.erpnext.items import BY_METHOD, DOCSTATUS, DRAFT, SUBMITTED, ItemTable, by_method, changed_rows
from bridge.adapters.erpnext.ledger import Ledger, concerns_item
from bridge.adapters.erpnext.parts import Parts
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.rows import CHILD_OF, TABLE_OF, Line, whole, with_channels, with_first, with_links
from bridge.adapters.erpnext.tags import Tags
from bridge.ports.errors import BridgeError, InDoubt, MissingReference, NotFound, Rejected, VersionConflict
from bridge.ports.records import DeleteItem, UpdateItem, WriteResult

UPDATE_ITEMS = "erpnext.controllers.accounts_controller.update_child_qty_rate"


@dataclass(frozen=True, slots=True)
class _Held:
    """What the site holds of one record just before the write. lines: rows of its child tables, whole."""

    row: Row
    joined: Joined
    lines: Mapping[str, list[Line]] = field(default_factory=dict)
    items: Mapping[str, Mapping[str, Row]] = field(default_factory=dict)


class Updater:
    """Changes and deletes records of one layout."""

    def __init__(self, client: Client, reader: Reader, layout: Layout) -> None:
        self._client = client
        self._reader = reader
        self._layout = layout
        self._doctype = layout.meta.doctype
        self._drafts = Drafts(reader.site, layout, client.system)
        self._parts = Parts(client, layout, self._drafts)

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """See `Adapter.update`. Raises KeyFieldMissing."""
        require_row_keys(self._layout, self._client.system)
        ledger = Ledger(len(items), self._client.system)
        drafts: dict[int, Draft] = {}
        for place, item in enumerate(items):
            try:
                drafts[place] = self._drafts.of(item.values, item.key, creating=False)
            except Rejected as error:
                ledger.failed(place, error, item.native_id)
        looked = [place for place, draft in drafts.items() if self._needs_look(items[place], draft)]
        held = self._held([items[place].native_id for place in looked], drafts)
        for place, draft in drafts.items():
            self._guarded(ledger, place, items[place], draft, held)
            if ledger.trouble is not None:
                break
        self._read_back(ledger)
        return ledger.results()

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """See `Adapter.delete`. A DELETE has no lock, so the versions are compared just before."""
        ledger = Ledger(len(items), self._client.system)
        watched = [item.native_id for item in items if item.expected is not None]
        versions = {name: one.version for name, one in self._reader.fetch(self._layout, watched).items()}
        for place, item in enumerate(items):
            if item.expected is not None and versions.get(item.native_id, item.expected) != item.expected:
                ledger.failed(place, self._moved(), item.native_id)
                continue
            try:
                self._client.delete(self._doctype, item.native_id)
                ledger.written(place, item.native_id)
            except NotFound:
                ledger.written(place, item.native_id)  # gone already (recording 098)
            except BridgeError as error:
                if self._note(ledger, place, item.native_id, error):
                    break
        return ledger.results()

    def _guarded(self, ledger: Ledger, place: int, item: UpdateItem, draft: Draft, held: Mapping[str, _Held]) -> None:
        try:
            if not self._needs_look(item, draft):
                self._write_own(item.native_id, draft, own_stamp(item.expected) if item.expected else None, {})
            else:
                self._write_whole(item, draft, held.get(item.native_id))
            ledger.written(place, item.native_id)
        except BridgeError as error:
            self._note(ledger, place, item.native_id, error)

    def _needs_look(self, item: UpdateItem, draft: Draft) -> bool:
        """Whether the record must be read before it is written: the server's lock knows its own document only."""
        return not draft.plain or bool(self._layout.roles and item.expected) or can_be_amended(self._layout.meta)

    def _note(self, ledger: Ledger, place: int, name: str, error: BridgeError) -> bool:
        """Write down a failure; whether the batch ends with it."""
        ledger.failed(place, error, name)
        if concerns_item(error):
            return False
        ledger.stop(error)
        return True

    def _write_whole(self, item: UpdateItem, draft: Draft, held: _Held | None) -> None:
        if held is None:
            raise NotFound("does not have this record", system=self._client.system)
        if item.expected is not None and version_of(held.row, held.joined.addresses) != item.expected:
            raise self._moved()
        self._parts.check(draft, held.joined.addresses)
        tables = self._tables(draft, held)
        key = self._layout.spec.key
        if held.row.get(key) == draft.own.get(key) or held.row.get(ORIGIN):
            # else every write of an address would write its customer too; and the key of an amended order stays where
            # it is, with the cancelled document
            draft.own.pop(key, None)
        steps: list[Callable[[], None]] = []
        if draft.own or tables:
            stamp, submitted = str(held.row["modified"]), held.row.get(DOCSTATUS) == SUBMITTED
            steps.append(lambda: self._write_own(item.native_id, draft, stamp, tables, submitted=submitted))
        steps += self._parts.steps(item.native_id, draft, held.joined.addresses)
        if draft.docstatus is not None and draft.docstatus != held.row.get(DOCSTATUS):
            steps.append(partial(self._move, item.native_id, draft.docstatus, int(held.row.get(DOCSTATUS) or 0), draft))
        if draft.tags is not None:
            tags = Tags(self._client, self._doctype)
            steps.append(partial(tags.set, item.native_id, tag_names(held.row.get("_user_tags")) or [], draft.tags))
        for at, step in enumerate(steps):
            try:
                step()
            except BridgeError as error:
                raise (InDoubt.partly(error, self._client.system) if at else error) from None

    def _write_own(
        self,
        name: str,
        draft: Draft,
        stamp: str | None,
        tables: Mapping[str, list[Line]],
        *,
        submitted: bool = False,
    ) -> None:
        if submitted and tables:
            self._change_submitted(name, draft, tables)
            tables, stamp = {}, None
            if not draft.own:
                return
        body: dict[str, Any] = {**draft.own, **tables}
        if stamp is not None:
            body["modified"] = stamp
        try:
            self._client.put(self._doctype, name, body, draft.naming)
        except NotFound:
            # also the answer where a linked record is missing (recordings 159, 162)
            if self._reader.existing(self._layout, [name]):
                words = "does not have a record that this one refers to"
                raise MissingReference(words, system=self._client.system) from None
            raise

    def _move(self, name: str, wanted: int, now: int, draft: Draft) -> None:
        """Submit or cancel. A draft cannot be cancelled: it is submitted first, and both are booked."""
        if wanted < now:
            words = f"does not take a document back to {'draft' if wanted == DRAFT else 'submitted'}: amend it there"
            raise Rejected(words, fields=(DOCSTATUS,), system=self._client.system)
        for status in range(now + 1, wanted + 1):
            self._client.put(self._doctype, name, {DOCSTATUS: status}, draft.naming)

    def _change_submitted(self, name: str, draft: Draft, tables: Mapping[str, list[Line]]) -> None:
        """The items of a submitted order are changed by a method of their own; it knows nothing of bridge's keys."""
        for one in self._layout.items:
            rows = tables.get(one.table.path)
            if rows is None:
                continue
            if self._doctype not in BY_METHOD:
                words = f"does not let rows of a submitted {self._doctype} be changed"
                raise Rejected(words, fields=(one.table.path,), system=self._client.system)
            self._client.method(
                UPDATE_ITEMS,
                {
                    "parent_doctype": self._doctype,
                    "parent_doctype_name": name,
                    "child_docname": one.table.path,
                    "trans_items": json.dumps(by_method(rows), default=str),
                },
                writing=True,
            )
            added = [str(row[one.table.key]) for row in rows if not row.get("name")]
            self._give_keys(one, name, added)

    def _give_keys(self, one: ItemTable, name: str, keys: list[str]) -> None:
        """Rows that the method has made get their keys, in the order in which they were sent."""
        if not keys:
            return
        rows = self._reader.items(self._layout, one, [name], one.columns).get(name, {})
        fresh = [row for key, row in rows.items() if not row.get(one.table.key)]
        for key, row in zip(keys, fresh[-len(keys) :], strict=False):
            self._client.put(one.doctype, str(row["name"]), {one.table.key: key})

    def _tables(self, draft: Draft, held: _Held) -> dict[str, list[Line]]:
        """The child tables that change, whole."""
        tables: dict[str, list[Line]] = {}
        for table in dict.fromkeys(TABLE_OF[channel] for channel in draft.channels):
            wanted = {one: value for one, value in draft.channels.items() if TABLE_OF[one] == table}
            tables[table] = with_channels(table, held.lines.get(table, ()), wanted)
        for table, wanted in draft.first.items():
            tables[table] = with_first(held.lines.get(table, ()), wanted)
        if draft.links:
            tables["links"] = with_links(held.lines.get("links", ()), draft.links)
        for one in self._layout.items:
            path = one.table.path
            if path in draft.items or path in draft.keys:
                rows = {key: whole(row) for key, row in held.items.get(path, {}).items()}
                wires = draft.items.get(path, {})
                tables[path] = changed_rows(
                    one, rows, draft.keys.get(path), wires, {**held.row, **draft.own}, self._client.system
                )
        return {name: lines for name, lines in tables.items() if lines != held.lines.get(name, [])}

    def _held(self, names: Sequence[str], drafts: Mapping[int, Draft]) -> dict[str, _Held]:
        """What the site holds of these records: a call for the documents, the addresses and each child table."""
        if not names:
            return {}
        rows = self._client.rows(self._doctype, self._layout.columns, [["name", "in", list(names)]])
        joined = self._reader.joined(self._layout, [str(row["name"]) for row in rows])
        changed = {TABLE_OF[channel] for draft in drafts.values() for channel in draft.channels}
        changed |= {"links" for draft in drafts.values() if draft.links}
        tables = {table: CHILD_OF[table] for table in sorted(changed)}
        tables |= {table: self._layout.tables[table] for draft in drafts.values() for table in draft.first}
        lines = {table: self._reader.lines(self._layout, table, child, names) for table, child in tables.items()}
        items = {
            one.table.path: self._reader.items(self._layout, one, names, ["*"])
            for one in self._layout.items
            if any(one.table.path in draft.items or one.table.path in draft.keys for draft in drafts.values())
        }
        return {
            str(row["name"]): _Held(
                row=row,
                joined=joined[str(row["name"])],
                lines={table: [whole(one) for one in lines[table].get(str(row["name"]), [])] for table in lines},
                items={table: rows.get(str(row["name"]), {}) for table, rows in items.items()},
            )
            for row in rows
        }

    def _read_back(self, ledger: Ledger) -> None:
        names = list(dict.fromkeys(ledger.written_ids().values()))
        if not names:
            return
        try:
            ledger.read_back(self._reader.read_back(self._layout, names))
        except BridgeError:
            return  # written, but not to be read now: the engine reads it before it trusts it

    def _moved(self) -> VersionConflict:
        return VersionConflict("has a newer version of the record", system=self._client.system)
