"""Fields that many objects have: ids and stamps, addresses, owners."""

from __future__ import annotations

from dataclasses import replace

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
    whole = f"{kind}Address"
    return [
        Field(f"{kind}Street", "textarea", 255, f"{kind} Street", compound=whole),
        Field(f"{kind}City", length=40, label=f"{kind} City", compound=whole),
        Field(f"{kind}State", length=80, label=f"{kind} State/Province", compound=whole),
        Field(f"{kind}PostalCode", length=20, label=f"{kind} Zip/Postal Code", compound=whole),
        Field(f"{kind}Country", length=80, label=f"{kind} Country", compound=whole),
        Field(f"{kind}StateCode", "picklist", 10, f"{kind} State/Province Code", compound=whole, restricted=True),
        Field(f"{kind}CountryCode", "picklist", 10, f"{kind} Country Code", compound=whole, restricted=True),
        Field(whole, "address", label=f"{kind} Address", createable=False, updateable=False),
    ]


def owner() -> Field:
    return Field("OwnerId", "reference", 18, "Owner ID", defaulted=True, target="User", relation="Owner")
