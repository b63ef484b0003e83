"""Value maps: the words of one system for the values that bridge knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bridge.canonical.text import as_text
from bridge.canonical.types import Parser
from bridge.canonical.values import Normal, Plain
from bridge.ports.records import NativeValue

_YES = frozenset({"1", "true"})
_NO = frozenset({"0", "false"})


@dataclass(frozen=True, slots=True)
class ValueMap:
    """Canonical value <-> native values of one system.

    read: native text -> canonical value. write: canonical value, as text -> native value.
    boolean: the system keeps it as yes and no, so that 1, "1" and true are the same.
    """

    read: Mapping[str, Normal]
    write: Mapping[str, NativeValue]
    boolean: bool

    @property
    def named(self) -> tuple[Normal, ...]:
        """The canonical values, in the order of the file."""
        return tuple({str(value): value for value in self.read.values()}.values())

    @property
    def written(self) -> frozenset[str]:
        """The native values that are ever written, as text."""
        return frozenset(native_word(value) for value in self.write.values())


def native_word(value: Plain) -> str:
    """A native value as the text by which a value map knows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return as_text(value) or ""


def value_map(entries: Mapping[str, Sequence[str]], parse: Parser) -> ValueMap:
    """Build a value map from canonical text -> native texts. Raises ValueError if it is not a function both ways."""
    natives = [word for words in entries.values() for word in words]
    boolean = set(natives) <= _YES | _NO
    read: dict[str, Normal] = {}
    write: dict[str, NativeValue] = {}
    for shown, words in entries.items():
        canonical = parse(shown)
        for word in words:
            for spelling in _spellings(word) if boolean else (word,):
                if read.setdefault(spelling, canonical) != canonical:
                    raise ValueError(f"the native value '{word}' stands for two values: which one is it when read?")
        write[str(canonical)] = word in _YES if boolean else words[0]
    return ValueMap(read, write, boolean)


def _spellings(word: str) -> frozenset[str]:
    return _YES if word in _YES else _NO
