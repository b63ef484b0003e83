"""What is sent for an item: values in Salesforce's form, checked against the describe first.

Salesforce refuses a whole request for a field it does not know, and a lookup by e-mail is ours to do: so both are
settled here, for one item at a time, before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from bridge.adapters.salesforce.client import Json
from bridge.adapters.salesforce.describe import MOVEMENT, key_problem
from bridge.adapters.salesforce.entries import PRICE
from bridge.adapters.salesforce.layout import TAGS, USER_EMAIL, Layout
from bridge.adapters.salesforce.soql import is_id
from bridge.adapters.salesforce.users import Users
from bridge.adapters.salesforce.values import to_wire
from bridge.ports.errors import Rejected
from bridge.ports.records import CreateItem, NativeValue, UpdateItem, split_row_path


class Drafts:
    """Drafts of the records of one entity."""

    def __init__(self, layout: Layout, users: Users, system: str) -> None:
        self._layout = layout
        self._users = users
        self._system = system
        self._specs = {field.path: field for field in layout.spec.fields}
        self.references = frozenset(field.path for field in layout.spec.fields if field.ref == "record")

    def prepare(self, items: Iterable[CreateItem | UpdateItem]) -> None:
        """Look up all owners of a batch in one call."""
        paths = [field.path for field in self._layout.spec.fields if field.ref == USER_EMAIL]
        emails = [str(item.values[path]) for item in items for path in paths if item.values.get(path)]
        if emails:
            self._users.look_up(emails)

    def create(self, item: CreateItem) -> Json:
        """The record to create; empty values are left out, so that the org's defaults apply. Raises Rejected."""
        key = self._layout.spec.key
        problem = key_problem(self._layout.described, key)
        if problem is not None:
            raise Rejected(f"cannot make records safely: {problem}", fields=(key,), system=self._system)
        if not item.key:
            raise Rejected("refuses a record without a key", fields=(key,), system=self._system)
        values = self._own(item.values)
        for condition in self._layout.spec.given:
            if values.get(condition.path) is None and not isinstance(condition.value, tuple):
                values[condition.path] = condition.value
        wire = self._wire(values, "createable", given={one.path for one in self._layout.spec.given})
        draft = {"attributes": {"type": self._layout.object}, key: item.key}
        return draft | {path: value for path, value in wire.items() if value is not None}

    def update(self, item: UpdateItem) -> Json:
        """The changes to send, with null for what is to be emptied. Raises Rejected."""
        values = self._own(item.values)
        draft: Json = {"attributes": {"type": self._layout.object}, "id": item.native_id}
        if item.key:
            values.setdefault(self._layout.spec.key, item.key)
        if item.deltas:  # in the same write as the quantities: it is there if and only if they are
            values[MOVEMENT] = item.reference
        return draft | self._wire(values, "updateable", given={self._layout.spec.key, MOVEMENT})

    def _own(self, values: Mapping[str, NativeValue]) -> dict[str, NativeValue]:
        """What stands in the record itself, and neither in rows of its own nor in a price book."""
        tables = {table.path for table in self._layout.spec.tables}
        rows = (path for path in values if (split_row_path(path) or (path,))[0] in tables)
        elsewhere = {*rows, *(path for path in values if path.startswith(PRICE))}
        return {path: value for path, value in values.items() if path not in elsewhere}

    def row(self, values: Mapping[str, NativeValue], right: str) -> Json:
        """The fields of a row. right: createable or updateable. Raises Rejected."""
        return self._wire(values, right, given={self._layout.spec.key})

    def _wire(self, values: Mapping[str, NativeValue], right: str, given: set[str]) -> Json:
        wire: dict[str, Any] = {}
        for path, value in values.items():
            entry = self._layout.described.fields.get(path)
            if entry is None:
                raise self._refused(path, "is not there, or the integration user may not see it")
            if path not in self._specs and path not in given:
                raise self._refused(path, "is not a field of the mapping")
            if not entry.get(right):
                raise self._refused(path, "is read-only for the integration user")
            try:
                wire[path] = self._one(path, value)
            except ValueError as reason:
                problem = str(reason)
            else:
                continue
            raise self._refused(path, problem)
        return wire

    def _one(self, path: str, value: NativeValue) -> Any:
        ref = self._specs[path].ref if path in self._specs else None
        if value is None:
            return None
        if ref == USER_EMAIL and self._layout.described.kind(path) == "reference":
            return self._users.native_id(str(value))
        if ref == "record" and not is_id(str(value)):
            raise ValueError("takes the id of a record")
        return to_wire(self._layout.described.kind(path), value, several=ref == TAGS)

    def _refused(self, path: str, reason: str) -> Rejected:
        return Rejected(f"{self._layout.object}.{path} {reason}", fields=(path,), system=self._system)


def repeated(keys: Sequence[str]) -> set[int]:
    """The places of keys that stood earlier in the batch."""
    seen: set[str] = set()
    places = set()
    for place, key in enumerate(keys):
        if key in seen:
            places.add(place)
        seen.add(key)
    return places
