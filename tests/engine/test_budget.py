"""Budgets: the pace, the reserve of the day, who stops first, calls at once; over values, then shared by workers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.budget import ASK_AGAIN, Budget, Terms, board, counted, draw, landed, left, told
from bridge.engine.meter import BLOCK, Meter, as_row, budget_of, known_budgets
from bridge.ports.errors import RateLimited, Transient
from bridge.store import Database, open_store
from model.machine import Machine

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


# values


@given(
    per_second=st.floats(0.1, 50),
    asks=st.lists(st.tuples(st.floats(0, 3), st.integers(1, 30)), min_size=1, max_size=60),
)
def test_the_pace_is_kept_whoever_asks(per_second: float, asks: list[tuple[float, int]]) -> None:
    """In any stretch of time no more calls than the pace allows, and one second's worth of burst."""
    budget, terms, now = Budget(), Terms(per_second=per_second), 0.0
    granted: list[tuple[float, int]] = []
    for pause, want in asks:
        now += pause
        budget, grant = draw(budget, terms, "live", after(now), want)
        granted.append((now, grant.calls))
        assert grant.calls or grant.wait > 0
    for first, (start, _) in enumerate(granted):
        for last in range(first, len(granted)):
            calls = sum(number for _, number in granted[first : last + 1])
            assert calls <= (granted[last][0] - start) * per_second + max(1.0, per_second) + 1e-6


def test_a_call_that_waited_as_long_as_it_was_told_is_made() -> None:
    budget, terms = Budget(), Terms(per_second=2)
    budget, _ = draw(budget, terms, "live", NOW, 2)
    budget, grant = draw(budget, terms, "live", NOW, 1)
    assert (grant.calls, grant.wait) == (0, pytest.approx(0.5))
    _, grant = draw(budget, terms, "live", after(grant.wait + 1e-6), 1)
    assert grant.calls == 1


def test_the_reserve_of_the_day_is_left_alone() -> None:
    budget, terms = told(Budget(), 600, 1000, NOW), Terms()
    assert left(budget, terms, "live", NOW) == 100
    budget, grant = draw(budget, terms, "live", NOW, 500)
    assert grant.calls == 100
    _, grant = draw(budget, terms, "live", NOW, 1)
    assert (grant.calls, grant.spent) == (0, True)


@pytest.mark.parametrize(
    ("used", "who"), [(340, {"live", "repair", "migration"}), (400, {"live", "repair"}), (600, {"live"}), (700, set())]
)
def test_what_matters_less_stops_first(used: int, who: set[str]) -> None:
    budget = told(Budget(), used, 1000, NOW)
    assert {p for p in ("live", "repair", "migration") if draw(budget, Terms(), p, NOW, 1)[1].calls} == who


def test_a_migration_leaves_room_in_the_bucket_for_live_edits() -> None:
    terms = Terms(per_second=10)
    budget, grant = draw(Budget(), terms, "migration", NOW, 10)
    assert grant.calls == 5
    assert draw(budget, terms, "migration", NOW, 1)[1].calls == 0
    assert draw(budget, terms, "live", NOW, 10)[1].calls == 5


def test_what_others_use_counts_and_what_bridge_used_since_is_added() -> None:
    budget = counted(told(Budget(), 100, 1000, NOW), 50, NOW)
    assert left(budget, Terms(), "live", NOW) == 700 - 150


def test_own_calls_are_forgotten_after_a_day() -> None:
    budget, terms = counted(Budget(), 70, NOW), Terms(per_day=100)
    assert left(budget, terms, "live", after(3600 * 20)) == 0
    assert left(budget, terms, "live", after(3600 * 25)) == 70


def test_after_a_while_one_call_finds_out_whether_the_allowance_has_grown() -> None:
    budget = told(Budget(), 900, 1000, NOW)
    assert left(budget, Terms(), "live", after(60)) < 1
    later = NOW + ASK_AGAIN
    assert left(budget, Terms(), "live", later) == 1
    budget, _ = draw(budget, Terms(), "live", later, 20)
    assert left(budget, Terms(), "live", later) < 1, "one, and not one for every worker"


def test_calls_at_once_follow_the_system() -> None:
    terms, budget = Terms(at_once=4), Budget()
    for worker in "abcd":
        budget = board(budget, terms, worker, NOW, after(300)) or pytest.fail(worker)
    assert board(budget, terms, "e", NOW, after(300)) is None
    budget = landed(budget, terms, "a", good=False)
    assert board(budget, terms, "e", NOW, after(300)) is None, "two lanes are left, and three calls under way"
    for worker in "bcd":
        budget = landed(budget, terms, worker, good=True)
    assert 2 < (budget.lanes or 0) < 4
    for _ in range(20):
        budget = landed(budget, terms, "a", good=True)
    assert budget.lanes == 4


