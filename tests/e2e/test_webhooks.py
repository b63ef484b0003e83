"""Webhooks with a real daemon and real sandboxes over HTTP. The timetable reads once an hour here, unless it is said
otherwise: what arrives within seconds, arrives because a system told of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from bridge.config import load_config
from bridge.entrypoints.alone import alone
from bridge.entrypoints.demo import people, seeds
from bridge.wiring import opened_store
from e2e.conftest import Site
from e2e.test_daemon import Daemon, eventually, running
from support.hooked import SECRETS, hook_up


@pytest.fixture
def company(site: Site) -> Site:
    """Five customers in all three systems, in step."""
    site.only("customer")
    known = [one for one in people.companies() if "crm" in one.systems][:5]
    site.seed("crm", seeds.salesforce_accounts(known))
    site.sync()
    return site


def accounts(site: Site) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = site.control("crm", "GET", "dump")["Account"]
    return found


def partner_of(site: Site, name: object) -> str:
    partners = site.control("erp", "GET", "dump")["res.partner"]
    return next(id_ for id_, row in partners.items() if row["name"] == name)


def website_in(site: Site, system: str, name: object) -> object:
    if system == "fin":
        rows = site.control("fin", "GET", "dump")["Customer"].values()
        return next(row["website"] for row in rows if row["customer_name"] == name)
    if system == "erp":
        return site.control("erp", "GET", "dump")["res.partner"][partner_of(site, name)]["website"]
    return next(row["Website"] for row in accounts(site).values() if row["Name"] == name)


def edit(site: Site, system: str, name: object, website: str) -> None:
    objects = {"crm": ("Account", "Website"), "erp": ("res.partner", "website"), "fin": ("Customer", "website")}
    ids = {
        "crm": lambda: next(id_ for id_, row in accounts(site).items() if row["Name"] == name),
        "erp": lambda: partner_of(site, name),
        "fin": lambda: next(
            id_ for id_, row in site.control("fin", "GET", "dump")["Customer"].items() if row["customer_name"] == name
        ),
    }
    kind, field = objects[system]
    site.control(system, "POST", "edit", object=kind, id=ids[system](), values={field: website})


def sent(site: Site, system: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = site.control(system, "GET", "webhooks")
    return found


def settled(daemon: Daemon, system: str) -> int:
    """Records of which a system told, and that were looked at."""
    line = f'bridge_hint_seconds_count{{system="{system}"}} '
    rows = daemon.get("/metrics").text.splitlines()
    return next((int(float(row.removeprefix(line))) for row in rows if row.startswith(line)), 0)


def ready(daemon: Daemon) -> None:
    """The first cycle is over: from now on only what is told is read."""
    eventually(lambda: daemon.get("/readyz").status_code, 200)


def test_what_is_told_is_in_the_others_within_seconds(company: Site) -> None:
    hook_up(company)
    name = next(iter(accounts(company).values()))["Name"]
    with running(company) as daemon:
        ready(daemon)
        for system, others in (("crm", ("erp", "fin")), ("erp", ("crm", "fin")), ("fin", ("crm", "erp"))):
            website = f"https://{system}.example"
            edit(company, system, name, website)
            for other in others:
                eventually(lambda: website_in(company, other, name), website)  # noqa: B023
        assert daemon.metric('bridge_hints_total{outcome="new",system="crm"}') >= 1
        assert daemon.metric('bridge_hint_seconds_count{system="fin"}') >= 1
    status = json.loads(company.bridge("status", "--json", code=None))
    assert [row["system"] for row in status["webhooks"]] == ["crm", "erp", "fin"]
    said = company.bridge("setup", "crm")
    assert "The last webhook came at" in said, "what a person did by hand counts as done once one has come"


def test_a_new_record_is_told_of_too(company: Site) -> None:
    hook_up(company, systems=("fin",))
    with running(company) as daemon:
        ready(daemon)
        values = {"customer_name": "Newcomer AG", "customer_type": "Company"}
        company.control("fin", "POST", "insert", object="Customer", values=values)
        eventually(lambda: any(row["Name"] == "Newcomer AG" for row in accounts(company).values()), True)


def test_a_lost_one_arrives_by_polling(company: Site) -> None:
    hook_up(company, every="3s", systems=("fin",))
    name = next(iter(accounts(company).values()))["Name"]
    company.control("fin", "POST", "webhooks", kind="lost", times=0)
    with running(company) as daemon:
        ready(daemon)
        edit(company, "fin", name, "https://lost.example")
        eventually(lambda: website_in(company, "crm", name), "https://lost.example")
        assert {post["trouble"] for post in sent(company, "fin")} == {"lost"}


def test_doubled_and_late_ones_change_nothing(company: Site) -> None:
    hook_up(company, systems=("fin",))
    name = next(iter(accounts(company).values()))["Name"]
    company.control("fin", "POST", "webhooks", kind="twice", times=1)
    company.control("fin", "POST", "webhooks", kind="late", times=1, seconds=2)
    with running(company) as daemon:
        ready(daemon)
        edit(company, "fin", name, "https://twice.example")
        eventually(lambda: website_in(company, "crm", name), "https://twice.example")
        eventually(lambda: len(sent(company, "fin")) >= 2, True)
        assert daemon.metric('bridge_hints_total{outcome="known",system="fin"}') >= 1
        edit(company, "fin", name, "https://late.example")
        edit(company, "fin", name, "https://last.example")
        eventually(lambda: website_in(company, "crm", name), "https://last.example")
        time.sleep(3)
        assert website_in(company, "crm", name) == website_in(company, "fin", name) == "https://last.example"


def test_forged_ones_write_nothing_anywhere(company: Site) -> None:
    """Without the secret they are refused; with a stolen one they name records, and values only the systems give."""
    address = hook_up(company)
    before = {system: company.control(system, "GET", "dump") for system in ("crm", "erp", "fin")}
    told = {"crm": ("Account", "001q00000009999"), "erp": ("res.partner", "99999"), "fin": ("Customer", "Nobody")}
    with running(company) as daemon:
        ready(daemon)
        calls = {system: len(company.control(system, "GET", "calls")) for system in told}
        for system, (kind, native_id) in told.items():
            company.control(system, "POST", "webhooks/forge", object=kind, id=native_id)
        eventually(lambda: [len(sent(company, system)) >= 1 for system in told], [True] * 3)
        assert {post["status"] for system in told for post in sent(company, system)} == {401}
        time.sleep(2)
        assert calls == {system: len(company.control(system, "GET", "calls")) for system in told}, "nobody was asked"
        for system, (kind, native_id) in told.items():
            company.control(system, "POST", "webhooks/forge", object=kind, id=native_id, genuine=True)
        for system in told:
            eventually(lambda: settled(daemon, system), 1)  # noqa: B023
        large = requests.post(f"{address}/fin", data=b"x" * (1024 * 1024 + 1), timeout=10)
        assert (large.status_code, large.content) == (413, b"")
    for system, dump in before.items():
        after = company.control(system, "GET", "dump")
        assert {kind: rows for kind, rows in after.items() if rows != dump[kind]} == {}
    assert not any(secret in text for secret in SECRETS.values() for text in [json.dumps(daemon.said)])


def test_what_was_answered_survives_a_kill(company: Site) -> None:
    """A person's command holds the daemon's turn, so that the hint is answered and not looked at; then it is killed."""
    hook_up(company, systems=("fin",))
    name = next(iter(accounts(company).values()))["Name"]
    with running(company) as daemon:
        ready(daemon)
        with holding(company):
            edit(company, "fin", name, "https://killed.example")
            eventually(lambda: 200 in [post["status"] for post in sent(company, "fin")], True)
            daemon.process.kill()
            daemon.process.wait()
    status = json.loads(company.bridge("status", "--json", code=None))
    assert [(row["system"], row["waiting"]) for row in status["webhooks"]] == [("fin", 1)]
    with running(company) as daemon:
        eventually(lambda: website_in(company, "crm", name), "https://killed.example")
        eventually(lambda: settled(daemon, "fin"), 1)


def test_check_says_what_is_not_installed_and_nobody_says_a_secret(company: Site) -> None:
    hook_up(company, systems=("crm",))
    said = company.bridge("check", code=1) + company.bridge("setup", "crm", code=1)
    said += company.bridge("check", "--json", code=1) + company.bridge("setup", "crm", "--dry-run", "--json")
    assert "outbound message of Account" in said
    assert "run `bridge setup crm`" in said
    assert not [name for name, secret in SECRETS.items() if secret in said]


def test_setup_made_again_changes_nothing(company: Site) -> None:
    hook_up(company, systems=("erp", "fin"))
    kinds = {"erp": ("base.automation", "ir.actions.server"), "fin": ("Webhook",)}
    for system, names in kinds.items():
        before = company.control(system, "GET", "dump")
        assert all(before[kind] for kind in names)
        said = json.loads(company.bridge("setup", system, "--json"))
        assert {step["state"] for step in said["steps"]} == {"present"}
        after = company.control(system, "GET", "dump")
        assert [after[kind] for kind in names] == [before[kind] for kind in names]
    rules = company.control("erp", "GET", "dump")["base.automation"].values()
    assert {row["trigger"]: bool(row["trigger_field_ids"]) for row in rules} == {
        "on_create_or_write": True,
        "on_unlink": False,
    }


def test_a_changed_secret_is_told_to_the_systems_by_setup(company: Site) -> None:
    hook_up(company, systems=("fin",))
    company.environment["HOOK_FIN"] = "another-secret-for-the-finance-system"
    said = json.loads(company.bridge("setup", "fin", "--json"))
    assert "done" in {step["state"] for step in said["steps"] if step["entity"] == "webhooks"}


def test_a_delete_that_is_told_is_seen_at_once_where_there_is_no_feed(company: Site) -> None:
    hook_up(company, systems=("erp",))
    name = next(iter(accounts(company).values()))["Name"]
    with running(company) as daemon:
        ready(daemon)
        company.control("erp", "POST", "delete", object="res.partner", id=partner_of(company, name))
        eventually(lambda: linked_in_erp(company), 4)


def linked_in_erp(site: Site) -> int:
    records = json.loads(site.bridge("status", "--json", code=None))["records"]
    return int(records["customer"]["erp"])


@contextmanager
def holding(site: Site) -> Iterator[None]:
    """As if a person's command were at work: the daemon hears, and does not get its turn."""
    config = load_config(site.folder / "bridge.yaml")
    with opened_store(config) as store, alone(config, store, patience=30):
        yield
