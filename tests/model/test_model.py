"""G1 to G4 and G9 as a hypothesis state machine over three systems, with crashes, lost answers, edits inside a cycle,
deletes, and with persons and users who say what is the same as what.

It runs on a plain store (`support.plain_store`), a dozen times as quick as a database; that this says what the real
ones say is checked by the same histories in tests/store/test_plain_store.py. `BRIDGE_MODEL_EXAMPLES` and
`BRIDGE_MODEL_STEPS` set the number of histories of each machine and their length (12,500 and 40 in `make soak`).
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from model.machine import Machine, SweptMachine
from model.people import DeletingPeople, People
from model.planned import Planned
from support.plain_store import PlainStore

EXAMPLES = int(os.environ.get("BRIDGE_MODEL_EXAMPLES", "60"))
SAME = "BRIDGE_MODEL_EXAMPLES" not in os.environ
"""`make test` goes through the same histories every time; at length (`make soak`) they are new ones."""
SETTINGS = settings(
    max_examples=EXAMPLES,
    derandomize=SAME,
    stateful_step_count=int(os.environ.get("BRIDGE_MODEL_STEPS", "25")),
    # A failure is shrunk only on demand: that can take far longer than the test itself.
    phases=tuple(Phase) if "BRIDGE_MODEL_SHRINK" in os.environ else (Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


class OnPlainStore(Planned, People):
    store_kind = PlainStore


class Deleting(Planned, DeletingPeople):
    store_kind = PlainStore


class Swept(Planned, People, SweptMachine):
    store_kind = PlainStore


class TestModel(OnPlainStore.TestCase):
    settings = SETTINGS


class TestModelWithDeletes(Deleting.TestCase):
    settings = SETTINGS


class TestModelWithSweeps(Swept.TestCase):
    settings = SETTINGS


def test_nothing_is_made_in_a_system_that_was_not_read_when_it_answers_again_within_the_run() -> None:
    """The same customer is entered in two systems, one of which cannot be read at first: it is met, not made twice."""
    machine = Machine()
    machine.begin([("erp", "m1")])
    machine.run()
    machine.insert("erp", "m2", "ana")
    machine.insert("crm", "m2", "ana")
    machine.arm("crm", ["none", "transient"])  # lets bridge in, and does not answer when it is read
    machine.world.at("fin create", lambda: machine.arm("fin", ["busy"]))  # so that the run waits a moment
    machine.run(patience=5)
    machine.run()
    rows = [row for row in machine.systems["crm"].rows.values() if row.values.get("mail") == "m2"]
    assert len(rows) == 1
    machine.teardown()
