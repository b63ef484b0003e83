"""What the daemon says: one line for each thing that happened, for people or as JSON, with the run it belongs to.

Lines hold names of systems, entities and fields, figures, and the words of errors, which hold no value (G10).
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, Final, TextIO

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError

from bridge.engine.pausing import Pause
from bridge.engine.report import Report, Trouble

SAID_OF_A_CYCLE: Final = (
    "read",
    "linked",
    "created",
    "updated",
    "deleted",
    "conflicts",
    "held",
    "failed",
    "review",
    "drifted",
)

STORE_FAULTS: Final = {
    "SQLITE_FULL": "its disk is full",
    "SQLITE_IOERR": "its disk is full, or cannot be read or written",
    "SQLITE_READONLY": "it cannot be written",
    "SQLITE_BUSY": "another program has locked it",
    "SQLITE_CANTOPEN": "it cannot be opened",
}
"""The beginning of SQLite's name for an error -> what is wrong."""
SERVER_FAULTS: Final = {
    "53100": "its disk is full",
    "53200": "its server has no memory left",
    "53300": "its server lets nobody in any more: too many connections",
    "57P01": "its server is being stopped",
    "57P03": "its server is starting",
    "25006": "it cannot be written",
}
"""PostgreSQL's code of an error -> what is wrong."""
NO_SERVER: Final = "its server does not answer"

Pauses = list[tuple[str, Pause]]

Say = Callable[..., Any]
"""Called with the event and what belongs to it: say("cycle", run="…", writes=3)."""


def voice(*, as_json: bool, to: TextIO | None = None) -> structlog.stdlib.BoundLogger:
    """A logger of its own, which changes nothing for other users of structlog in the process.

    to: standard output, if not said.
    """
    to = to or sys.stdout
    how: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=to.isatty()),
    ]
    logger: structlog.stdlib.BoundLogger = structlog.wrap_logger(
        structlog.PrintLogger(to), processors=how, wrapper_class=structlog.make_filtering_bound_logger(20)
    )
    return logger


def of_the_store(error: DBAPIError) -> str:
    """Why the store does not work, in words that hold no value and no address."""
    code = getattr(error.orig, "sqlite_errorname", "")
    why = next((words for start, words in STORE_FAULTS.items() if code.startswith(start)), type(error.orig).__name__)
    state = getattr(error.orig, "sqlstate", "")
    if state is None and isinstance(error, OperationalError):  # nobody there who could say a code
        why = NO_SERVER
    why = SERVER_FAULTS.get(state or "", why)
    return f"the store does not do its work ({why})"


class Troubles:
    """Tells each trouble when it comes and when it is over, not in every cycle in which it is still there."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str, str], str] = {}

    def tell(self, report: Report, asked: Callable[[str, str], bool], log: Any) -> None:
        """asked: whether this system and entity had a part in the run; of others nothing new is known."""
        now: dict[tuple[str, str, str, str], Trouble] = {}
        for trouble in report.troubles:
            now[(trouble.system, trouble.entity, trouble.golden_id, trouble.code)] = trouble
        for place, trouble in now.items():
            if place in self._known:
                continue
            self._known[place] = trouble.what
            log.warning(
                "trouble",
                run=report.run,
                system=trouble.system,
                entity=trouble.entity or None,
                record=trouble.golden_id or None,
                code=trouble.code,
                what=trouble.what,
                not_done=trouble.not_done,
                to_do=trouble.to_do,
            )
        for place in [place for place in self._known if place not in now and asked(place[0], place[1])]:
            del self._known[place]
            log.info("trouble over", run=report.run, system=place[0], entity=place[1] or None, code=place[3])


def tell_pauses(before: Pauses, now: Pauses, log: Any) -> Pauses:
    """Tell what was paused, and what takes part again, since the cycle before. Returns what is paused now."""
    for name in sorted({name for name, _ in before} - {name for name, _ in now}):
        log.info("pause over", name=name)
    for name, one in now:
        if name not in {known for known, _ in before}:
            log.info("paused", name=name, what=str(one))
    return now


def figures(report: Report) -> dict[str, object]:
    """What a cycle came to, noughts left out."""
    totals = {name: sum(getattr(tally, name) for tally in report.tallies.values()) for name in SAID_OF_A_CYCLE}
    return {
        **{name: number for name, number in totals.items() if number},
        "calls": report.api_calls,
        "seconds": round(report.seconds, 2),
        **({"outbox": report.outbox} if report.outbox else {}),
    }


def tell_drift(report: Report, log: Any) -> None:
    """Tell of records that had changed without a word of their system."""
    to_do = "Nothing, if something writes there past its API. If not, its feed loses changes: see `sync.drift`."
    for (system, entity), tally in report.tallies.items():
        if tally.drifted:
            log.warning("drift", run=report.run, system=system, entity=entity, records=tally.drifted, to_do=to_do)


def idle(report: Report) -> bool:
    """Whether a cycle found nothing to do and changed nothing."""
    busy = ("linked", "created", "updated", "deleted", "conflicts", "enqueued", "failed", "drifted")
    return (
        not report.troubles
        and not report.remapped
        and not any(getattr(t, name) for t in report.tallies.values() for name in busy)
    )
