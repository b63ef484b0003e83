"""A script writes straight into a system's database: no stamp moves, and the daemon finds it all the same."""

from __future__ import annotations

import json

import pytest

from e2e.conftest import Site
from e2e.test_daemon import RUN, eventually, running

KINDS = {"erp": ("res.partner", "name", "phone"), "fin": ("Customer", "customer_name", "website")}
SHOWN = {"phone": "Phone", "website": "Website"}


@pytest.fixture
def company(site: Site) -> Site:
    """Three customers everywhere, for an hour or two."""
    site.only("customer")
    site.seed("crm", [{"object": "Account", "values": {"Name": f"Firma {one}"}} for one in "ABC"])
    for _ in range(2):
        site.sync()
        for system in ("crm", "erp", "fin"):  # an hour later: no feed brings it again for fear of late commits
            site.control(system, "POST", "clock", advance=3600)
    return site


def scripted(site: Site, system: str, value: str) -> None:
    """Firma B, changed past the application."""
    kind, named, field = KINDS[system]
    rows = site.control(system, "GET", "dump")[kind]
    (record,) = [id_ for id_, row in rows.items() if row[named] == "Firma B"]
    stamp = {"erp": "write_date", "fin": "modified"}[system]
    assert rows[record][stamp]
    site.control(system, "POST", "edit/past", object=kind, id=record, values={field: value})
    assert site.control(system, "GET", "dump")[kind][record][stamp] == rows[record][stamp]


def in_erp(site: Site, field: str) -> object:
    rows = site.control("erp", "GET", "dump")["res.partner"].values()
    return next(row[field] for row in rows if row["name"] == "Firma B")


def in_crm(site: Site, field: str) -> object:
    rows = site.control("crm", "GET", "dump")["Account"].values()
    return next(row[SHOWN[field]] for row in rows if row["Name"] == "Firma B")


@pytest.mark.parametrize(("system", "value"), [("erp", "+49 30 901820"), ("fin", "https://script.example")])
def test_asked_for_it_is_found_at_once(company: Site, system: str, value: str) -> None:
    scripted(company, system, value)
    company.sync()
    assert in_crm(company, KINDS[system][2]) is None, "no feed tells of it"
    report = json.loads(company.bridge("sync", "--drift", "--json"))
    assert report["ok"] is True
    assert str(in_crm(company, KINDS[system][2])).replace(" ", "") == value.replace(" ", "")
    again = json.loads(company.bridge("sync", "--drift", "--json"))["totals"]
    assert (again["writes"], again["enqueued"]) == (0, 0)
    assert "drift" not in company.bridge("sync", "--drift")


def test_the_daemon_finds_it_at_its_own_pace(company: Site) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + RUN + "sync: {drift: 5s}\n")
    with running(company) as daemon:
        eventually(lambda: daemon.get("/readyz").status_code, 200)
        scripted(company, "fin", "https://script.example")
        eventually(lambda: in_crm(company, "website"), "https://script.example")
        # in both, since a daemon that is told to end leaves what it has not begun to the next cycle
        eventually(lambda: in_erp(company, "website"), "https://script.example")
        assert daemon.ends() == 0
    assert company.sync()["totals"]["writes"] == 0
