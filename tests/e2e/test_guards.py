"""A system that suddenly shows nothing, half, or everything changed, over real HTTP: nobody else hears of it before a
person has said so, and what is put right at the source ends the stop."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.conftest import VENDORS, Site

OBJECT = {"crm": "Account", "erp": "res.partner", "fin": "Customer"}
WEBSITE = {"crm": "Website", "erp": "website", "fin": "website"}
NAME = {"crm": "Name", "erp": "name", "fin": "customer_name"}
SMALL = "sync: {wait: 0s, guards: {few_lost: 1, few_changed: 1}}\n"
NUMBER = 5
OLD, NEW = "https://www.example.com/old", "https://www.example.com/new"


@pytest.fixture
def company(site: Site) -> Site:
    """Five customers that all systems have, and limits for so few."""
    site.only("customer")
    file = site.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("  fin:\n", "  fin:\n    deletes_interval: 0\n") + SMALL)
    mapping = site.folder / "mappings" / "customer.yaml"
    text = mapping.read_text()
    for system, obj in OBJECT.items():
        text = text.replace(f"{system}: {{object: {obj}", f"{system}: {{object: {obj}, deletes: delete", 1)
    mapping.write_text(text)
    values = [{"Name": f"Muster {letter} GmbH", "Website": OLD} for letter in "ABCDE"]
    site.seed("crm", [{"object": "Account", "values": one} for one in values])
    assert site.sync()["ok"] is True
    assert site.sync()["totals"]["writes"] == 0
    return site


def rows(site: Site, system: str) -> dict[str, dict[str, Any]]:
    """The five customers as one system has them, by id."""
    dump = site.control(system, "GET", "dump").get(OBJECT[system], {})
    mine = {i: row for i, row in dump.items() if str(row[NAME[system]]).startswith("Muster")}
    return {i: row for i, row in mine.items() if not row.get("IsDeleted")}


def others(site: Site, system: str) -> dict[str, dict[str, dict[str, Any]]]:
    return {other: rows(site, other) for other in VENDORS if other != system}


def put(site: Site, system: str, value: str | None) -> None:
    empty = {"crm": None, "erp": False, "fin": ""}[system]
    for native_id in rows(site, system):
        values = {WEBSITE[system]: empty if value is None else value}
        site.control(system, "POST", "edit", object=OBJECT[system], id=native_id, values=values)


def stopped(site: Site, system: str, words: str) -> str:
    """A sync that stops and writes nothing; answers the run by which it can be approved."""
    report = site.sync(code=3)
    (trouble,) = report["troubles"]
    assert (trouble["system"], trouble["entity"], trouble["code"]) == (system, "customer", "BR-SAFETY")
    assert words in trouble["what"]
    assert "Muster" not in json.dumps(report)
    assert report["totals"]["writes"] == 0
    run = json.loads(site.bridge("approve", "--list", "--json"))["stops"][0]["run"]
    assert f"`bridge approve {run}`" in trouble["what"]
    return str(run)


@pytest.mark.parametrize("system", VENDORS)
@pytest.mark.parametrize(
    ("value", "words"),
    [(NEW, "has changed in 5 of 5"), pytest.param(None, "was emptied in 5 of 5", marks=pytest.mark.long)],
)
def test_everything_changed_at_once(company: Site, system: str, value: str | None, words: str) -> None:
    before = others(company, system)
    put(company, system, value)
    run = stopped(company, system, f"{WEBSITE[system]} {words}")
    assert stopped(company, system, words) == run
    plan = json.loads(company.bridge("plan", "--json", code=3))
    assert plan["writes"] == []
    status = json.loads(company.bridge("status", "--json", code=1))
    assert [(stop["run"], stop["system"]) for stop in status["stopped"]] == [(run, system)]
    assert others(company, system) == before
    put(company, system, OLD)
    report = company.sync()
    assert (report["ok"], report["totals"]["writes"]) == (True, 0)
    assert json.loads(company.bridge("status", "--json"))["stopped"] == []

    put(company, system, value)
    run = stopped(company, system, words)
    company.bridge("approve", run)
    plan = json.loads(company.bridge("plan", "--json"))
    assert len(plan["writes"]) == 2 * NUMBER
    assert company.sync()["totals"]["writes"] == 2 * NUMBER
    for other in VENDORS:
        assert {row[WEBSITE[other]] or None for row in rows(company, other).values()} == {value}
    company.bridge("approve", run, code=2)
    put(company, system, OLD)
    assert stopped(company, system, "has changed in 5" if value else "has changed") != run


@pytest.mark.parametrize("system", ["crm", "fin"])
def test_many_deletes_go_nowhere(company: Site, system: str) -> None:
    """Odoo tells nobody of its deletes."""
    before, own = others(company, system), rows(company, system)
    gone = list(own)[:3]
    for native_id in gone:
        company.control(system, "POST", "delete", object=OBJECT[system], id=native_id)
    stopped(company, system, "3 of 5 linked customer records are gone")
    assert others(company, system) == before
    for native_id in gone:
        if system == "crm":
            company.control("crm", "POST", "edit", object="Account", id=native_id, values={"IsDeleted": False})
        else:
            values = {key: own[native_id][key] for key in ("customer_name", "website", "custom_bridge_id")}
            company.seed("fin", [{"object": "Customer", "id": native_id, "values": values}])
    report = company.sync()
    assert report["troubles"] == []
    assert {other: set(found) for other, found in others(company, system).items()} == {
        other: set(found) for other, found in before.items()
    }
    for native_id in gone:
        company.control(system, "POST", "delete", object=OBJECT[system], id=native_id)
    company.bridge("approve", stopped(company, system, "3 of 5"))
    report = company.sync()
    assert sum(row["deleted"] for row in report["systems"]) == 6
    assert [len(found) for found in others(company, system).values()] == [2, 2]


@pytest.mark.parametrize("system", VENDORS)
def test_a_filter_that_hides_records_deletes_nothing(company: Site, system: str) -> None:
    """The mapping's `where` sees half of them, then none."""
    half = list(rows(company, system))[:2]
    for native_id in half:
        values = {WEBSITE[system]: NEW}
        company.control(system, "POST", "edit", object=OBJECT[system], id=native_id, values=values)
    mapping = company.folder / "mappings" / "customer.yaml"
    right = mapping.read_text()
    lines = right.splitlines()
    place = next(n for n, line in enumerate(lines) if line.strip().startswith(f"{system}: {{object: {OBJECT[system]}"))
    (company.folder / "bridge.yaml").write_text(
        (company.folder / "bridge.yaml").read_text().replace("few_changed: 1", "few_changed: 9")
    )
    company.sync()
    before = others(company, system)
    for value, listed in ((NEW, 2), ("https://www.example.com/nobody", 0)):
        where = f"""{system}: {{object: {OBJECT[system]}, deletes: delete, where: "{WEBSITE[system]} = '{value}'"}}"""
        mapping.write_text("\n".join([*lines[:place], "  " + where, *lines[place + 1 :]]) + "\n")
        stopped(company, system, f"lists {listed} of the 5 customer records")
        assert others(company, system) == before
    mapping.write_text(right)
    report = company.sync()
    assert (report["troubles"], report["totals"]["writes"]) == ([], 0)
    mapping.write_text("\n".join([*lines[:place], "  " + where, *lines[place + 1 :]]) + "\n")
    company.bridge("approve", stopped(company, system, "lists 0 of the 5"))
    assert company.sync()["totals"]["writes"] == 0
    assert others(company, system) == before
    assert company.sync()["ok"] is True


