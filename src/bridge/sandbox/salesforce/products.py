"""Products, price books and the prices in them; currencies where an org has several.

Facts: the object reference of Product2, Pricebook2, PricebookEntry and CurrencyType.
"""

from __future__ import annotations

from dataclasses import replace

from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.standard import amount, fixed, lookup, number, once, reads, system_fields

CURRENCIES = (("EUR", 2, True), ("USD", 2, False), ("JPY", 0, False), ("KWD", 3, False), ("GBP", 2, False))
"""Code, decimals, whether it is the company's own."""
CURRENCY = Field(
    "CurrencyIsoCode",
    "picklist",
    3,
    "Currency ISO Code",
    defaulted=True,
    default=next(code for code, _, own in CURRENCIES if own),
    choices=tuple(code for code, _, _ in CURRENCIES),
    restricted=True,
)
UNITS = ("Each", "Dozen", "Kilogram", "Hour")


def products(setup: Setup) -> list[SObject]:
    """What a company sells, and for how much."""
    found = [_product(), _book(), _entry(setup)]
    return [*found, _currencies()] if setup.multi_currency else found


def _product() -> SObject:
    return SObject("Product2", "Product").add(
        [
            *system_fields(),
            Field("Name", length=255, label="Product Name", needed=True),
            Field("ProductCode", length=255, label="Product Code"),
            Field("StockKeepingUnit", length=180, label="Product SKU"),
            Field("IsActive", "boolean", label="Active"),
            Field("Family", "picklist", 255, "Product Family", choices=("Goods", "Services")),
            Field("Description", "textarea", 4000, "Product Description"),
            Field("QuantityUnitOfMeasure", "picklist", 255, "Quantity Unit Of Measure", choices=UNITS),
            Field("DisplayUrl", "url", 1000, "Display URL"),
            Field("ExternalId", length=255, label="External ID"),
            Field("Barcode__c", length=80, label="Barcode"),
            Field("Tax_Code__c", length=80, label="Tax Code"),
            number("Weight__c", "Weight"),
        ]
    )


def _book() -> SObject:
    return SObject("Pricebook2", "Price Book").add(
        [
            *system_fields(),
            Field("Name", length=255, label="Price Book Name", needed=True),
            Field("IsActive", "boolean", label="Active"),
            reads("IsStandard", "boolean", "Is Standard Price Book"),
            reads("IsArchived", "boolean", "Archived"),
            Field("Description", length=255),
        ]
    )


def _entry(setup: Setup) -> SObject:
    return SObject("PricebookEntry", "Price Book Entry").add(
        [
            *system_fields(),
            once(lookup("Product2Id", "Product2", "PricebookEntries", needed=True, cascade=True)),
            once(lookup("Pricebook2Id", "Pricebook2", "PricebookEntries", needed=True, cascade=True)),
            amount("UnitPrice", "List Price", setup.price_scale, needed=True),
            Field("IsActive", "boolean", label="Active"),
            Field("UseStandardPrice", "boolean", label="Use Standard Price"),
            reads("IsArchived", "boolean", "Archived"),
            reads("Name", label="Product Name"),
            reads("ProductCode", label="Product Code"),
        ]
    )


def _currencies() -> SObject:
    """There only where an org has several; how many decimals an amount shows, is told here."""
    fields = [
        fixed("Id", "id"),
        reads("IsoCode", label="Currency ISO Code", length=3),
        reads("DecimalPlaces", "int", "Decimal Places"),
        reads("ConversionRate", "double", "Conversion Rate", precision=18, scale=6),
        reads("IsCorporate", "boolean", "Corporate Currency"),
        reads("IsActive", "boolean", "Active"),
    ]
    stamps = [one for one in system_fields() if one.name not in ("Id", "IsDeleted")]
    fixed_set = SObject("CurrencyType", "Currency Type", createable=False, updateable=False, deletable=False)
    return replace(fixed_set, hidden=True).add([*fields, *stamps])
