"""Guards: what looks like an accident is neither merged nor written before a person has looked at it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from bridge.engine import ingest, watch
from bridge.engine.plan.guards import Counts, Finding, Limits, differences, enough, judge, words
from bridge.engine.report import Report
from bridge.engine.runtime import Pace
from bridge.engine.stops import all_stops, approve
from model.machine import DeletingMachine, Machine, mapping
from model.world import Killed

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAILS = [f"m{number}" for number in range(1, 7)]

# the decision: counts in, findings out


@pytest.mark.parametrize(
    ("counts", "rules"),
    [
        (Counts(0, listed=0), []),
        (Counts(3, listed=0), ["listed"]),
        (Counts(20, listed=10), []),
        (Counts(20, listed=9), ["listed"]),
        (Counts(12, listed=2), []),  # ten are few
        (Counts(100, listed=49), ["listed"]),
        (Counts(100, deleted=20), []),
        (Counts(100, deleted=21), ["deleted"]),
        (Counts(10, deleted=10), []),
        (Counts(100, emptied={"phone": 20}, changed={"phone": 20}), []),
        (Counts(100, emptied={"phone": 21}, changed={"phone": 21}), ["emptied"]),
        (Counts(1000, changed={"price": 500}), []),
        (Counts(1000, changed={"price": 501}), ["changed"]),
        (Counts(100, changed={"price": 100}), []),
        (Counts(1000, changed={"a": 400, "b": 400}), []),  # many records, but none of their fields in many
        (Counts(1000, emptied={"a": 600}, changed={"a": 600, "b": 600}), ["emptied", "changed"]),
    ],
)
def test_what_counts_as_an_accident(counts: Counts, rules: list[str]) -> None:
    assert [finding.rule for finding in judge(counts, Limits())] == rules


def test_a_limit_of_everything_switches_a_rule_off() -> None:
    off = Limits(Decimal(0), Decimal(1), Decimal(1), Decimal(1), 0, 0)
    assert judge(Counts(5, listed=0, deleted=5, emptied={"a": 5}, changed={"a": 5}), off) == ()


@pytest.mark.parametrize("limits", [Limits(), Limits(Decimal("0.9"), few_lost=0, few_changed=0)])
@pytest.mark.parametrize("number", [1, 7, 10, 11, 100, 101, 4999])
def test_beyond_enough_nobody_has_to_count(number: int, limits: Limits) -> None:
    linked = enough(number, limits)
    assert linked is not None
    for more in (0, 1, 10_000_000):
        all_ = linked + more
        assert judge(Counts(all_, all_ - number, number, {"a": number}, {"a": number, "b": number}), limits) == ()


def test_where_any_number_is_too_many_all_are_counted() -> None:
    assert enough(5, Limits(most_deleted=Decimal(0))) is enough(5, Limits(least_listed=Decimal(1))) is None


def test_a_field_has_changed_where_it_was_known_and_is_another() -> None:
    before = {"name": "A", "phone": "1", "note": "x", "items": ["k1"], "items[k1].qty": "1", "own": "1"}
    now = {"name": "B", "phone": None, "items": ["k1", "k2"], "items[k1].qty": "2", "items[k2].qty": "1", "own": "2"}
    found = dict(differences({"name", "phone", "note", "new", "items"}, before, {**now, "new": "1"}))
    assert found == {"name": False, "phone": True, "items": False, "items.qty": False}


def test_a_person_is_told_counts_and_limits() -> None:
    found = [Finding("emptied", 7, 9, "Phone"), Finding("listed", 1, 9)]
    assert words(found, "customer", Limits(most_emptied=Decimal("0.125"))) == (
        "Phone was emptied in 7 of 9 linked customer records (sync.guards.most_emptied: 12.5%); "
        "lists 1 of the 9 customer records that are linked there (sync.guards.least_listed: 50%)"
    )


# the whole of it, with systems in memory


def company(made: Machine) -> Machine:
    """Six customers that are in all three systems, and limits for so few."""
    made.back_off = 20
    made.pace = Pace(page=2, guards=Limits(few_lost=1, few_changed=1))
    for mail in MAILS:
        made.insert("crm", mail, "ana")
        made.edit("crm", mail, "note", None)
    made.run()
    made.wait(60)
    assert not made.run().stopped
    made.wait(60)
    return made


@pytest.fixture
def machine() -> Machine:
    return company(Machine())


def shown(machine: Machine) -> dict[str, list[tuple[object, ...]]]:
    """What erp and fin hold."""
    return {
        system: sorted(
            (r.id, r.values["mail"], r.values["name"], r.values.get("note"), r.deleted)
            for r in machine.systems[system].rows.values()
        )
        for system in ("erp", "fin")
    }


def agreed(machine: Machine) -> list[tuple[str, bool, dict[str, object]]]:
    with machine.store.begin() as uow:
        ids = sorted(machine._golden_ids(uow))
        return [(g.id, g.alive, dict(g.values)) for g in uow.goldens("customer", ids).values()]


def consent(machine: Machine, run: str = "run") -> int:
    with machine.store.begin() as uow:
        return len(approve(uow, run, NOW))


def stops(machine: Machine) -> list[tuple[str, str]]:
    with machine.store.begin() as uow:
        return [(stop.system, finding.rule) for stop in all_stops(uow) for finding in stop.findings]


def stopped(machine: Machine, report: Report) -> str:
    """The words of the one stop of a run that wrote nothing."""
    assert report.stopped
    assert report.writes == 0
    (trouble,) = [trouble for trouble in report.troubles if trouble.code == "BR-SAFETY"]
    return trouble.what


def rename(machine: Machine, name: str = "bob", mails: list[str] = MAILS) -> None:
    for mail in mails:
        machine._edit("crm", mail, "name", name)


def empty(machine: Machine) -> None:
    for row in machine.systems["crm"].rows.values():
        machine.systems["crm"].edit(row.id, "note", None)


def notes(machine: Machine) -> dict[str, object]:
    return {row.id: row.values["note"] for row in machine.systems["crm"].rows.values()}


def take_out(machine: Machine) -> None:
    for row in list(machine.systems["crm"].rows.values())[:4]:
        machine.systems["crm"].remove(row.id)


def hide(machine: Machine) -> None:
    for row in list(machine.systems["crm"].rows.values())[:4]:
        row.archived = True
    forget_position(machine)


def forget_position(machine: Machine) -> None:
    """The CRM does not know the position of the last reading any more: the next one reads everything."""
    machine.systems["crm"].faults = ["", "expired"]


def put_back(machine: Machine, kept: dict[str, object]) -> None:
    for row in machine.systems["crm"].rows.values():
        row.deleted = row.archived = False
        machine.systems["crm"]._set(row, {"name": "ana", "note": kept[row.id]})


ACCIDENTS = {
    "changed": (rename, "name has changed in 6 of 6"),
    "emptied": (empty, "note was emptied in 6 of 6"),
    "deleted": (take_out, "says that 4 of 6"),
    "listed": (hide, "lists 2 of the 6"),
}


@pytest.mark.parametrize(
    ("rule", "kept"), [*((rule, 10_000) for rule in ACCIDENTS), ("changed", 3), ("deleted", 3), ("listed", 3)]
)
def test_an_accident_goes_nowhere_and_ends_when_it_is_undone(
    machine: Machine, rule: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "KEPT", kept)
    before, golden, own = shown(machine), agreed(machine), notes(machine)
    accident, said = ACCIDENTS[rule]
    accident(machine)
    for _ in range(2):
        assert said in stopped(machine, machine.run())
        assert (shown(machine), agreed(machine)) == (before, golden)
        assert stops(machine) == [("crm", rule)]
        machine.wait(60)
        forget_position(machine)
    put_back(machine, own)
    report = machine.run()
    assert not report.stopped
    assert stops(machine) == []
    assert (shown(machine), agreed(machine)) == (before, golden)


@pytest.mark.parametrize(("changed", "passes"), [(1, 1), (4, 2)])
def test_what_was_heard_before_is_not_kept_and_not_read_twice(
    machine: Machine, changed: int, passes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a migration a reading brings everything that was made once more: more than is kept, and hardly any news."""
    monkeypatch.setattr(ingest, "KEPT", 3)
    machine.pace = replace(machine.pace, guards=Limits(few_lost=1, few_changed=1, most_changed=Decimal(1)))
    machine.wait(600)  # nothing is young enough to be read in any case
    machine.run()
    pages: list[str] = []
    with machine.store.begin() as uow:
        uow.save_cursor(replace(uow.cursor("crm", "customer"), cursor=None), machine.world.clock())
    for mail in MAILS[:changed]:
        machine.edit("crm", mail, "note", None)
    crm = machine.systems["crm"]
    changes = crm.changes
    monkeypatch.setattr(crm, "changes", lambda *given: pages.append("page") or changes(*given))
    report = machine.run()
    tally = report.of("crm", "customer")
    assert (len(pages), tally.read, tally.unchanged) == (3 * passes, 6, 6 - changed)
    notes_in = {
        name: sorted(str(row.values["note"]) for row in machine.systems[name].rows.values()) for name in ("crm", "fin")
    }
    assert notes_in["fin"] == notes_in["crm"]


