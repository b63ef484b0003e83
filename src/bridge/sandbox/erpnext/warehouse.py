"""Stock: bins, entries, counts. Recorded behaviour by number."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from bridge.sandbox.erpnext.controllers import Controller, Doc, register
from bridge.sandbox.erpnext.errors import Refusal, thrown
from bridge.sandbox.erpnext.site import Site


def exact(number: Any) -> Decimal:
    """A stored number as what was meant; what is none counts as nothing, as frappe's flt has it (379)."""
    try:
        return Decimal(repr(number)) if isinstance(number, float) else Decimal(str(number or 0))
    except InvalidOperation:
        return Decimal(0)


class Ledger:
    """Books into bins."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def book(self, item: str, warehouse: str, by: Decimal, doc: Doc) -> None:
        """Move a quantity. Raises NegativeStockError where there is too little."""
        row = self._bin(item, warehouse)
        there = exact(row["actual_qty"]) + by
        if there < 0 and by < 0:
            kind = doc.get("stock_entry_type") or doc.get("customer_name") or doc.get("name")
            short = f"<strong>{float(-there)}</strong> units of Item {self._site.value('Item', item, 'item_name')}"
            when = f"on {self._site.now()} for {doc.get('doctype')} {kind}"
            text = f"{short} needed in Warehouse {warehouse} {when} to complete this transaction."  # 220
            raise thrown("NegativeStockError", text, "Insufficient Stock")
        self._put(row, {"actual_qty": float(there)})

    def set(self, item: str, warehouse: str, to: Decimal, rate: Any = None) -> None:
        """A count: whatever was there, this is there now."""
        values: dict[str, Any] = {"actual_qty": float(to)}
        if rate is not None:
            values["valuation_rate"] = float(exact(rate))
        self._put(self._bin(item, warehouse), values)

    def held(self, item: str, warehouse: str) -> dict[str, Any] | None:
        """The bin, if there is one."""
        return next((row for row in self._of(item, "Bin") if row["warehouse"] == warehouse), None)

    def knows(self, item: str) -> bool:
        """Whether anything was booked or reserved of an item."""
        if any(exact(row["actual_qty"]) or exact(row["reserved_qty"]) for row in self._of(item, "Bin")):
            return True
        booked = ("Stock Entry Detail", "Stock Reconciliation Item", "Delivery Note Item")
        return any(row.get("docstatus") for name in booked for row in self._of(item, name))

    def _of(self, item: str, doctype: str) -> list[dict[str, Any]]:
        """The rows of a doctype that are about an item."""
        found = self._site.tables.having(doctype, "item_code", [item])
        return [row for row in found if row["item_code"] == item]

    def reserve(self, item: str, warehouse: str) -> None:
        """What submitted orders still have to deliver from here."""
        total = Decimal(0)
        for row in self._of(item, "Sales Order Item"):
            order = self._site.tables.get("Sales Order", row["parent"]) or {}
            opened = order.get("docstatus") == 1 and order.get("status") not in ("Closed", "Cancelled", "Draft")
            if opened and row.get("warehouse") == warehouse:
                total += max(Decimal(0), exact(row["qty"]) - exact(row.get("delivered_qty")))
        held = self.held(item, warehouse)
        if held is None and not total:
            return
        row = held or self._bin(item, warehouse)
        if exact(row["reserved_qty"]) != total:
            self._put(row, {"reserved_qty": float(total)})

    def _bin(self, item: str, warehouse: str) -> dict[str, Any]:
        found = self.held(item, warehouse)
        if found is not None:
            return found
        uom = self._site.value("Item", item, "stock_uom")
        self._site.make("Bin", {"item_code": item, "warehouse": warehouse, "stock_uom": uom})
        made = self.held(item, warehouse)
        assert made is not None
        return made

    def _put(self, row: dict[str, Any], values: dict[str, Any]) -> None:
        changed = {**row, **values, "modified": self._site.now(), "modified_by": self._site.user}
        projected = exact(changed["actual_qty"]) + exact(changed["ordered_qty"]) - exact(changed["reserved_qty"])
        self._site.tables.put("Bin", {**changed, "projected_qty": float(projected)})


class StockEntry(Controller):
    """Receipts, issues, transfers."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Places that the type demands."""
        doc["posting_date"] = doc.get("posting_date") or site.now()[:10]
        for row in doc.get("items") or ():
            if exact(row.get("qty")) <= 0:
                raise thrown("ValidationError", f"Row {row['idx']}: Qty is mandatory")
            if doc.get("stock_entry_type") != "Material Receipt" and not row.get("s_warehouse"):
                raise thrown("ValidationError", f"Source warehouse is mandatory for row {row['idx']}")
            if doc.get("stock_entry_type") != "Material Issue" and not row.get("t_warehouse"):
                raise thrown("ValidationError", f"Target warehouse is mandatory for row {row['idx']}")
            if not site.value("Item", row["item_code"], "is_stock_item"):
                raise thrown("ValidationError", f"{row['item_code']} is not a stock Item")

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Book, once it is submitted or cancelled."""
        was, now = int((before or {}).get("docstatus") or 0), int(doc.get("docstatus") or 0)
        if now == was or not now:
            return
        sign, ledger = (1 if now == 1 else -1), Ledger(site)
        for row in doc["items"]:
            if row.get("s_warehouse"):
                ledger.book(str(row["item_code"]), str(row["s_warehouse"]), -sign * exact(row["qty"]), doc)
            if row.get("t_warehouse"):
                ledger.book(str(row["item_code"]), str(row["t_warehouse"]), sign * exact(row["qty"]), doc)


class StockReconciliation(Controller):
    """Counts."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Refuse what cannot be counted; lines without a change are left out (301)."""
        if before is not None:
            return
        ledger = Ledger(site)
        seen: set[tuple[str, str]] = set()
        changed = []
        for row in doc.get("items") or ():
            item, place = str(row.get("item_code")), str(row.get("warehouse"))
            where = f"Row # {row['idx']}:"
            if (item, place) in seen:
                raise _listed(f"{where} Same item and warehouse combination already entered.")
            seen.add((item, place))
            if exact(row.get("qty")) < 0:
                raise _listed(f"{where} Negative Quantity is not allowed")
            if site.value("Warehouse", place, "is_group"):
                raise thrown("ValidationError", "Group node warehouse is not allowed to select for transactions")
            if site.value("Item", item, "disabled"):
                raise _listed(f"{where} Item {item} is disabled")  # 218
            if not site.value("Item", item, "is_stock_item"):
                raise _listed(f"{where} {item} is not a stock Item")
            held = ledger.held(item, place)
            known = held is not None and exact(held.get("valuation_rate"))
            if known and held is not None:
                row["valuation_rate"] = row.get("valuation_rate") or held["valuation_rate"]  # 296
            nothing = row.get("valuation_rate") in (None, 0, 0.0) and not row.get("allow_zero_valuation_rate")
            if not known and nothing and exact(row.get("qty")):
                raise thrown("ValidationError", f"Valuation Rate required for Item {item} at row {row['idx']}")  # 297
            if held is None or exact(held["actual_qty"]) != exact(row.get("qty")):
                changed.append(row)
        if not changed:
            text = "None of the items have any change in quantity or value."
            raise thrown("EmptyStockReconciliationItemsError", text)
        doc["items"] = [{**row, "idx": number} for number, row in enumerate(changed, 1)]

    def saved(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Set, once it is submitted."""
        was, now = int((before or {}).get("docstatus") or 0), int(doc.get("docstatus") or 0)
        if now == 1 and was == 0:
            ledger = Ledger(site)
            for row in doc["items"]:
                rate = row.get("valuation_rate") or None
                ledger.set(str(row["item_code"]), str(row["warehouse"]), exact(row.get("qty")), rate)


def _listed(text: str) -> Refusal:
    """All that is wrong with the rows is told as a list (216)."""
    return thrown("ValidationError", str([text]))


class Bin(Controller):
    """Bins; only the administrator may write one by hand, and breaks the ledger with it (225, 226)."""

    def validate(self, site: Site, doc: Doc, before: Doc | None) -> None:
        """Refuse everybody else."""
        if before is not None and site.user != "Administrator":
            raise thrown("PermissionError", "Not permitted")


class Warehouse(Controller):
    """Named by its name and the company's letters."""

    def autoname(self, site: Site, doc: Doc) -> str:
        """ "Stores - AC" """
        return f"{doc.get('warehouse_name')} - {site.value('Company', doc.get('company'), 'abbr')}"


register({
    "Stock Entry": StockEntry(),
    "Stock Reconciliation": StockReconciliation(),
    "Bin": Bin(),
    "Warehouse": Warehouse(),
})  # fmt: skip
