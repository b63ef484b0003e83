"""`bridge run` as a real process: it reads on its timetable, writes at once, stops, reloads, and outlives its world's
faults."""

from __future__ import annotations

import json
import queue
import re
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from sqlalchemy import make_url

from bridge.entrypoints.demo import people, seeds
from e2e.conftest import Site
from support.hook import SECRET, hook
from support.postgres import Postgres

SOON = 60.0
"""Seconds: all that is waited for comes within a few, on an idle machine."""
RUN = """
run:
  every: 2s
  listen: 127.0.0.1:0
  stop_within: 20s
"""


class Daemon:
    """A running daemon, and what it says."""

    def __init__(self, site: Site, program: str = "bridge") -> None:
        self.site = site
        self.process = site.start("run", "--json", program=program)
        self.said: list[dict[str, Any]] = []
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self.port: int = self.hears("started")["port"]

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)

    def hears(self, event: str, **fields: Any) -> dict[str, Any]:
        """Wait until it says this, from now on."""
        until = time.monotonic() + SOON
        while time.monotonic() < until:
            try:
                told: dict[str, Any] = json.loads(self._lines.get(timeout=0.2))
            except queue.Empty:
                assert self.process.poll() is None or self._lines.qsize(), f"it ended: {self.said}"
                continue
            self.said.append(told)
            if told["event"] == event and all(told.get(name) == value for name, value in fields.items()):
                return told
        raise AssertionError(f"never said {event} {fields}: {self.said}")

    def get(self, page: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{self.port}{page}", timeout=10)

    def metric(self, line: str) -> float:
        """The value behind a line of /metrics."""
        for row in self.get("/metrics").text.splitlines():
            if row.startswith(line + " "):
                return float(row.rpartition(" ")[2])
        raise AssertionError(f"no {line}")

    def ends(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(SOON)


def eventually(what: Callable[[], object], want: object) -> None:
    until = time.monotonic() + SOON
    while (now := what()) != want:
        assert time.monotonic() < until, f"still {now}, not {want}"
        time.sleep(0.2)


@contextmanager
def running(site: Site, program: str = "bridge") -> Iterator[Daemon]:
    daemon = Daemon(site, program)
    try:
        yield daemon
    finally:
        daemon.process.kill()
        daemon.process.wait()


@pytest.fixture
def company(site: Site) -> Site:
    """Ten customers in the CRM, none elsewhere."""
    site.only("customer")
    file = site.folder / "bridge.yaml"
    file.write_text(file.read_text() + RUN)
    known = [one for one in people.companies() if "crm" in one.systems][:10]
    site.seed("crm", seeds.salesforce_accounts(known))
    return site


def websites(site: Site) -> list[str]:
    return sorted(str(row["website"]) for row in site.control("erp", "GET", "dump")["res.partner"].values())


def booked(site: Site) -> list[str]:
    """The websites that the finance system shows."""
    return [row["website"] for row in site.control("fin", "GET", "dump")["Customer"].values()]


def arrived(site: Site, value: str) -> None:
    """Wait until every system shows this website: the daemon writes to one after the other, and may be asked to end
    between two of them."""
    eventually(lambda: value in websites(site), True)
    eventually(
        lambda: value in {row["website"] for row in site.control("fin", "GET", "dump")["Customer"].values()}, True
    )


def said(process: subprocess.Popen[str]) -> str:
    return "".join(process.communicate(timeout=SOON))


def accounts(site: Site) -> Counter[str]:
    return Counter(row["Name"] for row in site.control("crm", "GET", "dump")["Account"].values())


def taxed(site: Site) -> Counter[str]:
    return Counter(row["name"] for row in site.control("erp", "GET", "dump")["res.partner"].values() if row["vat"])


def asked_for_accounts(site: Site) -> bool:
    return any(re.match(r"query\w* Account", call["operation"]) for call in site.control("crm", "GET", "calls"))


def edited(site: Site, value: str) -> None:
    account = min(site.control("crm", "GET", "dump")["Account"])
    site.control("crm", "POST", "edit", object="Account", id=account, values={"Website": value})


def test_it_keeps_systems_in_step_and_tells_how_it_is(company: Site) -> None:
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        edited(company, "https://one.example")
        arrived(company, "https://one.example")
        assert daemon.get("/healthz").json()["alive"] is True
        assert daemon.get("/readyz").json() == {"ready": True, "why_not": []}
        assert daemon.metric('bridge_writes_total{entity="customer",operation="create",system="erp"}') == 10
        assert daemon.metric('bridge_read_age_seconds{entity="customer",system="crm"}') < SOON
        assert daemon.metric('bridge_system_off{system="crm",why="paused"}') == 0
        assert {row["system"] for row in daemon.get("/status").json()["read"]} == {"crm", "erp", "fin"}
        assert daemon.get("/orders").status_code == 404
        assert requests.post(f"http://127.0.0.1:{daemon.port}/healthz", timeout=10).status_code == 405
        runs = json.loads(company.bridge("status", "--json", code=None))["runs"]
        assert {run["command"] for run in runs} == {"run"}
        daemon.hears("cycle", updated=2)
        cycles = daemon.metric("bridge_cycle_seconds_count")
        eventually(lambda: daemon.metric("bridge_cycle_seconds_count") >= cycles + 2, True)
        again = json.loads(company.bridge("status", "--json", code=None))["runs"]
        assert len(again) <= len(runs) + 1, "a cycle in which nothing happened leaves no row behind"
        assert "a bridge daemon is running for this store" in said(company.start("run"))
        assert daemon.ends() == 0


def test_people_get_their_turn_and_what_they_decide_is_written_at_once(company: Site) -> None:
    """The timetable reads once an hour here: what is written between is written because of the decision alone."""
    file = company.folder / "bridge.yaml"
    mapping = company.folder / "mappings" / "customer.yaml"
    company.sync()
    account = min(company.control("crm", "GET", "dump")["Account"])
    row = company.control("crm", "GET", "dump")["Account"][account]
    partner = next(
        id_ for id_, one in company.control("erp", "GET", "dump")["res.partner"].items() if one["name"] == row["Name"]
    )
    text = mapping.read_text()
    assert "conflict: newest" in text
    mapping.write_text(text.replace("conflict: newest", "conflict: ask", 1))
    company.sync()
    company.control("crm", "POST", "edit", object="Account", id=account, values={"Website": "https://a.example"})
    company.control("erp", "POST", "edit", object="res.partner", id=partner, values={"website": "https://b.example"})
    company.sync()
    file.write_text(file.read_text().replace("every: 2s", "every: 1h"))
    with running(company) as daemon:
        eventually(lambda: daemon.get("/readyz").status_code, 200)
        company.bridge("conflicts", "resolve", "--bulk", "--field", "website", "--take", "crm")
        daemon.hears("cycle")
        arrived(company, "https://a.example")
        assert "https://b.example" not in websites(company)


def test_a_system_that_used_to_bring_changes_and_brings_none(company: Site) -> None:
    """The rhythm is learned in seconds here: the CRM changes every few, and then does not for longer than ever."""
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "  nothing_new: {factor: 2, least: 2s, learn: 0s}\n")
    line = 'bridge_nothing_new{entity="customer",system="crm"}'
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        for number in range(3):
            edited(company, f"https://{number}.example")
            eventually(lambda: f"https://{number}.example" in websites(company), True)  # noqa: B023
        assert daemon.hears("nothing new", system="crm")["entity"] == "customer"
        eventually(lambda: daemon.metric(line), 1)  # on a slow machine it was told between two edits already
        assert [row["system"] for row in daemon.get("/status").json()["nothing_new"]] == ["crm"]
        status = company.bridge("status", code=1)
        assert "has brought no new customer since" in status
        edited(company, "https://again.example")
        daemon.hears("something new", system="crm")
        eventually(lambda: daemon.metric(line), 0)
        eventually(lambda: json.loads(company.bridge("status", "--json", code=None))["nothing_new"], [])


def test_it_stops_in_the_middle_of_a_long_read_and_goes_on_from_there(company: Site) -> None:
    known = [one for one in people.companies() if "crm" in one.systems][10:160]
    company.seed("crm", seeds.salesforce_accounts(known))
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "sync: {page: 5}\n")
    with running(company) as daemon:
        eventually(lambda: asked_for_accounts(company), True)
        assert daemon.ends() == 0
    with running(company) as daemon:
        eventually(lambda: taxed(company), accounts(company))
        assert daemon.ends() == 0
    assert taxed(company) == accounts(company), "all is there, and nothing twice"


