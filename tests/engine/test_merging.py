"""Records merged in one system: two golden records become one, and what hung on the one that goes follows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bridge.engine import heirs, merging
from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan.unify import repoint, unify
from bridge.ports.work import Conflict, Golden, Link, Proposal, Provenance
from model.machine import Machine

NOW = datetime(2026, 3, 1, tzinfo=UTC)
AROUND = Circumstances(NOW, "run", timedelta(), lambda: "c9")


@pytest.fixture
def company() -> Machine:
    """Three customers that are in all systems; the second is the third one's parent."""
    machine = Machine()
    machine.back_off = 20
    for mail in ("m1", "m2", "m3"):
        machine.insert("crm", mail, "ana")
    machine.adopt("crm", "m3", "m2")
    machine.edit("crm", "m2", "note", None)
    machine.edit("crm", "m1", "rank", "bob")
    machine.run()
    machine.wait(60)
    machine.run()
    return machine


def row(company: Machine, system: str, mail: str) -> str:
    return next(r.id for r in company.systems[system].rows.values() if r.values["mail"] == mail and not r.deleted)


def merged(company: Machine, winner: str, loser: str, *, silent: bool = False) -> None:
    company.systems["crm"].merge(row(company, "crm", winner), row(company, "crm", loser), silent=silent)
    company.wait(60)
    company.run()


def quiet(company: Machine) -> None:
    company.wait(90)
    company.run()
    company.wait(90)
    report = company.run()
    assert (report.writes, report.as_json()["totals"]["enqueued"]) == (0, 0)
    company.one_record_for_one_golden()


def reviews(company: Machine) -> list[tuple[str, str]]:
    with company.store.begin() as uow:
        return [(link.system, link.reason) for link in uow.all_links("customer", "review", 100)]


def parent_of(company: Machine, system: str, mail: str) -> object:
    sim = company.systems[system]
    parent = sim.rows[row(company, system, mail)].values.get("parent")
    return parent and sim.rows[str(parent)].values["mail"]


def golden_ids(company: Machine) -> dict[object, str]:
    with company.store.begin() as uow:
        return {one.values["mail"]: one.id for one in company._goldens(uow).values()}


def test_the_winner_stands_and_its_twins_elsewhere_are_reported(company: Machine) -> None:
    before = golden_ids(company)
    merged(company, "m1", "m2")
    assert golden_ids(company) == {mail: id_ for mail, id_ in before.items() if mail != "m2"}
    assert reviews(company) == [(system, "its twin was merged in crm") for system in ("erp", "fin")]
    assert [parent_of(company, system, "m3") for system in ("crm", "erp", "fin")] == ["m1"] * 3
    assert not any(r.deleted for s in ("erp", "fin") for r in company.systems[s].rows.values()), "reported, not deleted"
    journal = {(c.unit, c.rule, c.state, tuple(p.value for p in c.proposals)) for c in company.conflicts()}
    assert ("mail", "merged", "settled", ("m1", "m2")) in journal
    quiet(company)
    with company.store.begin() as uow:
        assert uow.aliases("customer", [before["m2"]]) == {before["m2"]: before["m1"]}


def test_who_referred_to_the_loser_refers_to_the_winner_though_no_system_says_so(company: Machine) -> None:
    """Where the system moves references without touching the records (ERPNext does), nobody reads them again."""
    merged(company, "m1", "m2", silent=True)
    assert [parent_of(company, system, "m3") for system in ("crm", "erp", "fin")] == ["m1"] * 3
    quiet(company)


def test_what_only_the_loser_says_fills_what_is_empty(company: Machine) -> None:
    assert company.agreed("m1", "note") is None
    merged(company, "m1", "m2")
    note = company.agreed("m1", "note")
    assert note is not None
    assert {company.systems[s].rows[row(company, s, "m1")].values["note"] for s in ("erp", "fin")} == {note}
    assert company.agreed("m1", "rank") == "bob", "what the winner says stands"


def test_a_duplicate_is_edited_and_stays_a_duplicate(company: Machine) -> None:
    merged(company, "m1", "m2")
    company.edit("erp", "m2", "name", "bobby")
    company.wait(60)
    company.run()
    assert ("erp", "its twin was merged in crm") in reviews(company)
    assert len([r for r in company.systems["crm"].rows.values() if not r.deleted]) == 2
    quiet(company)


