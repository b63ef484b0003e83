"""Fields that many objects have: ids and stamps, addresses, owners; and the kinds of field that are made often."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from bridge.sandbox.salesforce.fields import Field


def fixed(name: str, kind: str, label: str = "", target: str = "", relation: str = "") -> Field:
    """A field that only the system writes."""
    length = 18 if kind in ("id", "reference") else 0
    made = Field(name, kind, length, label, defaulted=True, createable=False, updateable=False)
    return replace(made, target=target, relation=relation, needed=kind != "reference", lookup=kind == "id")


def system_fields(*, merges: bool = False) -> list[Field]:
    fields = [fixed("Id", "id"), fixed("IsDeleted", "boolean", "Deleted")]
    if merges:
        fields.append(fixed("MasterRecordId", "reference", "Master Record ID"))
    return [
        *fields,
        fixed("CreatedDate", "datetime", "Created Date"),
        fixed("CreatedById", "reference", "Created By ID", "User", "CreatedBy"),
        fixed("LastModifiedDate", "datetime", "Last Modified Date"),
        fixed("LastModifiedById", "reference", "Last Modified By ID", "User", "LastModifiedBy"),
        fixed("SystemModstamp", "datetime", "System Modstamp"),
    ]


def address(kind: str) -> list[Field]:
    """The parts of an address, state and country by their codes too, and the compound that only shows them."""
    whole, of = f"{kind}Address", f"{kind} ".lstrip()
    return [
        Field(f"{kind}Street", "textarea", 255, f"{of}Street", compound=whole),
        Field(f"{kind}City", length=40, label=f"{of}City", compound=whole),
        Field(f"{kind}State", length=80, label=f"{of}State/Province", compound=whole),
        Field(f"{kind}PostalCode", length=20, label=f"{of}Zip/Postal Code", compound=whole),
        Field(f"{kind}Country", length=80, label=f"{of}Country", compound=whole),
        Field(f"{kind}StateCode", "picklist", 10, f"{of}State/Province Code", compound=whole, restricted=True),
        Field(f"{kind}CountryCode", "picklist", 10, f"{of}Country Code", compound=whole, restricted=True),
        Field(whole, "address", label=f"{of}Address", createable=False, updateable=False),
    ]


def owner() -> Field:
    return Field("OwnerId", "reference", 18, "Owner ID", defaulted=True, target="User", relation="Owner")


def amount(name: str, label: str = "", scale: int = 2, **more: Any) -> Field:
    """Money: 18 digits in all."""
    return replace(Field(name, "currency", precision=18, scale=scale, label=label), **more)


def number(name: str, label: str = "", scale: int = 3, **more: Any) -> Field:
    """A quantity: 18 digits in all."""
    return replace(Field(name, "double", precision=18, scale=scale, label=label), **more)


def reads(name: str, kind: str = "string", label: str = "", length: int = 255, **more: Any) -> Field:
    """A field that the system works out."""
    made = Field(name, kind, length if kind in ("string", "picklist") else 0, label)
    return replace(made, createable=False, updateable=False, defaulted=True, **more)


def shown(field: Field) -> Field:
    """A field of any kind that only the system fills."""
    return replace(field, createable=False, updateable=False, defaulted=True)


def numbered(name: str, label: str, form: str) -> Field:
    """A number that the system counts up."""
    return reads(name, label=label, length=30, auto=form)


def once(field: Field) -> Field:
    """A field that is given when the record is made, and never changed."""
    return replace(field, updateable=False)


def lookup(name: str, target: str, below: str = "", **more: Any) -> Field:
    """A reference. below: the name of the records that have it, seen from what it points to. A custom one is X__c to
    store and X__r to follow."""
    custom = name.endswith("__c")
    relation = name.removesuffix("__c") + "__r" if custom else name.removesuffix("Id")
    label = "" if custom else re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", relation) + " ID"
    return replace(Field(name, "reference", 18, label, target=target, relation=relation, below=below), **more)
