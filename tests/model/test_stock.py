"""Stock that adds up: whatever users move, wherever, whenever, and whatever breaks, every movement counts exactly once.

`BRIDGE_STOCK_EXAMPLES` sets the number of histories (10,000 in `make soak`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from bridge.adapters.memory.adapter import MemoryAdapter
from bridge.adapters.memory.quirks import Quirks
from bridge.adapters.memory.world import MemoryWorld
from bridge.engine import cycle as cycles
from bridge.engine.merge.draft import take
from bridge.engine.runtime import Pace, Runtime
from bridge.mapping.load import compile_mapping
from bridge.ports.storage import Store
from support.plain_store import PlainStore
from support.twin_store import TwinStore

SYSTEMS = ("crm", "erp", "fin")
MAPPING = """
version: "1"
entity: stock_level
systems: {crm: {object: Stock}, erp: {object: Stock}, fin: {object: Stock}}
identity: {key: {crm: key, erp: key, fin: key}, match: [{same: [x_sku]}]}
fields:
  x_sku:   {crm: sku, erp: sku, fin: sku}
  on_hand: {crm: qty, erp: qty, fin: qty, conflict: sum}
"""
FAULTS = ("lost_answer", "reset", "rate_limit", "server_error")
OPERATIONS = ("read", "create", "update", "*")
DELTAS = ("1", "-1", "2.5", "-0.125", "10", "-7")


class Killed(BaseException):
    """The process is gone; nothing may catch it."""


class Shop:
    """Three systems, one store, and the sum of all that was ever moved."""

    def __init__(self, store: Store | None = None) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.ids, self.processes = count(1), count(1)
        self.store = store or PlainStore()
        quirks = {
            "crm": Quirks(stamps=1_000_000, conditional_update="emulated"),
            "erp": Quirks(batch_rollback=True),
            "fin": Quirks(conditional_update="unsupported"),
        }
        self.worlds = {name: MemoryWorld(name, self.clock, quirks[name]) for name in SYSTEMS}
        self.adapters = {name: MemoryAdapter(name, self.worlds[name]) for name in SYSTEMS}
        fields = {"stock_level": {"x_sku": "text"}}
        emap = compile_mapping(MAPPING, dict.fromkeys(SYSTEMS, "memory"), custom_fields=fields)
        self.maps = {"stock_level": emap}
        self.total: dict[str, Decimal] = {}
        self._left = -1

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=7)
        return self.now

    def point(self, name: str) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed

    def open(self, system: str, sku: str, quantity: str) -> None:
        if sku not in self.total:
            self.worlds[system].user_insert("Stock", {"sku": sku, "qty": quantity})
            self.total[sku] = Decimal(quantity)

    def move(self, system: str, sku: str, by: str) -> None:
        world = self.worlds[system]
        for row in list(world.table("Stock").values()):
            if row.values.get("sku") == sku:
                there = Decimal(str(row.values.get("qty") or 0))
                world.user_edit("Stock", row.id, {"qty": format((there + Decimal(by)).normalize() + 0, "f")})
                self.total[sku] += Decimal(by)

    def cycle(self, kill: int = -1) -> object:
        self._left = kill
        runtime = Runtime(
            store=self.store,
            adapters=self.adapters,
            maps=self.maps,
            clock=self.clock,
            new_id=lambda: f"golden-{next(self.ids):04}",
            back_off=lambda attempts: 0.1,
            owner=f"process {next(self.processes)}",
            pace=Pace(page=2),
            point=self.point,
        )
        with self.store.begin() as uow:
            uow.reclaim(self.now, owner=runtime.owner)
        try:
            return cycles.cycle(runtime, "run")
        except Killed:
            return None

    def rest(self) -> None:
        for world in self.worlds.values():
            world._faults.clear()
        for _ in range(4):
            self.now += timedelta(seconds=90)
            report = self.cycle()
        assert report.writes == 0, "a cycle after all came to rest wrote something"

    def shown(self, system: str) -> dict[str, Decimal]:
        rows = self.worlds[system].table("Stock").values()
        return {str(row.values["sku"]): Decimal(str(row.values.get("qty") or 0)) for row in rows}


KILLS = (-1, -1, 1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25)
STEPS = st.one_of(
    st.tuples(st.just("open"), st.sampled_from(SYSTEMS), st.sampled_from("ab"), st.sampled_from(("0", "5", "12.5"))),
    st.tuples(st.just("move"), st.sampled_from(SYSTEMS), st.sampled_from("ab"), st.sampled_from(DELTAS)),
    st.tuples(st.just("both"), st.permutations(SYSTEMS), st.sampled_from("ab"), st.sampled_from(DELTAS)),
    st.tuples(st.just("fault"), st.sampled_from(SYSTEMS), st.sampled_from(FAULTS), st.sampled_from(OPERATIONS)),
    st.tuples(st.just("cycle"), st.sampled_from(KILLS), st.just(""), st.just("")),
    st.tuples(st.just("wait"), st.sampled_from((0.3, 2, 60)), st.just(""), st.just("")),
)  # fmt: skip


def play(history, store: Store | None = None) -> Shop:
    shop = Shop(store)
    shop.open("erp", "a", "10")
    for kind, one, two, three in history:
        if kind == "open":
            shop.open(one, two, three)
        elif kind == "move":
            shop.move(one, two, three)
        elif kind == "both":  # two systems sell the same item before either is read
            shop.move(one[0], two, three)
            shop.move(one[1], two, "-1")
        elif kind == "fault":
            shop.worlds[one].arm(two, three)
        elif kind == "cycle":
            shop.cycle(one)
        else:
            shop.now += timedelta(seconds=one)
    shop.rest()
    return shop


@settings(
    max_examples=int(os.environ.get("BRIDGE_STOCK_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.lists(STEPS, max_size=14))
def test_every_movement_counts_exactly_once(history) -> None:
    shop = play(history)
    for system in SYSTEMS:
        assert shop.shown(system) == shop.total


def takes_the_newest_number(unit, before, proposal, draft, around) -> None:
    take(unit, proposal, "newest", draft, around)


def takes_every_doubt_for_nothing_done(adapter, emap, system, entries) -> dict[str, bool]:
    return {entry.intent.reference: False for entry in entries if entry.intent and entry.intent.reference}


AT_ONCE = [("cycle", -1, "", ""), ("move", "erp", "a", "-1"), ("move", "fin", "a", "-7")]
LOST = [("cycle", -1, "", ""), ("move", "erp", "a", "-1"), ("fault", "fin", "lost_answer", "update"),
        ("cycle", -1, "", ""), ("move", "fin", "a", "-1"), ("wait", 60, "", "")]  # fmt: skip


@pytest.mark.parametrize(("place", "bug", "history"), [
    ("bridge.engine.merge.observe.add", takes_the_newest_number, AT_ONCE),
    ("bridge.engine.outbox.doubt._booked", takes_every_doubt_for_nothing_done, LOST),
])  # fmt: skip
def test_a_history_shows_a_planted_bug(place: str, bug: object, history, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, bug)
    with pytest.raises(AssertionError):
        test_every_movement_counts_in(history)


def test_random_histories_find_a_planted_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.engine.merge.observe.add", takes_the_newest_number)

    @settings(max_examples=100, deadline=None, database=None, phases=[Phase.generate], report_multiple_bugs=False,
              suppress_health_check=[HealthCheck.too_slow])  # fmt: skip
    @seed(7)
    @given(st.lists(STEPS, min_size=3, max_size=14))
    def hunt(history) -> None:
        shop = play(history)
        assert all(shop.shown(system) == shop.total for system in SYSTEMS)

    with pytest.raises(AssertionError):
        hunt()


@pytest.mark.parametrize("history", [AT_ONCE, LOST], ids=["at once", "lost answer"])
def test_every_movement_counts_in(history) -> None:
    shop = play(history, TwinStore())  # a real database, and the plain store beside it
    assert all(shop.shown(system) == shop.total for system in SYSTEMS)