def test_a_worker_that_died_under_way_frees_its_lane() -> None:
    terms = Terms(at_once=1)
    budget = board(Budget(), terms, "dead", NOW, after(300))
    assert budget is not None
    assert board(budget, terms, "b", after(299), after(600)) is None
    assert board(budget, terms, "b", after(301), after(600)) is not None


def test_a_budget_goes_through_the_store_unchanged() -> None:
    budget = Budget(1.5, NOW, {"2026-03-01T12": 3}, 5, 10, NOW, 2, 1.5, {"a": NOW})
    assert budget_of(as_row(budget)) == budget
    assert budget_of(as_row(Budget())) == Budget()


# through the store


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path) -> Database:
    if request.param == "sqlite":
        return open_store(f"sqlite:///{tmp_path / 'bridge.db'}")
    return open_store(request.getfixturevalue("postgres").new_database())


class Time:
    def __init__(self) -> None:
        self.now = NOW
        self.slept = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds + 1e-6)
        self.slept += seconds


def meter(store: Database, time: Time, terms: Terms, owner: str = "a") -> Meter:
    with store.begin() as uow:
        known = known_budgets(uow).get("crm")
    return Meter("crm", terms, known, store, owner=owner, priority="live", clock=lambda: time.now, sleep=time.sleep)


def test_two_workers_share_one_pace(store: Database) -> None:
    time, terms = Time(), Terms(per_second=10)
    workers = [meter(store, time, terms, owner) for owner in "ab"]
    for _ in range(50):
        for worker in workers:
            worker.enter()
    assert 8.9 <= time.slept <= 9.6, "a hundred calls at ten a second, one second's worth at once"


def test_the_days_calls_are_shared_and_what_was_not_used_is_given_back(store: Database) -> None:
    time, terms = Time(), Terms(per_day=100)
    first, second = meter(store, time, terms), meter(store, time, terms, "b")
    for _ in range(3):
        first.enter()
    first.close()
    for _ in range(67):
        second.enter()
    with pytest.raises(RateLimited) as refused:
        second.enter()
    assert refused.value.quota
    assert "30%" in str(refused.value)
    third = meter(store, time, terms)
    with pytest.raises(RateLimited):
        third.enter()


def test_without_limits_the_store_is_not_asked(tmp_path) -> None:
    store, time = open_store(f"sqlite:///{tmp_path / 'bridge.db'}"), Time()
    one = meter(store, time, Terms())
    for _ in range(BLOCK + 1):
        one.enter()
    one.close()
    with store.begin() as uow:
        assert uow.budgets() == {}


def test_what_a_system_says_is_known_to_the_next_run(store: Database) -> None:
    time = Time()
    one = meter(store, time, Terms())
    one.enter()
    one.told(990, 1000)
    one.close()
    with pytest.raises(RateLimited, match="990 used, by whomever"):
        meter(store, time, Terms()).enter()


def test_a_lane_is_freed_by_failures_too(store: Database) -> None:
    time, terms = Time(), Terms(at_once=1)
    one, other = meter(store, time, terms), meter(store, time, terms, "b")

    def call() -> None:
        with one.flight():
            with pytest.raises(RateLimited), other.flight():
                raise AssertionError("two at once")
            raise Transient("no answer")

    with pytest.raises(Transient):
        call()
    with other.flight():
        pass


# in a cycle


def test_a_used_up_allowance_stops_one_system_and_loses_nothing() -> None:
    machine = Machine()
    for mail in ("m1", "m2", "m3"):
        machine.insert("crm", mail, "ana")
    machine.terms = {"erp": Terms(per_day=4, reserve=0.5)}
    report = machine.run()
    erp = machine.systems["erp"]
    assert erp.calls == 2
    assert any("reserve" in trouble.what for trouble in report.troubles)
    assert len(machine.systems["fin"].rows) == 3, "the others go on"
    with machine.store.begin() as uow:
        assert all(entry.attempts == 0 for entry in uow.entries(None, 100))
    machine.terms = {"erp": replace(machine.terms["erp"], per_day=1000)}
    machine.wait(ASK_AGAIN.total_seconds())
    machine.run()
    assert len(erp.rows) == 3
    machine.teardown()
