"""A listing of ids beside the store: on disk, so that memory does not grow with the records, and gone afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

PART = 500
"""Ids in one statement; SQLite's oldest limit of parameters is 999."""


class Listing:
    """Ids that a system has listed. A temporary database of SQLite's own: it has no name and is deleted when closed."""

    def __init__(self) -> None:
        self._raw = sqlite3.connect("")
        self._raw.execute("CREATE TABLE listed (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def add(self, ids: Sequence[str]) -> None:
        """Note a page of ids; one that is there already changes nothing."""
        with self._raw:
            self._raw.executemany("INSERT OR IGNORE INTO listed VALUES (?)", [(one,) for one in ids])

    def lacking(self, ids: Sequence[str]) -> list[str]:
        """Those of these ids that were not listed, in their order."""
        there: set[str] = set()
        for start in range(0, len(ids), PART):
            part = ids[start : start + PART]
            marks = ",".join("?" * len(part))
            there.update(row[0] for row in self._raw.execute(f"SELECT id FROM listed WHERE id IN ({marks})", part))  # noqa: S608 - question marks only
        return [one for one in ids if one not in there]

    def close(self) -> None:
        """Delete it."""
        self._raw.close()
