"""What systems told of and was not looked at yet, as the daemon's turns take it up.

A row stays in the store until a reading of its place has gone well, so that neither a crash nor an outage loses it; and
no longer than polling needs anyway. Where very much is told in a short time it is taken up together, once a minute: in
small portions, a mass change would slip past the guards.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bridge.mapping.compiled import EntityMap
from bridge.store import Database
from bridge.store.hints import Told

Place = tuple[str, str]
"""A system and an entity."""
AT_ONCE: Final = 50_000
"""Hints that one turn looks at; more than a few systems can have waiting, so that none hides those of another."""
OLD: Final = timedelta(hours=1)
"""Polling has been there in the meantime, or the system is away and will be read when it is back."""
STORM: Final = 50
"""Records of one place that are followed within CALM, where that is more than the place's share; what comes beyond
waits, to be read and counted in one."""
SHARE: Final = 50
"""One in so many of the records that a place has in common with others is no storm: in a company with two million
customers, many more than fifty of them are edited in a minute, and no guard minds a fiftieth."""
MOST: Final = 10_000
"""More than that is a storm anywhere. Larger places are not counted to the end."""
CALM: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows that a turn takes up, and the records of each place."""

    rows: tuple[Told, ...] = ()
    places: Mapping[Place, frozenset[str]] | None = None

    def of(self) -> dict[Place, frozenset[str]]:
        """Place -> records; "" among them for one that was not named."""
        return dict(self.places or {})


def places_of(maps: Mapping[str, EntityMap], system: str, native_object: str) -> list[Place]:
    """Which entities of a system are kept in an object."""
    return [
        (system, entity)
        for entity, emap in maps.items()
        if system in emap.systems and emap.spec(system).object == native_object
    ]


class Hints:
    """The hints of one daemon. maps: asked each time, since a reload changes them. settled: told of each record that
    was looked at, with the time since it was first told."""

    def __init__(
        self,
        store: Database,
        maps: Callable[[], Mapping[str, EntityMap]],
        settled: Callable[[str, timedelta], None] = lambda system, after: None,
    ) -> None:
        self._store, self._maps, self.settled = store, maps, settled
        self._followed: dict[Place, deque[tuple[datetime, int]]] = defaultdict(deque)
        self._shares: dict[Place, tuple[datetime, int]] = {}
        self.next: datetime | None = None

    def take(self, off: Collection[str], now: datetime) -> Taken:
        """What is to be looked at now. off: systems that are left alone. Sets `next`: when there will be more."""
        with self._store.begin() as uow:
            there = uow.hints(AT_ONCE, without=sorted(off))
            old = [one for one in there if one.at + OLD < now or not self._places(one)]
            uow.drop_hints(old)
        there = [one for one in there if one.at + OLD >= now and self._places(one)]
        due = [one for one in there if one.due <= now]
        self.next = min((one.due for one in there if one.due > now), default=None)
        places: dict[Place, set[str]] = defaultdict(set)
        for one in due:
            for place in self._places(one):
                places[place].add(one.native_id)
        calm = {place: frozenset(ids) for place, ids in places.items() if self._calm(place, now)}
        return Taken(tuple(one for one in due if any(place in calm for place in self._places(one))), calm)

    def follow(self, taken: Taken, now: datetime) -> None:
        """A turn takes these up."""
        for place, ids in taken.of().items():
            self._followed[place].append((now, len(ids)))

    def done(self, taken: Taken, good: Collection[Place], now: datetime) -> None:
        """A turn has ended. good: the places that were read, and that went well; what was told of them is settled."""
        rows = [one for one in taken.rows if all(place in good for place in self._places(one))]
        if not rows:
            return
        with self._store.begin() as uow:
            uow.drop_hints(rows)
        for one in rows:
            self.settled(one.system, max(now - one.at, timedelta()))

    def _calm(self, place: Place, now: datetime) -> bool:
        followed = self._followed[place]
        while followed and not now - CALM < followed[0][0] <= now:
            followed.popleft()
        number = sum(number for _, number in followed)
        return number < STORM or number < self._share(place, now)

    def _share(self, place: Place, now: datetime) -> int:
        """How many records of a place are no storm; counted once within CALM, and only where it matters."""
        counted, share = self._shares.get(place, (None, 0))
        if counted is None or not now - CALM < counted <= now:
            with self._store.begin() as uow:
                share = uow.linked_count(*place, MOST * SHARE) // SHARE
            self._shares[place] = now, share
        return share

    def _places(self, one: Told) -> Iterable[Place]:
        return places_of(self._maps(), one.system, one.object)
