"""The model test must be able to fail: each bug planted here, one that other tools have had, is caught by it."""

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
from bridge.engine.outbox import deliver, doubt
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
    update = deliver.UpdateItem
    patch.setattr(deliver, "UpdateItem", lambda native_id, values, expected, key: update(native_id, values, None, key))


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
    patch.setattr(doubt, "Written", lambda golden_id, intent, answered: absorbing.Written(golden_id, intent, True))


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


BUGS: list[Plant] = [
    believes_what_it_sent,
    fights_the_spelling,
    overwrites_what_it_has_not_seen,
    repeats_without_looking,
    sends_before_it_notes,
    forgets_the_loser,
    creates_before_it_has_read_all,
    takes_a_lost_answer_for_a_good_one,
    saves_the_cursor_first,
    ignores_deletes,
    lets_the_last_reader_win,
]


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_the_model_catches(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):  # whichever guarantee breaks first
        seed(1)(lambda: run_state_machine_as_test(Machine, settings=SEARCH))()
