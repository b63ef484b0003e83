"""When what is read, and when a system is left alone: the timetable of the daemon. Pure values; the clock comes from
outside.

A schedule is an interval or a cron line. Quiet hours are times of day, in the time zone of the site, in which a system
is neither read nor written: it is in maintenance, or its people need it for themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_QUIET: Final = re.compile(r"(?:(?P<days>[a-z,-]+)\s*)?(?:(?P<start>\d{1,2}:\d{2})\s*-\s*(?P<end>\d{1,2}:\d{2}))?")
_FORWARD: Final = timedelta(days=8)
"""Quiet hours repeat every week: who is quiet for longer is quiet for ever."""


class BadSchedule(ValueError):
    """What is written is no schedule; the text says what is expected."""


@dataclass(frozen=True, slots=True)
class Window:
    """Hours of quiet on some days of the week (0 is Monday). One that ends before it begins ends on the next day; one
    that ends when it begins lasts the whole day."""

    days: frozenset[int]
    start: time = time(0)
    end: time = time(0)

    def holds(self, moment: datetime) -> bool:
        """Whether this moment, in the site's own time, lies inside."""
        now, day = moment.time(), moment.weekday()
        if self.start < self.end:
            return day in self.days and self.start <= now < self.end
        return (day in self.days and now >= self.start) or ((day - 1) % 7 in self.days and now < self.end)


@dataclass(frozen=True, slots=True)
class Schedule:
    """Every so often, or when the cron line says; one of them."""

    every: timedelta = timedelta(minutes=1)
    cron: str = ""

    def after(self, last: datetime, zone: ZoneInfo) -> datetime:
        """The first moment after `last` (an aware instant)."""
        if not self.cron:
            return last + self.every
        return next(CronSim(self.cron, last.astimezone(zone)))


@dataclass(frozen=True, slots=True)
class Timetable:
    """The schedules of a site.

    usual: of all that has none of its own. own: (system, entity) -> its schedule; the entity is empty for all of a
    system, the system is empty for an entity in all systems. quiet: system -> its quiet hours; "" for all systems.
    """

    zone: ZoneInfo
    usual: Schedule = field(default_factory=Schedule)
    own: Mapping[tuple[str, str], Schedule] = field(default_factory=dict)
    quiet: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)

    def of(self, system: str, entity: str) -> Schedule:
        """The schedule of an entity in a system: the one that says most about it."""
        for place in ((system, entity), (system, ""), ("", entity)):
            if place in self.own:
                return self.own[place]
        return self.usual

    def quiet_at(self, system: str, now: datetime) -> bool:
        """Whether a system is left alone at this instant."""
        local = now.astimezone(self.zone)
        return any(window.holds(local) for window in (*self.quiet.get(system, ()), *self.quiet.get("", ())))

    def next(self, system: str, entity: str, last: datetime | None, now: datetime) -> datetime:
        """When it is read next, last being when it was read: now or later, never in quiet hours."""
        moment = now if last is None else max(now, self.of(system, entity).after(last, self.zone))
        until = moment + _FORWARD
        while self.quiet_at(system, moment) and moment < until:
            moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        return moment

    def due(
        self, places: Iterable[tuple[str, str]], last: Mapping[tuple[str, str], datetime], now: datetime
    ) -> set[tuple[str, str]]:
        """What is to be read now. A clock that was set back does not stop the daemon: what was read "later" is due."""
        found = set()
        for system, entity in places:
            before = last.get((system, entity))
            if before is not None and before > now:
                before = None
            if self.next(system, entity, before, now) <= now:
                found.add((system, entity))
        return found


def cron_line(text: str) -> str:
    """The line, if it is one. Raises BadSchedule."""
    try:
        next(CronSim(text, datetime(2026, 1, 1)))  # noqa: DTZ001 - only its form is looked at
    except (CronSimError, StopIteration):
        raise BadSchedule(
            "expected five fields like '*/15 6-20 * * mon-fri' (minute, hour, day, month, weekday)"
        ) from None
    return text


def window_of(text: str) -> Window:
    """Quiet hours as a person writes them: `22:00-05:00`, `sat,sun`, `mon-fri 12:00-13:00`. Raises BadSchedule."""
    said = _QUIET.fullmatch(text.strip().lower())
    if said is None or not text.strip():
        raise BadSchedule("expected hours like '22:00-05:00', days like 'sat,sun', or both: 'mon-fri 12:00-13:00'")
    days = frozenset(range(7)) if said["days"] is None else _days(said["days"])
    if said["start"] is None:
        return Window(days)
    return Window(days, _hour(said["start"]), _hour(said["end"]))


def _hour(text: str) -> time:
    hour, minute = (int(part) for part in text.split(":"))
    if (hour, minute) == (24, 0):
        return time(0)
    if hour > 23 or minute > 59:
        raise BadSchedule(f"{text} is no time of day")
    return time(hour, minute)


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if first not in DAYS or (dash and last not in DAYS):
            raise BadSchedule(f"'{part}' is no day of the week (write {', '.join(DAYS)})")
        start, end = DAYS.index(first), DAYS.index(last or first)
        found.update((start + step) % 7 for step in range((end - start) % 7 + 1))
    return frozenset(found)