def test_the_losers_record_becomes_the_winners_where_that_has_none() -> None:
    company = Machine()
    company.back_off = 20
    company.insert("crm", "m1", "ana")
    company.insert("erp", "m1", "ana")
    company.run()
    company.systems["erp"].out_of_order = True
    company.insert("crm", "m2", "bob")
    company.wait(60)
    company.run()
    merged(company, "m2", "m1")
    company.systems["erp"].out_of_order = False
    company.wait(400)
    company.run()
    (only,) = company.systems["erp"].rows.values()
    assert only.values["mail"] == "m2"
    assert reviews(company) == [("fin", "its twin was merged in crm")]
    quiet(company)


@pytest.mark.parametrize("loser", ["m1", "m2"])
def test_a_create_in_doubt_makes_no_second_record(loser: str) -> None:
    """The ERP makes the second customer, its answer is lost and it is out of order while the CRM merges the two."""
    company = Machine()
    company.back_off = 20
    company.insert("crm", "m1", "ana")
    company.run()
    company.insert("crm", "m2", "bob")
    company.wait(60)
    company.world.at("erp create", lambda: company.arm("erp", ["lost"]))
    company.world.at("erp create done", lambda: setattr(company.systems["erp"], "out_of_order", True))
    company.run()
    assert len(company.systems["erp"].rows) == 2
    merged(company, {"m1": "m2", "m2": "m1"}[loser], loser)
    company.systems["erp"].out_of_order = False
    company.wait(400)
    company.run()
    assert len(company.systems["erp"].rows) == 2
    assert sorted(system for system, _ in reviews(company)) == ["erp", "fin"]
    quiet(company)


def test_two_are_merged_into_a_third_one_after_the_other(company: Machine) -> None:
    crm = company.systems["crm"]
    m1, m2, m3 = (row(company, "crm", mail) for mail in ("m1", "m2", "m3"))
    crm.merge(m2, m3)
    crm.merge(m1, m2)
    company.wait(60)
    company.run()
    assert list(golden_ids(company)) == ["m1"]
    assert len(reviews(company)) == 4
    quiet(company)


def test_a_duplicate_that_was_waiting_is_merged_into(company: Machine) -> None:
    """The record that goes was linked, the one that stays waited as its duplicate: the link goes over."""
    crm = company.systems["crm"]
    twin = crm.insert("Customer", {"mail": "m1", "name": "ana", "tags": None, "rank": None})
    company.wait(60)
    company.run()
    assert [system for system, _ in reviews(company)] == ["crm"]
    before = golden_ids(company)
    crm.merge(twin, next(r.id for r in crm.rows.values() if r.values["mail"] == "m1"))
    company.wait(60)
    company.run()
    assert reviews(company) == []
    assert golden_ids(company) == before
    quiet(company)


def test_an_old_key_leads_to_the_winner(company: Machine) -> None:
    """The store of today, and a system that shows a copy with the loser's key."""
    before = golden_ids(company)
    merged(company, "m1", "m2")
    fin = company.systems["fin"]
    fin.remove(row(company, "fin", "m1"))
    company.wait(60)
    company.run()
    fresh = fin.insert("Customer", {"mail": "m9", "name": "ana", "tags": None, "rank": None})
    fin.rows[fresh].key = before["m2"]
    company.wait(60)
    company.run()
    with company.store.begin() as uow:
        assert uow.links("fin", "customer", [fresh])[fresh].golden_id == before["m1"]


@pytest.mark.parametrize("system", ["crm", "fin"])
def test_a_merge_that_no_feed_tells_of_is_noticed_when_it_is_written_to(company: Machine, system: str) -> None:
    """As in Odoo: the one that goes is simply not there any more, and its key is the other one's now. One system looks
    before it writes, the other is refused."""
    sim, before = company.systems[system], golden_ids(company)
    stays = row(company, system, "m1")
    del sim.rows[row(company, system, "m2")]
    sim.rows[stays].key = before["m2"]
    company.edit("erp", "m2", "note", None)
    company.wait(60)
    company.run()
    assert set(golden_ids(company)) == {"m1", "m3"}
    others = sorted({"crm", "erp", "fin"} - {system})
    assert sorted(reviews(company)) == [(other, f"its twin was merged in {system}") for other in others]
    assert [parent_of(company, one, "m3") for one in ("crm", "erp", "fin")] == ["m1"] * 3
    quiet(company)


