"""Which golden record is this native record? By link, by the key it carries, by the mapping's match rules, or new."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from bridge.engine.forgetting import forgotten
from bridge.engine.merge.form import Form
from bridge.engine.plan.identity import crowd, decide, match_keys, match_words, matching_units, said_to_match
from bridge.engine.plan.reunion import reunite
from bridge.engine.refbook import look_up
from bridge.engine.restoring import Born, born_since
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.ports.records import NativeRecord
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Alias, Canonical, Golden, Link

KEY = re.compile(r"[0-9a-z][0-9a-z-]{7,63}")
"""What a golden id looks like."""


class Identities:
    """Identity of the records of one page. Golden records made or loaded on the way are in `goldens`."""

    def __init__(self, run: Run, uow: UnitOfWork, emap: EntityMap, system: str) -> None:
        self.run, self.uow, self.emap, self.system = run, uow, emap, system
        self.goldens: dict[str, Golden] = {}
        self._values: dict[str, Mapping[str, Canonical]] = {}  # golden id -> what match rules look at, as far as loaded
        self._index: dict[tuple[str, str], list[str]] = {}  # match key -> golden ids, with those of this page
        self._crowded: set[tuple[str, str]] = set()  # match keys that so many have that they say nothing
        self._taken: dict[str, str] = {}  # golden id -> native id of this system
        self._somewhere: set[str] = set()  # golden ids of which some system has the record
        self._parted: set[tuple[str, str]] = set()  # (native id, golden id) that a person said are not the same
        self._alias: dict[str, str] = {}  # ids that golden records had before, or have in this system
        self._born: Born | None = None  # golden ids that arose since the store was restored

    @staticmethod
    def keys_of(emap: EntityMap, goldens: Iterable[Golden]) -> dict[str, list[tuple[str, str]]]:
        """golden id -> the match keys under which it can be found."""
        return {golden.id: match_keys(emap.match, golden.values) for golden in goldens}

    def resolve(
        self,
        records: Sequence[NativeRecord],
        links: Mapping[str, Link],
        written: Mapping[str, str],
        prints: Mapping[str, str],
    ) -> list[Link]:
        """New or changed crosswalk rows for the records that are not plainly linked yet."""
        loose = [r for r in records if r.native_id not in links or links[r.native_id].state != "linked"]
        loose = [r for r in loose if not r.archived or r.native_id in links or r.native_id in written]
        if not loose:
            return []
        self._parted = self.uow.separated(self.system, self.emap.entity, [record.native_id for record in loose])
        self._load_owners(loose, links, written)
        strangers = [record for record in loose if record.native_id not in written]
        again = forgotten(self.uow, self.emap.entity, self.system, strangers, links, prints)
        found: list[Link] = []
        unknown: list[NativeRecord] = []
        for record in loose:
            if record.native_id in again:
                continue
            link = self._by_key(record, links.get(record.native_id), written.get(record.native_id))
            if link is None:
                unknown.append(record)
            else:
                found.append(link)
        if unknown:
            found.extend(self._by_rules(unknown, links, prints))
        return [*self._said(found, records), *again.values()]

    def _load_owners(
        self, records: Sequence[NativeRecord], links: Mapping[str, Link], written: Mapping[str, str]
    ) -> None:
        """The golden records that the loose records name by key, by an old link, or by bridge's own write."""
        named = {record.key for record in records if record.key}
        named |= {link.golden_id for link in links.values() if link.golden_id}
        named |= set(written.values())
        self._alias = self.uow.aliases(self.emap.entity, sorted(named))
        self._load(sorted({self._alias.get(golden_id, golden_id) for golden_id in named}))

    def _load(self, golden_ids: Sequence[str]) -> None:
        news = [golden_id for golden_id in golden_ids if golden_id not in self._values]
        for golden_id, golden in self.uow.goldens(self.emap.entity, news).items():
            self.goldens[golden_id] = golden
            self._values[golden_id] = match_words(self.emap.match, golden.values)
        for link in self.uow.links_of(self.emap.entity, news):
            if link.state == "linked" and link.golden_id:
                self._somewhere.add(link.golden_id)
                if link.system == self.system:
                    self._taken[link.golden_id] = link.native_id

    def _by_key(self, record: NativeRecord, old: Link | None, written: str | None) -> Link | None:
        """A record made by bridge, or one that carries the golden id, or one that was linked before it went."""
        for named, how in ((written, "created"), (record.key, "key"), (old and old.golden_id, "restored")):
            golden_id = self._alias.get(named, named) if named else None
            if not golden_id or golden_id not in self.goldens or self._is_parted(record, golden_id, how):
                continue
            owner = self._taken.get(golden_id)
            if owner is None or owner == record.native_id:
                self._taken[golden_id] = record.native_id
                return Link(self.system, self.emap.entity, record.native_id, golden_id, "linked", how)
            if how == "key":
                known = old is not None and old.state == "review" and golden_id in old.candidates
                reason = old.reason if old and known else "carries the key of a record that is linked already: a copy"
                return self._review(record, reason, (golden_id,), old)
        return None

    def _is_parted(self, record: NativeRecord, golden_id: str, how: str = "") -> bool:
        """Whether a person said that the record is not this one. What bridge has just made for it surely is."""
        return how != "created" and (record.native_id, golden_id) in self._parted

    def _review(
        self, record: NativeRecord, reason: str, candidates: tuple[str, ...], old: Link | None, seen: str = ""
    ) -> Link:
        since = old.since if old is not None and old.state == "review" else None
        return Link(
            self.system,
            self.emap.entity,
            record.native_id,
            None,
            "review",
            "match",
            reason,
            candidates,
            seen,
            since=since,
        )

    def _said(self, links: Sequence[Link], records: Sequence[NativeRecord]) -> list[Link]:
        """What waits for review keeps what it says in the fields of the match rules, for the person who decides."""
        waiting = {link.native_id for link in links if link.state == "review"}
        if not waiting:
            return list(links)
        of_them = [record for record in records if record.native_id in waiting]
        form = Form(self.emap, self.system, look_up(self.uow, self.emap, system=self.system, records=of_them))
        said = {record.native_id: said_to_match(self.emap.match, form.read(record.values).values) for record in of_them}
        return [replace(link, values=said.get(link.native_id, {})) for link in links]

    def _by_rules(
        self, records: Sequence[NativeRecord], links: Mapping[str, Link], prints: Mapping[str, str]
    ) -> list[Link]:
        self._born = born_since(self.uow, self.emap.entity)
        if self._born is not None:
            self._load([*self._born.lost, *self._born.found])
        refs = look_up(self.uow, self.emap, system=self.system, records=records, goldens=self.goldens.values())
        form = Form(self.emap, self.system, refs)
        looked_at = matching_units(self.emap)
        readings = {record.native_id: form.read_units(looked_at, record.values) for record in records}
        keys = {native_id: match_keys(self.emap.match, values) for native_id, values in readings.items()}
        wanted = sorted({key for found in keys.values() for key in found})
        found = self._found_by(wanted)
        self._crowded = {key for key, ids in found.items() if len(ids) > crowd(key)}
        self._index = {key: ids for key, ids in found.items() if key not in self._crowded}
        self._load(sorted({golden_id for ids in self._index.values() for golden_id in ids}))
        return [
            self._reunited(form, record, links, prints[record.native_id])
            or self._judge(record, readings[record.native_id], keys[record.native_id], links, prints[record.native_id])
            for record in records
        ]

    def _found_by(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], list[str]]:
        """Match key -> golden ids, as many of each as show that it is a crowd: half a town shares a blocking key."""
        by_crowd: dict[int, list[tuple[str, str]]] = defaultdict(list)
        for key in keys:
            by_crowd[crowd(key)].append(key)
        found: dict[tuple[str, str], list[str]] = {}
        for most, part in by_crowd.items():
            found |= self.uow.match(self.emap.entity, part, most + 1)
        return found

    def _reunited(self, form: Form, record: NativeRecord, links: Mapping[str, Link], seen: str) -> Link | None:
        """After a restore: what bridge made since, and what it was made from (`bridge.engine.plan.reunion`)."""
        if self._born is None:
            return None
        made = bool(record.key and KEY.fullmatch(record.key))
        ids = self._born.found if made else self._born.lost
        free = [one for one in ids if one not in self._taken and not self._is_parted(record, one)]
        decision = reunite(form, record, [self.goldens[one] for one in free])
        if decision.kind == "review":
            return self._review(record, decision.reason, decision.candidates, links.get(record.native_id), seen)
        if decision.golden_id is None:
            return None
        self._taken[decision.golden_id] = record.native_id
        if made and record.key:
            self.uow.save_aliases([Alias(self.emap.entity, record.key, decision.golden_id)], self.run.now)
        entity, reason = self.emap.entity, decision.reason
        return Link(self.system, entity, record.native_id, decision.golden_id, "linked", "match", reason)

    def _judge(
        self,
        record: NativeRecord,
        values: Mapping[str, Canonical],
        keys: list[tuple[str, str]],
        links: Mapping[str, Link],
        seen: str,
    ) -> Link:
        ids = {golden_id for key in keys for golden_id in self._index.get(key, ())}
        fit = [one for one in sorted(ids) if self._lives(one) and not self._is_parted(record, one)]
        candidates = {golden_id: self._values[golden_id] for golden_id in fit}
        decision = decide(self.emap.match, match_words(self.emap.match, values), candidates, self._taken)
        old = links.get(record.native_id)
        if decision.kind == "review":
            return self._review(record, decision.reason, decision.candidates, old, seen)
        carried = self._alias.get(record.key, record.key) if record.key else ""
        if decision.kind == "new" and carried and carried in self._taken and not self._is_parted(record, carried):
            return self._review(record, "carries the key of another record of this system: a copy", (carried,), old)
        golden_id = decision.golden_id or self._new(record, values, keys)
        self._taken[golden_id] = record.native_id
        how = "new" if decision.kind == "new" else "match"
        return Link(self.system, self.emap.entity, record.native_id, golden_id, "linked", how, decision.reason)

    def _lives(self, golden_id: str) -> bool:
        """Whether a new record may be this one: one that was deleted everywhere is not brought back by a likeness."""
        golden = self.goldens.get(golden_id)
        return golden is not None and (golden.alive or golden_id in self._somewhere)

    def _new(self, record: NativeRecord, values: Mapping[str, Canonical], keys: list[tuple[str, str]]) -> str:
        """A golden record for something never seen; under the key it carries, if an earlier store had given it one."""
        carried = record.key if record.key and KEY.fullmatch(record.key) else None
        if carried in self.goldens or carried in self._alias:
            carried = None  # a person said that it is not the one whose key it carries
        golden_id = carried or self.run.runtime.new_id()
        self.goldens[golden_id] = Golden(self.emap.entity, golden_id, 0, {}, {})
        self._values[golden_id] = match_words(self.emap.match, values)
        for key in keys:
            self._note(key, golden_id)
        return golden_id

    def _note(self, key: tuple[str, str], golden_id: str) -> None:
        """Others of this page can be found by this key too. A crowd on one page is a crowd: two thousand customers of
        one town would be compared two million times."""
        if key in self._crowded:
            return
        ids = self._index.setdefault(key, [])
        ids.append(golden_id)
        if len(ids) > crowd(key):
            self._crowded.add(key)
            del self._index[key]
