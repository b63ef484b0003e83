"""What an org says about its objects (describe): types, rights, lengths, and whether the key field is fit for use.

Describe shows a field only to a user who may see it: "not there" and "not visible" look the same from here.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bridge.adapters.salesforce.client import Client, Json
from bridge.adapters.salesforce.errors import not_json
from bridge.ports.adapter import NativeField, NativeSchema
from bridge.ports.errors import NoSuchObject, NotFound, Unsupported

LASTING = 3600.0
"""Seconds for which a describe is believed; a field that a query no longer finds ends it early."""

KEY_LENGTH = 36
MOVEMENT = "Bridge_Movement__c"
"""The field that names the last movement which bridge has added to a quantity. Salesforce keeps no journal of the
changes of a number, so the record itself says whether one of them is in it."""
STAMPS = ("SystemModstamp", "LastModifiedDate", "CreatedDate")
"""In order of preference. SystemModstamp moves with roll-ups, renamed choices and bounces, which LastModifiedDate does
not see; some objects have only the others."""

_NAME = re.compile(r"[A-Za-z]\w*")
_TYPES: Mapping[str, str] = {
    "string": "text",
    "textarea": "longtext",
    "email": "email",
    "phone": "phone",
    "url": "url",
    "int": "integer",
    "double": "decimal",
    "currency": "decimal",
    "percent": "decimal",
    "boolean": "boolean",
    "date": "date",
    "datetime": "datetime",
    "picklist": "choice",
    "combobox": "choice",
    "multipicklist": "multichoice",
    "reference": "reference",
    "id": "text",
}
_MEASURED = frozenset({"text", "longtext", "email", "phone", "url", "choice"})


@dataclass(frozen=True, slots=True)
class Described:
    """An object as the org describes it to us. stamp: the field that tells when a record last changed."""

    name: str
    answer: Json
    fields: Mapping[str, Json]
    stamp: str

    def __repr__(self) -> str:
        return f"Described({self.name!r}, {len(self.fields)} fields)"

    @property
    def merges(self) -> bool:
        """Whether records of the object can be merged into others."""
        return "MasterRecordId" in self.fields

    @property
    def types(self) -> dict[str, str]:
        """Field -> Salesforce's type."""
        return {name: self.kind(name) for name in self.fields}

    def kind(self, path: str) -> str:
        """Salesforce's type of a field."""
        return str(self.fields[path].get("type") or "string") if path in self.fields else "string"

    def child(self, name: str) -> Json | None:
        """The child relationship of a name ("OrderItems")."""
        found = self.answer.get("childRelationships") or []
        return next((one for one in found if one.get("relationshipName") == name), None)

    def relation(self, path: str) -> str | None:
        """The name under which a query reaches the record that a reference points to ("Owner")."""
        name = self.fields[path].get("relationshipName") if path in self.fields else None
        return str(name) if name else None


