"""The position in an object's changes: opaque to the engine, small, and safe to replay. Pure.

A record is stamped within its transaction and seen when that commits, minutes later if it runs long; stamps have whole
seconds. So pages are kept apart by (stamp, Id), and behind the newest stamp an overlap is read again. What makes that
safe without trusting a clock: a row that was invisible when a page was read is stamped later than that moment minus
the longest transaction, and the moment is not before the newest stamp on the page.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from bridge.adapters.salesforce import soql
from bridge.ports.errors import CursorExpired

FORMAT = 1
QUIET = timedelta(minutes=5)
"""How long beyond the overlap nothing may have changed before it is given up: by then no transaction is open."""


@dataclass(frozen=True, slots=True)
class Position:
    """A cursor. All instants are SOQL literals.

    low: the pass reads stamps from here on; empty reads all.
    at: the last row read; what follows is behind it. Goes before `low`.
    floor: where the next pass begins because a page of this pass was read while transactions may have been open.
    deletes: up to where the log of deletes was read; empty before the first page.
    first: whether the first contact is still under way.
    below: from when on what stands below the records (lines, prices) is looked at; empty before the first page.
    under: the last of these that was read, its object, stamp and id, where there is more of them: the next page goes on
        behind it and reads nothing else.
    until: from when on they are looked at once this is done.
    """

    low: str = ""
    at: tuple[str, str] | None = None
    floor: str = ""
    deletes: str = ""
    first: bool = True
    below: str = ""
    under: tuple[str, str, str] | None = None
    until: str = ""

    def term(self, stamp: str) -> str:
        """The condition for the next page; empty for all."""
        if self.at is not None:
            return soql.after(stamp, self.at)
        return f"{stamp} >= {self.low}" if self.low else ""

    def behind(self, stamp: datetime, native_id: str, *, more: bool, now: datetime, overlap: timedelta) -> Position:
        """The position after a page that ended with this row; `more` if the pass goes on.

        now: the server's clock.
        """
        last = (soql.stamp(stamp), native_id)
        calm = now - stamp > overlap + QUIET
        floor = self.floor or ("" if calm else soql.stamp(stamp - overlap))
        if more:
            return replace(self, at=last, floor=floor)
        if floor:
            return replace(self, low=max(floor, self.low), at=None, floor="", first=False)
        return replace(self, low="", at=last, first=False)

    def ended(self) -> Position:
        """The position after a page without rows: the pass is over."""
        if self.floor:
            return replace(self, low=max(self.floor, self.low), at=None, floor="", first=False)
        return replace(self, first=False)

    def encode(self) -> str:
        """Text for the engine to keep."""
        return json.dumps({"v": FORMAT, **asdict(self)}, separators=(",", ":"))

    @classmethod
    def decode(cls, cursor: str, system: str) -> Position:
        """Raises CursorExpired for a text that this version cannot read."""
        try:
            data = json.loads(cursor)
            if data["v"] != FORMAT:
                raise ValueError("another format")
            at = (_instant(data["at"][0]), str(data["at"][1])) if data["at"] else None
            names = ("low", "floor", "deletes", "below", "until")
            low, floor, deletes, below, until = (_instant(data[name]) if data.get(name) else "" for name in names)
            last = data.get("under")
            under = (str(last[0]), _instant(last[1]), str(last[2])) if last else None
            return cls(low, at, floor, deletes, bool(data["first"]), below, under, until)
        except (ValueError, TypeError, KeyError, IndexError, AttributeError):
            pass
        raise CursorExpired("the position is from another version of bridge", system=system)


def _instant(text: str) -> str:
    """Read and written again, because it goes unquoted into a query."""
    return soql.stamp(datetime.fromisoformat(text))
