"""Unmake: delete in the target what a migration made there and nobody has touched since, children before parents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from bridge.engine.cycle import look_up_doubts
from bridge.engine.migrate.way import Way
from bridge.engine.outbox.deliver import deliver
from bridge.engine.plan.undo import Remove
from bridge.engine.runtime import Run
from bridge.engine.undo import undo
from bridge.engine.work import enqueue_due


def unmake(run: Run, way: Way, undone: str, steps: Sequence[Remove]) -> None:
    """Delete these records. In place of the cycle's `write`. undone: the run that made them."""
    undo(run, undone, steps)
    ids: dict[str, list[str]] = defaultdict(list)
    for step in steps:
        ids[step.entity].append(step.golden_id)
    size = run.runtime.pace.page
    for entity, emap in reversed(list(way.maps(run.runtime.maps).items())):
        for start in range(0, len(ids[entity]), size):
            with run.store.begin() as uow:
                enqueue_due(run, uow, emap, ids[entity][start : start + size], only=way.target)
            if way.target not in run.down:
                deliver(run, emap, way.target)
                look_up_doubts(run, [way.target])
