"""Where in which file a mapping says what: positions and findings.

A position is that of the YAML node: line and column count from one, as editors do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from rapidfuzz.distance import OSA

Level = Literal["error", "warning"]
Steps = tuple[str | int, ...]

_LETTERS_PER_SLIP = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong, or odd, in a mapping file. `where` names the entry: "fields.email.transform"."""

    level: Level
    file: str
    line: int
    column: int
    where: str
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        mark = "" if self.level == "error" else "warning: "
        return f"{place} {self.where}: {mark}{self.message}" if self.where else f"{place}: {mark}{self.message}"


@dataclass(frozen=True, slots=True)
class Source:
    """A file and the positions of its entries: path of keys -> (line, column) of the key."""

    file: str
    keys: Mapping[Steps, tuple[int, int]] = field(default_factory=dict, repr=False)
    values: Mapping[Steps, tuple[int, int]] = field(default_factory=dict, repr=False)

    @classmethod
    def nowhere(cls, entity: str) -> Source:
        """For a mapping that was built in memory."""
        return cls(f"<{entity}>")

    def finding(self, level: Level, steps: Steps, message: str, *, at_value: bool = False, offset: int = 0) -> Finding:
        """A finding at an entry, or at the nearest entry around it that the file really has.

        offset: characters into a value, for a mistake in the middle of it.
        """
        known = steps
        table = self.values if at_value else self.keys
        while known and known not in table:
            known = known[:-1]
        line, column = table.get(known, (1, 1) if self.keys else (0, 0))
        shift = offset if known == steps else 0
        return Finding(level, self.file, line, column + shift, dotted(steps), message)


def dotted(steps: Iterable[str | int]) -> str:
    """fields.email, identity.match[0].same"""
    shown = ""
    for step in steps:
        shown += f"[{step}]" if isinstance(step, int) else f".{step}" if shown else step
    return shown


NOT_UTF8: Final = "it is not UTF-8 text: save it as UTF-8 in your editor"
NOT_READABLE: Final = "it cannot be opened: let the user that runs bridge read it"


def undecodable(error: UnicodeDecodeError) -> tuple[int, int]:
    """Line and column of the first byte that is no UTF-8."""
    before = bytes(error.object[: error.start]).decode("utf-8")
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1


def suggest(word: str, known: Iterable[str]) -> str:
    """', did you mean …?' if one of the known words is alike, else ''."""
    slips = {choice: OSA.distance(word.lower(), choice.lower()) for choice in sorted(set(known))}
    nearest = min(slips, key=lambda choice: slips[choice], default="")
    allowed = max(1, len(word) // _LETTERS_PER_SLIP)
    return f", did you mean '{nearest}'?" if nearest and slips[nearest] <= allowed else ""
