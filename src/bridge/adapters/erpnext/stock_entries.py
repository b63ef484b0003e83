"""Changing stock levels: Stock Entries for what is added or taken, Stock Reconciliations for counts.

A Stock Entry carries the reference of the movement in a unique field, so that it can be asked for after a lost answer
and is never made twice; it is inserted and submitted in one transaction (recordings 219, 220). A reconciliation sets an
absolute number over what others moved meanwhile, so it is only made where one system owns the counts (294 to 306).

Not taken: items with batches or serial numbers. Which of them moved, only the warehouse knows; ERPNext's refusal is
passed on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from bridge.adapters.erpnext.client import Client, Filter
from bridge.adapters.erpnext.document import Layout
from bridge.adapters.erpnext.ledger import Ledger, concerns_item
from bridge.adapters.erpnext.levels import ITEM, WAREHOUSE, Level, LevelReader, level_of, name_of
from bridge.ports.errors import AlreadyExists, BridgeError, NotFound, Rejected, VersionConflict
from bridge.ports.records import CreateItem, DeleteItem, NativeRecord, UpdateItem, WriteResult

ENTRY: Final = "Stock Entry"
ON_HAND: Final = "actual_qty"
COUNT_LINES: Final = 100
"""Lines of one reconciliation: 19 lines a second together, 6 one by one (recording 363)."""
_UNCHANGED: Final = "EmptyStockReconciliationItemsError"


@dataclass(frozen=True, slots=True)
class _Movement:
    reference: str
    level: Level
    by: Decimal


class StockWriter:
    """Writes of the stock levels of one site."""

    def __init__(self, client: Client, levels: LevelReader, layout: Layout, batch: int) -> None:
        self._client, self._levels, self._layout, self._batch = client, levels, layout, batch
        self._key = layout.spec.key

    def create(self, items: Sequence[CreateItem]) -> list[WriteResult]:
        """Book the quantities as the first movements of their levels, with the keys as references."""
        ledger = Ledger(len(items), self._client.system)
        movements: dict[int, _Movement] = {}
        for place, item in enumerate(items):
            try:
                self._only_quantity(item.values, {ITEM, WAREHOUSE, ON_HAND})
                level = (str(item.values.get(ITEM) or ""), str(item.values.get(WAREHOUSE) or ""))
                if not all(level):
                    raise Rejected(
                        "needs an item and a warehouse", fields=(ITEM, WAREHOUSE), system=self._client.system
                    )
                movements[place] = _Movement(item.key, level, self._number(item.values.get(ON_HAND)))
            except Rejected as error:
                ledger.failed(place, error)
        self._book(movements, ledger, created=True)
        return self._told(ledger)

    def update(self, items: Sequence[UpdateItem]) -> list[WriteResult]:
        """Book what is to be added as movements; count where the quantity itself is given."""
        ledger = Ledger(len(items), self._client.system)
        movements: dict[int, _Movement] = {}
        counts: dict[int, tuple[Level, Decimal]] = {}
        watched = [item.native_id for item in items if not item.deltas and item.expected]
        versions = {name: one.version for name, one in self._levels.fetch(self._layout, watched).items()}
        for place, item in enumerate(items):
            level = level_of(item.native_id)
            try:
                if level is None:
                    raise NotFound("does not have this stock level", system=self._client.system)
                self._only_quantity({**item.values, **item.deltas}, {ON_HAND})
                if item.deltas:
                    movements[place] = _Movement(item.reference, level, self._number(item.deltas[ON_HAND]))
                elif item.expected and versions.get(item.native_id) != item.expected:
                    raise VersionConflict("has moved stock since", system=self._client.system)
                else:
                    counts[place] = (level, self._number(item.values.get(ON_HAND)))
            except (Rejected, NotFound, VersionConflict) as error:
                ledger.failed(place, error, item.native_id)
        self._book(movements, ledger)
        self._count(counts, ledger)
        return self._told(ledger)

    def delete(self, items: Sequence[DeleteItem]) -> list[WriteResult]:
        """Refused: what lies in a warehouse can be moved, not deleted."""
        error = Rejected("does not delete stock levels: count them to zero there", system=self._client.system)
        return [WriteResult("failed", item.native_id, error=error) for item in items]

    def booked(self, references: Sequence[str]) -> set[str]:
        """Those of these movements that were booked. If somebody cancelled one since, that is another movement."""
        return {str(row[self._key]) for row in self._entries(references)}

    def find(self, keys: Sequence[str]) -> dict[str, list[NativeRecord]]:
        """The levels whose first movement carries these keys."""
        found: dict[str, list[NativeRecord]] = {key: [] for key in keys}
        names = {str(row["name"]): str(row[self._key]) for row in self._entries(keys)}
        if not names:
            return found
        rows = self._client.rows(
            "Stock Entry Detail",
            ["parent", ITEM, "s_warehouse", "t_warehouse"],
            [["parenttype", "=", ENTRY], ["parent", "in", list(names)]],
            parent=ENTRY,
        )
        levels = {str(row["parent"]): (str(row[ITEM]), str(row["t_warehouse"] or row["s_warehouse"])) for row in rows}
        records = self._levels.read(self._layout, levels.values())
        for parent, level in levels.items():
            found[names[parent]].append(records[name_of(level)])
        return found

    def _book(self, movements: Mapping[int, _Movement], ledger: Ledger, *, created: bool | None = None) -> None:
        """Insert an entry for each movement; nothing is to be booked for one of zero."""
        wanted = {place: one for place, one in movements.items() if one.by}
        for place in movements.keys() - wanted.keys():
            ledger.written(place, name_of(movements[place].level), created=created)
        companies = self._companies({one.level[1] for one in wanted.values()}) if wanted else {}
        entries = {place: self._entry(one, companies.get(one.level[1])) for place, one in wanted.items()}

        def send(places: list[int]) -> None:
            self._client.insert_many([entries[place] for place in places])

        def known(places: list[int]) -> list[int]:
            there = self.booked([wanted[place].reference for place in places])
            return [place for place in places if wanted[place].reference in there]

        ids = {place: name_of(one.level) for place, one in wanted.items()}
        for start in range(0, len(wanted), self._batch):
            self._send([*wanted][start : start + self._batch], ids, send, known, ledger, created=created)

    def _count(self, counts: Mapping[int, tuple[Level, Decimal]], ledger: Ledger) -> None:
        """One reconciliation for each company and so many lines."""
        companies = self._companies({level[1] for level, _ in counts.values()}) if counts else {}
        by_company: dict[str | None, list[int]] = {}
        for place, (level, _) in counts.items():
            by_company.setdefault(companies.get(level[1]), []).append(place)
        ids = {place: name_of(level) for place, (level, _) in counts.items()}
        for company, places in by_company.items():

            def send(part: list[int], company: str | None = company) -> None:
                self._reconcile([counts[place] for place in part], company)

            for start in range(0, len(places), COUNT_LINES):
                self._send(places[start : start + COUNT_LINES], ids, send, lambda _: [], ledger)

    def _send(
        self,
        places: list[int],
        ids: Mapping[int, str],
        send: Callable[[list[int]], None],
        known: Callable[[list[int]], list[int]],
        ledger: Ledger,
        *,
        created: bool | None = None,
    ) -> None:
        """One call for all; where it is refused, halves, until the one at fault stands alone."""
        if not places or ledger.trouble is not None:
            return
        try:
            send(places)
        except BridgeError as error:
            there = known(places) if isinstance(error, AlreadyExists) else []
            for place in there:
                ledger.written(place, ids[place], created=False if created else None)
            rest = [place for place in places if place not in there]
            if there:
                self._send(rest, ids, send, known, ledger, created=created)
            elif not concerns_item(error):
                ledger.stop(error)
                for place in places:
                    ledger.failed(place, error, ids[place])
            elif len(places) == 1:
                ledger.failed(places[0], error, ids[places[0]])
            else:
                half = len(places) // 2
                self._send(places[:half], ids, send, known, ledger, created=created)
                self._send(places[half:], ids, send, known, ledger, created=created)
        else:
            for place in places:
                ledger.written(place, ids[place], created=created)

    def _entry(self, one: _Movement, company: str | None) -> dict[str, Any]:
        item, warehouse = one.level
        receipt = one.by > 0
        return {
            "doctype": ENTRY,
            "stock_entry_type": "Material Receipt" if receipt else "Material Issue",
            "company": company,
            "docstatus": 1,
            self._key: one.reference,
            "items": [
                {
                    ITEM: item,
                    "t_warehouse" if receipt else "s_warehouse": warehouse,
                    "qty": format(abs(one.by), "f"),
                    "allow_zero_valuation_rate": 1,  # what it cost is not known here: it is valued where it was bought
                }
            ],
        }

    def _reconcile(self, lines: Sequence[tuple[Level, Decimal]], company: str | None) -> None:
        items = [
            {ITEM: item, WAREHOUSE: warehouse, "qty": format(to, "f"), "allow_zero_valuation_rate": 1}
            for (item, warehouse), to in lines
        ]
        document = {"company": company, "purpose": "Stock Reconciliation", "docstatus": 1, "items": items}
        try:
            self._client.insert("Stock Reconciliation", document)
        except Rejected as error:
            if error.vendor_code != _UNCHANGED:  # nothing to change is what was wanted (295)
                raise

    def _entries(self, references: Sequence[str]) -> list[dict[str, Any]]:
        wanted: list[Filter] = [[self._key, "in", list(references)], ["docstatus", ">", 0]]
        return self._client.rows(ENTRY, ["name", self._key], wanted)

    def _companies(self, warehouses: set[str]) -> dict[str, str]:
        rows = self._client.rows("Warehouse", ["name", "company"], [["name", "in", sorted(warehouses)]])
        return {str(row["name"]): str(row["company"]) for row in rows}

    def _only_quantity(self, values: Mapping[str, Any], allowed: set[str]) -> None:
        """What is reserved follows from orders: nobody can write it."""
        other = sorted(values.keys() - allowed)
        if other:
            words = f"works out {', '.join(other)} by itself: take it from there only (direction)"
            raise Rejected(words, fields=tuple(other), system=self._client.system)

    def _number(self, value: Any) -> Decimal:
        try:
            return Decimal(str(value if value is not None else 0))
        except InvalidOperation:
            raise Rejected("takes a number for a quantity", fields=(ON_HAND,), system=self._client.system) from None

    def _told(self, ledger: Ledger) -> list[WriteResult]:
        written = list(ledger.written_ids().values())
        if written:
            with suppress(BridgeError):  # booked, but not to be read now: the engine reads it before it trusts it
                held = self._levels.fetch(self._layout, written)
                ledger.read_back({name: (record, frozenset()) for name, record in held.items()})
        return ledger.results()
