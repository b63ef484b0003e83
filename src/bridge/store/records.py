"""Golden records, crosswalk, shadows and match keys."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from orjson import dumps, loads
from sqlalchemy import and_, delete, exists, func, select, text

from bridge.ports.work import Golden, Link, Shadow
from bridge.store import codec
from bridge.store.schema import CANDIDATE, CROSSWALK, GOLDEN, MATCH_KEY, SHADOW
from bridge.store.transaction import Transaction, chunks

_HAVING = text(
    "SELECT asked.value, (SELECT json_group_array(golden_id) FROM (SELECT golden_id FROM match_key"
    " WHERE entity = :entity AND rule = :rule AND key = asked.value LIMIT :most)) FROM json_each(:keys) AS asked"
)
_HAVING_POSTGRESQL = text(
    "SELECT asked.key, held.golden_id FROM unnest(CAST(:keys AS text[])) AS asked (key) CROSS JOIN LATERAL ("
    "SELECT golden_id FROM match_key WHERE entity = :entity AND rule = :rule AND key = asked.key LIMIT :most) AS held"
)


class Records(Transaction):
    """The part of a unit of work that holds records."""

    def fingerprints(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, str]:
        """Fingerprint of every record seen before: linked ones from the shadow, unlinked ones from the crosswalk."""
        found: dict[str, str] = {}
        for table in (SHADOW, CROSSWALK):
            columns = select(table.c.native_id, table.c.fingerprint)
            for part in chunks(native_ids):
                query = columns.where(
                    table.c.system == system, table.c.entity == entity, self.among(table.c.native_id, part)
                )
                if table is CROSSWALK:
                    query = query.where(table.c.state != "linked")
                found.update(map(tuple, self.connection.execute(query).all()))  # a row by names takes twice as long
        return found

    def links(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, Link]:
        """The crosswalk rows of these native records."""
        where = (CROSSWALK.c.system == system, CROSSWALK.c.entity == entity)
        rows = list(self.rows_in(CROSSWALK, CROSSWALK.c.native_id, native_ids, *where))
        under_review = [row.native_id for row in rows if row.state == "review"]
        candidates = self._candidates(system, entity, under_review)
        return {row.native_id: codec.link_of(row, tuple(sorted(candidates[row.native_id]))) for row in rows}

    def linked_among(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, str]:
        """Native id -> golden id, for those of these records that are linked."""
        found: dict[str, str] = {}
        columns = select(CROSSWALK.c.native_id, CROSSWALK.c.golden_id)
        for part in chunks(native_ids):
            query = columns.where(CROSSWALK.c.system == system, CROSSWALK.c.entity == entity)
            query = query.where(CROSSWALK.c.state == "linked", self.among(CROSSWALK.c.native_id, part))
            found.update(map(tuple, self.connection.execute(query).all()))
        return found

    def _candidates(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        where = (CANDIDATE.c.system == system, CANDIDATE.c.entity == entity)
        for row in self.rows_in(CANDIDATE, CANDIDATE.c.native_id, native_ids, *where):
            found[row.native_id].append(row.golden_id)
        return found

    def linked_count(
        self, system: str, entity: str, at_most: int | None = None, *, among: Sequence[str] | None = None
    ) -> int:
        """How many native records of a system and entity are linked. at_most: where counting stops; among: of these."""
        linked = select(CROSSWALK.c.native_id).limit(at_most)
        linked = linked.where(CROSSWALK.c.system == system, CROSSWALK.c.entity == entity, CROSSWALK.c.state == "linked")
        parts = [linked]
        if among is not None:
            parts = [linked.where(self.among(CROSSWALK.c.native_id, part)) for part in chunks(among)]
        counts = (select(func.count()).select_from(part.subquery()) for part in parts)
        return sum(int(self.connection.execute(count).scalar() or 0) for count in counts)

    def linked_in_both(self, entity: str, one: str, other: str) -> int:
        """How many golden records are linked in both of two systems."""
        theirs = CROSSWALK.alias("theirs")
        linked = and_(CROSSWALK.c.entity == entity, CROSSWALK.c.system == one, CROSSWALK.c.state == "linked")
        there = exists().where(
            theirs.c.golden_id == CROSSWALK.c.golden_id,
            theirs.c.entity == entity,
            theirs.c.system == other,
            theirs.c.state == "linked",
        )
        query = select(func.count()).select_from(CROSSWALK).where(linked, there)
        return int(self.connection.execute(query).scalar() or 0)

    def linked_page(self, system: str, entity: str, after: str, size: int) -> list[str]:
        """Native ids of linked records in their order, those after `after`."""
        query = (
            select(CROSSWALK.c.native_id)
            .where(CROSSWALK.c.system == system, CROSSWALK.c.entity == entity, CROSSWALK.c.state == "linked")
            .where(CROSSWALK.c.native_id > after)
            .order_by(CROSSWALK.c.native_id)
            .limit(size)
        )
        return list(self.connection.execute(query).scalars())

    def links_of(self, entity: str, golden_ids: Sequence[str], systems: Sequence[str] | None = None) -> list[Link]:
        """The crosswalk rows of these golden records, in any state; in these systems, or in all."""
        where = [CROSSWALK.c.entity == entity, *([] if systems is None else [self.only(CROSSWALK.c.system, systems)])]
        rows = self.rows_in(CROSSWALK, CROSSWALK.c.golden_id, golden_ids, *where)
        return list(map(codec.link_of, rows))

    def reviewed(self, entity: str, golden_ids: Sequence[str]) -> set[tuple[str, str]]:
        """(system, golden id) for which a record of that system waits for a person to say whether it is this one."""
        rows = self.rows_in(CANDIDATE, CANDIDATE.c.golden_id, golden_ids, CANDIDATE.c.entity == entity)
        return {(row.system, row.golden_id) for row in rows}

    def shadows(self, system: str, entity: str, native_ids: Sequence[str]) -> dict[str, Shadow]:
        """The shadows of these native records."""
        where = (SHADOW.c.system == system, SHADOW.c.entity == entity)
        rows = self.rows_in(SHADOW, SHADOW.c.native_id, native_ids, *where)
        return {shadow.native_id: shadow for shadow in map(codec.shadow_of, rows)}

    def shadows_of(self, entity: str, golden_ids: Sequence[str], systems: Sequence[str] | None = None) -> list[Shadow]:
        """The shadows of these golden records; in these systems, or in all."""
        where = [SHADOW.c.entity == entity, *([] if systems is None else [self.only(SHADOW.c.system, systems)])]
        rows = self.rows_in(SHADOW, SHADOW.c.golden_id, golden_ids, *where)
        return list(map(codec.shadow_of, rows))

    def waiting(self, system: str, entity: str) -> list[tuple[str, str]]:
        """(native id, "entity:native id" it waits for) of records that refer to something not known when last seen."""
        query = select(SHADOW.c.native_id, SHADOW.c.waiting_for).where(
            SHADOW.c.system == system, SHADOW.c.entity == entity, SHADOW.c.waiting_for.is_not(None)
        )
        return [(row.native_id, row.waiting_for) for row in self.connection.execute(query)]

    def goldens(self, entity: str, golden_ids: Sequence[str]) -> dict[str, Golden]:
        """These golden records."""
        rows = self.rows_in(GOLDEN, GOLDEN.c.id, golden_ids, GOLDEN.c.entity == entity)
        return {golden.id: golden for golden in map(codec.golden_of, rows)}

    def golden_page(self, entity: str, after: str, size: int, *, dead: bool = False) -> list[str]:
        """The next ids of living golden records in order of id. dead: of those that were deleted, too."""
        query = select(GOLDEN.c.id).where(GOLDEN.c.entity == entity, GOLDEN.c.id > after)
        if not dead:
            query = query.where(GOLDEN.c.alive.is_(True))
        query = query.order_by(GOLDEN.c.id).limit(size)
        return [row.id for row in self.connection.execute(query)]

    def match(self, entity: str, keys: Sequence[tuple[str, str]], at_most: int) -> dict[tuple[str, str], list[str]]:
        """(rule, key) -> golden ids that have it, at most so many of each, whichever they are."""
        wanted: dict[str, set[str]] = defaultdict(set)
        for rule, key in keys:
            wanted[rule].add(key)
        found: dict[tuple[str, str], list[str]] = defaultdict(list)
        for rule, values in wanted.items():
            for part in chunks(sorted(values)):
                for key, golden_id in self._having(entity, rule, part, at_most):
                    found[rule, key].append(golden_id)
        return dict(found)

    def _having(self, entity: str, rule: str, keys: Sequence[str], at_most: int) -> Iterable[tuple[str, str]]:
        """Match keys with golden ids. A few of each are found in the index, however many there are: with the two
        hundred thousand of one key a page of strangers took a second."""
        given = {"entity": entity, "rule": rule, "most": at_most}
        if self.connection.dialect.name == "postgresql":
            for key, golden_id in self.connection.execute(_HAVING_POSTGRESQL, {**given, "keys": list(keys)}):
                yield key, golden_id
            return
        for key, ids in self.connection.execute(_HAVING, {**given, "keys": dumps(keys).decode()}):
            for golden_id in loads(ids):
                yield key, golden_id

    def save_links(self, rows: Iterable[Link], at: datetime) -> None:
        """Insert or replace crosswalk rows and the candidates of those under review."""
        links = list(rows)
        self.upsert(CROSSWALK, (codec.link_row(link, at) for link in links))
        grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
        for link in links:
            grouped[link.system, link.entity].append(link.native_id)
        for (system, entity), ids in grouped.items():
            for part in chunks(ids):
                old = delete(CANDIDATE).where(
                    CANDIDATE.c.system == system, CANDIDATE.c.entity == entity, self.among(CANDIDATE.c.native_id, part)
                )
                self.connection.execute(old)
        candidates = [
            {"system": link.system, "entity": link.entity, "native_id": link.native_id, "golden_id": golden_id}
            for link in links
            if link.state == "review"
            for golden_id in dict.fromkeys(link.candidates)
        ]
        if candidates:
            self.connection.execute(CANDIDATE.insert(), candidates)

    def save_shadows(self, rows: Iterable[Shadow]) -> None:
        """Insert or replace shadows."""
        self.upsert(SHADOW, (codec.shadow_row(shadow) for shadow in rows))

    def drop_shadows(self, system: str, entity: str, native_ids: Sequence[str]) -> None:
        """Forget what a system held of records that are gone."""
        for part in chunks(native_ids):
            self.connection.execute(
                delete(SHADOW).where(
                    SHADOW.c.system == system, SHADOW.c.entity == entity, self.among(SHADOW.c.native_id, part)
                )
            )

    def save_goldens(self, rows: Iterable[Golden], at: datetime) -> None:
        """Insert or replace golden records."""
        self.upsert(GOLDEN, (codec.golden_row(golden, at) for golden in rows))

    def save_match_keys(self, entity: str, keys: Mapping[str, Iterable[tuple[str, str]]]) -> None:
        """Replace the match keys of these golden records."""
        for part in chunks(list(keys)):
            self.connection.execute(
                delete(MATCH_KEY).where(MATCH_KEY.c.entity == entity, self.among(MATCH_KEY.c.golden_id, part))
            )
        rows = [
            {"entity": entity, "rule": rule, "key": key, "golden_id": golden_id}
            for golden_id, pairs in keys.items()
            for rule, key in dict.fromkeys(pairs)
        ]
        if rows:
            self.connection.execute(MATCH_KEY.insert(), rows)

    def all_links(self, entity: str, state: str, limit: int) -> Iterator[Link]:
        """Links of an entity in one state, for people."""
        query = select(CROSSWALK).where(CROSSWALK.c.entity == entity, CROSSWALK.c.state == state).limit(limit)
        for row in self.connection.execute(query.order_by(CROSSWALK.c.system, CROSSWALK.c.native_id)).all():
            found = self._candidates(row.system, row.entity, [row.native_id] if state == "review" else [])
            yield codec.link_of(row, tuple(sorted(found[row.native_id])))