def test_changed_files_are_taken_into_force_and_broken_ones_are_not(company: Site) -> None:
    mapping = company.folder / "mappings" / "customer.yaml"
    good = mapping.read_text()
    with running(company) as daemon:
        daemon.hears("cycle")
        mapping.write_text(good.replace("website:", "websit:", 1))
        refused = daemon.hears("reload refused")
        assert refused["files"] == ["customer.yaml"]
        assert any("customer.yaml:" in problem and "website" in problem for problem in refused["problems"])
        assert daemon.metric("bridge_reload_refused") == 1
        edited(company, "https://still.example")
        arrived(company, "https://still.example")
        mapping.write_text(good.replace("conflict: newest", "conflict: ask", 1))
        assert "customer" in daemon.hears("reloaded")["fields"]
        assert daemon.metric("bridge_reload_refused") == 0
        if hasattr(signal, "SIGHUP"):
            daemon.process.send_signal(signal.SIGHUP)
            assert daemon.hears("reloaded")["files"] == []
        edited(company, "https://later.example")
        arrived(company, "https://later.example")


def test_who_looks_after_it_is_told_what_needs_a_person(company: Site) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "notify: {after: 0s, webhook: {url: {env: CHAT_URL}}}\n")
    with hook() as chat:
        company.environment["CHAT_URL"] = chat.url
        with running(company) as daemon:
            daemon.hears("cycle")
            mapping = company.folder / "mappings" / "customer.yaml"
            mapping.write_text(mapping.read_text().replace("website:", "websit:", 1))
            assert "reload" in daemon.hears("notification sent")["about"]
            assert "reload refused: 1" in chat.taken[-1]["text"]
            assert daemon.ends() == 0
            assert SECRET not in str(daemon.said)


