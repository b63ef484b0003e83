"""Levels of the contract: an adapter that only reads is tested for what it reads (see `bridge.ports.kind.LEVELS`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from bridge.ports.kind import LEVELS, Level

Test = TypeVar("Test", bound=Callable[..., None])
_MARK = "contract_level"


def at(level: Level) -> Callable[[Test], Test]:
    """This test belongs to this level; one without a word belongs to `reads`."""

    def marked(test: Test) -> Test:
        setattr(test, _MARK, level)
        return test

    return marked


def level_of(test: object) -> Level:
    """The level that a test belongs to."""
    found: Level = getattr(test, _MARK, "reads")
    return found


def each_test(suite: type[Any]) -> Iterator[tuple[str, Level]]:
    """The tests of a suite by name, each with its level; those that a class leaves out are not among them."""
    for name in dir(suite):
        test = getattr(suite, name)
        if name.startswith("test_") and callable(test):
            yield name, level_of(test)


def leave_out_above(suite: type[Any], level: Level) -> None:
    """Take the tests of higher levels out of a suite: pytest then does not collect them."""
    for name, of in list(each_test(suite)):
        if LEVELS.index(of) > LEVELS.index(level):
            setattr(suite, name, None)
