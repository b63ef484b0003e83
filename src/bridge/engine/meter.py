"""Meter: the gate before every call of a system, which keeps to the budget that all workers share through the store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from bridge.engine import budget as budgets
from bridge.engine.budget import Budget, Priority, Terms
from bridge.engine.sharing import Workers
from bridge.ports.errors import RateLimited, Transient
from bridge.ports.storage import Store, UnitOfWork

PATIENCE = 5.0
"""Seconds that a call waits for its turn in place; longer waits are the outbox's."""

BLOCK = 20
"""Calls taken from the store at once: a commit for each call would cost more than many a call."""

TOGETHER = 20
"""Where several workers share a system's pace, each takes this part of a second's calls at once, and none for later."""

FLIGHT = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
TURN = 0.2


class Meter:
    """The gate of one system in one run (`bridge.ports.adapter.Gate`). Never used inside a transaction.

    known: the system's budget as the store had it when the run began; None if it never had one. workers: where others
    make calls, too; calls are made only as long as the place is held.
    """

    def __init__(
        self,
        system: str,
        terms: Terms,
        known: Budget | None,
        store: Store,
        *,
        owner: str,
        priority: Priority,
        clock: Callable[[], datetime],
        sleep: Callable[[float], None],
        workers: Workers | None = None,
    ) -> None:
        self._system, self._terms, self._store = system, terms, store
        self._owner, self._priority, self._clock, self._sleep = owner, priority, clock, sleep
        self._counting = terms.limited or known is not None
        self._granted, self._drawn, self._shared = 0, clock(), workers is not None
        self._workers = workers
        self._heard: tuple[int, int] | None = None
        self.last = known or Budget()

    def enter(self) -> None:
        """One call is about to be made. Raises RateLimited where it has to wait for long: nothing was sent."""
        self._stand()
        if not self._counting:
            return
        if self._shared and self._granted and self._terms.per_second and self._clock() - self._drawn > SECOND:
            self._give_back()  # calls that were saved up would come beside those that others draw by now
        while self._granted < 1:
            self._draw()
            self._stand()
        self._granted -= 1

    def _stand(self) -> None:
        if self._workers is not None:
            self._workers.before_call(self._clock())

    def told(self, used: int, allowed: int) -> None:
        """What the system says of its allowance of 24 hours."""
        self._heard = (used, allowed)
        self._counting = True

    def close(self) -> None:
        """The run is over: calls that were taken and not made are given back, what was heard is kept."""
        if self._counting and (self._granted or self._heard):
            self._give_back()

    def _give_back(self) -> None:
        self._change(lambda budget: budgets.counted(budget, -self._granted, self._clock()))
        self._granted = 0

    @contextmanager
    def flight(self) -> Iterator[None]:
        """A piece of work with calls of this system is under way; waits where too many are."""
        if self._terms.at_once is None:
            yield
            return
        self._board()
        good = True
        try:
            yield
        except Transient:
            good = False
            raise
        finally:
            self._change(lambda budget: budgets.landed(budget, self._terms, self._owner, good=good))

    def _draw(self) -> None:
        per_second = self._terms.per_second
        want = BLOCK if per_second is None else max(1, min(BLOCK, int(per_second / (TOGETHER if self._shared else 2))))
        grant = budgets.Grant(0)

        def take(budget: Budget) -> Budget:
            nonlocal grant
            budget, grant = budgets.draw(budget, self._terms, self._priority, self._clock(), want)
            return budget

        self._change(take)
        self._granted, self._drawn = self._granted + grant.calls, self._clock()
        if grant.calls:
            return
        if grant.wait > PATIENCE:
            raise RateLimited(self._why(grant), after=grant.wait, quota=grant.spent, system=self._system)
        self._sleep(grant.wait)

    def _board(self) -> None:
        waited = 0.0
        while True:
            boarded = False

            def take(budget: Budget) -> Budget:
                nonlocal boarded
                found = budgets.board(budget, self._terms, self._owner, self._clock(), self._clock() + FLIGHT)
                boarded = found is not None
                return found or budget

            self._change(take)
            if boarded:
                return
            if waited >= PATIENCE:
                raise RateLimited("bears no more calls at once just now", after=PATIENCE, system=self._system)
            self._sleep(TURN)
            waited += TURN

    def _change(self, change: Callable[[Budget], Budget]) -> None:
        with self._store.begin() as uow:
            budget = budget_of(uow.budget(self._system)) or Budget()
            if self._heard is not None:
                budget = budgets.told(budget, *self._heard, self._clock())
                self._heard = None
            self.last = change(budget)
            uow.save_budget(self._system, as_row(self.last))

    def _why(self, grant: budgets.Grant) -> str:
        if not grant.spent:
            return "has had as many calls as its pace allows"
        known = self.last
        if known.allowed is None:
            said = f"{self._terms.per_day} calls of 24 hours that the configuration allows"
        else:
            said = f"{known.allowed} calls of 24 hours ({known.used} used, by whomever)"
        return f"has its {said} but for the reserve of {self._terms.reserve:.0%}, which is left for others"


def known_budgets(uow: UnitOfWork) -> dict[str, Budget]:
    """The budget of every system that has one."""
    return {system: found for system, row in uow.budgets().items() if (found := budget_of(row)) is not None}


def as_row(budget: Budget) -> dict[str, Any]:
    """A budget as plain values for the store."""
    return {
        **asdict(budget),
        "at": budget.at.isoformat() if budget.at else None,
        "heard": budget.heard.isoformat() if budget.heard else None,
        "flights": {who: end.isoformat() for who, end in budget.flights.items()},
    }


def budget_of(row: Mapping[str, Any] | None) -> Budget | None:
    """The inverse of `as_row`."""
    if row is None:
        return None
    instants = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in ("at", "heard")}
    flights = {who: datetime.fromisoformat(end) for who, end in row["flights"].items()}
    return Budget(**{**row, **instants, "flights": flights})
