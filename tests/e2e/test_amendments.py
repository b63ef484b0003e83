"""Records that go on under another name: an order amended in ERPNext, a customer renamed there."""

from __future__ import annotations

from typing import Any

from e2e.conftest import Site
from e2e.test_orders import LINES, confirmed, crm_edit, dec, fin, odoo, quiet, wanted


def cancel(site: Site) -> dict[str, Any]:
    """Finance cancels the one order to amend it; answers it as it was."""
    (order,) = fin(site, "GET", "resource/Sales Order")
    document: dict[str, Any] = fin(site, "GET", f"resource/Sales Order/{order['name']}")
    fin(site, "POST", "method/frappe.client.cancel", doctype="Sales Order", name=order["name"])
    return document


def amend(site: Site, before: dict[str, Any], more: float) -> str:
    """The form's button Amend: a copy of all that may be copied; then somebody orders more of everything."""
    names = ("item_code", "rate", "delivery_date", "custom_bridge_line")
    items = [{**{name: row[name] for name in names}, "qty": row["qty"] + more} for row in before["items"]]
    head = ("customer", "company", "transaction_date", "delivery_date", "po_no", "currency")
    values = {name: before[name] for name in head}
    made = fin(site, "POST", "resource/Sales Order", items=items, amended_from=before["name"], **values)
    return str(made["name"])


def crm(site: Site) -> dict[str, Any]:
    dump = site.control("crm", "GET", "dump")
    codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
    (order,) = dump["Order"].values()
    rows = dump["OrderItem"].values()
    lines = {codes[row["Product2Id"]]: (dec(row["Quantity"]), dec(row["UnitPrice"])) for row in rows}
    return {"status": order["Status"], "lines": lines, "count": len(rows)}


def more_of_each(by: int) -> dict[str, tuple[Any, Any]]:
    return wanted({sku: (str(int(quantity) + by), price) for sku, (quantity, price) in LINES.items()})


def test_an_amended_order_goes_on_as_the_same_order(site: Site) -> None:
    confirmed(site)
    name = amend(site, cancel(site), 1)
    fin(site, "PUT", f"resource/Sales Order/{name}", docstatus=1)
    site.sync()
    assert crm(site) == {"status": "Activated", "lines": more_of_each(1), "count": 3}
    (order,) = odoo(site, "sale.order", "search_read", domain=[], fields=["state", "amount_untaxed"])
    assert (order["state"], dec(order["amount_untaxed"])) == ("sale", dec(fin_net(site, name)))
    assert len(fin(site, "GET", "resource/Sales Order")) == 2, "the cancelled one and its amendment"
    quiet(site)
    fin(site, "PUT", f"resource/Sales Order/{name}", po_no="PO-1 amended")
    site.sync()
    (row,) = site.control("crm", "GET", "dump")["Order"].values()
    assert row["PoNumber"] == "PO-1 amended", "edits of the amendment are edits of the order"
    quiet(site)


def fin_net(site: Site, name: str) -> Any:
    return fin(site, "GET", f"resource/Sales Order/{name}")["net_total"]


def test_while_the_amendment_is_a_draft_nobody_is_told_anything(site: Site) -> None:
    confirmed(site)
    name = amend(site, cancel(site), 2)
    quiet(site)
    assert crm(site) == {"status": "Activated", "lines": wanted(LINES), "count": 3}
    fin(site, "PUT", f"resource/Sales Order/{name}", docstatus=1)
    site.sync()
    assert crm(site) == {"status": "Activated", "lines": more_of_each(2), "count": 3}
    quiet(site)


def test_an_order_is_amended_twice(site: Site) -> None:
    confirmed(site)
    for _ in range(2):
        names = [
            row["name"] for row in fin(site, "GET", 'resource/Sales Order?fields=["name"]&filters={"docstatus":1}')
        ]
        before = fin(site, "GET", f"resource/Sales Order/{names[0]}")
        fin(site, "POST", "method/frappe.client.cancel", doctype="Sales Order", name=names[0])
        name = amend(site, before, 1)
        fin(site, "PUT", f"resource/Sales Order/{name}", docstatus=1)
        site.sync()
    assert name.endswith("-2")
    assert crm(site) == {"status": "Activated", "lines": more_of_each(2), "count": 3}
    quiet(site)


def test_what_the_erp_changes_goes_to_the_amendment(site: Site) -> None:
    confirmed(site)
    name = amend(site, cancel(site), 1)
    fin(site, "PUT", f"resource/Sales Order/{name}", docstatus=1)
    site.sync()
    (line, *_) = odoo(site, "sale.order.line", "search", domain=[])
    (row,) = odoo(site, "sale.order.line", "read", [line], fields=["price_unit", "product_uom_qty"])
    odoo(site, "sale.order.line", "write", [line], vals={"product_uom_qty": 9, "price_unit": row["price_unit"]})
    site.sync()
    assert dec(9) in {quantity for quantity, _ in crm(site)["lines"].values()}
    assert 9.0 in {item["qty"] for item in fin(site, "GET", f"resource/Sales Order/{name}")["items"]}
    quiet(site)


def test_a_customer_renamed_and_edited_at_once_is_edited_not_met_anew(site: Site) -> None:
    values = {"Name": "Alba GmbH", "Website": "https://alba.example"}
    (account,) = site.seed("crm", [{"object": "Account", "values": values}])
    site.sync()
    fin(site, "POST", "method/frappe.client.rename_doc", doctype="Customer", old_name="Alba GmbH", new_name="Alba AG")
    fin(site, "PUT", "resource/Customer/Alba AG", website="https://ag.example", customer_name="Alba AG")
    crm_edit(site, "Account", account, Description="A note")
    site.sync()
    (row,) = site.control("crm", "GET", "dump")["Account"].values()
    assert (row["Name"], row["Website"]) == ("Alba AG", "https://ag.example")
    assert fin(site, "GET", "resource/Customer/Alba AG")["customer_details"] == "A note"
    assert "none" in site.bridge("conflicts", "list")
    quiet(site)


def change_the_mapping(site: Site) -> None:
    path = site.folder / "mappings" / "customer.yaml"
    path.write_text(path.read_text().replace("fin: website}", "fin: website, conflict: prefer erp > crm}"))


def test_a_customer_renamed_before_the_mapping_changes_goes_on_as_the_same_customer(site: Site) -> None:
    """Everything is read again then, and a full reading does not tell what went on under another name."""
    (account,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH"}}])
    site.sync()
    fin(site, "POST", "method/frappe.client.rename_doc", doctype="Customer", old_name="Alba GmbH", new_name="Alba AG")
    change_the_mapping(site)
    site.sync()
    crm_edit(site, "Account", account, Description="A note")
    site.sync()
    assert fin(site, "GET", "resource/Customer/Alba AG")["customer_details"] == "A note"
    assert len(site.control("crm", "GET", "dump")["Account"]) == 1
    quiet(site)


def test_a_customer_deleted_before_the_mapping_changes_is_known_to_be_gone(site: Site) -> None:
    (account,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH"}}])
    site.sync()
    site.control("crm", "POST", "delete", object="Account", id=account)
    change_the_mapping(site)
    site.sync()
    assert '"state": "gone"' in site.bridge("explain", "fin:customer:Alba GmbH", "--json")
