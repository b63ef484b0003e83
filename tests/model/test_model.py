"""G1 to G4 as a hypothesis state machine over three systems, with crashes, lost answers and edits inside a cycle."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

from model.machine import DeletingMachine, Machine

EXAMPLES = int(os.environ.get("BRIDGE_MODEL_EXAMPLES", "40"))


SETTINGS = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    # A failure is shrunk only on demand: that can take far longer than the test itself.
    phases=tuple(Phase) if "BRIDGE_MODEL_SHRINK" in os.environ else (Phase.explicit, Phase.reuse, Phase.generate),
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)


class TestModel(Machine.TestCase):
    settings = SETTINGS


class TestModelWithDeletes(DeletingMachine.TestCase):
    settings = SETTINGS
