"""Deletes by the policy of each system: taken back, archived, beaten by an edit or beating it. All end at rest (G3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bridge.engine import absorb, tombstones
from bridge.mapping.deletes import Deletes
from model.machine import mapping
from model.policies import POLICIES, PolicyMachine

EVERYBODY = {"crm": Deletes(), "erp": POLICIES["erp"], "fin": POLICIES["fin"]}
BEATS = {"crm": Deletes("beat edits"), "erp": POLICIES["erp"], "fin": POLICIES["fin"]}


def company_of(policies: dict[str, Deletes]) -> PolicyMachine:
    """Three customers in all three systems."""

    class Company(PolicyMachine):
        deletes = policies  # type: ignore[assignment]

        def _check_in_step(self, uow) -> None:
            """Where a system keeps its own deletes, a living record need not be everywhere: see the tests."""

        def _check_deletes(self, uow) -> None:
            if policies is POLICIES:
                super()._check_deletes(uow)

    machine = Company()
    machine.back_off = 20
    for mail in ("m1", "m2", "m3"):
        machine.insert("crm", mail, "ana")
    machine.run()
    machine.wait(60)
    return machine


@pytest.fixture
def company() -> Iterator[PolicyMachine]:
    """crm takes its deletes back, erp archives, fin deletes."""
    machine = company_of(POLICIES)
    yield machine
    machine.teardown()


@pytest.fixture
def plain() -> Iterator[PolicyMachine]:
    """Deletes made in crm count: erp archives, fin deletes."""
    machine = company_of(EVERYBODY)
    yield machine
    machine.teardown()


def alive(machine: PolicyMachine, system: str) -> list[object]:
    return sorted(row.values["mail"] for row in machine.systems[system].rows.values() if not row.deleted)


def settle(machine: PolicyMachine, runs: int = 2) -> None:
    for _ in range(runs):
        machine.run()
        machine.wait(60)


def journal(machine: PolicyMachine) -> list[tuple[str, str, list[str]]]:
    return [(c.rule, c.winner, [p.system for p in c.proposals]) for c in machine.conflicts() if c.unit == "(record)"]


def links(machine: PolicyMachine, system: str, mail: str) -> list[tuple[str, str, str]]:
    ids = [row.id for row in machine.systems[system].rows.values() if row.values["mail"] == mail]
    with machine.store.begin() as uow:
        found = uow.links(system, "customer", ids).values()
        return [(link.state, link.linked_by, link.golden_id or "") for link in found]


def key_of(machine: PolicyMachine, system: str, mail: str) -> str | None:
    return next(r.key for r in machine.systems[system].rows.values() if r.values["mail"] == mail and not r.deleted)


# archive


def test_what_is_deleted_elsewhere_is_archived(plain: PolicyMachine) -> None:
    plain.remove("crm", "m1")
    report = plain.run()
    assert plain.is_frozen("m1")
    assert not plain.is_frozen("m2")
    assert alive(plain, "fin") == ["m2", "m3"]
    assert (report.of("erp", "customer").archived, report.of("erp", "customer").updated) == (1, 0)
    assert report.of("fin", "customer").deleted == 1
    quiet = plain.run()
    assert (quiet.writes, quiet.as_json()["totals"]["enqueued"]) == (0, 0)


def test_an_archived_record_does_not_come_in_again(plain: PolicyMachine) -> None:
    plain.remove("crm", "m1")
    settle(plain)
    row = next(row for row in plain.systems["erp"].rows.values() if row.values["mail"] == "m1")
    plain.systems["erp"].edit(row.id, "unmapped", "x")  # touched, and read again
    settle(plain)
    assert alive(plain, "crm") == alive(plain, "fin") == ["m2", "m3"]
    assert plain.is_frozen("m1")
    assert [state for state, _, _ in links(plain, "erp", "m1")] == ["linked"]


@pytest.mark.parametrize("how", ["edited", "set active"])
def test_what_is_done_to_an_archived_record_is_an_edit(plain: PolicyMachine, how: str) -> None:
    """The delete has been carried out by then: who is gone stays gone, and the archived record is active again."""
    plain.remove("crm", "m1")
    settle(plain)
    if how == "edited":
        plain.edit("erp", "m1", "note", None)
    else:
        plain.freeze("m1", False)
    settle(plain)
    assert not plain.is_frozen("m1")
    assert journal(plain) == [("edit beats delete", "erp", ["crm", "erp"])]
    assert alive(plain, "crm") == alive(plain, "fin") == ["m2", "m3"]
    plain.freeze("m1", True)  # by hand: nobody's delete, and nobody sets it active again
    settle(plain)
    assert plain.is_frozen("m1")


def test_who_archived_it_by_hand_before_finds_it_archived(plain: PolicyMachine) -> None:
    plain.freeze("m1", True)
    plain.run()
    plain.remove("crm", "m1")
    report = plain.run()
    assert report.of("erp", "customer").archived == 0
    plain.edit("erp", "m1", "note", None)
    settle(plain)
    assert plain.is_frozen("m1")


@pytest.mark.parametrize("fault", ["lost", "lost whole"])
def test_a_lost_answer_to_an_archive_is_looked_up(plain: PolicyMachine, fault: str) -> None:
    plain.remove("crm", "m1")
    plain.world.at("erp update", lambda: plain.arm("erp", [fault]))
    plain.run()
    writes = plain.systems["erp"].writes
    settle(plain)
    assert plain.is_frozen("m1")
    assert plain.systems["erp"].writes == writes


def test_an_edit_just_before_the_archive_is_seen(plain: PolicyMachine) -> None:
    plain.remove("crm", "m1")
    plain.world.at("erp update", lambda: plain.edit("erp", "m1", "note", None))
    settle(plain, 3)
    assert not plain.is_frozen("m1")
    assert alive(plain, "fin") == ["m1", "m2", "m3"], "the delete had not been carried out: fin takes part again"


def test_many_archives_wait_for_a_person(plain: PolicyMachine) -> None:
    plain.pace = replace(plain.pace, max_deletes=2)
    for mail in ("m1", "m2", "m3"):
        plain.remove("crm", mail)
    report = plain.run()
    assert report.stopped
    assert not any(plain.is_frozen(mail) for mail in ("m1", "m2", "m3"))
    said = " ".join(trouble.what for trouble in report.troubles)
    assert "3 records would be archived" in said
    assert "3 records would be deleted" in said
    plain.pace = replace(plain.pace, max_deletes=25)
    plain.wait(700)
    assert not plain.run().stopped
    assert all(plain.is_frozen(mail) for mail in ("m1", "m2", "m3"))


def test_the_mapping_says_archive_only_later() -> None:
    """What was deleted before is archived then, and set active again like any other."""
    machine = company_of({"crm": Deletes(), "erp": Deletes(), "fin": Deletes("count", "delete")})
    machine.remove("crm", "m1")
    settle(machine)
    machine.maps = mapping(EVERYBODY)
    machine.maps["customer"].digest = "another"
    settle(machine)
    assert machine.is_frozen("m1")
    machine.edit("erp", "m1", "note", None)
    settle(machine)
    assert not machine.is_frozen("m1")
    machine.teardown()


# restore


def test_a_delete_that_is_not_accepted_is_taken_back(company: PolicyMachine) -> None:
    before = key_of(company, "crm", "m1") or links(company, "crm", "m1")[0][2]
    company.remove("crm", "m1")
    report = company.run()
    assert [alive(company, system) for system in ("crm", "erp", "fin")] == [["m1", "m2", "m3"]] * 3
    assert not company.is_frozen("m1")
    assert report.of("crm", "customer").restored == 1
    assert key_of(company, "crm", "m1") == before, "under the same golden id"
    assert sorted(state for state, _, golden in links(company, "crm", "m1") if golden == before) == ["gone", "linked"]
    quiet = company.run()
    assert (quiet.writes, quiet.as_json()["totals"]["enqueued"]) == (0, 0)


def test_it_is_taken_back_as_often_as_it_is_deleted(company: PolicyMachine) -> None:
    for _ in range(3):
        company.remove("crm", "m1")
        settle(company)
        assert alive(company, "crm") == ["m1", "m2", "m3"]
    company.remove("erp", "m1")  # a delete that counts
    settle(company)
    assert alive(company, "fin") == ["m2", "m3"]
    company.remove("crm", "m1")  # of what nobody else has any more
    settle(company)
    assert alive(company, "crm") == ["m2", "m3"]


def test_who_referred_to_it_refers_to_what_was_made_again(company: PolicyMachine) -> None:
    company.adopt("crm", "m2", "m1")
    settle(company)
    company.remove("crm", "m1")
    settle(company)
    rows = {row.values["mail"]: row for row in company.systems["crm"].rows.values() if not row.deleted}
    assert rows["m2"].values["parent"] == rows["m1"].id


@pytest.mark.parametrize("fault", ["lost", "lost whole", "half"])
def test_a_lost_answer_makes_no_twin(company: PolicyMachine, fault: str) -> None:
    company.remove("crm", "m1")
    company.world.at("crm create", lambda: company.arm("crm", [fault]))
    settle(company, 3)
    assert alive(company, "crm") == ["m1", "m2", "m3"]


def test_killed_before_it_is_made_again(company: PolicyMachine) -> None:
    company.remove("crm", "m1")
    company.world.at("crm create", company.world.kill)
    company.cycle(None, [])
    assert alive(company, "crm") == ["m2", "m3"]
    settle(company)
    assert alive(company, "crm") == ["m1", "m2", "m3"]


def test_what_only_left_the_list_is_not_made_again(company: PolicyMachine) -> None:
    crm = company.systems["crm"]
    row = next(row for row in crm.rows.values() if row.values["mail"] == "m1")
    company.remove("crm", "m1")
    company.world.at("crm changes done", lambda: setattr(row, "deleted", False))
    settle(company)
    assert alive(company, "crm") == ["m1", "m2", "m3"]
    assert crm.rows[row.id] is row


def test_put_back_by_hand_it_is_not_made_twice(company: PolicyMachine) -> None:
    """At the very moment: the record carries its key, by which the create finds it."""
    company.insert("erp", "m4", "bob")
    settle(company)
    row = next(row for row in company.systems["crm"].rows.values() if row.values["mail"] == "m4")
    company.remove("crm", "m4")
    company.world.at("crm create", lambda: setattr(row, "deleted", False))
    settle(company)
    assert alive(company, "crm") == ["m1", "m2", "m3", "m4"]
    assert [state for state, _, _ in links(company, "crm", "m4")] == ["linked"]


def test_put_back_by_hand_later_it_waits_for_a_person(company: PolicyMachine) -> None:
    row = next(row for row in company.systems["crm"].rows.values() if row.values["mail"] == "m1")
    company.remove("crm", "m1")
    settle(company)
    row.deleted = False
    company.systems["crm"].edit(row.id, "note", "back")
    settle(company)
    assert sorted(state for state, _, _ in links(company, "crm", "m1")) == ["linked", "review"]
    row.deleted = True


def test_a_write_to_what_is_gone_takes_it_back_too(company: PolicyMachine) -> None:
    """The delete is noticed when the record is written to, before any feed tells of it."""
    company.edit("fin", "m1", "note", None)
    company.world.at("crm update", lambda: company.remove("crm", "m1"))
    settle(company)
    assert alive(company, "crm") == ["m1", "m2", "m3"]
    assert journal(company) == [("edit beats delete", "fin", ["crm", "fin"])]


def test_found_by_a_sweep_it_is_taken_back_too(company: PolicyMachine) -> None:
    company.systems["crm"].tells = False
    company.pace = replace(company.pace, sweep=timedelta(0))
    company.remove("crm", "m1")
    settle(company)
    assert alive(company, "crm") == ["m1", "m2", "m3"]


# edit and delete at once


@pytest.mark.parametrize("first", ["delete", "edit"])
def test_a_beaten_delete_is_taken_back_where_deletes_are_exchanged(company: PolicyMachine, first: str) -> None:
    """Deleted in the ERP and edited in finance, neither having seen the other: all three have it in the end."""
    if first == "edit":
        company.edit("fin", "m1", "note", None)
        company.remove("erp", "m1")
    else:
        company.remove("erp", "m1")
        company.edit("fin", "m1", "note", None)
    settle(company, 3)
    assert [alive(company, system) for system in ("crm", "erp", "fin")] == [["m1", "m2", "m3"]] * 3
    (row,) = journal(company)
    assert row == ("edit beats delete", "fin", ["erp", "fin"])


def test_what_bridge_deleted_already_is_made_again_while_the_delete_is_under_way(plain: PolicyMachine) -> None:
    """fin has deleted it already, erp is to archive it when somebody edits it there."""
    plain.systems["erp"].faults = []
    plain.remove("crm", "m1")
    plain.world.at("fin delete", lambda: setattr(plain.systems["erp"], "out_of_order", True))
    plain.world.at("erp update", lambda: setattr(plain.systems["erp"], "out_of_order", True))
    plain.run()
    assert alive(plain, "fin") == ["m2", "m3"]
    plain.systems["erp"].out_of_order = False
    plain.edit("erp", "m1", "note", None)
    plain.wait(700)
    settle(plain, 3)
    assert not plain.is_frozen("m1")
    assert alive(plain, "fin") == ["m1", "m2", "m3"]


@pytest.mark.parametrize("first", ["delete", "edit"])
def test_a_delete_may_beat_edits(first: str) -> None:
    machine = company_of(BEATS)
    if first == "edit":
        machine.edit("erp", "m1", "note", None)
        machine.systems["crm"].out_of_order = True
        machine.run()
        machine.systems["crm"].out_of_order = False
        machine.wait(400)
        machine.remove("crm", "m1")
    else:
        machine.remove("crm", "m1")
        machine.world.at("erp update", lambda: machine.edit("erp", "m1", "note", None))
    settle(machine, 3)
    assert machine.is_frozen("m1")
    assert alive(machine, "fin") == ["m2", "m3"]
    assert journal(machine) == [("delete beats edit", "crm", ["crm", "erp"])]
    machine.freeze("m1", False)
    settle(machine)
    assert machine.is_frozen("m1"), "set active again, it is archived again"
    machine.insert("crm", "m4", "bob")
    machine.teardown()


def bugs() -> dict[str, object]:
    def revives_nobody(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(absorb, "set_active", lambda deletes, before, now: False)

    def forgets_who_referred(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(absorb, "refer_again", lambda *given: None)

    def restores_nobody(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(tombstones, "made_again", lambda link: link)

    return {"deaf": revives_nobody, "dangling": forgets_who_referred, "final": restores_nobody}


@pytest.mark.parametrize(
    ("bug", "policies", "history"),
    [
        ("deaf", EVERYBODY, lambda machine: test_what_is_done_to_an_archived_record_is_an_edit(machine, "set active")),
        ("dangling", POLICIES, test_who_referred_to_it_refers_to_what_was_made_again),
        ("final", POLICIES, test_a_delete_that_is_not_accepted_is_taken_back),
    ],
)
def test_a_planted_bug_is_caught(bug: str, policies, history, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = company_of(policies)
    bugs()[bug](monkeypatch)
    with pytest.raises(AssertionError):
        history(machine)
