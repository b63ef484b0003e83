"""A mapping line that is changed while the daemon runs: that field moves, and nothing else of anybody."""

from __future__ import annotations

import json

import pytest

from bridge.entrypoints.demo import people, seeds
from e2e.conftest import Site
from e2e.test_daemon import RUN, arrived, edited, eventually, running

LINE = 'values: {active: {crm: Active, fin: "0"}, blocked: {crm: [On Hold, Blocked], fin: "1"}}'
MENDED = 'values: {active: {crm: [Active, On Hold], fin: "0"}, blocked: {crm: Blocked, fin: "1"}}'


@pytest.fixture
def company(site: Site) -> Site:
    site.only("customer")
    file = site.folder / "bridge.yaml"
    file.write_text(file.read_text() + RUN)
    site.seed("crm", seeds.salesforce_accounts([one for one in people.companies() if "crm" in one.systems][:10]))
    return site


def customers(site: Site) -> dict[str, dict[str, object]]:
    return dict(site.control("fin", "GET", "dump")["Customer"])


def disabled(site: Site, name: str) -> int:
    return next(int(row["disabled"] or 0) for row in customers(site).values() if row["customer_name"] == name)


def writes(site: Site, system: str, word: str) -> int:
    return sum(word in call["operation"] for call in site.control(system, "GET", "calls"))


def test_only_the_field_of_the_changed_line_is_written(company: Site) -> None:
    mapping = company.folder / "mappings" / "customer.yaml"
    good = mapping.read_text()
    assert LINE in good
    accounts = company.control("crm", "GET", "dump")["Account"]
    first, second = sorted(accounts)[:2]
    name, other = accounts[first]["Name"], accounts[second]["Name"]
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        company.control("crm", "POST", "edit", object="Account", id=first, values={"Status__c": "On Hold"})
        company.control("crm", "POST", "edit", object="Account", id=second, values={"Status__c": "Blocked"})
        eventually(lambda: (disabled(company, name), disabled(company, other)), (1, 1))
        daemon.hears("cycle")
        before = company.control("erp", "GET", "dump")["res.partner"]
        mapping.write_text(good.replace(LINE, MENDED, 1))
        assert daemon.hears("reloaded")["fields"] == {"customer": ["status"]}
        assert daemon.hears("mapping in force")["records_by_field"] == {"status": 1}
        eventually(lambda: (disabled(company, name), disabled(company, other)), (0, 1))
        assert company.control("crm", "GET", "dump")["Account"][first]["Status__c"] == "On Hold"
        assert company.control("erp", "GET", "dump")["res.partner"] == before, "who has no part in it is not written"
        edited(company, "https://after.example")
        arrived(company, "https://after.example")
        assert json.loads(company.bridge("mapping", "changes", "--json"))["entities"] == []
        assert json.loads(company.bridge("conflicts", "list", "--json"))["conflicts"] == []
        assert daemon.ends() == 0
