"""An order's life between a CRM and two ERPs, over real HTTP: taken, confirmed, shipped, changed, cancelled."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import requests

from e2e.conftest import Site

LINES = {"SKU-1": ("3", "19.99"), "SKU-2": ("12", "0.35"), "SKU-3": ("1", "1499")}


def odoo(site: Site, model: str, method: str, ids: list[int] | None = None, **named: Any) -> Any:
    """One call of a user of Odoo."""
    args: list[Any] = ["acme", 2, "admin", model, method, [ids] if ids is not None else [], named]
    body = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": args}}
    answer = requests.post(f"{site.servers['erp'].url}/jsonrpc", json=body, timeout=30).json()
    assert "error" not in answer, answer["error"]["data"]["message"]
    return answer.get("result")


def fin(site: Site, method: str, path: str, **body: Any) -> Any:
    """One request of a user of ERPNext."""
    url = f"{site.servers['fin'].url}/api/{path}"
    answer = requests.request(method, url, json=body or None, headers={"Authorization": "token key:secret"}, timeout=30)
    assert answer.ok, answer.text
    return answer.json().get("data", answer.json().get("message"))


def begin(site: Site, lines: dict[str, tuple[str, str]] | None = None, **order: Any) -> str:
    """A customer, products with stock prices, and an order in the CRM; answers the order's id."""
    lines = lines or LINES
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    site.seed("erp", [{"object": "product.pricelist", "values": {"name": "Euro", "currency_id": euro}}])
    (account,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH", "VAT__c": "DE123456789"}}])
    books = site.control("crm", "GET", "dump")["Pricebook2"]
    products = site.seed("crm", [
        {"object": "Product2", "values": {"Name": f"Thing {sku}", "ProductCode": sku, "IsActive": True,
                                          "QuantityUnitOfMeasure": "Each"}}
        for sku in lines
    ])  # fmt: skip
    entries = site.seed("crm", [
        {"object": "PricebookEntry", "values": {"Product2Id": product, "Pricebook2Id": next(iter(books)),
                                                "UnitPrice": price, "IsActive": True}}
        for product, (_, price) in zip(products, lines.values(), strict=True)
    ])  # fmt: skip
    values = {"AccountId": account, "EffectiveDate": "2026-01-01", "EndDate": "2026-01-20", "Status": "Draft",
              "Pricebook2Id": next(iter(books)), "PoNumber": "PO-1", **order}  # fmt: skip
    (made,) = site.seed("crm", [{"object": "Order", "values": values}])
    site.seed("crm", [
        {"object": "OrderItem", "values": {"OrderId": made, "PricebookEntryId": entry, "Quantity": quantity,
                                           "UnitPrice": price}}
        for entry, (quantity, price) in zip(entries, lines.values(), strict=True)
    ])  # fmt: skip
    return made


def crm_edit(site: Site, what: str, id_: str, **values: Any) -> None:
    site.control("crm", "POST", "edit", object=what, id=id_, values=values)


def shown(site: Site) -> dict[str, dict[str, Any]]:
    """The one order as each system shows it: state, net sum, lines by SKU."""
    dump = site.control("crm", "GET", "dump")
    codes = {id_: row["ProductCode"] for id_, row in dump["Product2"].items()}
    (order,) = dump["Order"].values()
    items = {
        codes[row["Product2Id"]]: (dec(row["Quantity"]), dec(row["UnitPrice"])) for row in dump["OrderItem"].values()
    }
    found = {
        "crm": {
            "status": order["Status"],
            "net": dec(order["TotalAmount"]),
            "lines": items,
            "date": order["EffectiveDate"],
        }
    }
    orders = odoo(
        site,
        "sale.order",
        "search_read",
        domain=[],
        fields=["state", "amount_untaxed", "date_order", "delivery_status"],
    )
    rows = odoo(site, "sale.order.line", "search_read", domain=[["product_uom_qty", "!=", 0]],
                fields=["product_id", "product_uom_qty", "price_unit"])  # fmt: skip
    skus = {
        row["id"]: row["default_code"]
        for row in odoo(site, "product.product", "search_read", domain=[], fields=["default_code"])
    }
    lines = {skus[row["product_id"][0]]: (dec(row["product_uom_qty"]), dec(row["price_unit"])) for row in rows}
    (order,) = orders
    found["erp"] = {
        "status": order["state"],
        "net": dec(order["amount_untaxed"]),
        "lines": lines,
        "date": order["date_order"][:10],
    }
    (name,) = [row["name"] for row in fin(site, "GET", "resource/Sales Order")]
    order = fin(site, "GET", f"resource/Sales Order/{name}")
    lines = {row["item_code"]: (dec(row["qty"]), dec(row["rate"])) for row in order["items"]}
    found["fin"] = {
        "status": order["status"],
        "net": dec(order["net_total"]),
        "lines": lines,
        "date": order["transaction_date"],
    }
    return found


def dec(number: Any) -> Decimal:
    return Decimal(str(number)).normalize() + 0


def wanted(lines: dict[str, tuple[str, str]]) -> dict[str, tuple[Decimal, Decimal]]:
    return {sku: (dec(quantity), dec(price)) for sku, (quantity, price) in lines.items()}


def alike(site: Site, lines: dict[str, tuple[str, str]], statuses: tuple[str, str, str]) -> None:
    now = shown(site)
    net = sum((Decimal(q) * Decimal(p) for q, p in lines.values()), Decimal(0))
    for system, status in zip(("crm", "erp", "fin"), statuses, strict=True):
        assert now[system] == {"status": status, "net": dec(net), "lines": wanted(lines), "date": "2026-01-01"}, system


def quiet(site: Site) -> None:
    site.sync(code=None)
    report = site.sync()
    assert report["totals"]["writes"] == 0
    assert report["totals"]["enqueued"] == 0


def test_the_life_of_an_order(site: Site) -> None:
    order = begin(site)
    site.sync(code=None)
    alike(site, LINES, ("Draft", "draft", "Draft"))
    crm_edit(site, "Order", order, Status="Activated")
    site.sync()
    alike(site, LINES, ("Activated", "sale", "To Deliver and Bill"))
    quiet(site)
