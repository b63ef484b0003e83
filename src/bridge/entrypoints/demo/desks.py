"""People at work in the three systems: what a clerk does on each vendor's own screen, by the vendor's own API."""

from __future__ import annotations

from typing import Any

import requests

from bridge.entrypoints.demo.servers import NoSandbox, Sandbox

_PATIENCE = 60
Seed = dict[str, Any]


class SalesDesk:
    """The front office, in Salesforce."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def rows(self, object_: str) -> dict[str, dict[str, Any]]:
        """All records of an object by id."""
        found: dict[str, dict[str, Any]] = self._sandbox.control("GET", "dump").get(object_, {})
        return found

    def products(self, prices: dict[str, str]) -> dict[str, str]:
        """Products with their standard prices; SKU -> id of the price entry."""
        book = next(iter(self.rows("Pricebook2")))
        products = self._sandbox.seed([
            _seed("Product2", Name=f"Pump {sku}", ProductCode=sku, IsActive=True, QuantityUnitOfMeasure="Each")
            for sku in prices
        ])  # fmt: skip
        entries = self._sandbox.seed([
            _seed("PricebookEntry", Product2Id=product, Pricebook2Id=book, UnitPrice=price, IsActive=True)
            for product, price in zip(products, prices.values(), strict=True)
        ])  # fmt: skip
        return dict(zip(prices, entries, strict=True))

    def order(self, account: str, reference: str, entries: dict[str, str], lines: dict[str, tuple[str, str]]) -> str:
        """A draft. lines: SKU -> quantity and price."""
        values = {"AccountId": account, "EffectiveDate": "2026-01-01", "EndDate": "2026-01-20", "Status": "Draft",
                  "Pricebook2Id": next(iter(self.rows("Pricebook2"))), "PoNumber": reference}  # fmt: skip
        (made,) = self._sandbox.seed([_seed("Order", **values)])
        self._sandbox.seed([
            _seed("OrderItem", OrderId=made, PricebookEntryId=entries[sku], Quantity=quantity, UnitPrice=price)
            for sku, (quantity, price) in lines.items()
        ])  # fmt: skip
        return made

    def activate(self, order: str) -> None:
        """The order is agreed."""
        self._sandbox.edit("Order", order, Status="Activated")


class WarehouseDesk:
    """The back office with the warehouse, in Odoo."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def call(self, model: str, method: str, given: list[Any] | None = None, **named: Any) -> Any:
        """One call of execute_kw. given: ids, or the values of what is created."""
        args = ["acme", 2, "admin", model, method, [given] if given is not None else [], named]
        body = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": args}}
        answer = requests.post(f"{self._sandbox.url}/jsonrpc", json=body, timeout=_PATIENCE).json()
        if "error" in answer:
            raise NoSandbox(f"the odoo sandbox refused {method}: {answer['error']['data']['message']}")
        return answer.get("result")

    def price_list(self, currency: str) -> None:
        """Orders in this currency can be kept."""
        (found,) = self.call("res.currency", "search", domain=[["name", "=", currency]])
        self.call("product.pricelist", "create", [{"name": currency, "currency_id": found}])

    def count(self, quantities: dict[str, int]) -> None:
        """What lies in the warehouse is counted."""
        products = self._ids(list(quantities))
        quants = self.call(
            "stock.quant",
            "create",
            [
                {"product_id": products[sku], "location_id": self._place(), "inventory_quantity": quantity}
                for sku, quantity in quantities.items()
            ],
            context={"inventory_mode": True},
        )
        self.call("stock.quant", "action_apply_inventory", quants)

    def ship(self, reference: str) -> None:
        """Everything of one order leaves the house."""
        (order,) = self.call("sale.order", "search", domain=[["client_order_ref", "=", reference]])
        pickings = self.call("stock.picking", "search", domain=[["sale_id", "=", order], ["state", "!=", "done"]])
        self.call("stock.picking", "action_assign", pickings)
        self.call("stock.picking", "button_validate", pickings)

    def cancel(self, reference: str) -> None:
        """An order is taken back."""
        found = self.call("sale.order", "search", domain=[["client_order_ref", "=", reference]])
        self.call("sale.order", "action_cancel", found, context={"disable_cancel_warning": True})

    def sell(self, sku: str, quantity: int) -> None:
        """Sold over the counter: a transfer out of the house."""
        (customers,) = self.call("stock.location", "search", domain=[["usage", "=", "customer"]], limit=1)
        (kind,) = self.call("stock.picking.type", "search", domain=[["code", "=", "outgoing"]], limit=1)
        ends = {"location_id": self._place(), "location_dest_id": customers}
        move = {"name": sku, "product_id": self._ids([sku])[sku], "product_uom_qty": quantity, **ends}
        made = self.call("stock.picking", "create", [{"picking_type_id": kind, **ends, "move_ids": [[0, 0, move]]}])
        for method in ("action_confirm", "action_assign", "button_validate"):
            self.call("stock.picking", method, made)

    def orders(self) -> list[dict[str, Any]]:
        """Reference, state and sum of each order."""
        fields = ["client_order_ref", "state", "delivery_status", "amount_untaxed", "currency_id"]
        found: list[dict[str, Any]] = self.call("sale.order", "search_read", domain=[], fields=fields)
        return found

    def stock(self) -> dict[str, Any]:
        """SKU -> what lies in the warehouse."""
        skus = {id_: sku for sku, id_ in self._ids(None).items()}
        rows = self.call("stock.quant", "search_read", domain=[["location_id", "=", self._place()]],
                         fields=["product_id", "quantity"])  # fmt: skip
        return {skus[row["product_id"][0]]: row["quantity"] for row in rows if row["product_id"][0] in skus}

    def _ids(self, skus: list[str] | None) -> dict[str, int]:
        domain = [["default_code", "in", skus]] if skus else [["default_code", "!=", False]]
        rows = self.call("product.product", "search_read", domain=domain, fields=["default_code"])
        return {row["default_code"]: row["id"] for row in rows}

    def _place(self) -> int:
        (place,) = self.call("stock.location", "search", domain=[["complete_name", "=", "WH/Stock"]])
        return int(place)


class FinanceDesk:
    """Finance, with a small shop of its own, in ERPNext."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """One REST request."""
        answer = requests.request(
            method,
            f"{self._sandbox.url}/api/resource/{path}",
            json=body or None,
            headers={"Authorization": "token key:secret"},
            timeout=_PATIENCE,
        )
        if not answer.ok:
            raise NoSandbox(f"the erpnext sandbox refused {path}: {answer.text[:300]}")
        return answer.json()["data"]

    def sell(self, sku: str, quantity: int) -> None:
        """Sold in the shop: a Material Issue."""
        item = {"item_code": sku, "qty": quantity, "s_warehouse": "Stores - AC", "allow_zero_valuation_rate": 1}
        self.ask("POST", "Stock Entry", stock_entry_type="Material Issue", docstatus=1, company="Acme", items=[item])

    def orders(self) -> list[dict[str, Any]]:
        """Reference, status and sum of each order."""
        found: list[dict[str, Any]] = self.ask("GET", 'Sales Order?fields=["po_no","status","net_total","currency"]')
        return found

    def stock(self) -> dict[str, Any]:
        """SKU -> what lies in the warehouse."""
        rows = self.ask("GET", 'Bin?fields=["item_code","actual_qty"]&filters=[["warehouse","=","Stores - AC"]]')
        return {row["item_code"]: row["actual_qty"] for row in rows}


def _seed(object_: str, **values: Any) -> Seed:
    return {"object": object_, "values": values}
