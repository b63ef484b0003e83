"""A worker whose lock went with its connection, while it was in the middle of a cycle: PostgreSQL was restarted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy.exc import DBAPIError

from bridge.config import Config, load_config
from bridge.engine.sharing import LeaseLost, Ousted, Workers, lease_name
from bridge.entrypoints.alone import Busy, alone, at_work
from bridge.entrypoints.daemon.faults import EngineStore, StoreFault
from bridge.store import Database, open_store
from support.postgres import Postgres

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
PLACE, OTHER = ("crm", "customer"), ("erp", "customer")


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    found = open_store(url)
    yield found
    found.close()


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Config:
    file = tmp_path / "bridge.yaml"
    file.write_text(f"version: '1'\nstore: {url}\nmappings: mappings\nsystems: {{crm: {{adapter: memory}}}}\n")
    return load_config(file)


def cut(url: str) -> None:
    """End every connection of this store, as a restart of the server does."""
    other = open_store(url)
    with other.begin() as uow:
        uow.connection.exec_driver_sql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    other.close()


def probe(store: Database) -> None:
    """Another thread of the daemon finds the connections dead, and the pool opens new ones from then on."""
    with pytest.raises(DBAPIError), store.begin() as uow:
        uow.flag("probe")


def test_it_does_nothing_beside_whoever_is_alone(url: str, store: Database, settings: Config) -> None:
    other = open_store(url)
    mine = Workers(store, "mine")
    with at_work(settings, store):
        assert mine.take(PLACE, NOW)
        with pytest.raises(Busy), alone(settings, other, patience=0):
            pass
        cut(url)
        probe(store)
        other.engine.dispose()
        with mine.begin() as uow:  # nobody else is there: it may go on
            uow.set_flag("went on", "yes")
        with alone(settings, other, patience=0):
            with pytest.raises(LeaseLost), mine.begin() as uow:
                uow.set_flag("beside", "place")
            with pytest.raises(Ousted):
                mine.take(OTHER, NOW)
            with pytest.raises(Ousted), mine.begin() as uow:
                uow.set_flag("beside", "no place")
            with other.begin() as uow:
                assert (uow.flag("went on"), uow.flag("beside")) == ("yes", None)
                assert lease_name(OTHER) not in uow.leases()
        assert mine.take(OTHER, NOW), "the person has gone, and nothing was merged from before"
        mine.leave()
    with at_work(settings, store), pytest.raises(Busy), alone(settings, other, patience=0):
        pass  # the lock is taken again
    other.close()


def test_who_wants_to_be_alone_waits_for_what_is_just_committed(url: str, store: Database, settings: Config) -> None:
    """A worker without its lock that is in the middle of a transaction: it commits before, not beside."""
    other, order = open_store(url), list[str]()
    mine = Workers(store, "mine")
    assert mine.take(PLACE, NOW)

    def person() -> None:
        with alone(settings, other):
            order.append("alone")

    with mine.begin() as uow:
        waiting = threading.Thread(target=person)
        waiting.start()
        waiting.join(0.5)
        uow.set_flag("beside", "no")
        order.append("written")
    waiting.join(30)
    assert order == ["written", "alone"]
    other.close()


def test_an_error_of_the_store_is_no_error_of_a_system(url: str, store: Database) -> None:
    """No step of a cycle may take it for its own: `except Exception` does not."""
    engine = EngineStore(store)
    with engine.begin() as uow:
        uow.set_flag("probe", "there")
    cut(url)
    taken_for_the_adapters = False

    def step() -> None:
        nonlocal taken_for_the_adapters
        try:
            with engine.in_turn() as uow:
                uow.flag("probe")
        except Exception:  # what a step does about whatever its adapter lets out
            taken_for_the_adapters = True

    with pytest.raises(StoreFault) as met:
        step()
    assert isinstance(met.value.error, DBAPIError)
    assert not taken_for_the_adapters
