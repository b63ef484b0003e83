"""What is particular about orders: their state is moved by actions, and a line keeps its price only if it is repeated.

Sources: recordings of Odoo 18 and 19 by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

RENAMED: Final[Mapping[str, Mapping[str, str]]] = {
    "sale.order.line": {"product_uom_id": "product_uom", "tax_ids": "tax_id"},
    "purchase.order.line": {"product_uom_id": "product_uom", "tax_ids": "taxes_id"},
}
"""Model -> name on 19 -> name before. A mapping file uses that of 19."""

ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "sale.order": ("state", "locked"),
    "sale.order.line": ("price_unit", "discount", "product_uom_qty", "display_type"),
}
"""Model -> fields that have to be known to write it, whether or not the mapping names them."""

PRICED_BY: Final = frozenset({"product_id", "product_uom_qty", "product_uom_id", "product_uom"})
"""Fields of a line whose change makes Odoo take the price list's price, unless the price is in the same write (261)."""

KEPT_PRICE: Final = ("price_unit", "discount")


@dataclass(frozen=True, slots=True)
class Action:
    """A method that moves a record into a state, and the context it needs."""

    method: str
    context: Mapping[str, Any]


CHOSEN: Final[Mapping[str, Mapping[str, str]]] = {"sale.order": {"currency_id": "pricelist_id"}}
"""Model -> field that follows from another one -> the one that is written: an order's currency is its price list's,
and a currency written by itself changes the label only (266)."""

STATE: Final = "state"
DATED: Final[Mapping[tuple[str, str], str]] = {("sale.order", "sale"): "date_order"}
"""Model and state -> the date that the action sets to this very moment (269): the day of the order is put back."""
ACTIONS: Final[Mapping[str, Mapping[str, Action]]] = {
    "sale.order": {
        "sale": Action("action_confirm", {}),  # 268; `write` of the state would make no deliveries (280)
        "cancel": Action("action_cancel", {"disable_cancel_warning": True}),  # 18 opens a wizard otherwise (276, 340)
        "draft": Action("action_draft", {}),
    },
    "purchase.order": {
        "purchase": Action("button_confirm", {}),
        "cancel": Action("button_cancel", {}),
        "draft": Action("button_draft", {}),
    },
    "account.move": {"posted": Action("action_post", {}), "cancel": Action("button_cancel", {})},
}
"""Model -> state -> how to get there."""


def renamed(model: str, fields: Mapping[str, Any]) -> dict[str, str]:
    """Names of the mapping -> names of this server, where it is older than 19."""
    return {new: old for new, old in RENAMED.get(model, {}).items() if new not in fields and old in fields}


def acted(model: str, name: str) -> bool:
    """Whether a field is moved by actions, and not written."""
    return name == STATE and model in ACTIONS
