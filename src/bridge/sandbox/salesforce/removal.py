"""Deleting: what goes with a record, what lets go of it, what holds it back; and the way back out of the bin."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.sandbox.salesforce.errors import SalesforceError, deleted
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.rules import Rules
from bridge.sandbox.salesforce.store import Store, Values

_NAMED = 5


class Removal:
    """Takes records out of a store, and puts them back."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store, self._rules = store, rules

    def delete(self, definition: SObject, id_: str, *, by: str, master: str | None = None) -> None:
        """Put a record into the recycle bin. Those that point to it go with it, lose it, or with a master (the winner
        of a merge) point there."""
        row = self._store.newest(definition.name, id_)
        if row is None:
            raise SalesforceError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", status=404)
        if row.values.get("IsDeleted"):
            raise deleted()
        if not definition.deletable:
            raise SalesforceError("DELETE_FAILED", "this record cannot be deleted")
        self._refuse(definition, row.values, merged=master is not None)
        self._bury(definition, row.values, by, master)

    def restore(self, definition: SObject, id_: str, *, by: str) -> None:
        """Take a record out of the recycle bin, with what was deleted together with it."""
        row = self._store.newest(definition.name, id_)
        if row is None or not row.values.get("IsDeleted"):
            raise SalesforceError("UNDELETE_FAILED", "entity is not in the recycle bin")
        moment = row.values["SystemModstamp"]
        values = {**row.values, "IsDeleted": False}
        if definition.merges:
            values["MasterRecordId"] = None
        self._store.put(definition, values, by=by)
        for other, field in self._pointing(definition):
            if not field.cascade:
                continue
            for child in self._store.newest_below(other.name, field.name, values["Id"], deleted=True):
                if child.get("IsDeleted") and child["SystemModstamp"] == moment:
                    self.restore(other, child["Id"], by=by)
        self._rules.settle(definition, values, row.values, by)

    def _refuse(self, definition: SObject, values: Values, *, merged: bool) -> None:
        """Raises DELETE_FAILED where this record, or one that would go with it, has to stay."""
        self._rules.deleting(definition, values)
        if merged:
            return
        for other, field in self._pointing(definition):
            rows = self._store.newest_below(other.name, field.name, values["Id"])
            if rows and field.restricts:
                raise _held(values, other, rows)
            if field.cascade:
                for row in rows:
                    self._refuse(other, row, merged=False)

    def _bury(self, definition: SObject, before: Values, by: str, master: str | None) -> None:
        values = {**before, "IsDeleted": True}
        if definition.merges:
            values["MasterRecordId"] = master
        self._store.put(definition, values, by=by)
        self._store.note_deletion(definition.name, str(values["Id"]))
        for other, field in self._pointing(definition):
            for row in self._store.newest_below(other.name, field.name, values["Id"]):
                if field.cascade and master is None:
                    self._bury(other, row, by, None)
                else:
                    self._store.put(other, {**row, field.name: master}, by=by)
        self._rules.settle(definition, values, before, by)

    def _pointing(self, definition: SObject) -> Iterator[tuple[SObject, Field]]:
        """The references that lead to records of an object."""
        for other in self._store.objects.values():
            for field in other.fields.values():
                if field.target == definition.name:
                    yield other, field


def _held(values: Values, other: SObject, rows: list[Values]) -> SalesforceError:
    """Salesforce names those that hold a record back."""
    label = (other.label or other.name).lower()
    names = [str(_name(other, row)) for row in rows[:_NAMED]]
    message = (
        f"Your attempt to delete {values.get('Name') or values['Id']} could not be completed because it is associated "
        f"with the following {label}s.: {', '.join(names)}"
    )
    return SalesforceError("DELETE_FAILED", message)


def _name(definition: SObject, row: Values) -> object:
    auto = next((field.name for field in definition.fields.values() if field.auto), "Name")
    return row.get(auto) or row["Id"]
