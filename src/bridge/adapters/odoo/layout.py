"""How a specification is asked of Odoo, and how a row becomes a record.

One call reads a page: `web_search_read` follows references as it goes (the code of a country, the address of a user,
the delivery address below a customer), so that nothing has to be looked up behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from hashlib import blake2b
from typing import Any, Final

import orjson

from bridge.adapters.odoo.values import instant, scalar
from bridge.ports.errors import ConfigError, KeyFieldMissing
from bridge.ports.lazy import LazyRecord
from bridge.ports.records import Condition, FieldSpec, NativeRecord, NativeValue, ObjectSpec, TableSpec, row_path

EXTERNAL = "external id"
WRITER: Final = "write_uid"
FORM: Final = b"odoo 1 "
"""Of `Layout.record`. Raised where the same answer makes other values than before: all is looked into again then."""

ROLES: Final = ("contact", "invoice", "delivery", "other", "private")
"""Values of a partner's `type`: the addresses that can stand below a customer."""

SHOWN: Final[Mapping[str, str]] = {
    "country.iso2": "code",
    "currency.code": "name",
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
"""Between the names of several taxes of one line."""

_PLAIN: Final = frozenset({"text", "longtext", "email", "phone", "url"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path lies: the field of the model, and the role of the sub-record it is on ("" for the record itself).

    text: whether a text that stands there is the value as it is. instant: whether it is an instant.
    """

    spec: FieldSpec
    role: str
    name: str
    text: bool = False
    instant: bool = False


@dataclass(slots=True)
class Layout:
    """One object as a specification wants it. kinds: Odoo's own types, where they had to be asked for.

    renamed: name in the mapping -> name in this version of Odoo. also: fields that writing needs to see. lines: the
    rows that belong to each record. names: of a row's own fields that make the record.
    """

    spec: ObjectSpec
    kinds: Mapping[str, str] = field(default_factory=dict)
    has_active: bool = True
    renamed: Mapping[str, str] = field(default_factory=dict)
    also: tuple[str, ...] = ()
    lines: tuple[Lines, ...] = ()
    places: tuple[Place, ...] = ()
    roles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.places = tuple(_place(one, self.renamed, self.kinds) for one in self.spec.fields)
        self.roles = tuple(dict.fromkeys(place.role for place in self.places if place.role))
        key = () if self.external else (self.spec.key,)
        self.names = ("active", *key, *(place.name for place in self.places if not place.role))

    @property
    def model(self) -> str:
        return self.spec.object

    @property
    def external(self) -> bool:
        """Whether the key is kept beside the record, in ir.model.data."""
        return self.spec.key == EXTERNAL

    def specification(self, *, writers: bool = False) -> dict[str, Any]:
        """What `web_search_read` is to answer. writers: also who wrote the record, and all that is part of it, last."""
        by: dict[str, Any] = {WRITER: {}} if writers else {}
        wanted: dict[str, Any] = {"write_date": {}, **by}
        if self.has_active:
            wanted["active"] = {}
        if not self.external:
            wanted[self.spec.key] = {}
        wanted |= {name: {} for name in self.also}
        wanted |= {one.table.path: {"fields": one.layout.specification(writers=writers)} for one in self.lines}
        below: dict[str, Any] = {}
        for place in self.places:
            (below if place.role else wanted)[place.name] = _nested(place.spec)
        if below:
            wanted["child_ids"] = {"fields": {"type": {}, "active": {}, **by, **below}}
        return wanted

    def domain(self) -> list[Any]:
        """The `where` of the specification."""
        return [_term(one) for one in self.spec.where]

    def since(self, moment: datetime) -> list[Any]:
        """Records changed since, or with a sub-record or row changed since, which moves not the record's own stamp."""
        stamp = moment.strftime("%Y-%m-%d %H:%M:%S")
        terms: list[Any] = [["write_date", ">=", stamp]]
        if self.roles:
            terms.append(["child_ids", "any", [["type", "in", list(self.roles)], ["write_date", ">=", stamp]]])
        terms += [[one.table.path, "any", [["write_date", ">=", stamp]]] for one in self.lines]
        return ["|"] * (len(terms) - 1) + terms

    def met(self, row: Mapping[str, Any], key: str | None) -> LazyRecord:
        """A row as a record that is read when it is looked into: most of what a feed brings was heard before."""
        said = self.said(row, key)
        return LazyRecord.met(str(row["id"]), said, partial(self.record, row, key, said))

    def said(self, row: Mapping[str, Any], key: str | None) -> bytes:
        """All that a record is made of, and nothing else: not when it was written, nor by whom."""
        below = [_unstamped(child(row.get("child_ids"), role)) for role in self.roles]
        lines = [[(name, _unstamped(line)) for name, line in one.rows(row).items()] for one in self.lines]
        return FORM + orjson.dumps((key, list(map(row.get, self.names)), below, lines))

    def record(self, row: Mapping[str, Any], key: str | None, said: bytes = b"") -> NativeRecord:
        """A row as a record. The version is the content: Odoo moves write_date on writes that change nothing.

        said: what `said` makes of the row, where that is known.
        """
        said = said or self.said(row, key)
        values, active = self._content(row)
        if not self.external:
            key = str(row[self.spec.key]) if row.get(self.spec.key) else None
        modified = instant(row.get("write_date"))
        return NativeRecord(str(row["id"]), values, _version(values, active), modified, key, not active, said)

    def version(self, row: Mapping[str, Any]) -> str:
        """The version of the record that a row holds."""
        return _version(*self._content(row))

    def _content(self, row: Mapping[str, Any]) -> tuple[dict[str, NativeValue], bool]:
        """The values, and whether the record is in use."""
        below = {role: child(row.get("child_ids"), role) for role in self.roles} if self.roles else {}
        values: dict[str, NativeValue] = {}
        for place in self.places:
            source = below[place.role] if place.role else row
            raw = source.get(place.name, False) if source else None
            # called for every record that is read: what is a text is not even asked what it is
            values[place.spec.path] = raw if raw and place.text and raw.__class__ is str else self.value(place, raw)
        for one in self.lines:
            values |= one.values(row)
        return values, row.get("active", True) is not False

    def edited(self, row: Mapping[str, Any], user: int) -> frozenset[str]:
        """The paths of a record that stand where somebody else than this user wrote last."""
        paths: set[str] = set()
        for role in ("", *self.roles):
            holder = child(row.get("child_ids"), role) if role else row
            if _by_another(holder, user):
                paths |= {place.spec.path for place in self.places if place.role == role}
        if _by_another(row, user):
            paths |= {one.table.path for one in self.lines}
        for one in self.lines:
            for key, line in one.rows(row).items():
                if _by_another(line, user):
                    paths |= {row_path(one.table.path, key, place.spec.path) for place in one.layout.places}
        return frozenset(paths)

    def child_id(self, row: Mapping[str, Any], role: str) -> int | None:
        """The id of a sub-record."""
        found = child(row.get("child_ids"), role)
        return int(found["id"]) if found else None

    def value(self, place: Place, raw: Any) -> NativeValue:
        """The native value of what Odoo answered; false is empty, unless the field is a boolean."""
        ref = place.spec.ref
        if ref == "record":
            return str(raw) if raw else None
        if ref is not None:
            if isinstance(raw, list) and ref == "tax.name":
                return ALL_TAXES.join(sorted(str(one[SHOWN[ref]]) for one in raw)) or None
            if isinstance(raw, list):
                return sorted(str(one[SHOWN[ref]]) for one in raw) or None
            if isinstance(raw, dict):  # a user without mail address goes by the log-in, also when it is written
                raw = raw.get(SHOWN[ref]) or (raw.get("login") if ref == "user.email" else None)
            return str(raw) if raw else None
        if isinstance(raw, bool):
            boolean = place.spec.type == "boolean" or self.kinds.get(place.name) == "boolean"
            return raw if raw or boolean else None
        return scalar(raw, instant_there=place.instant)


@dataclass(frozen=True, slots=True)
class Lines:
    """The rows of one table. layout: of the model of the rows; inverse: its field that leads back to the record."""

    table: TableSpec
    layout: Layout
    inverse: str
    system: str

    def rows(self, record: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
        """key -> row, oldest first. A copied row that still carries the key of another counts as a new one.

        What is no line of goods (a heading, a note) is none; neither is a line that was set to nothing because a
        confirmed order lets none be taken out (recorded: 273).
        """
        found: dict[str, Mapping[str, Any]] = {}
        for row in sorted(record.get(self.table.path) or (), key=lambda row: int(row["id"])):
            if row.get("display_type") or (record.get("state") == "sale" and row.get("product_uom_qty") == 0):
                continue
            key = row.get(self.table.key)
            own = f"{self.system}-{row['id']}"
            found[str(key) if key and str(key) not in found else own] = row
        return found

    def require_key(self) -> None:
        """Raises KeyFieldMissing where the rows lack the field of their keys: no write would know them again."""
        if self.layout.external:
            raise KeyFieldMissing(f"{self.layout.model} has no field {self.table.key}", system=self.system)

    def values(self, record: Mapping[str, Any]) -> dict[str, NativeValue]:
        """The keys and cells of a record."""
        rows = self.rows(record)
        values: dict[str, NativeValue] = {self.table.path: list(rows)}
        for key, row in rows.items():
            for place in self.layout.places:
                path = row_path(self.table.path, key, place.spec.path)
                values[path] = self.layout.value(place, row.get(place.name, False))
        return values


def _version(values: Mapping[str, NativeValue], active: bool) -> str:
    return blake2b(orjson.dumps([values, active], option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()


def _unstamped(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """A row below a record, without what moves by itself."""
    return {name: said for name, said in row.items() if name not in (WRITER, "write_date")} if row else None


def _by_another(row: Mapping[str, Any] | None, user: int) -> bool:
    return bool(row and user and row.get(WRITER) and row[WRITER] != user)


def ambiguous(spec: ObjectSpec) -> bool:
    """Whether Odoo's own types are needed to read: a false may mean "no" or "nothing" there."""
    known = _PLAIN | {"integer", "decimal", "boolean", "date", "datetime"}
    return any(one.ref is None and one.type not in known for one in spec.fields)


def _place(spec: FieldSpec, renamed: Mapping[str, str], kinds: Mapping[str, str]) -> Place:
    role, dot, name = spec.path.partition(".")
    if not dot:
        role, name = "", renamed.get(spec.path, spec.path)
    elif role not in ROLES or "." in name:
        raise ConfigError(f"{spec.path}: a path with a dot names an address below the partner, as delivery.street.")
    instant_there = "datetime" in (spec.type, kinds.get(name))
    return Place(spec, role, name, text=spec.ref is None and not instant_there, instant=instant_there)


def _nested(spec: FieldSpec) -> dict[str, Any]:
    if spec.ref is None or spec.ref == "record" or (spec.ref == "language.code" and spec.path == "lang"):
        return {}
    shown: dict[str, Any] = {SHOWN[spec.ref]: {}}
    return {"fields": {**shown, "login": {}} if spec.ref == "user.email" else shown}


def _term(one: Condition) -> list[Any]:
    if one.op in ("is set", "is not set"):
        return [one.path, "!=" if one.op == "is set" else "=", False]
    value: Any = list(one.value) if isinstance(one.value, tuple) else one.value
    return [one.path, one.op, value]


def child(children: object, role: str) -> Mapping[str, Any] | None:
    """The sub-record of a role: the oldest that is in use."""
    if not isinstance(children, list):
        return None
    fitting = [one for one in children if one.get("type") == role and one.get("active", True) is not False]
    return min(fitting, key=lambda one: int(one["id"]), default=None)