@pytest.mark.parametrize(("rule", "kept"), [*((rule, 10_000) for rule in ACCIDENTS), ("changed", 3)])
def test_what_a_person_approves_is_done_once(
    machine: Machine, rule: str, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "KEPT", kept)
    ACCIDENTS[rule][0](machine)
    stopped(machine, machine.run())
    machine.wait(60)
    assert consent(machine, "another") == 0
    assert consent(machine) == 1
    forget_position(machine)
    report = machine.run()
    assert not report.stopped
    assert stops(machine) == []
    machine.wait(60)
    machine.run()
    fin = [row for row in machine.systems["fin"].rows.values() if not row.deleted]
    assert len(fin) == 6, "a listing that lacks records, and deletes that are not passed on, delete nothing"
    if rule == "changed":
        assert {row.values["name"] for row in fin} == {"bob"}
        machine.wait(60)
        rename(machine, "ana")
        assert "name has changed" in stopped(machine, machine.run())
    if rule == "emptied":
        assert {row.values["note"] for row in fin} == {None}


def test_more_than_was_shown_is_stopped_again(machine: Machine) -> None:
    before = shown(machine)
    rename(machine, mails=MAILS[:4])
    assert "4 of 6" in stopped(machine, machine.run())
    assert consent(machine) == 1
    rename(machine, mails=MAILS[4:5])
    assert "5 of 6" in stopped(machine, machine.run())
    assert shown(machine) == before
    assert consent(machine) == 1
    rename(machine, "ana", MAILS[:1])  # less is within what was shown
    machine.wait(60)
    assert not machine.run().stopped
    assert sorted(row[2] for row in shown(machine)["fin"]) == ["ana", "ana", "bob", "bob", "bob", "bob"]


