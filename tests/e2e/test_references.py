"""Records that refer to others, over real HTTP: children before their parents, chains upside down, parents refused."""

from __future__ import annotations

import json
from itertools import pairwise

import pytest

from e2e.conftest import Site
from e2e.test_orders import begin, crm_edit, fin, odoo, quiet

COMPANIES = [["is_company", "=", True], ["ref_company_ids", "=", False]]


def parents(site: Site) -> dict[str, dict[str, str | None]]:
    """The parent of every company by name, in the two systems that know parents."""
    accounts = site.control("crm", "GET", "dump")["Account"]
    names = {id_: row["Name"] for id_, row in accounts.items()}
    partners = odoo(site, "res.partner", "search_read", domain=COMPANIES, fields=["name", "parent_id"])
    return {
        "crm": {row["Name"]: names.get(row["ParentId"]) for row in accounts.values()},
        "erp": {row["name"]: row["parent_id"][1].rpartition(", ")[2] if row["parent_id"] else None for row in partners},
    }


def contacts(site: Site) -> dict[str, set[str]]:
    people = odoo(site, "res.partner", "search_read", domain=[["is_company", "=", False], ["parent_id", "!=", False]],
                  fields=["email"])  # fmt: skip
    return {
        "crm": {row["Email"] for row in site.control("crm", "GET", "dump").get("Contact", {}).values()},
        "erp": {row["email"] for row in people},
        "fin": {row["email_id"] for row in fin(site, "GET", 'resource/Contact?fields=["email_id"]')},
    }


def test_a_contact_whose_account_is_not_there_yet_waits_and_wakes_with_it(site: Site) -> None:
    """The account is a prospect, which the mapping leaves to the CRM; then it becomes a customer."""
    path = site.folder / "mappings" / "customer.yaml"
    path.write_text(path.read_text().replace("{object: Account}", """{object: Account, where: "Type = 'Customer'"}"""))
    (account,) = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH", "Type": "Prospect"}}])
    person = {"LastName": "Early", "FirstName": "Eva", "Email": "eva@alba.example", "AccountId": account}
    site.seed("crm", [{"object": "Contact", "values": person}])
    report = site.sync(code=None)
    assert sum(row["waiting"] for row in report["systems"]) == 1
    assert contacts(site) == {"crm": {"eva@alba.example"}, "erp": set(), "fin": set()}
    assert json.loads(site.bridge("status", "--json", code=None))["waiting_for_other_records"] == 1
    crm_edit(site, "Account", account, Type="Customer")
    site.sync()
    assert contacts(site) == {system: {"eva@alba.example"} for system in ("crm", "erp", "fin")}
    assert json.loads(site.bridge("status", "--json"))["waiting_for_other_records"] == 0
    quiet(site)


def test_a_chain_of_companies_upside_down(site: Site) -> None:
    """The grandchild is the oldest record: each is made without a parent that is not there yet, then told it."""
    ids = [site.seed("crm", [{"object": "Account", "values": {"Name": name}}])[0] for name in ("C", "B", "A", "Top")]
    for child, parent in pairwise(ids):
        crm_edit(site, "Account", child, ParentId=parent)
    site.sync()
    wanted = {"C": "B", "B": "A", "A": "Top", "Top": None}
    assert parents(site) == {"crm": wanted, "erp": wanted}
    quiet(site)


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("attempt", [1, pytest.param(2, marks=pytest.mark.long)])
def test_two_companies_that_change_places(site: Site, turn: int, attempt: int) -> None:
    """High above Low becomes Low above High: one write is allowed only after the other, in whatever order they come."""
    names = ("Low", "High")[::turn]
    made = {name: site.seed("crm", [{"object": "Account", "values": {"Name": name}}])[0] for name in names}
    low, high = made["Low"], made["High"]
    crm_edit(site, "Account", low, ParentId=high)
    site.sync()
    crm_edit(site, "Account", low, ParentId=None)
    crm_edit(site, "Account", high, ParentId=low)
    for _ in range(3):
        site.sync(code=None)
    wanted = {"Low": None, "High": "Low"}
    assert parents(site) == {"crm": wanted, "erp": wanted}
    quiet(site)


def test_an_order_of_a_customer_that_a_system_refuses_waits_for_it_there_and_nowhere_else(site: Site) -> None:
    begin(site)
    (account,) = site.control("crm", "GET", "dump")["Account"]
    crm_edit(site, "Account", account, Name="Alba <GmbH>")  # ERPNext takes no such name
    site.sync(code=None)
    assert len(odoo(site, "sale.order", "search", domain=[])) == 1
    assert fin(site, "GET", "resource/Sales Order") == []
    entries = json.loads(site.bridge("outbox", "list", "--json", code=None))["entries"]
    told = {one["entity"]: one["error"] for one in entries if one["system"] == "fin"}
    assert "name" in told["customer"]
    assert "waits for customer" in told["order"]
    crm_edit(site, "Account", account, Name="Alba GmbH")
    site.sync(code=None)
    site.sync(code=None)
    assert len(fin(site, "GET", "resource/Sales Order")) == 1
    quiet(site)
