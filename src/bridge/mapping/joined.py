"""Transforms over several native fields: lines that share them, words that make one meaning together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from bridge.canonical.text import as_text, clean
from bridge.canonical.values import InvalidValue, Plain
from bridge.mapping.pairs import Transform

SEPARATOR: Final = " | "
"""Between lines that have to share the last field, where there are more lines than fields."""


def join_lines(paths: int, arguments: Sequence[str]) -> Transform:
    """One line per native field, top to bottom; where there are more lines, the last field takes the rest.

    The rest is joined with " | " and taken apart again when read, so that no line is lost. A line that holds the
    separator itself cannot be told apart, and is reported instead of written.
    """
    if arguments:
        raise ValueError("takes no arguments")

    def read(*values: Plain) -> Plain:
        lines: list[str | None] = []
        for value in values:
            shown = as_text(value)
            if shown is not None:
                pieces = shown.split(SEPARATOR) if paths > 1 else [shown]
                lines.extend(clean(line) for piece in pieces for line in piece.split("\n"))
        return "\n".join(line for line in lines if line) or None

    def write(value: object) -> Sequence[Plain]:
        lines = [line for line in map(clean, value.split("\n")) if line] if isinstance(value, str) else []
        if paths == 1:
            return ("\n".join(lines) or None,)
        if any(_confusing(line) for line in lines):
            raise InvalidValue("transform", f"a line holds '{SEPARATOR.strip()}', which separates lines in this system")
        head, rest = lines[: paths - 1], lines[paths - 1 :]
        return (*head, *[None] * (paths - 1 - len(head)), SEPARATOR.join(rest) or None)

    return Transform(read, write, types=frozenset({"text", "longtext"}))


def _confusing(line: str) -> bool:
    """Whether a line would be taken apart when read back, alone or next to another one."""
    bar = SEPARATOR.strip()
    return SEPARATOR in line or line.startswith(f"{bar} ") or line.endswith(f" {bar}") or line == bar


STAGE: Final = " + "
"""Between the words of `stages`, as between the native fields that they come from."""


def stages(paths: int, arguments: Sequence[str]) -> Transform:
    """A status that the system keeps in several fields: `state+delivery_status` reads as "sale + full".

    The arguments are words that say nothing and are left out: with stages(pending), "sale" and "pending" read as
    "sale". Only the first field is ever written, with the first word: what is shipped is said by the system itself.
    """
    if paths == 1:
        raise ValueError("takes several native fields joined by +, the one that is written first")
    quiet = {word.casefold() for word in arguments}

    def read(*values: Plain) -> Plain:
        first, *others = [as_text(value) for value in values]
        said = [word for word in others if word is not None and word.casefold() not in quiet]
        return None if first is None else STAGE.join([first, *said])

    def write(value: object) -> Sequence[Plain]:
        first = value.split(STAGE)[0] if isinstance(value, str) else None
        return (first, *[None] * (paths - 1))

    return Transform(read, write, lossy=True, types=frozenset({"choice", "text"}), silent=True, joined=True)


def together(paths: int, arguments: Sequence[str]) -> Transform:
    """One meaning that the system keeps in several fields, all of which are written: `type+is_storable` reads as
    "consu + true", and `values` says what that means."""
    if paths == 1:
        raise ValueError("takes several native fields joined by +")
    if arguments:
        raise ValueError("takes no arguments")

    def read(*values: Plain) -> Plain:
        words = [_word(value) for value in values]
        return STAGE.join(words) if any(words) else None

    def write(value: object) -> Sequence[Plain]:
        words = value.split(STAGE) if isinstance(value, str) else [""] * paths
        if len(words) != paths:
            raise InvalidValue("transform", f"not made of {paths} words joined by '{STAGE.strip()}'")
        return tuple(_YES_NO.get(word, word or None) for word in words)

    return Transform(read, write, types=frozenset({"choice", "text", "boolean"}), joined=True)


_YES_NO: Final[Mapping[str, Plain]] = {"true": True, "false": False}


def _word(value: Plain) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value) or ""
