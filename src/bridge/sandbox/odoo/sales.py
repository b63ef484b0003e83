"""Sales orders: numbers, prices, sums, states. Recorded behaviour by number; the rest as the modules are written."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from bridge.sandbox.odoo.errors import UserError
from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.products import currency_digits, exact, is_stocked, rounded
from bridge.sandbox.odoo.reading import named_as
from bridge.sandbox.odoo.store import Row


@named_as("SaleOrder")
class SaleOrder(Importing):
    """Orders."""

    def action_confirm(self) -> bool:
        """Confirm, and send what is stocked on its way."""
        self._require_existing()
        rows = self._rows()
        if any(row["state"] not in ("draft", "sent") for row in rows.values()):
            raise UserError("Some orders are not in a state requiring confirmation.")  # 270
        for record in rows:
            for line in self._lines(record):
                if not line["product_id"] and not line["display_type"]:
                    raise UserError(  # 343
                        "Some order lines are missing a product, you need to correct them before going further."
                        if self._env.version == "19"
                        else "A line on these orders missing a product, you cannot confirm it."
                    )
        for record in rows:
            self._set(record, {"state": "sale", "date_order": self._env.store.stamp})
            self._other("stock.picking")._deliver(record)
            self._settle(record)
        return True

    def action_cancel(self) -> Any:
        """Cancel. On 18 a confirmed order opens a dialogue first, unless the context says not to (276, 340)."""
        self._require_existing()
        for record, row in self._rows().items():
            if row["locked"]:
                raise UserError("You cannot cancel a locked order. Please unlock it first.")
            asks = self._env.version == "18" and row["state"] != "draft"
            if asks and not self._env.context.get("disable_cancel_warning"):
                return {
                    "name": "Cancel Sales Order",
                    "view_mode": "form",
                    "res_model": "sale.order.cancel",
                    "view_id": 1226,
                    "type": "ir.actions.act_window",
                    "context": {
                        "default_template_id": 20,
                        "default_order_id": record,
                        "mark_so_as_canceled": True,
                        "default_email_layout_xmlid": "mail.mail_notification_layout_with_responsible_signature",
                        "model_description": "Sales Order",
                    },
                    "target": "new",
                }
        for record in self._rows():
            self._set(record, {"state": "cancel"})
            self._other("stock.picking", self._env.store.where("stock.picking", "sale_id", [record]))._cancel()
            self._settle(record)
        return True

    def action_draft(self) -> bool:
        """Back to a quotation, of what was cancelled or sent."""
        for record, row in self._rows().items():
            if row["state"] in ("cancel", "sent"):
                self._set(record, {"state": "draft"})
                self._settle(record)
        return True

    def action_quotation_sent(self) -> None:
        """Mark as sent."""
        for record in self._rows():
            self._set(record, {"state": "sent"})

    def action_lock(self) -> None:
        """Lock."""
        for record in self._rows():
            self._set(record, {"locked": True})

    def action_unlock(self) -> None:
        """Unlock."""
        for record in self._rows():
            self._set(record, {"locked": False})

    def action_update_prices(self) -> None:
        """Take the price list's prices for all lines."""
        for record in self._rows():
            for line in self._env.store.where("sale.order.line", "order_id", [record]):
                self._other("sale.order.line", [line])._reprice(line)
            self._sum(record)

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        store = self._env.store
        if vals.get("pricelist_id"):
            vals["currency_id"] = store.tables["product.pricelist"][vals["pricelist_id"]]["currency_id"]
        if not creating:
            return vals
        if vals.get("name", "New") == "New":  # what the field holds until the sequence has numbered it
            vals["name"] = f"S{store.peek('sale.order'):05}"
        vals.setdefault("date_order", store.stamp.strftime("%Y-%m-%d %H:%M:%S"))
        vals.setdefault("currency_id", store.tables["res.company"][1]["currency_id"])
        vals.setdefault("company_id", 1)
        vals.setdefault("warehouse_id", 1)
        vals.setdefault("user_id", self._env.uid)
        partner = vals.get("partner_id")
        if isinstance(partner, int) and partner in store.tables["res.partner"]:
            found = self._other("res.partner", [partner]).address_get(["invoice", "delivery"])
            vals.setdefault("partner_invoice_id", found["invoice"])
            vals.setdefault("partner_shipping_id", found["delivery"])
        return vals

    def _worked_out_defaults(self) -> dict[str, Any]:
        return {"company_id": 1, "date_order": self._env.store.stamp.strftime("%Y-%m-%d %H:%M:%S")}  # 189

    def _unlink(self) -> None:
        for row in self._rows().values():
            if row["state"] not in ("draft", "cancel"):
                raise UserError(
                    "You can not delete a sent quotation or a confirmed sales order. You must first cancel it."
                )
        for record in self._rows():
            lines = self._env.store.where("sale.order.line", "order_id", [record])
            for line in lines:
                self._env.store.put("sale.order.line", line, None)
        super()._unlink()

    def _rows(self) -> dict[int, Row]:
        return {record: self._env.store.tables["sale.order"][record] for record in self._existing()}

    def _lines(self, record: int) -> list[Row]:
        table = self._env.store.tables["sale.order.line"]
        return [table[line] for line in self._env.store.where("sale.order.line", "order_id", [record])]

    def _set(self, record: int, values: dict[str, Any]) -> None:
        store = self._env.store
        store.update("sale.order", record, {**values, "write_date": store.stamp, "write_uid": self._env.uid})

    def _sum(self, record: int) -> None:
        """The order's sums; they stamp it only where they change."""
        lines = self._lines(record)
        row = self._env.store.tables["sale.order"][record]
        digits = currency_digits(self._env, row["currency_id"])
        net = sum((exact(line["price_subtotal"]) for line in lines), Decimal(0))
        gross = sum((exact(line["price_total"]) for line in lines), Decimal(0))
        values = {
            "amount_untaxed": rounded(net, digits),
            "amount_tax": rounded(gross - net, digits),
            "amount_total": rounded(gross, digits),
        }
        if any(row[name] != value for name, value in values.items()):
            self._set(record, values)

    def _settle(self, record: int) -> None:
        """Delivery and invoice status, from the lines."""
        row = self._env.store.tables["sale.order"][record]
        lines = [line for line in self._lines(record) if not line["display_type"]]
        stocked = [line for line in lines if is_stocked(self._env, line["product_id"]) and line["product_uom_qty"]]
        delivered: str | None = None
        if row["state"] == "sale" and stocked:
            done = [exact(line["qty_delivered"]) >= exact(line["product_uom_qty"]) for line in stocked]
            some = any(exact(line["qty_delivered"]) for line in stocked)
            delivered = "full" if all(done) else "partial" if some else "pending"
        billed = "no"
        if row["state"] == "sale" and lines:
            all_billed = all(exact(line["qty_invoiced"]) >= exact(line["product_uom_qty"]) for line in lines)
            billed = "invoiced" if all_billed else "to invoice"
        values = {"delivery_status": delivered, "invoice_status": billed}
        if any(row[name] != value for name, value in values.items()):
            self._set(record, values)


@named_as("SaleAdvancePaymentInv")
class SaleAdvancePaymentInv(Importing):
    """The dialogue that invoices orders."""

    def create_invoices(self) -> dict[str, Any]:
        """Invoice the orders of the context in full."""
        store = self._env.store
        for order in self._env.context.get("active_ids") or ():
            row = store.tables["sale.order"][order]
            for line in store.where("sale.order.line", "order_id", [order]):
                quantity = store.tables["sale.order.line"][line]["product_uom_qty"]
                store.update("sale.order.line", line, {"qty_invoiced": quantity})
            names = ("partner_id", "currency_id", "amount_untaxed", "amount_tax", "amount_total")
            values = {name: row[name] for name in names}
            origin = {"move_type": "out_invoice", "invoice_origin": row["name"], "amount_residual": row["amount_total"]}
            self._other("account.move")._create([{**values, **origin}])
            self._other("sale.order", [order])._settle(order)
        return {"type": "ir.actions.act_window", "res_model": "account.move"}
