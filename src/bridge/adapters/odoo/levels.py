"""Stock levels: what lies of a product at a place, the sum over all quants (lots, packages, owners) of the two.

A level is no record of Odoo's: its id here is made of the two, "product-place". A quant comes with the first movement
and is cleared away at zero by the inventory screen or a nightly job (recorded: 377), so a level without quants is one
of zero, and what moved is read from the moved lines, too, or a level that went to zero would be missed. Only places of
the company's own count: the virtual ones hold the counterpart of every movement (376).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.layout import Layout
from bridge.adapters.odoo.reading import IDS, Reader
from bridge.adapters.odoo.settings import Settings
from bridge.adapters.odoo.values import decimal_text
from bridge.ports.errors import CursorExpired
from bridge.ports.records import ChangePage, NativeRecord

QUANT: Final = "stock.quant"
PRODUCT: Final = "product_id"
PLACE: Final = "location_id"

Level = tuple[int, int]
"""Product and place."""


def level_of(native_id: str) -> Level | None:
    """The level of an id; None for what is none."""
    product, dash, place = native_id.partition("-")
    return (int(product), int(place)) if dash and product.isdecimal() and place.isdecimal() else None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a reading stands: quants first, then lines of movements, each by id."""

    since: str | None = None
    began: str = ""
    part: Literal["quants", "lines"] = "quants"
    after: int = 0

    def encode(self) -> str:
        return json.dumps({"since": self.since, "began": self.began, "part": self.part, "after": self.after})

    @classmethod
    def decode(cls, cursor: str | None, system: str) -> _Position:
        if cursor is None:
            return cls()
        try:
            found = json.loads(cursor)
            part: Literal["quants", "lines"] = "lines" if found["part"] == "lines" else "quants"
            return cls(found["since"], str(found["began"]), part, int(found["after"]))
        except (ValueError, TypeError, KeyError):
            pass
        raise CursorExpired("cannot read the position of the last reading", system=system)


