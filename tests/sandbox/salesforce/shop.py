"""A shop in the org: products with prices, orders with lines, made over the API."""

from __future__ import annotations

from typing import Any

from tests.sandbox.salesforce.talk import Talk


def standard_book(talk: Talk) -> str:
    """The id of the standard price book."""
    return str(talk.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true")["records"][0]["Id"])


def product(talk: Talk, price: float | None = 10.0, **values: Any) -> str:
    """A product, by default with a standard price that is in use."""
    made = talk.create("Product2", **{"Name": "Bolt", "ProductCode": "B-1", "IsActive": True, **values})
    if price is not None:
        entry(talk, made, price)
    return made


def entry(talk: Talk, product_id: str, price: float | None, book: str = "", **values: Any) -> str:
    """A price."""
    given = {"Product2Id": product_id, "Pricebook2Id": book or standard_book(talk), "UnitPrice": price}
    return talk.create("PricebookEntry", **{**given, "IsActive": True, **values})


def entry_of(talk: Talk, product_id: str) -> str:
    """The standard price of a product."""
    condition = f"Product2Id = '{product_id}' AND Pricebook2.IsStandard = true"
    return str(talk.query(f"SELECT Id FROM PricebookEntry WHERE {condition}")["records"][0]["Id"])


def order(talk: Talk, *lines: tuple[str, float, float], **values: Any) -> str:
    """A draft with lines: (entry, quantity, price)."""
    if "AccountId" not in values:
        values["AccountId"] = talk.account()
    given = {"EffectiveDate": "2026-04-01", "Status": "Draft", "Pricebook2Id": standard_book(talk), **values}
    made = talk.create("Order", **given)
    for entry_id, quantity, price in lines:
        line(talk, made, entry_id, quantity, price)
    return made


def line(talk: Talk, order_id: str, entry_id: str, quantity: float = 1, price: float = 1, **values: Any) -> str:
    """One line."""
    given = {"OrderId": order_id, "PricebookEntryId": entry_id, "Quantity": quantity, "UnitPrice": price}
    return talk.create("OrderItem", **given, **values)


def change(talk: Talk, object_name: str, id_: str, **values: Any) -> None:
    """A change that has to pass."""
    answer = talk.call("PATCH", f"sobjects/{object_name}/{id_}", values)
    assert answer.status_code == 204, answer.text
