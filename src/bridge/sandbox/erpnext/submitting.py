"""Submitting and cancelling, and what may still be changed afterwards. Recordings 179 to 207, 386, 412 to 415."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from bridge.sandbox.erpnext.checks import Doc
from bridge.sandbox.erpnext.doctypes import DocType
from bridge.sandbox.erpnext.errors import thrown
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.erpnext.warehouse import exact

_WORDS = {0: "Draft", 1: "Submitted", 2: "Cancelled"}


def transition(site: Site, doc: Doc, before: Doc, meta: DocType) -> None:
    """Raises where a document may not go from one state to the other, or may not be changed in its state."""
    was, now = int(before.get("docstatus") or 0), int(doc.get("docstatus") or 0)
    if not meta.head.is_submittable:
        return
    if was == 2:
        raise thrown("ValidationError", "Cannot edit cancelled document")
    if (was, now) not in ((0, 0), (0, 1), (1, 1), (1, 2)):
        text = f"Cannot change docstatus from {was} ({_WORDS[was]}) to {now} ({_WORDS.get(now, now)})"
        raise thrown("DocstatusTransitionError", text)
    if was == 1 and now == 1:
        frozen(doc, before, meta)
    if now == 2:
        for other, name in holders(site, meta.name, str(doc["name"])):
            text = f"Cannot delete or cancel because {meta.name} {doc['name']} is linked with {other} {name}"
            raise thrown("LinkExistsError", text)


def frozen(doc: Doc, before: Doc, meta: DocType) -> None:
    """Raises UpdateAfterSubmitError where a field changes that may not after submission."""
    for each in meta.columns:
        given = each.has("is_custom_field") or not each.has("read_only") or each.name == "customer_name"
        if each.has("allow_on_submit") or each.name in ("status",) or not given:
            continue
        if (doc.get(each.name) or None) != (before.get(each.name) or None):
            old, new = before.get(each.name), doc.get(each.name)
            moved = f"from <strong>{old}</strong> to <strong>{new}</strong>"
            text = f" Not allowed to change <strong>{each.label}</strong> after submission {moved}"
            raise thrown("UpdateAfterSubmitError", text)  # 180, 182
    for table in meta.tables:
        old = {str(row["name"]): row for row in before.get(table.name) or ()}
        new = {str(row.get("name")): row for row in doc.get(table.name) or ()}
        if set(old) != set(new) or any(_moved(new[name], row) for name, row in old.items()):
            raise thrown(
                "UpdateAfterSubmitError", f"Not allowed to change <strong>{table.label}</strong> after submission"
            )


def _moved(row: Doc, old: Doc) -> bool:
    return any((row.get(name) or 0) != (old.get(name) or 0) for name in ("item_code", "qty", "rate", "uom"))


def holders(site: Site, doctype: str, name: str) -> Iterator[tuple[str, str]]:
    """Submitted documents that were made of this one."""
    links = {"Sales Order": (("Delivery Note", "against_sales_order"), ("Sales Invoice", "sales_order"))}
    for other, column in links.get(doctype, ()):
        for row in site.tables.all(f"{other} Item"):
            if row.get(column) == name and site.value(other, row["parent"], "docstatus") == 1:
                yield other, str(row["parent"])


def update_items(site: Site, args: Any) -> None:
    """`update_child_qty_rate`: quantities and rates of a submitted order, rows added and taken out (186)."""
    from bridge.sandbox.erpnext.documents import load
    from bridge.sandbox.erpnext.selling import SalesOrder, refresh

    doctype, name = str(args["parent_doctype"]), str(args["parent_doctype_name"])
    wanted = json.loads(str(args["trans_items"]))
    doc = load(site, doctype, name)
    table = f"{doctype} Item"
    kept = {str(row.get("docname")) for row in wanted if row.get("docname")}
    for row in doc["items"]:
        if str(row["name"]) not in kept:
            if row.get("delivered_qty"):
                raise thrown(
                    "ValidationError",
                    f"Row #{row['idx']}: Cannot delete item {row['item_code']} which has been delivered",
                )
            site.tables.remove(table, row["name"])
    stamp = {"modified": site.now(), "modified_by": site.user}
    for place, given in enumerate(wanted, 1):
        held = site.tables.get(table, given.get("docname")) if given.get("docname") else None
        row = dict(held) if held else {
            **dict.fromkeys(site.meta(table).row_order), "name": site.hash(), "parent": name, "parenttype": doctype,
            "parentfield": "items", "owner": site.user, "creation": site.now(), "docstatus": 1, "delivered_qty": 0.0,
            "billed_amt": 0.0,
        }  # fmt: skip
        row.update({key: given[key] for key in ("item_code", "qty", "rate", "delivery_date", "uom") if key in given})
        site.tables.put(table, {**row, "idx": place, **stamp})
    order = load(site, doctype, name)
    sales = SalesOrder()
    for row in order["items"]:
        sales._row(site, order, row)
        listed = exact(row.get("price_list_rate"))
        if listed > exact(row["rate"]):
            row["discount_percentage"] = float(round((1 - exact(row["rate"]) / listed) * 100, 3))  # 190
        site.tables.put(table, site.columns(site.meta(table), {**row, "parent": name}))
    sales._sums(site, order)
    own = ("total_qty", "total", "net_total", "total_taxes_and_charges", "grand_total", "rounded_total")
    sums = (*own, "base_net_total", "base_grand_total")
    refresh(site, name, **{key: order[key] for key in sums})
    sales.saved(site, order, order)
