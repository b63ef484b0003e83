"""What a run counted and what went wrong: the figures of `bridge sync --json`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from time import perf_counter

from bridge.engine.circuit import Circuit
from bridge.engine.pausing import Pause, as_rows
from bridge.ports.errors import BridgeError, SafetyStop


@dataclass(slots=True)
class Tally:
    """Counts of one system and entity in one run.

    read: records delivered by the system. unchanged: of these, the ones that said nothing new. linked: records newly
    linked. archived: set inactive because they were deleted elsewhere. restored: made again, or set active again. held:
    fields that wait for a person. waiting: records that wait for another record. api_calls: HTTP calls.
    news: records in which somebody there changed something, or that nobody had seen before. bad: rows that the system
    itself could not give. drifted: records that had changed, or gone, without the system's feed telling.
    """

    read: int = 0
    unchanged: int = 0
    linked: int = 0
    created: int = 0
    updated: int = 0
    deleted: int = 0
    archived: int = 0
    restored: int = 0
    conflicts: int = 0
    held: int = 0
    failed: int = 0
    review: int = 0
    waiting: int = 0
    enqueued: int = 0
    news: int = 0
    bad: int = 0
    drifted: int = 0
    api_calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong, as it is told to a person. golden_id is empty where a whole system is concerned."""

    system: str
    entity: str
    code: str
    what: str
    not_done: str
    to_do: str
    golden_id: str = ""


@dataclass(slots=True)
class Report:
    """The figures of one run.

    outbox: state -> entries that are left when it ends. paused: systems that were paused when it began.
    paused_entities: entities that were, the system empty where it is one in all. resting: those that did not answer the
    last time, and whose time to be asked again had not come.
    remapped: entity -> field of a changed mapping line -> golden records in which it has another value now, or is held.
    busy: (system, entity) that were left to another worker. unfinished: those of which not all was written, so that
    others have their turn.
    """

    run: str
    tallies: dict[tuple[str, str], Tally] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)
    troubles: list[Trouble] = field(default_factory=list)
    outbox: dict[str, int] = field(default_factory=dict)
    paused: dict[str, Pause] = field(default_factory=dict)
    paused_entities: dict[tuple[str, str], Pause] = field(default_factory=dict)
    resting: dict[str, Circuit] = field(default_factory=dict)
    remapped: dict[str, dict[str, int]] = field(default_factory=dict)
    seconds: float = 0.0
    busy: set[tuple[str, str]] = field(default_factory=set)
    unfinished: set[tuple[str, str]] = field(default_factory=set)

    def of(self, system: str, entity: str) -> Tally:
        """The tally of one system and entity."""
        return self.tallies.setdefault((system, entity), Tally())

    def trouble(self, error: BridgeError, system: str, entity: str = "", golden_id: str = "") -> None:
        """Note an error once per record, or once per system and entity."""
        said = Trouble(system, entity, error.code, str(error), error.not_done, error.to_do, golden_id)
        if said not in self.troubles[-50:]:
            self.troubles.append(said)

    @contextmanager
    def timed(self, system: str, entity: str) -> Iterator[Tally]:
        """Add the time spent inside to the tally."""
        tally, start = self.of(system, entity), perf_counter()
        try:
            yield tally
        finally:
            tally.seconds += perf_counter() - start

    @property
    def ok(self) -> bool:
        """Whether nothing went wrong and nothing waits for another attempt. What a person paused is no problem."""
        if self.resting or any(not pause.by_person for pause in self.paused.values()):
            return False
        return not (self.troubles or self.outbox.get("waiting") or self.outbox.get("in_doubt"))

    @property
    def stopped(self) -> bool:
        """Whether something was not done for safety's sake, before a person has looked at it."""
        return any(trouble.code == SafetyStop.code for trouble in self.troubles)

    @property
    def writes(self) -> int:
        """Records created, updated, deleted, archived or restored in any system."""
        return sum(t.created + t.updated + t.deleted + t.archived + t.restored for t in self.tallies.values())

    @property
    def conflicts(self) -> int:
        """Conflicts journalled in this run, settled or held."""
        return sum(t.conflicts for t in self.tallies.values())

    @property
    def api_calls(self) -> int:
        """All HTTP calls of the run, log-ins and look-ups included."""
        return sum(t.api_calls for t in self.tallies.values()) + sum(self.sessions.values())

    def as_json(self) -> dict[str, object]:
        """The report as plain values."""
        rows = [
            {"system": system, "entity": entity, **asdict(tally), "seconds": round(tally.seconds, 3)}
            for (system, entity), tally in sorted(self.tallies.items(), key=lambda item: (item[0][1], item[0][0]))
        ]
        return {
            "run": self.run,
            "systems": rows,
            "session_calls": dict(self.sessions),
            "totals": {
                "writes": self.writes,
                "conflicts": self.conflicts,
                "enqueued": sum(t.enqueued for t in self.tallies.values()),
                "api_calls": self.api_calls,
                "seconds": round(self.seconds, 3),
            },
            "outbox": dict(self.outbox),
            "paused": {system: str(pause) for system, pause in self.paused.items()},
            "paused_entities": as_rows(self.paused_entities),
            "remapped": {entity: dict(fields) for entity, fields in self.remapped.items()},
            "resting": {system: str(circuit) for system, circuit in self.resting.items()},
            "troubles": [asdict(trouble) for trouble in self.troubles],
        }
