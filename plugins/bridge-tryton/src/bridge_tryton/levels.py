"""Stock levels: what lies of a product at a place. Tryton has no record for that, so `stock.level` is a name of ours.

A level's id is made of the two, "product-place". The quantity is worked out by Tryton from all movements up to today;
asked without a place it answers nought and no error, so nothing is ever read or written without one. What has changed
is read from the movements, because a movement leaves no trace at its product.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Literal

from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.errors import CursorExpired, Unsupported
from bridge.ports.records import ChangePage, NativeRecord, NativeValue, ObjectSpec

from bridge_tryton import client as shapes
from bridge_tryton.client import Client
from bridge_tryton.layout import decimal_text
from bridge_tryton.settings import Settings

LEVEL: Final = "stock.level"
ITEM: Final = "product"
PLACE: Final = "location"
ON_HAND: Final = "quantity"
FORECAST: Final = "forecast_quantity"
MOVE: Final = "stock.move"
_IDS = 1000
_FAR = 9

Level = tuple[int, int]
"""Product and place."""


def level_of(native_id: str) -> Level | None:
    """The level of an id; None for what is none."""
    product, dash, place = native_id.partition("-")
    good = dash and product.isdecimal() and place.isdecimal() and native_id.isascii()
    return (int(product), int(place)) if good and len(product) <= _FAR and len(place) <= _FAR else None


@dataclass(frozen=True, slots=True)
class _Position:
    """Where a reading stands: everything that lies somewhere (`all`), or what was moved; each by id."""

    since: str | None = None
    began: str = ""
    after: int = 0

    def encode(self) -> str:
        return json.dumps({"since": self.since, "began": self.began, "after": self.after})

    @classmethod
    def decode(cls, cursor: str | None, system: str) -> _Position:
        if cursor is None:
            return cls()
        try:
            found = json.loads(cursor)
            since = found["since"]
            if since is not None:
                datetime.fromisoformat(since)
            return cls(since, str(found["began"]), int(found["after"]))
        except (ValueError, TypeError, KeyError):
            pass
        raise CursorExpired("cannot read the position of the last reading", system=system)


class LevelReader:
    """Reads of the stock levels of one Tryton."""

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._places: dict[ObjectSpec, list[int]] = {}

    def places(self, spec: ObjectSpec) -> list[int]:
        """The places that the mapping looks after. Raises Unsupported where there is none: all would be nought."""
        if spec not in self._places:
            domain: list[Any] = [["type", "=", "storage"]]
            for one in spec.where:
                head, _, name = one.path.partition(".")
                if head != PLACE:
                    raise Unsupported(
                        f"{LEVEL} is chosen by {PLACE} only, not by {one.path}", system=self._client.system
                    )
                value = list(one.value) if isinstance(one.value, tuple) else one.value
                domain.append([name or "id", one.op, value])
            found = self._client.call("stock.location", "search", domain, 0, None, [["id", "ASC"]], answers=shapes.ids)
            if not found or not spec.where:
                words = f"has no place that `where` of {LEVEL} names: say which, as location.code in ('STO')"
                raise Unsupported(words, system=self._client.system)
            self._places[spec] = [int(one) for one in found]
        return self._places[spec]

    def changes(self, spec: ObjectSpec, cursor: str | None, limit: int) -> ChangePage:
        """The next page of levels that may have changed."""
        position = _Position.decode(cursor, self._client.system)
        if not position.began:
            position = _Position(position.since, self._client.now().isoformat())
        places = self.places(spec)
        size = max(1, min(limit, self._settings.page) // len(places))
        if position.since is None:
            ids = self._lying(places, position.after, size + 1)
            levels = [(product, place) for product in ids[:size] for place in places]
        else:
            moves = self._moved(places, position, size + 1)
            ids = [int(row["id"]) for row in moves]
            ends = [(int(row[ITEM]), int(row[end])) for row in moves[:size] for end in ("from_location", "to_location")]
            levels = [level for level in ends if level[1] in places]
        if len(ids) > size:
            after = _Position(position.since, position.began, ids[size - 1])
        else:
            began = datetime.fromisoformat(position.began)
            after = _Position((began - timedelta(seconds=self._settings.overlap)).isoformat())
        found = self.read(spec, levels)
        if position.since is None:  # a first reading names no product that never lay there
            found = {key: one for key, one in found.items() if one.values.get(ON_HAND) != "0"}
        return ChangePage(tuple(found.values()), (), after.encode(), more=bool(after.began))

    def refs(self, spec: ObjectSpec) -> Iterator[Sequence[str]]:
        """The ids of all levels where something lies. One of nought has none any more: `fetch` shows it."""
        places, after = self.places(spec), 0
        while ids := self._lying(places, after, _IDS):
            yield [f"{product}-{place}" for product in ids for place in places]
            after = ids[-1]

    def fetch(self, spec: ObjectSpec, native_ids: Sequence[str]) -> dict[str, NativeRecord]:
        """These levels as they are now."""
        return self.read(spec, [level for one in native_ids if (level := level_of(one)) is not None])

    def read(self, spec: ObjectSpec, levels: Iterable[Level]) -> dict[str, NativeRecord]:
        """id -> level, in the order asked for."""
        wanted = list(dict.fromkeys(levels))
        rows: dict[Level, Mapping[str, Any]] = {}
        for place in sorted({place for _, place in wanted}):
            products = sorted({product for product, where in wanted if where == place})
            for start in range(0, len(products), _IDS):
                part = self._quantities([["id", "in", products[start : start + _IDS]]], [place], None)
                rows |= {(int(row["id"]), place): row for row in part}
        return {f"{level[0]}-{level[1]}": _record(spec, level, rows[level]) for level in wanted if level in rows}

    def _lying(self, places: Sequence[int], after: int, limit: int) -> list[int]:
        """Products of which something lies in one of the places, or is expected, by id."""
        found: set[int] = set()
        for place in places:
            domain = [["id", ">", after], ["OR", [ON_HAND, "!=", 0.0], [FORECAST, "!=", 0.0]]]
            found |= {int(row["id"]) for row in self._quantities(domain, [place], limit)}
        return sorted(found)[:limit]

    def _quantities(self, domain: list[Any], places: Sequence[int], limit: int | None) -> list[dict[str, Any]]:
        # of what is to come Tryton takes none for `quantity`, by its own company's day, and all for the forecast
        context = {"locations": list(places), "stock_date_end": date.max, "with_childs": False}
        rows: list[dict[str, Any]] = self._client.call(
            "product.product", "search_read", domain, 0, limit, [["id", "ASC"]],
            [ON_HAND, FORECAST, "default_uom.digits"], context=context, answers=shapes.rows,
        )  # fmt: skip
        return rows

    def _moved(self, places: Sequence[int], position: _Position, limit: int) -> list[dict[str, Any]]:
        since = datetime.fromisoformat(str(position.since))
        domain: list[Any] = [
            ["id", ">", position.after],
            ["OR", ["write_date", ">=", since], ["create_date", ">=", since]],
            ["OR", ["from_location", "in", list(places)], ["to_location", "in", list(places)]],
        ]
        rows: list[dict[str, Any]] = self._client.call(
            MOVE, "search_read", domain, 0, limit, [["id", "ASC"]], [ITEM, "from_location", "to_location"],
            answers=shapes.rows,
        )  # fmt: skip
        return rows


def _record(spec: ObjectSpec, level: Level, row: Mapping[str, Any]) -> NativeRecord:
    known: dict[str, NativeValue] = {
        ITEM: str(level[0]),
        PLACE: str(level[1]),
        ON_HAND: _number(row, ON_HAND),
        FORECAST: _number(row, FORECAST),
    }
    values = {one.path: known[one.path] for one in spec.fields if one.path in known}
    version = blake2b(repr(sorted(values.items())).encode(), digest_size=12).hexdigest()
    return NativeRecord(f"{level[0]}-{level[1]}", values, version)


def _number(row: Mapping[str, Any], name: str) -> str:
    """A sum of binary fractions without the errors of them: to so many digits as the unit has."""
    digits = (row.get("default_uom.") or {}).get("digits")
    found = float(row.get(name) or 0.0)
    return decimal_text(round(found, digits) if isinstance(digits, int) else found)


def level_schema() -> NativeSchema:
    """The schema of a level: the quantity is written by movements, all else by Tryton alone."""
    kinds: tuple[tuple[str, Literal["reference", "decimal"], str | None], ...] = (
        (ITEM, "reference", "product.product"),
        (PLACE, "reference", "stock.location"),
        (ON_HAND, "decimal", None),
        (FORECAST, "decimal", None),
    )
    fields = {
        name: NativeField(name, kind, createable=name != FORECAST, updateable=name == ON_HAND, target=target)
        for name, kind, target in kinds
    }
    return NativeSchema(LEVEL, fields)
