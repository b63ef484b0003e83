"""What must hold at rest, asked of the systems themselves: no edit lost (G1), all in step (G2), no duplicate (G4)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from bridge.engine.agreement import compare
from bridge.ports.work import Canonical
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps
from reliability.soak.company import SYSTEMS, Company
from reliability.soak.ledger import Ledger, Word
from reliability.soak.process import run_name

KNOWN_BY = {
    "crm": {"Account": "VAT__c", "Contact": "Email", "Product2": "ProductCode", "Order": "PoNumber"},
    "erp": {"res.partner": "vat", "product.product": "default_code", "sale.order": "client_order_ref"},
    "fin": {"Customer": "tax_id", "Item": "item_code", "Sales Order": "po_no"},
}
"""system -> kind of record -> what people know it by: never given twice by a user of one system."""

FACTS = ("partly shipped", "shipped", "invoiced", "closed")
"""Statuses of an order that no ERP lets itself be told."""


def out_of_step(company: Company, ledger: Ledger, store: Database) -> list[str]:
    """G2: what does not show the golden value, by a fresh look at every system.

    Left out: records that a user deleted (Odoo does not tell that), and those that are missing because they wait for
    one that was; what an ERP does not let itself be told of an order (see `Orders`).
    """
    config = company.configuration()
    adapters = make_adapters(config)
    try:
        found = compare(store, adapters, make_maps(config)).disagreements
    finally:
        for adapter in adapters.values():
            adapter.close()
    orders = Orders(store)
    with store.begin() as uow:
        waiting = {(entry.system, entry.golden_id) for entry in uow.entries(["held"], 1_000_000)}
    return [
        f"{one.system} {one.entity} {one.native_id or '(missing)'} {one.unit} of {one.golden_id}"
        for one in found
        if (one.system, one.entity, one.native_id) not in ledger.removed
        and (one.native_id or (one.system, one.golden_id) not in waiting)
        and not orders.settled(one.system, one.golden_id, one.unit)
    ]


class Orders:
    """What becomes of orders that an ERP is done with: the status of each, by golden id."""

    def __init__(self, store: Database) -> None:
        with store.begin() as uow:
            goldens = uow.goldens("order", uow.golden_page("order", "", 1_000_000))
        self._statuses = {golden_id: golden.values.get("status") for golden_id, golden in goldens.items()}

    def settled(self, system: str, golden_id: str, unit: str) -> bool:
        """Whether the system takes no word on it: another house's shipment, or an edit of a cancelled document."""
        status = self._statuses.get(golden_id)
        if system == "fin" and status == "cancelled":
            return True
        return unit == "status" and status in FACTS and system in ("erp", "fin")


def left_over(store: Database) -> list[str]:
    """Entries that nothing but a person can bring on, although no system is out of order."""
    orders = Orders(store)
    with store.begin() as uow:
        entries = uow.entries(["pending", "leased", "waiting", "in_doubt", "dead"], 1_000_000)
    return [
        f"{entry.system} {entry.entity} {entry.golden_id} {entry.state}: {entry.error}"
        for entry in entries
        if not (entry.state == "dead" and orders.settled(entry.system, entry.golden_id, ""))
    ]


def lost_words(ledger: Ledger, store: Database) -> list[str]:
    """G1: words that are neither agreed, nor overwritten later than they were said, nor in the journal since."""
    lost = []
    with store.begin() as uow:
        journal: dict[tuple[str, str], list[tuple[str, Canonical]]] = defaultdict(list)
        for conflict in uow.conflicts(limit=1_000_000):
            for proposal in conflict.proposals:
                journal[conflict.golden_id, conflict.unit].append((conflict.run, proposal.value))
        for word in ledger.words.values():
            system, entity, native_id = word.place
            link = uow.links(system, entity, [native_id]).get(native_id)
            if link is None or not link.golden_id:
                if link is None or link.state != "review":
                    lost.append(f"never taken in: {word}")
                continue
            golden = uow.goldens(entity, [link.golden_id])[link.golden_id]
            said = [(run_name(word.cycle), golden.values.get(word.unit)), *journal[golden.id, word.unit]]
            for row in uow.history(entity, golden.id, 1_000_000):
                if row.unit == word.unit:
                    said += [(row.run, row.old), (row.run, row.new)]
            since = run_name(word.cycle)
            if not any(run >= since and _says(value, word) for run, value in said):
                lost.append(str(word))
    return lost


