"""Hints in both databases: one row for each record, counted, dropped only as it was seen."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bridge.store import Database, open_store
from bridge.store.erasure import Whose
from bridge.store.hints import Told

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    local = f"sqlite:///{tmp_path / 'bridge.db'}"
    url = local if request.param == "sqlite" else request.getfixturevalue("postgres").new_database()
    found = open_store(url)
    yield found
    found.close()


def told(*ids: str, at: datetime = NOW, system: str = "fin") -> list[Told]:
    return [Told(system, "Customer", native_id, at, at + timedelta(seconds=1)) for native_id in ids]


def test_told_again_it_is_the_same_row_with_its_first_instant(store: Database) -> None:
    with store.begin() as uow:
        assert uow.add_hints(told("A", "B")) == 2
        assert uow.add_hints(told("C", "A", at=NOW + timedelta(hours=1))) == 1
        assert uow.add_hints([]) == 0
    with store.begin() as uow:
        rows = {row.native_id: row for row in uow.hints(10)}
        assert (rows["A"].at, rows["A"].due, rows["A"].times) == (NOW, NOW + timedelta(seconds=1), 2)
        assert [row.native_id for row in uow.hints(10)][-1] == "C", "the oldest first"
        assert uow.hint_counts() == {"fin": 3}


def test_what_was_told_again_since_it_was_seen_stays(store: Database) -> None:
    with store.begin() as uow:
        uow.add_hints(told("A", "B"))
        seen = uow.hints(10)
    with store.begin() as uow:
        uow.add_hints(told("A"))
        uow.drop_hints(seen)
        assert [row.native_id for row in uow.hints(10)] == ["A"]
        uow.drop_hints([])


def test_several_tell_the_same_at_once(store: Database) -> None:
    def tell(number: int) -> int:
        with store.begin() as uow:
            return uow.add_hints(told(*(f"{one}" for one in range(number % 3, 20))))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(24)))
    with store.begin() as uow:
        assert sorted(int(row.native_id) for row in uow.hints(100)) == list(range(20))


def test_many_rows_at_once(store: Database) -> None:
    with store.begin() as uow:
        assert uow.add_hints(told(*(f"{one}" for one in range(2000)))) == 2000
        uow.drop_hints(uow.hints(5000))
        assert uow.hints(1) == []


def test_what_is_forgotten_is_no_hint_either(store: Database) -> None:
    whose = Whose("customer", ("g1",), (("fin", "A"),))
    with store.begin() as uow:
        uow.add_hints([*told("A", "B"), *told("A", system="erp")])
        assert uow.rows_of(whose) == {"hint": 1}
        uow.erase(whose)
        assert {(row.system, row.native_id) for row in uow.hints(10)} == {("fin", "B"), ("erp", "A")}
