"""Two simulated hours of the daemon, and a clock that is set back in the middle; `make soak-daemon` lives for 24."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy.exc import OperationalError
from werkzeug.test import Client

from bridge.adapters.memory.adapter import MemoryAdapter
from bridge.entrypoints.daemon.health import Health
from bridge.ports.errors import Transient
from bridge.ports.records import ObjectSpec
from bridge.store.records import Records
from reliability.daemon_day import CUSTOMERS, KEPT, growth, hours, life


def down(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system does not answer until the patch is undone."""

    right = MemoryAdapter.open

    def refuse(self: MemoryAdapter, specs: Sequence[ObjectSpec]) -> None:
        if self.system == system:
            raise Transient("does not answer", system=system)
        right(self, specs)

    monkeypatch.setattr(MemoryAdapter, "open", refuse)


def test_an_hour_of_it_leaves_the_hot_tables_small(tmp_path: Path) -> None:
    with life(tmp_path) as lived:
        (figures,) = hours(lived, 1)
        lived.minutes(2, edits=0)
        assert lived.shown("crm") == lived.shown("erp")
        assert len(lived.shown("crm")) == CUSTOMERS
        assert lived.sizes()["outbox"] == 0, "what is written is gone"
        assert lived.sizes()["meta"] < 30
        assert figures["run"] <= 65, "one for each cycle in which something happened"
        # What is kept for a time is gone after it.
        lived.clock.now += KEPT
        lived.minutes(2)
        after = lived.sizes()
        assert after["run"] <= 3
        assert after["history"] <= 12
        assert after["written"] <= 12


def test_growth_is_seen() -> None:
    flat = {"python_kb": 1000, "store_kb": 500, "outbox": 0, "meta": 9, "run": 60, "written": 300, "history": 300}
    rows = [{**flat, "conflict": 3} for _ in range(10)]
    assert growth(rows) == {}
    rows[-1] = {**rows[-1], "meta": 900}
    assert growth(rows) == {"meta": [9, 900]}


def test_a_clock_that_is_set_back_an_hour_is_told_and_holds_nothing_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with life(tmp_path) as lived:
        down("erp", monkeypatch)
        lived.minutes(6)  # the work for the ERP waits, and its circuit is open
        assert lived.daemon.left
        assert lived.shown("crm") != lived.shown("erp")
        monkeypatch.undo()
        lived.clock.behind = timedelta(hours=1)
        lived.minutes(2)
        (told,) = lived.lines("clock set back")
        assert 3500 < told["seconds"] <= 3600
        lived.minutes(2, edits=0)
        assert lived.shown("crm") == lived.shown("erp"), "nobody waits for an hour"
        page = Client(Health(lived.daemon, CollectorRegistry(), lived.clock.machine)).get("/status")
        assert orjson.loads(page.data)["clock_set_back"]["seconds"] == told["seconds"]
        assert Client(Health(lived.daemon, CollectorRegistry(), lived.clock.machine)).get("/healthz").status_code == 200
        lived.clock.behind = timedelta()  # and put right again
        lived.minutes(3)
        lived.minutes(2, edits=0)
        assert lived.shown("crm") == lived.shown("erp")
        assert not lived.lines("fault")


def test_a_disk_that_is_full_while_a_page_is_merged_is_no_trouble_of_its_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with life(tmp_path) as lived:
        lived.minutes(3)
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorname = "SQLITE_FULL"

        def refuse(self: Records, rows: Any) -> None:
            raise OperationalError("INSERT", {}, full)

        monkeypatch.setattr(Records, "save_shadows", refuse)
        lived.minutes(2)
        (told,) = lived.lines("fault")
        assert "its disk is full" in told["what"]
        assert lived.lines("trouble") == [], "no system is to blame"
        monkeypatch.undo()
        lived.minutes(3, edits=0)
        assert len(lived.lines("fault over")) == 1
        assert lived.shown("crm") == lived.shown("erp")
