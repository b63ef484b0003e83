"""What a transform is: a pair of functions between native values and the form in which a field's type reads them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bridge.canonical.values import Normal, Plain

_CALL: Final = re.compile(r"(?P<name>[a-z_][a-z0-9_]*)\s*(\((?P<arguments>[^()]*)\))?")


@dataclass(frozen=True, slots=True)
class Transform:
    """What a transform does, bound to its arguments and the number of native paths.

    read: native values in the order of the paths -> one plain value, which the field type then parses.
    write: the plain value that the field type wrote -> native values, one for each path; None if there is no way back.
    types: the field types it makes sense for; empty for any.
    whole: it reads and writes a dict of a group's members instead of one value.
    silent: of several paths all but the first are only read.
    joined: the plain value is made of a word from each path, with " + " between them.
    """

    read: Callable[..., Plain | dict[str, Normal]]
    write: Callable[[Plain | Mapping[str, Normal]], Sequence[Plain]] | None
    lossy: bool = False
    types: frozenset[str] = frozenset()
    whole: bool = False
    silent: bool = False
    joined: bool = False


Maker = Callable[[int, Sequence[str]], Transform]
"""Makes a transform for a number of native paths and its arguments; raises ValueError with a sentence if it cannot."""


def parse_call(shown: str) -> tuple[str, tuple[str, ...]]:
    """'scale(2)' -> ('scale', ('2',)). Raises ValueError."""
    parts = _CALL.fullmatch(shown.strip())
    if parts is None:
        raise ValueError(f"'{shown}' is no transform; write a name, or a name with arguments, as scale(2)")
    arguments = parts["arguments"]
    return parts["name"], tuple(word.strip() for word in arguments.split(",")) if arguments else ()


def one_path(paths: int, arguments: Sequence[str], takes: int = 0) -> None:
    """See to it that a transform stands on one native field and has its arguments. Raises ValueError."""
    if paths != 1:
        raise ValueError("takes one native field, not several joined by +")
    if len(arguments) != takes:
        raise ValueError(f"takes {takes or 'no'} argument{'' if takes == 1 else 's'}, not {len(arguments)}")


def plain_value(value: object) -> Plain:
    """The plain value of a field (a group has `whole` transforms only)."""
    return value if isinstance(value, (bool, int, str, list)) else None