def bugs():
    reported = test_the_winner_stands_and_its_twins_elsewhere_are_reported
    return {
        "repoints nothing": ((merging, "_repoint", lambda *given: {"customer": set()}), SILENT),
        "takes merges for deletes": ((heirs, "merge_goldens", lambda *given: {}), reported),
    }


SILENT = test_who_referred_to_the_loser_refers_to_the_winner_though_no_system_says_so


@pytest.mark.parametrize("bug", ["repoints nothing", "takes merges for deletes"])
def test_a_planted_bug_is_caught(company: Machine, bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    patch, history = bugs()[bug]
    monkeypatch.setattr(*patch)
    with pytest.raises(AssertionError):
        history(company)


def test_what_is_held_of_the_loser_goes_on_or_is_over() -> None:
    said = {unit: Provenance("crm", NOW, "changed") for unit in ("a", "b")}
    winner = Golden("customer", "w", 2, {"a": "1"}, {"a": said["a"]})
    loser = Golden("customer", "l", 5, {"a": "2", "b": "3"}, said, {"a": "ca", "b": "cb"})
    held = {
        ("l", unit): Conflict(id_, "customer", "l", unit, "held", "ask", "", None, (), NOW)
        for unit, id_ in (("a", "ca"), ("b", "cb"))
    }
    found = unify(winner, loser, [], held, AROUND, "crm")
    assert found.golden.values == {"a": "1", "b": "3"}
    assert found.golden.held == {"b": "cb"}
    assert {(c.id, c.golden_id, c.state) for c in found.conflicts} == {
        ("c9", "w", "settled"),
        ("ca", "w", "resolved"),
        ("cb", "w", "held"),
    }
    assert found.golden.rev == 6


def test_rows_of_the_loser_are_not_mixed_into_the_winners() -> None:
    winner = Golden("order", "w", 1, {"lines": ["k1"], "lines[k1].quantity": "1"}, {})
    loser = Golden("order", "l", 1, {"lines": ["k2"], "lines[k2].quantity": "5"}, {})
    found = unify(winner, loser, [], {}, AROUND, "crm")
    assert found.golden.values == winner.values
    assert [c.unit for c in found.conflicts] == ["lines"]


def test_links_follow_unless_the_system_has_both() -> None:
    golden = [Golden("customer", name, 1, {}, {}) for name in ("w", "l")]
    links = [
        Link("crm", "customer", "1", "w", "linked", "key"),
        Link("crm", "customer", "2", "l", "linked", "key"),
        Link("erp", "customer", "3", "l", "linked", "key"),
        Link("fin", "customer", "4", "l", "gone", "key"),
    ]
    found = unify(golden[0], golden[1], links, {}, AROUND, "crm")
    assert [(one.system, one.golden_id, one.state) for one in found.moved] == [
        ("erp", "w", "linked"),
        ("fin", "w", "gone"),
    ]
    assert [one.native_id for one in found.twins] == ["2"]


def test_a_held_reference_is_over_where_both_words_lead_to_the_same() -> None:
    words = (Proposal("crm", "w", NOW), Proposal("erp", "l", NOW))
    conflict = Conflict("c1", "contact", "x", "customer", "held", "ask", "", None, words, NOW)
    child = Golden("contact", "x", 1, {"customer": "l"}, {}, {"customer": "c1"})
    found = repoint(child, ["customer"], {"l": "w"}, {"customer": conflict}, AROUND)
    assert found is not None
    assert (found.golden.values, found.golden.held, found.golden.rev) == ({"customer": "w"}, {}, 2)
    assert [c.state for c in found.conflicts] == ["resolved"]
    assert repoint(child, ["customer"], {"z": "w"}, {}, AROUND) is None


def test_nobody_becomes_their_own_parent() -> None:
    winner = Golden("customer", "w", 1, {"parent": "l"}, {})
    found = repoint(winner, ["parent"], {"l": "w"}, {}, AROUND)
    assert found is not None
    assert found.golden.values == {"parent": None}
