"""How an org is set up: what differs from one company to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

CATEGORIES = ("Draft", "Activated")
LOCKED = ("ENTITY_IS_LOCKED", "FIELD_INTEGRITY_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")
"""Codes that integrators have met when they changed an activated order: which one, depends on the field and release."""


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """One status of orders: its label is the org's own, its category is Salesforce's."""

    label: str
    category: str
    default: bool = False


STATUSES = (
    OrderStatus("Draft", "Draft", True),
    OrderStatus("Activated", "Activated"),
    OrderStatus("Partly Shipped", "Activated"),
    OrderStatus("Shipped", "Activated"),
    OrderStatus("Invoiced", "Activated"),
    OrderStatus("Closed", "Activated"),
    OrderStatus("Cancelled", "Activated"),
)


@dataclass(frozen=True, slots=True)
class Setup:
    """key_field: whether bridge's key field is there from the beginning. price_scale, quantity_scale: decimals of
    prices and quantities of order products. standard_book: the name of the standard price book. locked: the code for
    changes of an activated order."""

    key_field: bool = False
    multi_currency: bool = False
    price_scale: int = 2
    quantity_scale: int = 3
    standard_book: str = "Standard Price Book"
    statuses: tuple[OrderStatus, ...] = STATUSES
    locked: str = LOCKED[0]


def statuses_of(given: str | Iterable[Mapping[str, Any]]) -> tuple[OrderStatus, ...]:
    """Order statuses from an option ("Entwurf:Draft,Aktiv:Activated") or a seed ([{"label", "category", "default"?}]).

    The first of the category Draft is the default where none says so. Raises ValueError.
    """
    if isinstance(given, str):
        pairs = [part.partition(":") for part in given.split(",") if part.strip()]
        given = [{"label": label.strip(), "category": category.strip()} for label, _, category in pairs]
    found = [OrderStatus(str(one["label"]), str(one["category"]), bool(one.get("default"))) for one in given]
    for one in found:
        if one.category not in CATEGORIES:
            raise ValueError(f"order status {one.label!r}: no category {one.category!r}, but {' or '.join(CATEGORIES)}")
    drafts = [place for place, one in enumerate(found) if one.category == "Draft"]
    if not drafts:
        raise ValueError("order statuses: one must be of the category Draft")
    if not any(one.default for one in found):
        found[drafts[0]] = replace(found[drafts[0]], default=True)
    return tuple(found)


def yes(value: bool | str) -> bool:
    """An option that is on or off, as a program or the command line gives it."""
    return str(value).lower() in ("true", "1", "yes")
