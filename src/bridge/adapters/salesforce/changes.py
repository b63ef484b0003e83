"""Changes since a position: one query brings changed, deleted and merged records together.

`queryAll` also answers what is in the recycle bin, stamped at its deletion, with the winner of a merge. What was
erased from the bin before it was seen is only in the log of deletes (getDeleted), which is read now and then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bridge.adapters.salesforce import soql
from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.cursor import Position
from bridge.adapters.salesforce.layout import Layout
from bridge.adapters.salesforce.reading import Reader
from bridge.adapters.salesforce.settings import Settings
from bridge.adapters.salesforce.values import instant
from bridge.ports.errors import BridgeError, CursorExpired, NotFound, PermissionDenied, Unsupported
from bridge.ports.records import ChangePage, NativeRecord, Tombstone

LOG_KEPT = timedelta(days=15)
"""How far back the log of deletes and the recycle bin reach."""

_STAMP = "SystemModstamp"
_ROUNDING = timedelta(seconds=5)  # of the Date header and of the way to the server
_WINDOW = timedelta(minutes=2)  # getDeleted wants more than a minute, and cuts seconds off both ends


class Changes:
    """The changes of one org."""

    def __init__(self, client: Client, reader: Reader, settings: Settings) -> None:
        self._client = client
        self._reader = reader
        self._settings = settings

    def page(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """One page. A first contact (cursor None) reads in the order of the stamps from the oldest on, without deletes.

        Raises CursorExpired where deletes since the position may have been forgotten.
        """
        position = Position() if cursor is None else Position.decode(cursor, self._client.system)
        size = max(1, min(limit, self._settings.page))
        if position.under is not None:
            records, position = self._below(layout, position, size, set())
            return ChangePage(records, (), position.encode(), position.under is not None)
        query = self._query(layout, position, size)
        if not position.deletes:
            position = _read_to(position, self._client.now() - _ROUNDING)
        if not position.below and layout.below:
            position = replace(position, below=soql.stamp(self._client.now() - _ROUNDING))
        rows, done = self._client.query(query, deleted=True)
        now = self._client.now()
        records = tuple(layout.met(row) for row in rows if not row.get("IsDeleted"))
        tombstones = tuple(layout.tombstone(row) for row in rows if row.get("IsDeleted"))
        more = bool(rows) and (not done or len(rows) >= size)
        if rows:
            stamp = instant(str(rows[-1][layout.stamp]))
            overlap = timedelta(seconds=self._settings.overlap)
            position = position.behind(stamp, str(rows[-1]["Id"]), more=more, now=now, overlap=overlap)
        else:
            position = position.ended()
        if not more:
            logged, position = self._logged(layout, position, now)
            known = {str(row["Id"]) for row in rows}
            tombstones += tuple(self._confirmed(layout, [one for one in logged if one.native_id not in known]))
            if layout.below and not position.first:
                others, position = self._below(layout, position, size, known)
                records, more = records + others, position.under is not None
        return ChangePage(records, tombstones, position.encode(), more)

    def _query(self, layout: Layout, position: Position, size: int) -> str:
        lives = " AND ".join(["IsDeleted = false", *layout.terms()])
        if not position.first:
            belongs = f"(IsDeleted = true OR ({lives}))"
        elif position.deletes:  # later pages of a first contact: a record that went since its page was read
            belongs = f"((IsDeleted = true AND {layout.stamp} >= {position.deletes}) OR ({lives}))"
        else:  # what is in the recycle bin already was never known
            belongs = lives
        return soql.select(
            layout.selected(deleted=True),
            layout.object,
            position.term(layout.stamp),
            belongs,
            order=f"{layout.stamp}, Id",
            limit=size,
        )

    def _below(
        self, layout: Layout, position: Position, size: int, known: set[str]
    ) -> tuple[tuple[NativeRecord, ...], Position]:
        """Records of which a line or a price has changed, but for those known already: a price does not move the stamp
        of its product. The position behind them stays under them where there are more than fit on a page."""
        until = position.until or soql.stamp(self._client.now() - timedelta(seconds=self._settings.overlap))
        ids, after = dict[str, None](), position.under
        objects = [child for child, _ in layout.below]
        start = objects.index(after[0]) if after is not None and after[0] in objects else 0
        position = replace(position, under=None, until=until)
        for child, parent in layout.below[start:]:
            behind = after is not None and after[0] == child
            term = soql.after(_STAMP, after[1:]) if after and behind else f"{_STAMP} >= {position.below}"
            query = soql.select(["Id", _STAMP, parent], child, term, order=f"{_STAMP}, Id", limit=size)
            rows, done = self._client.query(query)
            ids |= dict.fromkeys(str(row[parent]) for row in rows)
            if rows and (not done or len(rows) >= size):
                moment = soql.stamp(instant(str(rows[-1][_STAMP])))
                position = replace(position, under=(child, moment, str(rows[-1]["Id"])))
                break
        else:
            position = replace(position, below=until, until="")
        wanted = [native_id for native_id in ids if native_id not in known]
        return tuple(self._reader.fetch(layout, wanted).values()) if wanted else (), position

    def _logged(self, layout: Layout, position: Position, now: datetime) -> tuple[list[Tombstone], Position]:
        """The log of deletes since it was last read, if that is due."""
        interval = self._settings.deletes_interval
        since = instant(position.deletes)
        if interval is None or now - since < max(timedelta(seconds=interval), _WINDOW):
            return [], position
        if now - since > LOG_KEPT - _WINDOW:
            raise self._forgotten(layout)
        start = since - _WINDOW  # the server holds `latestDateCovered` back for open transactions
        try:
            answer: Any = self._client.call(
                "GET",
                f"sobjects/{layout.object}/deleted/",
                params={"start": _moment(start), "end": _moment(now)},
            )
        except (NotFound, Unsupported, PermissionDenied):
            return [], _read_to(position, now)  # an object without a log: the full comparison finds these deletes
        if not isinstance(answer, dict):
            raise self._forgotten(layout)
        earliest = answer.get("earliestDateAvailable")
        if earliest and instant(str(earliest)) > since:
            raise self._forgotten(layout)
        tombstones = [
            Tombstone(str(row["id"]), instant(str(row["deletedDate"])) if row.get("deletedDate") else None)
            for row in answer.get("deletedRecords") or []
        ]
        covered = answer.get("latestDateCovered")
        return tombstones, _read_to(position, instant(str(covered)) if covered else now)

    def _confirmed(self, layout: Layout, logged: list[Tombstone]) -> list[Tombstone]:
        """The log knows neither who was restored since, nor the winner of a merge; the recycle bin does."""
        if not logged:
            return []
        fields = ["Id", "IsDeleted", layout.stamp] + (["MasterRecordId"] if layout.described.merges else [])
        binned = {}
        for query in soql.lists(fields, layout.object, "Id", [one.native_id for one in logged]):
            for row in self._client.rows(query, deleted=True):
                binned[str(row["Id"])] = row
        gone = [one for one in logged if binned.get(one.native_id, {}).get("IsDeleted", True)]
        return [layout.tombstone(binned[one.native_id]) if one.native_id in binned else one for one in gone]

    def _forgotten(self, layout: Layout) -> BridgeError:
        return CursorExpired(
            f"no longer knows all deletes of {layout.object} since the last reading", system=self._client.system
        )


def _read_to(position: Position, moment: datetime) -> Position:
    return replace(position, deletes=soql.stamp(moment))


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")
