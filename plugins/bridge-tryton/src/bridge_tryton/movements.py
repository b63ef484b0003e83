"""Changing stock levels: movements for what is added or taken, counts for what is there now.

A movement is an internal shipment between the place and Lost and Found, and carries its reference; so it can be asked
for after a lost answer and is not made twice. It is booked in four steps (made, waiting, assigned, done), each of which
can be gone on from if bridge died behind it. A count (`stock.inventory`) sets the number that lies there, so it is
only made where one system owns the counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bridge.ports.errors import NotFound, Rejected, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, NativeRecord, ObjectSpec, UpdateItem, WriteResult

from bridge_tryton import client as shapes
from bridge_tryton.batches import REFUSALS, Outcome, failed, in_halves, written
from bridge_tryton.client import Client
from bridge_tryton.keys import PREFIX, key_in
from bridge_tryton.levels import ITEM, ON_HAND, PLACE, Level, LevelReader, level_of

SHIPMENT: Final = "stock.shipment.internal"
DONE: Final = "done"
STEPS: Final[Mapping[str, tuple[str, ...]]] = {
    "draft": ("wait", "assign_force", "do"),
    "waiting": ("assign_force", "do"),
    "assigned": ("do",),
}
"""State of a shipment -> what is left to be done. Forced: what lies there is bridge's to say, not to ask."""


@dataclass(frozen=True, slots=True)
class Movement:
    """So much of a product comes to a place (or leaves it, below zero)."""

    reference: str
    level: Level
    by: Decimal


