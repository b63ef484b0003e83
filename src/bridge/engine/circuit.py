"""Circuit: a system that does not answer is left alone for a while, then asked again after all others were served.

The breaker of Nygard's "Release It!": closed while the system answers, open after it did not, half open when it is
asked again. It is kept in the store, so that every worker and every run knows of it. An entry of the outbox that meets
an outage waits without counting an attempt: the record is not to blame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from bridge.ports.errors import RateLimited, Transient
from bridge.ports.storage import UnitOfWork

LONGEST = 300.0
"""Seconds after which a system that does not answer is asked again at the latest."""

ALLOWANCE_GONE = 900.0
"""Seconds to the next call where a daily allowance is used up and the system names no time: its 24 hours roll on."""


@dataclass(frozen=True, slots=True)
class Circuit:
    """An open circuit.

    failures: how often in a row the system did not answer. since: the first of them. until: when it is asked again.
    dark: it answered nothing at all the last time (an outage, not one kind of call that fails). busy: it does answer,
    and asks for fewer calls.
    """

    system: str
    failures: int
    since: datetime
    until: datetime
    why: str
    dark: bool
    busy: bool

    def __str__(self) -> str:
        what = "asks for fewer calls" if self.busy else "does not answer"
        why = self.why.removeprefix(f"{self.system}: ")
        times = f"{self.since:%Y-%m-%d %H:%M} UTC, {self.failures} times in a row"
        return f"{what} (since {times}: {why}); asked again at {self.until:%H:%M:%S} UTC"


def tripped(earlier: Circuit | None, system: str, error: Transient, now: datetime, wait: float, dark: bool) -> Circuit:
    """The circuit after one more failure.

    wait: seconds of the back-off, for a system that names none itself. dark: nothing was answered in this run.
    """
    busy = isinstance(error, RateLimited)
    if isinstance(error, RateLimited):
        seconds = error.after if error.after is not None else ALLOWANCE_GONE if error.quota else wait
    else:
        seconds = min(wait, LONGEST)
    return Circuit(
        system=system,
        failures=earlier.failures + 1 if earlier else 1,
        since=earlier.since if earlier else now,
        until=now + timedelta(seconds=seconds),
        why=str(error),
        dark=dark and not busy,
        busy=busy,
    )


def open_circuits(uow: UnitOfWork, systems: Iterable[str]) -> dict[str, Circuit]:
    """Those of these systems that did not answer the last time."""
    found = {}
    for system in systems:
        said = uow.flag(_flag(system))
        if said:
            failures, since, until, why, dark, busy = orjson.loads(said)
            instants = datetime.fromisoformat(since), datetime.fromisoformat(until)
            found[system] = Circuit(system, failures, *instants, why, dark, busy)
    return found


def keep(uow: UnitOfWork, circuit: Circuit) -> None:
    """Note an open circuit for the runs and workers to come."""
    c = circuit
    said = [c.failures, c.since.isoformat(), c.until.isoformat(), c.why, c.dark, c.busy]
    uow.set_flag(_flag(c.system), orjson.dumps(said).decode())


def close(uow: UnitOfWork, circuit: Circuit) -> int:
    """The system answers again: what waited for that goes at once. Returns the number of entries.

    After an outage also what was set aside for want of an answer gets another chance: that cause is gone.
    """
    uow.set_flag(_flag(circuit.system), "")
    return uow.release(circuit.system, Transient.code, dead=circuit.dark)


def hasten(uow: UnitOfWork, systems: Iterable[str], now: datetime) -> None:
    """A person asks: systems that did not answer are asked again now. One that asked for fewer calls gets its rest."""
    for circuit in open_circuits(uow, systems).values():
        if not circuit.busy and circuit.until > now:
            c = circuit
            keep(uow, Circuit(c.system, c.failures, c.since, now, c.why, c.dark, c.busy))


def _flag(system: str) -> str:
    return f"circuit:{system}"
