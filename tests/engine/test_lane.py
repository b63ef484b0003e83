"""A batch is on its way while the one before it is settled and the next is made ready; never past something wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from threading import Event, current_thread
from time import sleep
from typing import Any

import pytest

from bridge.engine import cycle as cycles
from bridge.engine.outbox.lane import at_once
from bridge.engine.report import Report
from bridge.engine.runtime import Pace
from bridge.engine.sharing import Workers
from bridge.transport.aside import aside
from model.machine import Machine
from model.world import Killed

STEPS = ("before write", "after write", "after settle")


@pytest.fixture
def company() -> Iterator[Machine]:
    """Five customers, known to the CRM only; the others take two at once."""
    machine = Machine()
    machine.pace = Pace(page=100)
    for sim in machine.systems.values():
        sim.page, sim.batch = 100, 2
    machine.run()
    for number in range(5):
        machine.insert("crm", f"m{number}", "ana")
    yield machine
    machine.aside = None
    machine.teardown()


def cycle(company: Machine, **other: Any) -> tuple[Report, list[str]]:
    """One cycle, and the steps of its writes to the ERP."""
    steps: list[str] = []
    runtime = company.runtime(point=lambda name: steps.append(name) if name in STEPS else None, **other)
    with company.store.begin() as uow:
        uow.reclaim(company.world.now, owner=runtime.owner)
    report = cycles.cycle(runtime, "run", sleep=company.wait_for, quiet=("fin",))
    return report, steps


def mails(company: Machine, system: str) -> list[object]:
    return [row.values["mail"] for row in company.systems[system].rows.values() if not row.deleted]


def test_the_next_batch_leaves_before_the_last_one_is_settled(company: Machine) -> None:
    report, steps = cycle(company, aside=at_once)
    assert steps == [
        "before write",
        *("after write", "before write", "after settle") * 2,
        *("after write", "after settle"),
    ]
    assert report.ok
    assert report.writes == len(mails(company, "erp")) == 5


def test_without_a_thread_each_is_settled_first(company: Machine) -> None:
    assert cycle(company)[1] == ["before write", "after write", "after settle"] * 3


def test_a_system_that_may_not_be_called_from_a_thread_is_waited_for(company: Machine) -> None:
    sim = company.systems["erp"]
    sim.capabilities = lambda spec: replace(type(sim).capabilities(sim, spec), overlaps=False)  # type: ignore[method-assign]
    assert cycle(company, aside=at_once)[1] == ["before write", "after write", "after settle"] * 3


def test_several_workers_settle_each_batch_first(company: Machine) -> None:
    """A worker that finds its place taken ends there; it must not find out in a thread, and settle something else."""
    view = Workers(company.store, "one")
    report, steps = cycle(company, aside=at_once, store=view, workers=view)
    assert report.writes == 5
    assert steps == ["before write", "after write", "after settle"] * 3


@pytest.mark.parametrize("fault", [None, "busy", "lost", "lost whole", "transient", "poison"])
def test_nothing_leaves_before_what_went_wrong_is_known(company: Machine, fault: str | None) -> None:
    """Of the second batch. What was sent and is not settled is counted whenever a batch is about to leave."""
    unsettled: list[int] = []

    def count(name: str) -> None:
        if name == "before write":
            with company.store.begin() as uow:
                sent = [one for one in uow.entries(None, 100) if one.intent and one.state == "leased"]
            unsettled.append(len(sent))
            company.systems["erp"].faults = [fault] if len(unsettled) == 2 and fault not in (None, "poison") else []

    if fault == "poison":
        company.systems["crm"].edit("crm3", "name", "poison")
    runtime = company.runtime(aside=at_once, point=count)
    cycles.cycle(runtime, "run", sleep=company.wait_for, quiet=("fin",))
    assert unsettled[:2] == [2, 4], "the second leaves before the first is settled"
    assert max(unsettled[2:], default=0) <= (3 if fault is None else 2)
    company.systems["crm"].edit("crm3", "name", "ana")


def test_it_is_written_while_the_one_before_is_settled(company: Machine) -> None:
    """With a thread: the second call ends only when the first batch is settled, which would never be otherwise."""
    settled, threads, sim = Event(), [], company.systems["erp"]
    create = sim.create

    def slow(spec: Any, items: Any) -> Any:
        threads.append(current_thread().name)
        assert len(threads) != 2 or settled.wait(20), "the first batch was not settled meanwhile"
        return create(spec, items)

    sim.create = slow  # type: ignore[method-assign]
    runtime = company.runtime(aside=aside, point=lambda name: settled.set() if name == "after settle" else None)
    report = cycles.cycle(runtime, "run", sleep=company.wait_for, quiet=("fin",))
    assert report.ok
    assert report.writes == 5
    assert threads == ["call on its way"] * 3


def test_who_is_asked_to_stop_settles_what_is_on_its_way(company: Machine) -> None:
    writes: list[str] = []
    runtime = company.runtime(
        aside=aside,
        point=lambda name: writes.append(name) if name == "before write" else None,
        stopping=lambda: bool(writes),
    )
    report = cycles.cycle(runtime, "run", sleep=company.wait_for, quiet=("fin",))
    assert report.writes == 2
    assert len(mails(company, "erp")) == 2
    with company.store.begin() as uow:
        assert {entry.state for entry in uow.entries(None, 100)} == {"pending"}, "the second claim was never made"


def test_nothing_is_on_its_way_any_more_where_the_store_fails(company: Machine) -> None:
    """A cycle that ends so is followed by another one, which looks up what is in doubt."""
    sim, made = company.systems["erp"], []
    create = sim.create

    def slow(spec: Any, items: Any) -> Any:
        if made:
            sleep(0.3)
        made.append(len(items))
        return create(spec, items)

    def full(name: str) -> None:
        if name == "after settle":
            raise OSError("disk full")

    sim.create = slow  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        cycles.cycle(company.runtime(aside=aside, point=full), "run", quiet=("fin",))
    assert made == [2, 2]
    sim.create = create  # type: ignore[method-assign]
    cycle(company)
    assert len(mails(company, "erp")) == 5


def test_killed_with_two_batches_unsettled_nothing_is_made_twice(company: Machine) -> None:
    calls: list[object] = []

    def killed(call: Any) -> Any:
        calls.append(call)
        wait = at_once(call)
        if len(calls) == 2:
            raise Killed
        return wait

    with pytest.raises(Killed):
        cycles.cycle(company.runtime(aside=killed), "run", quiet=("fin",))
    assert len(mails(company, "erp")) == 4
    with company.store.begin() as uow:
        assert sum(entry.intent is not None for entry in uow.entries(None, 100)) == 4
    cycle(company, aside=at_once)
    assert sorted(map(str, mails(company, "erp"))) == [f"m{number}" for number in range(5)]


def test_a_call_aside_raises_where_its_answer_is_waited_for() -> None:
    def fails() -> None:
        raise KeyError("so")

    wait = aside(fails)
    for _ in range(2):
        with pytest.raises(KeyError, match="so"):
            wait()
