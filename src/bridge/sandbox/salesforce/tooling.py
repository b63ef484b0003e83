"""The Tooling API, as far as making and finding custom fields needs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.catalogue import Catalogue
from bridge.sandbox.salesforce.errors import SalesforceError, not_found
from bridge.sandbox.salesforce.fields import TEXTS, Field, SObject
from bridge.sandbox.salesforce.records import body_of
from bridge.sandbox.salesforce.standard import lookup
from bridge.sandbox.salesforce.store import Store

_TYPES = {
    "Text": "string",
    "LongTextArea": "textarea",
    "TextArea": "textarea",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Number": "double",
    "Currency": "currency",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Percent": "percent",
    "Lookup": "reference",
}


class Tooling:
    """Custom fields. A new one is seen by nobody until a permission set says who may."""

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        self._store = store
        self._made: dict[str, tuple[str, SObject, Field]] = {}
        self._begun, self._changed = store.clock.now(), dict[str, datetime]()
        self._catalogue = Catalogue(store.clock, base)

    def create(self, kind: str, request: Request) -> Response:
        """POST tooling/sobjects/CustomField"""
        if kind != "CustomField":
            raise not_found()
        body = body_of(request)
        object_name, _, name = str(body.get("FullName", "")).partition(".")
        definition = self._store.definition(object_name)
        form = body.get("Metadata")
        if definition is None or not name.endswith("__c") or not isinstance(form, Mapping):
            raise SalesforceError("INVALID_FULL_NAME", "FullName: must be Object.Field__c", ["FullName"])
        full = f"{definition.name}.{name}"
        if definition.get(name) or full.lower() in self._made:
            message = f"There is already a field named {name.removesuffix('__c')} on {definition.name}."
            raise SalesforceError("DUPLICATE_DEVELOPER_NAME", message)
        if form.get("type") not in _TYPES:
            raise SalesforceError("INVALID_INPUT", f"invalid parameter value: type {form.get('type')}")
        if form["type"] == "Lookup" and self._store.definition(str(form.get("referenceTo", ""))) is None:
            raise SalesforceError("INVALID_INPUT", f"referenceTo value of '{form.get('referenceTo')}' does not resolve")
        id_ = self._store.new_id("CustomField")
        self._made[full.lower()] = (id_, definition, _field(name, form))
        return Response(201, {"id": id_, "success": True, "errors": [], "warnings": [], "infos": []})

    def query(self, text: str) -> Any:
        """GET tooling/query: CustomField, FieldDefinition, EntityDefinition"""
        made = {id_: (definition, field) for id_, definition, field in self._made.values()}
        return self._catalogue.run(text, self._store.objects, made)

    def changed(self, definition: SObject) -> datetime:
        """When the fields of an object last became others."""
        return self._changed.get(definition.name, self._begun)

    def permit(self, values: Mapping[str, Any]) -> None:
        """A permission for a field: from now on it is there for the integration user."""
        found = self._made.get(str(values.get("Field", "")).lower())
        if found and values.get("PermissionsRead"):
            _, definition, field = found
            if definition.get(field.name) is None:
                self._store.add_field(definition, field)
            self._changed[definition.name] = self._store.clock.now()

    def known(self, full: str) -> bool:
        """Whether a field of this full name ("Account.X__c") can be given permissions for."""
        object_name, _, name = full.partition(".")
        definition = self._store.definition(object_name)
        return full.lower() in self._made or bool(definition and definition.get(name))


def _field(name: str, form: Mapping[str, Any]) -> Field:
    kind, label = _TYPES[str(form["type"])], str(form.get("label") or "")
    if kind == "reference":
        below = str(form.get("relationshipName") or "")
        return lookup(name, str(form["referenceTo"]), f"{below}__r" if below else "", label=label)
    values, restricted = _choices(form)
    return Field(
        name,
        kind,
        _length(kind, form),
        label,
        int(form.get("precision") or 0),
        int(form.get("scale") or 0),
        needed=bool(form.get("required")),
        unique=bool(form.get("unique")),
        external=bool(form.get("externalId")),
        case_sensitive=bool(form.get("caseSensitive")),
        lookup=bool(form.get("externalId")),
        choices=values,
        restricted=restricted,
    )


def _length(kind: str, form: Mapping[str, Any]) -> int:
    if kind not in TEXTS:
        return 0
    return int(form.get("length") or (255 if form["type"] in ("Text", "Url", "Picklist", "TextArea") else 80))


def _choices(form: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The values of a picklist, and whether others are refused."""
    given = form.get("valueSet") or {}
    listed = (given.get("valueSetDefinition") or {}).get("value") or ()
    return tuple(str(one.get("valueName") or one.get("fullName")) for one in listed), bool(given.get("restricted"))
