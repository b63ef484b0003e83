"""Changing stock levels: movements for what is added or taken, counts for what is there now.

A movement is a transfer between the place and the one where Odoo books inventory differences. Its external id is the
reference, so that it can be asked for after a lost answer and is never made twice; a transfer that was made but not
validated, as bridge died between the two, is validated then. A count (`inventory_quantity`) overwrites what others
moved meanwhile, so it is only made where one system owns the counts (reference: stock.quant in inventory mode).

Not taken: products that are tracked by lots or serial numbers. Which lot was moved, only the warehouse knows; Odoo's
refusal is passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.importing import Importer, Outcome
from bridge.adapters.odoo.layout import Layout
from bridge.adapters.odoo.levels import PLACE, PRODUCT, QUANT, Level, LevelReader, level_of
from bridge.adapters.odoo.models import Models
from bridge.adapters.odoo.transfers import DONE, ENDED, ON_HAND, PICKING, Movement, Transfers, ends
from bridge.ports.adapter import NativeSchema
from bridge.ports.errors import BridgeError, InDoubt, NotFound, Rejected, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, NativeRecord, UpdateItem, WriteResult


class StockWriter:
    """Writes of the stock levels of one Odoo."""

    def __init__(self, client: Client, levels: LevelReader, layout: Layout, models: Models, module: str) -> None:
        self._client, self._levels, self._layout = client, levels, layout
        self._transfers = Transfers(client, models, module)

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Book the quantities as the first movements of their levels, with the keys as references."""
        outcome = Outcome()
        movements: dict[int, Movement] = {}
        for place, item in enumerate(items):
            try:
                level = self._level(item)
                movements[place] = Movement(item.key, level, self._number(item.values.get(ON_HAND)))
            except Rejected as error:
                outcome.errors[place] = error
        self._book(movements, outcome)
        levels = {place: f"{one.level[0]}-{one.level[1]}" for place, one in movements.items()}
        return self._told(len(items), levels, outcome, created=True)

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Book what is to be added as movements; count where the quantity itself is given."""
        outcome = Outcome()
        movements: dict[int, Movement] = {}
        counts: dict[int, tuple[Level, Decimal]] = {}
        stale = self._stale([item for item in items if not item.deltas and item.expected])
        for place, item in enumerate(items):
            level = level_of(item.native_id)
            try:
                if level is None:
                    raise NotFound("does not have this stock level", system=self._client.system)
                self._only_quantity(item)
                if item.deltas:
                    movements[place] = Movement(item.reference, level, self._number(item.deltas[ON_HAND]))
                elif item.native_id in stale:
                    raise VersionConflict("has moved stock since", system=self._client.system)
                elif ON_HAND in item.values:
                    counts[place] = (level, self._number(item.values[ON_HAND]))
            except (Rejected, NotFound, VersionConflict) as error:
                outcome.errors[place] = error
        self._book(movements, outcome)
        self._halved(sorted(counts), outcome, lambda places: self._count([counts[place] for place in places]))
        return self._told(
            len(items), {place: item.native_id for place, item in enumerate(items)}, outcome, created=False
        )

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Refused: what lies at a place can be moved, not deleted."""
        words = "does not delete stock levels: count them to zero there"
        return [
            WriteResult("failed", item.native_id, error=Rejected(words, system=self._client.system)) for item in items
        ]

    def booked(self, references: Sequence[str]) -> set[str]:
        """Those of these movements that are booked. One that was made and not validated is validated now."""
        outcome = Outcome()
        there = self._transfers.known(references)
        places = dict(enumerate(there))
        open_ = {place: int(there[name]["id"]) for place, name in places.items() if there[name]["state"] not in ENDED}
        self._halved(sorted(open_), outcome, lambda part: self._transfers.validate([open_[place] for place in part]))
        now = self._transfers.known(list(there)) if open_ else there
        return {reference for reference, row in now.items() if row["state"] == DONE}

    def find(self, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The levels whose first movement carries these keys."""
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        there = {key: row for key, row in self._transfers.known(keys).items() if row["state"] == DONE}
        if not there:
            return found
        moves = self._transfers.moves([int(row["id"]) for row in there.values()])
        own = self._client.call(
            "stock.location",
            "search",
            domain=[["id", "in", sorted({one for move in moves for one in ends(move)})], ["usage", "=", "internal"]],
            order="id",
            answers=shapes.ids,
        )
        levels = {
            int(move["picking_id"][0]): (int(move[PRODUCT][0]), next(one for one in ends(move) if one in own))
            for move in moves
            if any(one in own for one in ends(move))
        }
        records = self._levels.read(self._layout, levels.values())
        for key, row in there.items():
            level = levels.get(int(row["id"]))
            if level is not None:
                found[key] = [records[f"{level[0]}-{level[1]}"]]
        return found

    def _book(self, movements: Mapping[int, Movement], outcome: Outcome) -> None:
        """Make the transfers that are not there yet, and validate all."""
        wanted = {place: one for place, one in movements.items() if one.by}
        if not wanted:
            return
        there = self._transfers.known([one.reference for one in wanted.values()])
        fresh = {place: one for place, one in wanted.items() if one.reference not in there}
        transfers = {
            place: int(there[one.reference]["id"])
            for place, one in wanted.items()
            if one.reference in there and there[one.reference]["state"] not in ENDED
        }
        for place, one in wanted.items():
            if there.get(one.reference, {}).get("state") == "cancel":
                words = f"somebody cancelled the transfer {there[one.reference]['name']} that carries this movement"
                outcome.errors[place] = Rejected(words, system=self._client.system)
        if fresh:
            cells = self._transfers.cells(fresh, outcome)
            made = Outcome(started=outcome.started)
            Importer(self._client, PICKING, size=200).run(cells, made, lambda _: ON_HAND)
            outcome.errors |= made.errors
            outcome.started = outcome.started or made.started
            transfers |= made.ids
        self._halved(
            sorted(transfers), outcome, lambda places: self._transfers.validate([transfers[one] for one in places])
        )
        self._check(transfers, outcome)
        self._transfers.drop(
            [transfers[place] for place in transfers if isinstance(outcome.errors.get(place), Rejected)]
        )

    def _check(self, transfers: Mapping[int, int], outcome: Outcome) -> None:
        """A validation can end in a question instead of in a booking: only what is done is done."""
        left = {place: id_ for place, id_ in transfers.items() if place not in outcome.errors}
        if not left:
            return
        states = {int(move["picking_id"][0]): str(move["state"]) for move in self._transfers.moves(list(left.values()))}
        for place, id_ in left.items():
            if states.get(id_) != DONE:
                words = "asks a person before it books this movement: look at its transfers"
                outcome.errors[place] = Rejected(words, system=self._client.system)

    def _count(self, counts: Sequence[tuple[Level, Decimal]]) -> None:
        mode = {"inventory_mode": True}
        vals = [{PRODUCT: product, PLACE: place, "inventory_quantity": float(to)} for (product, place), to in counts]
        quants = self._client.call(
            QUANT, "create", positional=(vals,), vals_list=vals, writing=True, context=mode, answers=shapes.ids
        )
        self._client.call(QUANT, "action_apply_inventory", quants, writing=True, context=mode)

    def _halved(self, places: Sequence[int], outcome: Outcome, send: Callable[[list[int]], Any]) -> None:
        """One call for all; where it is refused, halves, until the one at fault stands alone."""
        part = [place for place in places if place not in outcome.errors]
        if not part:
            return
        try:
            send(list(part))
            outcome.started = True
        except (Rejected, NotFound) as refusal:
            if len(part) == 1:
                outcome.fail(part, refusal)
                return
            half = len(part) // 2
            self._halved(part[:half], outcome, send)
            self._halved(part[half:], outcome, send)
        except BridgeError as error:
            outcome.stop(part, error)

    def _stale(self, items: Sequence[UpdateItem]) -> set[str]:
        now = self._levels.fetch(self._layout, [item.native_id for item in items])
        return {item.native_id for item in items if now[item.native_id].version != item.expected}

    def _level(self, item: CreateItem) -> Level:
        level = level_of(f"{item.values.get(PRODUCT)}-{item.values.get(PLACE)}")
        if level is None:
            raise Rejected("needs a product and a place", fields=(PRODUCT, PLACE), system=self._client.system)
        self._only_quantity(item)
        return level

    def _only_quantity(self, item: CreateItem | UpdateItem) -> None:
        """What is reserved follows from orders: nobody can write it."""
        allowed = {ON_HAND, PRODUCT, PLACE} if isinstance(item, CreateItem) else {ON_HAND}
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
        stored = self._levels.fetch(self._layout, good) if good else {}
        results: list[WriteResult] = []
        for place in range(size):
            error = outcome.errors.get(place)
            if error is None:
                native_id = ids[place]
                results.append(WriteResult("ok", native_id, stored.get(native_id), created=created))
            else:
                verdict: Literal["unknown", "failed"] = "unknown" if isinstance(error, InDoubt) else "failed"
                results.append(WriteResult(verdict, ids.get(place), error=error))
        return results


def stock_schema(found: NativeSchema) -> NativeSchema:
    """The schema of stock.quant as it can be written: the quantity by movements, all else by Odoo alone."""
    fields = {
        name: replace(one, createable=name in (ON_HAND, PRODUCT, PLACE), updateable=name == ON_HAND, required=False)
        for name, one in found.fields.items()
    }
    return replace(found, fields=fields, required=())
