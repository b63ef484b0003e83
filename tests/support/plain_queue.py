"""The outbox of the plain store (see `support.plain_store`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bridge.ports.errors import RateLimited
from bridge.ports.storage import Settlement
from bridge.ports.work import Intent, OutboxEntry

OPEN = ("pending", "waiting", "held")
TAKEN = ("leased", "in_doubt")


class PlainQueue:
    """The part of a unit of work that holds the outbox."""

    tables: Any

    def _entries(self, system: str, entity: str, states: Collection[str]) -> list[OutboxEntry]:
        rows = self.tables.outbox.values()
        return [one for one in rows if one.system == system and one.entity == entity and one.state in states]

    def _put(self, entry: OutboxEntry) -> None:
        """Insert or replace; what the unique indexes refuse is refused."""
        states = OPEN if entry.state in OPEN else TAKEN if entry.state in TAKEN else ()
        others = [x for x in self._entries(entry.system, entry.entity, states) if x.golden_id == entry.golden_id]
        assert all(one.id == entry.id for one in others), f"two entries of {entry.golden_id} in {entry.system}"
        self.tables.outbox[entry.id] = entry

    def _change(self, rows: Sequence[OutboxEntry], **values: Any) -> int:
        for one in rows:
            self._put(replace(one, **values))
        return len(rows)

    def _drop(self, where: Callable[[OutboxEntry], bool]) -> None:
        for one in [one for one in self.tables.outbox.values() if where(one)]:
            del self.tables.outbox[one.id]

    def places_queued(self, states: Collection[str]) -> set[tuple[str, str]]:
        return {(one.system, one.entity) for one in self.tables.outbox.values() if one.state in states}

    def open_entries(self, system: str, entity: str, golden_ids: Sequence[str]) -> dict[str, OutboxEntry]:
        return {x.golden_id: x for x in self._entries(system, entity, TAKEN) if x.golden_id in golden_ids}

    def under_way(self, entity: str, golden_ids: Sequence[str]) -> list[OutboxEntry]:
        rows = [one for one in self.tables.outbox.values() if one.entity == entity and one.state in TAKEN]
        return [one for one in rows if one.golden_id in golden_ids]

    def set_aside(self, entity: str, golden_ids: Sequence[str]) -> list[OutboxEntry]:
        rows = [one for one in self.tables.outbox.values() if one.entity == entity and one.state == "dead"]
        return [one for one in rows if one.golden_id in golden_ids]

    def move_entry(self, entry: OutboxEntry, golden_id: str) -> None:
        self._put(replace(self.tables.outbox[entry.id], golden_id=golden_id, intent=entry.intent))

    def enqueue(self, entity: str, rows: Iterable[tuple[str, str, int]], at: datetime, *, anew: bool = True) -> int:
        batch = list(rows)
        listed = [one for one in self.tables.outbox.values() if one.entity == entity]
        if not anew:
            dead = {(one.system, one.golden_id): one.rev for one in listed if one.state == "dead"}
            batch = [row for row in batch if row[2] > dead.get((row[0], row[1]), -1)]
        pairs = {(system, golden_id) for system, golden_id, _ in batch}
        self._drop(lambda x: x.entity == entity and (x.system, x.golden_id) in pairs and x.state == "dead")
        known = {(one.system, one.golden_id): one for one in listed if one.state in OPEN}
        for system, golden_id, rev in batch:
            self.tables.last += 1  # a database uses up a number also where it turns out that there is an entry
            if (system, golden_id) in known:
                self._put(replace(known[system, golden_id], rev=rev))
            else:
                self._put(OutboxEntry(self.tables.last, system, entity, golden_id, "pending", rev, created_at=at))
        return len(batch) - len(pairs & known.keys())

    def unqueue(self, entity: str, rows: Iterable[tuple[str, str]]) -> None:
        pairs, states = set(rows), (*OPEN, "dead")
        self._drop(lambda x: x.entity == entity and (x.system, x.golden_id) in pairs and x.state in states)

    def claim(
        self, system: str, entity: str, limit: int, *, now: datetime, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        busy = {one.golden_id for one in self._entries(system, entity, TAKEN)}
        due = [one for one in self._entries(system, entity, ("pending", "waiting")) if one.golden_id not in busy]
        return self._lease(due, limit, now, lease_until, owner)

    def claim_in_doubt(
        self, system: str, entity: str, limit: int, *, now: datetime, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        return self._lease(self._entries(system, entity, ("in_doubt",)), limit, now, lease_until, owner)

    def _lease(
        self, rows: Iterable[OutboxEntry], limit: int, now: datetime, lease_until: datetime, owner: str
    ) -> list[OutboxEntry]:
        due = sorted((one for one in rows if one.next_at is None or one.next_at <= now), key=lambda one: one.id)
        values: dict[str, Any] = {"state": "leased", "lease_until": lease_until, "next_at": None}
        claimed = [replace(one, fence=one.fence + 1, **values) for one in due[:limit]]
        for one in claimed:
            self._put(one)
            self.tables.owners[one.id] = owner
        return claimed

    def reclaim(self, now: datetime, *, owner: str | None = None, place: tuple[str, str] | None = None) -> int:
        leased = [one for one in self.tables.outbox.values() if one.state == "leased"]
        if place is not None:
            over = [one for one in leased if (one.system, one.entity) == place]
        elif owner is None:
            over = [one for one in leased if one.lease_until is not None and one.lease_until < now]
        else:
            over = [one for one in leased if self.tables.owners.get(one.id) not in (None, owner)]
        freed = 0
        for one in over:
            newer = [x for x in self._entries(one.system, one.entity, OPEN) if x.golden_id == one.golden_id]
            if one.intent is None and newer:
                del self.tables.outbox[one.id]
                continue
            self._put(replace(one, state="pending" if one.intent is None else "in_doubt", lease_until=None))
            self.tables.owners.pop(one.id, None)
            freed += 1
        return freed

    def save_intents(self, rows: Iterable[tuple[OutboxEntry, Intent]]) -> None:
        for entry, intent in rows:
            if entry.id in self.tables.outbox:
                self._put(replace(self.tables.outbox[entry.id], intent=intent))

    def settle(self, rows: Iterable[Settlement]) -> None:
        done = []
        for settlement in rows:
            if settlement.state is None:
                done.append(settlement.entry)
            else:
                self._settle_one(settlement)
        for entry in done:
            if self._mine(entry) is not None:
                del self.tables.outbox[entry.id]

    def _mine(self, entry: OutboxEntry) -> OutboxEntry | None:
        known = self.tables.outbox.get(entry.id)
        return known if known is not None and known.fence == entry.fence else None

    def _settle_one(self, settlement: Settlement) -> None:
        entry, state, mine = settlement.entry, settlement.state, self._mine(settlement.entry)
        newer = [x for x in self._entries(entry.system, entry.entity, OPEN) if x.golden_id == entry.golden_id]
        if state != "in_doubt" and newer:
            if mine is not None:
                del self.tables.outbox[entry.id]
            return
        if state == "dead":
            place = (entry.system, entry.entity, entry.golden_id)
            self._drop(lambda x: (x.system, x.entity, x.golden_id) == place and x.state == "dead")
        if mine is None:
            return
        self.tables.owners.pop(mine.id, None)
        self._put(
            replace(
                mine,
                state=state,
                next_at=settlement.next_at,
                lease_until=None,
                attempts=mine.attempts + settlement.count_attempt,
                error_code=settlement.error_code,
                error=settlement.error,
                intent=mine.intent if state == "in_doubt" else None,
            )
        )

    def wake(self, system: str, entity: str, golden_ids: Sequence[str] | None = None) -> int:
        held = self._entries(system, entity, ("held",))
        chosen = [one for one in held if golden_ids is None or one.golden_id in golden_ids]
        return self._change(chosen, state="pending", next_at=None)

    def hasten(self) -> int:
        rows = [one for one in self.tables.outbox.values() if one.state == "waiting"]
        return self._change([x for x in rows if x.error_code not in (None, RateLimited.code)], next_at=None)

    def release(self, system: str, code: str, *, dead: bool) -> int:
        mine = [one for one in self.tables.outbox.values() if (one.system, one.error_code) == (system, code)]
        chosen = [x for x in mine if (x.state == "waiting" and x.attempts == 0) or (dead and x.state == "dead")]
        return self._change(chosen, state="pending", next_at=None, attempts=0)

    def queued(self, system: str, entity: str, golden_ids: Sequence[str]) -> dict[str, OutboxEntry]:
        rows = self._entries(system, entity, (*OPEN, *TAKEN, "dead"))
        mine = [row for row in rows if row.golden_id in golden_ids]
        return {row.golden_id: row for row in sorted(mine, key=lambda row: row.id)}

    def deletes_due(self, system: str, entity: str) -> list[str]:
        rows = self._entries(system, entity, (*OPEN, *TAKEN))
        goldens = [self.tables.goldens.get((entity, one.golden_id)) for one in rows]
        return sorted({one.id for one in goldens if one is not None and not one.alive})

    def next_due(self, entities: Sequence[str], *, without: Collection[str] = ()) -> datetime | None:
        rows = [one for one in self.tables.outbox.values() if one.state in ("waiting", "in_doubt")]
        mine = [one.next_at for one in rows if one.entity in entities and one.system not in without]
        return min((at for at in mine if at is not None), default=None)

    def queue_counts(self) -> dict[tuple[str, str, str], int]:
        return dict(Counter((one.system, one.entity, one.state) for one in self.tables.outbox.values()))