class Describes:
    """The describes of one org, each asked for once an hour."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._known: dict[str, tuple[float, Described]] = {}

    def of(self, object_name: str) -> Described:
        """Raises NotFound for an object that is not there or not visible."""
        known = self._known.get(object_name)
        if known is not None and time.monotonic() - known[0] < LASTING:
            return known[1]
        described = self._ask(object_name)
        self._known[object_name] = (time.monotonic(), described)
        return described

    def forget(self, object_name: str) -> None:
        """Ask again next time."""
        self._known.pop(object_name, None)

    def _ask(self, object_name: str) -> Described:
        if not _NAME.fullmatch(object_name):
            raise NoSuchObject(f"has no object {object_name!r}: that is no name of one", system=self._client.system)
        try:
            answer: Any = self._client.call("GET", f"sobjects/{object_name}/describe")
        except NotFound as missing:
            raise NoSuchObject(
                f"does not have, or show us, the object {object_name}",
                system=self._client.system,
                vendor_code=missing.vendor_code,
            ) from None
        if not isinstance(answer, dict) or not isinstance(answer.get("fields"), list):
            raise not_json(200, system=self._client.system, writing=False)
        fields = {str(entry["name"]): entry for entry in answer["fields"]}
        for stamp in STAMPS:
            if stamp in fields:
                return Described(object_name, answer, fields, stamp)
        raise Unsupported(
            f"does not tell when a record of {object_name} was changed: it cannot be followed",
            system=self._client.system,
        )


def schema(described: Described, key: str, tables: Mapping[str, tuple[str, Described]] | None = None) -> NativeSchema:
    """The schema in bridge's terms. tables: path of a table -> the key field of its rows, and their object."""
    fields = {name: _field(name, entry) for name, entry in described.fields.items()}
    answer = described.answer
    problem = key_problem(described, key)
    for path, (row_key, rows) in (tables or {}).items():
        fields[path] = NativeField(path, "other")
        cells = {f"{path}[].{name}": _field(f"{path}[].{name}", entry) for name, entry in rows.fields.items()}
        fields |= {name: replace(cell, required=False) for name, cell in cells.items()}
        if rows.name == "OrderItem" and f"{path}[].Product2Id" in fields:  # written as the entry of the price book
            place = f"{path}[].Product2Id"
            fields[place] = replace(fields[place], createable=True, updateable=True)
        if row_key not in rows.fields:
            problem = problem or f"{rows.name}.{row_key} is not there, or the integration user may not see it."
    if described.name == "Product2":
        fields["PricebookEntry.Standard"] = NativeField("PricebookEntry.Standard", "decimal", scale=2)
    return NativeSchema(
        object=described.name,
        fields=fields,
        readable=bool(answer.get("queryable", True)),
        createable=bool(answer.get("createable", True)),
        updateable=bool(answer.get("updateable", True)),
        key_problem=problem,
        required=tuple(sorted(name for name, field in fields.items() if field.required)),
    )


def key_problem(described: Described, key: str) -> str | None:
    """Why the key field cannot hold bridge's id, as a sentence; None if it can.

    Unique is what makes the repeat of a create safe: an external id alone lets two records have the same one.
    """
    entry = described.fields.get(key)
    place = f"{described.name}.{key}"
    if entry is None:
        return f"{place} is not there, or the integration user may not see it."
    problems = []
    if entry.get("type") != "string":
        problems.append("is not a text field")
    elif int(entry.get("length") or 0) < KEY_LENGTH:
        problems.append(f"is shorter than {KEY_LENGTH} characters")
    if not entry.get("externalId"):
        problems.append("is not an external id, so that finding by it is slow")
    if not entry.get("unique"):
        problems.append("is not unique, so that a repeated create could make a second record")
    if not (entry.get("createable") and entry.get("updateable")):
        problems.append("may not be written by the integration user")
    if not problems:
        return None
    return f"{place} {', '.join(problems)}: correct the field in Setup > Object Manager."


def _field(name: str, entry: Json) -> NativeField:
    kind = _TYPES.get(str(entry.get("type")), "other")
    if kind == "longtext" and entry.get("extraTypeInfo") == "richtextarea":
        kind = "html"
    createable, updateable = bool(entry.get("createable")), bool(entry.get("updateable"))
    optional = entry.get("nillable") or entry.get("defaultedOnCreate") or kind == "boolean"
    choices = entry.get("picklistValues") if kind in ("choice", "multichoice") else None
    targets = entry.get("referenceTo") or [None]
    return NativeField(
        path=name,
        type=kind,
        label=str(entry.get("label") or ""),
        length=int(entry.get("length") or 0) or None if kind in _MEASURED else None,
        scale=int(entry.get("scale") or 0) if kind == "decimal" else None,
        required=createable and not optional,
        createable=createable,
        updateable=updateable,
        unique=bool(entry.get("unique")),
        choices=None if choices is None else tuple(str(one["value"]) for one in choices if one.get("active", True)),
        choices_closed=bool(entry.get("restrictedPicklist")),
        target=targets[0],
    )
