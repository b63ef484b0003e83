"""Watch: what one read of one system and entity amounts to, counted before any of it is merged."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from bridge.engine.news import fingerprint
from bridge.engine.outbox.failure import give_up
from bridge.engine.plan.guards import Counts, Finding, differences, enough, judge, words
from bridge.engine.runtime import Run
from bridge.engine.stops import Kind, Stop, lets_through, lift, made
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import ChangePage, NativeRecord
from bridge.ports.storage import UnitOfWork


class Watch:
    """Counts the pages of one read.

    listing: it reads every record there is, so that those it lacks can be told.
    values: whether what changed is counted. Not where everything is read anew under another mapping: a record may look
        different because of that, and what had changed was counted before, by the reading that leads up to it.
    portion: where it is a drift check, the number of records it looks at: counted against these, and a stop of its own.
    """

    def __init__(
        self,
        run: Run,
        emap: EntityMap,
        system: str,
        *,
        listing: bool,
        values: bool = True,
        portion: int | None = None,
    ) -> None:
        self.run, self.emap, self.system, self.listing, self.values = run, emap, system, listing, values
        self._kind: Kind = "read" if portion is None else "drift"
        self.records = 0
        self.heard = 0  # of these, the records that `see` left out
        limits = run.runtime.pace.guards
        self._few = min(limits.few_lost, limits.few_changed)
        self._unseen: list[ChangePage] = []
        self._moved: set[str] = set()  # native ids of known records that look different
        self._listed = 0
        self._gone: dict[str, str] = {}  # native id -> golden id
        self._changed: dict[str, tuple[str, ...]] = {}  # golden id -> native fields; "-" before those that were emptied
        self._alike: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._watched = _watched(emap, system)
        self._linked = portion
        if listing:
            with run.store.begin() as uow:
                self._linked = uow.linked_count(system, emap.entity)

    def see(self, page: ChangePage) -> list[ChangePage]:
        """Count one page. A read of a few records breaks no rule, and is not looked at.

        Returns the pages that are counted by now and were not before, in their order, without what was heard before.
        """
        self.records += len(page.records) + len(page.tombstones)
        self._unseen.append(page)
        if not self.listing and self.records <= self._few:
            return []
        with self.run.store.begin() as uow:
            seen = [self._count(uow, unseen) for unseen in self._unseen]
        self._unseen.clear()
        return seen

    def rest(self) -> list[ChangePage]:
        """The pages at the end that were not looked at."""
        return self._unseen

    def _count(self, uow: UnitOfWork, page: ChangePage) -> ChangePage:
        alive = [record.native_id for record in page.records]
        told = [stone.native_id for stone in page.tombstones if not stone.merged_into]
        linked = uow.linked_among(self.system, self.emap.entity, told)
        if self.listing:
            others = [native_id for native_id in alive if native_id not in linked]
            self._listed += len(linked) + uow.linked_count(self.system, self.emap.entity, among=others)
        self._gone |= linked
        for native_id in alive:
            self._gone.pop(native_id, None)
        return self._compare(uow, page) if self.values else page

    def _compare(self, uow: UnitOfWork, page: ChangePage) -> ChangePage:
        """What differs from the shadows, except where a write of bridge's own may be the cause."""
        system, entity = self.system, self.emap.entity
        prints = uow.fingerprints(system, entity, [record.native_id for record in page.records])
        fresh = [r for r in page.records if prints.get(r.native_id) != fingerprint(r, self.emap.digest)]
        news = [record for record in fresh if record.native_id in prints]
        shadows = uow.shadows(system, entity, [record.native_id for record in news])
        under_way = uow.open_entries(system, entity, [shadow.golden_id for shadow in shadows.values()])
        for record in news:
            shadow = shadows.get(record.native_id)
            if shadow is None or shadow.waiting_for or shadow.golden_id in under_way:
                continue
            found = differences(self._watched, shadow.values, record.values)
            fields = tuple(f"-{path}" if emptied else path for path, emptied in found)
            if fields:
                self._changed[shadow.golden_id] = self._alike.setdefault(fields, fields)
        self._moved.update(record.native_id for record in news)
        return self._without_the_known(page, fresh)

    def _without_the_known(self, page: ChangePage, fresh: list[NativeRecord]) -> ChangePage:
        """The page as it is to be merged: after a migration a reading brings everything once more, which is neither
        kept nor looked up again. What looked different before in this reading, or is said to be gone, stays."""
        keep = {record.native_id for record in fresh} | {stone.native_id for stone in page.tombstones}
        left = tuple(one for one in page.records if one.native_id in keep or one.native_id in self._moved)
        self.heard += len(page.records) - len(left)
        return replace(page, records=left)

    def stop(self, uow: UnitOfWork) -> Stop | None:
        """The stop that this read comes to, unless it breaks no rule."""
        limits, most = self.run.runtime.pace.guards, max(len(self._gone), len(self._changed))
        if self._linked is None and most > self._few:  # a cycle costs what has changed, not what there is
            self._linked = uow.linked_count(self.system, self.emap.entity, enough(most, limits))
        every = Counter(field for fields in self._changed.values() for field in fields)
        emptied = {field[1:]: number for field, number in every.items() if field.startswith("-")}
        changed = Counter(emptied)
        changed.update({field: number for field, number in every.items() if not field.startswith("-")})
        linked = self._linked or 0
        listed = min(self._listed, linked) if self.listing else None
        found = judge(Counts(linked, listed, len(self._gone), emptied, changed), limits)
        if not found:
            return None
        why = words(found, self.emap.entity, limits)
        return made(self.run, (self.system, self.emap.entity, self._kind), found, why, self._about(found))

    def _about(self, found: tuple[Finding, ...]) -> set[str]:
        """The golden records that the findings are about; none for those that a listing lacks."""
        fields = {f"-{one.field}" for one in found if one.field} | {one.field for one in found if one.rule == "changed"}
        about = {golden_id for golden_id, changed in self._changed.items() if fields.intersection(changed)}
        if any(one.rule == "deleted" for one in found):
            about |= set(self._gone.values())
        return about

    def stopped(self) -> bool:
        """Whether this read must not be merged: remembered as a stop, unless a person has approved it."""
        with self.run.store.begin() as uow:
            stop = self.stop(uow)
            halted = stop is not None and not lets_through(uow, stop)
        place = (self.system, self.emap.entity)
        if halted:
            self.run.halted.add(place)
        else:
            self.run.halted.discard(place)
        return halted


