"""Safety stops: what looked like an accident, kept in the store until it is put right or a person lets it through.

A stop is a flag `guard:SYSTEM:ENTITY:KIND`. While one of a read stands, nothing of its entity is written to any system.
An approval covers what was shown and no more: the rules, the numbers and the very records.
"""

from __future__ import annotations

from array import array
from base64 import b64decode, b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import blake2b
from typing import Literal

import orjson

from bridge.engine.plan.guards import Finding
from bridge.engine.runtime import Run
from bridge.ports.errors import SafetyStop
from bridge.ports.storage import UnitOfWork

Kind = Literal["canary", "deletes", "drift", "mapping", "read", "sweep"]
SAMPLES = 5
PREFIX = "guard:"


@dataclass(frozen=True, slots=True)
class Stop:
    """One system and entity, and what was not let through.

    kind: what was stopped: the system as a whole, deletes that are passed on to it, or what was read from it.
    run: the run that stopped, by which it is approved; empty in a rehearsal, which nobody can approve.
    why: a sentence without its end. marks: a number for each record it is about. samples: golden ids of some of them.
    """

    system: str
    entity: str
    kind: Kind
    run: str
    at: datetime
    findings: tuple[Finding, ...]
    why: str
    marks: frozenset[int] = field(default=frozenset(), repr=False)
    samples: tuple[str, ...] = ()
    approved: datetime | None = None

    def covers(self, other: Stop) -> bool:
        """Whether all that the other is about was shown with this one."""
        shown = {(one.rule, one.field): one for one in self.findings}
        for one in other.findings:
            known = shown.get((one.rule, one.field))
            if known is None or (one.number < known.number if one.rule == "listed" else one.number > known.number):
                return False
        return other.marks <= self.marks

    def error(self) -> SafetyStop:
        """The stop as a person is told of it."""
        such = f" (golden records {', '.join(self.samples)} among them)" if self.samples else ""
        how = f"; if that is meant: `bridge approve {self.run}`" if self.run else ""
        return SafetyStop(f"{self.why}{such}{how}", system=self.system)


def mark(record: str) -> int:
    """The number that stands for a record: what was shown is kept without naming it."""
    return int.from_bytes(blake2b(record.encode(), digest_size=8).digest())


def made(run: Run, place: tuple[str, str, Kind], findings: Iterable[Finding], why: str, records: Iterable[str]) -> Stop:
    """A stop of this run. place: system, entity and kind. records: golden ids (or for a canary its native id)."""
    system, entity, kind = place
    ids = sorted(records)
    samples = () if kind == "canary" else tuple(ids[:SAMPLES])
    name = "" if run.runtime.ledger is not None else run.id
    marks = frozenset(map(mark, ids))
    return Stop(system, entity, kind, name, run.now, tuple(findings), why, marks, samples)


def lets_through(uow: UnitOfWork, stop: Stop) -> bool:
    """Whether a person has approved all that this stop is about; if not, it stands from now on.

    The same as before, or less of it, stays the stop that it was: its run can still be approved.
    """
    known = found(uow, stop.system, stop.entity, stop.kind)
    if known is not None and (known.run or not stop.run) and known.covers(stop):
        return known.approved is not None
    keep(uow, stop)
    return False


def found(uow: UnitOfWork, system: str, entity: str, kind: Kind) -> Stop | None:
    """The stop of this kind, waiting or approved."""
    text = uow.flag(_name(system, entity, kind))
    return _read(text) if text else None


def all_stops(uow: UnitOfWork) -> list[Stop]:
    """Every stop, waiting or approved."""
    return [_read(text) for text in uow.flags(PREFIX).values()]


def keep(uow: UnitOfWork, stop: Stop) -> None:
    """Remember a stop."""
    uow.set_flag(_name(stop.system, stop.entity, stop.kind), _text(stop))


def lift(uow: UnitOfWork, system: str, entity: str, kind: Kind) -> None:
    """The cause is gone, or what was approved is done."""
    name = _name(system, entity, kind)
    if uow.flag(name):
        uow.set_flag(name, "")


def approve(uow: UnitOfWork, run: str, at: datetime) -> list[Stop]:
    """Let through, once, all that this run stopped; returns that."""
    chosen = [replace(stop, approved=at) for stop in all_stops(uow) if run and stop.run == run and not stop.approved]
    for stop in chosen:
        keep(uow, stop)
    return chosen


def enforce(run: Run) -> set[str]:
    """Report every stop that waits for a person. Returns the entities of which nothing may be written meanwhile."""
    maps, most = run.runtime.maps, run.runtime.pace.max_deletes
    stopped: set[str] = set()
    with run.store.begin() as uow:
        for stop in all_stops(uow):
            if stop.entity not in maps or stop.system not in maps[stop.entity].systems:
                continue
            if stop.kind == "deletes" and len(uow.deletes_due(stop.system, stop.entity)) <= most:
                lift(uow, stop.system, stop.entity, "deletes")
            elif stop.kind == "canary" and stop.entity not in run.runtime.canaries.get(stop.system, {}):
                lift(uow, stop.system, stop.entity, "canary")
            elif stop.approved is None:
                run.report.trouble(stop.error(), stop.system, stop.entity)
                if stop.kind != "deletes":
                    stopped.add(stop.entity)
    return stopped


def _name(system: str, entity: str, kind: Kind) -> str:
    return f"{PREFIX}{system}:{entity}:{kind}"


def _text(stop: Stop) -> str:
    body = {
        **{name: getattr(stop, name) for name in ("system", "entity", "kind", "run", "why", "samples")},
        "at": stop.at.isoformat(),
        "approved": stop.approved.isoformat() if stop.approved else None,
        "findings": [[one.rule, one.number, one.of, one.field] for one in stop.findings],
        "marks": b64encode(array("Q", sorted(stop.marks)).tobytes()).decode(),
    }
    return orjson.dumps(body).decode()


def _read(text: str) -> Stop:
    body = orjson.loads(text)
    marks = array("Q")
    marks.frombytes(b64decode(body["marks"]))
    return Stop(
        body["system"],
        body["entity"],
        body["kind"],
        body["run"],
        datetime.fromisoformat(body["at"]),
        tuple(Finding(*one) for one in body["findings"]),
        body["why"],
        frozenset(marks),
        tuple(body["samples"]),
        datetime.fromisoformat(body["approved"]) if body["approved"] else None,
    )
