"""Fields and objects as a describe tells of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from bridge.sandbox.salesforce.ids import PREFIXES

_SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "double": "xsd:double",
    "currency": "xsd:double",
    "percent": "xsd:double",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
TEXTS = frozenset({"string", "textarea", "phone", "url", "email", "picklist", "multipicklist"})
NUMBERS = frozenset({"int", "double", "currency", "percent"})


@dataclass(frozen=True, slots=True)
class Field:
    """One field. needed: must have a value. relation: the name under which a query reaches what it points to; below:
    that under which a query reaches these records from there. cascade: these records are deleted with what they point
    to; restricts: what they point to cannot be deleted. auto: the form of a number that the system gives."""

    name: str
    type: str = "string"
    length: int = 0
    label: str = ""
    precision: int = 0
    scale: int = 0
    needed: bool = False
    createable: bool = True
    updateable: bool = True
    defaulted: bool = False
    unique: bool = False
    external: bool = False
    case_sensitive: bool = False
    lookup: bool = False
    choices: tuple[str, ...] = ()
    restricted: bool = False
    target: str = ""
    relation: str = ""
    below: str = ""
    cascade: bool = False
    restricts: bool = False
    compound: str = ""
    auto: str = ""
    default: Any = None

    @property
    def title(self) -> str:
        """The label, as error messages use it."""
        return self.label or self.name.removesuffix("__c").replace("_", " ")

    @property
    def filterable(self) -> bool:
        """Long texts and compounds cannot stand in a WHERE."""
        return not (self.type == "textarea" and self.length > 255) and self.type != "address"

    def describe(self) -> dict[str, Any]:
        """As in a describe."""
        long = self.type == "textarea" and self.length > 255
        return {
            "name": self.name,
            "label": self.title,
            "type": self.type,
            "length": self.length,
            "byteLength": self.length * 3,
            "precision": self.precision,
            "scale": self.scale,
            "digits": self.precision if self.type == "int" else 0,
            "nillable": not self.needed and self.type != "boolean",
            "createable": self.createable,
            "updateable": self.updateable,
            "defaultedOnCreate": self.defaulted or self.type == "boolean",
            "calculated": False,
            "autoNumber": bool(self.auto),
            "unique": self.unique,
            "externalId": self.external,
            "idLookup": self.external or self.lookup or self.name == "Id",
            "caseSensitive": self.case_sensitive,
            "nameField": self.name == "Name" or bool(self.auto),
            "compoundFieldName": self.compound or None,
            "custom": self.name.endswith("__c"),
            "deprecatedAndHidden": False,
            "filterable": self.filterable,
            "sortable": self.filterable and self.type != "multipicklist",
            "groupable": not long and self.type not in ("address", "multipicklist"),
            "htmlFormatted": False,
            "extraTypeInfo": None,
            "picklistValues": [
                {
                    "active": True,
                    "defaultValue": value == self.default,
                    "label": value,
                    "validFor": None,
                    "value": value,
                }
                for value in self.choices
            ],
            "restrictedPicklist": self.restricted,
            "referenceTo": [self.target] if self.target else [],
            "relationshipName": self.relation or None,
            "soapType": _SOAP.get(self.type, "xsd:string"),
        }


@dataclass(slots=True)
class SObject:
    """One object: its fields by their names in lower case, because Salesforce does not mind the case.

    prefix: the first three characters of its records' ids. createable, updateable: whether callers may make and change
    records at all; some are made by the system alone."""

    name: str
    label: str = ""
    prefix: str = ""
    createable: bool = True
    updateable: bool = True
    deletable: bool = True
    merges: bool = False
    hidden: bool = False
    fields: dict[str, Field] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.prefix = self.prefix or PREFIXES.get(self.name, "")

    def add(self, fields: Iterable[Field]) -> SObject:
        """Give it these fields."""
        for one in fields:
            self.fields[one.name.lower()] = one
        return self

    def get(self, name: str) -> Field | None:
        """A field by its name in any case."""
        return self.fields.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference that is reached under this name."""
        return next((one for one in self.fields.values() if one.relation.lower() == name.lower()), None)

    def copy(self) -> SObject:
        """An object of its own with the same fields."""
        return replace(self, fields=dict(self.fields))

    def summary(self, base: str) -> dict[str, Any]:
        """As in the list of all objects."""
        path = f"{base}/sobjects/{self.name}"
        return {
            "name": self.name,
            "label": self.label or self.name,
            "labelPlural": f"{self.label or self.name}s",
            "keyPrefix": self.prefix,
            "custom": self.name.endswith("__c"),
            "createable": self.createable,
            "updateable": self.updateable,
            "deletable": self.deletable,
            "queryable": True,
            "replicateable": not self.hidden,
            "retrieveable": True,
            "searchable": not self.hidden,
            "undeletable": self.deletable,
            "mergeable": self.merges,
            "triggerable": not self.hidden,
            "urls": {"sobject": path, "describe": f"{path}/describe", "rowTemplate": f"{path}/{{ID}}"},
        }

    def describe(self, base: str, objects: Iterable[SObject] = ()) -> dict[str, Any]:
        """The describe. objects: all there are, for those that lie below this one."""
        return {
            **self.summary(base),
            "fields": [one.describe() for one in self.fields.values()],
            "childRelationships": [
                {
                    "childSObject": other.name,
                    "field": one.name,
                    "relationshipName": one.below or None,
                    "cascadeDelete": one.cascade,
                    "restrictedDelete": one.restricts,
                    "deprecatedAndHidden": False,
                }
                for other in objects
                for one in other.fields.values()
                if one.target == self.name and one.below
            ],
            "recordTypeInfos": [],
        }
