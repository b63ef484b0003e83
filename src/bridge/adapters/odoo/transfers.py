"""Transfers that carry movements of stock: how they are looked up, written down, booked and taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.drafts import Cells
from bridge.adapters.odoo.importing import Outcome
from bridge.adapters.odoo.levels import PLACE, PRODUCT, Level
from bridge.adapters.odoo.models import Models
from bridge.ports.errors import BridgeError, NotFound, Rejected

PICKING: Final = "stock.picking"
ON_HAND: Final = "quantity"
DONE: Final = "done"
ENDED: Final = (DONE, "cancel")
QUIETLY: Final = {"skip_backorder": True, "skip_sms": True}
"""No questions: a transfer whose whole quantity is given has no rest to ask about."""


@dataclass(frozen=True, slots=True)
class Movement:
    """So much of a product comes to a place (or leaves it, below zero)."""

    reference: str
    level: Level
    by: Decimal


class Transfers:
    """The transfers of bridge in one Odoo, known by their references."""

    def __init__(self, client: Client, models: Models, module: str) -> None:
        self._client, self._models, self._module = client, models, module

    def known(self, references: Sequence[str]) -> dict[str, dict[str, Any]]:
        """reference -> id, name and state of its transfer."""
        domain = [["module", "=", self._module], ["model", "=", PICKING], ["name", "in", list(references)]]
        known = self._client.call(
            "ir.model.data", "search_read", domain=domain, fields=["name", "res_id"], order="id", answers=shapes.rows
        )
        if not known:
            return {}
        ids = {int(row["res_id"]): str(row["name"]) for row in known}
        rows = self._client.call(
            PICKING, "search_read", domain=[["id", "in", list(ids)]], fields=["name", "state"], answers=shapes.rows
        )
        return {ids[int(row["id"])]: row for row in rows}

    def moves(self, transfers: Sequence[int]) -> list[dict[str, Any]]:
        """The moves of these transfers."""
        rows: list[dict[str, Any]] = self._client.call(
            "stock.move",
            "search_read",
            domain=[["picking_id", "in", list(transfers)]],
            fields=["picking_id", "state", PRODUCT, PLACE, "location_dest_id"],
            order="id",
            answers=shapes.rows,
        )
        return rows

    def cells(self, movements: Mapping[int, Movement], outcome: Outcome) -> dict[int, Cells]:
        """Each movement as a transfer with one line."""
        products = {one.level[0] for one in movements.values()}
        fields = ["uom_id", "property_stock_inventory", "tracking", "display_name"]
        rows = self._client.call(
            "product.product",
            "search_read",
            domain=[["id", "in", sorted(products)]],
            fields=fields,
            answers=shapes.rows,
        )
        known = {int(row["id"]): row for row in rows}
        kinds = self._kinds({one.level[1] for one in movements.values()})
        digits = self._digits()
        named = "name" in self._models.of("stock.move")  # required by 18, gone in 19
        cells: dict[int, Cells] = {}
        for at, one in movements.items():
            product, place = one.level
            try:
                row = known.get(product)
                if row is None:
                    raise NotFound("does not have this product", system=self._client.system)
                if one.by != round(one.by, digits):
                    words = (
                        f"keeps quantities with {digits} digits and would round {one.by.normalize():f}: "
                        "give the Decimal Accuracy of products' units more digits there"
                    )
                    raise Rejected(words, fields=(ON_HAND,), system=self._client.system)
            except (NotFound, Rejected) as error:
                outcome.errors[at] = error
                continue
            virtual = int(row["property_stock_inventory"][0])
            source, target = (virtual, place) if one.by > 0 else (place, virtual)
            quantity = format(abs(one.by), "f")
            ends = {"location_id/.id": str(source), "location_dest_id/.id": str(target)}
            line = {
                "product_id/.id": str(product),
                "product_uom/.id": str(row["uom_id"][0]),
                "product_uom_qty": quantity,
                "quantity": quantity,
                "picked": "1",
                **({"name": str(row["display_name"])} if named else {}),
                **ends,
            }
            kind = kinds[place, "incoming" if one.by > 0 else "outgoing"]
            cells[at] = {
                "id": f"{self._module}.{one.reference}",
                "picking_type_id/.id": str(kind),
                "origin": f"bridge {one.reference}",
                **ends,
                **{f"move_ids/{name}": value for name, value in line.items()},
            }
        return cells

    def _kinds(self, places: set[int]) -> dict[tuple[int, str], int]:
        """(place, incoming or outgoing) -> the operation type of its warehouse, or of any where it has none."""
        has_house = "warehouse_id" in self._models.of("stock.location")
        fields = ["warehouse_id"] if has_house else ["name"]
        rows = self._client.call(
            "stock.location", "search_read", domain=[["id", "in", sorted(places)]], fields=fields, answers=shapes.rows
        )
        houses = {int(row["id"]): (row.get("warehouse_id") or [0])[0] for row in rows}
        kinds = self._client.call(
            "stock.picking.type",
            "search_read",
            domain=[["code", "in", ["incoming", "outgoing"]]],
            fields=["code", "warehouse_id"],
            order="id",
            answers=shapes.rows,
        )
        found: dict[tuple[int, str], int] = {}
        for place in places:
            for code in ("incoming", "outgoing"):
                fit = [row for row in kinds if row["code"] == code]
                own = [row for row in fit if row["warehouse_id"] and row["warehouse_id"][0] == houses.get(place)]
                if not fit:
                    raise Rejected(f"has no operation type for {code} transfers", system=self._client.system)
                found[place, code] = int((own or fit)[0]["id"])
        return found

    def _digits(self) -> int:
        rows = self._client.call(
            "decimal.precision",
            "search_read",
            domain=[["name", "in", ["Product Unit of Measure", "Product Unit"]]],
            fields=["digits"],
            order="id",
            answers=shapes.rows,
        )
        return max((int(row["digits"]) for row in rows), default=2)

    def validate(self, transfers: list[int]) -> None:
        """Book these transfers, all or none. Raises Rejected with what Odoo says."""
        self._client.call(PICKING, "button_validate", transfers, writing=True, context=QUIETLY)

    def drop(self, transfers: list[int]) -> None:
        """Take back transfers that Odoo would not book: the next attempt makes its own, and nobody books both."""
        if not transfers:
            return
        try:
            self._client.call(PICKING, "unlink", transfers, writing=True)
        except BridgeError:
            return  # they stay as drafts that move nothing


def ends(move: Mapping[str, Any]) -> tuple[int, int]:
    """The two places of a move."""
    return int(move[PLACE][0]), int(move["location_dest_id"][0])
