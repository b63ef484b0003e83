"""Records deleted in Odoo: nobody is told, and a sweep finds them; what is only archived is not deleted anywhere."""

from __future__ import annotations

import json

import pytest

from e2e.conftest import Site
from e2e.test_orders import odoo


@pytest.fixture
def deleting(site: Site) -> Site:
    """Three customers everywhere; what is deleted in Odoo is deleted in ERPNext."""
    site.only("customer")
    path = site.folder / "mappings" / "customer.yaml"
    text = path.read_text(encoding="utf-8")
    assert "fin: {object: Customer," in text
    path.write_text(text.replace("fin: {object: Customer,", "fin: {object: Customer, deletes: delete,"), "utf-8")
    site.seed("crm", [{"object": "Account", "values": {"Name": f"Firma {letter}"}} for letter in "ABC"])
    site.sync()
    site.sync()
    return site


def names(site: Site) -> tuple[list[str], list[str]]:
    crm = [row["Name"] for row in site.control("crm", "GET", "dump")["Account"].values()]
    fin = [row["customer_name"] for row in site.control("fin", "GET", "dump")["Customer"].values()]
    return sorted(crm), sorted(fin)


def test_a_customer_deleted_in_odoo_is_found_and_deleted_where_the_mapping_says_so(deleting: Site) -> None:
    (partner,) = odoo(deleting, "res.partner", "search", domain=[["name", "=", "Firma B"]])
    odoo(deleting, "res.partner", "unlink", [partner])
    deleting.sync()
    assert names(deleting)[1] == ["Firma A", "Firma B", "Firma C"]
    report = json.loads(deleting.bridge("sync", "--sweep", "--json"))
    assert report["ok"] is True
    assert names(deleting) == (["Firma A", "Firma B", "Firma C"], ["Firma A", "Firma C"])
    again = json.loads(deleting.bridge("sync", "--sweep", "--json"))["totals"]
    assert (again["writes"], again["enqueued"]) == (0, 0)


def test_an_archived_customer_is_not_deleted(deleting: Site) -> None:
    (partner,) = odoo(deleting, "res.partner", "search", domain=[["name", "=", "Firma B"]])
    odoo(deleting, "res.partner", "write", [partner], vals={"active": False})
    deleting.bridge("sync", "--sweep")
    deleting.bridge("sync", "--sweep")
    assert names(deleting)[1] == ["Firma A", "Firma B", "Firma C"]
