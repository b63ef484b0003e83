"""Fields of a site's own, in YAML alone: on a customer, in a group, and on the lines of an order."""

from __future__ import annotations

from typing import Any

import yaml

from e2e.conftest import Site
from e2e.test_orders import begin, crm_edit, fin, odoo, quiet

CUSTOMER = """
  x_segment:
    crm: Segment__c
    fin: custom_segment
    values: {small: {crm: S, fin: Small}, large: {crm: L, fin: Large}}
  x_rating: {crm: Rating_Points__c, fin: custom_rating}
"""
LINE = """
      x_serial: {crm: Serial__c, fin: custom_serial}
"""


def declare(site: Site, entity: str, **fields: str) -> None:
    path = site.folder / "bridge.yaml"
    path.write_text(path.read_text() + yaml.safe_dump({"custom_fields": {entity: fields}}))


def in_erpnext(site: Site, doctype: str, name: str, kind: str, **more: Any) -> None:
    """An administrator adds a field in Customize Form."""
    fin(site, "POST", "resource/Custom Field", dt=doctype, fieldname=name, label=name.removeprefix("custom_").title(),
        fieldtype=kind, insert_after="tax_id" if doctype == "Customer" else "item_code", **more)  # fmt: skip


def in_salesforce(site: Site, object_: str, name: str, kind: str, **more: Any) -> None:
    site.control("crm", "POST", "seed", objects=[{"name": object_, "fields": [{"name": name, "type": kind, **more}]}])


def test_own_fields_of_a_customer(site: Site) -> None:
    declare(site, "customer", x_segment="choice(small, large)", x_rating="integer")
    path = site.folder / "mappings" / "customer.yaml"
    path.write_text(path.read_text().replace("\ngroups:", f"{CUSTOMER}\ngroups:"))
    in_erpnext(site, "Customer", "custom_segment", "Select", options="\nSmall\nLarge")
    in_erpnext(site, "Customer", "custom_rating", "Int")
    in_salesforce(site, "Account", "Segment__c", "picklist", choices=["S", "L"], restricted=True)
    in_salesforce(site, "Account", "Rating_Points__c", "int")
    values = {"Name": "Alba GmbH", "Segment__c": "S", "Rating_Points__c": 7}
    (account,) = site.seed("crm", [{"object": "Account", "values": values}])
    site.sync()
    made = fin(site, "GET", "resource/Customer/Alba GmbH")
    assert (made["custom_segment"], made["custom_rating"]) == ("Small", 7)
    quiet(site)
    fin(site, "PUT", "resource/Customer/Alba GmbH", custom_segment="Large")
    crm_edit(site, "Account", account, Rating_Points__c=8)
    site.sync()
    made = fin(site, "GET", "resource/Customer/Alba GmbH")
    assert (made["custom_segment"], made["custom_rating"]) == ("Large", 8)
    row = site.control("crm", "GET", "dump")["Account"][account]
    assert (row["Segment__c"], int(row["Rating_Points__c"])) == ("L", 8)
    quiet(site)


def test_an_own_field_of_the_lines_of_an_order(site: Site) -> None:
    declare(site, "order", **{"lines[].x_serial": "text"})
    path = site.folder / "mappings" / "order.yaml"
    path.write_text(path.read_text().rstrip() + LINE)
    in_erpnext(site, "Sales Order Item", "custom_serial", "Data", allow_on_submit=1)
    in_salesforce(site, "OrderItem", "Serial__c", "string", length=40)
    begin(site)
    lines = site.control("crm", "GET", "dump")["OrderItem"]
    for place, line in enumerate(lines):
        crm_edit(site, "OrderItem", line, Serial__c=f"S-{place}")
    site.sync()
    (order,) = fin(site, "GET", "resource/Sales Order")
    document = fin(site, "GET", f"resource/Sales Order/{order['name']}")
    assert sorted(row["custom_serial"] for row in document["items"]) == ["S-0", "S-1", "S-2"]
    assert len(odoo(site, "sale.order.line", "search", domain=[])) == 3, "Odoo does without the field"
    quiet(site)
    rows = [{**row, "custom_serial": f"{row['custom_serial']}-new"} for row in document["items"]]
    fin(site, "PUT", f"resource/Sales Order/{order['name']}", items=rows)
    site.sync()
    now = site.control("crm", "GET", "dump")["OrderItem"]
    assert sorted(row["Serial__c"] for row in now.values()) == ["S-0", "S-1", "S-2"], "a draft is the CRM's"
    quiet(site)
