"""The section `run`: what the daemon does by itself, and when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Final, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.config.notes import DAY, Notes
from bridge.config.values import RunConfig
from bridge.config.webhooks import hooks_of
from bridge.engine.plan.rhythm import Terms
from bridge.engine.plan.schedule import BadSchedule, Schedule, Timetable, Window, cron_line, window_of
from bridge.mapping.reading import Data
from bridge.mapping.source import Steps, suggest

RUN_WORDS: Final = (
    "every",
    "cron",
    "quiet",
    "timezone",
    "schedules",
    "listen",
    "stop_within",
    "nothing_new",
    "webhooks",
)
SILENCE_WORDS: Final = ("factor", "least", "learn")
SCHEDULE_WORDS: Final = ("every", "cron", "quiet")
LEAST: Final = 1.0
"""Seconds between two reads of the same: less only takes calls from people."""
_T = TypeVar("_T")
_FACTOR: Final = re.compile(r"\d{1,3}(\.\d+)?")
_PLACE: Final = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_]\w*)?")
_LISTEN: Final = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[\w.-]+):(?P<port>\d{1,5})")


def run_of(notes: Notes, section: Data, systems: Iterable[str]) -> RunConfig:
    """The timetable, where the daemon listens, and how long it may take to stop."""
    steps: Steps = ("run",)
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like every: 1m")
        return RunConfig()
    notes.known(section, steps, RUN_WORDS)
    usual, systems = RunConfig(), list(systems)
    own, quiet = _schedules(notes, section.get("schedules", {}), set(systems))
    everywhere = _quiet(notes, section, steps)
    timetable = Timetable(
        zone=_zone(notes, section.get("timezone"), usual.timetable.zone),
        usual=_schedule(notes, section, steps) or usual.timetable.usual,
        own=own,
        quiet={**quiet, "": everywhere} if everywhere else quiet,
    )
    span = notes.span(section, "stop_within", usual.stop_within.total_seconds(), steps)
    return RunConfig(
        timetable,
        _listen(notes, section.get("listen"), usual.listen),
        timedelta(seconds=span),
        _silence(notes, section.get("nothing_new", {})),
        hooks_of(notes, section.get("webhooks"), systems, address),
    )


def _schedules(
    notes: Notes, section: Data, systems: set[str]
) -> tuple[dict[tuple[str, str], Schedule], dict[str, tuple[Window, ...]]]:
    own: dict[tuple[str, str], Schedule] = {}
    quiet: dict[str, tuple[Window, ...]] = {}
    if not isinstance(section, dict):
        notes.wrong(("run", "schedules"), "expected systems and entities, as crm.order: {every: 10s}")
        return own, quiet
    for name, body in section.items():
        steps: Steps = ("run", "schedules", name)
        if not _PLACE.fullmatch(name):
            notes.wrong(steps, "expected a system (crm), an entity (order) or both (crm.order)")
            continue
        if not isinstance(body, dict):
            notes.wrong(steps, "expected entries like every: 30s", at_value=True)
            continue
        notes.known(body, steps, SCHEDULE_WORDS)
        head, _, entity = name.partition(".")
        if entity and head not in systems:
            notes.wrong(steps, f"there is no system '{head}'{suggest(head, systems)}")
            continue
        whole = head in systems and not entity
        place = (head, entity) if head in systems else ("", head)
        found = _schedule(notes, body, steps)
        if found is not None:
            own[place] = found
        windows = _quiet(notes, body, steps)
        if windows and not whole:
            notes.wrong((*steps, "quiet"), "quiet hours are those of a whole system; name it alone")
        elif windows:
            quiet[head] = windows
    return own, quiet


def _schedule(notes: Notes, body: Mapping[str, Data], steps: Steps) -> Schedule | None:
    """None where nothing is said of it."""
    if "every" in body and "cron" in body:
        notes.wrong((*steps, "cron"), "say either every or cron")
    cron = body.get("cron")
    if cron is not None:
        line = _tried(notes, (*steps, "cron"), cron, cron_line)
        return Schedule(cron=line) if line else None
    if "every" not in body:
        return None
    seconds = notes.span(body, "every", LEAST, steps)
    if not LEAST <= seconds <= 31 * DAY:
        notes.wrong((*steps, "every"), "expected a time from 1s to 31d", at_value=True)
        return None
    return Schedule(timedelta(seconds=seconds))


def _quiet(notes: Notes, body: Mapping[str, Data], steps: Steps) -> tuple[Window, ...]:
    said = body.get("quiet")
    if said is None:
        return ()
    if not isinstance(said, list):
        window = _tried(notes, (*steps, "quiet"), said, window_of)
        return (window,) if window else ()
    found = [_tried(notes, (*steps, "quiet", place), one, window_of) for place, one in enumerate(said)]
    return tuple(window for window in found if window is not None)


def _tried(notes: Notes, steps: Steps, value: Data, reads: Callable[[str], _T]) -> _T | None:
    """What is read from a value; None, with a note, where it cannot be."""
    try:
        return reads(value if isinstance(value, str) else "")
    except BadSchedule as error:
        notes.wrong(steps, str(error), at_value=True)
        return None


def _zone(notes: Notes, value: Data | None, usual: ZoneInfo) -> ZoneInfo:
    if value is None:
        return usual
    try:
        return ZoneInfo(value if isinstance(value, str) else "")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        notes.wrong(("run", "timezone"), "expected a time zone like Europe/Berlin", at_value=True)
        return usual


def _listen(notes: Notes, value: Data | None, usual: tuple[str, int] | None) -> tuple[str, int] | None:
    if value is None:
        return usual
    if value == "off":
        return None
    found = address(value)
    if found is None:
        notes.wrong(("run", "listen"), "expected an address like 127.0.0.1:8321, or off", at_value=True)
        return usual
    return found


def address(value: Data) -> tuple[str, int] | None:
    """Host and port; None where that is not what is written."""
    said = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if said is None or int(said["port"]) > 65535:
        return None
    return said["host"].strip("[]"), int(said["port"])


def _silence(notes: Notes, section: Data) -> Terms | None:
    """When it is told that a system brings nothing new; None: never."""
    steps: Steps = ("run", "nothing_new")
    if section == "off":
        return None
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like factor: 2, or off", at_value=True)
        return Terms()
    notes.known(section, steps, SILENCE_WORDS)
    usual = Terms()
    said = section.get("factor", str(usual.factor))
    number = float(said) if isinstance(said, str) and _FACTOR.fullmatch(said) else 0.0
    if not 1 <= number <= 100:
        notes.wrong((*steps, "factor"), "expected a number from 1 to 100", at_value=True)
        number = usual.factor
    least = notes.span(section, "least", usual.least.total_seconds(), steps)
    learn = notes.span(section, "learn", usual.learn.total_seconds(), steps)
    return Terms(number, timedelta(seconds=least), timedelta(seconds=learn))
