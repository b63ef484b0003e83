"""The daemon's ear: what it counts as silence, what it says and when, over a real store and without a clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.plan.rhythm import Terms
from bridge.engine.report import Report
from bridge.engine.rhythms import note_news, rhythms
from bridge.entrypoints.daemon.hearing import Hearing
from bridge.entrypoints.daemon.pulse import went_well
from bridge.ports.errors import Rejected, Transient
from bridge.store import Database, open_store

CRM, ERP = ("crm", "order"), ("erp", "order")
TERMS = Terms(factor=2, least=timedelta(hours=1), learn=timedelta(days=1))


class Log:
    """Hears what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str]] = []

    def warning(self, event: str, **fields: Any) -> None:
        self.said.append((event, fields["system"]))

    info = warning


class World:
    """Readings, one after another."""

    def __init__(self, store: Database) -> None:
        self.store, self.now, self.log = store, datetime(2026, 11, 1, tzinfo=UTC), Log()
        self.terms: Terms | None = TERMS
        self.start()

    def start(self) -> None:
        self.ear = Hearing(self.store, self.log, lambda: self.terms)

    def reads(self, hours: float, *news: tuple[str, str], good: tuple[tuple[str, str], ...] = (CRM, ERP)) -> None:
        self.now += timedelta(hours=hours)
        report = Report("r")
        for place in news:
            report.of(*place).news = 1
        self.ear.after(report, good, (CRM, ERP), self.now)

    def learns(self) -> None:
        """Both bring something every four hours, for two days."""
        for _ in range(12):
            for step in range(4):
                self.reads(1, *((CRM, ERP) if step == 0 else ()))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    store = open_store(f"sqlite:///{tmp_path / 'bridge.db'}")
    made = World(store)
    made.learns()
    yield made
    store.close()


def test_it_is_told_once_and_when_it_is_over(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP)
    assert world.log.said == [("nothing new", "crm")]
    assert set(world.ear.silent) == {CRM}
    world.reads(1, CRM)
    assert world.log.said == [("nothing new", "crm"), ("something new", "crm")]
    assert not world.ear.silent


def test_it_is_not_told_again_after_a_restart(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP)
    world.start()
    world.reads(1, ERP)
    assert set(world.ear.silent) == {CRM}
    assert len(world.log.said) == 1


def test_quiet_hours_a_pause_and_a_stopped_daemon_are_no_silence(world: World) -> None:
    world.ear.interrupted({"crm", "erp"})
    world.reads(100)
    world.start()
    world.reads(100)
    assert not world.log.said
    for _ in range(20):  # but what comes after them is
        world.reads(1)
    assert {system for _, system in world.log.said} == {"crm", "erp"}


def test_a_reading_that_failed_counts_with_the_next_good_one(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP, good=(ERP,))
    assert not world.log.said, "who is not read is not silent"


def test_short_silences_are_added_up_without_a_write_for_each(world: World) -> None:
    with world.store.begin() as uow:
        before = rhythms(uow)[CRM]
    world.reads(0.01)
    with world.store.begin() as uow:
        assert rhythms(uow)[CRM] == before
    for _ in range(1200):
        world.reads(0.01, ERP)
    assert world.log.said == [("nothing new", "crm")]


def test_what_a_sync_by_hand_brought_ends_it(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP)
    report = Report("sync")
    report.of(*CRM).news = 1
    with world.store.begin() as uow:
        note_news(uow, report, world.now)
    world.reads(1)
    assert world.log.said[-1] == ("something new", "crm")


def test_switched_off_it_says_nothing_and_keeps_nothing(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP)
    world.terms = None
    world.reads(100)
    assert not world.ear.silent
    with world.store.begin() as uow:
        assert all(one.told is None for one in rhythms(uow).values())


def test_what_is_not_read_any_more_is_not_waited_for(world: World) -> None:
    for _ in range(20):
        world.reads(1, ERP)
    world.ear.after(Report("r"), (ERP,), (ERP,), world.now)
    assert not world.ear.silent
    with world.store.begin() as uow:
        assert rhythms(uow)[CRM].told is None


def test_a_record_that_is_refused_does_not_make_a_reading_bad() -> None:
    report = Report("r")
    report.trouble(Rejected("no"), "crm", "order", "golden-1")
    assert went_well(report, CRM)
    report.trouble(Transient("away"), "crm")
    assert not went_well(report, CRM)
    assert went_well(report, ERP)
