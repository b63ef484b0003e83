"""What users said and did: the last word of each on each field, what was moved, what was deleted.

Whatever bridge does, it has to answer for these in the end.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

Place = tuple[str, str, str]
"""(system, entity, native id)."""


@dataclass(frozen=True)
class Word:
    """A user's last word on a field: `value` in canonical form; `cycle` the last one that had begun when it was said.

    member: of a group; empty for a plain field.
    """

    place: Place
    unit: str
    member: str
    value: str | None
    cycle: int

    def __str__(self) -> str:
        system, entity, native_id = self.place
        name = f"{self.unit}.{self.member}" if self.member else self.unit
        return f"{system} {entity} {native_id} {name} = {self.value!r} (said before cycle {self.cycle + 1})"


@dataclass
class Ledger:
    """words: place, unit, member -> the last word. removed: records that a user deleted. moved: SKU -> sum of all
    movements that users made. made: entity -> what it is known by to people (tax number, SKU ...), for duplicates."""

    words: dict[tuple[Place, str, str], Word] = field(default_factory=dict)
    removed: set[Place] = field(default_factory=set)
    moved: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    edits: int = 0

    def say(self, place: Place, unit: str, value: str | None, cycle: int) -> None:
        """Note a word. unit: "name", or "billing_address.city" for a member of a group."""
        name, _, member = (unit, "", "") if "[" in unit else unit.partition(".")
        self.words[place, name, member] = Word(place, name, member, value, cycle)
        self.edits += 1

    def remove(self, place: Place) -> None:
        """A user deleted the record: nobody will hear the last words on it any more."""
        self.removed.add(place)
        for key in [key for key in self.words if key[0] == place]:
            del self.words[key]

    def rename(self, old: Place, new: Place) -> None:
        """The record goes on under another id, with all that was said of it."""
        for key in [key for key in self.words if key[0] == old]:
            word = self.words.pop(key)
            self.words[new, word.unit, word.member] = Word(new, word.unit, word.member, word.value, word.cycle)

    def heard(self) -> None:
        """Everything said so far was found to be heard."""
        self.words.clear()
