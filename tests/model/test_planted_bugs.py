"""The model test must be able to fail: each bug planted here, one that other tools have had, is caught by it.

Those that show at once are found by the search itself. For all others a history is written down, and the same machine
with the same checks goes through it: once as bridge is, which must pass, and once with the bug. That takes seconds; a
search would take minutes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bridge.engine import absorb as absorbing
from bridge.engine import cycle as cycles
from bridge.engine import ingest, merging
from bridge.engine import sweep as sweeping
from bridge.engine import work as working
from bridge.engine.merge import form as forms
from bridge.engine.merge import observe as observing
from bridge.engine.outbox import deliver, doubt, lane
from bridge.engine.outbox import settle as settling
from bridge.engine.plan import linking
from bridge.engine.plan.rehearsal import RehearsalAdapter
from bridge.engine.watch import Watch
from bridge.mapping.compiled import EntityMap
from model.machine import Machine, SweptMachine
from model.people import People
from model.planned import Planned
from model.test_guarded import GuardedMachine
from support.plain_journal import PlainJournal
from support.plain_queue import PlainQueue
from support.plain_store import PlainIdentity, PlainRecords, PlainStore

SEARCH = settings(
    max_examples=400,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
    report_multiple_bugs=False,
    database=None,
)
Plant = Callable[[pytest.MonkeyPatch], None]
History = Callable[[Any], None]


def believes_what_it_sent(patch: pytest.MonkeyPatch) -> None:
    """The shadow is what was sent, not what the system stored."""
    take = settling._Settling.take

    def wrong(self: Any, task: Any, result: Any) -> None:
        if result.stored is not None:
            stored = replace(result.stored, values={**result.stored.values, **task.intent.after})
            result = replace(result, stored=stored)
        take(self, task, result)

    patch.setattr(settling._Settling, "take", wrong)


def fights_the_spelling(patch: pytest.MonkeyPatch) -> None:
    """A system's own spelling of a value counts as a difference."""

    def wrong(self: Any, unit: Any, golden: Any, base: Any, echo: Any) -> bool:
        due = self.write(unit, golden)
        return due is not None and all(path in base and base[path] == value for path, value in due.items())

    patch.setattr(forms.Form, "in_step", wrong)


def overwrites_what_it_has_not_seen(patch: pytest.MonkeyPatch) -> None:
    """Writes go out without a look and without the version last seen."""
    patch.setattr(deliver, "_refresh", lambda run, emap, system, tasks, able, lane: tasks)
    update = lane.UpdateItem
    patch.setattr(lane, "UpdateItem", lambda native_id, values, expected, *rest: update(native_id, values, None, *rest))


def repeats_without_looking(patch: pytest.MonkeyPatch) -> None:
    """A create whose answer was lost is sent again without looking whether it is there."""
    patch.setattr(doubt, "_look_up", lambda adapter, emap, system, entries: {entry.id: [] for entry in entries})


def sends_before_it_notes(patch: pytest.MonkeyPatch) -> None:
    """Nothing is on record about a write when it goes out."""
    patch.setattr(PlainQueue, "save_intents", lambda self, rows: list(rows))


def forgets_the_loser(patch: pytest.MonkeyPatch) -> None:
    """Conflicts are decided, and the value that lost is kept nowhere."""
    patch.setattr(PlainJournal, "save_conflicts", lambda self, rows: list(rows))


def creates_before_it_has_read_all(patch: pytest.MonkeyPatch) -> None:
    """Records are created while a system has not been read to the end."""
    flag = PlainJournal.flag

    def wrong(self: Any, name: str) -> str | None:
        return "crm,erp,fin" if name == working.armed_flag("customer") else flag(self, name)

    patch.setattr(PlainJournal, "flag", wrong)
    patch.setattr(ingest, "arm", lambda run, emap: True)


def takes_a_lost_answer_for_a_good_one(patch: pytest.MonkeyPatch) -> None:
    """What a system shows after a write without an answer is taken for that write's outcome."""
    patch.setattr(doubt, "Written", lambda golden_id, intent, **_: absorbing.Written(golden_id, intent, True))


