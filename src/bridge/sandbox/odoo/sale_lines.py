"""Lines of orders: what Odoo fills in, works out and refuses. By number: recordings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridge.sandbox.odoo.errors import UserError
from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.products import currency_digits, digits_of, exact, rounded
from bridge.sandbox.odoo.reading import named_as

_PRICED_BY = frozenset({"product_id", "product_uom_qty", "product_uom", "product_uom_id"})
_LOCKED = {"product_uom_qty": "Quantity", "price_unit": "Unit Price", "product_id": "Product", "discount": "Discount"}
_CONFIRMED_UNLINK = (
    "Once a sales order is confirmed, you can't remove one of its lines (we need to track if something gets invoiced "
    "or delivered).\n                Set the quantity to 0 instead."
)


@named_as("SaleOrderLine")
class SaleOrderLine(Importing):
    """Lines: the price goes back to the price list's unless it is written with what it depends on (261)."""

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if "product_uom_qty" in vals:
            vals["product_uom_qty"] = rounded(
                exact(float(vals["product_uom_qty"] or 0)), digits_of(self._env, "quantity")
            )
        if "price_unit" in vals:
            price = exact(float(vals["price_unit"] or 0))
            vals["price_unit"] = float(price)
            if self._env.version == "18":
                vals["price_unit"] = rounded(price, digits_of(self._env, "Product Price"))
        if not creating:
            self._refuse(vals)
            return vals
        product = self._env.store.get("product.product", vals.get("product_id") or 0)
        if product is not None:
            taxes, unit = self._names()
            vals.setdefault("name", self._env.display_name("product.product", vals["product_id"]))
            vals.setdefault(unit, product["uom_id"])
            if taxes not in vals:
                vals[taxes] = [[6, 0, list(product["taxes_id"] or ())]]
            vals.setdefault("price_unit", self._list_price(vals["product_id"], vals.get(unit)))
        vals["technical_price_unit"] = vals.get("price_unit", 0.0)
        return vals

    def _names(self) -> tuple[str, str]:
        return ("tax_ids", "product_uom_id") if self._env.version == "19" else ("tax_id", "product_uom")

    def _refuse(self, vals: dict[str, Any]) -> None:
        store = self._env.store
        for record in self._existing():
            row = store.tables["sale.order.line"][record]
            order = store.tables["sale.order"][row["order_id"]]
            locked = [label for name, label in _LOCKED.items() if name in vals]
            if order["locked"] and locked:
                raise UserError(
                    "It is forbidden to modify the following fields in a locked order:\n" + "\n".join(locked)
                )
            other = vals.get("product_id", row["product_id"]) != row["product_id"]
            if self._env.version == "19" and order["state"] == "sale" and other:
                raise UserError("You cannot modify the product of this order line.")  # 274

    def _created(self, ids: list[int], vals_list: list[dict[str, Any]]) -> None:
        """Taxes are applied after this, so that sums come with `_apply_lists`."""

    def _apply_lists(self, record: int, lists: dict[str, Any]) -> None:
        super()._apply_lists(record, lists)
        self._reckon(record)

    def _write(self, vals: dict[str, Any]) -> None:
        before = {record: dict(self._env.store.tables["sale.order.line"][record]) for record in self._existing()}
        super()._write(vals)
        for record, row in before.items():
            if "price_unit" in vals and not _PRICED_BY & set(vals):
                continue  # priced by itself: from now on a manual price
            if "price_unit" in vals:
                self._env.store.update(self._model.name, record, {"technical_price_unit": vals["price_unit"]})
            elif _PRICED_BY & set(vals) and row["technical_price_unit"] == row["price_unit"]:
                self._reprice(record)
            self._reckon(record)
        self._follow(list(before), vals)

    def _unlink(self) -> None:
        store = self._env.store
        orders = set()
        for record in self._existing():
            order = store.tables["sale.order.line"][record]["order_id"]
            if store.tables["sale.order"][order]["state"] == "sale":
                raise UserError(_CONFIRMED_UNLINK)
            orders.add(order)
        super()._unlink()
        for order in orders:
            self._other("sale.order", [order])._sum(order)

    def _follow(self, ids: list[int], vals: dict[str, Any]) -> None:
        """A changed quantity of a confirmed order changes what has to be delivered."""
        if "product_uom_qty" not in vals:
            return
        for record in ids:
            order = self._env.store.tables["sale.order.line"][record]["order_id"]
            if self._env.store.tables["sale.order"][order]["state"] == "sale":
                self._other("stock.picking")._deliver(order)
                self._other("sale.order", [order])._settle(order)

    def _reprice(self, record: int) -> None:
        row = self._env.store.tables["sale.order.line"][record]
        _, unit = self._names()
        price = self._list_price(row["product_id"], row[unit]) if row["product_id"] else row["price_unit"]
        self._env.store.update(self._model.name, record, {"price_unit": price, "technical_price_unit": price})
        self._reckon(record)

    def _list_price(self, product: int, unit: int | None) -> float:
        """The list price for one of the line's unit: a dozen costs twelve times as much."""
        row = self._env.store.tables["product.product"][product]
        units = self._env.store.tables["uom.uom"]
        mine, own = units.get(unit or 0), units.get(row["uom_id"] or 0)
        price = exact(row["list_price"])
        if mine is not None and own is not None and mine is not own:
            price = price * exact(mine["factor_inv"]) / exact(own["factor_inv"])
        return float(price)

    def _reckon(self, record: int) -> None:
        """The line's sums, and the order's."""
        store = self._env.store
        row = store.tables["sale.order.line"][record]
        order = store.tables["sale.order"][row["order_id"]]
        digits = currency_digits(self._env, order["currency_id"])
        taxes, _ = self._names()
        net = exact(row["product_uom_qty"]) * exact(row["price_unit"]) * (100 - exact(row["discount"])) / 100
        net = exact(rounded(net, digits))
        rates = [exact(store.tables["account.tax"][tax]["amount"]) for tax in row[taxes] or ()]
        tax = sum((exact(rounded(net * rate / 100, digits)) for rate in rates), Decimal(0))
        values = {"price_subtotal": float(net), "price_tax": float(tax), "price_total": float(net + tax)}
        store.update("sale.order.line", record, values)
        self._other("sale.order", [row["order_id"]])._sum(row["order_id"])
