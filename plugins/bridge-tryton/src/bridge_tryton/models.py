"""Tryton's own description of its models: fields and their types, asked for once."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.errors import NoSuchObject, Unsupported
from bridge.ports.records import ObjectSpec

from bridge_tryton.client import Client
from bridge_tryton.keys import IDENTIFIERS
from bridge_tryton.places import ACTED, CONTACTS, PARENT, PRODUCT, SALE, Place, place_of

BELIEVED = 600.0
"""Seconds for which a description is believed."""

_TYPES: Final[Mapping[str, str]] = {
    "char": "text",
    "text": "longtext",
    "fullText": "longtext",
    "integer": "integer",
    "biginteger": "integer",
    "float": "decimal",
    "numeric": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "timestamp": "datetime",
    "selection": "choice",
    "multiselection": "multichoice",
    "many2one": "reference",
    "one2one": "reference",
    "many2many": "reference",
    "one2many": "reference",
}
_BY_ADAPTER: Final[Mapping[str, frozenset[str]]] = {
    "party.party": frozenset({"code"}),
    SALE: frozenset({"company", "state"}),
}
"""Object -> required fields that the adapter fills, or Tryton in a way that `default_get` does not tell."""

_ALWAYS: Final = frozenset({
    "id", "active", "state", "type", "name", "code", "value", "sequence", "invoice", "delivery", "replaced_by", "party",
    "addresses", "contact_mechanisms", "identifiers", "template", "products",
})  # fmt: skip
"""Fields that are looked at whether or not a mapping names them."""

Described = dict[str, dict[str, Any]]


class Models:
    """Descriptions of the models of one system: whole, or of the fields that the mappings use, which costs a third."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._wanted: frozenset[str] = _ALWAYS
        self._known: dict[str, tuple[float, frozenset[str] | None, Described]] = {}

    def want(self, spec: ObjectSpec) -> None:
        """From now on the fields of this specification are described, too."""
        paths = [spec.key, *(one.path for one in spec.fields), *(one.path for one in (*spec.where, *spec.new))]
        for table in spec.tables:
            paths += [table.path, table.key, *(one.path for one in table.fields)]
        self._wanted |= {name for path in paths for name in path.split(".")}

    def of(self, model: str) -> Described:
        """Field -> its description, of those that are wanted at least. Raises NoSuchObject for an unknown model."""
        at, asked, found = self._known.get(model, (0.0, frozenset(), {}))
        if not found or time.monotonic() - at > BELIEVED or (asked is not None and not self._wanted <= asked):
            asked = self._wanted
            found = self._asked(model, sorted(asked))
            self._known[model] = (time.monotonic(), asked, found)
        return found

    def whole(self, model: str) -> Described:
        """Field -> its description, of all fields, as they are now."""
        found = self._asked(model, [])
        self._known[model] = (time.monotonic(), None, found)
        return found

    def filled(self, model: str, names: list[str]) -> set[str]:
        """Those of these required fields of a new record that get a value though nobody sends one."""
        if model == PRODUCT:  # all that a product demands is its template's
            return set(names)
        own = set(_BY_ADAPTER.get(model, ()))
        asked = sorted(set(names) - own)
        told = self._client.call(model, "default_get", asked) if asked else {}
        return own | {name for name, value in dict(told or {}).items() if value is not None}

    def _asked(self, model: str, names: list[str]) -> Described:
        try:
            answer: Described = self._client.call(model, "fields_get", names, answers=_described)
        except Unsupported:  # a KeyError without a dot looks like one of a field; here it can only be the model
            raise NoSuchObject(f"does not know the model {model}", system=self._client.system) from None
        return {name: one for name, one in answer.items() if isinstance(one, dict)}

    def at(self, spec: ObjectSpec, place: Place) -> dict[str, Any]:
        """The description of the field at a place; empty where there is none."""
        fields = self.of(spec.object)
        if not place.table:
            return fields.get(place.name, {})
        target = fields.get(place.table, {}).get("relation")
        return self.of(str(target)).get(place.name, {}) if target else {}

    def labels(self, spec: ObjectSpec) -> dict[str, str]:
        """Label of a field, in small letters -> its path."""
        told = [(one.path, self.at(spec, place_of(spec.object, one))) for one in spec.fields]
        for table in spec.tables:
            relation = self.of(spec.object).get(table.path, {}).get("relation")
            cells = self.of(str(relation)) if relation else {}
            told += [(f"{table.path}[].{one.path}", cells.get(one.path, {})) for one in table.fields]
        found: dict[str, str] = {}
        for path, described in told:
            found.setdefault(str(described.get("string") or path).lower(), path)
        return found


