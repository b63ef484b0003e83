"""Recorded exchanges about products, orders and stock: the scene that each takes for granted, and what is compared.

The recordings were made one after another on a server with a past; here each is played on its own, on a fresh database
in which the records it names are there under its ids, in the state that its title tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import requests
from tests.sandbox.odoo.replay import Recording, differences, send

from bridge.sandbox.odoo import OdooApplication
from bridge.sandbox.odoo.registry import records

MODELS = ("sale.", "product.", "stock.", "uom.", "decimal.")
CONFIRMED = frozenset(
    {"269", "270", "272", "273", "274", "275", "276", "278", "279", "291", "293", "297", "340", "364"}
)
"""Recordings of an order, or of the goods of an order, that has been confirmed."""
STORY = {
    "293": "the moves of all that was done before",
    "377": "the quant was removed when a person opened the inventory screen, not by a call",
    "378": "the stock of the demo data",
}
"""Recordings that only the whole story around them explains."""
COMPARED = frozenset({
    "state", "locked", "delivery_status", "invoice_status", "product_uom_qty", "price_unit", "discount",
    "price_subtotal", "technical_price_unit", "quantity", "inventory_quantity", "inventory_quantity_set",
    "default_code", "barcode", "list_price", "lst_price", "standard_price", "type", "is_storable", "is_inventory",
    "digits",
})  # fmt: skip
"""Fields of which the value must be the recorded one, not only its type."""
PLACES = {"18": {8: "WH/Stock", 28: "WH/Stock"}, "19": {5: "WH/Stock"}}


@dataclass(frozen=True)
class Story:
    """What the recordings of one version tell of the records they are about."""

    product: dict[str, Any]
    lines: dict[int, dict[str, Any]]
    order: int

    @classmethod
    def of(cls, recordings: dict[str, Recording]) -> Story:
        product = _result(recordings["254"])[0]
        lines = {row["id"]: row for row in _result(recordings["260"])}
        return cls(product, lines, _result(recordings["258"]))


class Scene:
    """Makes what a recording takes for granted."""

    def __init__(self, app: OdooApplication, version: str, story: Story, recording: Recording) -> None:
        self.app, self.version, self.story, self.recording = app, version, story, recording
        self.number = recording.path.name[:3]

    def prepare(self) -> None:
        assert self.recording.call is not None
        model, method, args, named = self.recording.call
        said = json.dumps([args, named, _result(self.recording)])
        for name in ("partner_id", "product_id"):
            for found in re.findall(rf'"{name}": \[?(\d+)', said) + re.findall(rf'\["{name}", "=", (\d+)\]', said):
                self._ensure({"partner_id": "res.partner", "product_id": "product.product"}[name], int(found))
        ids = named.get("ids") or (args[0] if args and isinstance(args[0], list) else [])
        for record in ids if method != "create" else []:
            if isinstance(record, int):
                self._ensure(model, record)
        if self.number in ("284", "285", "286", "287", "288", "291", "292", "293", "376", "378"):
            product = next(iter(re.findall(r'"product_id"(?:, "=", |: )(\d+)', said)), self.story.product["id"])
            quantity = {"291": 10, "376": 7}.get(self.number, 100)
            of_quant = model == "stock.quant" and ids and isinstance(ids[0], int)
            self._quant(int(product), quantity, ids[0] if of_quant else None)
        if self.number == "227":  # order 1 of the demo data is confirmed
            self._ensure("sale.order", 1)
            self._confirm()
        if self.number in ("257", "292"):
            self._ensure("product.product", self.story.product["id"])
        if self.number == "347":
            self._order(151, [{"id": 413, "product_uom_qty": 1.23, "price_unit": 10.12345}])
        if self.number in CONFIRMED:
            self._confirm()
        if self.number == "279":
            self.call("sale.order", "action_lock", [self.story.order])
        if self.number == "294":
            self._order(self.story.order, list(self.story.lines.values()))
            self.call("sale.order", "action_confirm", [self.story.order])

    def call(self, model: str, method: str, ids: list[int], *args: Any, **context: Any) -> Any:
        """One call of the administrator, outside the recording."""
        with self.app.database.transaction(2) as environment:
            return getattr(records(environment.with_context(**context), model, ids), method)(*args)

    def place(self) -> int:
        table = self.app.database.store.tables["stock.location"]
        return next(id_ for id_, row in table.items() if row["complete_name"] == "WH/Stock")

    def _confirm(self) -> None:
        for order, row in list(self.app.database.store.tables["sale.order"].items()):
            if row["state"] == "draft":
                self.call("sale.order", "action_confirm", [order])

    def _ensure(self, model: str, record: int) -> None:
        makers: dict[str, Callable[[int], None]] = {
            "res.partner": lambda id_: self._seed("res.partner", id_, name=f"partner {id_}", is_company=True),
            "product.product": self._product,
            "product.template": lambda id_: self._seed("product.template", id_, name="template"),
            "sale.order": self._order_of_the_story,
            "sale.order.line": lambda _: self._order(self.story.order, list(self.story.lines.values())),
            "stock.picking": self._picking,
        }
        if model in makers and self.app.database.store.get(model, record) is None:
            makers[model](record)

    def _product(self, record: int) -> None:
        told = self.story.product
        values = {"name": f"product {record}", "is_storable": self.number not in ("379", "380")}
        if record == told["id"]:
            names = ("default_code", "barcode", "list_price", "standard_price", "type", "is_storable")
            values = {"name": "Widget", **{name: told[name] for name in names}}
        if self.number == "379":
            values["type"] = "service"
        self._seed("product.product", record, **values)

    def _order_of_the_story(self, record: int) -> None:
        free = self.number == "343"
        lines = [{"id": 9001, "name": "free text", "product_id": False}] if free else list(self.story.lines.values())
        self._order(record, lines)

    def _order(self, record: int, lines: list[dict[str, Any]]) -> None:
        partner = 7000
        self._ensure("res.partner", partner)
        self._ensure("product.product", self.story.product["id"])
        if self.app.database.store.get("sale.order", record) is None:
            self._seed("sale.order", record, partner_id=partner)
            for line in lines:
                known = ("product_uom_qty", "price_unit", "discount", "name")
                values = {name: line[name] for name in known if name in line}
                product = line.get("product_id", self.story.product["id"])
                product = product[0] if isinstance(product, list) else product
                self._seed("sale.order.line", line["id"], order_id=record, product_id=product, **values)

    def _picking(self, record: int) -> None:
        store = self.app.database.store
        with store.next_as("stock.picking", record):
            self._order(self.story.order, list(self.story.lines.values()))
            self._confirm()
        if self.version == "19":  # a part of the goods was there: 297 asks for a backorder
            self._quant(self.story.product["id"], 2, None)
            self.call("stock.picking", "action_assign", [record])

    def _quant(self, product: int, quantity: int, record: int | None) -> None:
        self._ensure("product.product", product)
        values = {"product_id": product, "location_id": self.place(), "inventory_quantity": quantity}
        with self.app.database.store.next_as("stock.quant", record):
            (made,) = self.call("stock.quant", "create", [], [values], inventory_mode=True)
            self.call("stock.quant", "action_apply_inventory", [made])

    def _seed(self, model: str, record: int, **values: Any) -> None:
        self.app.seed({"records": [{"object": model, "id": record, "values": values}]})


def play(app: OdooApplication, url: str, scene: Scene) -> list[str]:
    """Differences between the recorded answer and that of the sandbox."""
    scene.prepare()
    answer = send(app, url, _here(scene))
    return [*differences(scene.recording, answer), *_values(scene.recording, answer)]


def _here(scene: Scene) -> Recording:
    """The request with the ids of places and currencies that this database has."""
    text = json.dumps(scene.recording.request)
    for place in PLACES[scene.version]:
        for form in ('"location_id": {}', '"location": {}', '["location_id", "=", {}]'):
            text = re.sub(re.escape(form.format(place)) + r"(?!\d)", form.format(scene.place()), text)
    text = re.sub(r'"currency_id": 12\d', '"currency_id": 1', text)
    recording = scene.recording
    return Recording(recording.path, recording.title, json.loads(text), recording.response)


def _result(recording: Recording) -> Any:
    body = recording.response.get("body")
    return body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body


def _values(recording: Recording, answer: requests.Response) -> Iterator[str]:
    body, there = answer.json(), recording.response["body"]
    told, said = _message(there), _message(body)
    if told is not None and said is not None and _plain(told) != _plain(said):
        yield f"says {said!r}, recorded {told!r}"
    rows = _result(recording)
    mine = body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body
    if isinstance(rows, list) and isinstance(mine, list):
        for then, now in zip(rows, mine, strict=False):
            if isinstance(then, dict) and isinstance(now, dict):
                for name in sorted(COMPARED & then.keys() & now.keys()):
                    if then[name] != now[name]:
                        yield f"{name} is {now[name]!r}, recorded {then[name]!r}"


def _message(body: Any) -> str | None:
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error["data"]["message"])
    return str(body["message"]) if isinstance(body, dict) and "debug" in body else None


def _plain(text: str) -> str:
    """A message without the names of this and that database."""
    text = re.sub(r"\[[^\]]*\] [^\n]*? and", "X and", text)
    return " ".join(re.sub(r'"[^"]*"|F?\d{6,}', "X", text).split())
