"""SIGKILL at random moments of `bridge sync`: in the end the same as without, and nothing twice in any system."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from typing import Any

import pytest

from bridge.entrypoints.demo import people, seeds
from e2e.conftest import Site

KILLS = int(os.environ.get("BRIDGE_KILLS", "6"))
CUSTOMERS = 60
PEOPLE = 90


def fill(site: Site) -> None:
    """A small company with overlaps."""
    companies = [c for c in people.companies() if c.number < CUSTOMERS]
    persons = [p for p in people.people() if p.number < PEOPLE and p.company < CUSTOMERS]
    mine = {system: [c for c in companies if system in c.systems] for system in ("crm", "erp", "fin")}
    theirs = {system: [p for p in persons if system in p.systems] for system in ("crm", "erp", "fin")}
    ids: dict[str, dict[int, str]] = {}
    for system, records in (
        ("crm", seeds.salesforce_accounts(mine["crm"])),
        ("erp", seeds.odoo_companies(mine["erp"])),
        ("fin", seeds.erpnext_customers(mine["fin"])),
    ):
        found = site.seed(system, records)
        ids[system] = {company.number: id_ for company, id_ in zip(mine[system], found, strict=True)}
    site.seed("fin", seeds.erpnext_addresses(mine["fin"], ids["fin"]))
    site.seed("crm", seeds.salesforce_contacts(theirs["crm"], ids["crm"]))
    site.seed("erp", seeds.odoo_people(theirs["erp"], ids["erp"]))
    site.seed("fin", seeds.erpnext_contacts(theirs["fin"], ids["fin"]))


def edit(site: Site) -> None:
    """What users do between two syncs: some fields in some systems, also the same one in two."""
    accounts = site.control("crm", "GET", "dump")["Account"]
    for number, account in enumerate(sorted(accounts, key=lambda id_: accounts[id_]["VAT__c"])):
        if number % 3 == 0:
            site.control(
                "crm", "POST", "edit", object="Account", id=account, values={"Website": f"https://c{number}.de"}
            )
    for number, partner in enumerate(companies_in_odoo(site)):
        if number % 4 == 0:
            site.control("erp", "POST", "edit", object="res.partner", id=partner, values={"street": f"Weg {number}"})
    for number, name in enumerate(sorted(site.control("fin", "GET", "dump")["Customer"])):
        if number % 5 == 0:
            site.control("fin", "POST", "edit", object="Customer", id=name, values={"customer_details": f"n {number}"})


def companies_in_odoo(site: Site) -> list[str]:
    rows = site.control("erp", "GET", "dump")["res.partner"]
    return sorted((id_ for id_, row in rows.items() if row["is_company"] and row["vat"]), key=lambda i: rows[i]["vat"])


def state(site: Site) -> dict[str, Counter[tuple[Any, ...]]]:
    """Everything the systems hold, without ids and stamps: what can be compared between two histories."""
    crm, erp, fin = (site.control(system, "GET", "dump") for system in ("crm", "erp", "fin"))
    accounts = {id_: row["Name"] for id_, row in crm["Account"].items()}
    partners = erp["res.partner"]
    links = {
        name: next((link["link_name"] for link in row["links"] if link["link_doctype"] == "Customer"), None)
        for name, row in fin["Contact"].items()
    }
    fields = ("Name", "VAT__c", "Email__c", "Phone", "Website", "BillingStreet", "BillingCity", "BillingCountryCode")
    return {
        "crm accounts": Counter(tuple(row[name] for name in fields) for row in crm["Account"].values()),
        "crm contacts": Counter(
            (row["Email"], row["LastName"], row["Title"], accounts.get(row["AccountId"]))
            for row in crm["Contact"].values()
        ),
        "erp companies": Counter(
            (row["name"], row["vat"], row["email"], row["website"], row["street"], row["zip"], row["country_id"])
            for row in partners.values()
            if row["is_company"]
        ),
        "erp people": Counter(
            (row["name"], row["email"], row["function"], partners[str(row["parent_id"])]["name"])
            for row in partners.values()
            if not row["is_company"] and row["parent_id"] and row["type"] == "contact"
        ),
        "fin customers": Counter(
            (row["customer_name"], row["tax_id"], row["website"], row["customer_details"])
            for row in fin["Customer"].values()
        ),
        "fin addresses": Counter(
            (row["address_line1"], row["city"], row["pincode"], row["links"][0]["link_name"])
            for row in fin["Address"].values()
            if row["links"]
        ),
        "fin contacts": Counter(
            (row["email_id"], row["last_name"], row["designation"], links[name])
            for name, row in fin["Contact"].items()
            if row["links"]
        ),
    }


def duplicates(found: dict[str, Counter[tuple[Any, ...]]]) -> dict[str, list[Any]]:
    """What is there twice."""
    twice = {what: [row for row, number in rows.items() if number > 1] for what, rows in found.items()}
    return {what: rows for what, rows in twice.items() if rows}


def kill_at_random(site: Site, kills: int, luck: random.Random, longest: float) -> int:
    """Start a sync and kill it, so many times; answers how many were still at work when they were killed."""
    hit = 0
    for _ in range(kills):
        process = site.start("sync", "--json")
        time.sleep(luck.uniform(0.3, longest))
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            hit += 1
        process.communicate()
    return hit


@pytest.fixture
def undisturbed(site: Site) -> tuple[dict[str, Counter[tuple[Any, ...]]], float]:
    """What a first sync, edits and a second sync lead to when nobody disturbs them, and how long one takes."""
    fill(site)
    start = time.monotonic()
    site.sync()
    seconds = time.monotonic() - start
    edit(site)
    site.sync()
    return state(site), seconds


def test_killed_at_random_moments(site: Site, undisturbed: tuple[dict[str, Counter[tuple[Any, ...]]], float]) -> None:
    wanted, seconds = undisturbed
    assert duplicates(wanted) == {}
    luck = random.Random(int(os.environ.get("BRIDGE_SEED", "20260301")))
    for path in site.folder.glob("bridge.db*"):
        path.unlink()
    for system in site.servers:
        site.control(system, "POST", "reset")
        site.bridge("setup", system)
    fill(site)
    hit = kill_at_random(site, (KILLS + 1) // 2, luck, seconds)
    site.sync()
    edit(site)
    hit += kill_at_random(site, KILLS // 2, luck, seconds)
    site.sync()
    found = state(site)
    assert hit > KILLS // 3, "most syncs were over before they were killed: the test proves nothing"
    assert duplicates(found) == {}
    lost = {what: list((rows - found[what]).elements()) for what, rows in wanted.items()}
    extra = {what: list((rows - wanted[what]).elements()) for what, rows in found.items()}
    assert {"lost": {k: v for k, v in lost.items() if v}, "extra": {k: v for k, v in extra.items() if v}} == {
        "lost": {},
        "extra": {},
    }
    last = site.sync()
    assert last["totals"]["writes"] == 0
    assert last["totals"]["enqueued"] == 0
