"""How a specification is asked of Tryton, and how a row becomes a record.

One `search_read` reads a page with everything that belongs to it: Tryton follows dotted names into references and rows
and answers them below "addresses.", with the dot. The stamp of a record does not move when a row of it is edited by
itself, so a version is the record's own stamp, which the server compares, and a digest of all stamps below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

from bridge.ports.records import Condition, NativeRecord, NativeValue, ObjectSpec, TableSpec, row_path

from bridge_tryton.keys import IDENTIFIERS, key_among, key_in, without_key
from bridge_tryton.places import ADDRESSES, CONTACTS, PARENT, Place, place_of, sub_record

SHOWN: Final[Mapping[str, str]] = {
    "country.iso2": "code",
    "currency.code": "code",
    "user.email": "email",
    "language.code": "code",
    "state.code": "code",
    "tag.name": "name",
    "unit.name": "name",
    "tax.name": "name",
    "stage.name": "name",
    "partner.name": "name",
}
"""Table -> the field of the other model that stands for the record."""

ALL_TAXES: Final = " + "
_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {
    ADDRESSES: ("active", "sequence", "invoice", "delivery"),
    CONTACTS: ("active", "sequence", "type"),
    IDENTIFIERS: ("active", "sequence", "type", "code"),
}
"""Rows -> what tells which of them plays which role. Some of it comes with modules that may not be there."""

Row = Mapping[str, Any]


@dataclass(slots=True)
class Layout:
    """One object as a specification wants it. kinds: field -> Tryton's type. models: model of each table -> fields.

    lines: the rows that belong to each record. own: parties that are the companies themselves, nobody's customers.
    """

    spec: ObjectSpec
    kinds: Mapping[str, str]
    below: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    lines: tuple[Lines, ...] = ()
    own: tuple[int, ...] = ()
    places: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        self.places = tuple(place_of(self.spec.object, one) for one in self.spec.fields)

    @property
    def model(self) -> str:
        return self.spec.object

    @property
    def tables(self) -> list[str]:
        """The rows that play a role, those of the key among them."""
        found = [place.table for place in self.places if place.joined]
        return list(dict.fromkeys([*found, *([IDENTIFIERS] if self.spec.key == IDENTIFIERS else [])]))

    @property
    def parents(self) -> list[str]:
        """The references that are read and written with the record."""
        return list(PARENT.get(self.model, {}))

    def names(self) -> list[str]:
        """The fields to ask for."""
        wanted = ["id", "_timestamp", "write_date", "create_date"]
        wanted += [name for name in ("active", "replaced_by", "state") if name in self.kinds]
        if self.spec.key != IDENTIFIERS and self.spec.key in self.kinds:
            wanted.append(self.spec.key)
        for table in self.tables:
            beside = [name for name in _BESIDE.get(table, ()) if name in self.below.get(table, {})]
            wanted += [f"{table}.{name}" for name in ("_timestamp", "write_date", *beside)]
        for parent in self.parents:
            beside_it = ("_timestamp", "write_date", "active", "code", "products")
            wanted += [parent, *(f"{parent}.{name}" for name in beside_it)]
        wanted += [_asked(place) for place in self.places]
        for one in self.lines:
            wanted += [f"{one.table.path}.{name}" for name in one.layout.names()]
            wanted += [f"{one.table.path}.type"] if "type" in one.layout.kinds else []
        return list(dict.fromkeys(wanted))

    def domain(self) -> list[Any]:
        """The `where` of the specification."""
        others: list[Any] = [["id", "not in", list(self.own)]] if self.own else []
        return [*others, *(_term(one) for one in self.spec.where)]

    def since(self, moment: datetime) -> list[Any]:
        """Records changed since, or with a row or template changed since, which moves not the record's own stamp.
        What was never changed has no date of a change."""
        terms: list[Any] = []
        for place in ("", *(f"{name}." for name in (*self.tables, *self.parents, *self._line_tables()))):
            terms += [[f"{place}{stamp}", ">=", moment] for stamp in ("write_date", "create_date")]
        return [["OR", *terms]]

    def _line_tables(self) -> list[str]:
        return [one.table.path for one in self.lines]

    def stamps(self, row: Row) -> dict[str, str]:
        """Everything that is written with the record -> its stamp, as a write is told what it expects."""
        found = {f"{self.model},{row['id']}": str(row["_timestamp"])}
        for parent in self.parents:
            above = row.get(f"{parent}.")
            if above:
                found[f"{PARENT[self.model][parent]},{above['id']}"] = str(above["_timestamp"])
        for table, model in self._models_below():
            for one in row.get(f"{table}.") or ():
                found[f"{model},{one['id']}"] = str(one["_timestamp"])
        return found

    def _models_below(self) -> Iterator[tuple[str, str]]:
        for table in self.tables:
            yield table, self.below[table]["__model__"]
        for one in self.lines:
            yield one.table.path, one.layout.model

    def version(self, row: Row) -> str:
        """The record's own stamp, and a digest of those below and above it."""
        own, *others = sorted(self.stamps(row).items(), key=lambda item: item[0] != f"{self.model},{row['id']}")
        if not (self.tables or self.parents or self.lines):
            return own[1]
        return f"{own[1]}/{blake2b(repr(sorted(others)).encode(), digest_size=8).hexdigest()}"

    def key(self, row: Row) -> str | None:
        """The golden id that the row carries."""
        if self.spec.key == IDENTIFIERS:
            return key_among(row.get(f"{IDENTIFIERS}.") or ())
        return key_in(row.get(self.spec.key))

    def record(self, row: Row) -> NativeRecord:
        """A row as a record."""
        values: dict[str, NativeValue] = {}
        for place in self.places:
            source = self.source(place, row)
            values[place.spec.path] = self.value(place, source) if source else None
        for one in self.lines:
            values |= one.values(row)
        stamps = [row.get("write_date") or row.get("create_date")]
        for name in (*self.parents, *self.tables, *self._line_tables()):
            found = row.get(f"{name}.") or ()
            stamps += [one.get("write_date") for one in ([found] if isinstance(found, dict) else found)]
        modified = max((stamp for stamp in stamps if isinstance(stamp, datetime)), default=None)
        return NativeRecord(
            str(row["id"]), values, self.version(row), modified, self.key(row), not row.get("active", 1)
        )

    def source(self, place: Place, row: Row) -> Row | None:
        """The row that a place is on."""
        if place.joined:
            return sub_record(place, row.get(f"{place.table}."))
        return row.get(f"{place.table}.") if place.table else row

    def kind(self, place: Place) -> str:
        """Tryton's type of the field at a place."""
        return (self.below.get(place.table, {}) if place.table else self.kinds).get(place.name, "")

    def value(self, place: Place, source: Row) -> NativeValue:
        """The native value of what Tryton answered."""
        ref, kind = place.spec.ref, self.kind(place)
        if ref not in (None, "record"):
            return _shown(place, source.get(f"{place.name}."))
        raw = source.get(place.name)
        if place.name == self.spec.key and not place.table and isinstance(raw, str):
            raw = without_key(raw)
        if ref == "record":
            return str(raw) if raw else None
        if kind == "boolean" or (not kind and place.spec.type == "boolean"):
            return bool(raw)
        return scalar(raw)


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of one table. layout: of the model of the rows."""

    table: TableSpec
    layout: Layout
    system: str

    def rows(self, record: Row) -> dict[str, Row]:
        """key -> row, oldest first. A copied row that still carries the key of another counts as a new one; a heading
        or a comment is none."""
        found: dict[str, Row] = {}
        for row in sorted(record.get(f"{self.table.path}.") or (), key=lambda row: int(row["id"])):
            if row.get("type", "line") != "line":
                continue
            key = key_in(row.get(self.table.key))
            found[key if key and key not in found else f"{self.system}-{row['id']}"] = row
        return found

    def values(self, record: Row) -> dict[str, NativeValue]:
        """The keys and cells of a record."""
        rows = self.rows(record)
        values: dict[str, NativeValue] = {self.table.path: list(rows)}
        for key, row in rows.items():
            for place in self.layout.places:
                values[row_path(self.table.path, key, place.spec.path)] = self.layout.value(place, row)
        return values


def scalar(raw: Any) -> NativeValue:
    """A plain value: numbers as exact text, instants and days in their usual form, nothing for an empty text."""
    if raw is None or raw == "":
        return None
    if isinstance(raw, bool | int):
        return raw
    if isinstance(raw, float | Decimal):
        return decimal_text(raw)
    if isinstance(raw, datetime):
        at = raw.astimezone(UTC)
        return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond:06d}" if at.microsecond else "") + "Z"
    if isinstance(raw, date):
        return raw.isoformat()
    if isinstance(raw, list | tuple):
        return [str(one) for one in raw]
    return str(raw)


def decimal_text(number: float | Decimal) -> str:
    """A number without exponent and without trailing noughts; repr of a float is its shortest exact form."""
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    text = format(exact, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _shown(place: Place, found: Any) -> NativeValue:
    ref = str(place.spec.ref)
    if isinstance(found, list):
        names = sorted(str(one[SHOWN[ref]]) for one in found)
        return ALL_TAXES.join(names) or None if ref == "tax.name" else names or None
    if not isinstance(found, dict):
        return None
    raw = found.get(SHOWN[ref])
    text = str(raw) if raw else None
    if ref == "state.code" and text:  # Tryton writes the country before it: DE-BY
        return text.partition("-")[2] or text
    return text.replace("_", "-") if ref == "language.code" and text else text


def _asked(place: Place) -> str:
    name = f"{place.table}.{place.name}" if place.table else place.name
    shown = SHOWN.get(place.spec.ref or "")
    return f"{name}.{shown}" if shown else name


def _term(one: Condition) -> list[Any]:
    if one.op in ("is set", "is not set"):
        return [one.path, "!=" if one.op == "is set" else "=", None]
    value: Any = list(one.value) if isinstance(one.value, tuple) else one.value
    return [one.path, one.op, value]