def takes_every_write_for_one_transaction(patch: pytest.MonkeyPatch) -> None:
    """What a system writes in several transactions is judged as if it had been one."""
    settle = observing.settle_unanswered
    patch.setattr(
        observing,
        "settle_unanswered",
        lambda shadow, record, intent, apart, *rest: settle(shadow, record, intent, (), *rest),
    )


def saves_the_cursor_first(patch: pytest.MonkeyPatch) -> None:
    """The cursor is committed before the page behind it."""
    take_in = ingest._take_in

    def read(run: Any, emap: Any, system: str) -> None:
        with run.store.begin() as uow:
            position = uow.cursor(system, emap.entity)
        page = run.runtime.adapters[system].changes(emap.spec(system), position.cursor, 2)
        with run.store.begin() as uow:
            uow.save_cursor(replace(position, cursor=page.cursor, complete=True), run.now)
        run.runtime.point("after read")
        with run.store.begin() as uow:
            take_in(run, uow, emap, system, page)

    patch.setattr(ingest, "_read", read)


def ignores_deletes(patch: pytest.MonkeyPatch) -> None:
    """Tombstones are not noted."""
    patch.setattr(ingest, "forget", lambda *_: None)


def lets_the_last_reader_win(patch: pytest.MonkeyPatch) -> None:
    """Every record that is read counts as edited: no base, no comparison."""
    shadows = PlainRecords.shadows
    patch.setattr(PlainRecords, "shadows", lambda self, system, entity, ids: shadows(self, system, entity, []))


def brings_back_what_was_parted(patch: pytest.MonkeyPatch) -> None:
    """Nobody remembers that a person has said that two are not the same."""
    patch.setattr(PlainIdentity, "separate", lambda self, rows, at: None)


def makes_the_parted_record_its_own_again(patch: pytest.MonkeyPatch) -> None:
    """The golden record has no key of its own where the record that left it carries that key."""
    parted = linking._parted
    patch.setattr(linking, "_parted", lambda *given: replace(parted(*given), aliases=()))


def leaves_the_children_of_a_parted_record(patch: pytest.MonkeyPatch) -> None:
    """Who refers to a record that was parted is not put into the outbox."""
    patch.setattr(PlainIdentity, "mentioning", lambda self, entity, ids: [])


def makes_what_a_person_is_asked_about(patch: pytest.MonkeyPatch) -> None:
    """A record is created while one that may be it waits for review."""
    patch.setattr(PlainRecords, "reviewed", lambda self, entity, ids: set())


def takes_a_merge_for_a_delete(patch: pytest.MonkeyPatch) -> None:
    """That a record went into another is not heard."""
    patch.setattr(ingest, "inherit", lambda *given: {})


def forgets_what_the_loser_said(patch: pytest.MonkeyPatch) -> None:
    """Of two golden records that are merged, one is dropped with all that was said of it."""
    unify = merging.unify

    def wrong(*given: Any) -> Any:
        united = unify(*given)
        return replace(united, golden=given[0], conflicts=(), history=())

    patch.setattr(merging, "unify", wrong)


def believes_a_listing_that_lacks_a_record(patch: pytest.MonkeyPatch) -> None:
    """What a listing lacks is taken for gone without asking for it."""
    patch.setattr(sweeping, "confirmed_gone", lambda run, emap, system, ids: list(ids))


def sweeps_and_does_nothing(patch: pytest.MonkeyPatch) -> None:
    """What is gone in a system that tells of no deletes stays linked."""
    patch.setattr(sweeping, "_sweep", lambda *given: None)


def passes_deletes_on_where_nobody_said_so(patch: pytest.MonkeyPatch) -> None:
    """A delete is passed on to every system."""
    init = EntityMap.__init__

    def wrong(self: Any, **given: Any) -> None:
        init(self, **given)
        self.deletes = frozenset(given["specs"])

    patch.setattr(EntityMap, "__init__", wrong)


def merges_what_a_guard_stopped(patch: pytest.MonkeyPatch) -> None:
    """A stop is reported after what was read has been merged and written."""
    patch.setattr(Watch, "stopped", lambda self: False)


def writes_while_a_stop_waits(patch: pytest.MonkeyPatch) -> None:
    """A stop is reported, and written is all the same."""
    enforce = cycles.enforce
    patch.setattr(cycles, "enforce", lambda run: enforce(run) and set())


