"""The loop breaker at work on a page: the history of the records that moved, in one statement, and what follows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from bridge.engine.merge.loops import broken, reach
from bridge.engine.merge.observe import Outcome
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.errors import LoopBroken
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden, HistoryRow


def break_loops(
    run: Run, uow: UnitOfWork, emap: EntityMap, system: str, seen: Sequence[tuple[Outcome, Golden]]
) -> Iterator[tuple[Outcome, Golden]]:
    """What a page came to, with the golden record before; units that go round and round are frozen in it."""
    loop, around = run.runtime.pace.loop, run.around()
    moved = [golden.id for outcome, golden in seen if outcome.history]
    known: dict[str, list[HistoryRow]] = defaultdict(list)
    for row in uow.history_since(emap.entity, moved, reach(loop, around.now)):
        known[row.golden_id].append(row)
    for outcome, before in seen:
        if before.id in known:
            outcome, frozen = broken(emap, outcome, before, known[before.id], loop, around)
            for name in frozen:
                _report(run, emap, system, name, before.id)
        yield outcome, before


def _report(run: Run, emap: EntityMap, system: str, unit: str, golden_id: str) -> None:
    loop = run.runtime.pace.loop
    minutes = round(loop.within.total_seconds() / 60)
    words = f"{unit} was changed back and forth between systems more than {loop.flips} times in {minutes} minutes"
    run.report.trouble(LoopBroken(words, system=system), system, emap.entity, golden_id)
