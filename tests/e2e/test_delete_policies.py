"""Deletes by the policy of each system, over real HTTP: archived in Odoo and ERPNext, taken back in Salesforce."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_orders import fin, odoo, quiet

PLACES = {"crm": "crm: {object: Account", "erp": "erp: {object: res.partner", "fin": "fin: {object: Customer"}


def policies(site: Site, **words: str) -> None:
    """Write what deletes mean into the mapping."""
    path = site.folder / "mappings" / "customer.yaml"
    text = path.read_text(encoding="utf-8")
    for system, word in words.items():
        assert text.count(PLACES[system]) == 1
        text = text.replace(PLACES[system], f"{PLACES[system]}, deletes: {word}")
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def alba(site: Site) -> str:
    """One customer, in the CRM and not synced yet."""
    site.only("customer")
    values = {"Name": "Alba GmbH", "Website": "https://alba.example"}
    return site.seed("crm", [{"object": "Account", "values": values}])[0]


def accounts(site: Site) -> dict[str, dict[str, Any]]:
    rows = site.control("crm", "GET", "dump")["Account"]
    return {id_: row for id_, row in rows.items() if not row["IsDeleted"]}


def partner(site: Site) -> dict[str, Any]:
    domain = [["name", "=", "Alba GmbH"], ["active", "in", [True, False]]]
    (row,) = odoo(site, "res.partner", "search_read", domain=domain, fields=["active", "website"])
    return dict(row)


def plan(site: Site) -> list[tuple[str, str, str]]:
    found = json.loads(site.bridge("plan", "--json"))["writes"]
    return [(one["system"], one["op"], one["why"]) for one in found]


def counted(report: dict[str, Any], figure: str) -> int:
    return sum(row[figure] for row in report["systems"])


def explained(site: Site, record: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.bridge("explain", record, "--json"))
    return found


def test_a_customer_deleted_in_salesforce_is_archived_and_lives_on_when_somebody_wants_it(
    site: Site, alba: str
) -> None:
    policies(site, erp="archive", fin="archive")
    site.sync()
    quiet(site)
    site.control("crm", "POST", "delete", object="Account", id=alba)
    assert plan(site) == [("erp", "update", "archive"), ("fin", "update", "archive")]
    assert "archive erp:customer:" in site.bridge("plan")
    assert counted(site.sync(), "archived") == 2
    assert partner(site)["active"] is False
    assert fin(site, "GET", "resource/Customer/Alba GmbH")["disabled"] == 1
    quiet(site)
    told = explained(site, f"erp:customer:{partner(site)['id']}")
    assert told["golden"]["alive"] is False
    states = {link["system"]: link["state"] for link in told["links"]}
    assert states == {"crm": "gone", "erp": "linked", "fin": "linked"}
    assert "deleted in crm" in site.bridge("explain", f"crm:customer:{alba}")

    odoo(site, "res.partner", "write", [partner(site)["id"]], vals={"active": True})
    assert counted(site.sync(), "restored") == 1
    assert fin(site, "GET", "resource/Customer/Alba GmbH")["disabled"] == 0
    assert partner(site)["active"] is True
    assert accounts(site) == {}, "the delete had been carried out: Salesforce keeps its own"
    quiet(site)
    (row,) = json.loads(site.bridge("conflicts", "list", "--json"))["conflicts"]
    assert (row["unit"], row["rule"], row["winner"]) == ("(record)", "edit beats delete", "erp")
    assert [word["system"] for word in row["proposals"]] == ["crm", "erp"]


def test_a_run_that_archived_is_taken_back(site: Site, alba: str) -> None:
    policies(site, erp="archive", fin="delete")
    site.sync()
    site.control("crm", "POST", "delete", object="Account", id=alba)
    run = site.sync()["run"]
    assert fin(site, "GET", "resource/Customer") == []
    (step,) = json.loads(site.bridge("undo", run, "--apply", "--json"))["set_back"]
    assert (step["unit"], step["by"]) == ("(record)", "crm")
    assert partner(site)["active"] is True
    assert [row["name"] for row in fin(site, "GET", "resource/Customer")] == ["Alba GmbH"]
    quiet(site)


def test_a_delete_in_salesforce_that_is_not_accepted_is_taken_back(site: Site, alba: str) -> None:
    policies(site, crm="restore", erp="archive", fin="delete")
    site.sync()
    key = explained(site, f"crm:customer:{alba}")["golden"]["id"]
    site.control("crm", "POST", "delete", object="Account", id=alba)
    assert plan(site) == [("crm", "create", "restore")]
    assert counted(site.sync(), "restored") == 1
    ((again, row),) = accounts(site).items()
    assert again != alba
    assert (row["Name"], row["Website"], row["Bridge_Id__c"]) == ("Alba GmbH", "https://alba.example", key)
    assert partner(site)["active"] is True
    quiet(site)
    told = explained(site, f"crm:customer:{alba}")
    assert told["golden"]["id"] == key
    assert sorted((link["native_id"], link["state"]) for link in told["links"] if link["system"] == "crm") == sorted(
        [(alba, "gone"), (again, "linked")]
    )


def test_who_belonged_to_it_belongs_to_it_again(site: Site, alba: str) -> None:
    """Salesforce empties the parent of the accounts below a deleted one: that is nobody's edit, and goes nowhere."""
    policies(site, crm="restore", erp="archive", fin="delete")
    child = site.seed("crm", [{"object": "Account", "values": {"Name": "Alba Nord", "ParentId": alba}}])[0]
    site.sync()
    quiet(site)
    site.control("crm", "POST", "delete", object="Account", id=alba)
    assert accounts(site)[child]["ParentId"] is None
    site.sync()
    (again,) = [id_ for id_, row in accounts(site).items() if row["Name"] == "Alba GmbH"]
    assert accounts(site)[child]["ParentId"] == again
    (nord,) = odoo(site, "res.partner", "search_read", domain=[["name", "=", "Alba Nord"]], fields=["parent_id"])
    assert nord["parent_id"][0] == partner(site)["id"]
    quiet(site)


