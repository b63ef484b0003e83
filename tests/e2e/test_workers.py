"""Several `bridge run` on one PostgreSQL store, as real processes."""

from __future__ import annotations

import json

import pytest

from bridge.entrypoints.demo import people, seeds
from e2e.conftest import Site
from e2e.test_daemon import RUN, accounts, arrived, edited, eventually, running
from support.postgres import Postgres


@pytest.fixture
def company(site: Site, postgres: Postgres) -> Site:
    """Ten customers in the CRM, none elsewhere; a PostgreSQL store."""
    site.only("customer")
    file = site.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("sqlite:///bridge.db", postgres.new_database()) + RUN)
    known = [one for one in people.companies() if "crm" in one.systems][:10]
    site.seed("crm", seeds.salesforce_accounts(known))
    return site


def test_they_share_the_work_make_way_for_a_person_and_stand_in_for_each_other(company: Site) -> None:
    with running(company) as one, running(company) as other:
        eventually(lambda: len(company.control("fin", "GET", "dump")["Customer"]), 10)
        eventually(lambda: [daemon.get("/readyz").status_code for daemon in (one, other)], [200, 200])
        report = json.loads(company.bridge("sync", "--json"))  # alone, between two steps of both
        assert report["ok"]
        one.process.kill()
        one.process.wait()
        edited(company, "https://one-is-gone.example")
        arrived(company, "https://one-is-gone.example")
        assert other.ends() == 0
    company.sync()  # whatever it was stopped in front of
    last = company.sync()
    assert last["totals"]["writes"] == last["totals"]["enqueued"] == 0
    assert max(accounts(company).values()) == 1
