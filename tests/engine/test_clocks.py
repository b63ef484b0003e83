"""`newest` by clocks that are wrong, coarse, or both: stamps are compared by one clock, as far as they can be."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from bridge.engine.merge.policy import Clocks, choose
from bridge.mapping.units import Policy
from bridge.ports.work import Proposal
from model.machine import Machine
from support.build import at

SYSTEMS = ("crm", "erp", "fin")


@pytest.fixture
def machine() -> Machine:
    """The CRM's clock is ten minutes ahead, that of finance ten minutes behind (both say so)."""
    made = Machine()
    made.begin([("crm", "m1")])
    made.run()
    made.wait(60)
    return made


@pytest.mark.parametrize(("earlier", "later"), list(permutations(SYSTEMS, 2)))
def test_the_later_edit_stands_whosever_clock_is_ahead(machine: Machine, earlier: str, later: str) -> None:
    machine.edit(earlier, "m1", "note", "x")
    machine.wait(5)
    machine.edit(later, "m1", "note", "x")
    machine.run()
    assert machine.agreed("m1", "note") == "n2"
    machine.teardown()


@pytest.mark.parametrize(("first", "second"), list(permutations(SYSTEMS, 2)))
def test_within_the_tolerance_the_order_of_the_mapping_decides(machine: Machine, first: str, second: str) -> None:
    machine.edit(first, "m1", "note", "x")
    machine.wait(0.3)
    machine.edit(second, "m1", "note", "x")
    machine.run()
    stands = "n1" if SYSTEMS.index(first) < SYSTEMS.index(second) else "n2"
    assert machine.agreed("m1", "note") == stands


def test_a_clock_that_nobody_knows_of_is_what_it_says(machine: Machine) -> None:
    """A system that sends no Date: its stamps are all there is."""
    machine.systems["crm"].clock_skew = None
    machine.systems["crm"]._stamp = lambda: machine.world.clock() + timedelta(minutes=10)  # type: ignore[method-assign]
    machine.edit("crm", "m1", "note", "x")
    machine.wait(5)
    machine.edit("erp", "m1", "note", "x")
    machine.run()
    assert machine.agreed("m1", "note") == "n1"


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_coarse_clock_s_minute_is_one_moment(order: tuple[int, ...]) -> None:
    """Finance stamps whole minutes: half a minute later may have been earlier. Exact ones can be told apart."""
    words = [Proposal("fin", "a", at(60)), Proposal("erp", "b", at(30)), Proposal("crm", "c", at(10))]
    clocks = Clocks(("crm", "erp", "fin"), timedelta(seconds=2), {"fin": timedelta(minutes=1)})
    shuffled = [words[place] for place in order]
    assert choose(Policy("newest"), shuffled, clocks) == words[2], "all lie in the minute before fin's stamp"
    exact = [word for word in shuffled if word.system != "fin"]
    assert choose(Policy("newest"), exact, clocks) == words[1]
