"""How the fields of a mapping lie in Salesforce's rows: what to select, and how a row becomes a native record. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial
from hashlib import blake2b
from typing import Any

import orjson

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Json
from bridge.adapters.salesforce.describe import MOVEMENT, Described
from bridge.adapters.salesforce.entries import ENTRY, PRICE, nested, price
from bridge.adapters.salesforce.values import CONVERTED, from_wire, instant
from bridge.ports.errors import KeyFieldMissing, Unsupported
from bridge.ports.lazy import LazyRecord
from bridge.ports.records import (
    FieldSpec,
    NativeRecord,
    NativeValue,
    ObjectSpec,
    TableSpec,
    Tombstone,
    row_path,
)

FORM = b"salesforce 1 "
"""Of `Layout.record`. Raised where the same answer makes other values than before: all is looked into again then."""

WRITER = "LastModifiedById"
ALSO: Mapping[str, tuple[str, ...]] = {"Order": ("Status", "StatusCode", "Pricebook2Id", "CurrencyIsoCode")}
"""Object -> fields that have to be known to write it, whether or not the mapping names them."""

USER_EMAIL = "user.email"
TAGS = "tag.name"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands in a row. name: in the row; text: whether a text that stands there is the value as it is."""

    path: str
    name: str
    text: bool
    read: Callable[[Any], NativeValue]


