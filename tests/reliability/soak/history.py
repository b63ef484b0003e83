"""The history of one seed: days of acts, cycles and troubles; each ends in rest and is held to the guarantees."""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random

from bridge.engine.report import Report
from reliability.soak import checks
from reliability.soak.clock import START, Timeline, machine_time
from reliability.soak.company import Company, Refused
from reliability.soak.figures import Figures
from reliability.soak.ledger import Ledger
from reliability.soak.process import Bridge, Killed
from reliability.soak.trade import Trade
from reliability.soak.trouble import Trouble
from reliability.soak.users import Users

TOLD = 30
"""Events that a failure tells."""
GAPS = (3, 5, 10, 15, 30, 60, 90)
"""Minutes between two cycles."""
BRIEF = (60, 90, 120)
"""The same for a day that has to be over soon."""
SETTLED = timedelta(hours=2)
"""Longer than any wait for another attempt."""


class Broken(AssertionError):
    """A guarantee did not hold; tells what, the seed, the day, the last events, and how to see it again."""


@dataclass(frozen=True)
class Plan:
    """What to live through. gaps: minutes between cycles; kills, sigkills, meanwhile: shares of the cycles.

    options: further words of the command that repeats it.
    """

    seed: str
    days: int
    gaps: tuple[int, ...] = GAPS
    acts: int = 10
    kills: float = 0.12
    sigkills: float = 0.04
    meanwhile: float = 0.3
    options: str = ""


def brief(seed: str, days: int, options: str = "") -> Plan:
    """Few cycles in a day, in which all the more happens."""
    return Plan(seed, days, gaps=BRIEF, acts=16, kills=0.25, sigkills=0.12, meanwhile=0.5, options=f"{options} --brief")


