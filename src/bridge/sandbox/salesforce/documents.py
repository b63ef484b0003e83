"""Documents of the ERP that are shown in the CRM: custom objects, as a company makes them for itself."""

from __future__ import annotations

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.standard import amount, lookup, owner, system_fields

_SCALE = 3
"""Decimals of their amounts: enough for a Kuwaiti dinar."""


def documents() -> list[SObject]:
    """Purchase orders and invoices."""
    return [_purchase(), _invoice()]


def _amounts(*names: str) -> list[Field]:
    return [amount(f"{name}__c", scale=_SCALE) for name in names]


def _purchase() -> SObject:
    return SObject("Purchase_Order__c", "Purchase Order").add(
        [
            *system_fields(),
            Field("Name", length=80, label="Purchase Order Name", needed=True),
            Field("Number__c", length=80, label="Number"),
            Field("Supplier__c", length=255, label="Supplier"),
            Field("Order_Date__c", "date", label="Order Date"),
            Field("Status__c", length=80, label="Status"),
            *_amounts("Net", "Tax", "Gross"),
            owner(),
        ]
    )


def _invoice() -> SObject:
    return SObject("Invoice__c", "Invoice").add(
        [
            *system_fields(),
            Field("Name", length=80, label="Invoice Name", needed=True),
            Field("Number__c", length=80, label="Number"),
            lookup("Account__c", "Account", "Invoices__r"),
            lookup("Order__c", "Order", "Invoices__r"),
            Field("Invoice_Date__c", "date", label="Invoice Date"),
            Field("Due_Date__c", "date", label="Due Date"),
            Field("Status__c", length=80, label="Status"),
            *_amounts("Net", "Tax", "Gross", "Outstanding"),
            owner(),
        ]
    )
