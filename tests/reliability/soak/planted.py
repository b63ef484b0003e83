"""Bugs that other tools have had, planted to show that the soak sees them: each breaks one promise.

python -m reliability.soak --brief --days 1 --seed 1 --plant forgets_the_loser
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from bridge.engine import cycle
from bridge.engine.merge.form import Form
from bridge.engine.outbox import failure, settle
from bridge.engine.outbox.reaction import after_error
from bridge.ports.errors import InDoubt
from bridge.store.journal import Journal


@contextmanager
def forgets_the_loser() -> Iterator[None]:
    """Conflicts are decided, and the value that lost is kept nowhere."""
    with patch.object(Journal, "save_conflicts", lambda self, rows: list(rows)):
        yield


@contextmanager
def fights_the_spelling() -> Iterator[None]:
    """A system's own spelling of a value counts as a difference."""

    def wrong(self: Any, unit: Any, golden: Any, base: Any, echo: Any) -> bool:
        due = self.write(unit, golden)
        return due is not None and all(path in base and base[path] == value for path, value in due.items())

    with patch.object(Form, "in_step", wrong):
        yield


@contextmanager
def takes_silence_for_success() -> Iterator[None]:
    """A write without an answer is taken for done."""

    def wrong(entry: Any, error: Any, *rest: Any) -> Any:
        settlement = after_error(entry, error, *rest)
        return replace(settlement, state=None) if isinstance(error, InDoubt) else settlement

    with patch.object(failure, "after_error", wrong), patch.object(settle, "after_error", wrong):
        yield


@contextmanager
def writes_where_it_has_not_read() -> Iterator[None]:
    """A system that answers again while a run waits gets new records, and nobody has looked what is there by now."""
    persist = cycle._persist

    def wrong(*given: Any) -> None:
        with patch.object(cycle, "read", lambda run, emap, system: None):
            persist(*given)

    with patch.object(cycle, "_persist", wrong):
        yield


PLANTS: dict[str, Callable[[], Any]] = {
    plant.__name__: plant
    for plant in (forgets_the_loser, fights_the_spelling, takes_silence_for_success, writes_where_it_has_not_read)
}
