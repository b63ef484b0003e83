"""Saving, changing and deleting records, with everything that is checked before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bridge.sandbox.salesforce import places
from bridge.sandbox.salesforce.errors import SalesforceError, bad_json, deleted, read_only
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.ids import long_id
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.removal import Removal
from bridge.sandbox.salesforce.rules import Rules
from bridge.sandbox.salesforce.store import Store, Values
from bridge.sandbox.salesforce.values import stored


class Writer:
    """Writes to a store on behalf of a user. `default_owner` owns what names no owner."""

    def __init__(self, store: Store, default_owner: str, setup: Setup) -> None:
        self._store = store
        self._owner = default_owner
        self._rules = Rules(store, setup)
        self._removal = Removal(store, self._rules)

    def insert(
        self, definition: SObject, body: Mapping[str, Any], *, by: str, id_: str = "", at: datetime | None = None
    ) -> str:
        """Make a record; answers its id."""
        if not definition.createable:
            raise _closed("inserted", definition)
        changes = self._judge(definition, body, creating=True)
        values: Values = {one.name: (False if one.type == "boolean" else None) for one in definition.fields.values()}
        if "ownerid" in definition.fields and not changes.get("OwnerId"):
            changes["OwnerId"] = self._owner
        places.settle(definition.name, changes, {})
        values |= changes
        self._rules.fill(definition, values)
        self._rules.complete(definition, values, changes)
        self._check_required(definition, values)
        values["Id"] = id_ or self._store.new_id(definition.name)
        self._check_unique(definition, values, changes)
        self._rules.judge(definition, values, changes, None, by)
        self._store.put(definition, _derived(definition, values), at=at, by=by)
        self._rules.settle(definition, values, None, by)
        return str(values["Id"])

    def update(self, definition: SObject, id_: str, body: Mapping[str, Any], *, by: str) -> None:
        """Change the given fields of a record."""
        row = self._store.newest(definition.name, id_)
        if row is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
        if row.values.get("IsDeleted"):
            raise deleted()
        if not definition.updateable:
            raise _closed("updated", definition)
        changes = self._judge(definition, body, creating=False)
        places.settle(definition.name, changes, row.values)
        values = {**row.values, **changes}
        self._rules.complete(definition, values, changes)
        self._check_required(definition, values)
        self._check_unique(definition, values, changes)
        self._check_circle(definition, values, changes)
        self._rules.judge(definition, values, changes, row.values, by)
        self._store.put(definition, _derived(definition, values), by=by)
        self._rules.settle(definition, values, row.values, by)

    def delete(self, definition: SObject, id_: str, *, by: str, master: str | None = None) -> None:
        """Put a record into the recycle bin. master: the winner, where two are merged."""
        self._removal.delete(definition, id_, by=by, master=master)

    def restore(self, definition: SObject, id_: str, *, by: str) -> None:
        """Take a record out of the recycle bin."""
        row = self._store.newest(definition.name, id_)
        if row is not None:
            self._check_unique(definition, row.values, row.values)
        self._removal.restore(definition, id_, by=by)

    def _judge(self, definition: SObject, body: Mapping[str, Any], *, creating: bool) -> Values:
        """The changes in their stored form, by the fields' own names. Raises SalesforceError."""
        changes: Values = {}
        forbidden: list[str] = []
        for name, value in body.items():
            if name == "attributes":
                continue
            field = definition.get(name)
            if field is None:
                changes |= self._by_relation(definition, name, value)
                continue
            if not (field.createable if creating else field.updateable):
                forbidden.append(field.name)
                continue
            changes[field.name] = stored(field, value)
            self._check_reference(definition, field, changes[field.name])
        if forbidden:
            raise read_only(forbidden)
        return changes

    def _by_relation(self, definition: SObject, name: str, value: Any) -> Values:
        """A parent named by its external id: {"Parent": {"Bridge_Id__c": "k"}}."""
        field = definition.relation(name)
        if field is None:
            raise SalesforceError("INVALID_FIELD", f"No such column '{name}' on sobject of type {definition.name}")
        if not isinstance(value, Mapping):
            raise bad_json(f"Cannot deserialize instance of {field.target} from value of {name}")
        keys = [key for key in value if key not in ("attributes", "type")]
        target = self._store.definition(field.target)
        external = target.get(keys[0]) if target and len(keys) == 1 else None
        if target is None or external is None or not external.external:
            raise SalesforceError(
                "INVALID_FIELD",
                f"More than 1 field provided in an external foreign key reference in entity: {field.target}",
            )
        text = value[keys[0]]
        found = self._store.holder(target.name, external.name, text, case_sensitive=external.case_sensitive)
        if found is None:
            message = f"Foreign key external ID: {text} not found for field {external.name} in entity {target.name}"
            raise SalesforceError("INVALID_FIELD", message)
        return {field.name: found}

    def _check_reference(self, definition: SObject, field: Field, value: Any) -> None:
        if value is None or not field.target:
            return
        row = self._store.newest(field.target, value)
        if row is None:
            raise SalesforceError(
                "INVALID_CROSS_REFERENCE_KEY", f"{field.title}: invalid cross reference id", [field.name]
            )
        if row.values.get("IsDeleted"):
            raise SalesforceError("ENTITY_IS_DELETED", "entity is deleted", [field.name])
        if field.name == "OwnerId" and not row.values.get("IsActive"):
            raise SalesforceError("INACTIVE_OWNER_OR_USER", "operation performed with inactive user", [field.name])

    def _check_required(self, definition: SObject, values: Values) -> None:
        lacking = [
            one.name
            for one in definition.fields.values()
            if one.needed and not one.defaulted and one.createable and values.get(one.name) is None
        ]
        if lacking:
            message = f"Required fields are missing: [{', '.join(lacking)}]"
            raise SalesforceError("REQUIRED_FIELD_MISSING", message, lacking)

    def _check_unique(self, definition: SObject, values: Values, changes: Values) -> None:
        for field in definition.fields.values():
            value = values.get(field.name)
            if not field.unique or value is None or field.name not in changes:
                continue
            holder = self._store.holder(definition.name, field.name, value, case_sensitive=field.case_sensitive)
            if holder and holder != values["Id"]:
                message = f"duplicate value found: {field.name} duplicates value on record with id: {holder}"
                raise SalesforceError("DUPLICATE_VALUE", message)

    def _check_circle(self, definition: SObject, values: Values, changes: Values) -> None:
        for name in ("ParentId", "ReportsToId"):
            at, seen = changes.get(name), set()
            while at and at not in seen:
                if at == values["Id"]:
                    message = f"attempt to violate hierarchy constraints: {name}"
                    raise SalesforceError("CIRCULAR_DEPENDENCY", message, [name])
                seen.add(at)
                row = self._store.newest(definition.name, at)
                at = row.values.get(name) if row else None


def _derived(definition: SObject, values: Values) -> Values:
    """Fields that the system fills in: the whole name of a person, compound addresses."""
    for kind in places.ADDRESSES.get(definition.name, ()):
        values[f"{kind}Address"] = places.compound(kind, values)
    if definition.name in ("Contact", "Lead", "User"):
        parts = [values.get("FirstName"), values.get("LastName")]
        values["Name"] = " ".join(part for part in parts if part)
    return values


def _closed(what: str, definition: SObject) -> SalesforceError:
    """Records that the system alone makes."""
    message = f"entity type cannot be {what}: {definition.label or definition.name}"
    return SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def id_of(body: Mapping[str, Any]) -> str | None:
    """The id in a body, in any case of the name."""
    for name, value in body.items():
        if name.lower() == "id":
            return long_id(value)
    return None
