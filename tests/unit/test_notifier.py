"""The notifier: real servers, a real store, and a clock of the test's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.config import Config, load_config
from bridge.engine.pausing import Pause, pause
from bridge.engine.plan.notices import Needs
from bridge.entrypoints.notify.notifier import Notifier, notifying
from bridge.store import Database, open_store
from support.hook import SECRET, Hook, hook

CONFIG = """
version: "1"
systems: {crm: {adapter: memory}, erp: {adapter: memory}}
notify: {webhook: {url: {env: CHAT_URL}}}
"""


class Log:
    """Hears what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[str, dict[str, Any]]] = []

    def info(self, event: str, **fields: Any) -> None:
        self.said.append((event, fields))

    warning = error = info

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.said]


class World:
    """A notifier and what is around it."""

    def __init__(self, config: Config, store: Database, chat: Hook) -> None:
        self.config, self.store, self.chat, self.log = config, store, chat, Log()
        self.now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
        self.own: Needs = {}
        self.start()

    def start(self) -> None:
        self.notifier = Notifier(self.store, lambda: self.config, lambda: self.own, self.log, lambda: self.now)

    def look(self, minutes: float = 2) -> int:
        """Look twice, so many minutes apart; answers how many messages came."""
        before = len(self.chat.taken)
        self.notifier.look()
        self.now += timedelta(minutes=minutes)
        self.notifier.look()
        return len(self.chat.taken) - before

    def pauses(self, system: str) -> None:
        with self.store.begin() as uow:
            pause(uow, Pause(system, self.now, "refuses Erika Mustermann"))


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    file = tmp_path / "bridge.yaml"
    file.write_text(CONFIG)
    with hook() as chat:
        monkeypatch.setenv("CHAT_URL", chat.url)
        store = open_store(f"sqlite:///{tmp_path / 'bridge.db'}")
        yield World(load_config(file), store, chat)
        store.close()


def test_one_message_tells_all_that_came_together(world: World) -> None:
    world.pauses("crm")
    world.own = {"reload": {("", ""): 2}}
    assert world.look() == 1
    text = world.chat.taken[0]["text"]
    assert "paused systems: crm 1" in text
    assert "reload refused: 2" in text
    assert "Erika" not in text
    assert world.look(30) == 0
    assert world.log.said[-1] == ("notification sent", {"by": "webhook", "about": ["paused", "reload"]})


def test_more_of_it_is_told_an_hour_later(world: World) -> None:
    world.pauses("crm")
    assert world.look() == 1
    world.pauses("erp")
    assert world.look(30) == 0
    assert world.look(40) == 1


def test_a_restart_does_not_tell_it_again(world: World) -> None:
    world.pauses("crm")
    assert world.look() == 1
    world.start()
    assert world.look(120) == 0


def test_a_chat_that_is_down_is_told_once_and_asked_less_and_less(world: World) -> None:
    world.chat.status = 503
    world.pauses("crm")
    for _ in range(60):
        world.look(1)
    assert 4 <= len(world.chat.asked) <= 7, "after 1, 2, 4, 8 … minutes"
    assert world.log.events == ["notification failed"]
    assert SECRET not in str(world.log.said)
    world.chat.status = 200
    world.now += timedelta(hours=2)
    assert world.look() == 1
    assert world.log.events == ["notification failed", "notification sent"]


def test_a_store_that_is_away_can_be_told(world: World) -> None:
    world.own = {"fault": {("", ""): 1}}
    world.store.engine.dispose()
    broken = replace(world.config)
    world.config = broken
    with world.store.begin() as uow:
        uow.connection.exec_driver_sql("ALTER TABLE meta RENAME TO elsewhere")
    assert world.look() == 1
    assert world.look(30) == 0, "noted in memory"
    with world.store.begin() as uow:
        uow.connection.exec_driver_sql("ALTER TABLE elsewhere RENAME TO meta")


def test_a_secret_that_is_gone_is_told_and_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHAT_URL")
    world.pauses("crm")
    assert world.look() == 0
    assert world.log.events == ["notifications do not work"]


def test_a_chat_that_hangs_keeps_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The daemon ends while a message is under way."""
    sending, over = threading.Event(), threading.Event()

    class Hangs:
        name = "webhook"

        def send(self, message: object) -> str:
            sending.set()
            over.wait(60)
            return ""

    monkeypatch.setattr("bridge.entrypoints.notify.notifier.LOOK", 0.01)
    monkeypatch.setattr("bridge.entrypoints.notify.notifier.GOODBYE", 0.1)
    world.config = replace(
        world.config, notify=replace(world.config.notify, terms=replace(world.config.notify.terms, after=timedelta(0)))
    )
    world.pauses("crm")
    hanging = Notifier(
        world.store, lambda: world.config, lambda: {}, world.log, lambda: world.now, lambda config: [Hangs()]
    )
    with notifying(hanging):
        assert sending.wait(20)
        with world.store.begin() as uow:
            uow.set_flag("somebody", "writes meanwhile")
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    over.set()


def test_a_defect_is_told_once_and_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = threading.Semaphore(0)

    def broken() -> Needs:
        looks.release()
        raise RuntimeError("Erika Mustermann")

    monkeypatch.setattr("bridge.entrypoints.notify.notifier.LOOK", 0.01)
    with notifying(Notifier(world.store, lambda: world.config, broken, world.log, lambda: world.now)):
        assert all(looks.acquire(timeout=20) for _ in range(3))
    assert world.log.events == ["notifications do not work"]
    assert "Erika" not in str(world.log.said)
