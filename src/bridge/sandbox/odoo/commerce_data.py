"""What sales, stock and accounting find in a fresh database: units, taxes, price lists, a warehouse with its places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge.sandbox.odoo.environment import Environment

_UNITS = (("Units", 1.0), ("Dozens", 12.0), ("kg", 1.0), ("g", 0.001), ("Hours", 1.0), ("m", 1.0), ("L", 1.0))
_TAXES = (("15%", 15.0), ("0%", 0.0), ("19%", 19.0), ("7%", 7.0))
_STAGES = (("New", False), ("Qualified", False), ("Proposition", False), ("Won", True))


def install_commerce(env: Environment, make: Callable[..., int]) -> None:
    """Fill the tables. make: makes one record of a model."""
    category: dict[str, Any] = {}
    if env.version == "18":
        category = {"category_id": make(env, "uom.category", {"name": "Unit"})}
    for name, size in _UNITS:
        make(env, "uom.uom", {"name": name, "factor_inv": size, "factor": 1 / size, **category})
    make(env, "product.category", {"name": "All"})
    for name, amount in _TAXES:
        make(env, "account.tax", {"name": name, "amount": amount, "company_id": 1})
    make(env, "product.pricelist", {"name": "Default", "currency_id": 1})
    make(env, "account.payment.term", {"name": "Immediate Payment"})
    make(env, "account.payment.term", {"name": "30 Days"})
    for place, (name, won) in enumerate(_STAGES):
        make(env, "crm.stage", {"name": name, "sequence": place, "is_won": won})
    _install_places(env, make)


def _install_places(env: Environment, make: Callable[..., int]) -> None:
    def place(name: str, usage: str, above: int | bool = False) -> int:
        return make(env, "stock.location", {"name": name, "usage": usage, "location_id": above, "company_id": 1})

    partners, virtual = place("Partners", "view"), place("Virtual Locations", "view")
    place("Vendors", "supplier", partners)
    place("Customers", "customer", partners)
    place("Inventory adjustment", "inventory", virtual)
    view = place("WH", "view")
    stock = place("Stock", "internal", view)
    house = make(env, "stock.warehouse", {"name": "YourCompany", "code": "WH", "lot_stock_id": stock, "company_id": 1})
    for name, code in (("Receipts", "incoming"), ("Delivery Orders", "outgoing"), ("Internal Transfers", "internal")):
        values = {"name": name, "code": code, "warehouse_id": house, "default_location_src_id": stock}
        make(env, "stock.picking.type", values)
