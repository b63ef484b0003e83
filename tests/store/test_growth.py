"""What is asked for a few records costs the same beside few others and beside many: counted in SQLite's own steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from bridge.ports.work import Golden, Link, Shadow
from bridge.store import Database, open_store
from bridge.store.database import SqlUnitOfWork

NOW = datetime(2026, 3, 1, tzinfo=UTC)
SYSTEMS = ("crm", "erp")
FEW, MANY = 200, 4_000
ASKED = [f"g{number:06}" for number in range(50)]
NATIVE = [f"crm-{one}" for one in ASKED]
LATER = NOW + timedelta(minutes=5)


def filled(path: Path, records: int) -> Database:
    """A store of so many linked records, each with an entry that is due."""
    store, ids = open_store(f"sqlite:///{path}"), [f"g{number:06}" for number in range(records)]
    with store.begin() as uow:
        uow.save_goldens((Golden("customer", one, 1, {"name": one}, {}) for one in ids), NOW)
        uow.save_match_keys("customer", {one: [("0:tax_id", one), ("1:city", "f1:ulm")] for one in ids})
        for system in SYSTEMS:
            uow.save_links((Link(system, "customer", f"{system}-{one}", one, "linked", "new") for one in ids), NOW)
            uow.save_shadows(Shadow(system, "customer", f"{system}-{one}", one, {"N": one}, "v", "f") for one in ids)
        uow.enqueue("customer", [("erp", one, 1) for one in ids], NOW)
    return store


def steps(store: Database, work: Callable[[SqlUnitOfWork], Any]) -> int:
    """Steps of SQLite's machine that a piece of work takes, in tens."""
    count = 0

    def step() -> None:
        nonlocal count
        count += 1

    def counting(connection: Any, *_: Any) -> None:
        connection.connection.driver_connection.set_progress_handler(step, 10)

    event.listen(store.engine, "before_cursor_execute", counting)
    try:
        with store.begin() as uow:
            list(work(uow) or ())
    finally:
        event.remove(store.engine, "before_cursor_execute", counting)
    return count


WORK: dict[str, Callable[[SqlUnitOfWork], Any]] = {
    "fingerprints": lambda uow: uow.fingerprints("crm", "customer", NATIVE),
    "links": lambda uow: uow.links("crm", "customer", NATIVE),
    "linked_among": lambda uow: uow.linked_among("crm", "customer", NATIVE),
    "links_of": lambda uow: uow.links_of("customer", ASKED),
    "links_of in a system": lambda uow: uow.links_of("customer", ASKED, ["erp"]),
    "links_of in systems": lambda uow: uow.links_of("customer", ASKED, SYSTEMS),
    "shadows": lambda uow: uow.shadows("crm", "customer", NATIVE),
    "shadows_of": lambda uow: uow.shadows_of("customer", ASKED),
    "shadows_of in a system": lambda uow: uow.shadows_of("customer", ASKED, ["erp"]),
    "goldens": lambda uow: uow.goldens("customer", ASKED),
    "match": lambda uow: uow.match("customer", [("0:tax_id", one) for one in ASKED], 201),
    "match by a crowd": lambda uow: uow.match("customer", [("1:city", "f1:ulm")], 41),
    "waiting": lambda uow: uow.waiting("crm", "customer"),
    "again": lambda uow: uow.again("crm", "customer"),
    "save_match_keys": lambda uow: uow.save_match_keys("customer", {one: [("0:tax_id", one)] for one in ASKED}),
    "linked_count among these": lambda uow: [uow.linked_count("crm", "customer", among=NATIVE)],
    "linked_count, where it stops": lambda uow: [uow.linked_count("crm", "customer", 100)],
    "enqueue": lambda uow: [uow.enqueue("customer", [("crm", one, 1) for one in ASKED], NOW)],
    "enqueue again": lambda uow: [uow.enqueue("customer", [("erp", one, 2) for one in ASKED], NOW, anew=False)],
    "unqueue": lambda uow: uow.unqueue("customer", [("erp", one) for one in ASKED]),
    "open_entries": lambda uow: uow.open_entries("erp", "customer", ASKED),
    "claim": lambda uow: uow.claim("erp", "customer", 50, now=NOW, lease_until=LATER, owner="w"),
}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Database]:
    folder = tmp_path_factory.mktemp("growth")
    return filled(folder / "few.db", FEW), filled(folder / "many.db", MANY)


@pytest.mark.parametrize("work", WORK)
def test_the_work_does_not_grow_with_the_store(stores: tuple[Database, Database], work: str) -> None:
    few, many = (steps(store, WORK[work]) for store in stores)
    assert many <= few * 1.1 + 5


def test_counting_stops_where_it_is_told_to(stores: tuple[Database, Database]) -> None:
    with stores[0].begin() as uow:
        assert [uow.linked_count("crm", "customer", most) for most in (None, FEW + 1, FEW, 7)] == [FEW, FEW, FEW, 7]


def test_a_claim_does_not_look_through_what_is_under_way(tmp_path: Path) -> None:
    def claim(uow: SqlUnitOfWork) -> list[Any]:
        return uow.claim("erp", "customer", 50, now=NOW, lease_until=LATER, owner="w")

    store = filled(tmp_path / "bridge.db", 2 * FEW)
    first = steps(store, claim)
    for _ in range(5):
        last = steps(store, claim)
    assert last <= first * 1.1 + 5
