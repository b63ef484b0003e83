"""Odoo's own description of its models: fields and their types, asked for once."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.documents import CHOSEN, acted, renamed
from bridge.adapters.odoo.layout import EXTERNAL, ROLES
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.errors import Unsupported
from bridge.ports.records import ObjectSpec

BELIEVED = 600.0
"""Seconds for which a description is believed."""

ATTRIBUTES: Final = [
    "type", "string", "required", "readonly", "store", "relation", "relation_field", "selection", "size", "digits",
]  # fmt: skip
_TYPES: Final[Mapping[str, str]] = {
    "char": "text",
    "text": "longtext",
    "html": "html",
    "integer": "integer",
    "float": "decimal",
    "monetary": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "selection": "choice",
    "many2one": "reference",
    "many2many": "reference",
    "one2many": "reference",
}
Described = dict[str, dict[str, Any]]


class Models:
    """Descriptions of the models of one system."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, Described]] = {}
        self._own: dict[tuple[str, frozenset[str]], set[str]] = {}

    def of(self, model: str) -> Described:
        """Field -> its description. Raises NotFound for an unknown model."""
        at, found = self._known.get(model, (0.0, {}))
        if not found or time.monotonic() - at > BELIEVED:
            found = self._client.call(model, "fields_get", attributes=ATTRIBUTES, answers=shapes.described)
            self._known[model] = (time.monotonic(), found)
        return found

    def defaulted(self, model: str) -> set[str]:
        """Required fields that Odoo fills by itself: fields_get does not tell."""
        return self.with_default(model, [name for name, one in self.of(model).items() if one.get("required")])

    def with_default(self, model: str, names: Collection[str]) -> set[str]:
        """Those of the fields that a new record gets filled by Odoo; asked once for the same fields."""
        asked = (model, frozenset(names))
        if asked not in self._own:
            fields = sorted(names)
            found = (
                self._client.call(model, "default_get", positional=(fields,), fields=fields, answers=shapes.named)
                if fields
                else {}
            )
            self._own[asked] = {name for name, value in found.items() if value not in (False, None, "")}
        return self._own[asked]

    def forget(self, model: str) -> None:
        """Ask again next time."""
        self._known.pop(model, None)
        self._own = {asked: found for asked, found in self._own.items() if asked[0] != model}


def native_field(path: str, described: Mapping[str, Any]) -> NativeField:
    """One field as bridge's schema shows it."""
    kind = str(described.get("type"))
    choices = described.get("selection") if kind == "selection" else None
    writable = not described.get("readonly")
    digits = described.get("digits")
    return NativeField(
        path,
        _TYPES.get(kind, "other"),
        label=str(described.get("string") or ""),
        length=described.get("size") or None,
        scale=int(digits[1]) if isinstance(digits, list | tuple) and len(digits) == 2 else None,
        required=bool(described.get("required")),
        createable=writable,
        updateable=writable,
        choices=tuple(str(choice[0]) for choice in choices) if choices else None,
        choices_closed=bool(choices),
        target=described.get("relation") or None,
    )


def schema(
    spec: ObjectSpec, described: Described, defaulted: Collection[str] = (), rows: Mapping[str, Described] | None = None
) -> NativeSchema:
    """The schema of an object, with the joined paths of the specification and the cells of its rows.

    defaulted: what Odoo fills by itself. rows: table -> the description of its model.
    """
    fields = {name: native_field(name, one) for name, one in described.items()}
    for name in fields:
        if acted(spec.object, name):
            fields[name] = replace(fields[name], createable=False, updateable=True)
        elif name in CHOSEN.get(spec.object, ()):
            fields[name] = replace(fields[name], createable=True, updateable=True)
    for table, cells in (rows or {}).items():
        old = renamed(str(described[table].get("relation")), cells)
        named = {**cells, **{new: cells[name] for new, name in old.items()}}
        fields |= {f"{table}[].{name}": native_field(f"{table}[].{name}", one) for name, one in named.items()}
    fields |= {name: replace(fields[name], required=False) for name in defaulted}
    for one in spec.fields:
        role, dot, name = one.path.partition(".")
        if dot and role in ROLES and name in described and "child_ids" in described:
            fields[one.path] = native_field(one.path, described[name])
    problem = None
    if spec.key != EXTERNAL:
        key = described.get(spec.key)
        if key is None:
            problem = f"There is no field {spec.key} to keep bridge's id in."
        elif key.get("type") != "char":
            problem = f"The field {spec.key} is no text field."
    return NativeSchema(
        spec.object,
        fields,
        key_problem=problem,
        required=tuple(name for name, one in fields.items() if one.required and "." not in name),
    )


def key_problems(spec: ObjectSpec, rows: Mapping[str, Described]) -> str | None:
    """What is wrong with the fields in which rows keep their keys."""
    lacking = [f"{table.path}[].{table.key}" for table in spec.tables if table.key not in rows.get(table.path, {})]
    return f"There is no field {', '.join(lacking)} to keep the keys of rows in." if lacking else None


def check_readable(spec: ObjectSpec, described: Described, system: str) -> None:
    """Raises Unsupported for a path that the model does not have: asked for, it would fail the whole page."""
    names = [one.path.rpartition(".")[2] for one in spec.fields]
    old = renamed(spec.object, described)
    lacking = [name for name in names if old.get(name, name) not in described]
    if lacking:
        raise Unsupported(f"{spec.object} has no field {', '.join(lacking)}", system=system)
