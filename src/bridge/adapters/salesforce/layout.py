"""How the fields of a mapping lie in Salesforce's rows: what to select, and how a row becomes a native record. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Json
from bridge.adapters.salesforce.describe import Described
from bridge.adapters.salesforce.values import from_wire, instant
from bridge.ports.errors import KeyFieldMissing, Unsupported
from bridge.ports.records import FieldSpec, NativeRecord, NativeValue, ObjectSpec, Tombstone

USER_EMAIL = "user.email"
TAGS = "tag.name"


@dataclass(frozen=True, slots=True)
class Layout:
    """A mapping's specification laid over a describe. fields: those that the org lets us read."""

    spec: ObjectSpec
    described: Described
    fields: tuple[FieldSpec, ...]
    system: str

    @property
    def object(self) -> str:
        return self.spec.object

    @property
    def stamp(self) -> str:
        return self.described.stamp

    def selected(self, *, deleted: bool = False) -> list[str]:
        """What a query has to name; with `deleted` also what tells the deleted and merged ones."""
        names = {"Id": None, self.stamp: None}
        if self.spec.key in self.described.fields:
            names[self.spec.key] = None
        for field in self.fields:
            names[self._select(field)] = None
        if deleted:
            names["IsDeleted"] = None
            if self.described.merges:
                names["MasterRecordId"] = None
        return list(names)

    def terms(self) -> list[str]:
        """The `where` of the entity in SOQL. Raises Unsupported for a condition that a field cannot answer."""
        unknown = [one.path for one in self.spec.where if one.path not in self.described.fields]
        if unknown:
            raise Unsupported(
                f"cannot tell the records of {self.spec.entity}: {self.object} does not have, or show us, "
                f"{', '.join(unknown)}",
                system=self.system,
            )
        try:
            return soql.where(self.spec.where, self.described.types)
        except ValueError as reason:
            message = f"cannot tell the records of {self.spec.entity}: {reason}"
        raise Unsupported(message, system=self.system)

    def record(self, row: Json) -> NativeRecord:
        """The native record of a row.

        The version holds a digest of the values beside the stamp, because stamps have whole seconds: an edit in the
        second of the last reading would else not be told from none.
        """
        values = {field.path: self._value(field, row) for field in self.fields}
        stamp = row.get(self.stamp)
        modified = instant(str(stamp)) if stamp else None
        key = row.get(self.spec.key)
        return NativeRecord(
            native_id=str(row["Id"]),
            values=values,
            version=_version(modified, values),
            modified=modified,
            key=str(key) if key else None,
        )

    def tombstone(self, row: Json) -> Tombstone:
        """The tombstone of a row from the recycle bin."""
        stamp = row.get(self.stamp)
        winner = row.get("MasterRecordId")
        return Tombstone(str(row["Id"]), instant(str(stamp)) if stamp else None, str(winner) if winner else None)

    def _select(self, field: FieldSpec) -> str:
        relation = self.described.relation(field.path) if field.ref == USER_EMAIL else None
        return f"{relation}.Email" if relation else field.path

    def _value(self, field: FieldSpec, row: Json) -> NativeValue:
        relation = self.described.relation(field.path) if field.ref == USER_EMAIL else None
        if relation:
            user = row.get(relation)
            email = user.get("Email") if isinstance(user, Mapping) else None
            return str(email) if email else None
        return from_wire(self.described.kind(field.path), row.get(field.path), several=field.ref == TAGS)


def layout_of(spec: ObjectSpec, described: Described, system: str) -> Layout:
    """Lay a specification over a describe; paths that the org does not show are left out ("not observed")."""
    fields = tuple(field for field in spec.fields if field.path in described.fields)
    return Layout(spec, described, fields, system)


def by_asked_id(records: Sequence[NativeRecord], asked: Sequence[str]) -> dict[str, NativeRecord]:
    """Records under the ids they were asked by: 15 characters mean the same as the 18 that Salesforce answers."""
    found = {record.native_id[:15]: record for record in records}
    return {native_id: found[native_id[:15]] for native_id in asked if native_id[:15] in found}


def _version(modified: datetime | None, values: Mapping[str, NativeValue]) -> str:
    text = json.dumps(values, sort_keys=True)
    stamp = soql.stamp(modified) if modified else ""
    return f"{stamp}~{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def require_key(layout: Layout, system: str) -> None:
    """Raises KeyFieldMissing where the key field is missing: without it no create is safe to repeat."""
    if layout.spec.key not in layout.described.fields:
        words = f"does not have, or does not show this user, the field {layout.object}.{layout.spec.key}"
        raise KeyFieldMissing(words, system=system)