def require_fields(spec: ObjectSpec, models: Models, system: str) -> None:
    """Raises Unsupported naming every field that is not there: Tryton's own answer to that is of little use."""
    known = models.of(spec.object)
    lacking = [one.path for one in spec.fields if not models.at(spec, place_of(spec.object, one))]
    lacking += [one.path for one in spec.where if one.path.partition(".")[0] not in known]
    if lacking:
        raise Unsupported(f"{spec.object} does not have {', '.join(lacking)}", system=system)


def native_field(path: str, described: Mapping[str, Any]) -> NativeField:
    """One field as bridge's schema shows it. What Tryton calls read-only is so for people; `acted` ones are moved by
    buttons, and functions cannot be set at all: both are read-only there."""
    kind = str(described.get("type"))
    choices = described.get("selection")
    digits = described.get("digits")
    writable = not described.get("readonly")
    return NativeField(
        path,
        _TYPES.get(kind, "other"),
        label=str(described.get("string") or ""),
        length=described.get("size") if isinstance(described.get("size"), int) else None,
        scale=int(digits[1]) if isinstance(digits, list) and len(digits) == 2 and isinstance(digits[1], int) else None,
        required=bool(described.get("required")),
        createable=writable,
        updateable=writable,
        choices=tuple(str(one[0]) for one in choices if one[0]) if isinstance(choices, list) and choices else None,
        choices_closed=isinstance(choices, list),
        target=described.get("relation") or None,
    )


def schema(spec: ObjectSpec, models: Models) -> NativeSchema:
    """The schema of an object, with the joined paths of the specification and the cells of its rows."""
    models.want(spec)
    described = models.whole(spec.object)
    fields = {name: native_field(name, one) for name, one in described.items()}
    for one in spec.fields:
        place = place_of(spec.object, one)
        found = models.at(spec, place)
        if not found:
            fields.pop(one.path, None)
            continue
        native = native_field(one.path, found)
        if place.table or one.path in PARENT.get(spec.object, {}).values():
            native = replace(native, required=False, createable=True, updateable=True)
        if place.table == CONTACTS:
            native = replace(native, type="text")
        if spec.object == PRODUCT and one.path == "code":  # written as what follows the code of the template
            native = replace(native, createable=True, updateable=True)
        if one.path == ACTED.get(spec.object):
            native = replace(native, createable=False, updateable=True)
        fields[one.path] = native
    for table in spec.tables:
        relation = described.get(table.path, {}).get("relation")
        cells = models.whole(str(relation)) if relation else {}
        for name, cell in cells.items():
            path = f"{table.path}[].{name}"
            fields[path] = replace(native_field(path, cell), required=False)
    filled = models.filled(spec.object, [name for name, one in fields.items() if one.required])
    fields = {name: replace(one, required=False) if name in filled else one for name, one in fields.items()}
    required = tuple(name for name, one in fields.items() if one.required)
    return NativeSchema(spec.object, fields, key_problem=_key_problem(spec, models), required=required)


def _key_problem(spec: ObjectSpec, models: Models) -> str | None:
    described = models.of(spec.object)
    for path, where in ((spec.key, spec.object), *((table.key, table.path) for table in spec.tables)):
        fields = described
        if where != spec.object:
            relation = described.get(where, {}).get("relation")
            if not relation:
                return f"{spec.object} has no rows {where}"
            fields = models.of(str(relation))
        kind = fields.get(path, {}).get("type")
        if path == IDENTIFIERS and kind == "one2many":
            continue
        if kind not in ("char", "text"):
            return f"{where}.{path} is no text in which bridge could note its id"
    return None


def _described(result: Any) -> bool:
    return isinstance(result, dict) and bool(result)
