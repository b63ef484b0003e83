"""A backup taken, days gone by in three systems, the store lost and restored: nothing lost, doubled or turned back."""

from __future__ import annotations

import json
from typing import Any

from e2e.conftest import Site
from e2e.test_orders import crm_edit, fin, odoo, quiet
from e2e.test_stock import agree, move_in_erpnext, move_in_odoo, stocked
from e2e.test_undo import COMPANIES

__all__ = ["stocked"]


def customers(site: Site) -> dict[str, list[tuple[str, str]]]:
    """Name and phone number of every customer; ERPNext shows names only."""
    accounts = site.control("crm", "GET", "dump")["Account"].values()
    partners = odoo(site, "res.partner", "search_read", domain=COMPANIES, fields=["name", "phone"])
    return {
        "crm": sorted((row["Name"], row["Phone"] or "") for row in accounts),
        "erp": sorted((row["name"], row["phone"] or "") for row in partners),
        "fin": sorted(
            (row["customer_name"], "") for row in fin(site, "GET", 'resource/Customer?fields=["customer_name"]')
        ),
    }


def account(name: str, **more: Any) -> dict[str, Any]:
    return {"object": "Account", "values": {"Name": name, **more}}


def restore(site: Site) -> None:
    (site.folder / "bridge.db").unlink()
    for ending in ("-wal", "-shm"):
        (site.folder / f"bridge.db{ending}").unlink(missing_ok=True)
    site.bridge("restore", str(site.folder / "kept.db"))


def test_edits_deletes_and_creates_made_since_the_backup(site: Site) -> None:
    site.only("customer")
    ids = site.seed(
        "crm", [account(f"Firma {letter} GmbH", Phone=f"+4930{number}1111") for number, letter in enumerate("ABCD")]
    )
    site.sync()
    site.bridge("backup", str(site.folder / "kept.db"))

    crm_edit(site, "Account", ids[0], Phone="+49302222")
    (partner,) = odoo(site, "res.partner", "search", domain=[["name", "=", "Firma B GmbH"]])
    odoo(site, "res.partner", "write", [partner], vals={"phone": "+49303333"})
    site.seed("crm", [account("Neu aus dem CRM AG", Phone="+49304444")])
    odoo(site, "res.partner", "create", [{"name": "Neu aus Odoo KG", "is_company": True, "phone": "+49305555"}])
    site.sync()
    crm_edit(site, "Account", ids[0], Phone="+49306666")  # the later edit of the two
    site.sync()
    odoo(site, "res.partner", "write", [partner], vals={"name": "Firma B umbenannt GmbH"})  # seen by no sync yet
    before = customers(site)

    restore(site)
    report = site.sync()
    now = customers(site)
    assert [len(rows) for rows in now.values()] == [6, 6, 6]
    assert now["erp"] == before["erp"]
    assert ("Firma B umbenannt GmbH", "+49303333") in now["crm"]
    assert now["crm"] == now["erp"]
    print(site.bridge("links", "review"))
    print(site.bridge("links", "list"))
    print(now)
    # The rename, to the two others; and a default of ERPNext fills what nobody filled, as at first contact.
    assert report["totals"]["writes"] - sum(one["created"] for one in report["systems"]) == report["totals"]["writes"]
    assert sum(one["updated"] for one in report["systems"] if one["system"] != "crm") == 1
    assert not json.loads(site.bridge("conflicts", "list", "--json"))["conflicts"]
    assert not json.loads(site.bridge("links", "review", "--json"))["waiting"]
    quiet(site)
    assert json.loads(site.bridge("store", "check", "--json"))["ok"]


def test_stock_that_was_moved_since_the_backup_is_not_moved_again(stocked: Site) -> None:
    site = stocked
    site.bridge("backup", str(site.folder / "kept.db"))
    move_in_odoo(site, "SKU-1", "-30")
    move_in_erpnext(site, "SKU-2", "-100")
    site.sync()
    agree(site, "70", "0", "100")
    restore(site)
    site.sync()
    agree(site, "70", "0", "100")
    quiet(site)
    agree(site, "70", "0", "100")
    move_in_odoo(site, "SKU-1", "-2")  # what is moved from now on is moved everywhere, once
    site.sync()
    agree(site, "68", "0", "100")
    assert not json.loads(site.bridge("conflicts", "list", "--state", "held", "--json"))["conflicts"]
