"""The daemon's own world goes wrong under its feet: it says so, loses nothing, and goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bridge.entrypoints.demo import people, seeds
from e2e.conftest import Site
from e2e.test_daemon import RUN, accounts, edited, eventually, running, taxed, websites
from support.postgres import Postgres, running_postgres

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
        assert "its disk is full" in daemon.hears("fault")["what"]
        ready = daemon.get("/readyz")
        assert ready.status_code == 503
        assert "its disk is full" in ready.json()["why_not"][0]
        assert "its disk is full" in daemon.get("/status").json()["fault"]
        assert daemon.metric("bridge_up") == 0
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, free)
        daemon.hears("fault over")
        eventually(lambda: "https://meanwhile.example" in websites(company), True)
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
        assert "the store does not do its work" in daemon.hears("fault")["what"]
        assert daemon.get("/readyz").status_code == 503
        assert daemon.get("/healthz").status_code == 200, "a restart of the daemon would not help"
        assert daemon.metric("bridge_up") == 0
        own_postgres.start()
        daemon.hears("fault over")
        eventually(lambda: "https://meanwhile.example" in websites(company), True)
        assert daemon.ends() == 0
    assert taxed(company) == accounts(company), "all is there, and nothing twice"
