"""From a record's values to the cells of an import: `load` takes texts, and a column for each field."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from bridge.adapters.odoo.documents import CHOSEN, KEPT_PRICE, PRICED_BY, acted
from bridge.adapters.odoo.layout import ALL_TAXES, SHOWN, Layout, Lines, Place, child
from bridge.adapters.odoo.models import Described
from bridge.adapters.odoo.tables import Tables
from bridge.adapters.odoo.values import decimal_text
from bridge.ports.errors import Rejected
from bridge.ports.records import CreateItem, NativeValue, UpdateItem, split_row_path

Cells = dict[str, str]
_TABLES: Final = frozenset({"country.iso2", "currency.code", "language.code", "unit.name"})


@dataclass(slots=True)
class Draft:
    """What is to be written of one record: its own cells, those of its sub-records by their role, its rows, its state.

    rows: number of the table -> key -> the cells of a row. keys: number of the table -> the rows that shall be there.
    """

    own: Cells = field(default_factory=dict)
    below: dict[str, Cells] = field(default_factory=dict)
    rows: dict[int, dict[str, Cells]] = field(default_factory=dict)
    keys: dict[int, list[str]] = field(default_factory=dict)
    state: str | None = None


class Drafts:
    """Makes drafts for one object."""

    def __init__(
        self,
        layout: Layout,
        described: Callable[[str], Described],
        tables: Tables,
        system: str,
    ) -> None:
        self._layout, self._tables, self._system = layout, tables, system
        self._described = described(layout.model)
        self._places = {place.spec.path: place for place in layout.places}
        self.lines = [(one, Drafts(one.layout, described, tables, system)) for one in layout.lines]

    def prepare(self, items: Iterable[CreateItem | UpdateItem]) -> None:
        """Look up what the items name, in one call for each kind."""
        self._tables.begin()
        values = [item.values for item in items]
        self._prepare(values)
        for number, (_, drafts) in enumerate(self.lines):
            drafts._prepare([cells for one in values for cells in self._rows_of(number, one).values()])

    def _rows_of(self, number: int, values: Mapping[str, NativeValue]) -> dict[str, dict[str, NativeValue]]:
        """key -> what is written of the row."""
        found: dict[str, dict[str, NativeValue]] = {}
        table = self.lines[number][0].table.path
        for path, value in values.items():
            cell = split_row_path(path)
            if cell is not None and cell[0] == table:
                found.setdefault(cell[1], {})[cell[2]] = value
        return found

    def _prepare(self, several: Iterable[Mapping[str, NativeValue]]) -> None:
        states = False
        users: set[str] = set()
        tags: dict[str, set[str]] = {}
        for values in several:
            for path, value in values.items():
                place = self._places.get(path)
                if place is None or value is None:
                    continue
                states = states or place.spec.ref == "state.code"
                if place.spec.ref == "user.email":
                    users.add(str(value))
                elif place.spec.ref == "tag.name":
                    model = str(self._described.get(place.name, {}).get("relation"))
                    tags.setdefault(model, set()).update(_names(value))
        if states:
            self._tables.learn_states()
        self._tables.learn_users(users)
        for model, names in tags.items():
            self._tables.learn_tags(model, names)

    def make(self, values: Mapping[str, NativeValue], before: Mapping[str, Any] | None = None) -> Draft:
        """The cells of one record. before: the row as it is, for what depends on other fields. Raises Rejected."""
        draft = Draft()
        before_lines = before
        tables = {one.table.path for one, _ in self.lines}
        rows = {path for path in values if path in tables or (split_row_path(path) or ("",))[0] in tables}
        own = {path: value for path, value in values.items() if path not in rows}
        unknown = [path for path in own if path not in self._places]
        if unknown:
            raise Rejected(f"has no field {', '.join(unknown)}", fields=tuple(unknown), system=self._system)
        fixed = [path for path in own if self._fixed(self._places[path])]
        if fixed:
            raise Rejected(f"does not let {', '.join(fixed)} be written", fields=tuple(fixed), system=self._system)
        for number, (one, drafts) in enumerate(self.lines):
            self._draft_rows(draft, number, one, drafts, values, before_lines)
        for path, value in own.items():
            place = self._places[path]
            if acted(self._layout.model, place.name):
                draft.state = None if value is None else str(value)
                continue
            column, cell = self._cell(place, value, values, before)
            (draft.below.setdefault(place.role, {}) if place.role else draft.own)[column] = cell
        return draft

    def _draft_rows(
        self,
        draft: Draft,
        number: int,
        one: Lines,
        drafts: Drafts,
        values: Mapping[str, NativeValue],
        before: Mapping[str, Any] | None,
    ) -> None:
        held = one.rows(before) if before is not None else {}
        keys = values.get(one.table.path)
        if isinstance(keys, list):
            draft.keys[number] = keys
        for key, cells in self._rows_of(number, values).items():
            made = drafts.make(cells, held.get(key)).own
            if key in held and PRICED_BY & {column.partition("/")[0] for column in made}:
                made = {**_kept_price(held[key]), **made}
            draft.rows.setdefault(number, {})[key] = made

    def constants(self) -> Cells:
        """What `where` demands of every record that is made."""
        found: Cells = {}
        for condition in self._layout.spec.given:
            if not isinstance(condition.value, tuple):
                found[condition.path] = _text(condition.value)
        return found

    def has(self, name: str) -> bool:
        """Whether the mapping has a field of the model."""
        return any(place.name == name and not place.role for place in self._places.values())

    def path_of(self, column: str, role: str = "") -> str:
        """The path that a column of an import stands for, for messages."""
        name = column.partition("/")[0]
        known = [path for path, place in self._places.items() if place.name == name and place.role == role]
        return known[0] if known else name

    def _fixed(self, place: Place) -> bool:
        described = self._described.get(place.name)
        if acted(self._layout.model, place.name) or place.name in CHOSEN.get(self._layout.model, ()):
            return False
        return described is None or bool(described.get("readonly"))

    def _cell(
        self, place: Place, value: NativeValue, values: Mapping[str, NativeValue], before: Mapping[str, Any] | None
    ) -> tuple[str, str]:
        ref, path = place.spec.ref, place.spec.path
        if ref is None or (ref == "language.code" and self._described[place.name].get("type") != "many2one"):
            return place.name, self._scalar(place, value)
        chosen = CHOSEN.get(self._layout.model, {}).get(place.name)
        column = f"{chosen or place.name}/.id"
        if chosen is not None:
            number = self._tables.price_list(str(value), path) if value is not None else None
            return column, "" if number is None else str(number)
        if value is None or value == []:
            return column, ""
        if ref == "record":
            if not str(value).isdecimal():
                raise Rejected(f"has no record of that id ({path})", fields=(path,), system=self._system)
            return column, str(value)
        if ref == "tax.name":
            return column, ",".join(str(self._tables.small(ref, name, path)) for name in str(value).split(ALL_TAXES))
        if ref == "tag.name":
            model = str(self._described[place.name].get("relation"))
            return column, ",".join(str(self._tables.tag(model, name, path)) for name in _names(value))
        if ref in _TABLES:
            return column, str(self._tables.small(ref, str(value), path))
        if ref == "stage.name":
            return column, str(self._tables.stage(str(self._described[place.name].get("relation")), str(value), path))
        if ref == "partner.name":
            raise Rejected(f"tells no partner by the name alone ({path})", fields=(path,), system=self._system)
        if ref == "user.email":
            return column, str(self._tables.user(str(value), path))
        return column, str(self._tables.state(self._country(place, values, before), str(value), path))

    def _country(self, place: Place, values: Mapping[str, NativeValue], before: Mapping[str, Any] | None) -> int | None:
        """The country beside a state: the one that is written with it, else the one that is there."""
        path = f"{place.role}.country_id" if place.role else "country_id"
        code: object = values.get(path)
        if path not in values and before is not None and path in self._places:
            other = self._places[path]
            source = child(before.get("child_ids"), place.role) if place.role else before
            held = source.get(other.name) if source else None
            code = held.get(SHOWN["country.iso2"]) if isinstance(held, dict) else None
        return self._tables.small("country.iso2", str(code), path) if code else None

    def _scalar(self, place: Place, value: NativeValue) -> str:
        kind = self._described.get(place.name, {}).get("type")
        if "datetime" in (place.spec.type, kind) and isinstance(value, str):
            return value.replace("T", " ").removesuffix("Z")[:19]
        if isinstance(value, list):
            path = place.spec.path
            raise Rejected(f"does not take a list ({path})", fields=(path,), system=self._system)
        return _text(value)


def _kept_price(row: Mapping[str, Any]) -> Cells:
    """Price and discount as they are: Odoo would take the price list's instead (261)."""
    return {name: decimal_text(row[name]) for name in KEPT_PRICE if isinstance(row.get(name), int | float)}


def _text(value: object) -> str:
    """A cell: empty clears, booleans are 1 and 0."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(value)


def _names(value: NativeValue) -> list[str]:
    return [str(name) for name in value] if isinstance(value, list) else [str(value)]


def waves(items: Sequence[UpdateItem], drafts: Mapping[int, Draft]) -> list[list[int]]:
    """Places so that no record stands twice in one wave."""
    waves: list[list[int]] = []
    seen: list[set[str]] = []
    for place in drafts:
        native_id = items[place].native_id
        number = next((number for number, ids in enumerate(seen) if native_id not in ids), len(seen))
        if number == len(seen):
            seen.append(set())
            waves.append([])
        seen[number].add(native_id)
        waves[number].append(place)
    return waves
