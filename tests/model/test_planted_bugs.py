"""The model test must be able to fail: each bug planted here, one that other tools have had, is caught by it.

Bugs that show at once are found by the search itself. Those that need one thing to happen at one moment would take it
minutes, so their history is written down, and the same machine with the same checks goes through it: once as bridge is,
which must pass, and once with the bug.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bridge.engine import absorb as absorbing
from bridge.engine import ingest
from bridge.engine import work as working
from bridge.engine.merge import form as forms
from bridge.engine.merge import observe as observing
from bridge.engine.outbox import deliver, doubt, send
from bridge.engine.outbox import settle as settling
from bridge.store import journal as journals
from bridge.store import queue, records
from model.machine import Machine

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
History = Callable[[Machine], None]


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
    patch.setattr(deliver, "_refresh", lambda run, emap, system, tasks, able: tasks)
    update = send.UpdateItem
    patch.setattr(send, "UpdateItem", lambda native_id, values, expected, *rest: update(native_id, values, None, *rest))


def repeats_without_looking(patch: pytest.MonkeyPatch) -> None:
    """A create whose answer was lost is sent again without looking whether it is there."""
    patch.setattr(doubt, "_look_up", lambda adapter, emap, system, entries: {entry.id: [] for entry in entries})


def sends_before_it_notes(patch: pytest.MonkeyPatch) -> None:
    """Nothing is on record about a write when it goes out."""
    patch.setattr(queue.Queue, "save_intents", lambda self, rows: list(rows))


def forgets_the_loser(patch: pytest.MonkeyPatch) -> None:
    """Conflicts are decided, and the value that lost is kept nowhere."""
    patch.setattr(journals.Journal, "save_conflicts", lambda self, rows: list(rows))


def creates_before_it_has_read_all(patch: pytest.MonkeyPatch) -> None:
    """Records are created while a system has not been read to the end."""
    flag = journals.Journal.flag

    def wrong(self: Any, name: str) -> str | None:
        return "crm,erp,fin" if name == working.armed_flag("customer") else flag(self, name)

    patch.setattr(journals.Journal, "flag", wrong)
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
    shadows = records.Records.shadows
    patch.setattr(records.Records, "shadows", lambda self, system, entity, ids: shadows(self, system, entity, []))


FOUND: list[Plant] = [
    believes_what_it_sent,
    fights_the_spelling,
    forgets_the_loser,
    ignores_deletes,
    lets_the_last_reader_win,
]


@pytest.mark.parametrize("plant", FOUND, ids=lambda plant: plant.__name__)
def test_the_search_finds(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):  # whichever guarantee breaks first
        seed(1)(lambda: run_state_machine_as_test(Machine, settings=SEARCH))()


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


SHOWN: list[tuple[Plant, History]] = [
    (overwrites_what_it_has_not_seen, another_edits_the_same_field_just_before_the_write),
    (repeats_without_looking, a_record_is_archived_while_the_answer_to_its_create_is_lost),
    (sends_before_it_notes, killed_after_a_write_and_edited_again),
    (creates_before_it_has_read_all, a_system_cannot_be_read_at_first),
    (takes_a_lost_answer_for_a_good_one, somebody_edits_after_a_lost_answer),
    (takes_every_write_for_one_transaction, killed_half_way_through_a_write),
    (saves_the_cursor_first, killed_after_a_page),
]


def go_through(history: History) -> None:
    machine = Machine()
    history(machine)
    machine.one_record_for_one_golden()
    machine.teardown()
    machine.one_record_for_one_golden()


@pytest.mark.parametrize(("plant", "history"), SHOWN, ids=lambda value: value.__name__)
def test_a_history_shows(plant: Plant, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    go_through(history)
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        go_through(history)