@pytest.mark.parametrize("system", VENDORS)
def test_another_database_is_left_alone(company: Site, system: str) -> None:
    """The canary is not in the copy that answers at this address; edits elsewhere are not written into it."""
    file = company.folder / "bridge.yaml"
    native_id = next(iter(rows(company, system)))
    place = f"  {system}:\n"
    file.write_text(file.read_text().replace(place, f"{place}    canary: {{customer: '{native_id}'}}\n"))
    assert company.sync()["ok"] is True
    company.control(system, "POST", "reset")
    company.bridge("setup", system)
    other = next(one for one in VENDORS if one != system)
    edited = next(iter(rows(company, other)))
    company.control(other, "POST", "edit", object=OBJECT[other], id=edited, values={WEBSITE[other]: NEW})
    before = others(company, system)
    stopped(company, system, f"`systems.{system}.canary`")
    assert rows(company, system) == {}
    assert others(company, system) == before
    said = json.loads(company.bridge("status", "--json", code=1))
    assert said["stopped"][0]["findings"][0]["rule"] == "canary"


def test_what_is_wrong_in_the_configuration_is_said_at_once(site: Site) -> None:
    file = site.folder / "bridge.yaml"
    wrong = "sync: {guards: {most_change: 50%, most_deleted: 120%, few_lost: some}}\n"
    text = file.read_text().replace("  crm:\n", "  crm:\n    canary: {custmer: 001}\n", 1)
    file.write_text(text + wrong)
    answer = json.loads(site.bridge("status", "--json", code=2))["error"]["problems"]
    assert len(answer) == 3
    assert "sync.guards.most_change: unknown entry" in answer[0]
    assert "did you mean 'most_changed'" in answer[0] or "did you mean most_changed" in answer[0]
    file.write_text(text)
    (answer,) = json.loads(site.bridge("sync", "--json", code=2))["error"]["problems"]
    assert "no mapping reads this entity from crm" in answer
    assert "customer" in answer
