"""Prices of an Item: each is a document of its own, one for a list, a unit and a time. Pure.

`standard_rate` of an Item makes a price when the item is made and is dead afterwards (recordings 138-140), so a price
is read and written where it is, by the path `Item_Price.Standard_Selling`: an underscore stands for a blank in the
list's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from bridge.adapters.erpnext.client import Row

PRICE: Final = "Item Price"
RATE: Final = "price_list_rate"
HEAD: Final = "Item_Price"
_SPECIAL: Final = ("customer", "supplier", "batch_no")
"""What makes a price one for somebody, not the list's."""


def list_of(path: str) -> str | None:
    """The price list that a path names; None if it names none."""
    head, _, rest = path.partition(".")
    return rest.replace("_", " ") if head == HEAD and rest and "." not in rest else None


def columns(known: Mapping[str, object]) -> list[str]:
    """What to ask of the prices. known: the fields that this site's Item Price has."""
    wanted = ["item_code", "price_list", RATE, "uom", "valid_from", "valid_upto", *_SPECIAL]
    own = [name for name in wanted if name in known]
    return ["name", "modified", "modified_by", "creation", *own, "item_code.stock_uom as stock_uom"]


def current(rows: Sequence[Row], price_list: str, today: str) -> Row | None:
    """The one price that counts today: of this list, for everybody, in the item's own unit, the latest that holds.

    today: ISO date at the site. A price that begins or ends later is seen when its document or its item changes, and by
    the full comparison.
    """
    fit = [
        row
        for row in rows
        if row.get("price_list") == price_list
        and not any(row.get(name) for name in _SPECIAL)
        and row.get("uom") in (None, "", row.get("stock_uom"))
        and str(row.get("valid_from") or "") <= today
        and not ("" < str(row.get("valid_upto") or "") < today)
    ]
    return max(fit, key=lambda row: (str(row.get("valid_from") or ""), str(row["creation"])), default=None)


def new_price(item: str, price_list: str, rate: Any) -> dict[str, Any]:
    """The document of a price that is not there yet; unit, currency and first day are filled by the site (141)."""
    return {"doctype": PRICE, "item_code": item, "price_list": price_list, RATE: rate}