class LevelReader:
    """Reads of the stock levels of one Odoo."""

    def __init__(self, client: Client, reader: Reader, settings: Settings) -> None:
        self._client, self._reader, self._settings = client, reader, settings

    def changes(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """The next page of levels that may have changed."""
        now = self._client.now()
        position = _Position.decode(cursor, self._client.system)
        if not position.began:
            position = _Position(position.since, _stamp(now))
        size = max(1, min(limit, self._settings.page))
        if position.part == "quants":
            rows = self._quants(layout, position, size + 1)
            levels = [(int(row[PRODUCT][0]), int(row[PLACE][0])) for row in rows[:size]]
        else:
            rows = self._lines(layout, position, size + 1)
            levels = [
                (int(row[PRODUCT][0]), int(row[place][0]))
                for row in rows[:size]
                for place in (PLACE, "location_dest_id")
            ]
            levels = self._own(layout, levels)
        if len(rows) > size:
            after = _Position(position.since, position.began, position.part, int(rows[size - 1]["id"]))
        elif position.part == "quants" and position.since is not None:
            after = _Position(position.since, position.began, "lines")
            if not rows:  # nothing here: the other half at once, so that a quiet system costs no extra page
                return self.changes(layout, after.encode(), limit)
        else:
            began = datetime.fromisoformat(position.began).replace(tzinfo=UTC)
            after = _Position(_stamp(began - timedelta(seconds=self._settings.overlap)))
        records = self.read(layout, levels)
        return ChangePage(tuple(records.values()), (), after.encode(), more=bool(after.began))

    def refs(self, layout: Layout) -> Iterator[Sequence[str]]:
        """The ids of all levels that have quants. One that has none any more is one of zero: `fetch` shows it."""
        position = _Position()
        while rows := self._quants(layout, position, IDS):
            yield list(dict.fromkeys(f"{row[PRODUCT][0]}-{row[PLACE][0]}" for row in rows))
            position = _Position(after=int(rows[-1]["id"]))

    def fetch(self, layout: Layout, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These levels as they are now."""
        levels = [level for one in native_ids if (level := level_of(one)) is not None]
        return self.read(layout, levels)

    def read(self, layout: Layout, levels: Iterable[Level]) -> dict[str, NativeRecord]:
        """id -> level, in the order asked for."""
        wanted = list(dict.fromkeys(levels))
        found: dict[str, NativeRecord] = {}
        for start in range(0, len(wanted), self._settings.page):
            part = wanted[start : start + self._settings.page]
            domain = [
                [PRODUCT, "in", sorted({product for product, _ in part})],
                [PLACE, "in", sorted({place for _, place in part})],
            ]
            held: dict[Level, list[Mapping[str, Any]]] = {level: [] for level in part}
            for row in self._reader.rows(layout, domain):
                level = (int(row[PRODUCT]), int(row[PLACE]))
                if level in held:
                    held[level].append(row)
            found |= {
                f"{product}-{place}": _level(layout, product, place, rows) for (product, place), rows in held.items()
            }
        return found

    def _quants(self, layout: Layout, position: _Position, limit: int) -> list[dict[str, Any]]:
        domain = [["id", ">", position.after], *self._where(layout, PLACE)]
        if position.since is not None:
            domain.append(["write_date", ">=", position.since])
        return self._rows(QUANT, domain, [PRODUCT, PLACE], limit)

    def _lines(self, layout: Layout, position: _Position, limit: int) -> list[dict[str, Any]]:
        domain = [["id", ">", position.after], ["state", "=", "done"], ["write_date", ">=", position.since]]
        out, into = self._where(layout, PLACE), self._where(layout, "location_dest_id")
        domain += ["|", *["&"] * (len(out) - 1), *out, *["&"] * (len(into) - 1), *into]
        return self._rows("stock.move.line", domain, [PRODUCT, PLACE, "location_dest_id"], limit)

    def _rows(self, model: str, domain: list[Any], fields: list[str], limit: int) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._client.call(
            model, "search_read", domain=domain, fields=fields, limit=limit, order="id", answers=shapes.rows
        )
        return rows

    def _where(self, layout: Layout, place: str) -> list[Any]:
        """Which levels belong; `place` is what the place is called where it is asked."""
        terms = [[f"{PLACE}.usage", "=", "internal"], *layout.domain()]
        return [
            [name.replace(PLACE, place, 1), *rest] if name.startswith(PLACE) else [name, *rest] for name, *rest in terms
        ]

    def _own(self, layout: Layout, levels: Sequence[Level]) -> list[Level]:
        """Without the other end of the movements: a customer's place, or one that the mapping does not look after."""
        places = sorted({place for _, place in levels})
        if not places:
            return []
        terms = [
            [name.removeprefix(f"{PLACE}."), *rest] if name != PLACE else ["id", *rest]
            for name, *rest in self._where(layout, PLACE)
            if name.startswith(PLACE)
        ]
        domain = [["id", "in", places], *terms]
        own = self._client.call("stock.location", "search", domain=domain, order="id", answers=shapes.ids)
        return [level for level in levels if level[1] in own]


def _level(layout: Layout, product: int, place: int, rows: Sequence[Mapping[str, Any]]) -> NativeRecord:
    stamps = [str(row["write_date"]) for row in rows if row.get("write_date")]
    whole: dict[str, Any] = {PRODUCT: product, PLACE: place, "write_date": max(stamps, default=False)}
    for one in layout.places:
        if one.name not in whole:
            numbers = [row[one.name] for row in rows if isinstance(row.get(one.name), int | float)]
            whole[one.name] = _sum(numbers)
    return layout.record({**whole, "id": f"{product}-{place}"}, None)


def _sum(numbers: Iterable[float]) -> str:
    """The sum of numbers as Odoo sends them, without the errors of binary fractions."""
    total = sum((Decimal(decimal_text(number)) for number in numbers), Decimal(0))
    return format(total.normalize() + 0, "f")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S")
