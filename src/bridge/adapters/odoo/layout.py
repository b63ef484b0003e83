"""How a specification is asked of Odoo, and how a row becomes a record.

One call reads a page: `web_search_read` follows references as it goes (the code of a country, the address of a user,
the delivery address below a customer), so that nothing has to be looked up behind it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, Final

import orjson

from bridge.ports.errors import ConfigError
from bridge.ports.records import Condition, FieldSpec, NativeRecord, NativeValue, ObjectSpec

EXTERNAL = "external id"
ROLES: Final = ("contact", "invoice", "delivery", "other", "private")
"""Values of a partner's `type`: the addresses that can stand below a customer."""

SHOWN: Final[Mapping[str, str]] = {
    "country.iso2": "code",
    "currency.code": "name",
    "user.email": "email",
    "language.code": "code",
    "state.code": "code",
    "tag.name": "name",
}
"""Table -> the field of the other model that stands for the record."""

_SECONDS = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_PLAIN: Final = frozenset({"text", "longtext", "email", "phone", "url"})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a path lies: the field of the model, and the role of the sub-record it is on ("" for the record itself)."""

    spec: FieldSpec
    role: str
    name: str


@dataclass(slots=True)
class Layout:
    """One object as a specification wants it. kinds: Odoo's own types, where they had to be asked for."""

    spec: ObjectSpec
    kinds: Mapping[str, str] = field(default_factory=dict)
    has_active: bool = True
    places: tuple[Place, ...] = ()

    def __post_init__(self) -> None:
        self.places = tuple(_place(one) for one in self.spec.fields)

    @property
    def model(self) -> str:
        return self.spec.object

    @property
    def external(self) -> bool:
        """Whether the key is kept beside the record, in ir.model.data."""
        return self.spec.key == EXTERNAL

    @property
    def roles(self) -> list[str]:
        """The sub-records that are read with the record."""
        return list(dict.fromkeys(place.role for place in self.places if place.role))

    def specification(self) -> dict[str, Any]:
        """What `web_search_read` is to answer."""
        wanted: dict[str, Any] = {"write_date": {}}
        if self.has_active:
            wanted["active"] = {}
        if not self.external:
            wanted[self.spec.key] = {}
        below: dict[str, Any] = {}
        for place in self.places:
            (below if place.role else wanted)[place.name] = _nested(place.spec)
        if below:
            wanted["child_ids"] = {"fields": {"type": {}, "active": {}, **below}}
        return wanted

    def domain(self) -> list[Any]:
        """The `where` of the specification."""
        return [_term(one) for one in self.spec.where]

    def since(self, moment: datetime) -> list[Any]:
        """Records changed since, or with a sub-record changed since, which does not move the record's own stamp."""
        stamp = moment.strftime("%Y-%m-%d %H:%M:%S")
        own = ["write_date", ">=", stamp]
        if not self.roles:
            return [own]
        below = ["child_ids", "any", [["type", "in", self.roles], ["write_date", ">=", stamp]]]
        return ["|", own, below]

    def record(self, row: Mapping[str, Any], key: str | None) -> NativeRecord:
        """A row as a record. The version is the content: Odoo moves write_date on writes that change nothing."""
        below = {role: child(row.get("child_ids"), role) for role in self.roles}
        values: dict[str, NativeValue] = {}
        for place in self.places:
            source = below[place.role] if place.role else row
            values[place.spec.path] = self.value(place, source.get(place.name, False)) if source else None
        active = row.get("active", True) is not False
        version = blake2b(orjson.dumps([values, active], option=orjson.OPT_SORT_KEYS), digest_size=12).hexdigest()
        if not self.external:
            key = str(row[self.spec.key]) if row.get(self.spec.key) else None
        return NativeRecord(str(row["id"]), values, version, instant(row.get("write_date")), key, archived=not active)

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
            if isinstance(raw, list):
                return sorted(str(one[SHOWN[ref]]) for one in raw) or None
            if isinstance(raw, dict):  # a user without mail address goes by the log-in, also when it is written
                raw = raw.get(SHOWN[ref]) or (raw.get("login") if ref == "user.email" else None)
            return str(raw) if raw else None
        if isinstance(raw, bool):
            boolean = place.spec.type == "boolean" or self.kinds.get(place.name) == "boolean"
            return raw if raw or boolean else None
        return _scalar(place.spec, raw)


def ambiguous(spec: ObjectSpec) -> bool:
    """Whether Odoo's own types are needed to read: a false may mean "no" or "nothing" there."""
    known = _PLAIN | {"integer", "decimal", "boolean", "date", "datetime"}
    return any(one.ref is None and one.type not in known for one in spec.fields)


def instant(text: object) -> datetime | None:
    """A stamp of Odoo: whole seconds, UTC without saying so."""
    if not isinstance(text, str) or not _SECONDS.match(text):
        return None
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)


def _place(spec: FieldSpec) -> Place:
    role, dot, name = spec.path.partition(".")
    if not dot:
        return Place(spec, "", spec.path)
    if role not in ROLES or "." in name:
        raise ConfigError(f"{spec.path}: a path with a dot names an address below the partner, as delivery.street.")
    return Place(spec, role, name)


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


def _scalar(spec: FieldSpec, raw: Any) -> NativeValue:
    if raw is None or raw == "":
        return None
    if isinstance(raw, int):
        return raw
    if isinstance(raw, float):
        return decimal_text(raw)
    if isinstance(raw, list):
        return [str(one) for one in raw]
    text = str(raw)
    if spec.type == "datetime" and _SECONDS.fullmatch(text):
        return text.replace(" ", "T") + "Z"
    return text


def decimal_text(number: float | int) -> str:
    """A number without exponent and without trailing noughts; repr of a float is its shortest exact form."""
    text = format(Decimal(repr(number)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
