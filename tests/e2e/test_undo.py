"""A run taken back, and two systems that undo each other, over real HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_orders import crm_edit, fin, odoo, quiet

COMPANIES = [["is_company", "=", True], ["ref_company_ids", "=", False]]


@pytest.fixture
def account(site: Site) -> str:
    """One customer, seeded in the CRM and not synced yet."""
    site.only("customer")
    return site.seed("crm", [{"object": "Account", "values": {"Name": "Alba GmbH", "Phone": "+493011111"}}])[0]


def seen(site: Site) -> dict[str, list[tuple[str, str]]]:
    """Name and phone number of every customer in the systems that have them; ERPNext shows names only."""
    accounts = site.control("crm", "GET", "dump")["Account"].values()
    partners = odoo(site, "res.partner", "search_read", domain=COMPANIES, fields=["name", "phone"])
    return {
        "crm": [(row["Name"], row["Phone"]) for row in accounts],
        "erp": [(row["name"], row["phone"]) for row in partners],
        "fin": [(row["customer_name"], "") for row in fin(site, "GET", 'resource/Customer?fields=["customer_name"]')],
    }


def undo(site: Site, run: str, code: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(site.bridge("undo", run, "--apply", "--json", code=code))
    return found


def test_a_wrong_edit_is_taken_back_everywhere(site: Site, account: str) -> None:
    site.sync()
    before = seen(site)
    crm_edit(site, "Account", account, Phone="+493099999", Name="Wrong GmbH")
    run = site.sync()["run"]
    assert seen(site) != before
    assert {step["unit"] for step in undo(site, run)["set_back"]} == {"name", "phone"}
    assert seen(site) == before
    quiet(site)


def test_records_that_a_run_made_are_deleted_where_it_made_them(site: Site, account: str) -> None:
    run = site.sync()["run"]
    assert {system: len(rows) for system, rows in seen(site).items()} == {"crm": 1, "erp": 1, "fin": 1}
    assert {step["system"] for step in undo(site, run)["delete"]} == {"erp", "fin"}
    assert {system: len(rows) for system, rows in seen(site).items()} == {"crm": 1, "erp": 0, "fin": 0}
    quiet(site)


def test_two_systems_that_undo_each_other_are_stopped(site: Site, account: str) -> None:
    config = site.folder / "bridge.yaml"
    config.write_text(config.read_text() + "\nsync: {loop: {flips: 1, within: 1h}}\n", encoding="utf-8")
    site.sync()
    (partner,) = odoo(site, "res.partner", "search_read", domain=COMPANIES, fields=["id"])
    for _ in range(2):
        odoo(site, "res.partner", "write", [partner["id"]], vals={"name": "ALBA GMBH"})
        report = site.sync()
        crm_edit(site, "Account", account, Name="Alba GmbH")
        report = site.sync(code=None)
    assert [trouble["code"] for trouble in report["troubles"]] == ["BR-LOOP"]
    (held,) = json.loads(site.bridge("conflicts", "list", "--state", "held", "--json"))["conflicts"]
    assert (held["unit"], held["rule"]) == ("name", "loop")
    assert {word["system"]: word["value"] for word in held["proposals"]} == {"crm": "Alba GmbH", "erp": "ALBA GMBH"}
    quiet(site)
    assert (seen(site)["crm"][0][0], seen(site)["erp"][0][0]) == ("Alba GmbH", "ALBA GMBH"), "nobody is overwritten"
    crm_edit(site, "Account", account, Name="ALBA GMBH")
    site.sync()
    assert not json.loads(site.bridge("conflicts", "list", "--state", "held", "--json"))["conflicts"]
    quiet(site)
