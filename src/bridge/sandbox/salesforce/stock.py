"""Stock as Field Service keeps it (Location, ProductItem), and as connectors do who have no Field Service: custom
objects. Core Salesforce has none.

Facts: the object reference of Location, ProductItem and ProductItemTransaction.
"""

from __future__ import annotations

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.products import UNITS
from bridge.sandbox.salesforce.standard import lookup, number, numbered, once, owner, reads, shown, system_fields

KINDS = ("Warehouse", "Site", "Van", "Plant")
MOVEMENTS = ("Replenished", "Consumed", "Adjusted", "Transferred")


def stock() -> list[SObject]:
    """What lies where."""
    return [_location(), _item(), _transaction(), _custom_location(), _custom_level()]


def _location() -> SObject:
    return SObject("Location").add(
        [
            *system_fields(),
            Field("Name", length=255, label="Location Name", needed=True),
            Field("LocationType", "picklist", 40, "Location Type", choices=KINDS, needed=True),
            Field("IsInventoryLocation", "boolean", label="Inventory Location"),
            Field("Description", length=255),
            lookup("ParentLocationId", "Location", "ChildLocations"),
            Field("ExternalReference", length=255, label="External Reference"),
            owner(),
        ]
    )


def _item() -> SObject:
    return SObject("ProductItem", "Product Item").add(
        [
            *system_fields(),
            numbered("ProductItemNumber", "Product Item Number", "PI-{:04}"),
            once(lookup("Product2Id", "Product2", "ProductItems", needed=True, restricts=True)),
            once(lookup("LocationId", "Location", "ProductItems", needed=True, restricts=True)),
            number("QuantityOnHand", "Quantity On Hand", needed=True),
            Field("QuantityUnitOfMeasure", "picklist", 255, "Quantity Unit Of Measure", choices=UNITS),
            Field("SerialNumber", length=255, label="Serial Number"),
            owner(),
        ]
    )


def _transaction() -> SObject:
    """The system writes one whenever a quantity changes."""
    made = SObject("ProductItemTransaction", "Product Item Transaction", createable=False, updateable=False)
    return made.add(
        [
            *system_fields(),
            numbered("ProductItemTransactionNumber", "Product Item Transaction Number", "PIT-{:04}"),
            shown(lookup("ProductItemId", "ProductItem", "ProductItemTransactions", cascade=True)),
            reads("Quantity", "double", precision=18, scale=3),
            reads("TransactionType", "picklist", "Transaction Type", 40, choices=MOVEMENTS),
            reads("Description", length=255),
        ]
    )


def _custom_location() -> SObject:
    return SObject("Stock_Location__c", "Stock Location").add(
        [
            *system_fields(),
            Field("Name", length=80, needed=True),
            Field("Code__c", length=40, label="Code", unique=True, external=True, lookup=True),
            Field("Active__c", "boolean", label="Active"),
            owner(),
        ]
    )


def _custom_level() -> SObject:
    names = ("On_Hand__c", "Reserved__c", "Available__c")
    return SObject("Stock_Level__c", "Stock Level").add(
        [
            *system_fields(),
            numbered("Name", "Stock Level Number", "SL-{:05}"),
            lookup("Product__c", "Product2", "Stock_Levels__r"),
            lookup("Location__c", "Stock_Location__c", "Stock_Levels__r"),
            *(number(name) for name in names),
            owner(),
        ]
    )
