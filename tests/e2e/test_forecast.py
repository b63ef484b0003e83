"""`bridge plan` says beforehand how many calls a run will take: the run takes about as many."""

from __future__ import annotations

import json
from typing import Any

import pytest

from e2e.conftest import Site

COUNT = 120


def taken(report: dict[str, Any]) -> dict[str, int]:
    """Calls of a run by system."""
    calls = dict(report["session_calls"])
    for row in report["systems"]:
        calls[row["system"]] += row["api_calls"]
    return calls


def planned(site: Site) -> dict[str, dict[str, Any]]:
    """The forecast by system."""
    said = json.loads(site.bridge("plan", "--json", code=None))["forecast"]
    return {one["system"]: one for one in said}


def fill(site: Site) -> None:
    address = {"BillingStreet": "Weg 1", "BillingCity": "Ulm", "BillingCountryCode": "DE"}
    records = [{"object": "Account", "values": {"Name": f"Firm {n}", **address}} for n in range(COUNT)]
    site.seed("crm", records)
    config = site.folder / "bridge.yaml"  # all of them are edited at once, and that is meant
    config.write_text(config.read_text(encoding="utf-8") + "sync: {guards: {most_changed: 100%}}\n", encoding="utf-8")


def test_creates_and_updates_take_about_as_many_calls_as_was_said(site: Site) -> None:
    fill(site)
    for _ in ("created", "updated"):
        expected, report = planned(site), site.sync(code=None)
        assert report["totals"]["writes"] >= 2 * COUNT
        for system, calls in taken(report).items():
            assert calls / 2 <= expected[system]["calls"] <= calls * 2 + 5, system
        for account in site.control("crm", "GET", "dump")["Account"]:
            site.control("crm", "POST", "edit", object="Account", id=account, values={"BillingCity": "Bonn"})


def test_what_does_not_fit_is_said_and_waits(site: Site) -> None:
    fill(site)
    site.sync(code=None)
    before = len(site.control("fin", "GET", "calls"))
    config = site.folder / "bridge.yaml"
    whole = config.read_text(encoding="utf-8")
    budget = "    budget: {per_day: 100, reserve: 20%}\n    adapter: erpnext"
    config.write_text(whole.replace("    adapter: erpnext", budget))
    for account in site.control("crm", "GET", "dump")["Account"]:
        site.control("crm", "POST", "edit", object="Account", id=account, values={"BillingCity": "Bonn"})
    assert "are left for bridge today: the rest waits" in site.bridge("plan", code=None)
    report = site.sync(code=1)
    assert len(site.control("fin", "GET", "calls")) - before <= 80, "eighty of a hundred, planned or done"
    assert any("reserve of 20%" in trouble["what"] for trouble in report["troubles"])
    status = json.loads(site.bridge("status", "--json", code=None))
    assert status["calls_of_24_hours"]["fin"]["by_bridge"] <= 80
    assert "asks for fewer calls" in status["not_answering"]["fin"]
    cities = {row["city"] for row in site.control("erp", "GET", "dump")["res.partner"].values() if row["is_company"]}
    assert "Ulm" not in cities, "the others go on"


def test_a_salesforce_org_keeps_its_reserve(site: Site) -> None:
    """The org tells its usage with every answer, whoever made the calls."""
    site.bridge("sync", code=None)
    site.control("crm", "POST", "faults", kind="used_by_others", calls=80_000)
    site.bridge("sync", code=None)
    site.control("crm", "POST", "calls/reset")
    report = site.sync(code=1)
    assert any("used, by whomever" in trouble["what"] for trouble in report["troubles"])
    assert site.control("crm", "GET", "calls") == [], "thirty of a hundred are left for others"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("budget: 5", "expected entries like per_second: 10"),
        ("budget: {per_secnd: 5}", "did you mean"),
        ("budget: {per_second: fast}", "expected a number above 0"),
        ("budget: {per_day: 0.5}", "expected a number above 0"),
        ("budget: {reserve: 120%}", "expected a share like 30%"),
    ],
)
def test_a_wrong_budget_is_told_with_its_place(site: Site, line: str, words: str) -> None:
    config = site.folder / "bridge.yaml"
    whole = config.read_text(encoding="utf-8")
    config.write_text(whole.replace("    adapter: erpnext", f"    {line}\n    adapter: erpnext"))
    said = json.loads(site.bridge("status", "--json", code=2))
    assert words in json.dumps(said)
    assert "bridge.yaml:" in json.dumps(said)
