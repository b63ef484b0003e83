"""What a person may say of identity, and what is refused: plans, and the cycle after them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest

from bridge.engine import linking
from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan import linking as plans
from bridge.ports.work import AGAIN, Golden, Link, OutboxEntry
from model.machine import Machine

GOLDEN = Golden("customer", "g1", 1, {}, {})
CRM = Link("crm", "customer", "1", "g1", "linked", "key")
ERP = Link("erp", "customer", "9", "g1", "linked", "match")
WAITS = Link("erp", "customer", "7", None, "review", "match", "similar name", ("g1", "g2"), "f", {"name": "A"})
BUSY = OutboxEntry(1, "erp", "customer", "g1", "in_doubt", 1)


def test_a_link_by_hand_is_looked_at_and_lets_the_others_go() -> None:
    plan = plans.link(WAITS, GOLDEN, [CRM])
    (row,) = plan.links
    assert (row.golden_id, row.state, row.fingerprint, row.candidates, row.values) == ("g1", "linked", AGAIN, (), {})
    assert [one.golden_id for one in plan.reunited] == ["g1"]
    assert plan.behind == ("g1", "g2"), "nobody waits for this record any more"


@pytest.mark.parametrize(
    ("plan", "why"),
    [
        (plans.link(WAITS, GOLDEN, [CRM, ERP]), "duplicate of it"),
        (plans.link(WAITS, replace(GOLDEN, alive=False), [CRM]), "was deleted"),
        (plans.link(replace(WAITS, state="gone"), GOLDEN, [CRM]), "is gone"),
        (plans.link(replace(ERP, golden_id="g2"), GOLDEN, [CRM]), "linked to another golden record"),
        (plans.unlink(ERP, [CRM, ERP], [BUSY], "k"), "under way"),
        (plans.split(CRM, [CRM, replace(ERP, state="gone")], [], "k", "g9"), "only record"),
        (plans.new(CRM, "g9"), "does not wait for review"),
        (plans.merge(GOLDEN, replace(GOLDEN, id="g2"), [CRM, ERP], [BUSY]), "under way"),
        (plans.merge(GOLDEN, replace(GOLDEN, id="g2"), [CRM, replace(CRM, golden_id="g2")], []), "both have a record"),
    ],
)
def test_what_is_refused_says_why_and_what_to_do(plan: plans.Plan, why: str) -> None:
    assert why in plan.refused
    assert plan.to_do
    assert plan == plans.Plan(plan.entity, refused=plan.refused, to_do=plan.to_do), "nothing is done"


class Company(Machine):
    """The model's systems, with a person at bridge."""

    def say(self, what: str, system: str, mail: str) -> None:
        ids = count(1000)
        with self.store.begin() as uow:
            one = uow.links(system, "customer", [self.row(system, mail)])[self.row(system, mail)]
            plan = getattr(linking, f"plan_{what}")(uow, one, lambda: f"person-{next(ids)}")
            assert not plan.refused
            around = Circumstances(self.world.now, "", timedelta(), lambda: f"c{next(ids)}")
            linking.carry_out(uow, self.maps, plan, around)

    def row(self, system: str, mail: str) -> str:
        return next(r.id for r in self.systems[system].rows.values() if r.values["mail"] == mail and not r.deleted)

    def count(self) -> dict[str, int]:
        return {name: sum(not row.deleted for row in sim.rows.values()) for name, sim in self.systems.items()}

    def quiet(self) -> None:
        self.wait(90)
        self.run()
        report = self.run()
        assert (report.writes, report.as_json()["totals"]["enqueued"]) == (0, 0)
        self.one_record_for_one_golden()


@pytest.fixture
def company() -> Company:
    machine = Company()
    machine.insert("crm", "m1", "ana")
    machine.run()
    machine.wait(60)
    machine.run()
    return machine


@pytest.mark.parametrize("system", ["crm", "erp", "fin"])
@pytest.mark.parametrize("word", ["split", "unlink"])
def test_who_leaves_is_two_from_then_on(company: Company, word: str, system: str) -> None:
    """All three have the same mail, which the match rule takes for the same; two of them carry the golden id."""
    company.say(word, system, "m1")
    company.wait(60)
    company.run()
    company.wait(60)
    company.run()
    assert company.count() == {"crm": 2, "erp": 2, "fin": 2}
    company.quiet()


def test_a_person_is_heard_while_the_system_is_out_of_order(company: Company) -> None:
    company.back_off = 20
    company.systems["erp"].out_of_order = True
    company.say("split", "erp", "m1")
    company.wait(60)
    company.run()
    assert company.count()["erp"] == 1
    company.systems["erp"].out_of_order = False
    company.wait(400)
    company.run()
    company.wait(60)
    company.run()
    assert company.count() == {"crm": 2, "erp": 2, "fin": 2}
    company.quiet()


def test_a_create_whose_answer_is_lost_is_found_by_the_other_key(company: Company) -> None:
    company.say("split", "erp", "m1")
    company.world.at("erp create", lambda: company.arm("erp", ["lost"]))
    for _ in range(3):
        company.wait(60)
        company.run()
    assert company.count() == {"crm": 2, "erp": 2, "fin": 2}
    company.quiet()


def test_a_record_that_is_gone_by_then_is_not_asked_for_again(company: Company) -> None:
    company.say("unlink", "fin", "m1")
    del company.systems["fin"].rows[company.row("fin", "m1")]
    company.wait(60)
    company.run()
    with company.store.begin() as uow:
        assert uow.again("fin", "customer") == []
    assert company.count() == {"crm": 1, "erp": 1, "fin": 1}
    company.quiet()


def test_without_the_other_key_the_golden_record_would_find_the_one_that_left(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: no second key."""
    parted = plans._parted
    monkeypatch.setattr(plans, "_parted", lambda *given: replace(parted(*given), aliases=()))
    with pytest.raises(AssertionError):
        test_who_leaves_is_two_from_then_on(company, "split", "erp")