def _watched(emap: EntityMap, system: str) -> frozenset[str]:
    """The native paths of which a change would go on to other systems."""
    units = [unit for unit in emap.units if system in unit.reads and not unit.control and not unit.computed]
    return frozenset(path for unit in units for path in unit.paths(system))


def look_for_canaries(run: Run, system: str) -> None:
    """Leave a system alone where a record that must be there is not: it is another database, or a copy for tests."""
    for entity, native_id in run.runtime.canaries.get(system, {}).items():
        emap = run.runtime.maps.get(entity)
        if emap is None or system not in run.up(emap):
            continue
        try:
            with run.calling(system, entity) as (adapter, _):
                there = native_id in adapter.fetch(emap.spec(system), [native_id])
        except Exception as error:
            give_up(run, emap, system, [], error)
            run.down.add(system)
            return
        why = (
            f"the {entity} that `systems.{system}.canary` names is not there: this may be another database, or a copy"
            " for tests"
        )
        stop = made(run, (system, entity, "canary"), [Finding("canary", 0, 1)], why, [native_id])
        with run.store.begin() as uow:
            if there:
                lift(uow, system, entity, "canary")
            elif lets_through(uow, stop):
                lift(uow, system, entity, "canary")  # approved for this run
            else:
                run.down.add(system)
                run.barred.add(system)
