"""Sketches of many values in little memory: how many different ones, how many twice, and which are the most frequent.

They keep at most so many entries whatever comes; beyond that the counts are estimates. Values are kept as hashes, but
for the words of a list of choices, which are nobody's personal data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

KEPT = 8192
"""Values of a field: an estimate from the half of that many is off by a fiftieth or so. A megabyte for each field."""

WORDS = 200


class Sketch:
    """How many different values came, and how many came more than once.

    Counts exactly up to `kept` different values. Then only hashes that end in enough zeros are kept, which is a fair
    sample, and the counts are scaled up.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._step = 1
        self._counts: dict[int, int] = {}

    def add(self, value: str) -> None:
        """One value came."""
        mark = int.from_bytes(blake2b(value.encode(), digest_size=8).digest())
        if mark % self._step:
            return
        self._counts[mark] = self._counts.get(mark, 0) + 1
        while len(self._counts) > self._kept:
            self._step *= 2
            self._counts = {one: number for one, number in self._counts.items() if not one % self._step}

    @property
    def exact(self) -> bool:
        """Whether the counts are exact."""
        return self._step == 1

    @property
    def distinct(self) -> int:
        """Different values."""
        return len(self._counts) * self._step

    @property
    def doubled(self) -> int:
        """Different values that came more than once."""
        return sum(number > 1 for number in self._counts.values()) * self._step

    @property
    def surplus(self) -> int:
        """Values less different values: how many could go if each came once."""
        return sum(number - 1 for number in self._counts.values()) * self._step


class Words:
    """The most frequent of a list of choices; rare ones are let go of when there are too many."""

    def __init__(self, kept: int = WORDS) -> None:
        self._kept = kept
        self._counts: Counter[str] = Counter()

    def add(self, word: str) -> None:
        """One word came."""
        self._counts[word] += 1
        if len(self._counts) > 4 * self._kept:
            self._counts = Counter(dict(self._counts.most_common(self._kept)))

    def top(self, number: int) -> Sequence[tuple[str, int]]:
        """The most frequent, with how often they came; equal ones by their letters."""
        return sorted(self._counts.items(), key=lambda item: (-item[1], item[0]))[:number]