def test_a_system_that_is_unplugged_is_told_once_and_comes_back(company: Site) -> None:
    """What is edited meanwhile, in the others and in the system itself, is there afterwards."""
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        eventually(lambda: taxed(company), accounts(company))
        company.control("erp", "POST", "faults", kind="reset", operation="*", times=0)
        edited(company, "https://meanwhile.example")
        partner = max(company.control("erp", "GET", "dump")["res.partner"], key=int)
        company.control("erp", "POST", "edit", object="res.partner", id=partner, values={"comment": "<p>unplugged</p>"})
        told = daemon.hears("trouble", system="erp")
        assert "the connection broke" in told["what"] or "does not answer" in told["what"]
        assert told["not_done"]
        assert told["to_do"]
        eventually(lambda: "https://meanwhile.example" in booked(company), True)
        assert daemon.metric('bridge_system_off{system="erp",why="not answering"}') == 1
        assert daemon.metric('bridge_outbox_oldest_seconds{entity="customer",system="erp"}') > 0
        assert daemon.get("/readyz").status_code == 200, "it works for the others"
        company.control("erp", "DELETE", "faults")
        arrived(company, "https://meanwhile.example")
        eventually(
            lambda: (
                "unplugged" in [row["Description"] for row in company.control("crm", "GET", "dump")["Account"].values()]
            ),
            True,
        )
        daemon.hears("trouble over", system="erp")
        told = [one for one in daemon.said if one["event"] == "trouble" and one["system"] == "erp"]
        assert len(told) <= 3, "told when it begins, not in every cycle"
        assert daemon.ends() == 0
    assert taxed(company) == accounts(company), "all is there, and nothing twice"


def test_a_store_that_is_away_for_a_while(company: Site, postgres: Postgres) -> None:
    """PostgreSQL is restarted in the middle: every connection is cut, and for some seconds nobody is let in."""
    url = postgres.new_database()
    name = str(make_url(url).database)
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("sqlite:///bridge.db", url))
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        postgres.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        edited(company, "https://meanwhile.example")
        assert "the store does not do its work" in daemon.hears("fault")["what"]
        assert daemon.get("/readyz").status_code == 503
        postgres.psql(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        daemon.hears("fault over")
        arrived(company, "https://meanwhile.example")
        assert daemon.get("/readyz").status_code == 200
        assert daemon.ends() == 0


def test_killed_and_started_again(company: Site) -> None:
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        edited(company, "https://killed.example")
        time.sleep(0.7)
        daemon.process.kill()
        daemon.process.wait()
    with running(company):
        arrived(company, "https://killed.example")
    partners = company.control("erp", "GET", "dump")["res.partner"].values()
    assert sum(row["is_company"] and row["website"] == "https://killed.example" for row in partners) == 1