def test_a_customer_deleted_in_erpnext_and_edited_in_odoo_is_there_again(site: Site, alba: str) -> None:
    """ERPNext names a customer by its name: the new one has the native id of the one that was deleted."""
    policies(site, erp="archive", fin="delete")
    site.sync()
    quiet(site)
    fin(site, "DELETE", "resource/Customer/Alba GmbH")
    odoo(site, "res.partner", "write", [partner(site)["id"]], vals={"website": "https://new.example"})
    site.sync()
    assert fin(site, "GET", "resource/Customer/Alba GmbH")["website"] == "https://new.example"
    ((_, row),) = accounts(site).items()
    assert row["Website"] == "https://new.example"
    quiet(site)
    site.sync()
    quiet(site)


def test_lint_knows_who_can_archive(site: Site) -> None:
    site.only("customer")
    policies(site, erp="archive", fin="archive")
    assert json.loads(site.bridge("mapping", "lint", "--json"))["ok"] is True
    path = site.folder / "mappings" / "customer.yaml"
    path.write_text(path.read_text().replace(PLACES["crm"], f"{PLACES['crm']}, deletes: archive"), encoding="utf-8")
    (wrong,) = json.loads(site.bridge("mapping", "lint", "--json", code=1))["findings"]
    assert wrong["message"].startswith("crm (salesforce) has no way of its own to archive a record: name a field")
    assert (wrong["line"], wrong["column"]) == (7, 35)
    text = path.read_text().replace("deletes: archive}\n", "deletes: {archive: {Activ__c: 'false'}}}\n", 1)
    path.write_text(text, encoding="utf-8")
    found = json.loads(site.bridge("mapping", "lint", "--json", code=1))["findings"]
    (wrong,) = [one for one in found if one["level"] == "error"]
    assert wrong["message"].startswith("Account of 'crm' has no field 'Activ__c'")
