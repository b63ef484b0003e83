"""Orders, their lines, and the statuses that an order can have.

Facts: the object reference of Order, OrderItem and OrderStatus.
"""

from __future__ import annotations

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.products import UNITS
from bridge.sandbox.salesforce.standard import (
    address,
    amount,
    fixed,
    lookup,
    number,
    numbered,
    once,
    owner,
    reads,
    shown,
    system_fields,
)


def orders(setup: Setup) -> list[SObject]:
    """What customers buy."""
    return [_order(setup), _item(setup), _statuses()]


def _order(setup: Setup) -> SObject:
    labels = tuple(one.label for one in setup.statuses)
    return SObject("Order").add(
        [
            *system_fields(),
            lookup("AccountId", "Account", "Orders", needed=True, restricts=True),
            lookup("Pricebook2Id", "Pricebook2", "Orders", restricts=True),
            Field("EffectiveDate", "date", label="Order Start Date", needed=True),
            Field("EndDate", "date", label="Order End Date"),
            Field("Status", "picklist", 40, choices=labels, restricted=True, needed=True),
            reads("StatusCode", "picklist", "Status Category", 40, choices=("Draft", "Activated")),
            numbered("OrderNumber", "Order Number", "{:08}"),
            Field("Name", length=80, label="Order Name"),
            Field("PoNumber", length=80, label="PO Number"),
            Field("PoDate", "date", label="PO Date"),
            Field("OrderReferenceNumber", length=80, label="Order Reference Number"),
            Field("Type", "picklist", 40, "Order Type", choices=("New", "Renewal")),
            Field("Description", "textarea", 32000),
            lookup("BillToContactId", "Contact"),
            lookup("ShipToContactId", "Contact"),
            *address("Billing"),
            *address("Shipping"),
            reads("TotalAmount", "currency", "Order Amount", precision=18, scale=setup.price_scale, default=0.0),
            reads("ActivatedDate", "datetime", "Activated Date"),
            shown(lookup("ActivatedById", "User")),
            once(Field("IsReductionOrder", "boolean", label="Reduction Order")),
            owner(),
        ]
    )


def _item(setup: Setup) -> SObject:
    price = {"precision": 18, "scale": setup.price_scale}
    return SObject("OrderItem", "Order Product").add(
        [
            *system_fields(),
            once(lookup("OrderId", "Order", "OrderItems", needed=True, cascade=True)),
            once(lookup("PricebookEntryId", "PricebookEntry", "OrderItems", needed=True, restricts=True)),
            shown(lookup("Product2Id", "Product2", restricts=True)),
            number("Quantity", scale=setup.quantity_scale, needed=True),
            amount("UnitPrice", "Unit Price", setup.price_scale),
            reads("ListPrice", "currency", "List Price", **price),
            reads("TotalPrice", "currency", "Total Price", **price),
            reads("AvailableQuantity", "double", "Available Quantity", precision=18, scale=setup.quantity_scale),
            Field("ServiceDate", "date", label="Start Date"),
            Field("EndDate", "date", label="End Date"),
            Field("Description", length=255, label="Line Description"),
            numbered("OrderItemNumber", "Order Product Number", "{:010}"),
            Field("Unit__c", "picklist", 255, "Unit", choices=UNITS),
            Field("Tax_Code__c", length=80, label="Tax Code"),
        ]
    )


def _statuses() -> SObject:
    made = SObject("OrderStatus", "Order Status", createable=False, updateable=False, deletable=False, hidden=True)
    stamps = [one for one in system_fields() if one.name not in ("Id", "IsDeleted")]
    return made.add(
        [
            fixed("Id", "id"),
            reads("ApiName", label="API Name"),
            reads("MasterLabel", label="Master Label"),
            reads("StatusCode", "picklist", "Status Category", 40, choices=("Draft", "Activated")),
            reads("IsDefault", "boolean", "Is Default"),
            reads("SortOrder", "int", "Sort Order"),
            *stamps,
        ]
    )
