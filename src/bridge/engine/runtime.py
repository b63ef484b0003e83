"""What the engine is given from outside: store, adapters, mappings, clock, randomness, pace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

from bridge.engine.budget import Priority, Terms
from bridge.engine.circuit import Circuit, close, keep, tripped
from bridge.engine.leftovers import let_go
from bridge.engine.merge.draft import Circumstances
from bridge.engine.merge.loops import Loop
from bridge.engine.merge.policy import PolicyFunction
from bridge.engine.meter import Meter
from bridge.engine.pausing import Pause, pause, pauses_the_system
from bridge.engine.plan.guards import Limits
from bridge.engine.report import Report, Tally
from bridge.engine.sharing import LeaseLost, Workers
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.errors import AuthFailed, BridgeError, Transient
from bridge.ports.storage import Store

_T = TypeVar("_T")
_P = ParamSpec("_P")


class Spans(Protocol):
    """Opens a span around a part of the work: `with span("read", system="crm", entity="order"):`."""

    def __call__(self, name: str, **what: str) -> AbstractContextManager[None]: ...


class Aside(Protocol):
    """Starts a call in a thread of its own. What it gives waits for the answer, however often it is asked, and raises
    what the call raised."""

    def __call__(self, call: Callable[[], _T], /) -> Callable[[], _T]: ...


class Halt(BaseException):
    """The process was asked to stop. Not an error of any step, so that none takes it for its own."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Limits and times of a run.

    tolerance: instants closer than this cannot be told apart (clock skew, coarse stamps).
    lease: how long a claimed entry is kept from other workers.
    page: records asked for at once; the adapter may give less.
    max_attempts, max_age: after either, an entry that keeps failing is set aside (dead).
    max_deletes: most records of one system and entity that are deleted because they were deleted elsewhere; where more
        are due, none is deleted before a person has looked at it.
    guards: what one read may show without a person looking at it.
    sweep: how often it is looked for deleted records in systems that do not tell of them.
    drift: in what time every linked record is looked at once more, whatever the feeds tell; zero: never.
    passes: how often one record is written to one system within a run; a system that never comes to rest is left to
        the next run.
    keep_history, keep_writes: how long changes of golden values, and the writes of a run, are remembered.
    loop: when a field counts as one that two systems keep undoing for each other.
    """

    tolerance: timedelta = timedelta(seconds=2)
    lease: timedelta = timedelta(minutes=5)
    page: int = 2000
    max_attempts: int = 12
    max_age: timedelta = timedelta(days=3)
    max_deletes: int = 25
    guards: Limits = field(default_factory=Limits)
    sweep: timedelta = timedelta(days=1)
    drift: timedelta = timedelta(days=7)
    passes: int = 4
    keep_history: timedelta = timedelta(days=365)
    keep_writes: timedelta = timedelta(days=90)
    loop: Loop = field(default_factory=Loop)


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything a run needs.

    maps: entity -> its mapping, parents before children.
    owner: names this process in leases.
    terms: what the configuration says of the calls that a system may get. priority: whose calls come first.
    canaries: system -> entity -> the native id of a record that must be there, else it is another database.
    coarse: system -> how close instants of its records may be to be taken for the same, where not as usual. policies: a
    site's own rules for conflicts, by name.
    sweeping, drifting: whether it is looked for deleted records, and at all linked ones, now, whenever that was done
    last.
    ledger: where calls are accounted for, if that is another store (a rehearsal works on a copy, and calls for real).
    point: called with the name of each step ("after read", "before write" ...), so that tests can stop the world there.
    progress: called with (stage, system, entity, records done). stopping: whether the process was asked to stop.
    span: opened around the cycle and each reading and delivery, for traces.
    aside: starts a call in a thread of its own, and gives what waits for its answer; None: calls are waited for.
    workers: this worker's view of the store, which `store` is then, where several share it; None: alone with it.
    """

    store: Store
    adapters: Mapping[str, Adapter]
    maps: Mapping[str, EntityMap]
    clock: Callable[[], datetime]
    new_id: Callable[[], str]
    back_off: Callable[[int], float]
    owner: str = "bridge"
    pace: Pace = field(default_factory=Pace)
    terms: Mapping[str, Terms] = field(default_factory=dict)
    canaries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    priority: Priority = "live"
    sweeping: bool = False
    drifting: bool = False
    coarse: Mapping[str, timedelta] = field(default_factory=dict)
    policies: Mapping[str, PolicyFunction] = field(default_factory=dict)
    ledger: Store | None = None
    point: Callable[[str], None] = lambda name: None
    progress: Callable[[str, str, str, int], None] = lambda stage, system, entity, number: None
    stopping: Callable[[], bool] = lambda: False
    span: Spans = lambda name, **what: nullcontext()
    aside: Aside | None = None
    workers: Workers | None = None


