"""Prices: a product's stand in price books, one entry for each, and the standard book comes first.

Salesforce takes no entry of another book before there is an active one in the standard book (its reference of
PricebookEntry: STANDARD_PRICE_NOT_DEFINED), and lets none be deleted: an entry that is taken out is switched off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.batches import Answer, Batch, send
from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.entries import PRICE, STANDARD, entry_of
from bridge.adapters.salesforce.values import to_wire
from bridge.adapters.salesforce.writing import Writer
from bridge.ports.errors import BridgeError, InDoubt, Rejected
from bridge.ports.records import NOT_READ, CreateItem, NativeValue, UpdateItem, WriteResult


class PriceBooks:
    """The price books of an org, looked up once."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, str] = {}

    def native_id(self, name: str) -> str:
        """The id of a book: the standard one by its mark and never by its name, others by theirs. Raises Rejected."""
        if name not in self._known:
            rows, _ = self._client.query(soql.select(["Id", "Name", "IsStandard"], "Pricebook2"))
            self._known = {str(row["Name"]).replace(" ", "_"): str(row["Id"]) for row in rows}
            for row in rows:
                if row.get("IsStandard"):
                    self._known[STANDARD] = str(row["Id"])
        found = self._known.get(name)
        if found is None:
            path = f"{PRICE}{name}"
            raise Rejected(f"has no price book of that name ({path})", fields=(path,), system=self._client.system)
        return found


class ProductWriter(Writer):
    """Writes products, and their prices after them."""

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        results = super().create(items)
        made = {
            place: r.native_id for place, r in enumerate(results) if r.outcome == "ok" and r.created and r.native_id
        }
        return self._priced(items, results, made)

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        results = super().update(items)
        there = {place: one.native_id for place, one in enumerate(results) if one.outcome == "ok"}
        return self._priced(items, results, {place: native_id for place, native_id in there.items() if native_id})

    def _change(self, items: Sequence[UpdateItem], drafts: Mapping[int, Json], batch: Batch) -> None:
        """A product of which only the price changes is not written itself."""
        own = {}
        for place, draft in drafts.items():
            if self._own(items[place]):
                own[place] = draft
            else:
                batch.answers[place] = Answer(items[place].native_id)
        super()._change(items, own, batch)

    def _own(self, item: CreateItem | UpdateItem) -> bool:
        """Whether the product itself is written, and not only its prices."""
        return isinstance(item, CreateItem) or bool(set(item.values) - {field.path for field in self._layout.prices})

    def _priced(
        self, items: Sequence[CreateItem] | Sequence[UpdateItem], results: list[WriteResult], ids: Mapping[int, str]
    ) -> list[WriteResult]:
        """Write the prices of products that are there now. A product that was written, and a price of it not, is in
        doubt: it is looked up, and the price is sent alone."""
        wanted = {
            place: {path: value for path, value in items[place].values.items() if path.startswith(PRICE)}
            for place in ids
        }
        wanted = {place: prices for place, prices in wanted.items() if prices}
        if not wanted:
            return results
        problems: dict[int, BridgeError] = {}
        written = {place for place in wanted if self._own(items[place])}
        try:
            rows = {str(row["Id"]): row for row in self._reader.raw(self._layout, [ids[place] for place in wanted])}
            written |= self._write(wanted, ids, rows, problems)
            back = self._reader.read_back(self._layout, [ids[place] for place in wanted])
        except BridgeError as error:
            problems |= dict.fromkeys(wanted, error)
            back = {}
        for place in wanted:
            record, edited = back.get(ids[place], NOT_READ)
            failed = problems.get(place)
            if failed is not None:
                if place in written:
                    failed = InDoubt.partly(failed, self._client.system)
                results[place] = self._failed(Answer(error=failed), ids[place])
            elif record is not None:
                results[place] = WriteResult("ok", ids[place], record, created=results[place].created, edited=edited)
        return results

    def _write(
        self,
        wanted: Mapping[int, Mapping[str, NativeValue]],
        ids: Mapping[int, str],
        rows: Mapping[str, Json],
        problems: dict[int, BridgeError],
    ) -> set[int]:
        """Notes the problems; answers the places of which some price was written."""
        written: set[int] = set()
        books = PriceBooks(self._client)
        standard = f"{PRICE}{STANDARD}"
        for first in (True, False):  # the standard book before all others
            changes: dict[int, Json] = {}
            made: dict[int, Json] = {}
            owner: list[int] = []
            for place, prices in wanted.items():
                row = rows.get(ids[place], {})
                mine = {path: value for path, value in prices.items() if (path == standard) is first}
                if first and not mine and any(v is not None for v in prices.values()) and not entry_of(row, standard):
                    mine = {standard: next(v for v in prices.values() if v is not None)}
                for path, value in mine.items():
                    entry, number = entry_of(row, path), len(owner)
                    owner.append(place)
                    fields = _entry(value)
                    if entry is not None:
                        changes[number] = {"attributes": _TYPE, "id": entry["Id"], **fields}
                    elif value is not None:
                        try:
                            book = books.native_id(path.removeprefix(PRICE))
                        except Rejected as refusal:
                            problems[place] = refusal
                            continue
                        made[number] = {
                            "attributes": _TYPE, "Product2Id": ids[place], "Pricebook2Id": book, **fields,
                        }  # fmt: skip
            batch = Batch(started=True)
            send(self._client, changes, lambda records: self._collect("PATCH", records), batch, self._size)
            send(self._client, made, lambda records: self._collect("POST", records), batch, self._size)
            for number, answer in batch.answers.items():
                if answer.ok:
                    written.add(owner[number])
                else:
                    problems.setdefault(owner[number], self._error(answer))
        return written


_TYPE: Mapping[str, Any] = {"type": "PricebookEntry"}


def _entry(value: NativeValue) -> Json:
    if value is None:
        return {"IsActive": False}
    return {"UnitPrice": to_wire("currency", value), "IsActive": True}
