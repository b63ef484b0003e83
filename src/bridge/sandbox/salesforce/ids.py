"""Record ids: 15 characters, of which the case counts, and three that make up for tools that lose it."""

from __future__ import annotations

import re

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Organization": "00D",
    "PermissionSet": "0PS",
    "PermissionSetAssignment": "0Pa",
    "FieldPermissions": "01k",
    "CustomField": "00N",
    "Product2": "01t",
    "Pricebook2": "01s",
    "PricebookEntry": "01u",
    "Order": "801",
    "OrderItem": "802",
    "OrderStatus": "8OS",
    "CurrencyType": "01L",
    "Location": "131",
    "ProductItem": "0cV",
    "ProductItemTransaction": "0cW",
    "Lead": "00Q",
    "Opportunity": "006",
    "Case": "500",
    "Stock_Location__c": "a01",
    "Stock_Level__c": "a02",
    "Purchase_Order__c": "a03",
    "Invoice__c": "a04",
}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


def make_id(prefix: str, number: int) -> str:
    """The id of the record with this number, 18 characters. prefix: of its object."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = _DIGITS[digit] + digits
    short = f"{prefix}q0000{digits:0>7}"
    return short + checksum(short)


def checksum(short: str) -> str:
    """The last three characters: for each group of five, which of them are capitals."""
    return "".join(
        _CHECK[sum(1 << place for place, letter in enumerate(short[start : start + 5]) if "A" <= letter <= "Z")]
        for start in (0, 5, 10)
    )


def long_id(text: object) -> str | None:
    """The id in 18 characters; None for what cannot be one."""
    if not isinstance(text, str) or not _SHAPE.fullmatch(text):
        return None
    return text[:15] + checksum(text[:15])