@dataclass(slots=True)
class Run:
    """One run: its id, its report, and what was found on the way.

    down: systems that are left alone for now. barred: those of them that only a person can bring back. circuits: those
    that did not answer the last time they were asked. answered: those that answered something in this run. strikes:
    failed writes of a system since it took one. meters: the gates before each system's calls. passes: (system, entity,
    golden id) -> writes so far. left: the same -> units that are left out of a create, because the system has nothing
    they could refer to (`missing: leave`). bad_rows: (system, entity) -> reasons of rows that could not
    be had: of those told one by one, and of the others. halted: (system, entity) whose read was stopped by a guard.
    stopped: entities of which nothing is written, because a stop waits for a person. reads: (system, entity) that are
    read in this run; None: all. hints: (system, entity) -> the records of which the system told that they may have
    changed; "" among them for some record that it did not name. read_only: systems that are never written in this run.
    alone: (system, entity) that a person paused: neither read nor written. remapping: entities whose changed mapping
    waits for a person: the same. began: when. mine: (system, entity) that this worker has read in it.
    """

    runtime: Runtime
    id: str
    report: Report
    down: set[str] = field(default_factory=set)
    barred: set[str] = field(default_factory=set)
    circuits: dict[str, Circuit] = field(default_factory=dict)
    answered: set[str] = field(default_factory=set)
    strikes: dict[str, int] = field(default_factory=dict)
    meters: dict[str, Meter] = field(default_factory=dict)
    passes: dict[tuple[str, str, str], int] = field(default_factory=dict)
    bad_rows: dict[tuple[str, str], tuple[Counter[str], Counter[str]]] = field(default_factory=dict)
    left: dict[tuple[str, str, str], set[str]] = field(default_factory=dict)
    halted: set[tuple[str, str]] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    reads: Collection[tuple[str, str]] | None = None
    hints: Mapping[tuple[str, str], Collection[str]] = field(default_factory=dict)
    read_only: frozenset[str] = frozenset()
    remapping: set[str] = field(default_factory=set)
    alone: set[tuple[str, str]] = field(default_factory=set)
    began: datetime | None = None
    mine: set[tuple[str, str]] = field(default_factory=set)

    @contextmanager
    def at(self, system: str, entity: str, *, reading: bool = False) -> Iterator[bool]:
        """Work at a place: whether it is this worker's turn there, which it always is where no others are.

        reading: all that changed there is read; not again where another worker has done so since this run began.
        """
        workers, place = self.runtime.workers, (system, entity)
        if workers is None:
            yield True
            return
        now = self.now
        if not workers.take(place, now, self.began if reading else None):
            self.report.busy.add(place)
            yield False
            return
        read_at = None
        try:
            yield True
            if reading and system not in self.down:
                self.mine.add(place)
                read_at = now
        except LeaseLost:
            self.report.busy.add(place)
        finally:
            workers.leave(read_at)

    def reads_now(self, system: str, entity: str) -> bool:
        """Whether an entity of a system is read in this run."""
        return self.reads is None or (system, entity) in self.reads

    def go_on(self) -> None:
        """Called between two steps, where nothing is half done. Raises Halt where the process was asked to stop."""
        if self.runtime.stopping():
            raise Halt

    @property
    def store(self) -> Store:
        """The store of this run."""
        return self.runtime.store

    @property
    def now(self) -> datetime:
        """The present instant."""
        return self.runtime.clock()

    def around(self, emap: EntityMap | None = None) -> Circumstances:
        """What merge has to know of the world, and of the clocks of an entity's systems."""
        runtime = self.runtime
        usual = runtime.pace.tolerance
        coarse = dict(runtime.coarse)
        if emap is not None:
            for system in [system for system in emap.systems if system in runtime.adapters]:
                grain = runtime.adapters[system].capabilities(emap.spec(system)).clock_grain
                if grain > coarse.get(system, usual):
                    coarse[system] = grain
        return Circumstances(self.now, self.id, usual, runtime.new_id, coarse, runtime.policies)

    def up(self, emap: EntityMap) -> Iterable[str]:
        """The systems of an entity that have answered so far, and in which nobody paused it."""
        return [
            s
            for s in emap.systems
            if s not in self.down and (s, emap.entity) not in self.alone and emap.entity not in self.remapping
        ]

    def in_turn(self, emap: EntityMap) -> Iterable[str]:
        """The same, where several workers write in an order of each one's own."""
        workers = self.runtime.workers
        for system in workers.rotated(emap.systems) if workers else emap.systems:
            if system in self.up(emap):
                yield system

    def leave(self, system: str, error: BridgeError) -> None:
        """Leave a system alone: for now; to the end of the run where waiting would not help; or, where its log-in is
        refused, until a person has looked at it. Never called inside a transaction."""
        first = system not in self.down
        self.down.add(system)
        if pauses_the_system(error):
            with self.store.begin() as uow:
                pause(uow, Pause(system, self.now, str(error)))
        elif isinstance(error, Transient) and first:
            self._trip(system, error)
        if isinstance(error, AuthFailed):
            self.barred.add(system)

    def _trip(self, system: str, error: Transient) -> None:
        earlier = self.circuits.get(system)
        wait = self.runtime.back_off(earlier.failures + 1 if earlier else 1)
        circuit = tripped(earlier, system, error, self.now, wait, system not in self.answered)
        self.circuits[system] = circuit
        with self.store.begin() as uow:
            keep(uow, circuit)

    def is_back(self, system: str) -> None:
        """A system does its work again. Never called inside a transaction."""
        circuit = self.circuits.pop(system, None)
        if circuit is not None:
            with self.store.begin() as uow:
                close(uow, circuit)

    @contextmanager
    def calling(self, system: str, entity: str) -> Iterator[tuple[Adapter, Tally]]:
        """Calls and time spent inside belong to this system and entity."""
        let_go()
        adapter = self.runtime.adapters[system]
        before = adapter.calls
        with self.meters[system].flight(), self.report.timed(system, entity) as tally:
            try:
                yield adapter, tally
                if adapter.calls > before:
                    self.answered.add(system)
            finally:
                tally.api_calls += adapter.calls - before


_Step: TypeAlias = Callable[Concatenate[Run, EntityMap, str, _P], _T]


def traced(name: str) -> Callable[[_Step[_P, _T]], _Step[_P, _T]]:
    """A step of the cycle for one system and entity gets a span of this name."""

    def around(step: _Step[_P, _T]) -> _Step[_P, _T]:
        @wraps(step)
        def inside(run: Run, emap: EntityMap, system: str, /, *more: _P.args, **named: _P.kwargs) -> _T:
            with run.runtime.span(name, system=system, entity=emap.entity):
                return step(run, emap, system, *more, **named)

        return inside

    return around
