"""Custom objects and fields as a seed or the control plane writes them down."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.sandbox.salesforce.fields import NUMBERS, TEXTS, Field, SObject
from bridge.sandbox.salesforce.standard import lookup, numbered, owner, system_fields
from bridge.sandbox.salesforce.store import Store

_KINDS = TEXTS | NUMBERS | {"boolean", "date", "datetime", "reference"}
_DIGITS = {"int": (8, 0), "double": (18, 3), "currency": (18, 2), "percent": (18, 2)}
_LENGTHS = {"picklist": 255, "string": 255, "url": 255, "email": 80, "phone": 40, "textarea": 255}
_FLAGS = frozenset(
    {"label", "required", "unique", "external", "case_sensitive", "restricted", "choices", "default"}
    | {"below", "cascade", "restricts"}
)
_PLAIN = frozenset({"name", "type", "length", "precision", "scale", "target", "relation", *_FLAGS})


def define(store: Store, given: Mapping[str, Any]) -> SObject:
    """Make an object, or give further fields to one that is there. Raises ValueError.

    given: {"name": "Trip__c", "label"?, "auto"?: form of the number that is its name ("T-{:04}"), "fields": [...]}.
    """
    name = str(given.get("name", ""))
    definition = store.definition(name)
    if definition is None:
        if not name.endswith("__c"):
            raise ValueError(f"object {name!r}: the name of a custom object ends with __c")
        definition = SObject(name, str(given.get("label") or name.removesuffix("__c").replace("_", " ")))
        form = str(given.get("auto") or "")
        shown = numbered("Name", f"{definition.label} Number", form) if form else _name(definition.label)
        store.add_object(definition.add([*system_fields(), shown, owner()]))
    for one in given.get("fields", ()):
        field = field_of(one)
        if field.target and store.definition(field.target) is None:
            raise ValueError(f"field {field.name!r}: there is no object {field.target!r} to point to")
        if definition.get(field.name) is None:
            store.add_field(definition, field)
    return definition


def field_of(given: Mapping[str, Any]) -> Field:
    """A custom field: {"name": "Load__c", "type": "double", "precision"?, "scale"?, "length"?, "label"?, "required"?,
    "unique"?, "external"?, "case_sensitive"?, "choices"?, "restricted"?, "default"?}; a reference has "target" and
    "below" (the name of the rows seen from there, "Loads__r"), "cascade" and "restricts". Raises ValueError."""
    name, kind = str(given.get("name", "")), str(given.get("type", "string"))
    unknown = set(given) - _PLAIN
    if unknown or kind not in _KINDS or not name.endswith("__c"):
        what = f"unknown {', '.join(sorted(unknown))}" if unknown else f"type {kind!r}"
        raise ValueError(f"field {name!r}: {what}; names end with __c, types are {', '.join(sorted(_KINDS))}")
    flags: dict[str, Any] = {key: value for key, value in given.items() if key in _FLAGS}
    flags["needed"], flags["lookup"] = bool(flags.pop("required", False)), bool(flags.get("external"))
    flags["choices"] = tuple(flags.get("choices", ()))
    if kind == "reference":
        if not given.get("target"):
            raise ValueError(f"field {name!r}: a reference has a target")
        return lookup(name, str(given["target"]), **flags)
    precision, scale = _DIGITS.get(kind, (0, 0))
    return Field(
        name,
        kind,
        int(given.get("length", _LENGTHS.get(kind, 0))),
        precision=int(given.get("precision", precision)),
        scale=int(given.get("scale", scale)),
        **flags,
    )


def _name(label: str) -> Field:
    return Field("Name", length=80, label=f"{label} Name", needed=True)
