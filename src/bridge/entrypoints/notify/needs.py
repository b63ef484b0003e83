"""What needs a person at the moment, in figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

from bridge.engine.pausing import paused
from bridge.engine.plan.notices import Needs
from bridge.engine.rhythms import rhythms
from bridge.engine.stops import all_stops
from bridge.store.database import SqlUnitOfWork


def needs_in(uow: SqlUnitOfWork, systems: Collection[str]) -> Needs:
    """All that the store knows of. A pause that a person made needs nobody."""
    counts = uow.queue_counts().items()
    return {
        "stopped": Counter((s.system, s.entity) for s in all_stops(uow) if s.approved is None and s.system in systems),
        "paused": {(system, ""): 1 for system, pause in paused(uow, systems).items() if not pause.by_person},
        "dead": {(system, entity): number for (system, entity, state), number in counts if state == "dead"},
        "held": {("", entity): number for (entity, state), number in uow.conflict_counts().items() if state == "held"},
        "review": {(system, entity): number for (entity, system), (number, _) in uow.review_counts().items()},
        "nothing_new": {p: 1 for p, one in rhythms(uow).items() if one.told is not None and p[0] in systems},
    }


def needs_of_daemon(*, fault: bool, refused: int) -> Needs:
    """What the daemon alone knows. fault: whether it cannot work. refused: problems of changed files."""
    return {"fault": {("", ""): 1} if fault else {}, "reload": {("", ""): refused} if refused else {}}
