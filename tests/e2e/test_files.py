"""Files beside a CRM and two ERPs, over real HTTP: exports are carried over, bad rows are told, mended and replayed."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from bridge.entrypoints.demo.company import CONFIGURATION
from e2e.conftest import VENDORS, Site
from e2e.test_orders import dec, fin, odoo

COMPANIES = [["ref_company_ids", "=", False], ["is_company", "=", True]]
DESK = """
desk:
  adapter: files
  folder: data
  decimal: ","
  thousands: "."
  dates: DD.MM.YYYY
  files:
    customers: {columns: {credit_limit: number, name: {type: text, length: 80, required: yes}}}
    products: {columns: {list_price: number, weight: number}}
    orders:
      columns: {order_date: date, requested_date: date}
      rows: {lines: {parent: order, columns: {quantity: number, unit_price: number}}}
"""


def begin(site: Site, *entities: str, systems: tuple[str, ...] = ("crm", "erp", "fin")) -> Path:
    """The three systems and a desk, with the columns that the adapters bring; the desk's folder."""
    for path in (site.folder / "mappings").glob("*.yaml"):
        path.unlink()
    (site.folder / "bridge.yaml").unlink()
    words = [word for name in systems for word in ("--system", f"{name}={VENDORS[name]}")]
    site.bridge("init", str(site.folder), *words, "--system", "desk=files")
    settings = yaml.safe_load(CONFIGURATION.format(**{name: server.url for name, server in site.servers.items()}))
    settings["systems"] = {name: settings["systems"][name] for name in systems} | yaml.safe_load(DESK)
    (site.folder / "bridge.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))
    site.only(*entities)
    (site.folder / "data").mkdir()
    return site.folder / "data"


def test_customers_products_and_orders_from_csv_to_all_and_back(site: Site) -> None:
    data = begin(site, "customer", "contact", "product", "order")
    site.bridge("setup", "desk")  # makes the files, with every column
    heads = {path.stem: path.read_text().splitlines()[0] for path in data.glob("*.csv")}
    assert set(heads) == {"customers", "contacts", "products", "orders", "orders_lines"}
    (data / "customers.csv").write_text(
        heads["customers"] + "\n" + line(heads["customers"], id="K1", name="Bäcker & Söhne", email="b@b.example") + "\n"
    )
    (data / "products.csv").write_text(
        heads["products"] + "\n" + line(heads["products"], id="P1", sku="SKU-1", name="Chair", list_price='"1.249,90"')
    )
    (data / "orders.csv").write_text(
        heads["orders"]
        + "\n"
        + line(heads["orders"], id="A1", customer="K1", order_date="05.01.2026", requested_date="20.01.2026",
               customer_reference="PO-1", currency="EUR", status="draft")
    )  # fmt: skip
    (data / "orders_lines.csv").write_text(
        heads["orders_lines"]
        + "\n"
        + line(heads["orders_lines"], order="A1", product="P1", quantity='"2,0"', unit_price='"1.249,90"')
    )
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    site.seed("erp", [{"object": "product.pricelist", "values": {"name": "Euro", "currency_id": euro}}])
    first = site.sync(code=None)
    assert first["troubles"] == [], first["troubles"]
    (order,) = odoo(site, "sale.order", "search_read", domain=[], fields=["amount_untaxed", "client_order_ref"])
    assert (dec(order["amount_untaxed"]), order["client_order_ref"]) == (dec("2499.80"), "PO-1")
    (listed,) = fin(site, "GET", 'resource/Sales Order?fields=["net_total","po_no","transaction_date"]')
    assert (dec(listed["net_total"]), listed["transaction_date"]) == (dec("2499.80"), "2026-01-05")
    (made,) = site.control("crm", "GET", "dump")["Order"].values()
    assert made["PoNumber"] == "PO-1"
    site.sync(code=None)
    assert site.sync()["totals"]["writes"] == 0
    # and back: an edit elsewhere comes to the file, one in the file goes elsewhere
    (account,) = site.control("crm", "GET", "dump")["Account"]
    site.control("crm", "POST", "edit", object="Account", id=account, values={"Phone": "+49 221 1234567"})
    site.sync(code=None)
    (row,) = csv.DictReader((data / "customers.csv").open())
    assert row["phone"]
    text = (data / "customers.csv").read_text()
    (data / "customers.csv").write_text(text.replace("b@b.example", "new@b.example"))
    site.sync(code=None)
    (partner,) = odoo(site, "res.partner", "search_read", domain=COMPANIES, fields=["email"])
    assert partner["email"] == "new@b.example"
    site.sync(code=None)
    assert site.sync()["totals"]["writes"] == 0


def line(head: str, **cells: str) -> str:
    return ",".join(cells.get(name, "") for name in head.split(","))


@pytest.mark.parametrize("system", ["crm", "erp", "fin"])
def test_an_export_becomes_customers_and_five_percent_bad_rows_do_not_hold_it_up(site: Site, system: str) -> None:
    data = begin(site, "customer", systems=(system,))
    site.bridge("setup", "desk")
    head = (data / "customers.csv").read_text().splitlines()[0]
    names = head.split(",")
    rows = [
        {
            "id": f"K{n}",
            "name": f"Bäcker {n}",
            "email": f"i{n}@b.example",
            "billing_street": "Weg 1",
            "billing_city": "Köln",
            "billing_country": "DE",
        }
        for n in range(100)
    ]
    rows[10]["name"] = ""
    rows[20]["billing_country"] = "Atlantis"
    rows[30]["name"] = "x" * 90
    rows[40]["email" if "email" in names else "billing_country"] = "no address"
    encoded = [",".join(row.get(name, "") for name in names).encode() for row in rows]
    encoded[50] = encoded[50].replace("ä".encode(), b"\xe4")
    (data / "customers.csv").write_bytes(b"\n".join([head.encode(), *encoded, b""]))
    report = site.sync(code=1)
    tallies = {(one["system"], one["entity"]): one for one in report["systems"]}
    assert tallies["desk", "customer"]["read"] == 97
    assert tallies["desk", "customer"]["bad"] == 3
    said = [trouble["what"] for trouble in report["troubles"]]
    assert any("customers.csv:12 name: a value is missing" in one for one in said), said
    assert any("customers.csv:52 name: cannot be read in the file's encoding utf-8" in one for one in said), said
    assert not any("Atlantis" in one or "no address" in one for one in said), "a value is told"
    site.bridge("rejects", "write", "desk", code=1)
    path = site.folder / "rejects" / "desk" / "customer.csv"
    with path.open(encoding="utf-8-sig", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert {row["id"] for row in found} == {"K10", "K20", "K30", "K40", "K50"}
    assert all(row["bridge_reason"] for row in found)
    good = {"name": "Bäcker", "email": "ok{}@b.example", "billing_country": "DE"}
    good = {name: text for name, text in good.items() if name in names}
    for row in found:
        row.update({name: text.format(row["id"]) for name, text in good.items()})
        row["name"] += f" {row['id']}"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(found[0]))
        writer.writeheader()
        writer.writerows(found)
    replayed: dict[str, Any] = json.loads(site.bridge("rejects", "replay", "desk", "--json"))
    assert replayed["replayed"] == [{"entity": "customer", "replaced": 5, "unchanged": 0, "unknown": 0, "still_bad": 0}]
    site.sync()
    assert len((data / "customers.csv").read_text().splitlines()) == 101
    site.bridge("rejects", "list", "desk")
    last = site.sync()
    assert last["totals"]["writes"] == 0
    assert count(site, system) == 100


def count(site: Site, system: str) -> int:
    if system == "crm":
        return len(site.control("crm", "GET", "dump")["Account"])
    if system == "erp":
        return int(odoo(site, "res.partner", "search_count", domain=COMPANIES))
    return int(fin(site, "GET", "method/frappe.client.get_count?doctype=Customer"))
