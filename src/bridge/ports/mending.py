"""Rows that a source cannot give because something in them is wrong, and how a person mends them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, cast

from bridge.ports.adapter import Adapter
from bridge.ports.records import BadRow, ObjectSpec


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a file of mended rows.

    replaced: rows put in the place of the bad ones. unchanged: rows that nobody has mended, and that are still to be.
    unknown: rows that are bad no more, or were changed by somebody else; nothing was done with them. still_bad: what is
    bad in the source now.
    """

    replaced: int
    unchanged: int
    unknown: int
    still_bad: int


class Mends(Protocol):
    """What an adapter offers, beside `Adapter`, whose rows a person can mend."""

    def bad_rows(self, spec: ObjectSpec) -> Iterator[BadRow]:
        """Every row that cannot be taken in now."""

    def write_rejects(self, spec: ObjectSpec, path: Path, refused: Mapping[str, str] | None = None) -> int:
        """Write the bad rows, with the reasons, to a CSV file, and so the records that other systems refused (native
        id -> why). How many rows it has; without any, no file is written."""

    def replay(self, spec: ObjectSpec, path: Path) -> Replayed:
        """Put the mended rows of such a file in the place of the bad ones."""


def mending(adapter: Adapter) -> Mends | None:
    """The same adapter as one whose rows a person can mend; None where it is none."""
    able = all(callable(getattr(adapter, name, None)) for name in ("bad_rows", "write_rejects", "replay"))
    return cast(Mends, adapter) if able else None
