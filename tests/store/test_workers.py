"""Several workers on one PostgreSQL store: what they take at once, each gets alone; who comes late changes nothing."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from bridge.engine.budget import Terms
from bridge.engine.meter import Meter, known_budgets
from bridge.engine.sharing import TERM, LeaseLost, Workers, lease_name
from bridge.ports.errors import RateLimited
from bridge.ports.storage import Settlement
from bridge.ports.work import Intent, OutboxEntry
from bridge.store import Database, open_store

NOW = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)
PLACE = ("crm", "customer")


class Waits(Exception):
    """A call would have to wait for its turn."""


@pytest.fixture
def url(postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def store(url: str) -> Iterator[Database]:
    found = open_store(url)
    yield found
    found.close()


def claim(store: Database, owner: str, limit: int = 10) -> list[OutboxEntry]:
    with store.begin() as uow:
        return uow.claim(*PLACE, limit, now=NOW, lease_until=NOW + TERM, owner=owner)


def enqueue(store: Database, *golden_ids: str) -> None:
    with store.begin() as uow:
        uow.enqueue("customer", [("crm", golden_id, 1) for golden_id in golden_ids], NOW)


def together(number: int, work: Callable[[int], None]) -> None:
    """So many threads that begin at the same moment; the first fault of one is raised."""
    start = threading.Barrier(number)

    def begin(one: int) -> None:
        start.wait()
        work(one)

    with ThreadPoolExecutor(number) as pool:
        for done in [pool.submit(begin, one) for one in range(number)]:
            done.result()


def test_many_claim_and_no_record_is_under_way_twice(store: Database) -> None:
    """Each record becomes due again and again while four workers claim it: of no record are two writes under way."""
    records = [f"g{n}" for n in range(40)]
    enqueue(store, *records)
    busy: Counter[str] = Counter()
    guard, twice, done = threading.Lock(), [], []

    def work(number: int) -> None:
        for _ in range(60):
            entries = claim(store, f"worker {number}", limit=7)
            with guard:
                for entry in entries:
                    busy[entry.golden_id] += 1
                    if busy[entry.golden_id] > 1:
                        twice.append(entry.golden_id)
            enqueue(store, *(entry.golden_id for entry in entries))  # an edit that comes while the write is under way
            with guard:
                for entry in entries:
                    busy[entry.golden_id] -= 1
            with store.begin() as uow:
                uow.settle(Settlement(entry, None) for entry in entries)
            done.extend(entry.golden_id for entry in entries)

    together(4, work)
    assert twice == []
    assert set(done) == set(records)
    assert max(Counter(done).values()) > 1, "no record became due again: nothing was proven"


def test_a_claim_that_is_not_committed_yet_is_passed_over(store: Database) -> None:
    enqueue(store, "g1", "g2")
    with store.begin() as uow:
        (first,) = uow.claim(*PLACE, 1, now=NOW, lease_until=NOW + TERM, owner="one")
        assert [entry.golden_id for entry in claim(store, "two")] == ["g2"]
    assert first.golden_id == "g1"
    assert claim(store, "two") == []


def test_a_late_worker_settles_nothing(store: Database) -> None:
    enqueue(store, "g1")
    (late,) = claim(store, "late")
    with store.begin() as uow:
        uow.save_intents([(late, Intent("i1", "create", {}, {}, None))])
        uow.reclaim(NOW, place=PLACE)
        (again,) = uow.claim_in_doubt(*PLACE, 5, now=NOW, lease_until=NOW + TERM, owner="next")
    with store.begin() as uow:
        uow.settle([Settlement(late, None)])
        assert [entry.state for entry in uow.entries(None, 5)] == ["leased"]
        uow.settle([Settlement(again, None)])
        assert uow.entries(None, 5) == []


def test_one_worker_at_a_place_and_a_late_one_commits_nothing(url: str, store: Database) -> None:
    other = open_store(url)
    first, second = Workers(store, "first"), Workers(other, "second")
    assert first.take(PLACE, NOW)
    assert not second.take(PLACE, NOW)
    assert second.take(("erp", "customer"), NOW)
    second.leave()
    later = NOW + TERM + timedelta(seconds=1)
    assert second.take(PLACE, later)
    with pytest.raises(LeaseLost), first.begin() as uow:
        uow.set_flag("late", "written")
    with second.begin() as uow:
        assert uow.flag("late") is None
    second.leave(read_at=later)
    assert not first.take(PLACE, later, unless_read_since=later), "it was read since"
    assert first.take(PLACE, later, unless_read_since=later + timedelta(seconds=1))
    first.leave()
    other.close()


def test_signs_of_life_hold_a_place(store: Database) -> None:
    first, second = Workers(store, "first"), Workers(store, "second")
    assert first.take(PLACE, NOW)
    first.sign_of_life(NOW + TERM)
    assert not second.take(PLACE, NOW + TERM + timedelta(seconds=1))
    assert second.take(PLACE, NOW + 2 * TERM + timedelta(seconds=1))
    first.sign_of_life(NOW + 3 * TERM)  # too late: it is the other's
    with store.begin() as uow:
        assert uow.leases()[lease_name(PLACE)].owner == "second"


def test_who_stood_still_makes_no_call(store: Database) -> None:
    mine = Workers(store, "first")
    assert mine.take(PLACE, NOW)
    mine.before_call(NOW + TERM)
    mine.sign_of_life(NOW + TERM)
    mine.before_call(NOW + 2 * TERM)
    with pytest.raises(LeaseLost):
        mine.before_call(NOW + 2 * TERM + timedelta(seconds=1))


def test_of_many_who_want_a_place_one_gets_it(store: Database) -> None:
    got: list[str] = []

    def work(number: int) -> None:
        mine = Workers(store, f"worker {number}")
        for round_ in range(20):
            if mine.take((f"system {round_}", "customer"), NOW):
                got.append(f"system {round_}")

    together(4, work)
    assert Counter(got) == Counter(f"system {n}" for n in range(20))


def test_what_was_claimed_at_a_place_is_freed_for_who_takes_it(store: Database) -> None:
    enqueue(store, "g1", "g2")
    sent, unsent = claim(store, "killed")
    with store.begin() as uow:
        uow.save_intents([(sent, Intent("i1", "create", {}, {}, None))])
        uow.enqueue("order", [("crm", "o1", 1)], NOW)
        uow.claim("crm", "order", 5, now=NOW, lease_until=NOW + TERM, owner="alive")
    assert Workers(store, "next").take(PLACE, NOW)
    with store.begin() as uow:
        states = {entry.golden_id: entry.state for entry in uow.entries(None, 5)}
    assert states == {sent.golden_id: "in_doubt", unsent.golden_id: "pending", "o1": "leased"}


def test_transactions_take_turns(store: Database) -> None:
    """Read, then write: eight workers count up one flag, and no count is lost."""
    with store.begin() as uow:
        uow.set_flag("count", "0")

    def work(number: int) -> None:
        mine = Workers(store, f"worker {number}")
        for _ in range(25):
            with mine.begin() as uow:
                uow.set_flag("count", str(int(uow.flag("count") or 0) + 1))

    together(8, work)
    with store.begin() as uow:
        assert uow.flag("count") == "200"


def test_eight_workers_never_take_more_calls_than_there_are(store: Database) -> None:
    """Also the very first calls, when the store knows no budget yet."""
    made: Counter[int] = Counter()
    terms = Terms(per_day=500, reserve=0.2)

    def work(number: int) -> None:
        with store.begin() as uow:
            known = known_budgets(uow).get("crm")
        meter = Meter(
            "crm", terms, known, store, owner=f"w{number}", priority="live", clock=lambda: NOW, sleep=lambda _: None,
            workers=Workers(store, "w"),
        )  # fmt: skip
        with suppress(RateLimited):
            while True:
                meter.enter()
                made[number] += 1

    together(8, work)
    assert made.total() == 400


def test_a_shared_pace_is_kept_by_all_together(store: Database) -> None:
    """A clock that all share stands still: what they get at once is one second's worth, however many they are."""
    made: Counter[int] = Counter()
    terms = Terms(per_second=30)

    def work(number: int) -> None:
        meter = Meter(
            "crm",
            terms,
            None,
            store,
            owner=f"w{number}",
            priority="live",
            clock=lambda: NOW,
            sleep=stop,
            workers=Workers(store, "w"),
        )
        with suppress(Waits):
            while True:
                meter.enter()
                made[number] += 1

    def stop(_: float) -> None:
        raise Waits

    together(8, work)
    assert made.total() == 30


