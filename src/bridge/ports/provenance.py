"""Why a golden record is as it is, read from its stored form no sooner than somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bridge.ports.work import Provenance


class Provenances(Mapping[str, Provenance]):
    """Unit -> its provenance. Most readers want to know only whether there is one, and most units are never told anew:
    parsing and writing all of them was a third of reading and saving a record.

    rows: the stored form, which never changes. read: the provenance of one row. told: what was said since.
    """

    __slots__ = ("_made", "_read", "rows", "told")

    def __init__(self, rows: Mapping[str, Any], read: Callable[[Any], Provenance]) -> None:
        self.rows, self._read = rows, read
        self.told: dict[str, Provenance] = {}
        self._made: dict[str, Provenance] = {}

    @classmethod
    def over(cls, known: Mapping[str, Provenance]) -> Provenances:
        """A copy, in which more can be told."""
        if isinstance(known, Provenances):
            made = cls(known.rows, known._read)
            made._made = known._made  # of the same rows
            made.told.update(known.told)
        else:
            made = cls({}, _unread)
            made.told.update(known)
        return made

    def tell(self, unit: str, said: Provenance) -> None:
        """Put a unit's provenance in the place of what is known."""
        self.told[unit] = said

    def __getitem__(self, unit: str) -> Provenance:
        said = self.told.get(unit) or self._made.get(unit)
        if said is None:
            said = self._made[unit] = self._read(self.rows[unit])
        return said

    def get(self, unit: str, default: Any = None) -> Any:
        """As of any mapping; without an exception for what is not there, which is asked for every field."""
        return self[unit] if unit in self.told or unit in self.rows else default

    def __contains__(self, unit: object) -> bool:
        return unit in self.told or unit in self.rows

    def __iter__(self) -> Iterator[str]:
        yield from self.rows
        yield from (unit for unit in self.told if unit not in self.rows)

    def __len__(self) -> int:
        return len(self.rows) + sum(unit not in self.rows for unit in self.told)

    def __repr__(self) -> str:
        return repr(dict(self))


def _unread(row: Any) -> Provenance:
    raise KeyError(row)
