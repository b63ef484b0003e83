"""Invoices and purchase orders, as far as others show them."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.odoo.importing import Importing
from bridge.sandbox.odoo.reading import named_as


@named_as("AccountMove")
class AccountMove(Importing):
    """Invoices, as far as they are shown elsewhere."""

    def action_post(self) -> None:
        """Book."""
        for record in self._existing():
            store = self._env.store
            name = store.tables["account.move"][record]["name"] or f"INV/{store.stamp.year}/{record:05}"
            values = {"state": "posted", "name": name, "write_date": store.stamp}
            store.update("account.move", record, values)


@named_as("PurchaseOrder")
class PurchaseOrder(Importing):
    """Purchase orders."""

    def button_confirm(self) -> bool:
        """Order."""
        return self._move("purchase")

    def button_cancel(self) -> bool:
        """Cancel."""
        return self._move("cancel")

    def button_draft(self) -> bool:
        """Back to a request."""
        return self._move("draft")

    def _move(self, state: str) -> bool:
        for record in self._existing():
            self._env.store.update("purchase.order", record, {"state": state, "write_date": self._env.store.stamp})
        return True

    def _prepare(self, vals: dict[str, Any], creating: bool) -> dict[str, Any]:
        if creating:
            vals.setdefault("name", f"P{self._env.store.peek('purchase.order'):05}")
            vals.setdefault("currency_id", 1)
            vals.setdefault("date_order", self._env.store.stamp.strftime("%Y-%m-%d %H:%M:%S"))
        return vals
