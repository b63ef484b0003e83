"""What the model test found in links and merges, each history as short as it became."""

from __future__ import annotations

import pytest

from bridge.engine.plan.rehearsal import RehearsalAdapter, Script
from bridge.ports.errors import VersionConflict
from bridge.ports.records import UpdateItem
from model.people import DeletingPeople, People, links


def test_what_was_merged_into_a_record_that_is_gone_by_now_is_gone_too() -> None:
    """Both stamps are of the same second, so the tombstone of the one that stayed is read first, on a page before."""
    state = People()
    state.insert("crm", "m1", "ana")
    state.run()
    state.insert("crm", "m2", "ana")
    state.say("unlink", "crm", 0, 0)
    state.run()
    before = links(state, "crm")
    state.merge("crm", 0, 2)  # crm3, made for the golden record that crm1 left, goes into crm1
    state.remove("crm", "m1")
    state.teardown()
    after = links(state, "crm")
    assert {one: owner for one, (owner, _) in after.items()} == {one: owner for one, (owner, _) in before.items()}
    assert [after[one][1] for one in ("crm1", "crm2", "crm3")] == ["gone", "linked", "gone"]


def test_what_goes_on_as_a_record_that_nobody_has_read_is_asked_for() -> None:
    """It was deleted in the same second, and the page with its tombstone came first."""
    state = People()
    for number in range(1, 10):
        state.insert("crm", f"m{number}", "ana")
    state.run()
    state.wait(60)
    state.run()
    state.wait(60)
    crm, state.world.now = state.systems["crm"], state.world.now.replace(microsecond=0)
    state.edit("crm", "m1", "note", None)
    heir = crm.insert("Customer", {"mail": "m10", "name": "ana", "tags": None, "rank": None})
    assert ["crm1", heir, "crm9"] == sorted(["crm1", heir, "crm9"]), "the third is on a page of its own"
    crm.merge(heir, "crm9")
    crm.remove(heir)
    state.run()
    assert {one: links(state, "crm")[one][1] for one in (heir, "crm9")} == {heir: "gone", "crm9": "gone"}


def test_who_refers_to_what_was_parted_refers_to_the_other_record_from_then_on() -> None:
    state = People()
    state.begin([("crm", "m2"), ("fin", "m1"), ("fin", "m2")])
    state.adopt("fin", "m2", "m1")
    state.run()
    crm = state.systems["crm"]
    (parent,) = (row.id for row in crm.rows.values() if row.values["mail"] == "m1")
    child = next(row for row in crm.rows.values() if row.values["mail"] == "m2")
    assert child.values["parent"] == parent
    state.say("unlink", "crm", sorted(crm.rows).index(parent), 0)
    state.teardown()
    assert child.values["parent"] not in (parent, None)


def test_who_refers_to_what_was_deleted_refers_to_the_copy_that_takes_its_place() -> None:
    """The copy waited for a person: its twin had been merged elsewhere. With the original gone its key decides."""
    state = DeletingPeople()
    state.begin([("erp", "m3"), ("fin", "m1"), ("erp", "m2")], skews=(600, 0, -600))
    state.cycle(None, [])
    crm, fin = state.systems["crm"], state.systems["fin"]
    ids = list(fin.rows)
    first, second = (next(row.id for row in fin.rows.values() if row.values["mail"] == mail) for mail in ("m1", "m2"))
    state.merge("fin", ids.index(second), ids.index(first))
    state.adopt("crm", "m3", "m2")
    state.run()
    assert "review" in {kind for _, kind in links(state, "crm").values()}
    state.remove("crm", "m2")
    state.edit("crm", "m1", "note", "ana")
    state.teardown()
    (child,) = (row for row in crm.rows.values() if row.values["mail"] == "m3")
    (copy,) = (row for row in crm.rows.values() if not row.deleted and row is not child)
    assert child.values["parent"] == copy.id


def test_what_was_not_made_because_of_a_review_is_made_when_that_is_over() -> None:
    """A user deletes the record that a person was to be asked about: nobody had put the other one into the outbox."""
    state = People()
    state.begin([("crm", "m3")], skews=(0, 600, -600))
    edits = [(25, "erp", "m3", "note", "bob"), (23, "crm", "m3", "note", "ana")]
    state.cycle(None, edits)
    state.say("split", "fin", 0, 0)
    state.wait(720)
    state.run()
    state.merge("crm", 1, 0)  # the twin in the third system waits for a person from now on
    state.run()
    assert [owner for owner, kind in links(state, "fin").values() if kind == "review"] == [None]
    state.say("unlink", "fin", 0, 0)
    state.edit("crm", "m3", "note", None)
    state.remove("fin", "m3")
    state.remove("erp", "m3")
    state.teardown()
    assert sorted(kind for _, kind in links(state, "fin").values()) == ["gone", "gone", "linked"]


def test_a_plan_has_no_write_that_the_system_would_refuse_as_too_late() -> None:
    """A record that takes another's place by a merge is not looked at before it is written to."""
    state = People()
    row = state.systems["erp"].insert("Customer", {"mail": "m1", "name": "ana"})
    script, spec = Script(), state.maps["customer"].spec("erp")
    plan = RehearsalAdapter(state.systems["erp"], script, state.maps)
    (refused,) = plan.update(spec, [UpdateItem(row, {"rank": "bob"}, "an older version")])
    (made,) = plan.update(spec, [UpdateItem(row, {"rank": "bob"}, plan.fetch(spec, [row])[row].version)])
    assert isinstance(refused.error, VersionConflict)
    assert (made.outcome, len(script.actions)) == ("ok", 1)