def test_saved_up_calls_are_not_made_later(store: Database) -> None:
    now = [NOW]
    meter = Meter(
        "crm", Terms(per_second=100), None, store, owner="w", priority="live", clock=lambda: now[0],
        sleep=lambda _: None, workers=Workers(store, "w"),
    )  # fmt: skip
    meter.enter()  # takes five, makes one
    now[0] += timedelta(seconds=10)
    meter.enter()
    with store.begin() as uow:
        (budget,) = known_budgets(uow).values()
    assert budget.tokens == 95
    assert sum(budget.hours.values()) == 6


def test_who_wants_to_be_alone_is_let_in_before_others_begin(url: str, store: Database) -> None:
    other = open_store(url)
    alone = threading.Event()

    def command() -> None:
        with other.locked(patience=20) as got:
            assert got
            alone.set()

    with store.locked(patience=0, together=True) as one, other.locked(patience=0, together=True) as two:
        assert (one, two) == (True, True)
        assert not store.wanted()
        waiting = threading.Thread(target=command)
        waiting.start()
        for _ in range(200):
            if store.wanted():
                break
            alone.wait(0.05)
        assert store.wanted()
        assert not alone.is_set()
        with store.locked(patience=0, together=True) as third:
            assert not third
    waiting.join(20)
    assert alone.is_set()
    other.close()


def test_work_is_heard_of(url: str, store: Database) -> None:
    heard, ready = threading.Event(), threading.Event()
    other = open_store(url)
    listener = threading.Thread(target=lambda: other.listen(heard.set, lambda: ready.set() or heard.is_set()))
    listener.start()
    assert ready.wait(10)
    enqueue(store, "g1")
    assert heard.wait(10)
    listener.join(10)
    other.close()


def test_workers_that_start_together_build_one_store(url: str) -> None:
    def work(_: int) -> None:
        made = open_store(url)
        with made.begin() as uow:
            assert uow.cursor("crm", "customer").cursor is None
        made.close()

    together(4, work)
