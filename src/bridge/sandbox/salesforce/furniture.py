"""What a fresh org holds: its users, the standard price book, the statuses of orders, the currencies."""

from __future__ import annotations

from dataclasses import replace

from bridge.sandbox.salesforce.options import OrderStatus, Setup
from bridge.sandbox.salesforce.products import CURRENCIES
from bridge.sandbox.salesforce.store import Store, Values


def furnish(store: Store, setup: Setup, by: str) -> None:
    """Put it in. There is exactly one standard price book, known by its mark and never by its name."""
    book = store.objects["pricebook2"]
    values: Values = {
        **{one.name: False if one.type == "boolean" else None for one in book.fields.values()},
        "Id": store.new_id("Pricebook2"),
        "Name": setup.standard_book,
        "IsActive": True,
        "IsStandard": True,
    }
    if setup.multi_currency:
        values["CurrencyIsoCode"] = CURRENCIES[0][0]
    store.put(book, values, by=by)
    set_statuses(store, setup.statuses, by)
    if not setup.multi_currency:
        return
    for code, digits, own in CURRENCIES:
        values = {
            "Id": store.new_id("CurrencyType"),
            "IsoCode": code,
            "DecimalPlaces": digits,
            "ConversionRate": 1.0,
            "IsCorporate": own,
            "IsActive": True,
        }
        store.put(store.objects["currencytype"], values, by=by)


def set_statuses(store: Store, statuses: tuple[OrderStatus, ...], by: str) -> None:
    """Make these the statuses that orders can have, in place of those that were there."""
    store.rows["orderstatus"].clear()
    for place, one in enumerate(statuses, 1):
        values = {
            "Id": store.new_id("OrderStatus"),
            "ApiName": one.label,
            "MasterLabel": one.label,
            "StatusCode": one.category,
            "IsDefault": one.default,
            "SortOrder": place,
        }
        store.put(store.objects["orderstatus"], values, by=by)
    order = store.objects["order"]
    order.add([replace(order.fields["status"], choices=tuple(one.label for one in statuses))])


def standard_book(store: Store) -> str:
    """The id of the standard price book."""
    return str(next(row["Id"] for row in store.seen("Pricebook2") if row.get("IsStandard")))
