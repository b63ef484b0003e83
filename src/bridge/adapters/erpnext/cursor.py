"""The position in a site's changes: opaque to the engine, small, and safe to replay. Pure.

`modified` is stamped when a document is saved and seen when the transaction commits, seconds later in a bulk insert
(recording 362). So behind the newest stamp an overlap is read again. What makes that safe without trusting any clock:
a row that was still invisible when a page was read is stamped later than that moment minus the longest transaction,
and the moment is not before the newest stamp on the page.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from bridge.adapters.erpnext.client import Filter, Row
from bridge.ports.errors import CursorExpired

FORMAT = 1
QUIET = timedelta(minutes=15)
"""How long nothing may have changed before the overlap is given up: by then no transaction is open."""

LOG_KEPT = 30 * 86_400.0
"""Seconds without a look at the delete log after which it may have been purged (Log Settings)."""

Stage = Literal["scan", "rows", "addresses", "deletes"]


@dataclass(frozen=True, slots=True)
class Track:
    """How far one table was read, in order of (stamp, name).

    low: the pass reads stamps from here on; empty reads all. at: the last row read within a pass.
    floor: where the next pass must begin because a page of this pass was read while transactions may have been open.
    """

    low: str = ""
    at: tuple[str, str] | None = None
    floor: str = ""

    def filters(self, stamp: str) -> tuple[list[Filter], list[Filter]]:
        """The filters, and the alternatives of which one must hold (recording 242).

        The server compares names by its own collation, so the comparison is never made here.
        """
        if self.at is not None:
            return [[stamp, ">=", self.at[0]]], [[stamp, ">", self.at[0]], ["name", ">", self.at[1]]]
        return ([[stamp, ">=", self.low]] if self.low else []), []

    def after(self, rows: list[Row], stamp: str, *, full: bool, settle: Settle) -> Track:
        """The track after a page; `full` if another page may follow in this pass."""
        if not rows:
            return Track(low=self.floor or (self.at[0] if self.at else self.low))
        last = rows[-1]
        safe = settle.from_stamp(str(last[stamp]))
        floor = self.floor or ("" if safe == last[stamp] else safe)
        if full:
            return replace(self, at=(str(last[stamp]), str(last["name"])), floor=floor)
        return Track(low=max(floor or safe, self.low))


@dataclass(frozen=True, slots=True)
class Settle:
    """From which stamp on a table has to be read again, given the newest stamp on a page.

    now: the server's clock.
    """

    zone: ZoneInfo
    overlap: timedelta
    now: datetime

    def from_stamp(self, stamp: str) -> str:
        """The stamp itself once it is old, else the stamp less the overlap.

        In the hour that a zone repeats in autumn, stamps go back by that hour: so does the position.
        """
        local = datetime.fromisoformat(stamp)
        first, second = local.replace(tzinfo=self.zone, fold=0), local.replace(tzinfo=self.zone, fold=1)
        if self.now - second.astimezone(UTC) > self.overlap + QUIET:
            return stamp
        repeated = (first.utcoffset() or timedelta()) - (second.utcoffset() or timedelta())
        back = local - self.overlap - max(repeated, timedelta())
        return back.isoformat(sep=" ", timespec="microseconds")


@dataclass(frozen=True, slots=True)
class Position:
    """A cursor.

    looked: when the delete log was last read, by this machine's clock in seconds.
    owed: whether the last poll read the delete log in place of the addresses.
    told: old names of renamed documents whose tombstones went ahead of the page that brings the new names.
    token: names what this process remembers of the rows delivered up to here (see `remembered.Remembered`).
    known: the same for the next process, packed; empty where it is too much to carry along.
    """

    stage: Stage = "scan"
    rows: Track = field(default_factory=Track)
    addresses: Track = field(default_factory=Track)
    deletes: Track = field(default_factory=Track)
    looked: float = 0.0
    owed: bool = False
    told: tuple[str, ...] = ()
    token: str = ""
    known: str = ""

    def encode(self) -> str:
        """Text for the engine to keep."""
        return json.dumps({"v": FORMAT, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def decode(cls, cursor: str, system: str) -> Position:
        """Raises CursorExpired for a text that this version cannot read."""
        try:
            data = json.loads(cursor)
            if data.pop("v") != FORMAT or data["stage"] not in ("scan", "rows", "addresses", "deletes"):
                raise ValueError("another format")
            return cls(
                stage=data["stage"],
                rows=_track(data["rows"]),
                addresses=_track(data["addresses"]),
                deletes=_track(data["deletes"]),
                looked=float(data["looked"]),
                owed=bool(data["owed"]),
                told=tuple(str(name) for name in data["told"]),
                token=str(data["token"]),
                known=str(data.get("known", "")),
            )
        except (ValueError, TypeError, KeyError, AttributeError):
            raise CursorExpired("the position is from another version of bridge", system=system) from None


def _track(data: dict[str, Any]) -> Track:
    at = data["at"]
    return Track(low=str(data["low"]), at=(str(at[0]), str(at[1])) if at else None, floor=str(data["floor"]))
