"""A store of plain Python values, for the many histories of the model test: a cycle on it takes a quarter of the time.

It says what `bridge.store` says, indexes that keep promises included: tests/store/test_plain_store.py puts the same
questions to both. What is copied at the beginning of a transaction comes back when it is rolled back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from bridge.ports.storage import CursorRow, Lease
from bridge.ports.work import (
    AGAIN,
    Alias,
    Conflict,
    Golden,
    HistoryRow,
    Link,
    OutboxEntry,
    Separated,
    Shadow,
    WriteRow,
)
from bridge.store import codec
from bridge.store.listing import Listing
from support.plain_journal import PlainJournal
from support.plain_queue import PlainQueue

Place = tuple[str, str, str]


class Broken(AssertionError):
    """What a unique index of the database refuses."""


@dataclass
class Tables:
    """Everything that is stored; places are (system, entity, native id), records (entity, golden id)."""

    goldens: dict[tuple[str, str], Golden] = field(default_factory=dict)
    links: dict[Place, Link] = field(default_factory=dict)
    candidates: dict[Place, tuple[str, ...]] = field(default_factory=dict)
    separated: dict[tuple[str, str, str, str], Separated] = field(default_factory=dict)
    aliases: dict[tuple[str, str], tuple[Alias, datetime]] = field(default_factory=dict)
    shadows: dict[Place, Shadow] = field(default_factory=dict)
    match_keys: dict[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    outbox: dict[int, OutboxEntry] = field(default_factory=dict)
    owners: dict[int, str] = field(default_factory=dict)
    cursors: dict[tuple[str, str], CursorRow] = field(default_factory=dict)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    history: list[HistoryRow] = field(default_factory=list)
    writes: list[WriteRow] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    budgets: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    leases: dict[str, Lease] = field(default_factory=dict)
    last: int = 0

    def copy(self) -> Tables:
        kept = {one.name: getattr(self, one.name) for one in fields(self)}
        return Tables(**{name: value if isinstance(value, int) else value.copy() for name, value in kept.items()})


class PlainStore:
    """See the module; a `bridge.ports.storage.Store`."""

    def __init__(self, tables: Tables | None = None) -> None:
        self.tables = tables or Tables()
        self._open = False

    def in_turn(self) -> AbstractContextManager[PlainUnitOfWork]:
        return self.begin()

    @contextmanager
    def begin(self) -> Iterator[PlainUnitOfWork]:
        assert not self._open, "a transaction inside a transaction: the database would wait for ever"
        before, self._open = self.tables.copy(), True
        try:
            yield PlainUnitOfWork(self.tables)
        except BaseException:
            self.tables = before
            raise
        finally:
            self._open = False

    def listing(self) -> Listing:
        return Listing()

    def copied(self) -> PlainStore:
        return PlainStore(self.tables.copy())


class PlainRecords:
    """Golden records, crosswalk, shadows, match keys."""

    tables: Tables

    def fingerprints(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, str]:
        found = {}
        for one in native_ids:
            place = (system, entity, one)
            if place in self.tables.shadows:
                found[one] = self.tables.shadows[place].fingerprint
            if place in self.tables.links and self.tables.links[place].state != "linked":
                found[one] = self.tables.links[place].fingerprint
        return found

    def links(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, Link]:
        places = [(system, entity, one) for one in native_ids]
        return {place[2]: self._link(place) for place in places if place in self.tables.links}

    def _link(self, place: Place) -> Link:
        link = self.tables.links[place]
        return replace(link, candidates=self.tables.candidates.get(place, ())) if link.state == "review" else link

    def linked_count(
        self, system: str, entity: str, at_most: int | None = None, *, among: Sequence[str] | None = None
    ) -> int:
        if among is not None:
            return len(self.linked_among(system, entity, among))
        return len(self.linked_page(system, entity, "", at_most or 1 << 30))

    def linked_among(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, str]:
        found = self.links(system, entity, native_ids).values()
        return {x.native_id: x.golden_id for x in found if x.state == "linked" and x.golden_id}

    def linked_page(self, system: str, entity: str, after: str, size: int) -> list[str]:
        rows = [x for x in self.tables.links.values() if (x.system, x.entity, x.state) == (system, entity, "linked")]
        return sorted(x.native_id for x in rows if x.native_id > after)[:size]

    def links_of(self, entity: str, golden_ids: Sequence[str], systems: Sequence[str] | None = None) -> list[Link]:
        wanted = set(golden_ids)
        found = [x for x in self.tables.links.values() if x.golden_id in wanted and x.entity == entity]
        return [x for x in found if systems is None or x.system in systems]

    def all_links(self, entity: str, state: str, limit: int) -> list[Link]:
        places = [p for p, x in self.tables.links.items() if (x.entity, x.state) == (entity, state)]
        return [self._link(place) for place in sorted(places)[:limit]]

    def reviewed(self, entity: str, golden_ids: Sequence[str]) -> set[tuple[str, str]]:
        rows = [(p, one) for p, candidates in self.tables.candidates.items() for one in candidates if p[1] == entity]
        return {(place[0], one) for place, one in rows if one in golden_ids}

    def save_links(self, rows: Iterable[Link], at: datetime) -> None:
        for link in rows:
            place = (link.system, link.entity, link.native_id)
            if link.state == "linked" and link.golden_id is not None:
                for other in self.links_of(link.entity, [link.golden_id]):
                    if (other.system, other.state) == (link.system, "linked") and other.native_id != link.native_id:
                        raise Broken(f"{link.golden_id} has two records in {link.system}")
            self.tables.candidates.pop(place, None)
            review = link.state == "review"
            if review and link.candidates:
                self.tables.candidates[place] = tuple(sorted(set(link.candidates)))
            since = link.since if link.since and review else at
            self.tables.links[place] = replace(link, candidates=(), since=since)

    def shadows(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, Shadow]:
        known = self.tables.shadows
        return {one: known[system, entity, one] for one in native_ids if (system, entity, one) in known}

    def shadows_of(self, entity: str, golden_ids: Sequence[str], systems: Sequence[str] | None = None) -> list[Shadow]:
        wanted = set(golden_ids)
        found = [one for one in self.tables.shadows.values() if one.golden_id in wanted and one.entity == entity]
        return [one for one in found if systems is None or one.system in systems]

    def waiting(self, system: str, entity: str) -> list[tuple[str, str]]:
        rows = [one for one in self.tables.shadows.values() if (one.system, one.entity) == (system, entity)]
        return [(one.native_id, one.waiting_for) for one in rows if one.waiting_for is not None]

    def save_shadows(self, rows: Iterable[Shadow]) -> None:
        for one in rows:
            self.tables.shadows[one.system, one.entity, one.native_id] = one

    def drop_shadows(self, system: str, entity: str, native_ids: Sequence[str]) -> None:
        for one in native_ids:
            self.tables.shadows.pop((system, entity, one), None)

    def goldens(self, entity: str, golden_ids: Sequence[str]) -> dict[str, Golden]:
        known = self.tables.goldens
        return {one: known[entity, one] for one in dict.fromkeys(golden_ids) if (entity, one) in known}

    def golden_page(self, entity: str, after: str, size: int, *, dead: bool = False) -> list[str]:
        rows = [one for one in self.tables.goldens.values() if one.entity == entity and one.id > after]
        rows = [one for one in rows if dead or one.alive]
        return sorted(one.id for one in rows)[:size]

    def save_goldens(self, rows: Iterable[Golden], at: datetime) -> None:
        for one in rows:
            self.tables.goldens[one.entity, one.id] = one

    def match(self, entity: str, keys: Sequence[tuple[str, str]], at_most: int) -> dict[tuple[str, str], list[str]]:
        wanted, found = set(keys), defaultdict(list)
        for (of, golden_id), pairs in sorted(self.tables.match_keys.items()):
            for pair in pairs:
                if of == entity and pair in wanted and len(found[pair]) < at_most:
                    found[pair].append(golden_id)
        return dict(found)

    def save_match_keys(self, entity: str, keys: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        for golden_id, pairs in keys.items():
            self.tables.match_keys[entity, golden_id] = tuple(dict.fromkeys(pairs))


class PlainIdentity:
    """What people and systems said of identity."""

    tables: Tables

    def again(self, system: str, entity: str) -> list[str]:
        rows = [one for one in self.tables.links.values() if (one.system, one.entity) == (system, entity)]
        return [one.native_id for one in rows if one.fingerprint == AGAIN]

    def aliases(self, entity: str, ids: Sequence[str]) -> dict[str, str]:
        return {
            one: self.tables.aliases[entity, one][0].golden_id for one in ids if (entity, one) in self.tables.aliases
        }

    def keys_in_systems(self, entity: str, golden_ids: Sequence[str]) -> dict[tuple[str, str], str]:
        rows = sorted(self.tables.aliases.values(), key=lambda row: (row[1], row[0].id))
        mine = [one for one, _ in rows if one.entity == entity and one.system and one.golden_id in golden_ids]
        return {(one.system, one.golden_id): one.id for one in mine}

    def save_aliases(self, rows: Iterable[Alias], at: datetime) -> None:
        listed = list(rows)
        self.tables.aliases.update({(one.entity, one.id): (one, at) for one in listed})
        for alias in listed:
            for key, (one, since) in list(self.tables.aliases.items()):
                if (one.entity, one.golden_id) == (alias.entity, alias.id):
                    self.tables.aliases[key] = (replace(one, golden_id=alias.golden_id), since)

    def separated(self, system: str, entity: str, native_ids: Sequence[str]) -> set[tuple[str, str]]:
        mine = [key for key in self.tables.separated if key[:2] == (system, entity) and key[2] in native_ids]
        return {(native_id, golden_id) for _, _, native_id, golden_id in mine}

    def separate(self, rows: Iterable[Separated], at: datetime) -> None:
        self.tables.separated.update({(r.system, r.entity, r.native_id, r.golden_id): r for r in rows})

    def unseparate(self, rows: Iterable[Separated]) -> None:
        for row in rows:
            self.tables.separated.pop((row.system, row.entity, row.native_id, row.golden_id), None)

    def mentioning(self, entity: str, golden_ids: Sequence[str]) -> list[str]:
        words = [codec.pack(golden_id) for golden_id in golden_ids]
        mine = [one for one in self.tables.goldens.values() if one.entity == entity]
        bodies = {one.id: codec.golden_row(one, EVER)["body"] for one in mine}
        return sorted(id_ for id_, body in bodies.items() if any(word in body for word in words))  # type: ignore[operator]

    def succeed(self, entity: str, heirs: Mapping[str, str], at: datetime) -> None:
        tables = self.tables
        for loser, winner in heirs.items():
            mine = (entity, loser)
            tables.history[:] = [
                replace(r, golden_id=winner) if (r.entity, r.golden_id) == mine else r for r in tables.history
            ]
            for conflict in list(tables.conflicts.values()):
                if (conflict.entity, conflict.golden_id) == mine:
                    tables.conflicts[conflict.id] = replace(conflict, golden_id=winner)
            for key, (alias, since) in list(tables.aliases.items()):
                if (alias.entity, alias.golden_id) == mine:
                    tables.aliases[key] = (replace(alias, system=""), since)
            for place, ids in list(tables.candidates.items()):
                if place[1] == entity:
                    tables.candidates[place] = tuple(sorted({winner if one == loser else one for one in ids}))
            for pair, said in list(tables.separated.items()):
                if (said.entity, said.golden_id) == mine:
                    del tables.separated[pair]
                    tables.separated.setdefault((*pair[:3], winner), replace(said, golden_id=winner))
            for id_, entry in list(tables.outbox.items()):
                if (entry.entity, entry.golden_id) == mine and entry.state not in ("leased", "in_doubt"):
                    del tables.outbox[id_]
            tables.match_keys.pop(mine, None)
            tables.goldens.pop(mine, None)
        self.save_aliases([Alias(entity, loser, winner) for loser, winner in heirs.items()], at)


EVER = datetime.fromisoformat("2026-01-01T00:00:00+00:00")


class PlainUnitOfWork(PlainRecords, PlainIdentity, PlainQueue, PlainJournal):
    """One transaction (`bridge.ports.storage.UnitOfWork`)."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
