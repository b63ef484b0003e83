"""What people and systems said of identity: pairs that are not the same, and the ids that golden records had before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Table, and_, delete, func, literal, or_, select, tuple_, update

from bridge.ports.work import AGAIN, Alias, OutboxEntry, Separated
from bridge.store import codec
from bridge.store.schema import (
    ALIAS,
    CANDIDATE,
    CONFLICT,
    CROSSWALK,
    GOLDEN,
    HISTORY,
    MATCH_KEY,
    OUTBOX,
    SEPARATED,
    TAKEN,
)
from bridge.store.transaction import Transaction, chunks

_PAIR: Final = ("system", "entity", "native_id")
AT_ONCE = 50
"""Ids looked for in the bodies of all golden records by one statement."""


class Identity(Transaction):
    """The part of a unit of work that says what is the same as what."""

    def again(self, system: str, entity: str) -> list[str]:
        """Native ids of the records that are to be looked at by the next reading, changed or not."""
        where = (CROSSWALK.c.system == system, CROSSWALK.c.entity == entity, CROSSWALK.c.fingerprint == AGAIN)
        return [row.native_id for row in self.connection.execute(select(CROSSWALK.c.native_id).where(*where))]

    def aliases(self, entity: str, ids: Sequence[str]) -> dict[str, str]:
        """Id -> the golden record that it leads to, for those of `ids` that are not golden ids of their own."""
        return {row.id: row.golden_id for row in self.rows_in(ALIAS, ALIAS.c.id, ids, ALIAS.c.entity == entity)}

    def keys_in_systems(self, entity: str, golden_ids: Sequence[str]) -> dict[tuple[str, str], str]:
        """(system, golden id) -> the key of the record in that system, where it is not the golden id."""
        where = (ALIAS.c.entity == entity, ALIAS.c.system != "")
        rows = sorted(self.rows_in(ALIAS, ALIAS.c.golden_id, golden_ids, *where), key=lambda row: (row.at, row.id))
        return {(row.system, row.golden_id): row.id for row in rows}

    def save_aliases(self, rows: Iterable[Alias], at: datetime) -> None:
        """Insert or replace aliases; what led to a golden record that is an alias itself by now leads on."""
        listed = list(rows)
        self.upsert(
            ALIAS,
            ({"entity": a.entity, "id": a.id, "golden_id": a.golden_id, "system": a.system, "at": at} for a in listed),
        )
        for alias in listed:
            older = and_(ALIAS.c.entity == alias.entity, ALIAS.c.golden_id == alias.id)
            self.connection.execute(update(ALIAS).where(older).values(golden_id=alias.golden_id))

    def separated(self, system: str, entity: str, native_ids: Sequence[str]) -> set[tuple[str, str]]:
        """(native id, golden id) of pairs that a person has parted."""
        where = (SEPARATED.c.system == system, SEPARATED.c.entity == entity)
        rows = self.rows_in(SEPARATED, SEPARATED.c.native_id, native_ids, *where)
        return {(row.native_id, row.golden_id) for row in rows}

    def separate(self, rows: Iterable[Separated], at: datetime) -> None:
        """Note pairs that are not the same."""
        self.upsert(
            SEPARATED,
            (
                {
                    "system": s.system,
                    "entity": s.entity,
                    "native_id": s.native_id,
                    "golden_id": s.golden_id,
                    "by": s.by,
                    "at": at,
                }
                for s in rows
            ),
        )

    def unseparate(self, rows: Iterable[Separated]) -> None:
        """Forget pairs that were parted: a person has said that they are the same after all."""
        for row in rows:
            pair = (SEPARATED.c.system == row.system, SEPARATED.c.entity == row.entity)
            one = (SEPARATED.c.native_id == row.native_id, SEPARATED.c.golden_id == row.golden_id)
            self.connection.execute(delete(SEPARATED).where(*pair, *one))

    def mentioning(self, entity: str, golden_ids: Sequence[str]) -> list[str]:
        """Golden records of an entity whose values or words name one of these golden ids. Reads the whole table once
        for every fifty ids: merges are rare, and an index would cost every write."""
        found: set[str] = set()
        for start in range(0, len(golden_ids), AT_ONCE):
            words = [self._holds(golden_id) for golden_id in golden_ids[start : start + AT_ONCE]]
            query = select(GOLDEN.c.id).where(GOLDEN.c.entity == entity, or_(*words))
            found.update(row.id for row in self.connection.execute(query))
        return sorted(found)

    def _holds(self, golden_id: str) -> Any:
        wanted = literal(codec.pack(golden_id))  # with its quotation marks: no part of a longer text
        if self.connection.dialect.name == "postgresql":
            return func.position(wanted.op("IN")(GOLDEN.c.body)) > 0
        return func.instr(GOLDEN.c.body, wanted) > 0

    def under_way(self, entity: str, golden_ids: Sequence[str]) -> list[OutboxEntry]:
        """Entries of these golden records that are leased or in doubt, in any system."""
        where = (OUTBOX.c.entity == entity, OUTBOX.c.state.in_(TAKEN))
        return [codec.entry_of(row) for row in self.rows_in(OUTBOX, OUTBOX.c.golden_id, golden_ids, *where)]

    def set_aside(self, entity: str, golden_ids: Sequence[str]) -> list[OutboxEntry]:
        """Entries of these golden records that were set aside, in any system."""
        where = (OUTBOX.c.entity == entity, OUTBOX.c.state == "dead")
        return [codec.entry_of(row) for row in self.rows_in(OUTBOX, OUTBOX.c.golden_id, golden_ids, *where)]

    def succeed(self, entity: str, heirs: Mapping[str, str], at: datetime) -> None:
        """What was said of golden records that are merged into others is said of those now.

        History, settled conflicts, candidates and separated pairs follow; open outbox entries and match keys of the
        losers are closed, the losers themselves removed. heirs: loser -> winner. Links, shadows, held conflicts and
        entries under way are the caller's.
        """
        for loser, winner in heirs.items():
            for table in (HISTORY, CONFLICT):
                mine = and_(table.c.entity == entity, table.c.golden_id == loser)
                self.connection.execute(update(table).where(mine).values(golden_id=winner))
            keyed = and_(ALIAS.c.entity == entity, ALIAS.c.golden_id == loser, ALIAS.c.system != "")
            self.connection.execute(update(ALIAS).where(keyed).values(system=""))  # the winner keeps its own key
            for table in (CANDIDATE, SEPARATED):
                self._hand_on(table, entity, loser, winner)
        for part in chunks(list(heirs)):
            open_ = and_(OUTBOX.c.entity == entity, self.among(OUTBOX.c.golden_id, part), OUTBOX.c.state.not_in(TAKEN))
            self.connection.execute(delete(OUTBOX).where(open_))
            mine = and_(MATCH_KEY.c.entity == entity, self.among(MATCH_KEY.c.golden_id, part))
            self.connection.execute(delete(MATCH_KEY).where(mine))
            self.connection.execute(delete(GOLDEN).where(GOLDEN.c.entity == entity, self.among(GOLDEN.c.id, part)))
        self.save_aliases([Alias(entity, loser, winner) for loser, winner in heirs.items()], at)

    def move_entry(self, entry: OutboxEntry, golden_id: str) -> None:
        """An entry under way is another golden record's now."""
        values = {"golden_id": golden_id, "intent": codec.intent_out(entry.intent)}
        self.connection.execute(update(OUTBOX).where(OUTBOX.c.id == entry.id).values(values))

    def _hand_on(self, table: Table, entity: str, loser: str, winner: str) -> None:
        """The rows of the loser become the winner's; those that the winner has already are dropped."""
        pair = tuple_(*(table.c[name] for name in _PAIR))
        known = select(*(table.c[name] for name in _PAIR)).where(table.c.entity == entity, table.c.golden_id == winner)
        mine = and_(table.c.entity == entity, table.c.golden_id == loser)
        self.connection.execute(delete(table).where(mine, pair.in_(known)))
        self.connection.execute(update(table).where(mine).values(golden_id=winner))

    def review_counts(self) -> dict[tuple[str, str], tuple[int, int]]:
        """(entity, system) -> (records that wait for review, those of them that seem to be duplicates there).

        A duplicate: the system has a record that is linked to one of the candidates.
        """
        found: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
        waiting = CROSSWALK.c.state == "review"
        group = (CROSSWALK.c.entity, CROSSWALK.c.system)
        query = select(*group, func.count().label("number")).where(waiting).group_by(*group)
        for row in self.connection.execute(query):
            found[row.entity, row.system][0] = row.number
        other = CROSSWALK.alias("other")
        twin = and_(
            other.c.entity == CANDIDATE.c.entity,
            other.c.golden_id == CANDIDATE.c.golden_id,
            other.c.system == CANDIDATE.c.system,
            other.c.state == "linked",
        )
        place = (CANDIDATE.c.entity, CANDIDATE.c.system)
        number = func.count(func.distinct(CANDIDATE.c.native_id)).label("number")
        twins = select(*place, number).select_from(CANDIDATE.join(other, twin)).group_by(*place)
        for row in self.connection.execute(twins):
            found[row.entity, row.system][1] = row.number
        return {key: (both[0], both[1]) for key, both in found.items()}
