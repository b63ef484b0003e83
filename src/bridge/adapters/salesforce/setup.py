"""Preparing an object: the key field, the mapping's custom fields, and the user's right to see and write them.

A field that is made by the Tooling API is visible to nobody at first: the right is given through a permission set of
bridge's own, so that no profile is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.describe import KEY_LENGTH, MOVEMENT, Described, Describes, key_problem
from bridge.adapters.salesforce.health import who
from bridge.ports.adapter import SetupStep
from bridge.ports.errors import AlreadyExists, BridgeError, Rejected
from bridge.ports.records import FieldSpec, ObjectSpec, TableSpec

PERMISSION_SET = "Bridge_Sync"

_KEY: Mapping[str, Any] = {
    "type": "Text",
    "length": KEY_LENGTH,
    "externalId": True,
    "unique": True,
    "caseSensitive": True,
    "description": "The id under which bridge knows this record. Do not edit.",
}
_MOVEMENT: Mapping[str, Any] = {
    "type": "Text",
    "length": 64,
    "externalId": True,  # asked for after a lost answer
    "description": "The last movement that bridge has added to this record's quantities. Do not edit.",
}
_DECIMAL: Mapping[str, Any] = {"type": "Number", "precision": 18, "scale": 2}
_MADE: Mapping[str, Mapping[str, Any]] = {
    "text": {"type": "Text", "length": 255},
    "longtext": {"type": "LongTextArea", "length": 32_768, "visibleLines": 5},
    "email": {"type": "Email"},
    "phone": {"type": "Phone"},
    "url": {"type": "Url"},
    "integer": {"type": "Number", "precision": 18, "scale": 0},
    "decimal": _DECIMAL,
    "boolean": {"type": "Checkbox", "defaultValue": False},
    "date": {"type": "Date"},
    "datetime": {"type": "DateTime"},
}
_THERE = frozenset({"DUPLICATE_DEVELOPER_NAME", "DUPLICATE_VALUE"})


class Setup:
    """What `bridge setup` does in one org."""

    def __init__(self, client: Client, describes: Describes) -> None:
        self._client = client
        self._describes = describes

    def run(self, spec: ObjectSpec, *, apply: bool) -> list[SetupStep]:
        """Look at the key field and at the custom fields of the mapping; with `apply` make what is missing."""
        self._describes.forget(spec.object)
        described = self._describes.of(spec.object)
        steps = [self._key(spec, described, apply)]
        if spec.sums:
            steps.append(self._movement(spec, described, apply))
        for field in spec.fields:
            if field.path.endswith("__c"):
                steps.append(self._custom(spec, field, described, apply))
        for table in spec.tables:
            steps += self._table(spec, table, described, apply)
        self._describes.forget(spec.object)
        return steps

    def _table(self, spec: ObjectSpec, table: TableSpec, described: Described, apply: bool) -> list[SetupStep]:
        """The key field and the custom fields of the rows of a table."""
        relation = described.child(table.path)
        if relation is None:
            return [SetupStep(f"{spec.object}.{table.path}", "failed", "There are no rows of that name.")]
        rows = ObjectSpec(spec.entity, str(relation["childSObject"]), table.key, table.fields)
        self._describes.forget(rows.object)
        below = self._describes.of(rows.object)
        custom = [FieldSpec(table.key), *(field for field in table.fields if field.path.endswith("__c"))]
        steps = [self._custom(rows, field, below, apply) for field in custom]
        self._describes.forget(rows.object)
        return steps

    def _key(self, spec: ObjectSpec, described: Described, apply: bool) -> SetupStep:
        what = f"{spec.object}.{spec.key}: text field of {KEY_LENGTH} characters, unique, external id"
        if spec.key in described.fields:
            problem = key_problem(described, spec.key)
            return SetupStep(what, "present") if problem is None else SetupStep(what, "needed", problem)
        if not spec.key.endswith("__c"):
            return SetupStep(what, "failed", f"{spec.key} is no name of a custom field: it must end with __c.")
        return self._missing(what, spec.object, spec.key, _KEY, apply)

    def _movement(self, spec: ObjectSpec, described: Described, apply: bool) -> SetupStep:
        what = f"{spec.object}.{MOVEMENT}: text field for the last movement of {', '.join(spec.sums)}"
        if MOVEMENT in described.fields:
            return SetupStep(what, "present")
        return self._missing(what, spec.object, MOVEMENT, _MOVEMENT, apply)

    def _custom(self, spec: ObjectSpec, field: FieldSpec, described: Described, apply: bool) -> SetupStep:
        what = f"{spec.object}.{field.path}: custom field of the mapping"
        if field.path in described.fields:
            return SetupStep(what, "present")
        form = _MADE.get(field.type) if field.ref is None else None
        if form is None:
            return SetupStep(
                what, "needed", "Its choices or target are yours to decide: make it in Setup > Object Manager."
            )
        return self._missing(what, spec.object, field.path, form, apply)

    def _missing(self, what: str, object_name: str, path: str, form: Mapping[str, Any], apply: bool) -> SetupStep:
        """A field that is not there: made, or only named."""
        if not apply:
            return SetupStep(what, "needed", "It is not there, or hidden from the user; `bridge setup` makes it.")
        return self._make(what, object_name, path, form)

    def _make(self, what: str, object_name: str, path: str, form: Mapping[str, Any]) -> SetupStep:
        label = path.removesuffix("__c").replace("_", " ")
        body = {"FullName": f"{object_name}.{path}", "Metadata": {"label": label, **form}}
        try:
            made = self._insert("tooling/sobjects/CustomField", body)
            self._permit(object_name, path)
        except BridgeError as error:
            return SetupStep(what, "failed", f"{error.message}. Make it in Setup > Object Manager.")
        return SetupStep(what, "done", "" if made else "The field was there; the user may see and write it now.")

    def _permit(self, object_name: str, path: str) -> None:
        """Let the integration user read and write the field."""
        parent = self._permission_set()
        self._insert(
            "sobjects/FieldPermissions",
            {
                "ParentId": parent,
                "SobjectType": object_name,
                "Field": f"{object_name}.{path}",
                "PermissionsRead": True,
                "PermissionsEdit": True,
            },
        )

    def _permission_set(self) -> str:
        """The id of bridge's permission set, made and assigned to the user if need be."""
        named = soql.select(["Id"], "PermissionSet", f"Name = {soql.text(PERMISSION_SET)}")
        rows, _ = self._client.query(named)
        if rows:
            parent = str(rows[0]["Id"])
        else:
            body = {"Name": PERMISSION_SET, "Label": "Bridge Sync"}
            parent = str(self._insert("sobjects/PermissionSet", body) or "")
        user_id, _ = who(self._client)
        if not user_id:
            raise Rejected("does not tell who the integration user is", system=self._client.system)
        assigned = soql.select(
            ["Id"],
            "PermissionSetAssignment",
            f"PermissionSetId = {soql.text(parent)}",
            f"AssigneeId = {soql.text(user_id)}",
        )
        if not self._client.query(assigned)[0]:
            self._insert("sobjects/PermissionSetAssignment", {"PermissionSetId": parent, "AssigneeId": user_id})
        return parent

    def _insert(self, path: str, body: Mapping[str, Any]) -> str | None:
        """Create one record of the org's own configuration; None where it was there already."""
        try:
            answer: Any = self._client.call("POST", path, body=body, writing=True)
        except (AlreadyExists, Rejected) as refusal:
            if refusal.vendor_code in _THERE:
                return None
            raise
        return str(answer["id"]) if isinstance(answer, dict) and answer.get("id") else None
