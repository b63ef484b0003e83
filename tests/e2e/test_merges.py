"""Customers merged by the users of one system, and what a person says of pairs, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

from e2e.conftest import Site
from e2e.test_orders import crm_edit, fin, odoo, quiet


def accounts(site: Site) -> dict[str, Any]:
    return {id_: row for id_, row in site.control("crm", "GET", "dump")["Account"].items() if not row["IsDeleted"]}


def reviews(site: Site) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(site.bridge("links", "review", "--json"))["waiting"]
    return found


def two(site: Site) -> list[str]:
    """Two customers with a contact each, everywhere."""
    site.only("customer", "contact")
    alba = {"Name": "Alba GmbH", "Website": "https://alba.example"}
    berg = {"Name": "Berg AG", "Description": "pays late"}
    first, second = site.seed("crm", [{"object": "Account", "values": values} for values in (alba, berg)])
    people = [{"AccountId": first, "LastName": "Ahl"}, {"AccountId": second, "LastName": "Buhl"}]
    site.seed("crm", [{"object": "Contact", "values": values} for values in people])
    site.sync()
    quiet(site)
    return [first, second]


def test_accounts_merged_in_salesforce(site: Site) -> None:
    first, second = two(site)
    crm_edit(site, "Account", first, merge=second)
    site.sync()
    (account,) = accounts(site).values()
    assert (account["Name"], account["Description"]) == ("Alba GmbH", "pays late"), "the loser fills what is empty"
    assert fin(site, "GET", "resource/Customer/Alba GmbH")["customer_details"] == "pays late"
    assert fin(site, "GET", "resource/Customer/Berg AG")["customer_name"] == "Berg AG", "reported, not deleted"
    waiting = reviews(site)
    assert sorted(one["record"].partition(":")[0] for one in waiting) == ["erp", "fin"]
    assert {one["reason"] for one in waiting} == {"its twin was merged in crm"}
    assert all(one["duplicate"].startswith("duplicate in ") for one in waiting)
    people = odoo(site, "res.partner", "search_read", domain=[["is_company", "=", False]], fields=["name", "parent_id"])
    assert {one["parent_id"][1] for one in people if one["name"] in ("Ahl", "Buhl")} == {"Alba GmbH"}
    quiet(site)
    journal = json.loads(site.bridge("conflicts", "list", "--json"))["conflicts"]
    assert [(row["rule"], row["state"]) for row in journal if row["unit"] == "name"] == [("merged", "settled")]


def test_customers_merged_in_erpnext(site: Site) -> None:
    two(site)
    given = {"doctype": "Customer", "old_name": "Berg AG", "new_name": "Alba GmbH", "merge": 1}
    fin(site, "POST", "method/frappe.client.rename_doc", **given)
    fin(site, "PUT", "resource/Customer/Alba GmbH", website="https://new.example")
    site.sync()
    site.sync()
    assert sorted(one["record"].partition(":")[0] for one in reviews(site)) == ["crm", "erp"]
    assert {one["reason"] for one in reviews(site)} == {"its twin was merged in fin"}
    alba = next(row for row in accounts(site).values() if row["Name"] == "Alba GmbH")
    assert (alba["Website"], alba["Description"]) == ("https://new.example", "pays late")
    people = site.control("crm", "GET", "dump")["Contact"].values()
    assert {row["AccountId"] for row in people} == {alba["Id"]}
    quiet(site)


def test_a_customer_is_split_off_and_stays_so(site: Site) -> None:
    """Odoo's record carries the golden id in an external id, which stays: still nothing comes back."""
    site.only("customer")
    site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH", "Website": "https://alba.example"}}])
    site.sync()
    (partner,) = odoo(site, "res.partner", "search", domain=[["name", "=", "Alba GmbH"]])
    site.bridge("links", "split", f"erp:customer:{partner}")
    odoo(site, "res.partner", "write", [partner], vals={"name": "Alba Nord GmbH"})
    site.sync()
    names = ["Alba GmbH", "Alba Nord GmbH"]
    assert sorted(row["Name"] for row in accounts(site).values()) == names
    found = odoo(site, "res.partner", "search_read", domain=[["name", "like", "Alba"]], fields=["name"])
    assert sorted(row["name"] for row in found) == names
    assert sorted(row["name"] for row in fin(site, "GET", "resource/Customer")) == names
    quiet(site)


def test_partners_merged_in_odoo(site: Site) -> None:
    """Odoo's merge moves external ids and children to the one that stays and removes the other, and tells nobody: it is
    noticed when the one that went is written to. Done here step by step, as the wizard does it (base.partner.merge)."""
    _, second = two(site)
    partners = odoo(site, "res.partner", "search_read", domain=[["is_company", "=", True]], fields=["name"])
    ids = {row["name"]: row["id"] for row in partners}
    alba, berg = ids["Alba GmbH"], ids["Berg AG"]
    names = odoo(site, "ir.model.data", "search", domain=[["model", "=", "res.partner"], ["res_id", "=", berg]])
    odoo(site, "ir.model.data", "write", names, vals={"res_id": alba})
    children = odoo(site, "res.partner", "search", domain=[["parent_id", "=", berg]])
    odoo(site, "res.partner", "write", children, vals={"parent_id": alba})
    odoo(site, "res.partner", "unlink", [berg])
    crm_edit(site, "Account", second, Description="pays at once")
    site.sync()
    assert sorted(one["record"].partition(":")[0] for one in reviews(site)) == ["crm", "fin"]
    assert {one["reason"] for one in reviews(site)} == {"its twin was merged in erp"}
    found = odoo(site, "res.partner", "search_read", domain=[["is_company", "=", True]], fields=["name", "comment"])
    assert [("pays at once" in str(row["comment"])) for row in found if row["name"] == "Alba GmbH"] == [True]
    assert "Berg AG" not in {row["name"] for row in found}
    quiet(site)
    told = json.loads(site.bridge("explain", f"crm:customer:{second}", "--json"))
    assert told["link"]["state"] == "review"
