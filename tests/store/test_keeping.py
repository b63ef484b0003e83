"""Backup, restore, check and erasure on real SQLite and PostgreSQL; what is old goes by age."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import pytest
from sqlalchemy import event, select

from bridge.ports.storage import CursorRow
from bridge.ports.work import Alias, Conflict, Golden, HistoryRow, Link, Proposal, Provenance, Shadow, WriteRow
from bridge.store import Database, open_store
from bridge.store.erasure import Whose, scrub
from bridge.store.keeping import backup, checked, is_empty, load, opened_backup
from bridge.store.schema import HISTORY, OUTBOX, RUN

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def database(request: pytest.FixtureRequest, path: Path) -> str:
    local = request.param == "sqlite"
    return f"sqlite:///{path}" if local else str(request.getfixturevalue("postgres").new_database())


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Database, Database]]:
    """Two of a kind."""
    pair = tuple(open_store(database(request, tmp_path / name)) for name in ("one.db", "two.db"))
    yield pair[0], pair[1]
    for store in pair:
        store.close()


def fill(store: Database, golden_id: str = "g1", word: str = "Erika") -> None:
    """A golden record with a row in every table that can have one."""
    native_id = f"c-{golden_id}"
    said = Proposal("crm", word, NOW)
    with store.begin() as uow:
        why = {"name": Provenance("crm", NOW, "changed", (said,))}
        uow.save_goldens([Golden("customer", golden_id, 1, {"name": word}, why)], NOW)
        uow.save_links([Link("crm", "customer", native_id, golden_id, "linked", "new")], NOW)
        uow.save_shadows([Shadow("crm", "customer", native_id, golden_id, {"Name": word}, "v1", "f")])
        uow.save_match_keys("customer", {golden_id: [("0:name", word)]})
        uow.save_aliases([Alias("customer", f"old-{golden_id}", golden_id)], NOW)
        conflict = Conflict(f"k-{golden_id}", "customer", golden_id, "name", "held", "ask", "", word, (said,), NOW)
        uow.save_conflicts([conflict])
        uow.add_history([HistoryRow("customer", golden_id, "name", word, word, "crm", NOW, "changed")])
        row = WriteRow("r", "crm", "customer", golden_id, native_id, "update", {"Name": word}, {"Name": word}, "v", NOW)
        uow.add_writes([row])
        uow.enqueue("customer", [("erp", golden_id, 1)], NOW)
        review = Link("erp", "customer", f"p-{golden_id}", None, "review", "match", "", (golden_id,), "f", {"n": word})
        uow.save_links([review], NOW)
        uow.save_cursor(CursorRow("crm", "customer", "c", True), NOW)


def test_a_backup_restored_is_the_same_store(stores: tuple[Database, Database], tmp_path: Path) -> None:
    one, two = stores
    fill(one)
    before = backup(one, tmp_path / "kept.db").health
    assert before.problems == ()
    assert is_empty(two)
    fill(two, "other", "Bert")
    with opened_backup(tmp_path / "kept.db") as copy, two.begin() as uow:
        load(uow, copy)
    assert checked(two) == before
    with two.begin() as uow:
        assert uow.goldens("customer", ["g1", "other"]).keys() == {"g1"}
        uow.enqueue("customer", [("fin", "g1", 2)], NOW)  # ids go on behind those that were restored
        uow.add_history([HistoryRow("customer", "g1", "name", 1, 2, "crm", NOW, "changed")])
    with two.engine.connect() as connection:
        assert len(connection.execute(select(OUTBOX.c.id)).all()) == 2
        assert len(connection.execute(select(HISTORY.c.id)).all()) == 2


def test_a_backup_is_of_one_moment_while_others_write(stores: tuple[Database, Database], tmp_path: Path) -> None:
    store, stop = stores[0], Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            fill(store, f"g{number:08}")
            number += 1

    writer = Thread(target=write)
    writer.start()
    try:
        kept = [backup(store, tmp_path / f"kept{number}.db").health for number in range(3)]
    finally:
        stop.set()
        writer.join()
    for health in kept:
        assert health.problems == ()
        assert len({health.counts[name] for name in ("golden", "shadow", "history", "written", "outbox")}) == 1


def test_erasing_leaves_the_others_alone(stores: tuple[Database, Database]) -> None:
    store = stores[0]
    for golden_id, word in (("g1", "Erika"), ("g2", "Bert")):
        fill(store, golden_id, word)
    before = checked(store).counts
    with store.begin() as uow:
        assert uow.earlier_ids("customer", "g1") == ["old-g1"]
        whose = Whose("customer", ("g1", "old-g1"), (("crm", "c-g1"),))
        assert uow.suspected(whose) == [("erp", "p-g1")]
        rows = uow.rows_of(whose)
        assert uow.erase(whose) == sum(rows.values())
        assert uow.again("erp", "customer") == ["p-g1"]
        assert uow.rows_of(whose) == {}
    assert scrub(store)
    health = checked(store)
    assert {name: before[name] - number for name, number in health.counts.items() if number != before[name]} == rows
    assert health.problems == ()
    with store.engine.connect() as connection:
        for table in ("golden", "crosswalk", "shadow", "history", "conflict", "written", "match_key"):
            assert not any("Erika" in str(row) for row in connection.exec_driver_sql(f"SELECT * FROM {table}"))


def test_scrubbing_leaves_no_bytes_of_deleted_rows(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'bridge.db'}")
    event.listen(store.engine, "connect", lambda raw, _: raw.execute("PRAGMA secure_delete=OFF"))
    store.engine.dispose()
    for number in range(50):
        fill(store, f"g{number}", "Erika")
    with store.begin() as uow:
        uow.erase(Whose("customer", tuple(f"g{number}" for number in range(50)), ()))
        uow.connection.exec_driver_sql("UPDATE crosswalk SET body = NULL")

    def found() -> bool:
        return any(b"Erika" in file.read_bytes() for file in tmp_path.glob("bridge.db*"))

    assert found()
    assert scrub(store)
    assert not found()
    store.close()


def test_settled_conflicts_and_runs_go_by_age(stores: tuple[Database, Database]) -> None:
    store = stores[0]

    def conflict(name: str, state: str, days: int) -> Conflict:
        return Conflict(name, "customer", "g", "u", state, "r", "", None, (), NOW - timedelta(days=days))  # type: ignore[arg-type]

    with store.begin() as uow:
        uow.save_conflicts([conflict("old", "settled", 400), conflict("new", "settled", 300)])
        uow.save_conflicts([conflict("open", "held", 400), conflict("decided", "resolved", 400)])
        for days in (100, 95, 10):
            uow.start_run(f"r{days}", "sync", NOW - timedelta(days=days))
        uow.add_writes([WriteRow("r95", "erp", "customer", "g", "p", "update", {}, {}, "v", NOW)])
    ago = {"history": NOW - timedelta(days=365), "writes": NOW - timedelta(days=90)}
    with store.begin() as uow:
        assert uow.prune(**ago, limit=10) == 3
        assert {one.id for one in uow.conflicts()} == {"new", "open"}
        assert uow.connection.execute(select(RUN.c.id).order_by(RUN.c.id)).scalars().all() == ["r10", "r95"]
