"""What changed at a site since a position, page by page.

A poll looks at the documents (one call) and, where the layout has parts of addresses, at the addresses (one call): the
server moves a Customer's `modified` only for its primary address (recording 129), and that of an Item for none of its
prices, which are looked at in the same way. So an unchanged object costs one
call, or two with addresses. The log of deleted documents is read at most every `deletes_interval` seconds, in place of
the addresses and in turn with them, which keeps it at two (unless the interval is 0: then a poll looks at all three).

Not seen until the full comparison: an address whose link to the customer was taken away (its row no longer names the
customer), and tags, which the server writes without a new `modified`.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bridge.adapters.erpnext.amending import amended
from bridge.adapters.erpnext.client import Client, Row
from bridge.adapters.erpnext.cursor import LOG_KEPT, Position, Settle, Track
from bridge.adapters.erpnext.deletes import DeleteLog
from bridge.adapters.erpnext.document import Layout
from bridge.adapters.erpnext.reading import Reader
from bridge.adapters.erpnext.remembered import Delivered, Remembered, pair
from bridge.adapters.erpnext.settings import Settings
from bridge.adapters.erpnext.site import Site
from bridge.ports.errors import BridgeError, CursorExpired
from bridge.ports.records import ChangePage, NativeRecord, Tombstone

_KEPT = 32
"""Positions of which it is remembered what was delivered up to them."""
_ROWS_KEPT = 100_000
"""Rows that are remembered for all of them together; the same row counts for each."""
_IN_ORDER = "modified asc, name asc"


@dataclass(slots=True)
class _Found:
    position: Position
    remembered: Remembered
    records: dict[str, NativeRecord] = field(default_factory=dict)
    tombstones: list[Tombstone] = field(default_factory=list)
    more: bool = True


class Changes:
    """The feed of one site. `clock`: this machine's time in seconds since 1970."""

    def __init__(
        self, client: Client, reader: Reader, site: Site, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._client = client
        self._reader = reader
        self._site = site
        self._settings = settings
        self._clock = clock
        self._log = DeleteLog(client, reader, site, settings.overlap)
        self._memory: OrderedDict[str, Remembered] = OrderedDict()
        self._sole: deque[Mapping[str, str]] = deque(maxlen=2)  # of a batch, and of the one settled meanwhile

    @property
    def shows_deletes(self) -> bool:
        """Whether the feed brings tombstones."""
        return self._settings.deletes_interval is not None and not self._log.denied

    def page(self, layout: Layout, cursor: str | None, limit: int) -> ChangePage:
        """The next page; see `Adapter.changes`."""
        size = max(1, min(limit, self._settings.page))
        if cursor is None:
            found = _Found(self._first_position(layout), Remembered())
        else:
            position = Position.decode(cursor, self._client.system)
            self._refuse_expired(position)
            found = _Found(position, self._recall(position))
        before = (found.position, found.remembered)
        stages = {"scan": self._scan, "rows": self._rows, "addresses": self._addresses, "deletes": self._deletes}
        while found.more and not found.records and not found.tombstones:
            stages[found.position.stage](layout, found, size)
        same = before == (found.position, found.remembered) and not found.records and not found.tombstones
        text = cursor if cursor is not None and same else self._remember(found)
        return ChangePage(tuple(found.records.values()), tuple(found.tombstones), text, found.more)

    def wrote(self, layout: Layout, records: Sequence[NativeRecord]) -> None:
        """Find out which addresses of records that were just written belong to no other record (one call)."""
        found = [stamps for record in records if (stamps := self._reader.stamps(layout, record)) and stamps.addresses]
        if not found or not layout.roles:
            return
        stamps_of = {name: stamp for stamps in found for name, stamp in stamps.addresses.items()}
        try:
            owners = Counter(address for address, _ in self._reader.owners(layout, list(stamps_of)))
        except BridgeError:
            return  # then they are looked at again by the next poll
        self._sole.append({name: stamp for name, stamp in stamps_of.items() if owners[name] == 1})

    def amended(self, layout: Layout, cursor: str, records: Sequence[NativeRecord]) -> str:
        """See `Adapter.amended`. Only between two passes: within one the position stands before what it will read."""
        position = Position.decode(cursor, self._client.system)
        known = [(record, stamps) for record in records if (stamps := self._reader.stamps(layout, record))]
        if position.stage != "rows" or position.rows.at is not None or not known:
            return cursor
        before = self._recall(position)
        rows, addresses, owned = dict(before.rows), dict(before.addresses), dict(before.owned)
        for record, stamps in known:
            rows[record.native_id] = stamps.own
            for name, stamp in stamps.addresses.items():
                owned[pair(name, record.native_id)] = stamp
                if any(sole.get(name) == stamp for sole in self._sole):
                    addresses[name] = stamp
        return self._remember(_Found(position, replace(before, rows=rows, addresses=addresses, owned=owned)))

    # stages: each reads one page of one table and says where to go on

    def _scan(self, layout: Layout, found: _Found, size: int) -> None:
        """The first reading of everything; addresses that changed meanwhile are looked at when it is through."""
        self._read_rows(layout, found, size)
        if found.position.rows.at is None and layout.roles:
            found.position = replace(found.position, stage="addresses")
        elif found.position.rows.at is None:
            self._finish(found)

    def _rows(self, layout: Layout, found: _Found, size: int) -> None:
        position, remembered = found.position, found.remembered
        fresh = self._read_rows(layout, found, size)
        edited = [str(row["name"]) for row in fresh if row["creation"] != row["modified"]]
        moved = self._log.renames(layout, position.rows.low, edited) if edited else {}
        gone = tuple(sorted(set(moved) - self._reader.existing(layout, list(moved)))) if moved else ()
        heirs = amended(self._client, layout.meta, fresh).heirs
        moved, gone = {**moved, **heirs}, (*gone, *sorted(heirs))
        if set(gone) - set(position.told):
            # the old name goes first and alone: else the new one would look like a copy of a record that is still there
            found.records.clear()
            found.tombstones += [Tombstone(old, merged_into=moved[old]) for old in gone]
            found.position, found.remembered = replace(position, told=gone), remembered
            return
        found.position = replace(found.position, told=())
        if found.position.rows.at is None:
            self._go_on(layout, found)

    def _addresses(self, layout: Layout, found: _Found, size: int) -> None:
        track, known = found.position.addresses, found.remembered.addresses
        filters, either = track.filters("modified")
        limit = size + len(known)
        rows = self._client.rows(
            layout.joins, ["name", "modified"], filters, either=either, order=_IN_ORDER, limit=limit
        )
        rows, fresh, full = _fresh(rows, known, "modified", size, limit)
        if fresh:
            stamps = {str(row["name"]): str(row["modified"]) for row in fresh}
            owned = found.remembered.owned
            pairs = self._reader.owners(layout, list(stamps))
            owners = {owner: None for address, owner in pairs if owned.get(pair(address, owner)) != stamps[address]}
            found.records.update(self._reader.fetch(layout, list(owners), within=True))
        track = track.after(rows, "modified", full=full, settle=self._settle())
        found.position = replace(found.position, addresses=track)
        found.remembered = replace(
            found.remembered,
            addresses=_kept(known, _stamped(rows, "modified"), track),
            owned=_kept(found.remembered.owned, {}, track),
        )
        if track.at is None:
            found.position = replace(found.position, owed=False)
            self._finish(found)

    def _deletes(self, layout: Layout, found: _Found, size: int) -> None:
        track, known = found.position.deletes, found.remembered.deletes
        limit = size + len(known)
        rows, fresh, full = _fresh(self._log.page(layout, track, limit), known, "creation", size, limit)
        if fresh:
            found.tombstones += self._log.tombstones(layout, fresh)
            found.records.update(self._reader.fetch(layout, self._log.bereft(layout, fresh), within=True))
        track = track.after(rows, "creation", full=full, settle=self._settle())
        found.position = replace(found.position, deletes=track)
        found.remembered = replace(found.remembered, deletes=_kept(known, _stamped(rows, "creation"), track))
        if track.at is None:
            found.position = replace(found.position, looked=self._clock(), owed=bool(layout.roles))
            if layout.roles and self._settings.deletes_interval == 0:
                found.position = replace(found.position, stage="addresses")
            else:
                self._finish(found)

    def _go_on(self, layout: Layout, found: _Found) -> None:
        """After the documents: the delete log if it is due and in its turn, else the addresses if any, else the end."""
        interval = self._settings.deletes_interval
        due = interval is not None and self._clock() - found.position.looked >= interval
        turn = interval == 0 or not (layout.roles and found.position.owed)
        if due and turn and self.shows_deletes:
            found.position = replace(found.position, stage="deletes")
        elif layout.roles:
            found.position = replace(found.position, stage="addresses")
        else:
            self._finish(found)

    def _finish(self, found: _Found) -> None:
        found.position = replace(found.position, stage="rows")
        found.more = False

    # parts of the stages

    def _read_rows(self, layout: Layout, found: _Found, size: int) -> list[Row]:
        track, known = found.position.rows, found.remembered.rows
        filters, either = track.filters("modified")
        limit = size + len(known)
        rows = self._reader.page(layout, filters, either, _IN_ORDER, limit)
        rows, fresh, full = _fresh(rows, known, "modified", size, limit)
        joined = self._reader.joined(layout, [str(row["name"]) for row in fresh])
        records = self._reader.assemble(layout, fresh, joined)
        hidden = amended(self._client, layout.meta, fresh).hidden
        found.records.update({record.native_id: record for record in records if record.native_id not in hidden})
        track = track.after(rows, "modified", full=full, settle=self._settle())
        found.position = replace(found.position, rows=track)
        owned = {
            pair(str(one["name"]), owner): str(one["modified"])
            for owner, parts in joined.items()
            for one in parts.addresses.values()
            if one
        }
        found.remembered = replace(
            found.remembered,
            rows=_kept(known, _stamped(rows, "modified"), track),
            owned=_kept(found.remembered.owned, owned, found.position.addresses),
        )
        return fresh

    def _first_position(self, layout: Layout) -> Position:
        """Where the addresses and the delete log stand before the first page is read: what comes later is news."""
        addresses, deletes, settle = Track(), Track(), self._settle()
        if layout.roles:
            newest = self._client.rows(layout.joins, ["name", "modified"], order="modified desc", limit=1)
            addresses = addresses.after(newest, "modified", full=False, settle=settle)
        if self._settings.deletes_interval is not None:
            deletes = deletes.after(self._log.newest(layout), "creation", full=False, settle=settle)
        return Position(addresses=addresses, deletes=deletes, looked=self._clock())

    def _settle(self) -> Settle:
        now = datetime.fromtimestamp(self._clock() + (self._client.session.clock_skew or 0.0), UTC)
        return Settle(self._site.zone, timedelta(seconds=self._settings.overlap), now)

    def _refuse_expired(self, position: Position) -> None:
        if self.shows_deletes and self._clock() - position.looked > LOG_KEPT:
            words = "the log of deletes was last read more than 30 days ago and may have been purged since"
            raise CursorExpired(words, system=self._client.system)

    def _recall(self, position: Position) -> Remembered:
        return self._memory.get(position.token) or Remembered.unpack(position.known)

    def _remember(self, found: _Found) -> str:
        token, remembered = uuid.uuid4().hex, found.remembered.latest()
        self._memory[token] = remembered
        while len(self._memory) > _KEPT or (len(self._memory) > 1 and self._rows_in_memory() > _ROWS_KEPT):
            self._memory.popitem(last=False)
        return replace(found.position, token=token, known=remembered.pack()).encode()

    def _rows_in_memory(self) -> int:
        return sum(remembered.size for remembered in self._memory.values())


def _stamped(rows: Iterable[Row], stamp: str) -> dict[str, str]:
    return {str(row["name"]): str(row[stamp]) for row in rows}


def _fresh(rows: list[Row], known: Delivered, stamp: str, size: int, limit: int) -> tuple[list[Row], list[Row], bool]:
    """The rows up to the last of at most `size` fresh ones, the fresh ones, and whether more rows may follow.

    `limit` rows were asked for: `size` and as many as are known, so that known rows never fill a page.
    """
    fresh: list[Row] = []
    for at, row in enumerate(rows):
        if known.get(str(row["name"])) == row[stamp]:
            continue
        if len(fresh) == size:
            return rows[:at], fresh, True
        fresh.append(row)
    return rows, fresh, len(rows) >= limit


def _kept(known: Delivered, new: Delivered, track: Track) -> dict[str, str]:
    """What to remember: known and new rows that a later pass will read again."""
    begin = track.floor or (track.low if track.at is None else track.at[0])
    return {name: stamp for name, stamp in {**known, **new}.items() if stamp >= begin}
