"""What a fresh org holds beside its users: the standard price book, the statuses of orders, the currencies."""

from __future__ import annotations

from bridge.sandbox.salesforce.commerce import STATUSES
from bridge.sandbox.salesforce.store import Store

BOOK = "Standard Price Book"
_CURRENCIES = (("EUR", 2, True), ("USD", 2, False), ("JPY", 0, False), ("KWD", 3, False), ("GBP", 2, False))


def furnish(store: Store, by: str) -> None:
    """Put it in. There is exactly one standard price book, known by its mark and never by its name."""
    book = {"Id": store.new_id("Pricebook2"), "Name": BOOK, "IsActive": True, "IsStandard": True, "IsDeleted": False}
    store.put(store.objects["pricebook2"], book, by=by)
    for place, (label, category, default) in enumerate(STATUSES, 1):
        values = {
            "Id": store.new_id("OrderStatus"),
            "ApiName": label,
            "MasterLabel": label,
            "StatusCode": category,
            "IsDefault": default,
            "SortOrder": place,
        }
        store.put(store.objects["orderstatus"], values, by=by)
    for code, digits, corporate in _CURRENCIES:
        values = {
            "Id": store.new_id("CurrencyType"),
            "IsoCode": code,
            "DecimalPlaces": digits,
            "IsCorporate": corporate,
            "IsActive": True,
        }
        store.put(store.objects["currencytype"], values, by=by)
