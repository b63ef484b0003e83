"""Order independence: the same history, with the systems read and written in another order, ends in the same values.

Nobody is killed, nothing breaks and nobody edits inside a cycle here: what happens at the n-th call would happen at
another moment in another order. Every cycle takes a second, so that all stamps are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bridge.engine.merge import policy as policies
from bridge.engine.report import Report
from bridge.engine.runtime import Run
from model.machine import MAILS, NAMES, SYSTEMS, DeletingMachine
from model.test_model import EXAMPLES, SAME
from support.plain_store import PlainStore

ORDERS = (SYSTEMS, SYSTEMS[::-1], ("erp", "crm", "fin"))
SYSTEM, MAIL = st.sampled_from(SYSTEMS), st.sampled_from(MAILS)
PATH = st.sampled_from(["name", "note", "rank"])
STEPS = st.one_of(
    st.tuples(st.just("insert"), SYSTEM, MAIL, st.sampled_from(NAMES)),
    st.tuples(st.just("edit"), SYSTEM, MAIL, PATH, st.sampled_from([*NAMES, None])),
    st.tuples(st.just("tag"), SYSTEM, MAIL, st.sets(st.sampled_from("xyz"))),
    st.tuples(st.just("adopt"), SYSTEM, MAIL, MAIL),
    st.tuples(st.just("remove"), SYSTEM, MAIL),
    st.tuples(st.just("wait"), st.sampled_from([0.3, 1, 5, 60])),
    st.tuples(st.just("cycle")),
)  # fmt: skip


class Ordered(DeletingMachine):
    """The machine with one second for a cycle."""

    store_kind = PlainStore

    def run(self, patience: float = 0) -> Report:
        began = self.world.now
        try:
            return super().run(patience)
        finally:
            self.world.now = began + timedelta(seconds=1)


def ending(
    history: Sequence[tuple], grain: float, order: Sequence[str], patch: pytest.MonkeyPatch
) -> dict[str, object]:
    """What is agreed, and what every system shows, by mail; native ids go by the order of creation."""
    patch.setattr(Run, "up", lambda run, emap: [system for system in order if system not in run.down])
    machine = Ordered()
    machine.begin([("crm", "m1"), ("erp", "m1"), ("fin", "m2")], grain)
    for word, *given_ in history:
        if word == "cycle":
            machine.run()
        else:
            getattr(machine, word)(*given_)
    machine.teardown()
    with machine.store.begin() as uow:
        goldens = machine._goldens(uow)
    mails = {golden.id: golden.values.get("mail") for golden in goldens.values()}
    found: dict[str, object] = {}
    for golden in goldens.values():
        values = golden.values
        found[f"agreed {mails[golden.id]}"] = {**values, "parent": mails.get(str(values.get("parent")))}
    for system, sim in machine.systems.items():
        for row in (row for row in sim.rows.values() if not row.deleted):
            parent = sim.rows.get(str(row.values.get("parent")))
            found[f"{system} {row.values['mail']}"] = {**row.values, "parent": parent and parent.values["mail"]}
    return found


def endings(history: Sequence[tuple], grain: float = 1) -> list[dict[str, object]]:
    with pytest.MonkeyPatch.context() as patch:
        return [ending(history, grain, order, patch) for order in ORDERS]


@settings(
    max_examples=EXAMPLES,
    derandomize=SAME,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)
@given(st.lists(STEPS, max_size=15), st.sampled_from([1, 60]))
def test_the_order_of_reading_changes_nothing(history, grain) -> None:
    first, *others = endings(history, grain)
    for other in others:
        assert other == first


ALL_AT_ONCE = [("cycle",), ("wait", 60), ("edit", "crm", "m1", "name", "bob"), ("wait", 1),
               ("edit", "erp", "m1", "name", "bobby"), ("edit", "fin", "m1", "name", "ana")]  # fmt: skip


def test_who_is_read_last_does_not_win() -> None:
    first, *others = endings(ALL_AT_ONCE)
    assert others == [first] * len(others)


def test_a_planted_bug_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The word that was heard last is taken for the newest where stamps cannot be told apart."""
    monkeypatch.setattr(policies, "_newest", lambda words, clocks: words[-1])
    first, *others = endings(ALL_AT_ONCE)
    assert others != [first] * len(others)
