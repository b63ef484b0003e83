"""The daemon's own world goes wrong under its feet: it says so, loses nothing, and goes on by itself."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge.config import load_config
from bridge.entrypoints.alone import Busy, alone
from bridge.entrypoints.demo import people, seeds
from bridge.store import open_store
from e2e.conftest import Site
from e2e.test_daemon import RUN, accounts, arrived, edited, eventually, running, taxed, websites
from support.postgres import Postgres, running_postgres

TESTS = Path(__file__).resolve().parents[1]
resource = pytest.importorskip("resource")  # limits of a process: not on Windows


@pytest.fixture
def company(site: Site) -> Site:
    site.only("customer")
    file = site.folder / "bridge.yaml"
    file.write_text(file.read_text() + RUN)
    site.seed("crm", seeds.salesforce_accounts([one for one in people.companies() if "crm" in one.systems][:10]))
    return site


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


def test_the_disk_of_the_store_is_full(company: Site) -> None:
    """A limit on the size of files stands for the disk: the same write of the same file fails (EFBIG, not ENOSPC)."""
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        free = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (1024, free[1]))
        edited(company, "https://meanwhile.example")
        told = daemon.hears("fault")
        assert "its disk is full" in told["what"]
        assert re.fullmatch("[0-9a-f]{12}", told["run"]), "the cycle that it ended"
        ready = daemon.get("/readyz")
        assert ready.status_code == 503
        assert "its disk is full" in ready.json()["why_not"][0]
        assert "its disk is full" in daemon.get("/status").json()["fault"]
        assert daemon.metric("bridge_up") == 0
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, free)
        daemon.hears("fault over")
        arrived(company, "https://meanwhile.example")
        assert daemon.get("/readyz").status_code == 200
        assert daemon.ends() == 0
        assert sum(one["event"] == "fault" for one in daemon.said) == 1, "told once"
    assert taxed(company) == accounts(company), "all is there, and nothing twice"
    assert company.sync()["totals"]["writes"] == 0


def test_postgresql_is_stopped_and_started_again(company: Site, own_postgres: Postgres) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("sqlite:///bridge.db", own_postgres.new_database()))
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        own_postgres.stop()
        edited(company, "https://meanwhile.example")
        told = daemon.hears("fault")
        assert re.search(
            r"the store does not do its work \(its server (is being stopped|does not answer)\)", told["what"]
        )
        assert "Nothing is lost; it is tried again" in told["to_do"]
        ready = daemon.get("/readyz")
        assert ready.status_code == 503
        assert "the store does not do its work (its server" in ready.json()["why_not"][0]
        assert daemon.get("/healthz").status_code == 200, "a restart of the daemon would not help"
        assert daemon.metric("bridge_up") == 0
        own_postgres.start()
        daemon.hears("fault over")
        arrived(company, "https://meanwhile.example")
        assert daemon.ends() == 0
    assert taxed(company) == accounts(company), "all is there, and nothing twice"
    assert company.sync()["totals"]["writes"] == 0


def test_postgresql_is_restarted_during_a_call_and_a_person_is_first(company: Site, own_postgres: Postgres) -> None:
    """The lock of the cycle under way went with the server, and the daemon does not know: a person's command gets in,
    and the daemon does nothing beside it, though its connections are new ones by then."""
    url = own_postgres.new_database()
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text().replace("sqlite:///bridge.db", url))
    with running(company) as daemon:
        daemon.hears("cycle", created=20)
        eventually(lambda: taxed(company), accounts(company))
        company.control("crm", "POST", "faults", kind="delay", operation="query*", times=1, seconds=6)
        edited(company, "https://meanwhile.example")
        eventually(lambda: company.control("crm", "GET", "faults"), [])  # the call is under way
        own_postgres.stop()
        own_postgres.start()
        store = open_store(url)
        with alone(load_config(file), store):
            daemon.get("/readyz")  # a probe finds the dead connections: from now on there are new ones
            time.sleep(9)  # the call is over, and more than one look of the daemon
            assert "https://meanwhile.example" not in websites(company)
            with store.begin() as uow:
                assert all(lease.owner is None for name, lease in uow.leases().items() if name.startswith("place:"))
        arrived(company, "https://meanwhile.example")
        company.control("crm", "POST", "faults", kind="delay", operation="query*", times=1, seconds=4)
        eventually(lambda: company.control("crm", "GET", "faults"), [])
        with pytest.raises(Busy), alone(load_config(file), store, patience=0):
            pass  # the next cycles have their lock again
        store.close()
        assert daemon.ends() == 0
    assert taxed(company) == accounts(company), "all is there, and nothing twice"


def test_the_clock_of_the_machine_is_set_back_an_hour(company: Site) -> None:
    """In the middle of an outage, when work waits for instants that are an hour further away now."""
    behind = company.folder / "behind"
    behind.write_text("0")
    company.environment |= {"BRIDGE_BEHIND": str(behind), "PYTHONPATH": os.pathsep.join([*sys.path, str(TESTS)])}
    with running(company, "e2e.set_back") as daemon:
        daemon.hears("cycle", created=20)
        company.control("erp", "POST", "faults", kind="reset", operation="*", times=0)
        edited(company, "https://meanwhile.example")
        daemon.hears("trouble", system="erp")
        company.control("erp", "DELETE", "faults")
        behind.write_text("3600")
        told = daemon.hears("clock set back")
        assert 3500 < told["seconds"] <= 3600
        assert told["to_do"].startswith("Nothing: what waits is tried now.")
        arrived(company, "https://meanwhile.example")
        assert daemon.get("/status").json()["clock_set_back"]["seconds"] == told["seconds"]
        assert [daemon.get(page).status_code for page in ("/healthz", "/readyz")] == [200, 200]
        edited(company, "https://an-hour-ago.example")
        arrived(company, "https://an-hour-ago.example")
        behind.write_text("0")  # and put right again
        edited(company, "https://put-right.example")
        arrived(company, "https://put-right.example")
        assert daemon.ends() == 0
        assert sum(one["event"] == "clock set back" for one in daemon.said) == 1
        assert not [one for one in daemon.said if one["event"] == "fault"]
    assert taxed(company) == accounts(company), "all is there, and nothing twice"
    assert company.sync()["totals"]["writes"] == 0
