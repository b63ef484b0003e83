"""The sections of a configuration that hold times, numbers and limits."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from bridge.config.notes import DAY, Notes
from bridge.config.values import HistoryConfig, SyncConfig
from bridge.engine.budget import Terms
from bridge.engine.merge.loops import Loop
from bridge.engine.plan.guards import Limits
from bridge.mapping.reading import Data
from bridge.mapping.source import Steps

SYNC_WORDS: Final = (
    "tolerance", "page", "max_attempts", "max_age", "max_deletes", "wait", "guards", "loop", "sweep",
    "drift",
)  # fmt: skip
GUARD_WORDS: Final = ("least_listed", "most_deleted", "most_emptied", "most_changed", "few_lost", "few_changed")
HISTORY_WORDS: Final = ("keep_days", "writes_days")
LOOP_WORDS: Final = ("flips", "within")
BUDGET_WORDS: Final = ("per_second", "per_day", "reserve", "at_once")
MOST_DAYS: Final = 36_500
_NUMBER: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(%)?")


def sync_of(notes: Notes, section: Data) -> SyncConfig:
    """Times and limits of a run."""
    if not isinstance(section, dict):
        notes.wrong(("sync",), "expected entries like tolerance: 2s")
        return SyncConfig()
    notes.known(section, ("sync",), SYNC_WORDS)
    usual = SyncConfig()
    return SyncConfig(
        tolerance=timedelta(seconds=notes.span(section, "tolerance", usual.tolerance.total_seconds(), ("sync",))),
        page=notes.number(section, "page", usual.page, ("sync",)),
        max_attempts=notes.number(section, "max_attempts", usual.max_attempts, ("sync",)),
        max_age=timedelta(seconds=notes.span(section, "max_age", usual.max_age.total_seconds(), ("sync",))),
        max_deletes=notes.number(section, "max_deletes", usual.max_deletes, ("sync",)),
        wait=notes.span(section, "wait", usual.wait, ("sync",)),
        sweep=timedelta(seconds=notes.span(section, "sweep", usual.sweep.total_seconds(), ("sync",))),
        drift=timedelta(
            seconds=0.0
            if section.get("drift") == "off"
            else notes.span(section, "drift", usual.drift.total_seconds(), ("sync",))
        ),
        guards=guards_of(notes, section.get("guards", {})),
        loop=loop_of(notes, section.get("loop", {}), usual.loop),
    )


def guards_of(notes: Notes, section: Data) -> Limits:
    """What one read may show: shares as 20%, and numbers up to which nothing is stopped."""
    steps: Steps = ("sync", "guards")
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like most_changed: 50%")
        return Limits()
    notes.known(section, steps, GUARD_WORDS)
    usual = Limits()
    return Limits(
        least_listed=notes.share(section, "least_listed", usual.least_listed, steps),
        most_deleted=notes.share(section, "most_deleted", usual.most_deleted, steps),
        most_emptied=notes.share(section, "most_emptied", usual.most_emptied, steps),
        most_changed=notes.share(section, "most_changed", usual.most_changed, steps),
        few_lost=notes.count(section, "few_lost", usual.few_lost, steps),
        few_changed=notes.count(section, "few_changed", usual.few_changed, steps),
    )


def loop_of(notes: Notes, section: Data, usual: Loop) -> Loop:
    """When a field is frozen that two systems keep undoing for each other."""
    if not isinstance(section, dict):
        notes.wrong(("sync", "loop"), "expected entries like flips: 4", at_value=True)
        return usual
    notes.known(section, ("sync", "loop"), LOOP_WORDS)
    within = notes.span(section, "within", usual.within.total_seconds(), ("sync", "loop"))
    if within > MOST_DAYS * DAY:
        notes.wrong(("sync", "loop", "within"), f"expected at most {MOST_DAYS}d", at_value=True)
        return usual
    return Loop(notes.number(section, "flips", usual.flips, ("sync", "loop")), timedelta(seconds=within))


def history_of(notes: Notes, section: Data) -> HistoryConfig:
    """For how long what happened is remembered."""
    if not isinstance(section, dict):
        notes.wrong(("history",), "expected entries like keep_days: 365", at_value=True)
        return HistoryConfig()
    notes.known(section, ("history",), HISTORY_WORDS)
    usual, steps = HistoryConfig(), ("history",)
    found = HistoryConfig(
        notes.number(section, "keep_days", usual.keep_days, steps),
        notes.number(section, "writes_days", usual.writes_days, steps),
    )
    for word, days in (("keep_days", found.keep_days), ("writes_days", found.writes_days)):
        if days > MOST_DAYS:
            notes.wrong(("history", word), f"expected at most {MOST_DAYS} days", at_value=True)
    return found


def budget_of(notes: Notes, steps: Steps, section: Data) -> Terms:
    """The calls that a system may get."""
    if not isinstance(section, dict):
        notes.wrong(steps, "expected entries like per_second: 10")
        return Terms()
    notes.known(section, steps, BUDGET_WORDS)
    numbers: dict[str, float | None] = {}
    for word in BUDGET_WORDS:
        value = section.get(word)
        said = _NUMBER.fullmatch(value) if isinstance(value, str) else None
        number = float(said[1]) / (100 if said[2] else 1) if said else None
        least, most = {"reserve": (0.0, 0.95), "per_second": (0.01, 1e6)}.get(word, (1.0, 1e12))
        whole = word in ("per_day", "at_once") and number is not None and number % 1
        if value is not None and (number is None or whole or not least <= number <= most):
            expected = "a share like 30%, at most 95%" if word == "reserve" else "a number above 0"
            notes.wrong((*steps, word), f"expected {expected}", at_value=True)
            number = None
        numbers[word] = number
    per_day, at_once, reserve = numbers["per_day"], numbers["at_once"], numbers["reserve"]
    return Terms(
        per_second=numbers["per_second"],
        per_day=int(per_day) if per_day else None,
        reserve=0.3 if reserve is None else reserve,
        at_once=int(at_once) if at_once else None,
    )
