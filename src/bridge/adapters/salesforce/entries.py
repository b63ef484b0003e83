"""The entries of price books as a row of a product holds them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.adapters.salesforce.client import Json
from bridge.adapters.salesforce.values import from_wire
from bridge.ports.records import NativeValue

PRICE = "PricebookEntry."
STANDARD = "Standard"
ENTRY = ("Id", "UnitPrice", "IsActive", "Pricebook2Id", "Pricebook2.Name", "Pricebook2.IsStandard")


def nested(record: Json, name: str) -> list[Json]:
    """The rows that a child query brought with a record; none is answered as null."""
    found = record.get(name)
    return list(found.get("records") or ()) if isinstance(found, Mapping) else []


def price(row: Json, path: str) -> NativeValue:
    """The price of a product in one book; an entry that is not in use is no price."""
    entry = entry_of(row, path)
    return from_wire("currency", entry.get("UnitPrice")) if entry and entry.get("IsActive") else None


def entry_of(row: Json, path: str) -> Json | None:
    """The entry of a book: `PricebookEntry.Standard`, or `PricebookEntry.Retail_Prices` by the name of the book."""
    wanted = path.removeprefix(PRICE)
    for entry in nested(row, "PricebookEntries"):
        book = entry.get("Pricebook2") or {}
        if book.get("IsStandard") if wanted == STANDARD else str(book.get("Name")).replace(" ", "_") == wanted:
            return entry
    return None