def test_other_edits_are_kept_and_go_when_the_stop_ends(machine: Machine) -> None:
    rename(machine)
    machine.edit("fin", "m1", "rank", "bob")
    stopped(machine, machine.run())
    assert machine.agreed("m1", "rank") == "bob"
    assert [row.values.get("rank") for row in machine.systems["erp"].rows.values()].count("bob") == 0
    rename(machine, "ana")
    machine.wait(60)
    machine.run()
    assert [row.values.get("rank") for row in machine.systems["erp"].rows.values()].count("bob") == 1
    machine.teardown()


def test_killed_while_the_approved_is_merged(machine: Machine) -> None:
    rename(machine)
    machine.run()
    consent(machine)
    machine.world.at("after page", lambda: machine.world.at("after page", machine.world.kill))
    with pytest.raises(Killed):
        machine.run()
    machine.wait(60)
    report = machine.run()
    assert not report.stopped
    assert {row[2] for row in shown(machine)["fin"]} == {"bob"}
    assert stops(machine) == []


def test_a_read_that_fails_half_way_is_not_merged_by_halves(machine: Machine) -> None:
    before, golden = shown(machine), agreed(machine)
    rename(machine)
    machine.arm("crm", ["", "", "transient"])  # lets bridge in, shows the first page, and no more
    report = machine.run()
    assert (report.stopped, report.writes) == (False, 0)
    assert (shown(machine), agreed(machine)) == (before, golden)
    machine.wait(60)
    assert "6 of 6" in stopped(machine, machine.run())


