"""Contacts in all six directions, and stock between all three: with their customers, products and places."""

from __future__ import annotations

from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_migrate import WAYS, done, migrate
from e2e.test_orders import begin, fin, odoo, stock_up
from e2e.test_references import contacts
from e2e.test_stock import SKUS, dec, levels, move_in_erpnext

PEOPLE = ("Eva Early", "Theo Müller-Lüdenscheidt", "Ñ Ω")
MAILS = {f"{number}@alba.example" for number in range(len(PEOPLE))}


def staff(site: Site, system: str) -> None:
    """A company with three people, made by the people of one system."""
    if system == "crm":
        (company,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH"}}])
    elif system == "erp":
        (company,) = odoo(site, "res.partner", "create", [{"name": "Alba GmbH", "is_company": True}])
    else:
        company = fin(site, "POST", "resource/Customer", customer_name="Alba GmbH", customer_type="Company")["name"]
    for number, name in enumerate(PEOPLE):
        given, _, family = name.partition(" ")
        mail = f"{number}@alba.example"
        if system == "crm":
            values = {"FirstName": given, "LastName": family, "Email": mail, "AccountId": company, "Title": "Buyer"}
            site.seed("crm", [{"object": "Contact", "values": values}])
        elif system == "erp":
            person = {"name": name, "email": mail, "parent_id": company, "type": "contact", "function": "Buyer"}
            odoo(site, "res.partner", "create", [person])
        else:
            links = [{"link_doctype": "Customer", "link_name": company}]
            fin(site, "POST", "resource/Contact", first_name=given, last_name=family, designation="Buyer",
                email_ids=[{"email_id": mail, "is_primary": 1}], links=links)  # fmt: skip


def carried(site: Site, source: str, target: str, entities: str) -> dict[str, Any]:
    """What load and verification say of each entity."""
    words = ("--from", source, "--to", target, "--entities", entities)
    events = migrate(site, *words, "--yes", "--full", "--out", str(site.folder))
    again = migrate(site, *words, "--yes", "--new", "--out", str(site.folder))
    assert not any(one["create"] or one["update"] for one in done(again, "load").values()), (
        "a second run writes nothing"
    )
    return {"load": done(events, "load"), **done(events, "verify")}


@pytest.mark.parametrize(("source", "target"), WAYS)
def test_people_arrive_with_their_company(site: Site, source: str, target: str) -> None:
    staff(site, source)
    found = carried(site, source, target, "customer,contact")
    assert found["load"]["contact"]["create"] == len(PEOPLE)
    verified = found["contact"]
    assert (verified["pairs"], verified["wrong"], verified["missing"]) == (3, 0, {}), verified["named"]
    assert contacts(site)[target] == MAILS
    if target == "fin":
        rows = fin(site, "GET", 'resource/Contact?fields=["first_name","last_name","designation"]')
        assert {f"{row['first_name']} {row['last_name']}" for row in rows} == set(PEOPLE)
        assert {row["designation"] for row in rows} == {"Buyer"}


@pytest.mark.parametrize(
    ("source", "target"), [("erp", "fin"), ("erp", "crm"), ("fin", "erp"), ("fin", "crm")], ids=" to ".join
)
def test_stock_arrives_with_its_products_and_places(site: Site, source: str, target: str) -> None:
    """The CRM counts nothing, so nothing begins there. What arrives is a movement with a reference, booked once."""
    begin(site)
    if source == "erp":
        carried(site, "crm", "erp", "product")
        stock_up(site, *SKUS)
    else:
        carried(site, "crm", "fin", "product")
        for sku in SKUS:
            move_in_erpnext(site, sku, "100")
    found = carried(site, source, target, "product,location,stock_level")
    verified = found["stock_level"]
    assert (verified["pairs"], verified["wrong"], verified["missing"]) == (len(SKUS), 0, {}), verified["named"]
    totals = {one["field"]: (one["source"], one["target"]) for one in verified["totals"]}
    assert dec(totals["on_hand"][0]) == dec(totals["on_hand"][1]) == dec("100") * len(SKUS)
    assert levels(site)[target] == dict.fromkeys(SKUS, dec("100"))