@pytest.mark.parametrize("system", ["crm", "fin"])
def test_what_was_merged_into_a_record_that_bridge_has_just_made_is_that_ones(system: str) -> None:
    """The answer to its creation is lost, and the system is read before the write is looked up."""
    state = People()
    state.insert(system, "m1", "ana")
    state.run()
    state.wait(60)
    state.run()
    state.insert("erp", "m2", "bob")
    sim = state.systems[system]
    state.world.at(f"{system} create", lambda: setattr(sim, "faults", ["lost"]))
    state.run()
    made = next(row.id for row in sim.rows.values() if row.values["mail"] == "m2")
    assert made not in links(state, system)
    state.merge(system, sorted(sim.rows).index(made), 0)
    state.run()
    state.wait(600)
    state.teardown()
    with state.store.begin() as uow:
        (second,) = [golden.id for golden in state._goldens(uow).values() if golden.values["mail"] == "m2"]
    assert links(state, system)[made] == (second, "linked")


def test_who_refers_to_a_record_that_lives_on_in_that_of_a_loser_refers_to_it() -> None:
    """Its own record had been deleted in the CRM; a merge in the ERP gives it that of the customer that goes."""
    state = DeletingPeople()
    state.begin([("crm", "m2"), ("erp", "m1"), ("erp", "m3")])
    state.adopt("erp", "m1", "m3")
    state.run()
    state.wait(60)
    state.run()
    state.remove("crm", "m3")
    erp, rows = state.systems["erp"], {}
    for row in erp.rows.values():
        rows[row.values["mail"]] = row.id
    state.merge("erp", sorted(erp.rows).index(rows["m3"]), sorted(erp.rows).index(rows["m2"]))
    state.teardown()
    crm = {row.values["mail"]: row for row in state.systems["crm"].rows.values() if not row.deleted}
    assert crm["m1"].values["parent"] == crm["m3"].id


def test_what_was_deleted_before_all_systems_had_been_read_is_deleted_elsewhere_when_they_have() -> None:
    """The ERP does not answer at first, so nothing is written anywhere; meanwhile a customer is deleted in the CRM."""
    state = DeletingPeople()
    state.begin([("crm", "m1"), ("fin", "m1"), ("crm", "m2")])
    state.arm("erp", ["transient"])
    state.run()
    state.remove("crm", "m1")
    state.wait(60)
    state.run()
    assert [row.values["mail"] for row in state.systems["fin"].rows.values() if not row.deleted] == ["m2"]
    state.teardown()


def test_what_was_not_made_because_of_a_review_is_made_when_a_merge_ends_that() -> None:
    """Who merges two records in the finance system says what the one that waited for a person is."""
    state = People()
    state.begin([("crm", "m1"), ("fin", "m2")])
    state.run()
    state.merge("crm", 0, 1)
    state.wait(60)
    state.run()
    state.say("unlink", "fin", 0, 0)
    state.wait(60)
    state.run()
    assert links(state, "fin")["fin1"] == (None, "review")
    state.merge("fin", 0, 1)
    state.teardown()
    assert len([row for row in state.systems["fin"].rows.values() if not row.deleted]) == 2


def test_what_waits_for_another_record_is_looked_at_again_when_a_person_parts_it_from_its_own() -> None:
    """Its parent is gone from the CRM, so that cannot be told there; the customer itself can be made again."""
    state = People()
    state.begin([("crm", "m1")])
    state.run()
    state.remove("crm", "m1")
    state.insert("crm", "m2", "ana")
    for _ in range(2):
        state.wait(60)
        state.run()
    state.adopt("erp", "m2", "m1")
    state.wait(60)
    state.run()
    state.say("split", "crm", 0, 0)
    state.teardown()
    there = [row.values["mail"] for row in state.systems["crm"].rows.values() if not row.deleted]
    assert there == ["m2", "m2"]


def test_what_was_not_made_because_a_record_waited_is_made_when_that_record_is_gone() -> None:
    """In the CRM it refers to a customer that a person has just parted; bridge is killed, and then it is deleted."""
    state = People()
    state.begin([("fin", "m1")], grain=60, skews=(600, -600, 0))
    state.insert("crm", "m2", "bobby")
    state.wait(720)
    state.run()
    state.adopt("crm", "m1", "m2")
    state.say("unlink", "crm", 4, 3)
    state.say("unlink", "fin", 2, 2)
    state.cycle(36, [])
    state.remove("crm", "m1")
    state.teardown()


@pytest.mark.parametrize("moment", range(15, 25))
def test_what_waits_for_a_record_goes_although_bridge_is_killed_right_after_that_was_made(moment: int) -> None:
    """The parent is in the CRM, and noted; what wakes its children came after that, in another transaction."""
    state = DeletingPeople()
    state.begin([("fin", "m3"), ("erp", "m1"), ("erp", "m2"), ("crm", "m2")], grain=60, skews=(600, 0, -600))
    state.adopt("erp", "m2", "m1")
    state.cycle(moment, [])
    state.teardown()