class History:
    """One run of the soak."""

    def __init__(self, plan: Plan, company: Company, timeline: Timeline, luck: Random) -> None:
        self.plan, self.company, self.timeline, self.luck = plan, company, timeline, luck
        self.ledger = Ledger()
        self.bridge = Bridge(company, timeline, plan.seed)
        self.users = Users(company, self.bridge, self.ledger, luck)
        self.trade = Trade(company, self.users, self.ledger, luck)
        self.trouble = Trouble(company, self.bridge, luck)
        self.events: deque[str] = deque(maxlen=TOLD)
        self.today = Figures("0")
        self.mistake: Exception | None = None
        self._digest = hashlib.sha256()

    @property
    def digest(self) -> str:
        """Equal digests: the same history."""
        return self._digest.hexdigest()[:16]

    def tell(self, words: str) -> None:
        """Note an event."""
        event = f"{self.timeline.now:%m-%d %H:%M:%S} {words}"
        self.events.append(event)
        self._digest.update(event.encode())

    def live(self, told: Callable[[Figures], None]) -> list[Figures]:
        """All days; raises Broken."""
        days = []
        with self.bridge.connected():
            self._found()
            for number in range(1, self.plan.days + 1):
                days.append(self.day(number))
                told(days[-1])
        return days

    def _found(self) -> None:
        """What the company has before bridge comes: some customers, people and products in each system."""
        self.trade.furnish()
        users = self.users
        for act in [users.new_customer] * 9 + [users.same_customer_in_two_systems] * 2 + [users.new_product] * 6:
            self.tell(act())
        self._take(self.bridge.cycle())
        users.look_around()
        for act in [users.new_contact] * 5 + [self.trade.receive] * 6 + [self.trade.order_in_crm] * 2:
            self.tell(act())

    def day(self, number: int) -> Figures:
        """From the morning to the rest at its end."""
        start, edits = time.perf_counter(), self.ledger.edits
        self.today = Figures(str(number))
        try:
            self.timeline.now = max(self.timeline.now, START + timedelta(days=number - 1))
            self.tell(f"day {number}: {self.trouble.schema()}")
            evening = START + timedelta(days=number - 1, hours=13)
            while self.timeline.now < evening:
                self.step()
            self.rest()
        except Killed:
            raise
        except Exception as error:
            raise self._broken(number, error) from error
        self.today.edits = self.ledger.edits - edits
        self.today.seconds = time.perf_counter() - start
        return self.today

    def step(self) -> None:
        """Some minutes: users act, something may go wrong, bridge runs."""
        self.timeline.wait(60 * self.luck.choice(self.plan.gaps))
        for words in self.trouble.befall():
            self.tell(words)
        self.users.look_around()
        for _ in range(self.luck.randint(0, self.plan.acts)):
            self.timeline.wait(self.luck.choice((0.1, 1, 7, 40)))
            self.act()
        moments = self.luck.randint(1, 600)
        fate = self.luck.random()
        if fate < self.plan.sigkills:
            self.sigkill(moments)
        else:
            kill = moments if fate < self.plan.sigkills + self.plan.kills else None
            self.cycle(kill, patience=self.luck.choice((0, 0, 0, 45)))
        struck, calls = self.company.struck()
        self.today.faults.update(struck)
        self._digest.update(calls.encode())

    def act(self) -> None:
        """One user does something."""
        acts = {**self.users.acts(), **self.trade.acts()}
        if self.trouble.mapped:
            acts[self.users.type_into_own_field] = 3
        chosen = self.luck.choices(list(acts), list(acts.values()))[0]
        self.today.acts += 1
        try:
            self.tell(chosen())
        except Refused as refused:
            self.today.refused += 1
            self.tell(f"{chosen.__name__} refused: {refused}")

    def cycle(self, kill: int | None, patience: float) -> None:
        """One cycle, during which users go on; it may be killed."""
        moments = self.bridge.moments
        if self.luck.random() < 0.1:
            self.bridge.stop()
        if self.luck.random() < self.plan.meanwhile:
            for _ in range(self.luck.randint(1, 3)):
                moments.plan(self.luck.randint(1, 500), self._meanwhile)
        if kill is not None:
            moments.kill(kill, _kill)
        try:
            self._take(self.bridge.cycle(patience))
        except Killed:
            self.bridge.stop()
            self.today.kills += 1
            self.tell(f"cycle {self.bridge.cycles}: killed at moment {kill}")
        finally:
            moments.forget()
        if self.mistake is not None:
            raise self.mistake

    def _meanwhile(self) -> None:
        """A user acts while bridge is at work. What goes wrong here must not look like a failure of its call."""
        try:
            self.act()
        except Exception as error:
            self.mistake = error

    def sigkill(self, moments: int) -> None:
        """A cycle in a process of its own that gets SIGKILL."""
        if self.bridge.cycle_in_a_child(moments):
            self.today.sigkills += 1
        self.tell(f"cycle {self.bridge.cycles}: a process of its own, SIGKILL at moment {moments}")

    def _take(self, report: Report) -> None:
        self.today.add(report)
        troubles = sorted({f"{one.system} {one.entity} {one.code}" for one in report.troubles})
        words = f"{report.writes} writes, {report.conflicts} conflicts, {report.api_calls} calls, {report.outbox}"
        self.tell(f"cycle {self.bridge.cycles}: {words} {'; '.join(troubles)}".rstrip())

    def rest(self) -> None:
        """No faults, no edits: two cycles, and everything promised must hold. Raises AssertionError."""
        with self.bridge.store.begin() as uow:
            states = {}
            for (_, _, state), entries in uow.queue_counts().items():
                states[state] = states.get(state, 0) + entries
        self.today.dead, self.today.held = states.get("dead", 0), states.get("held", 0)
        self.trouble.end()
        self.tell("rest")
        for _ in range(2):
            self.timeline.wait(SETTLED.total_seconds())
            self._take(self.bridge.cycle())
        self.timeline.wait(SETTLED.total_seconds())
        quiet = self.bridge.cycle()
        self._take(quiet)
        enqueued = sum(tally.enqueued for tally in quiet.tallies.values())
        self.today.echoes = quiet.writes + enqueued
        problems = [
            f"G3: without edits, {system} {entity}: {tally.created} + {tally.updated} writes, {tally.enqueued} entries"
            for (system, entity), tally in sorted(quiet.tallies.items())
            if tally.created + tally.updated + tally.deleted + tally.enqueued
        ]
        problems += self._held_to()
        if problems:
            raise AssertionError("\n  ".join([f"{len(problems)} problems:", *problems[:40]]))
        self.ledger.heard()

    def _held_to(self) -> list[str]:
        lost = checks.lost_words(self.ledger, self.bridge.store)
        moved = checks.misplaced_stock(self.company, self.ledger)
        twice = checks.duplicates(self.company)
        self.today.lost, self.today.duplicates = len(lost) + len(moved), len(twice)
        return [
            *(f"G1 lost: {one}" for one in lost),
            *(f"G1/G4 stock: {one}" for one in moved),
            *(f"G4 twice: {one}" for one in twice),
            *(f"G2 not in step: {one}" for one in checks.out_of_step(self.company, self.ledger, self.bridge.store)),
            *(f"G2 left over: {one}" for one in checks.left_over(self.bridge.store)),
        ]

    def _broken(self, day: int, error: Exception) -> Broken:
        again = f"python -m reliability.soak --days {day} --seed {self.plan.seed}{self.plan.options}"
        last = "\n  ".join(self.events)
        name = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
        return Broken(
            f"seed {self.plan.seed}, day {day}: {name}{error}\nThe last {len(self.events)} events:\n  {last}\n"
            f"Again: PYTHONPATH=tests {again}"
        )


def _kill() -> None:
    raise Killed


@contextmanager
def begun(plan: Plan, folder: Path, store: str) -> Iterator[History]:
    """A company, its users and bridge on the first morning. Needs PYTHONHASHSEED=0 to be repeatable."""
    timeline, luck = Timeline(), Random(plan.seed)
    with ExitStack() as stack:
        stack.enter_context(machine_time(timeline, Random(f"names {plan.seed}")))
        company = Company(folder, timeline, stack, store)
        history = History(plan, company, timeline, luck)
        stack.callback(history.bridge.close)
        yield history
