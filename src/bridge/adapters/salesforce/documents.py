"""Records with rows of their own: an order with its lines. Each record is written with its rows in one transaction.

New ones go as graphs, many in a call, each all or nothing. A change of rows goes as one composite call in which nothing
happens if anything fails; on an activated order that call takes it back to draft and activates it again, because
Salesforce locks it else. A status is written alone (reference of Order: "Status is the only field").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.batches import Answer, Batch
from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.drafts import Drafts
from bridge.adapters.salesforce.entries import STANDARD
from bridge.adapters.salesforce.layout import Children, Layout
from bridge.adapters.salesforce.prices import PriceBooks
from bridge.adapters.salesforce.reading import Reader
from bridge.adapters.salesforce.transactions import filled, outcome_of
from bridge.adapters.salesforce.users import Users
from bridge.adapters.salesforce.writing import Writer
from bridge.ports.errors import BridgeError, InDoubt, Rejected, Transient, VersionConflict
from bridge.ports.records import CreateItem, NativeValue, UpdateItem, split_row_path

STEPS = 25
"""Requests in one composite call."""

ORDER, LINE, PRODUCT, ENTRY, BOOK = "Order", "OrderItem", "Product2Id", "PricebookEntryId", "Pricebook2Id"


class DocumentWriter(Writer):
    """Writes of records with rows."""

    def __init__(self, client: Client, reader: Reader, layout: Layout, users: Users, batch: int) -> None:
        super().__init__(client, reader, layout, users, batch)
        self._rows = {child.table.path: Drafts(child.layout, users, client.system) for child in layout.children}
        self._books = PriceBooks(client)
        self._entries: dict[tuple[str, str], str] = {}
        self._draft_status = ""

    # new ones

    def _insert(self, items: Sequence[CreateItem], drafts: Mapping[int, Json], batch: Batch) -> None:
        graphs: dict[int, list[Json]] = {}
        bodies = {place: self._completed(draft) for place, draft in drafts.items()}
        self._learn_entries(
            (str(body.get(BOOK, "")), self._wanted(items[place].values)) for place, body in bodies.items()
        )
        for place, body in bodies.items():
            try:
                graphs[place] = self._graph(items[place].values, body)
            except Rejected as refusal:
                batch.fail([place], refusal)
        for part in filled(graphs):
            self._send_graphs(part, batch)

    def _completed(self, draft: Json) -> Json:
        """The record with what Salesforce demands of a new order: a status of the category draft, and a price book."""
        body = {name: value for name, value in draft.items() if name != "attributes"}
        if self._layout.object == ORDER:
            body.setdefault("Status", self._status_of_drafts())
            body.setdefault(BOOK, self._books.native_id(STANDARD))
        return body

    def _graph(self, values: Mapping[str, NativeValue], body: Json) -> list[Json]:
        steps = [self._step("POST", self._layout.object, "", "record", body)]
        for child in self._layout.children:
            for number, (key, cells) in enumerate(_cells(child, values).items()):
                row = self._row(child, cells, "createable", str(body.get(BOOK, "")))
                row |= {child.table.key: key, child.parent: "@{record.id}"}
                steps.append(self._step("POST", child.object, "", f"{child.object}{number}", row))
        return steps

    def _send_graphs(self, part: Mapping[int, list[Json]], batch: Batch) -> None:
        places = list(part)
        if batch.ended is not None:
            batch.fail(places, Transient("was not asked: an earlier call of the batch failed", system=self._system))
            return
        body = {"graphs": [{"graphId": f"g{place}", "compositeRequest": part[place]} for place in places]}
        try:
            answer: Any = self._client.call("POST", "composite/graph", body=body, writing=True)
            found = {str(one["graphId"]): one["graphResponse"]["compositeResponse"] for one in answer["graphs"]}
            answers = {place: outcome_of(found[f"g{place}"]) for place in places}
        except (KeyError, TypeError):
            doubt: BridgeError = InDoubt("answered a write with something else than its results", system=self._system)
            self._ended(places, doubt, batch)
        except BridgeError as error:
            self._ended(places, error, batch)
        else:
            batch.started = True
            batch.answers |= answers

    # changes

    def _change(self, items: Sequence[UpdateItem], drafts: Mapping[int, Json], batch: Batch) -> None:
        """Records of which neither rows nor locked fields change go together; the others one call each."""
        plain = {place: draft for place, draft in drafts.items() if self._is_plain(items[place])}
        held: dict[str, Json] = {}
        others = [place for place in drafts if place not in plain]
        if others:
            rows = self._reader.raw(self._layout, [items[place].native_id for place in others])
            held = {str(row["Id"])[:15]: row for row in rows}
            self._learn_entries(
                (str(held[items[place].native_id[:15]].get(BOOK) or ""), self._wanted(items[place].values))
                for place in others
                if items[place].native_id[:15] in held
            )
        super()._change(items, {place: self._status_alone(draft) for place, draft in plain.items()}, batch)
        for place in others:
            self._one(items[place], drafts[place], held.get(items[place].native_id[:15]), place, batch)

    def _is_plain(self, item: UpdateItem) -> bool:
        tables = {child.table.path for child in self._layout.children}
        if any((split_row_path(path) or (path,))[0] in tables for path in item.values):
            return False
        return self._layout.object != ORDER or set(item.values) <= {"Status"}

    def _status_alone(self, draft: Json) -> Json:
        if "Status" not in draft or self._layout.object != ORDER:
            return draft
        return {name: draft[name] for name in ("attributes", "id", "Status")}

    def _one(self, item: UpdateItem, draft: Json, held: Json | None, place: int, batch: Batch) -> None:
        if batch.ended is not None:
            batch.fail([place], Transient("was not asked: an earlier call of the batch failed", system=self._system))
            return
        if held is None:
            batch.fail([place], self._missing())
            return
        try:
            steps = self._steps(item, draft, held)
        except (Rejected, VersionConflict) as refusal:
            batch.fail([place], refusal)
            return
        for start in range(0, len(steps), STEPS):
            self._send_steps(steps[start : start + STEPS], item.native_id, place, batch)
            if place in batch.answers and not batch.answers[place].ok:
                return

    def _steps(self, item: UpdateItem, draft: Json, held: Json) -> list[Json]:
        """What has to be done, in this order. An activated order is a draft in between."""
        own = {name: value for name, value in draft.items() if name not in ("attributes", "id")}
        status = own.pop("Status", None)
        locked = self._layout.object == ORDER and held.get("StatusCode") == "Activated"
        steps: list[Json] = []
        if locked:
            steps.append(
                self._step("PATCH", self._layout.object, item.native_id, "unlock", _status(self._status_of_drafts()))
            )
            status = status or str(held["Status"])
        if own:
            steps.append(self._step("PATCH", self._layout.object, item.native_id, "record", own))
        for child in self._layout.children:
            steps += self._row_steps(child, item, held)
        if status is not None:
            steps.append(self._step("PATCH", self._layout.object, item.native_id, "status", _status(str(status))))
        return steps

    def _row_steps(self, child: Children, item: UpdateItem, held: Json) -> list[Json]:
        there = child.rows(held)
        keys = item.values.get(child.table.path)
        cells = _cells(child, item.values)
        if any(key not in there and (not isinstance(keys, list) or key not in keys) for key in cells):
            raise VersionConflict("does not have one of the rows any more", system=self._system)
        steps: list[Json] = []
        for number, (key, values) in enumerate(cells.items()):
            name = f"{child.object}{number}"
            if key in there:
                row = self._row(child, values, "updateable", str(held.get(BOOK) or ""))
                steps.append(self._step("PATCH", child.object, str(there[key]["Id"]), name, row))
            else:
                row = self._row(child, values, "createable", str(held.get(BOOK) or ""))
                row |= {child.table.key: key, child.parent: item.native_id}
                steps.append(self._step("POST", child.object, "", name, row))
        gone = [str(row["Id"]) for key, row in there.items() if isinstance(keys, list) and key not in keys]
        return [
            *steps,
            *(self._step("DELETE", child.object, id_, f"gone{number}", None) for number, id_ in enumerate(gone)),
        ]

    def _send_steps(self, steps: list[Json], native_id: str, place: int, batch: Batch) -> None:
        body = {"allOrNone": True, "compositeRequest": steps}
        try:
            answer: Any = self._client.call("POST", "composite", body=body, writing=True)
            outcome = outcome_of(answer["compositeResponse"])
        except (KeyError, TypeError):
            self._ended([place], InDoubt("answered a write with something else", system=self._system), batch)
        except Rejected as refusal:
            batch.fail([place], refusal)
        except BridgeError as error:
            self._ended([place], error, batch)
        else:
            batch.started = True
            batch.answers[place] = outcome if not outcome.ok else Answer(native_id)

    # what they have in common

    @property
    def _system(self) -> str:
        return self._client.system

    def _ended(self, places: list[int], error: BridgeError, batch: Batch) -> None:
        if isinstance(error, InDoubt):
            batch.started = True
        if not batch.started:
            raise error
        batch.ended = error
        batch.fail(places, error)

    def _step(self, method: str, object_name: str, native_id: str, name: str, body: Json | None) -> Json:
        path = f"sobjects/{object_name}/{quote(native_id)}".rstrip("/")
        step: Json = {"method": method, "url": self._client.address(path), "referenceId": name}
        return step if body is None else {**step, "body": body}

    def _row(self, child: Children, values: Mapping[str, NativeValue], right: str, book: str) -> Json:
        """The fields of a row; the product of an order line is told as its entry in the order's price book."""
        given = dict(values)
        entry: Json = {}
        if child.object == LINE and PRODUCT in given:
            product = given.pop(PRODUCT)
            path = f"{child.table.path}[].{PRODUCT}"
            if right != "createable":
                raise Rejected("does not let the product of a line be changed", fields=(path,), system=self._system)
            known = self._entries.get((book, str(product)[:15]))
            if known is None:
                words = f"has no price of the product in the order's price book ({path})"
                raise Rejected(words, fields=(path,), system=self._system)
            entry = {ENTRY: known}
        wire = self._rows[child.table.path].row(given, right)
        if right == "createable":
            wire = {name: value for name, value in wire.items() if value is not None}
        return {**wire, **entry}

    def _wanted(self, values: Mapping[str, NativeValue]) -> set[str]:
        lines = (child for child in self._layout.children if child.object == LINE)
        cells = (cells for child in lines for cells in _cells(child, values).values())
        return {str(one[PRODUCT]) for one in cells if one.get(PRODUCT)}

    def _learn_entries(self, wanted: Any) -> None:
        """Price book and products -> the entries, for a whole batch in one go."""
        by_book: dict[str, set[str]] = {}
        for book, products in wanted:
            by_book.setdefault(book, set()).update(p for p in products if (book, p[:15]) not in self._entries)
        for book, products in by_book.items():
            asked = sorted(product for product in products if soql.is_id(product))
            if not book or not asked:
                continue
            for query in soql.lists(["Id", "Product2Id", BOOK, "IsActive"], "PricebookEntry", "Product2Id", asked):
                for row in self._client.rows(query):
                    if row.get("IsActive"):
                        self._entries[str(row[BOOK]), str(row["Product2Id"])[:15]] = str(row["Id"])

    def _status_of_drafts(self) -> str:
        """The label of the category draft that new orders get; labels are each org's own."""
        if not self._draft_status:
            query = soql.select(["ApiName", "StatusCode", "IsDefault"], "OrderStatus")
            drafts = [row for row in self._client.query(query)[0] if row.get("StatusCode") == "Draft"]
            chosen = sorted(drafts, key=lambda row: not row.get("IsDefault"))
            if not chosen:
                raise Rejected("has no order status of the category Draft", fields=("Status",), system=self._system)
            self._draft_status = str(chosen[0]["ApiName"])
        return self._draft_status


def _cells(child: Children, values: Mapping[str, NativeValue]) -> dict[str, dict[str, NativeValue]]:
    """key -> what is written of the row."""
    found: dict[str, dict[str, NativeValue]] = {}
    for path, value in values.items():
        cell = split_row_path(path)
        if cell is not None and cell[0] == child.table.path:
            found.setdefault(cell[1], {})[cell[2]] = value
    return found


def _status(label: str) -> Json:
    return {"Status": label}
