"""What reading a configuration notes: every problem with its place, and the few kinds of value a section holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from bridge.mapping.reading import Data
from bridge.mapping.source import Finding, Source, Steps, suggest

DAY: Final = 86_400
"""Seconds."""
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h|d)?")
_SHARE: Final = re.compile(r"(\d{1,3}(?:\.\d+)?)\s*%")
_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": DAY, None: 1}


class Notes:
    """The problems of one file, and the readers of single values; each gives the usual value where it noted one."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.findings: list[Finding] = []

    def wrong(self, steps: Steps, message: str, *, at_value: bool = False) -> None:
        """Note a problem at an entry, or at its value."""
        self.findings.append(self.source.finding("error", steps, message, at_value=at_value))

    def known(self, section: Mapping[str, Data], steps: Steps, words: tuple[str, ...]) -> None:
        """Note every entry that is none of these words."""
        for key in section:
            if key not in words:
                self.wrong((*steps, key), f"unknown entry{suggest(key, words)}")

    def span(self, section: Mapping[str, Data], word: str, usual: float, steps: Steps) -> float:
        """A time in seconds, written as 2s, 15m, 3h or 2d."""
        value = section.get(word)
        if value is None:
            return usual
        parts = _SPAN.fullmatch(value) if isinstance(value, str) else None
        if parts is None:
            self.wrong((*steps, word), "expected a time like 2s, 15m, 3h or 2d", at_value=True)
            return usual
        return float(parts[1]) * _UNITS[parts[2]]

    def number(self, section: Mapping[str, Data], word: str, usual: int, steps: Steps) -> int:
        """A whole number above 0."""
        value = section.get(word)
        if value is None:
            return usual
        if not isinstance(value, str) or not value.isdecimal() or int(value) < 1:
            self.wrong((*steps, word), "expected a whole number above 0", at_value=True)
            return usual
        return int(value)

    def share(self, section: Mapping[str, Data], word: str, usual: Decimal, steps: Steps) -> Decimal:
        """A share, written as 20%: a number from 0 to 1."""
        value = section.get(word)
        said = _SHARE.fullmatch(value) if isinstance(value, str) else None
        if value is not None and (said is None or Decimal(said[1]) > 100):
            self.wrong((*steps, word), "expected a share like 20%, at most 100%", at_value=True)
            return usual
        return Decimal(said[1]) / 100 if said else usual

    def count(self, section: Mapping[str, Data], word: str, usual: int, steps: Steps) -> int:
        """A whole number, 0 included."""
        value = section.get(word)
        if value is not None and not (isinstance(value, str) and value.isdecimal()):
            self.wrong((*steps, word), "expected a whole number", at_value=True)
            return usual
        return int(value) if isinstance(value, str) else usual