def _says(value: Canonical, word: Word) -> bool:
    if word.member:
        value = value.get(word.member) if isinstance(value, dict) else None
    return value == word.value


def duplicates(company: Company) -> list[str]:
    """G4: what people know a record by, or the golden id it carries, is there twice in one system."""
    return [
        f"{system} {what} {key!r}: {number} times"
        for system in SYSTEMS
        for what, keys in _keys(company, system)
        for key, number in Counter(keys).items()
        if number > 1 and key
    ]


def _keys(company: Company, system: str) -> Iterator[tuple[str, list[Any]]]:
    dump = company.control(system, "GET", "dump")
    for kind, name in KNOWN_BY[system].items():
        rows = [row for row in dump.get(kind, {}).values() if _counts(system, kind, row)]
        yield f"{kind}.{name}", [row.get(name) for row in rows]
    key = {"crm": "Bridge_Id__c", "fin": "custom_bridge_id"}.get(system)
    if key:
        for kind, rows in dump.items():
            yield f"{kind}.{key}", [row.get(key) for row in rows.values() if isinstance(row, dict)]
    else:
        rows = [row for row in dump["ir.model.data"].values() if str(row["module"]).startswith("bridge")]
        yield "external id", [(row["module"], row["name"]) for row in rows]
        yield "external id of", [(row["model"], row["res_id"]) for row in rows]


def _counts(system: str, kind: str, row: Any) -> bool:
    if kind == "Sales Order":
        return bool(row["docstatus"] != 2)  # amended: the cancelled one stays beside it
    return bool(row["is_company"]) if kind == "res.partner" else True  # people carry their company's tax number


def misplaced_stock(company: Company, ledger: Ledger) -> list[str]:
    """No movement lost, none booked twice: every system shows the sum of what users moved."""
    shown = stock(company)
    wrong = []
    for sku, moved in sorted(ledger.moved.items()):
        for system in SYSTEMS:
            there = shown[system].get(sku, Decimal(0))
            if there != moved:
                wrong.append(f"{system} shows {there} of {sku}, users moved {moved}")
    return wrong


def stock(company: Company) -> dict[str, dict[str, Decimal]]:
    """system -> SKU -> what lies there."""
    codes = {id_: row["ProductCode"] for id_, row in company.rows("crm", "Product2").items()}
    levels = company.rows("crm", "Stock_Level__c").values()
    crm = {codes[row["Product__c"]]: _number(row["On_Hand__c"]) for row in levels if row["Product__c"] in codes}
    products = company.odoo(
        "product.product", "search_read", domain=[["active", "in", [True, False]]], fields=["default_code"]
    )
    skus = {row["id"]: row["default_code"] for row in products}
    quants = company.odoo(
        "stock.quant",
        "search_read",
        domain=[["location_id.complete_name", "=", "WH/Stock"]],
        fields=["product_id", "quantity"],
    )
    erp = {skus[row["product_id"][0]]: _number(row["quantity"]) for row in quants if row["product_id"][0] in skus}
    bins = company.rows("fin", "Bin").values()
    fin = {row["item_code"]: _number(row["actual_qty"]) for row in bins if row["warehouse"] == "Stores - AC"}
    return {"crm": crm, "erp": erp, "fin": fin}


def _number(shown: Any) -> Decimal:
    return Decimal(str(shown or 0)).normalize() + 0
