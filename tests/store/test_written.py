"""What every run wrote, and how long that and the history are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.config import HistoryConfig, load_config
from bridge.ports.errors import ConfigError
from bridge.ports.work import Conflict, HistoryRow, WriteRow
from bridge.store import Database, open_store

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    local = request.param == "sqlite"
    found = open_store(
        f"sqlite:///{tmp_path / 'bridge.db'}" if local else request.getfixturevalue("postgres").new_database()
    )
    yield found
    found.close()


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def write(run: str, op: str = "update", days: float = 0) -> WriteRow:
    return WriteRow(run, "erp", "customer", "g1", "p1", op, {"name": "a"}, {"name": "b"}, "v2", ago(days))


def change(golden_id: str, days: float, unit: str = "name") -> HistoryRow:
    return HistoryRow("customer", golden_id, unit, "a", "b", "crm", ago(days), "changed", "run")


def test_a_run_has_its_writes_newest_first(store: Database) -> None:
    rows = [write("r1", "create"), write("r1"), write("r2")]
    with store.begin() as uow:
        uow.add_writes(rows)
    with store.begin() as uow:
        assert uow.writes_of("r1") == [rows[1], rows[0]]


def test_a_record_that_a_run_made_counts_as_made_however_often_it_was_written(store: Database) -> None:
    other = WriteRow("r1", "erp", "customer", "g2", "p2", "update", {}, {}, "v", ago(0))
    with store.begin() as uow:
        uow.add_writes([write("r1", "create"), write("r1"), write("r1"), other, write("r2")])
    with store.begin() as uow:
        assert uow.written_counts("r1") == {("erp", "customer", "create"): 1, ("erp", "customer", "update"): 1}
        assert uow.written_counts("r2") == {("erp", "customer", "update"): 1}
        assert uow.written_counts("r3") == {}


def test_changes_since_an_instant_come_oldest_first(store: Database) -> None:
    rows = [change("g1", 3), change("g1", 2), change("g2", 1), change("g3", 1)]
    with store.begin() as uow:
        uow.add_history(rows)
        assert uow.history_since("customer", ["g1", "g2"], ago(2)) == [rows[1], rows[2]]


def test_what_is_old_goes_a_little_at_a_time(store: Database) -> None:
    with store.begin() as uow:
        uow.add_history([change("g1", days) for days in (500, 400, 300, 200)])
        uow.add_writes([write("r1", days=days) for days in (120, 10)])
    kept = []
    for _ in range(3):
        with store.begin() as uow:
            uow.prune(history=ago(365), writes=ago(90), limit=1)
            kept.append((len(uow.history("customer", "g1")), len(uow.writes_of("r1"))))
    assert kept == [(3, 1), (2, 1), (2, 1)]


def test_what_an_open_conflict_is_about_stays(store: Database) -> None:
    held = Conflict("c1", "customer", "g1", "name", "held", "ask", "", None, (), ago(500), "run")
    with store.begin() as uow:
        uow.save_conflicts([held])
        uow.add_history([change("g1", 500), change("g1", 500, "phone"), change("g2", 500)])
        assert uow.prune(history=ago(365), writes=ago(90), limit=10) == 2
        assert [row.unit for row in uow.history("customer", "g1")] == ["name"]


def test_the_days_are_configured(tmp_path: Path) -> None:
    path = tmp_path / "bridge.yaml"
    text = 'version: "1"\nsystems: {crm: {adapter: memory}}\nhistory: {keep_days: %s}\n'
    path.write_text(text % 30, encoding="utf-8")
    assert load_config(path).history == HistoryConfig(30, 90)
    for wrong in ("0", "99999999"):
        path.write_text(text % wrong, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"history\.keep_days"):
            load_config(path)