def test_a_stop_lasts_while_its_system_does_not_answer(machine: Machine) -> None:
    rename(machine)
    machine.edit("fin", "m1", "rank", "bob")
    machine.run()
    before = shown(machine)["erp"]
    machine.systems["crm"].out_of_order = True
    machine.wait(60)
    report = machine.run()
    assert "name has changed" in stopped(machine, report)
    assert shown(machine)["erp"] == before


def test_a_single_sync_that_waits_does_not_wait_for_what_is_stopped(machine: Machine) -> None:
    machine.edit("fin", "m1", "rank", "bob")
    machine.arm("erp", ["", "", "", "transient"])
    machine.run()
    rename(machine)
    machine.wait(60)
    start = machine.world.now
    assert machine.run(patience=600).stopped
    assert (machine.world.now - start).total_seconds() < 600


def test_what_looks_different_under_another_mapping_has_not_changed(machine: Machine) -> None:
    machine.maps = mapping()
    machine.maps["customer"].digest = "another"
    report = machine.run()
    assert not report.stopped
    assert report.of("crm", "customer").read >= 6


def test_a_mapping_that_sees_a_part_of_the_records_stops(machine: Machine) -> None:
    before = shown(machine)
    machine.maps["customer"].digest = "another"
    hide(machine)
    machine.systems["crm"].faults = []
    machine.edit("fin", "m1", "rank", "bob")
    for _ in range(2):
        assert "lists 2 of the 6" in stopped(machine, machine.run())
        machine.wait(60)
    assert shown(machine) == before
    for row in machine.systems["crm"].rows.values():
        row.archived = False
    machine.run()
    assert stops(machine) == []
    machine.wait(60)
    machine.teardown()


class TestDeletes:
    """Where deletes are passed on."""

    @pytest.fixture
    def machine(self) -> Machine:
        return company(DeletingMachine())

    def test_an_emptied_side_deletes_nothing(self, machine: Machine) -> None:
        take_out(machine)
        stopped(machine, machine.run())
        assert not [row for row in shown(machine)["fin"] if row[-1]]
        consent(machine)
        machine.run()
        assert len([row for row in shown(machine)["fin"] if row[-1]]) == 4

    def test_a_listing_that_lacks_records_deletes_nothing(self, machine: Machine) -> None:
        hide(machine)
        machine.run()
        consent(machine)
        machine.wait(60)
        assert not machine.run().stopped
        assert not [row for row in shown(machine)["fin"] if row[-1]]

    def test_many_deletes_are_approved_once(self, machine: Machine) -> None:
        machine.pace = replace(machine.pace, guards=Limits(), max_deletes=2)
        for mail in MAILS[:3]:
            machine.remove("crm", mail)
        report = machine.run()
        assert {t.system for t in report.troubles} == {"erp", "fin"}
        assert consent(machine) == 2
        machine.remove("crm", "m4")
        machine.wait(700)
        assert machine.run().stopped, "four are more than the three that were shown"
        assert not [row for row in shown(machine)["fin"] if row[-1]]
        assert consent(machine) == 2
        machine.wait(700)
        assert not machine.run().stopped
        assert len([row for row in shown(machine)["fin"] if row[-1]]) == 4
        machine.wait(60)
        machine.run()
        assert stops(machine) == []

    def test_deletes_that_are_taken_back_end_the_stop(self, machine: Machine) -> None:
        machine.pace = replace(machine.pace, guards=Limits(), max_deletes=2)
        for mail in MAILS[:3]:
            machine.remove("crm", mail)
        assert machine.run().stopped
        machine.edit("fin", "m1", "note", None)
        machine.edit("fin", "m2", "note", None)
        machine.wait(60)
        assert not machine.run().stopped
        assert stops(machine) == []


