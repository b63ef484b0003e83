"""The objects of the org, with the fields and lengths of the real ones (facts from public describes)."""

from __future__ import annotations

from dataclasses import replace

from bridge.sandbox.salesforce.documents import documents
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.orders import orders
from bridge.sandbox.salesforce.pipeline import pipeline
from bridge.sandbox.salesforce.products import CURRENCY, products
from bridge.sandbox.salesforce.standard import address, lookup, owner, system_fields
from bridge.sandbox.salesforce.stock import stock

KEY_FIELD = Field(
    "Bridge_Id__c", length=36, label="Bridge Id", unique=True, external=True, case_sensitive=True, lookup=True
)


_READ_ONLY_CURRENCY = ("OrderItem", "ProductItemTransaction")
"""Objects whose currency is that of what they stand below."""


def objects(setup: Setup) -> dict[str, SObject]:
    """Objects by their names in lower case."""
    synced = [
        *(_account(), _contact()),
        *(*products(setup), *orders(setup), *stock(), *documents(), *pipeline()),
    ]
    for one in synced:
        if one.hidden or one.name == "ProductItemTransaction":
            continue
        if setup.key_field:
            one.add([KEY_FIELD])
        if one.name == "OrderItem" and setup.key_field:
            one.add([replace(KEY_FIELD, name="Bridge_Line__c", unique=False)])
    if setup.multi_currency:
        for one in synced:
            if not one.hidden:
                one.add([_currency(one.name)])
    made = [*synced, _user(), *_administration()]
    return {one.name.lower(): one for one in made}


def _currency(object_name: str) -> Field:
    if object_name in _READ_ONLY_CURRENCY:
        return replace(CURRENCY, createable=False, updateable=False, default=None)
    return replace(CURRENCY, updateable=object_name != "PricebookEntry")


def _account() -> SObject:
    return SObject("Account", merges=True).add(
        [
            *system_fields(merges=True),
            Field("Name", length=255, label="Account Name", needed=True),
            Field("Type", "picklist", 40, "Account Type", choices=("Prospect", "Customer", "Partner", "Other")),
            lookup("ParentId", "Account", "ChildAccounts", label="Parent Account ID"),
            *address("Billing"),
            *address("Shipping"),
            Field("Phone", "phone", 40, "Account Phone"),
            Field("Fax", "phone", 40, "Account Fax"),
            Field("AccountNumber", length=40, label="Account Number"),
            Field("Website", "url", 255),
            Field("Industry", "picklist", 40, choices=("Banking", "Chemicals", "Construction", "Retail", "Other")),
            Field("AnnualRevenue", "currency", precision=18, label="Annual Revenue"),
            Field("NumberOfEmployees", "int", precision=8, label="Employees"),
            Field("Description", "textarea", 32000, "Account Description"),
            Field("Site", length=80, label="Account Site"),
            owner(),
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
            *system_fields(merges=True),
            lookup("AccountId", "Account", "Contacts", cascade=True),
            Field("LastName", length=80, label="Last Name", needed=True),
            Field("FirstName", length=40, label="First Name"),
            Field("Salutation", "picklist", 40, choices=("Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx.")),
            Field("Name", length=121, label="Full Name", createable=False, updateable=False, needed=True),
            *address("Mailing"),
            *address("Other"),
            Field("Phone", "phone", 40, "Business Phone"),
            Field("Fax", "phone", 40, "Business Fax"),
            Field("MobilePhone", "phone", 40, "Mobile Phone"),
            Field("HomePhone", "phone", 40, "Home Phone"),
            lookup("ReportsToId", "Contact"),
            Field("Email", "email", 80, lookup=True),
            Field("Title", length=128),
            Field("Department", length=80),
            Field("Birthdate", "date"),
            Field("Description", "textarea", 32000, "Contact Description"),
            owner(),
        ]
    )


def _user() -> SObject:
    return SObject("User", deletable=False).add(
        [
            *[one for one in system_fields() if one.name != "IsDeleted"],
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
            [*system_fields(), Field("Name", length=80, needed=True, unique=True), Field("Label", length=80)]
        ),
        SObject("PermissionSetAssignment", hidden=True).add(
            [
                *system_fields(),
                Field("PermissionSetId", "reference", 18, target="PermissionSet", needed=True),
                Field("AssigneeId", "reference", 18, target="User", needed=True),
            ]
        ),
        SObject("FieldPermissions", hidden=True).add(
            [
                *system_fields(),
                Field("ParentId", "reference", 18, target="PermissionSet", needed=True),
                Field("SobjectType", length=255, needed=True),
                Field("Field", length=255, needed=True),
                Field("PermissionsRead", "boolean"),
                Field("PermissionsEdit", "boolean"),
            ]
        ),
        SObject("Organization", hidden=True, deletable=False).add([*system_fields(), Field("Name", length=80)]),
    ]