@dataclass(frozen=True)
class Layout:
    """A mapping's specification laid over a describe. fields: those that the org lets us read, and their places.
    children: its rows. prices: of a product: they stand in the price books, one entry each."""

    spec: ObjectSpec
    described: Described
    fields: tuple[FieldSpec, ...]
    places: tuple[Place, ...]
    system: str
    children: tuple[Children, ...] = ()
    prices: tuple[FieldSpec, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Of the columns of a row, those that make the record: not who wrote it, nor the rows below."""
        return (self.stamp, self.spec.key, *(place.name for place in self.places))

    @property
    def below(self) -> tuple[tuple[str, str], ...]:
        """What stands below the records and is part of them: object, and its field that leads up."""
        found = tuple((child.object, child.parent) for child in self.children)
        return (*found, ("PricebookEntry", "Product2Id")) if self.prices else found

    @property
    def object(self) -> str:
        return self.spec.object

    @property
    def stamp(self) -> str:
        return self.described.stamp

    def selected(self, *, deleted: bool = False, writers: bool = False) -> list[str]:
        """What a query has to name; with `deleted` also what tells the deleted and merged ones, with `writers` who
        wrote a record and its rows last."""
        names = {"Id": None, self.stamp: None}
        if writers and WRITER in self.described.fields:
            names[WRITER] = None
        if self.spec.key in self.described.fields:
            names[self.spec.key] = None
        for field in self.fields:
            names[self._select(field)] = None
        names |= dict.fromkeys(name for name in ALSO.get(self.object, ()) if name in self.described.fields)
        names |= dict.fromkeys(child.selected(writers=writers) for child in self.children)
        if self.prices:
            names[f"(SELECT {', '.join(ENTRY)} FROM PricebookEntries)"] = None  # noqa: S608 - SOQL, names from the describe
        if deleted:
            names["IsDeleted"] = None
            if self.described.merges:
                names["MasterRecordId"] = None
        return list(names)

    def terms(self) -> list[str]:
        """The `where` of the entity in SOQL. Raises Unsupported for a condition that a field cannot answer."""
        unknown = [one.path for one in self.spec.where if one.path not in self.described.fields]
        if unknown:
            raise Unsupported(
                f"cannot tell the records of {self.spec.entity}: {self.object} does not have, or show us, "
                f"{', '.join(unknown)}",
                system=self.system,
            )
        try:
            return soql.where(self.spec.where, self.described.types)
        except ValueError as reason:
            message = f"cannot tell the records of {self.spec.entity}: {reason}"
        raise Unsupported(message, system=self.system)

    def met(self, row: Json) -> LazyRecord:
        """A row as a record that is read when it is looked into: most of what a feed brings was heard before."""
        said = self.said(row)
        return LazyRecord.met(str(row["Id"]), said, partial(self.record, row, said))

    def said(self, row: Json) -> bytes:
        """All that a record is made of, and nothing else."""
        below = [child.said(row) for child in self.children]
        prices = [price(row, field.path) for field in self.prices]
        return FORM + orjson.dumps((list(map(row.get, self.names)), below, prices), default=str)

    def record(self, row: Json, said: bytes = b"") -> NativeRecord:
        """The native record of a row. said: what `said` makes of it, where that is known.

        The version holds a digest of the values beside the stamp, because stamps have whole seconds: an edit in the
        second of the last reading would else not be told from none.
        """
        values = self.values(row)
        for child in self.children:
            values |= child.values(row)
        for field in self.prices:
            values[field.path] = price(row, field.path)
        stamp = row.get(self.stamp)
        modified = instant(str(stamp)) if stamp else None
        key = row.get(self.spec.key)
        return NativeRecord(
            native_id=str(row["Id"]),
            values=values,
            version=_version(modified, values),
            modified=modified,
            key=str(key) if key else None,
            said=said or self.said(row),
        )

    def values(self, row: Json) -> dict[str, NativeValue]:
        """The fields of a row. Called for every record that is read: what is a text is not even asked what it is."""
        values: dict[str, NativeValue] = {}
        for place in self.places:
            raw = row.get(place.name)
            values[place.path] = raw if raw and place.text and raw.__class__ is str else place.read(raw)
        return values

    def edited(self, row: Json, user: str) -> frozenset[str]:
        """The paths of a record that stand where somebody else than this user wrote last; not those of its prices,
        which bridge finds by their values."""
        paths: set[str] = set()
        if _by_another(row, user):
            paths |= {place.path for place in self.places} | {child.table.path for child in self.children}
        for child in self.children:
            for key, line in child.rows(row).items():
                if _by_another(line, user):
                    paths |= {row_path(child.table.path, key, place.path) for place in child.layout.places}
        return frozenset(paths)

    def tombstone(self, row: Json) -> Tombstone:
        """The tombstone of a row from the recycle bin."""
        stamp = row.get(self.stamp)
        winner = row.get("MasterRecordId")
        return Tombstone(str(row["Id"]), instant(str(stamp)) if stamp else None, str(winner) if winner else None)

    def _select(self, field: FieldSpec) -> str:
        relation = self.described.relation(field.path) if field.ref == USER_EMAIL else None
        return f"{relation}.Email" if relation else field.path


def _by_another(row: Json, user: str) -> bool:
    return bool(user and row.get(WRITER) and str(row[WRITER])[:15] != user[:15])


@dataclass(frozen=True, slots=True)
class Children:
    """The rows of one table. layout: of the object that they are; parent: its field that leads to the record."""

    table: TableSpec
    layout: Layout
    parent: str

    @property
    def object(self) -> str:
        return self.layout.object

    def selected(self, *, writers: bool = False) -> str:
        """The part of a query that brings them with the record."""
        names = ", ".join(self.layout.selected(writers=writers))
        return f"(SELECT {names} FROM {self.table.path} WHERE IsDeleted = false ORDER BY Id)"  # noqa: S608 - SOQL, names from the describe

    def rows(self, record: Json) -> dict[str, Json]:
        """key -> row, oldest first. A row of a cloned record that still carries another's key counts as new."""
        found: dict[str, Json] = {}
        for row in nested(record, self.table.path):
            key = row.get(self.table.key)
            own = f"{self.layout.system}-{row['Id']}"
            found[str(key) if key and str(key) not in found else own] = row
        return found

    def said(self, record: Json) -> list[tuple[str, dict[str, Any]]]:
        """The rows of a record, without what moves by itself."""
        stamps = (WRITER, self.layout.stamp)
        return [
            (key, {name: said for name, said in row.items() if name not in stamps})
            for key, row in self.rows(record).items()
        ]

    def values(self, record: Json) -> dict[str, NativeValue]:
        """The keys and cells of a record."""
        rows = self.rows(record)
        values: dict[str, NativeValue] = {self.table.path: list(rows)}
        for key, row in rows.items():
            for path, value in self.layout.values(row).items():
                values[row_path(self.table.path, key, path)] = value
        return values


def layout_of(spec: ObjectSpec, described: Described, system: str, children: tuple[Children, ...] = ()) -> Layout:
    """Lay a specification over a describe; paths that the org does not show are left out ("not observed")."""
    fields = tuple(field for field in spec.fields if field.path in described.fields)
    prices = tuple(field for field in spec.fields if field.path.startswith(PRICE))
    places = tuple(_place(described, field) for field in fields)
    return Layout(spec, described, fields, places, system, children, prices)


def _place(described: Described, field: FieldSpec) -> Place:
    relation = described.relation(field.path) if field.ref == USER_EMAIL else None
    if relation:
        return Place(field.path, relation, False, _email)
    kind, several = described.kind(field.path), field.ref == TAGS
    return Place(
        field.path, field.path, not several and kind not in CONVERTED, partial(from_wire, kind, several=several)
    )


def _email(user: object) -> NativeValue:
    email = user.get("Email") if isinstance(user, Mapping) else None
    return str(email) if email else None


def by_asked_id(records: Sequence[NativeRecord], asked: Sequence[str]) -> dict[str, NativeRecord]:
    """Records under the ids they were asked by: 15 characters mean the same as the 18 that Salesforce answers."""
    found = {record.native_id[:15]: record for record in records}
    return {native_id: found[native_id[:15]] for native_id in asked if native_id[:15] in found}


def _version(modified: datetime | None, values: Mapping[str, NativeValue]) -> str:
    digest = blake2b(orjson.dumps(values, option=orjson.OPT_SORT_KEYS), digest_size=6).hexdigest()
    return f"{modified.isoformat() if modified else ''}~{digest}"


def require_key(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where the key field is missing: without it no create is safe to repeat."""
    _require(layout, layout.spec.key, system)


def require_movement(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where the field of the movements is missing: without it none is safe to repeat."""
    _require(layout, MOVEMENT, system)


def require_row_keys(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where rows lack the field of their keys: no write would know them again."""
    for child in layout.children:
        _require(child.layout, child.layout.spec.key, system)


def _require(layout: Layout, field: str, system: str) -> None:
    if field not in layout.described.fields:
        words = f"does not have, or does not show this user, the field {layout.object}.{field}"
        raise KeyFieldMissing(words, system=system)
