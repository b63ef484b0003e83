"""Two stores that are told and asked the same, and must say the same: the plain one and a real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any

from bridge.ports.work import Link
from bridge.store.database import Database, memory_store
from support.plain_store import PlainStore


class TwinStore:
    """A `bridge.ports.storage.Store`: what is said is said to both, what is asked is asked of both and compared."""

    def __init__(self, real: Database | None = None) -> None:
        self.real, self.plain = real or memory_store(), PlainStore()
        self.listing = self.real.listing

    @contextmanager
    def begin(self) -> Iterator[TwinUnitOfWork]:
        with ExitStack() as both:
            yield TwinUnitOfWork(both.enter_context(self.real.begin()), both.enter_context(self.plain.begin()))

    def copied(self) -> PlainStore:
        return self.plain.copied()


class TwinUnitOfWork:
    def __init__(self, real: Any, plain: Any) -> None:
        self._real, self._plain = real, plain

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def both(*given: Any, **named: Any) -> Any:
            given = tuple(list(one) if isinstance(one, Iterator) else one for one in given)  # both are to see all of it
            said = getattr(self._real, name)(*given, **named)
            said = list(said) if isinstance(said, Iterator) else said
            other = getattr(self._plain, name)(*given, **named)
            assert _form(said) == _form(other), f"{name}{given} is {_form(said)} and {_form(other)}"
            return said

        return both


def _form(said: Any) -> Any:
    """What is compared: the order of rows that nobody asked an order for says nothing."""
    if isinstance(said, Link):
        return replace(said, since=None)
    if isinstance(said, dict):
        return {key: _form(value) for key, value in said.items()}
    if isinstance(said, list):
        return sorted((_form(one) for one in said), key=repr) if said and not isinstance(said[0], str) else sorted(said)
    return said
