"""Entities of a site's own, in YAML alone: each file of mappings/examples at work between real sandboxes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.conftest import ROOT, Site
from e2e.test_orders import crm_edit, fin, odoo, quiet

EXAMPLES = ROOT / "mappings" / "examples"
ENTITIES = tuple(sorted(path.stem for path in EXAMPLES.glob("*.yaml")))


def declared() -> dict[str, Any]:
    """What README of the examples says to put into bridge.yaml."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (EXAMPLES / "README.md").read_text(), re.DOTALL)
    found: dict[str, Any] = yaml.safe_load(block)["custom_fields"]
    return found


def own_entity(site: Site, entity: str) -> None:
    """Does what the README says: copy the file, declare the entity, make the fields."""
    folder = site.folder / "mappings"
    (folder / f"{entity}.yaml").write_bytes((EXAMPLES / f"{entity}.yaml").read_bytes())
    path = site.folder / "bridge.yaml"
    path.write_text(path.read_text() + yaml.safe_dump({"custom_fields": {entity: declared()[entity]}}))
    for system in ("crm", "erp", "fin"):
        site.bridge("setup", system)


def customer(site: Site) -> dict[str, Any]:
    """A customer that all systems have; answers its ids by system."""
    (account,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH", "VAT__c": "DE123456789"}}])
    site.sync()
    (partner,) = odoo(site, "res.partner", "search", domain=[["name", "=", "Alba GmbH"]])
    return {"crm": account, "erp": partner, "fin": "Alba GmbH"}


def rows(site: Site, object_: str) -> list[dict[str, Any]]:
    found = site.control("crm", "GET", "dump").get(object_, {})
    return list(found.values())


def picked(row: Mapping[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


@pytest.mark.parametrize("entity", ENTITIES)
def test_each_example_fits_the_systems(site: Site, entity: str) -> None:
    own_entity(site, entity)
    said = json.loads(site.bridge("mapping", "lint", "--json"))
    assert said["ok"] is True
    assert said["systems"] == [], "all systems were asked"


def test_leads_of_three_systems(site: Site) -> None:
    own_entity(site, "lead")
    person = {"LastName": "Lovelace", "FirstName": "Ada", "Company": "Engines", "Email": "ada@x.example"}
    (lead,) = site.seed("crm", [{"object": "Lead", "values": person}])
    odoo(site, "crm.lead", "create", [{"name": "Call back", "type": "lead", "contact_name": "Alan Turing",
                                       "partner_name": "Bletchley", "email_from": "alan@x.example"}])  # fmt: skip
    fin(site, "POST", "resource/Lead", first_name="Grace", last_name="Hopper", company_name="Navy",
        email_id="grace@x.example", status="Replied")  # fmt: skip
    site.sync()
    crm = {row["Email"]: picked(row, "FirstName", "LastName", "Company", "Status") for row in rows(site, "Lead")}
    assert crm == {
        "ada@x.example": ("Ada", "Lovelace", "Engines", "Open - Not Contacted"),
        "alan@x.example": ("Alan", "Turing", "Bletchley", "Open - Not Contacted"),
        "grace@x.example": ("Grace", "Hopper", "Navy", "Working - Contacted"),
    }
    found = odoo(site, "crm.lead", "search_read", domain=[], fields=["contact_name", "type", "name"])
    assert {row["contact_name"] for row in found} == {"Ada Lovelace", "Alan Turing", "Grace Hopper"}
    assert {row["type"] for row in found} == {"lead"}
    assert {row["email_id"] for row in fin(site, "GET", 'resource/Lead?fields=["email_id"]')} == set(crm)
    quiet(site)
    crm_edit(site, "Lead", lead, Phone="+49 30 1234567")
    (name,) = [row["name"] for row in fin(site, "GET", 'resource/Lead?filters=[["email_id","=","ada@x.example"]]')]
    fin(site, "PUT", f"resource/Lead/{name}", status="Do Not Contact")
    site.sync()
    (now,) = [row for row in rows(site, "Lead") if row["Id"] == lead]
    assert picked(now, "Phone", "Status") == ("+49 30 1234567", "Closed - Not Converted")
    assert fin(site, "GET", f"resource/Lead/{name}")["phone"].replace(" ", "") == "+49301234567"
    quiet(site)


def test_opportunities_move_through_their_stages(site: Site) -> None:
    own_entity(site, "opportunity")
    ids = customer(site)
    values = {"Name": "A hundred widgets", "AccountId": ids["crm"], "StageName": "Prospecting",
              "CloseDate": "2026-12-31", "Amount": "15000.50"}  # fmt: skip
    (made,) = site.seed("crm", [{"object": "Opportunity", "values": values}])
    site.sync()
    fields = ["name", "partner_id", "expected_revenue", "date_deadline", "stage_id", "type"]
    (lead,) = odoo(site, "crm.lead", "search_read", domain=[], fields=fields)
    assert lead["partner_id"][0] == ids["erp"]
    assert (lead["expected_revenue"], lead["date_deadline"]) == (15000.5, "2026-12-31")
    assert (lead["stage_id"][1], lead["type"]) == ("New", "opportunity")
    (won,) = odoo(site, "crm.stage", "search", domain=[["name", "=", "Won"]])
    odoo(site, "crm.lead", "write", [lead["id"]], vals={"stage_id": won})
    crm_edit(site, "Opportunity", made, Amount="16000", Description="They want blue ones")
    site.sync()  # two people edit different fields of the same opportunity: both edits stay
    (row,) = rows(site, "Opportunity")
    assert (row["StageName"], float(row["Amount"])) == ("Closed Won", 16000.0)
    (lead,) = odoo(site, "crm.lead", "search_read", domain=[], fields=[*fields, "description"])
    assert (lead["stage_id"][1], lead["expected_revenue"]) == ("Won", 16000.0)
    assert "They want blue ones" in lead["description"]
    quiet(site)
    crm_edit(site, "Opportunity", made, StageName="Closed Lost", CloseDate="2026-11-30")
    site.sync(code=None)  # a stage that the file does not name is left alone, all else goes on
    (lead,) = odoo(site, "crm.lead", "search_read", domain=[], fields=fields)
    assert (lead["stage_id"][1], lead["date_deadline"]) == ("Won", "2026-11-30")
    assert rows(site, "Opportunity")[0]["StageName"] == "Closed Lost"


def test_an_opportunity_made_in_odoo(site: Site) -> None:
    own_entity(site, "opportunity")
    ids = customer(site)
    (stage,) = odoo(site, "crm.stage", "search", domain=[["name", "=", "Qualified"]])
    odoo(site, "crm.lead", "create", [{"name": "Spare parts", "type": "opportunity", "partner_id": ids["erp"],
                                       "date_deadline": "2027-01-15", "stage_id": stage}])  # fmt: skip
    site.sync()
    (row,) = rows(site, "Opportunity")
    shown = picked(row, "Name", "AccountId", "StageName", "CloseDate")
    assert shown == ("Spare parts", ids["crm"], "Qualification", "2027-01-15")
    quiet(site)


def test_cases_between_service_and_finance(site: Site) -> None:
    own_entity(site, "case")
    ids = customer(site)
    values = {"Subject": "Broken handle", "AccountId": ids["crm"], "Priority": "High", "Description": "It came off."}
    (case,) = site.seed("crm", [{"object": "Case", "values": values}])
    fin(site, "POST", "resource/Issue", subject="Wrong invoice", customer=ids["fin"], status="Replied", priority="Low")
    site.sync()
    issues = {row["subject"]: row for row in fin(site, "GET", 'resource/Issue?fields=["*"]')}
    assert picked(issues["Broken handle"], "customer", "priority", "status") == ("Alba GmbH", "High", "Open")
    cases = {row["Subject"]: row for row in rows(site, "Case")}
    assert picked(cases["Wrong invoice"], "AccountId", "Status", "Priority") == (ids["crm"], "Working", "Low")
    quiet(site)
    fin(site, "PUT", f"resource/Issue/{issues['Broken handle']['name']}", status="Resolved")
    crm_edit(site, "Case", case, Priority="Low")
    site.sync()
    assert {row["Subject"]: row["Status"] for row in rows(site, "Case")}["Broken handle"] == "Closed"
    assert fin(site, "GET", f"resource/Issue/{issues['Broken handle']['name']}")["priority"] == "Low"
    quiet(site)


def test_purchase_orders_are_shown_in_the_crm_and_never_written_back(site: Site) -> None:
    own_entity(site, "purchase_order")
    (supplier,) = odoo(site, "res.partner", "create", [{"name": "Steel AG", "is_company": False}])
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    values = {"partner_id": supplier, "currency_id": euro, "date_order": "2026-03-01 10:00:00", "amount_total": 119.0}
    (order,) = odoo(site, "purchase.order", "create", [values])
    fin(site, "POST", "resource/Supplier", supplier_name="Paper KG", supplier_type="Company")
    made = fin(site, "POST", "resource/Purchase Order", supplier="Paper KG", company="Acme", currency="EUR",
               transaction_date="2026-03-02", grand_total=59.5)  # fmt: skip
    site.sync()
    (number,) = [row["name"] for row in odoo(site, "purchase.order", "search_read", domain=[], fields=["name"])]
    shown = {
        row["Name"]: picked(row, "Supplier__c", "Order_Date__c", "Status__c") for row in rows(site, "Purchase_Order__c")
    }
    assert shown == {
        number: ("Steel AG", "2026-03-01", "Requested"),
        made["name"]: ("Paper KG", "2026-03-02", "Requested"),
    }
    quiet(site)
    odoo(site, "purchase.order", "button_confirm", [order])
    (row,) = [row for row in rows(site, "Purchase_Order__c") if row["Name"] == number]
    crm_edit(site, "Purchase_Order__c", row["Id"], Supplier__c="somebody else")
    site.sync()
    (row,) = [row for row in rows(site, "Purchase_Order__c") if row["Name"] == number]
    assert picked(row, "Supplier__c", "Status__c") == ("Steel AG", "Ordered")
    assert len(odoo(site, "purchase.order", "search", domain=[])) == 1, "those of ERPNext are not made in Odoo"
    quiet(site)


def test_invoices_are_shown_beside_the_customer(site: Site) -> None:
    own_entity(site, "invoice")
    ids = customer(site)
    euro = odoo(site, "res.currency", "search", domain=[["name", "=", "EUR"]])[0]
    values = {"partner_id": ids["erp"], "move_type": "out_invoice", "currency_id": euro, "invoice_date": "2026-04-01",
              "amount_untaxed": 100.0, "amount_total": 119.0, "amount_residual": 119.0}  # fmt: skip
    (invoice,) = odoo(site, "account.move", "create", [values])
    site.sync()
    assert rows(site, "Invoice__c") == [], "a draft is nobody's business"
    odoo(site, "account.move", "action_post", [invoice])
    site.sync()
    (row,) = rows(site, "Invoice__c")
    assert picked(row, "Account__c", "Invoice_Date__c", "Cancelled__c") == (ids["crm"], "2026-04-01", False)
    assert (float(row["Net__c"]), float(row["Gross__c"]), float(row["Open__c"])) == (100.0, 119.0, 119.0)
    quiet(site)
    odoo(site, "account.move", "write", [invoice], vals={"amount_residual": 19.0})
    site.sync()
    assert float(rows(site, "Invoice__c")[0]["Open__c"]) == 19.0
    quiet(site)


def test_nothing_in_the_engine_knows_these_entities() -> None:
    """Proof that YAML is enough: their names stand nowhere in the code that merges, plans and delivers."""
    source = Path(ROOT, "src", "bridge")
    for folder in ("engine", "canonical", "store", "ports"):
        for path in (source / folder).rglob("*.py"):
            words = set(re.findall(r"[a-z_]+", path.read_text(encoding="utf-8").lower()))
            assert not words & {"lead", "opportunity", "purchase_order", "invoice", "invoices"}, path
