"""From native values to what Tryton is told: fields of the record, of its template, of the rows below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.ports.errors import Rejected
from bridge.ports.records import FieldSpec, NativeValue, split_row_path

from bridge_tryton.keys import IDENTIFIERS, PREFIX, key_among, with_key, without_key
from bridge_tryton.layout import Layout, Lines, Row
from bridge_tryton.places import ACTED, ADDRESSES, CONTACTS, Place, place_of, sub_record
from bridge_tryton.tables import Tables

Values = dict[str, Any]
_NOWHERE = FieldSpec("")


@dataclass(slots=True)
class Draft:
    """One record as it shall be told. own: fields of the record. above: reference -> fields of what it leads to.

    below: table and role -> fields of that row. rows: table -> key -> fields; keys: table -> all keys it shall have.
    state: where it shall be moved to.
    """

    own: Values = field(default_factory=dict)
    above: dict[str, Values] = field(default_factory=dict)
    below: dict[tuple[str, str], Values] = field(default_factory=dict)
    rows: dict[str, dict[str, Values]] = field(default_factory=dict)
    keys: dict[str, list[str]] = field(default_factory=dict)
    state: str | None = None

    @property
    def changes(self) -> bool:
        """Whether anything is to be written; the state is moved apart from that."""
        return bool(self.own or self.above or self.below or self.rows or self.keys)


class Drafter:
    """Makes drafts of the records of one entity."""

    def __init__(self, layout: Layout, tables: Tables, system: str) -> None:
        self._layout, self._tables, self._system = layout, tables, system
        self._places = {place.spec.path: place for place in layout.places}
        self._lines = {one.table.path: one for one in layout.lines}

    def make(self, values: Mapping[str, NativeValue], before: Row | None) -> Draft:
        """The draft of one record. before: the row as it is. Raises Rejected naming the path that cannot be told."""
        draft = Draft()
        for path, value in values.items():
            cell = split_row_path(path)
            if cell is not None and cell[0] in self._lines:
                self._cell(draft, cell, path, value)
            elif path in self._lines:
                draft.keys[path] = [str(key) for key in value] if isinstance(value, list) else []
            else:
                self._field(draft, path, value, values, before)
        return draft

    def _field(
        self, draft: Draft, path: str, value: NativeValue, values: Mapping[str, NativeValue], before: Row | None
    ) -> None:
        place = self._place(self._places, path)
        if path == ACTED.get(self._layout.model):
            draft.state = str(value) if value is not None else None
            return
        told = self._told(place, path, value, lambda: self._country(place, values, before))
        if place.joined:
            draft.below.setdefault((place.table, place.role), {})[place.name] = told
        elif place.table:
            draft.above.setdefault(place.table, {})[place.name] = told
        else:
            draft.own[place.name] = told

    def _cell(self, draft: Draft, cell: tuple[str, str, str], path: str, value: NativeValue) -> None:
        table, key, name = cell
        lines = self._lines[table]
        places = {one.spec.path: one for one in lines.layout.places}
        place = self._place(places, name, shown=f"{table}[].{name}")
        told = self._encode(lines.layout.kind(place), place, path, value, lambda: None)
        draft.rows.setdefault(table, {}).setdefault(key, {})[place.name] = told

    def constants(self) -> Values:
        """What every new record gets; names that stand for references are not looked up."""
        given: Values = {}
        for one in self._layout.spec.given:
            place = place_of(self._layout.model, FieldSpec(one.path))
            given[one.path] = self._told(place, one.path, as_native(one.value), lambda: None)
        return given

    def _place(self, places: Mapping[str, Place], path: str, shown: str = "") -> Place:
        if path not in places:
            words = f"is given a field that the mapping does not name ({shown or path})"
            raise Rejected(words, fields=(shown or path,), system=self._system)
        return places[path]

    def _told(self, place: Place, path: str, value: NativeValue, country: Callable[[], str | None]) -> Any:
        return self._encode(self._layout.kind(place), place, path, value, country)

    def _encode(self, kind: str, place: Place, path: str, value: NativeValue, country: Callable[[], str | None]) -> Any:
        ref = place.spec.ref
        if ref == "tag.name":
            names = value if isinstance(value, list) else [str(value)] if value else []
            return self._tables.tags(names)
        if kind == "many2many":
            return [self._tables.number(str(ref), one, path) for one in str(value).split(" + ")] if value else []
        if value is None or value == "":
            return False if kind == "boolean" else None
        if ref not in (None, "record"):
            return self._tables.number(str(ref), str(value), path, country=country())
        try:
            return _encoded(kind, value)
        except (ValueError, TypeError, InvalidOperation):
            words = f"takes another kind of value ({path})"
        raise Rejected(words, fields=(path,), system=self._system)

    def _country(self, place: Place, values: Mapping[str, NativeValue], before: Row | None) -> str | None:
        """The country beside a state: the one that is written with it, or that is there."""
        role = place.spec.path.rpartition(".")[0]
        beside = f"{role}.country" if role else "country"
        if beside in values:
            return str(values[beside]) if values[beside] else None
        there = self._places.get(beside)
        source = self._layout.source(there, before) if there and before else None
        found = self._layout.value(there, source) if there and source else None
        return str(found) if found else None


def as_native(value: object) -> NativeValue:
    """The value of a condition as a native value."""
    return value if isinstance(value, bool | int | str) else None


def _encoded(kind: str, value: Any) -> Any:
    if kind in ("integer", "biginteger", "many2one", "one2one"):
        return int(value)
    if kind == "float":
        return float(value)
    if kind == "numeric":
        return Decimal(str(value))
    if kind == "boolean":
        return value if isinstance(value, bool) else str(value).lower() in ("true", "1")
    if kind == "date":
        return date.fromisoformat(str(value)[:10])
    if kind in ("datetime", "timestamp"):
        return datetime.fromisoformat(str(value).replace("Z", "+00:00")).astimezone(UTC)
    return str(value)


def commands(layout: Layout, draft: Draft, before: Row | None, key: str | None) -> Values:
    """What `create` or `write` is told of the record itself, its rows within. key: the golden id to be noted."""
    told = dict(draft.own)
    name = layout.spec.key
    if name != IDENTIFIERS:
        given = told[name] if name in told else (before or {}).get(name)
        key = key or layout.key(before or {})
        if key and (name in told or layout.key(before or {}) != key):
            told[name] = with_key(without_key(given), key)
    for (table, role), values in draft.below.items():
        told.setdefault(table, []).extend(_below(table, role, values, before))
    if name == IDENTIFIERS and key and key_among((before or {}).get(f"{IDENTIFIERS}.") or ()) is None:
        told.setdefault(IDENTIFIERS, []).append(["create", [{"type": None, "code": f"{PREFIX}{key}"}]])
    for lines in layout.lines:
        path = lines.table.path
        if path in draft.rows or path in draft.keys:
            told[path] = _rows(lines, draft.rows.get(path, {}), draft.keys.get(path), before or {})
    return told


def _below(table: str, role: str, values: Values, before: Row | None) -> list[Any]:
    """One row of a role: changed, made, or taken away where nothing is left of it."""
    children = (before or {}).get(f"{table}.")
    one = sub_record(Place(_NOWHERE, table, role, ""), children)
    empty = not any(values.values())
    if one is not None and table != ADDRESSES and empty:
        return [["delete", [int(one["id"])]]]
    if one is not None:
        return [["write", [int(one["id"])], values]]
    if empty:
        return []
    marked: Values = {"delivery": True} if table == ADDRESSES and role == "delivery" else {}
    typed: Values = {"type": role} if table in (CONTACTS, IDENTIFIERS) else {}
    return [["create", [{**marked, **typed, **values}]]]


def _rows(lines: Lines, cells: Mapping[str, Values], keys: list[str] | None, before: Row) -> list[Any]:
    held = lines.rows(before)
    told: list[Any] = []
    fresh = []
    for key, values in cells.items():
        if key in held:
            told.append(["write", [int(held[key]["id"])], values])
        else:
            fresh.append({**values, lines.table.key: f"{PREFIX}{key}"})
    if fresh:
        told.append(["create", fresh])
    gone = [int(row["id"]) for key, row in held.items() if keys is not None and key not in keys]
    return [*told, ["delete", gone]] if gone else told


def lost_rows(layout: Layout, draft: Draft, before: Row) -> bool:
    """Whether the draft changes a row that is not there (any more) and is not to be made."""
    for lines in layout.lines:
        path = lines.table.path
        held, keys = lines.rows(before), draft.keys.get(path)
        if any(key not in held and (keys is None or key not in keys) for key in draft.rows.get(path, {})):
            return True
    return False
