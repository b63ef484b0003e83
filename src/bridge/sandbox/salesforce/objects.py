"""The objects of the org, with the fields and lengths of the real ones (facts from public describes)."""

from __future__ import annotations

from dataclasses import replace

from bridge.sandbox.salesforce.fields import Field, SObject

KEY_FIELD = Field(
    "Bridge_Id__c", length=36, label="Bridge Id", unique=True, external=True, case_sensitive=True, lookup=True
)


def objects(*, key_field: bool) -> dict[str, SObject]:
    """Objects by their names in lower case. key_field: whether bridge's key field is there from the beginning."""
    made = [_account(), _contact(), _user(), *_administration()]
    if key_field:
        for one in made[:2]:
            one.add([KEY_FIELD])
    return {one.name.lower(): one for one in made}


def _fixed(name: str, kind: str, label: str = "", target: str = "", relation: str = "") -> Field:
    """A field that only the system writes."""
    length = 18 if kind in ("id", "reference") else 0
    made = Field(name, kind, length, label, defaulted=True, createable=False, updateable=False)
    return replace(made, target=target, relation=relation, needed=kind != "reference", lookup=kind == "id")


def _system_fields(*, merges: bool = False) -> list[Field]:
    fields = [_fixed("Id", "id"), _fixed("IsDeleted", "boolean", "Deleted")]
    if merges:
        fields.append(_fixed("MasterRecordId", "reference", "Master Record ID"))
    return [
        *fields,
        _fixed("CreatedDate", "datetime", "Created Date"),
        _fixed("CreatedById", "reference", "Created By ID", "User", "CreatedBy"),
        _fixed("LastModifiedDate", "datetime", "Last Modified Date"),
        _fixed("LastModifiedById", "reference", "Last Modified By ID", "User", "LastModifiedBy"),
        _fixed("SystemModstamp", "datetime", "System Modstamp"),
    ]


def _address(kind: str) -> list[Field]:
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


def _owner() -> Field:
    return Field("OwnerId", "reference", 18, "Owner ID", defaulted=True, target="User", relation="Owner")


def _account() -> SObject:
    return SObject("Account", merges=True).add(
        [
            *_system_fields(merges=True),
            Field("Name", length=255, label="Account Name", needed=True),
            Field("Type", "picklist", 40, "Account Type", choices=("Prospect", "Customer", "Partner", "Other")),
            Field("ParentId", "reference", 18, "Parent Account ID", target="Account", relation="Parent"),
            *_address("Billing"),
            *_address("Shipping"),
            Field("Phone", "phone", 40, "Account Phone"),
            Field("Fax", "phone", 40, "Account Fax"),
            Field("AccountNumber", length=40, label="Account Number"),
            Field("Website", "url", 255),
            Field("Industry", "picklist", 40, choices=("Banking", "Chemicals", "Construction", "Retail", "Other")),
            Field("AnnualRevenue", "currency", precision=18, label="Annual Revenue"),
            Field("NumberOfEmployees", "int", precision=8, label="Employees"),
            Field("Description", "textarea", 32000, "Account Description"),
            Field("Site", length=80, label="Account Site"),
            _owner(),
            Field("VAT__c", length=40, label="VAT"),
            Field("Email__c", "email", 80, "Email"),
            Field("Status__c", "picklist", 255, "Status", choices=("Active", "On Hold", "Blocked"), restricted=True),
            Field("Credit__c", "currency", precision=16, scale=2, label="Credit"),
            Field("Tags__c", "multipicklist", 4099, "Tags"),
        ]
    )


def _contact() -> SObject:
    return SObject("Contact", merges=True).add(
        [
            *_system_fields(merges=True),
            Field("AccountId", "reference", 18, "Account ID", target="Account", relation="Account"),
            Field("LastName", length=80, label="Last Name", needed=True),
            Field("FirstName", length=40, label="First Name"),
            Field("Salutation", "picklist", 40, choices=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")),
            Field("Name", length=121, label="Full Name", createable=False, updateable=False, needed=True),
            *_address("Mailing"),
            *_address("Other"),
            Field("Phone", "phone", 40, "Business Phone"),
            Field("Fax", "phone", 40, "Business Fax"),
            Field("MobilePhone", "phone", 40, "Mobile Phone"),
            Field("HomePhone", "phone", 40, "Home Phone"),
            Field("ReportsToId", "reference", 18, "Reports To ID", target="Contact", relation="ReportsTo"),
            Field("Email", "email", 80, lookup=True),
            Field("Title", length=128),
            Field("Department", length=80),
            Field("Birthdate", "date"),
            Field("Description", "textarea", 32000, "Contact Description"),
            _owner(),
        ]
    )


def _user() -> SObject:
    return SObject("User", deletable=False).add(
        [
            *[one for one in _system_fields() if one.name != "IsDeleted"],
            Field("Username", length=80, needed=True, unique=True),
            Field("FirstName", length=40),
            Field("LastName", length=80, needed=True),
            Field("Name", length=121, createable=False, updateable=False),
            Field("Email", "email", 128, needed=True),
            Field("IsActive", "boolean", label="Active"),
        ]
    )


def _administration() -> list[SObject]:
    """What stands behind the right to see a field."""
    return [
        SObject("PermissionSet", hidden=True).add(
            [*_system_fields(), Field("Name", length=80, needed=True, unique=True), Field("Label", length=80)]
        ),
        SObject("PermissionSetAssignment", hidden=True).add(
            [
                *_system_fields(),
                Field("PermissionSetId", "reference", 18, target="PermissionSet", needed=True),
                Field("AssigneeId", "reference", 18, target="User", needed=True),
            ]
        ),
        SObject("FieldPermissions", hidden=True).add(
            [
                *_system_fields(),
                Field("ParentId", "reference", 18, target="PermissionSet", needed=True),
                Field("SobjectType", length=255, needed=True),
                Field("Field", length=255, needed=True),
                Field("PermissionsRead", "boolean"),
                Field("PermissionsEdit", "boolean"),
            ]
        ),
        SObject("Organization", hidden=True, deletable=False).add([*_system_fields(), Field("Name", length=80)]),
    ]
