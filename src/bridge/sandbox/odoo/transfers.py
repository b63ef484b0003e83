"""Transfers: goods that leave, come, or change their place. By number: recordings."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridge.sandbox.odoo.errors import UserError
from bridge.sandbox.odoo.products import exact, is_stocked
from bridge.sandbox.odoo.reading import named_as
from bridge.sandbox.odoo.stock import Ledger
from bridge.sandbox.odoo.store import Row


@named_as("StockPicking")
class StockPicking(Ledger):
    """Transfers."""

    def action_confirm(self) -> bool:
        """Mark as to be done."""
        for record in self._existing():
            self._state(record, "confirmed")
        self.action_assign()
        return True

    def action_assign(self) -> bool:
        """Reserve what is there; what comes from outside needs no reservation."""
        for record in self._existing():
            for move, row in self._moves(record).items():
                if row["state"] in ("done", "cancel", "assigned"):
                    continue
                wanted, free = exact(row["product_uom_qty"]), self._free(row)
                taken = wanted if free is None else max(Decimal(0), min(wanted, free))
                if free is not None and taken:
                    self._book(row["product_id"], row["location_id"], Decimal(0), taken)
                held = exact(row["quantity"]) or taken
                state = "assigned" if held >= wanted else "partially_available" if held else "confirmed"
                self._env.store.update("stock.move", move, {"quantity": float(held), "state": state})
            states = {row["state"] for row in self._moves(record).values()}
            self._state(record, "assigned" if states <= {"assigned", "done"} else "confirmed")
        return True

    def button_validate(self) -> Any:
        """Book. Where less was picked than was ordered a dialogue asks what to do with the rest."""
        self._require_existing()
        for record in self._existing():
            moves = self._moves(record)
            done = {
                move: exact(row["quantity"]) for move, row in moves.items() if row["state"] not in ("done", "cancel")
            }
            if not any(done.values()):
                raise UserError(  # 297
                    "You cannot validate a transfer if no quantities are reserved. "
                    "To force the transfer, encode quantities."
                )
            less = any(quantity < exact(moves[move]["product_uom_qty"]) for move, quantity in done.items())
            if less and not self._env.context.get("skip_backorder"):
                return {
                    "name": "Create Backorder?",
                    "type": "ir.actions.act_window",
                    "view_mode": "form",
                    "res_model": "stock.backorder.confirmation",
                    "views": [[1018, "form"]],
                    "view_id": 1018,
                    "target": "new",
                    "context": {
                        "button_validate_picking_ids": list(self._ids),
                        "default_show_transfers": False,
                        "default_pick_ids": [[4, one] for one in self._ids],
                    },
                }
        for record in self._existing():
            self._done(record)
        return True

    def action_cancel(self) -> bool:
        """Give up."""
        self._cancel()
        return True

    def _cancel(self) -> None:
        for record in self._existing():
            for move, row in self._moves(record).items():
                if row["state"] == "done":
                    continue
                if row["state"] in ("assigned", "partially_available") and self._free(row) is not None:
                    self._book(row["product_id"], row["location_id"], Decimal(0), -exact(row["quantity"]))
                self._env.store.update("stock.move", move, {"state": "cancel", "quantity": 0.0})
            if self._env.store.tables["stock.picking"][record]["state"] != "done":
                self._state(record, "cancel")

    def _deliver(self, order: int) -> None:
        """What a confirmed order still needs goes into a delivery of its own."""
        store = self._env.store
        row = store.tables["sale.order"][order]
        source, target = (
            store.tables["stock.warehouse"][row["warehouse_id"] or 1]["lot_stock_id"],
            self._virtual("customer"),
        )
        lines = []
        for line in store.where("sale.order.line", "order_id", [order]):
            held = store.tables["sale.order.line"][line]
            if not is_stocked(self._env, held["product_id"]):
                continue
            moves = [store.tables["stock.move"][one] for one in store.where("stock.move", "sale_line_id", [line])]
            sent = sum((exact(one["product_uom_qty"]) for one in moves if one["state"] != "cancel"), Decimal(0))
            missing = exact(held["product_uom_qty"]) - sent
            if missing > 0:
                lines.append({
                    "name": held["name"], "product_id": held["product_id"], "product_uom_qty": float(missing),
                    "location_id": source, "location_dest_id": target, "sale_line_id": line, "origin": row["name"],
                })  # fmt: skip
        if lines:
            kinds = store.tables["stock.picking.type"]
            kind = next(record for record, one in kinds.items() if one["code"] == "outgoing")
            values = {"origin": row["name"], "partner_id": row["partner_shipping_id"], "picking_type_id": kind,
                      "location_id": source, "location_dest_id": target, "sale_id": order,
                      "move_ids": [[0, 0, line] for line in lines]}  # fmt: skip
            made = self._create([values])
            self._browse(made).action_confirm()

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if creating:
            vals.setdefault("name", f"WH/{self._env.store.peek('stock.picking'):05}")
            vals.setdefault("company_id", 1)
        return vals

    def _done(self, record: int) -> None:
        store = self._env.store
        orders = set()
        for move, row in self._moves(record).items():
            if row["state"] in ("done", "cancel"):
                continue
            quantity = exact(row["quantity"])
            if self._usage(row["location_id"]) == "internal":
                held = quantity if row["state"] in ("assigned", "partially_available") else Decimal(0)
                self._book(row["product_id"], row["location_id"], -quantity, -held)
            else:
                self._book(row["product_id"], row["location_id"], -quantity)
            self._book(row["product_id"], row["location_dest_id"], quantity)
            store.update("stock.move", move, {"state": "done", "product_uom_qty": float(quantity), "date": store.stamp})
            self._line(move)
            if row["sale_line_id"]:
                line = store.tables["sale.order.line"][row["sale_line_id"]]
                delivered = float(exact(line["qty_delivered"]) + quantity)
                store.update("sale.order.line", row["sale_line_id"], {"qty_delivered": delivered})
                orders.add(line["order_id"])
        self._state(record, "done")
        store.update("stock.picking", record, {"date_done": store.stamp})
        for order in orders:
            self._deliver(order)
            self._other("sale.order", [order])._settle(order)

    def _moves(self, record: int) -> dict[int, Row]:
        table = self._env.store.tables["stock.move"]
        return {move: table[move] for move in self._env.store.where("stock.move", "picking_id", [record])}

    def _free(self, row: Row) -> Decimal | None:
        """What may be reserved at the source; None where it is no place of the company's."""
        if self._usage(row["location_id"]) != "internal":
            return None
        found = self._quant(row["product_id"], row["location_id"])
        if found is None:
            return Decimal(0)
        quant = self._env.store.tables["stock.quant"][found]
        return exact(quant["quantity"]) - exact(quant["reserved_quantity"])

    def _usage(self, location: int) -> str:
        return str(self._env.store.tables["stock.location"][location]["usage"])

    def _state(self, record: int, state: str) -> None:
        self._env.store.update("stock.picking", record, {"state": state, "write_date": self._env.store.stamp})