def plans_without_what_comes_of_a_write(patch: pytest.MonkeyPatch) -> None:
    """In the plan, a record that is made cannot be written again."""
    patch.setattr(RehearsalAdapter, "fetch", lambda self, spec, ids: self._real.fetch(spec, ids))


FOUND: list[Plant] = [
    believes_what_it_sent,
    fights_the_spelling,
    forgets_the_loser,
    ignores_deletes,
]


class Searched(Machine):
    store_kind = PlainStore


@pytest.mark.parametrize("plant", FOUND, ids=lambda plant: plant.__name__)
def test_the_search_finds(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):  # whichever guarantee breaks first
        seed(1)(lambda: run_state_machine_as_test(Searched, settings=SEARCH))()


def another_edits_the_same_field_just_before_the_write(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.world.at("erp update", lambda: machine.edit("erp", "m1", "note", "bob"))
    machine.cycle(None, [])


def a_record_is_archived_while_the_answer_to_its_create_is_lost(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.world.at("fin create", lambda: machine.arm("fin", ["lost"]))
    machine.world.at("fin create done", lambda: machine.archive("fin", "m1"))
    machine.cycle(None, [])
    machine.cycle(None, [])


def killed_after_a_write_and_edited_again(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.world.at("erp update done", machine.world.kill)
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.cycle(None, [])
    assert not machine.conflicts(), "what bridge wrote was taken for a user's edit"


def a_system_cannot_be_read_at_first(machine: Machine) -> None:
    machine.begin([("crm", "m1"), ("erp", "m1")])
    machine.arm("erp", ["none", "transient"])
    machine.cycle(None, [])
    assert not machine.systems["fin"].rows


def somebody_edits_after_a_lost_answer(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.world.at("erp update", lambda: machine.arm("erp", ["lost"]))
    machine.world.at("erp update done", lambda: machine.edit("erp", "m1", "note", "bob"))
    machine.cycle(None, [])


def killed_half_way_through_a_write(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.world.at("fin half written", machine.world.kill)
    machine.cycle(None, [])
    machine.cycle(None, [])
    assert machine.agreed("m1", "note") == "n1"


def killed_after_a_page(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.edit("crm", "m1", "note", "ana")
    machine.wait(60)  # longer ago than what is read again in any case
    machine.world.at("after read", machine.world.kill)
    machine.cycle(None, [])


def another_field_is_edited_where_names_are_spelled_otherwise(machine: Machine) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.wait(60)
    machine.edit("erp", "m1", "note", "ana")


def a_person_parts_two_with_the_same_mail(machine: Anyone) -> None:
    machine.begin([("crm", "m1")])
    machine.cycle(None, [])
    machine.say("unlink", "erp", 0, 0)


def a_parent_is_parted(machine: Anyone) -> None:
    machine.begin([("crm", "m2"), ("fin", "m1"), ("fin", "m2")])
    machine.adopt("fin", "m2", "m1")
    machine.cycle(None, [])
    (parent,) = (n for n, row in enumerate(machine.systems["crm"].rows.values()) if row.values["mail"] == "m1")
    machine.say("unlink", "crm", parent, 0)


def one_that_may_be_either_of_two_is_entered(machine: Anyone) -> None:
    machine.begin([("crm", "m1"), ("fin", "m1")])
    machine.arm("erp", ["none", "transient"])
    machine.cycle(None, [])
    machine.say("split", "fin", 0, 0)
    machine.insert("erp", "m1", "ana")
    machine.wait(60)
    machine.cycle(None, [])
    assert len(machine.systems["erp"].rows) == 1, "made beside one that a person is asked about"


def users_merge_two(machine: Anyone) -> None:
    machine.begin([("crm", "m1"), ("crm", "m2")])
    machine.cycle(None, [])
    machine.merge("crm", 0, 1)
    machine.cycle(None, [])
    assert machine.agreed("m1", "name") == "ana"
    with machine.store.begin() as uow:
        assert len(machine._goldens(uow)) == 1, "one is left, which is two at bridge"


def a_person_says_that_two_are_one(machine: Anyone) -> None:
    machine.begin([("crm", "m1"), ("erp", "m2")])
    machine.arm("fin", ["none", "transient"])  # so that nothing is made yet
    machine.cycle(None, [])
    machine.unite(0, 1)
    with machine.store.begin() as uow:
        assert len(machine._goldens(uow)) == 1


def two_are_each_others_parents(machine: Anyone) -> None:
    machine.begin([("crm", "m1"), ("crm", "m2")])
    machine.adopt("crm", "m1", "m2")
    machine.adopt("crm", "m2", "m1")
    machine.planned_cycle()


def one_of_three_is_deleted(machine: Machine) -> None:
    machine.begin([("crm", "m1"), ("crm", "m2"), ("crm", "m3")])
    machine.cycle(None, [])
    machine.wait(60)
    machine.cycle(None, [])
    machine.remove("erp", "m1")


def one_of_three_is_hidden(machine: Machine) -> None:
    machine.begin([("crm", "m1"), ("crm", "m2"), ("crm", "m3")])
    machine.cycle(None, [])
    machine.wait(60)
    machine.cycle(None, [])
    machine.archive("erp", "m1")


def _all_ranks_change(machine: GuardedMachine) -> None:
    machine.begin([("crm", "m1"), ("crm", "m2"), ("crm", "m3")])
    machine.run()
    machine.wait(60)
    machine.run()
    for mail in ("m1", "m2", "m3"):
        machine.edit("crm", mail, "rank", "ana")


def three_of_three_change_at_once(machine: GuardedMachine) -> None:
    _all_ranks_change(machine)
    assert machine.run().stopped, "an accident was merged"


def another_edits_while_a_stop_waits(machine: GuardedMachine) -> None:
    _all_ranks_change(machine)
    machine.edit("fin", "m1", "note", "bob")
    machine.run()
    machine.run()


class Anyone(Planned, People):
    store_kind = PlainStore


class Swept(SweptMachine):
    store_kind = PlainStore


SHOWN: list[tuple[Plant, History, type[Machine]]] = [
    (overwrites_what_it_has_not_seen, another_edits_the_same_field_just_before_the_write, Searched),
    (repeats_without_looking, a_record_is_archived_while_the_answer_to_its_create_is_lost, Searched),
    (sends_before_it_notes, killed_after_a_write_and_edited_again, Searched),
    (creates_before_it_has_read_all, a_system_cannot_be_read_at_first, Searched),
    (takes_a_lost_answer_for_a_good_one, somebody_edits_after_a_lost_answer, Searched),
    (takes_every_write_for_one_transaction, killed_half_way_through_a_write, Searched),
    (saves_the_cursor_first, killed_after_a_page, Searched),
    (lets_the_last_reader_win, another_field_is_edited_where_names_are_spelled_otherwise, Searched),
    (brings_back_what_was_parted, a_person_parts_two_with_the_same_mail, Anyone),
    (makes_the_parted_record_its_own_again, a_person_parts_two_with_the_same_mail, Anyone),
    (leaves_the_children_of_a_parted_record, a_parent_is_parted, Anyone),
    (makes_what_a_person_is_asked_about, one_that_may_be_either_of_two_is_entered, Anyone),
    (takes_a_merge_for_a_delete, users_merge_two, Anyone),
    (forgets_what_the_loser_said, a_person_says_that_two_are_one, Anyone),
    (plans_without_what_comes_of_a_write, two_are_each_others_parents, Anyone),
    (sweeps_and_does_nothing, one_of_three_is_deleted, Swept),
    (believes_a_listing_that_lacks_a_record, one_of_three_is_hidden, Swept),
    (passes_deletes_on_where_nobody_said_so, one_of_three_is_deleted, Searched),
    (merges_what_a_guard_stopped, three_of_three_change_at_once, GuardedMachine),
    (writes_while_a_stop_waits, another_edits_while_a_stop_waits, GuardedMachine),
]


def go_through(history: History, kind: type[Machine]) -> None:
    machine = kind()
    history(machine)
    machine.one_record_for_one_golden()
    machine.teardown()
    machine.one_record_for_one_golden()


@pytest.mark.parametrize(("plant", "history", "kind"), SHOWN, ids=lambda value: value.__name__)
def test_a_history_shows(plant: Plant, history: History, kind: type[Machine], monkeypatch: pytest.MonkeyPatch) -> None:
    go_through(history, kind)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        go_through(history, kind)
