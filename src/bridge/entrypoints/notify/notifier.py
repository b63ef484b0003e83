"""The notifier: a thread of its own that looks now and then what needs a person, and tells it. No cycle waits for it.

What was told is noted in flags `told:CHANNEL:KIND`, so that a restart does not tell it again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import orjson
from sqlalchemy.exc import DBAPIError

from bridge.config import Config
from bridge.engine.plan.notices import KINDS, Figures, Needs, Told, due, lowered, message, rest, since_when
from bridge.entrypoints.cli.crash import in_words
from bridge.entrypoints.notify.channels import Channel, NotSent, make_channels
from bridge.entrypoints.notify.needs import needs_in
from bridge.ports.errors import ConfigError
from bridge.ports.storage import UnitOfWork
from bridge.store import Database

LOOK: Final = 5.0
"""Seconds between two looks."""
PREFIX: Final = "told:"
GOODBYE: Final = 2.0
"""Seconds that the end of the daemon waits for a message that is being sent."""


class Notifier:
    """Tells what needs a person. config: asked at each look. own: what the daemon alone knows, of `needs_of_daemon`.

    speaks: whether it is this one's to tell, of several workers. log: how it speaks: told of every message, and of a
    channel that does not work when that begins.
    """

    def __init__(
        self,
        store: Database,
        config: Callable[[], Config],
        own: Callable[[], Needs],
        log: Any,
        clock: Callable[[], datetime],
        make: Callable[[Config], list[Channel]] = make_channels,
        speaks: Callable[[UnitOfWork], bool] = lambda uow: True,
    ) -> None:
        self._store, self._config, self._own, self._log, self._clock = store, config, own, log, clock
        self._make, self._speaks = make, speaks
        self._made_for: Config | None = None
        self._channels: list[Channel] = []
        self._told: dict[str, dict[str, Told]] | None = None
        self._since: dict[str, datetime] = {}
        self._failures: dict[str, tuple[int, datetime]] = {}
        self._defect = ""

    def live(self, halt: threading.Event) -> None:
        """Look until told to stop. A defect here is told once, and ends nothing."""
        while not halt.wait(LOOK):
            try:
                self.look()
            except Exception as error:
                if type(error).__name__ != self._defect:
                    self._log.error("notifications do not work", what=in_words(error), to_do="All else goes on.")
                self._defect = type(error).__name__

    def look(self) -> None:
        """One look, and a message on each channel on which one is due."""
        config, now = self._config(), self._clock()
        self._renew(config)
        if not self._channels:
            return
        needs = dict(self._own())
        try:
            with self._store.begin() as uow:
                if not self._speaks(uow):  # another worker does; what it tells is read when it is this one's turn
                    self._told = None
                    return
                needs |= needs_in(uow, config.systems)
                told = self._told = told_in(uow) if self._told is None else self._told
        except DBAPIError:  # the daemon's own fault can still be told
            told = self._told or {}
        self._since = since_when(self._since, needs, now)
        for channel in self._channels:
            before = lowered(told.get(channel.name, {}), needs)
            fresh = due(needs, before, self._since, config.notify.terms, now)
            if fresh and self._may(channel, now) and self._sent(channel, fresh, now):
                before |= {kind: Told(now, figures) for kind, figures in fresh.items()}
            self._note(channel.name, told, before)

    def _renew(self, config: Config) -> None:
        if config is self._made_for:
            return
        if self._made_for is None or config.notify != self._made_for.notify:
            self._failures = {}
        self._made_for = config
        try:
            self._channels = self._make(config)
        except ConfigError as error:  # a secret that was there when the files were read is gone
            self._channels = []
            self._log.error("notifications do not work", what=list(error.problems), to_do=NotSent.to_do)

    def _may(self, channel: Channel, now: datetime) -> bool:
        failures, last = self._failures.get(channel.name, (0, now))
        return not failures or now - last >= rest(failures)

    def _sent(self, channel: Channel, needs: Mapping[str, Figures], now: datetime) -> bool:
        failures, _ = self._failures.get(channel.name, (0, now))
        try:
            remark = channel.send(message(needs))
        except NotSent as error:
            self._failures[channel.name] = failures + 1, now
            if not failures:
                self._log.warning("notification failed", by=channel.name, what=error.message, to_do=error.to_do)
            return False
        self._failures.pop(channel.name, None)
        self._log.info("notification sent", by=channel.name, about=list(needs), **({"but": remark} if remark else {}))
        return True

    def _note(self, channel: str, told: dict[str, dict[str, Told]], now: dict[str, Told]) -> None:
        """Keep what was told: in memory in any case, in the store if it answers."""
        if told.get(channel, {}) == now:
            return
        told[channel] = now
        if self._told is None:
            self._told = told
        try:
            with self._store.begin() as uow:
                for kind, one in now.items():
                    figures = [[*place, number] for place, number in one.figures.items()]
                    uow.set_flag(f"{PREFIX}{channel}:{kind}", orjson.dumps([one.at.isoformat(), figures]).decode())
        except DBAPIError:
            return


def told_in(uow: UnitOfWork) -> dict[str, dict[str, Told]]:
    """Channel -> kind -> what was told of it last."""
    found: dict[str, dict[str, Told]] = {}
    for name, text in uow.flags(PREFIX).items():
        channel, _, kind = name.removeprefix(PREFIX).partition(":")
        at, figures = orjson.loads(text)
        if kind in KINDS:
            known = {(system, entity): number for system, entity, number in figures}
            found.setdefault(channel, {})[kind] = Told(datetime.fromisoformat(at), known)
    return found


@contextmanager
def notifying(notifier: Notifier) -> Iterator[None]:
    """Tell people, as long as the daemon lives. What hangs is left behind: the thread ends with the process."""
    halt = threading.Event()
    thread = threading.Thread(target=notifier.live, args=(halt,), name="notifier", daemon=True)
    thread.start()
    try:
        yield
    finally:
        halt.set()
        thread.join(GOODBYE)