def canary(machine: Machine, row: str) -> None:
    machine.canaries = {"crm": {"customer": row}}


def test_without_its_canary_a_system_is_left_alone(machine: Machine) -> None:
    crm, before = machine.systems["crm"], shown(machine)
    canary(machine, "crm1")
    assert not machine.run().stopped
    crm.rows["crm1"].deleted = True
    machine._edit("crm", "m2", "name", "bob")
    machine.edit("fin", "m3", "rank", "bob")
    report = machine.run(patience=60)
    assert "`systems.crm.canary`" in stopped(machine, report)
    assert report.of("crm", "customer").read == 0
    assert shown(machine) == before
    crm.rows["crm1"].deleted = False
    machine.wait(60)
    assert not machine.run().stopped
    assert stops(machine) == []
    assert shown(machine) != before


def test_a_lost_canary_is_approved_for_one_run(machine: Machine) -> None:
    canary(machine, "crm1")
    machine.systems["crm"].rows["crm1"].deleted = True
    machine._edit("crm", "m2", "name", "bob")
    machine.run()
    consent(machine)
    assert not machine.run().stopped
    assert "bob" in {row[2] for row in shown(machine)["fin"]}
    assert machine.run().stopped
    canary(machine, "crm2")
    assert not machine.run().stopped


def bugs() -> dict[str, object]:
    def counts_nothing(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(watch, "judge", lambda counts, limits: ())

    def writes_all_the_same(patch: pytest.MonkeyPatch) -> None:
        patch.setattr("bridge.engine.cycle.enforce", lambda run: set())

    def merges_what_it_counts(patch: pytest.MonkeyPatch) -> None:
        def wrong(run, emap, system, position, watch):
            for page, after in ingest._pages(run, emap, system, position):
                watch.see(page)
                yield page, after
            watch.stopped()

        patch.setattr(ingest, "_held_back", wrong)

    def approves_anything(patch: pytest.MonkeyPatch) -> None:
        patch.setattr("bridge.engine.stops.Stop.covers", lambda self, other: True)

    return {
        "blind": counts_nothing,
        "deaf": writes_all_the_same,
        "hasty": merges_what_it_counts,
        "lax": approves_anything,
    }


@pytest.mark.parametrize(
    ("bug", "history"),
    [
        ("blind", lambda m, p: test_an_accident_goes_nowhere_and_ends_when_it_is_undone(m, "changed", 10_000, p)),
        ("hasty", lambda m, p: test_an_accident_goes_nowhere_and_ends_when_it_is_undone(m, "changed", 10_000, p)),
        ("deaf", lambda m, p: test_other_edits_are_kept_and_go_when_the_stop_ends(m)),
        ("lax", lambda m, p: test_more_than_was_shown_is_stopped_again(m)),
    ],
)
def test_a_planted_bug_is_caught(machine: Machine, bug: str, history, monkeypatch: pytest.MonkeyPatch) -> None:
    bugs()[bug](monkeypatch)
    with pytest.raises((AssertionError, ValueError)):
        history(machine, monkeypatch)
