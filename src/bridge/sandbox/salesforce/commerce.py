"""Products with their prices, orders with their lines, stock, and what else a company keeps in an org.

Facts: the object reference of Product2, Pricebook2, PricebookEntry, Order, OrderItem, ProductItem, Location.
Core Salesforce has no stock: a custom object is what connectors make, and stands here by default.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.standard import address, fixed, owner, system_fields

CURRENCY = Field("CurrencyIsoCode", "picklist", 3, "Currency ISO Code", defaulted=True, default="EUR",
                 choices=("EUR", "USD", "JPY", "KWD", "GBP"), restricted=True)  # fmt: skip
STATUSES = (
    ("Draft", "Draft", True),
    ("Activated", "Activated", False),
    ("Partly Shipped", "Activated", False),
    ("Shipped", "Activated", False),
    ("Invoiced", "Activated", False),
    ("Closed", "Activated", False),
    ("Cancelled", "Activated", False),
)
"""Label, category, default: the labels are each org's own, the categories are Salesforce's."""


def objects(*, multi_currency: bool) -> list[SObject]:
    """All of them. multi_currency: prices with three decimals, as such orgs with Kuwaiti dinars have them."""
    scale = 3 if multi_currency else 2
    return [*_products(scale), *_orders(scale), *_stock(), *_documents(), *_people()]


def _amount(name: str, label: str = "", scale: int = 3, **more: object) -> Field:
    made = Field(name, "currency", precision=18, scale=scale, label=label)
    return replace(made, **more)  # type: ignore[arg-type]


def _reads(name: str, kind: str = "string", label: str = "", length: int = 255, **more: object) -> Field:
    """A field that the system works out."""
    made = Field(name, kind, length if kind in ("string", "picklist") else 0, label)
    return replace(made, createable=False, updateable=False, defaulted=True, **more)  # type: ignore[arg-type]


def _once(field: Field) -> Field:
    """A field that is given when the record is made, and never changed."""
    return replace(field, updateable=False)


def _lookup(name: str, target: str, relation: str = "", below: str = "", *, needed: bool = False) -> Field:
    return Field(name, "reference", 18, target=target, relation=relation or name.removesuffix("Id"), below=below,
                 needed=needed)  # fmt: skip


def _products(scale: int) -> list[SObject]:
    entry = _lookup("Product2Id", "Product2", "Product2", "PricebookEntries", needed=True)
    book = _lookup("Pricebook2Id", "Pricebook2", "Pricebook2", "PricebookEntries", needed=True)
    return [
        SObject("Product2", "Product").add(
            [
                *system_fields(),
                Field("Name", length=255, label="Product Name", needed=True),
                Field("ProductCode", length=255, label="Product Code"),
                Field("StockKeepingUnit", length=180, label="Product SKU"),
                Field("IsActive", "boolean", label="Active"),
                Field("Family", "picklist", 255, "Product Family", choices=("Goods", "Services")),
                Field("Description", "textarea", 4000, "Product Description"),
                Field("QuantityUnitOfMeasure", "picklist", 255, "Quantity Unit Of Measure",
                      choices=("Each", "Dozen", "Kilogram", "Hour")),
                Field("DisplayUrl", "url", 1000, "Display URL"),
                Field("ExternalId", length=255, label="External ID"),
                Field("Barcode__c", length=80, label="Barcode"),
                Field("Tax_Code__c", length=80, label="Tax Code"),
                Field("Weight__c", "double", precision=18, scale=3, label="Weight"),
            ]
        ),
        SObject("Pricebook2", "Price Book").add(
            [
                *system_fields(),
                Field("Name", length=255, label="Price Book Name", needed=True),
                Field("IsActive", "boolean", label="Active"),
                _reads("IsStandard", "boolean", "Is Standard Price Book"),
                Field("Description", length=255),
            ]
        ),
        SObject("PricebookEntry", "Price Book Entry").add(
            [
                *system_fields(),
                _once(entry),
                _once(book),
                _amount("UnitPrice", "List Price", scale, needed=True),
                Field("IsActive", "boolean", label="Active"),
                Field("UseStandardPrice", "boolean", label="Use Standard Price"),
                _reads("Name", label="Product Name"),
                _reads("ProductCode", label="Product Code"),
            ]
        ),
    ]  # fmt: skip


def _orders(scale: int) -> list[SObject]:
    labels = tuple(label for label, _, _ in STATUSES)
    return [
        SObject("Order").add(
            [
                *system_fields(),
                _lookup("AccountId", "Account", "Account", "Orders", needed=True),
                _lookup("Pricebook2Id", "Pricebook2", "Pricebook2", "Orders"),
                Field("EffectiveDate", "date", label="Order Start Date", needed=True),
                Field("EndDate", "date", label="Order End Date"),
                Field("Status", "picklist", 40, choices=labels, restricted=True, needed=True),
                _reads("StatusCode", "picklist", "Status Category", 40, choices=("Draft", "Activated")),
                _reads("OrderNumber", label="Order Number", length=30, auto="{:08}"),
                Field("Name", length=80, label="Order Name"),
                Field("PoNumber", length=80, label="PO Number"),
                Field("PoDate", "date", label="PO Date"),
                Field("OrderReferenceNumber", length=80, label="Order Reference Number"),
                Field("Type", "picklist", 40, "Order Type", choices=("New", "Renewal")),
                Field("Description", "textarea", 32000),
                Field("BillToContactId", "reference", 18, target="Contact", relation="BillToContact"),
                Field("ShipToContactId", "reference", 18, target="Contact", relation="ShipToContact"),
                *address("Billing"),
                *address("Shipping"),
                _reads("TotalAmount", "currency", "Order Amount", precision=18, scale=scale),
                _reads("ActivatedDate", "datetime", "Activated Date"),
                _reads("ActivatedById", "reference", "Activated By ID"),
                owner(),
            ]
        ),
        SObject("OrderItem", "Order Product").add(
            [
                *system_fields(),
                _once(_lookup("OrderId", "Order", "Order", "OrderItems", needed=True)),
                _once(_lookup("PricebookEntryId", "PricebookEntry", "PricebookEntry", needed=True)),
                replace(_lookup("Product2Id", "Product2", "Product2"), createable=False, updateable=False),
                Field("Quantity", "double", precision=18, scale=3, needed=True),
                _amount("UnitPrice", "Unit Price", scale),
                _reads("ListPrice", "currency", "List Price", precision=18, scale=scale),
                _reads("TotalPrice", "currency", "Total Price", precision=18, scale=scale),
                Field("ServiceDate", "date", label="Start Date"),
                Field("EndDate", "date", label="End Date"),
                Field("Description", length=255, label="Line Description"),
                _reads("OrderItemNumber", label="Order Product Number", length=30, auto="{:010}"),
                Field("Unit__c", "picklist", 255, "Unit", choices=("Each", "Dozen", "Kilogram", "Hour")),
                Field("Tax_Code__c", length=80, label="Tax Code"),
            ]
        ),
        SObject("OrderStatus", hidden=True, deletable=False).add(
            [
                fixed("Id", "id"),
                *(Field(name, length=255) for name in ("ApiName", "MasterLabel", "StatusCode")),
                Field("IsDefault", "boolean"),
                Field("SortOrder", "int"),
            ]
        ),
    ]


def _stock() -> list[SObject]:
    level = _lookup("Product__c", "Product2", "Product__r", "Stock_Levels__r")
    place = _lookup("Location__c", "Stock_Location__c", "Location__r", "Stock_Levels__r")
    return [
        SObject("Location").add(
            [
                *system_fields(),
                Field("Name", length=255, needed=True),
                Field(
                    "LocationType", "picklist", 40, "Location Type", choices=("Warehouse", "Site", "Van"), needed=True
                ),
                Field("IsInventoryLocation", "boolean", label="Inventory Location"),
                Field("ExternalReference", length=255, label="External Reference"),
            ]
        ),
        SObject("ProductItem", "Product Item").add(
            [
                *system_fields(),
                _reads("ProductItemNumber", label="Product Item Number", length=30, auto="PI-{:04}"),
                _once(_lookup("Product2Id", "Product2", "Product2", "ProductItems", needed=True)),
                _once(_lookup("LocationId", "Location", "Location", "ProductItems", needed=True)),
                Field("QuantityOnHand", "double", precision=18, scale=3, label="Quantity On Hand", needed=True),
                Field("QuantityUnitOfMeasure", "picklist", 255, "Quantity Unit Of Measure", choices=("Each",)),
            ]
        ),
        SObject("Stock_Location__c", "Stock Location").add(
            [
                *system_fields(),
                Field("Name", length=80, needed=True),
                Field("Code__c", length=40, label="Code", unique=True, external=True, lookup=True),
                Field("Active__c", "boolean", label="Active"),
            ]
        ),
        SObject("Stock_Level__c", "Stock Level").add(
            [
                *system_fields(),
                level,
                place,
                *(
                    Field(name, "double", precision=18, scale=3)
                    for name in ("On_Hand__c", "Reserved__c", "Available__c")
                ),
            ]
        ),
    ]


def _documents() -> list[SObject]:
    """Documents of the ERP that are shown in the CRM."""
    amounts = [_amount(f"{name}__c", name) for name in ("Net", "Tax", "Gross")]
    return [
        SObject("Purchase_Order__c", "Purchase Order").add(
            [
                *system_fields(),
                Field("Name", length=80, needed=True),
                Field("Number__c", length=80, label="Number"),
                Field("Supplier__c", length=255, label="Supplier"),
                Field("Order_Date__c", "date", label="Order Date"),
                Field("Status__c", length=80, label="Status"),
                *amounts,
            ]
        ),
        SObject("Invoice__c", "Invoice").add(
            [
                *system_fields(),
                Field("Name", length=80, needed=True),
                Field("Number__c", length=80, label="Number"),
                _lookup("Account__c", "Account", "Account__r", "Invoices__r"),
                _lookup("Order__c", "Order", "Order__r", "Invoices__r"),
                Field("Invoice_Date__c", "date", label="Invoice Date"),
                Field("Due_Date__c", "date", label="Due Date"),
                Field("Status__c", length=80, label="Status"),
                *amounts,
                _amount("Outstanding__c", "Outstanding"),
            ]
        ),
    ]


def _people() -> list[SObject]:
    lead = ("Open - Not Contacted", "Working - Contacted", "Closed - Converted", "Closed - Not Converted")
    stage = ("Prospecting", "Qualification", "Proposal/Price Quote", "Closed Won", "Closed Lost")
    return [
        SObject("Lead").add(
            [
                *system_fields(),
                Field("LastName", length=80, needed=True),
                Field("FirstName", length=40),
                Field("Company", length=255, needed=True),
                Field("Title", length=128),
                Field("Email", "email", 80),
                Field("Phone", "phone", 40),
                Field("MobilePhone", "phone", 40),
                Field("Status", "picklist", 255, "Lead Status", choices=lead, default=lead[0], defaulted=True),
                Field("LeadSource", "picklist", 255, choices=("Web", "Phone Inquiry", "Partner Referral", "Other")),
                Field("Description", "textarea", 32000),
                _reads("IsConverted", "boolean", "Converted"),
                owner(),
            ]
        ),
        SObject("Opportunity").add(
            [
                *system_fields(),
                Field("Name", length=120, needed=True),
                _lookup("AccountId", "Account", "Account", "Opportunities"),
                Field("StageName", "picklist", 255, "Stage", choices=stage, needed=True),
                Field("CloseDate", "date", needed=True),
                _amount("Amount", scale=2),
                Field("Probability", "percent", precision=3),
                Field("Description", "textarea", 32000),
                owner(),
            ]
        ),
        SObject("Case").add(
            [
                *system_fields(),
                _reads("CaseNumber", label="Case Number", length=30, auto="{:08}"),
                _lookup("AccountId", "Account", "Account", "Cases"),
                _lookup("ContactId", "Contact", "Contact", "Cases"),
                Field("Subject", length=255),
                Field("Description", "textarea", 32000),
                Field("Status", "picklist", 255, choices=("New", "Working", "Escalated", "Closed"), default="New",
                      defaulted=True),
                Field("Priority", "picklist", 255, choices=("High", "Medium", "Low"), default="Medium", defaulted=True),
                Field("Origin", "picklist", 255, "Case Origin", choices=("Phone", "Email", "Web")),
                owner(),
            ]
        ),
        SObject("CurrencyType", hidden=True, deletable=False).add(
            [
                fixed("Id", "id"),
                Field("IsoCode", length=3),
                Field("DecimalPlaces", "int"),
                Field("IsCorporate", "boolean"),
                Field("IsActive", "boolean"),
            ]
        ),
    ]  # fmt: skip