class StockWriter:
    """Writes of the stock levels of one Tryton."""

    def __init__(self, client: Client, levels: LevelReader, spec: ObjectSpec, batch: int) -> None:
        self._client, self._levels, self._spec, self._batch = client, levels, spec, batch

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Book the quantities as the first movements of their levels, with the keys as references."""
        outcome, movements = Outcome(), dict[int, Movement]()
        for place, item in enumerate(items):
            try:
                movements[place] = Movement(item.key, self._level(item), self._number(item.values.get(ON_HAND)))
            except Rejected as error:
                outcome.errors[place] = error
        self._book(movements, outcome)
        levels = {place: f"{one.level[0]}-{one.level[1]}" for place, one in movements.items()}
        return self._told(len(items), levels, outcome, created=True)

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Book what is to be added as movements; count where the quantity itself is given."""
        outcome, movements, counts = Outcome(), dict[int, Movement](), dict[int, tuple[Level, Decimal]]()
        now = self._levels.fetch(self._spec, [item.native_id for item in items])
        for place, item in enumerate(items):
            level = level_of(item.native_id)
            try:
                if level is None or item.native_id not in now:
                    raise NotFound("does not have this stock level", system=self._client.system)
                self._only_quantity(item)
                if item.deltas:
                    movements[place] = Movement(item.reference, level, self._number(item.deltas[ON_HAND]))
                elif item.expected and now[item.native_id].version != item.expected:
                    raise VersionConflict("has moved stock since", system=self._client.system)
                elif ON_HAND in item.values:
                    counts[place] = (level, self._number(item.values[ON_HAND]))
            except (Rejected, NotFound, VersionConflict) as error:
                outcome.errors[place] = error
        self._book(movements, outcome)
        self._count(counts, outcome)
        ids = {place: item.native_id for place, item in enumerate(items)}
        return self._told(len(items), ids, outcome, created=False)

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Refused: what lies at a place can be moved, not deleted."""
        error = Rejected("does not delete stock levels: count them to zero there", system=self._client.system)
        return [WriteResult("failed", item.native_id, error=error) for item in items]

    def booked(self, references: Sequence[str]) -> set[str]:
        """Those of these movements that are booked. One that was begun and not finished is finished now."""
        outcome, there = Outcome(), self._known(references)
        self._finish(dict(enumerate(there.values())), outcome)
        now = self._known(list(there)) if any(row["state"] in STEPS for row in there.values()) else there
        return {reference for reference, row in now.items() if row["state"] == DONE}

    def find(self, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The levels whose first movement carries these keys."""
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        there = {key: row for key, row in self._known(keys).items() if row["state"] == DONE}
        places = set(self._levels.places(self._spec)) if there else set()
        levels = {key: level for key, row in there.items() if (level := _level_in(row, places)) is not None}
        records = self._levels.read(self._spec, levels.values())
        for key, (product, place) in levels.items():
            found[key] = [records[f"{product}-{place}"]]
        return found

    def _known(self, references: Sequence[str]) -> dict[str, dict[str, Any]]:
        """reference -> its shipment; the one that is done, or the oldest, where there are several."""
        found: dict[str, dict[str, Any]] = {}
        names = ["state", "reference", "number", "moves.product", "moves.from_location", "moves.to_location"]
        wanted = [PREFIX + reference for reference in dict.fromkeys(references)]
        for start in range(0, len(wanted), 500):
            rows = self._client.call(
                SHIPMENT, "search_read", [["reference", "in", wanted[start : start + 500]]], 0, None,
                [["id", "ASC"]], names, answers=shapes.rows,
            )  # fmt: skip
            for row in rows:
                reference = str(key_in(row["reference"]))
                if reference not in found or (row["state"] == DONE and found[reference]["state"] != DONE):
                    found[reference] = row
        return found

    def _book(self, movements: Mapping[int, Movement], outcome: Outcome) -> None:
        """Make the shipments that are not there yet, and bring all to their end."""
        wanted = {place: one for place, one in movements.items() if one.by}
        if not wanted:
            return
        there = self._known([one.reference for one in wanted.values()])
        shipments = {place: there[one.reference] for place, one in wanted.items() if one.reference in there}
        for place, row in shipments.items():
            if row["state"] == "cancelled":
                words = f"somebody cancelled the shipment {row['number']} that carries this movement"
                outcome.errors[place] = Rejected(words, system=self._client.system)
        fresh = [place for place, one in wanted.items() if one.reference not in there]
        other, units = (self._lost_and_found(), self._units(wanted)) if fresh else (0, {})

        def make(part: list[int]) -> None:
            values = [self._shipment(wanted[place], other, units) for place in part]
            made = self._client.call(SHIPMENT, "create", values, writing=True, answers=shapes.ids)
            shipments.update({place: {"id": id_, "state": "draft"} for place, id_ in zip(part, made, strict=True)})

        in_halves(fresh, outcome, make, size=self._batch, system=self._client.system)
        self._finish(shipments, outcome)

    def _shipment(self, one: Movement, other: int, units: Mapping[int, int]) -> dict[str, Any]:
        product, place = one.level
        ends = {"from_location": other, "to_location": place} if one.by > 0 else {}
        ends = ends or {"from_location": place, "to_location": other}
        own = {"company": self._client.company, **ends}
        move = {"product": product, "unit": units.get(product), "quantity": float(abs(one.by)), **own}
        return {"reference": f"{PREFIX}{one.reference}", **own, "moves": [["create", [move]]]}

    def _finish(self, shipments: Mapping[int, Mapping[str, Any]], outcome: Outcome) -> None:
        """The steps that are left, each for all shipments at once."""
        for step in STEPS["draft"]:
            due = [
                place
                for place, row in shipments.items()
                if place not in outcome.errors and step in STEPS.get(str(row["state"]), ())
            ]

            def act(part: list[int], step: str = step) -> None:
                ids = sorted({int(shipments[place]["id"]) for place in part})
                self._client.call(SHIPMENT, step, ids, writing=True)

            in_halves(due, outcome, act, size=self._batch, system=self._client.system)

    def _count(self, counts: Mapping[int, tuple[Level, Decimal]], outcome: Outcome) -> None:
        """One inventory for each place, made and confirmed."""
        by_place: dict[int, list[int]] = {}
        for at, ((_, place), _) in counts.items():
            by_place.setdefault(place, []).append(at)
        for place, ats in by_place.items():

            def count(part: list[int], place: int = place) -> None:
                lines = [{"product": counts[at][0][0], "quantity": float(counts[at][1])} for at in part]
                values = {"location": place, "date": self._client.now().date(), "empty_quantity": "keep",
                          "company": self._client.company, "lines": [["create", lines]]}  # fmt: skip
                made = self._client.call("stock.inventory", "create", [values], writing=True, answers=shapes.ids)
                try:
                    self._client.call("stock.inventory", "confirm", made, writing=True)
                except REFUSALS:
                    self._client.call("stock.inventory", "delete", made, writing=True)
                    raise

            in_halves(ats, outcome, count, size=self._batch, system=self._client.system)

    def _lost_and_found(self) -> int:
        domain = [["type", "=", "lost_found"]]
        found = self._client.call("stock.location", "search", domain, 0, 1, [["id", "ASC"]], answers=shapes.ids)
        if not found:
            raise Rejected("has no place of the type Lost and Found to move stock from", system=self._client.system)
        return int(found[0])

    def _units(self, movements: Mapping[int, Movement]) -> dict[int, int]:
        products = sorted({one.level[0] for one in movements.values()})
        rows = self._client.call(
            "product.product", "search_read", [["id", "in", products]], 0, None, None, ["default_uom"],
            answers=shapes.rows,
        )  # fmt: skip
        return {int(row["id"]): int(row["default_uom"]) for row in rows}

    def _level(self, item: CreateItem) -> Level:
        level = level_of(f"{item.values.get(ITEM)}-{item.values.get(PLACE)}")
        if level is None:
            raise Rejected("needs a product and a place", fields=(ITEM, PLACE), system=self._client.system)
        self._only_quantity(item)
        return level

    def _only_quantity(self, item: CreateItem | UpdateItem) -> None:
        """What is expected follows from orders: nobody can write it."""
        allowed = {ON_HAND, ITEM, PLACE} if isinstance(item, CreateItem) else {ON_HAND}
        other = sorted({*item.values, *getattr(item, "deltas", {})} - allowed)
        if other:
            words = f"works out {', '.join(other)} by itself: take it from there only (direction)"
            raise Rejected(words, fields=tuple(other), system=self._client.system)

    def _number(self, value: Any) -> Decimal:
        try:
            return Decimal(str(value if value is not None else 0))
        except InvalidOperation:
            raise Rejected("takes a number for a quantity", fields=(ON_HAND,), system=self._client.system) from None

    def _told(self, size: int, ids: Mapping[int, str], outcome: Outcome, *, created: bool) -> list[WriteResult]:
        good = [ids[place] for place in range(size) if place in ids and place not in outcome.errors]
        stored = self._levels.fetch(self._spec, good) if good else {}
        return [
            failed(outcome.errors[place], ids.get(place), self._client.system)
            if place in outcome.errors
            else written(ids[place], stored.get(ids[place]), created=created)
            for place in range(size)
        ]


def _level_in(row: Mapping[str, Any], places: set[int]) -> Level | None:
    """The level that a shipment has moved."""
    for move in row.get("moves.") or ():
        for end in ("to_location", "from_location"):
            if move[end] in places:
                return int(move[ITEM]), int(move[end])
    return None
