"""Users who trade: orders through their states, and goods that are moved in two warehouses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from reliability.soak.company import Company, Refused
from reliability.soak.ledger import Ledger
from reliability.soak.users import Users

PLENTY = 1000
"""Of each product at the beginning: no shipment fails for want of goods."""


@dataclass
class Trade:
    """The sales people, the warehouses and finance. Every act answers what was done; a system may refuse it."""

    company: Company
    users: Users
    ledger: Ledger
    luck: Random

    def acts(self) -> dict[Callable[[], str], int]:
        """Each act with its weight."""
        return {
            self.order_in_crm: 2,
            self.order_in_odoo: 1,
            self.order_in_erpnext: 1,
            self.change_reference: 2,
            self.change_quantity: 2,
            self.confirm: 3,
            self.ship: 2,
            self.cancel: 1,
            self.close: 1,
            self.receive: 2,
            self.move_in_odoo: 3,
            self.move_in_erpnext: 3,
        }

    def furnish(self) -> None:
        """What an Odoo needs to keep orders in euros."""
        euro = self.company.odoo("res.currency", "search", domain=[["name", "=", "EUR"]])[0]
        self.book = self.company.odoo("product.pricelist", "create", [{"name": "Euro", "currency_id": euro}])[0]

    # orders

    def order_in_crm(self) -> str:
        reference, lines = self._reference(), self._lines("crm")
        rows = [{"Product2Id": product, "Quantity": quantity, "UnitPrice": price} for product, quantity, price in lines]
        customer = self.users.some("customer", "crm")
        values = {
            "AccountId": customer,
            "EffectiveDate": self._today(),
            "EndDate": self._today(20),
            "Status": "Draft",
            "PoNumber": reference,
            "OrderItems": rows,
        }
        return self._made("crm", self.company.insert("crm", "Order", **values), reference)

    def order_in_odoo(self) -> str:
        reference, customer = self._reference(), int(self.users.some("customer", "erp"))
        rows = [
            [0, 0, {"product_id": int(product), "product_uom_qty": quantity, "price_unit": float(price)}]
            for product, quantity, price in self._lines("erp")
        ]
        values = {"partner_id": customer, "client_order_ref": reference, "pricelist_id": self.book, "order_line": rows}
        (made,) = self.company.odoo("sale.order", "create", [values])
        return self._made("erp", str(made), reference)

    def order_in_erpnext(self) -> str:
        reference, customer = self._reference(), self.users.some("customer", "fin")
        rows = [
            {"item_code": product, "qty": quantity, "rate": price, "delivery_date": self._today(20)}
            for product, quantity, price in self._lines("fin")
        ]
        made = self.company.erpnext(
            "POST",
            "resource/Sales Order",
            customer=customer,
            company="Acme",
            items=rows,
            transaction_date=self._today(),
            delivery_date=self._today(20),
            po_no=reference,
            currency="EUR",
        )
        return self._made("fin", str(made["name"]), reference)

    def _made(self, system: str, id_: str, reference: str) -> str:
        self.users.made(system, "order", id_)
        self.users.say(system, "order", id_, "customer_reference", reference)
        return f"{system}: order {id_} {reference}"

    def change_reference(self) -> str:
        """The customer's number for the order is corrected, by whoever."""
        system, reference = self.luck.choice(("crm", "erp")), self._reference()
        id_ = self.users.some("order", system)
        if system == "crm":
            self.company.edit("crm", "Order", id_, PoNumber=reference)
        else:
            self.company.odoo("sale.order", "write", [int(id_)], vals={"client_order_ref": reference})
        self.users.say(system, "order", id_, "customer_reference", reference)
        return f"{system}: order {id_} is now {reference}"

    def change_quantity(self) -> str:
        """A line of a draft in the CRM, or of a confirmed order in Odoo."""
        quantity = self.luck.randint(1, 9)
        if self.luck.random() < 0.5:
            order = self.users.some("order", "crm")
            items = {id_: row for id_, row in self.company.rows("crm", "OrderItem").items() if row["OrderId"] == order}
            line = self.luck.choice(sorted(items) or [""])
            key, before = items.get(line, {}).get("Bridge_Line__c"), items.get(line, {}).get("Quantity")
            self.company.edit("crm", "OrderItem", line, Quantity=quantity)
            place = "crm"
        else:
            order = self.users.some("order", "erp")
            lines = self.company.odoo("sale.order.line", "search", domain=[["order_id", "=", int(order)]])
            line = self.luck.choice(lines or [0])
            (row,) = self.company.odoo("sale.order.line", "read", [line])
            key, before = row.get("x_bridge_line"), row["product_uom_qty"]
            self.company.odoo("sale.order.line", "write", [line], vals={"product_uom_qty": quantity})
            place = "erp"
        if key and Decimal(str(before)) != quantity:
            self.users.say(place, "order", order, f"lines[{key}].quantity", str(quantity))
        return f"{place}: {quantity} in line {line} of order {order}"

    def confirm(self) -> str:
        if self.luck.random() < 0.5:
            order = self._order("crm", "Order", "Status", ("Draft",))
            self.company.edit("crm", "Order", order, Status="Activated")
            return f"crm: order {order} activated"
        order = self._order("erp", "sale.order", "state", ("draft",))
        self.company.odoo("sale.order", "action_confirm", [int(order)])
        return f"erp: order {order} confirmed"

    def ship(self) -> str:
        """Odoo's warehouse sends all of an order."""
        order = self._order("erp", "sale.order", "state", ("sale",))
        pickings = self.company.odoo(
            "stock.picking", "search", domain=[["sale_id", "=", int(order)], ["state", "in", ["confirmed", "assigned"]]]
        )
        if not pickings:
            raise Refused(f"erp: nothing of order {order} is left to ship")
        with _Moved(self, "erp"):
            self.company.odoo("stock.picking", "action_assign", pickings)
            self.company.odoo("stock.picking", "button_validate", pickings, context={"skip_backorder": True})
        return f"erp: order {order} shipped"

    def cancel(self) -> str:
        if self.luck.random() < 0.5:
            order = self._order("crm", "Order", "Status", ("Draft", "Activated"))
            self.company.edit("crm", "Order", order, Status="Cancelled")
            return f"crm: order {order} cancelled"
        order = self._order("erp", "sale.order", "state", ("draft", "sale"))
        self.company.odoo("sale.order", "action_cancel", [int(order)], context={"disable_cancel_warning": True})
        return f"erp: order {order} cancelled"

    def close(self) -> str:
        """Finance closes an order: what is left of it will never be delivered."""
        order = self._order("fin", "Sales Order", "status", ("To Deliver and Bill",))
        method = "method/erpnext.selling.doctype.sales_order.sales_order.update_status"
        self.company.erpnext("POST", method, status="Closed", name=order)
        return f"fin: order {order} closed"

    def _order(self, system: str, kind: str, name: str, states: tuple[str, ...]) -> str:
        known = {*self.users.known.get(("order", system), ()), *self.users.fresh["order", system]}
        found = [id_ for id_, row in self.company.rows(system, kind).items() if id_ in known and row[name] in states]
        if not found:
            raise Refused(f"{system} has no order that is {' or '.join(states)}")
        return self.luck.choice(sorted(found))

    def _lines(self, system: str) -> list[tuple[str, int, str]]:
        products = list(dict.fromkeys(self.users.some("product", system) for _ in range(self.luck.randint(1, 3))))
        return [(product, self.luck.randint(1, 9), f"{self.luck.randint(1, 500)}.25") for product in products]

    def _reference(self) -> str:
        return f"PO-{self.users.number()}"

    def _today(self, later: int = 0) -> str:
        from datetime import timedelta

        return (self.company.timeline.now + timedelta(days=later)).date().isoformat()

    # goods

    def receive(self) -> str:
        """A product is counted for the first time: there is plenty of it."""
        skus = self._skus("erp")
        new = sorted((sku for sku in skus if sku not in self.ledger.moved), key=lambda sku: int(sku[2:]))
        if not new:
            raise Refused("everything was counted already")
        with _Moved(self, "erp"):
            quants = self.company.odoo(
                "stock.quant",
                "create",
                [{"product_id": skus[new[0]], "location_id": self._place(), "inventory_quantity": PLENTY}],
                context={"inventory_mode": True},
            )
            self.company.odoo("stock.quant", "action_apply_inventory", quants)
        return f"erp: {PLENTY} of {new[0]} counted"

    def move_in_odoo(self) -> str:
        """A warehouse worker books goods in or out of WH/Stock."""
        skus = self._skus("erp")
        sku, by = self._stocked(set(skus)), self._by()
        stock = self._place()
        (other,) = self.company.odoo("stock.location", "search", domain=[["usage", "=", "inventory"]], limit=1)
        (kind,) = self.company.odoo("stock.picking.type", "search", domain=[["code", "=", "internal"]])
        source, target = (other, stock) if by > 0 else (stock, other)
        ends = {"location_id": source, "location_dest_id": target}
        move = {"name": "moved", "product_id": skus[sku], "product_uom_qty": abs(by), **ends}
        with _Moved(self, "erp"):
            made = self.company.odoo(
                "stock.picking", "create", [{"picking_type_id": kind, **ends, "move_ids": [[0, 0, move]]}]
            )
            for method in ("action_confirm", "action_assign", "button_validate"):
                self.company.odoo("stock.picking", method, made)
        return f"erp: {by:+} of {sku}"

    def move_in_erpnext(self) -> str:
        """A Material Receipt or a Material Issue."""
        bins = self.company.rows("fin", "Bin").values()
        there = {row["item_code"]: float(row["actual_qty"]) for row in bins if row["warehouse"] == "Stores - AC"}
        sku, by = self._stocked({sku for sku, quantity in there.items() if quantity > 50}), self._by()
        row = {
            "item_code": sku,
            "qty": abs(by),
            "t_warehouse" if by > 0 else "s_warehouse": "Stores - AC",
            "allow_zero_valuation_rate": 1,
        }
        kind = "Material Receipt" if by > 0 else "Material Issue"
        with _Moved(self, "fin"):
            self.company.erpnext(
                "POST", "resource/Stock Entry", stock_entry_type=kind, docstatus=1, company="Acme", items=[row]
            )
        return f"fin: {by:+} of {sku}"

    def _by(self) -> int:
        return self.luck.choice((-5, -3, -2, -1, 1, 2, 4))

    def _stocked(self, there: set[str]) -> str:
        skus = sorted(set(self.ledger.moved) & there)
        if not skus:
            raise Refused("nothing was counted yet")
        return self.luck.choice(skus)

    def _skus(self, system: str) -> dict[str, int]:
        rows: list[dict[str, Any]] = self.company.odoo(
            "product.product", "search_read", domain=[], fields=["default_code"]
        )
        return {row["default_code"]: row["id"] for row in rows if str(row["default_code"]).startswith("S-")}

    def _place(self) -> int:
        (place,) = self.company.odoo("stock.location", "search", domain=[["complete_name", "=", "WH/Stock"]])
        return int(place)

    def there(self, system: str) -> dict[str, Decimal]:
        """SKU -> what lies in the warehouse of a system now."""
        if system == "fin":
            rows = self.company.rows("fin", "Bin").values()
            return {r["item_code"]: _number(r["actual_qty"]) for r in rows if r["warehouse"] == "Stores - AC"}
        skus = {id_: sku for sku, id_ in self._skus("erp").items()}
        quants = self.company.odoo(
            "stock.quant",
            "search_read",
            domain=[["location_id", "=", self._place()]],
            fields=["product_id", "quantity"],
        )
        return {skus[q["product_id"][0]]: _number(q["quantity"]) for q in quants if q["product_id"][0] in skus}


@dataclass
class _Moved:
    """What an act moves goes to the ledger: the difference that it makes, also where it is refused half-way."""

    trade: Trade
    system: str

    def __enter__(self) -> None:
        self.before = self.trade.there(self.system)

    def __exit__(self, *_: object) -> None:
        for sku, quantity in self.trade.there(self.system).items():
            moved = quantity - self.before.get(sku, Decimal(0))
            if moved:
                self.trade.ledger.moved[sku] += moved


def _number(shown: Any) -> Decimal:
    return Decimal(str(shown or 0)).normalize() + 0
