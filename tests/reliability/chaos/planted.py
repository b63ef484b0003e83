"""Workers with a planted bug, to prove that the checks can fail: `python -m reliability.chaos.planted BUG run`.

`forgets_work` is found by every run. The others need luck, or a machine that is quick enough for many calls: what they
break is proven by tests/store/test_workers.py and tests/model/test_together.py, where the moment can be chosen.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from typing import Any
from unittest import mock
from zlib import crc32

from bridge.engine import meter, sharing
from bridge.entrypoints.cli import main
from bridge.ports.storage import UnitOfWork
from bridge.store.queue import Queue


def _own_budget() -> None:
    """Each worker keeps to the budget as if it were alone with it."""
    mine: dict[str, Any] = {}

    def budget(self: UnitOfWork, system: str) -> Any:
        return mine.get(system)

    def save(self: UnitOfWork, system: str, body: Any) -> None:
        mine[system] = dict(body)

    mock.patch("bridge.store.database.SqlUnitOfWork.budget", budget).start()
    mock.patch("bridge.store.database.SqlUnitOfWork.save_budget", save).start()
    assert meter.BLOCK


def _forgotten_claims() -> None:
    """What a killed worker had claimed is thrown away, in place of being looked up."""
    reclaim = Queue.reclaim

    def forget(self: Any, now: datetime, *, owner: str | None = None, place: tuple[str, str] | None = None) -> int:
        number = reclaim(self, now, owner=owner, place=place)
        if place is not None:
            self.connection.exec_driver_sql("DELETE FROM outbox WHERE state IN ('in_doubt')")
        return number

    mock.patch.object(Queue, "reclaim", forget).start()


def _no_leases() -> None:
    """Everybody works everywhere."""
    mock.patch.object(sharing.Workers, "take", return_value=True).start()


def _forgets_work() -> None:
    """Of one record in four the finance system is never told."""
    enqueue = Queue.enqueue

    def some(self: Any, entity: str, rows: Any, at: datetime, *, anew: bool = True) -> int:
        kept = [row for row in rows if row[0] != "fin" or crc32(row[1].encode()) % 4]
        return enqueue(self, entity, kept, at, anew=anew)

    mock.patch.object(Queue, "enqueue", some).start()


PLANTS: dict[str, Callable[[], None]] = {
    "forgets_work": _forgets_work,
    "own_budget": _own_budget,
    "forgotten_claims": _forgotten_claims,
    "no_leases": _no_leases,
}


if __name__ == "__main__":
    PLANTS[sys.argv.pop(1)]()
    main()
