"""Verify: both systems are read anew and compared, record by record; what bridge remembers is only used to pair them.

The source and the target are each read in full for counts and control totals. A sample of the pairs, or all of them, is
compared field by field.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final

from bridge.engine.merge.form import Form
from bridge.engine.migrate.plan import judge
from bridge.engine.migrate.totals import Totals, side_by_side
from bridge.engine.migrate.way import Way
from bridge.engine.refbook import look_up
from bridge.engine.runtime import Run
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Unit
from bridge.ports.records import BadRow, ChangePage, NativeRecord
from bridge.ports.storage import UnitOfWork
from bridge.ports.work import Golden, Link, Shadow

SAMPLE: Final = 1000
"""About so many pairs of an entity are compared, where not all of them are."""

NAMED: Final = 50_000
"""Records of an entity that are named with their reason; beyond that they are counted."""


@dataclass(slots=True)
class Verified:
    """What the comparison of one entity found.

    records: of the source and the target, whole. pairs: records of the source that have one in the target.
    compared: pairs looked at field by field. equal: of these, those that agree in every field. decided: in which the
    agreed value is the target's own, by a rule or a person. wrong: in which the target shows something else.
    missing: records of the source without one in the target, by reason. unread: pairs of which the source holds a value
    that cannot be read, by field and reason: the rest of such a record arrived. bad: rows that the source holds and
    could not give, by column and reason; each is named by its place.
    """

    entity: str
    source: Totals
    target: Totals
    records: Counter[str] = field(default_factory=Counter)
    pairs: int = 0
    compared: int = 0
    equal: int = 0
    decided: int = 0
    wrong: int = 0
    differing: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    bad: Counter[str] = field(default_factory=Counter)
    named: list[dict[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether the target shows what was agreed, of everything that is there."""
        return not self.wrong

    def name(self, native_id: str, what: str, why: str) -> None:
        """A record that is not as it should be, by its id in the source."""
        if len(self.named) < NAMED:
            self.named.append({"id": native_id, "what": what, "why": why})

    def note_bad(self, rows: Sequence[BadRow]) -> None:
        """Rows that the source could not give."""
        for row in rows:
            self.bad[row.why] += 1
            self.name(row.place, "bad row", row.why)

    def as_json(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "entity": self.entity,
            "ok": self.ok,
            "records": dict(self.records),
            "pairs": self.pairs,
            "compared": self.compared,
            "equal": self.equal,
            "decided": self.decided,
            "wrong": self.wrong,
            "differing": dict(self.differing),
            "missing": dict(self.missing),
            "unread": dict(self.unread),
            "bad": dict(self.bad),
            "totals": side_by_side(self.source, self.target),
            "named": self.named,
        }


def verify_entity(run: Run, way: Way, emap: EntityMap, *, full: bool) -> Verified:
    """Read both sides and compare. Raises what reading raises."""
    found = Verified(emap.entity, Totals(emap, *_sides(way)), Totals(emap, *_sides(way)))
    with run.store.begin() as uow:
        linked = uow.linked_count(way.source, emap.entity)
    every = 1 if full else max(1, linked // SAMPLE)
    for page in read_all(run, emap, way.source):
        found.records["source"] += len(page.records)
        found.note_bad(page.bad)
        _compare(run, way, emap, page.records, every, found)
        run.runtime.progress("verify", way.source, emap.entity, found.records["source"])
    for page in read_all(run, emap, way.target):
        found.records["target"] += len(page.records)
        with run.store.begin() as uow:
            pairs = _paired(uow, emap, page.records, way.target, way.source)
            _count(
                uow, emap, way.target, [record for record in page.records if record.native_id in pairs], found.target
            )
        run.runtime.progress("verify", way.target, emap.entity, found.records["target"])
    return found


def _sides(way: Way) -> tuple[str, str]:
    return way.source, way.target


def read_all(run: Run, emap: EntityMap, system: str) -> Iterator[ChangePage]:
    """Every record of an entity, from the system itself, a page at a time; its cursor is not touched.

    Each comes once, so that it can be counted: a feed may bring again what was written while it is read, or shortly
    before (ERPNext does, after a load of more than it remembers).
    """
    cursor: str | None = None
    more = True
    with closing(run.store.listing()) as seen:
        while more:
            run.go_on()
            with run.calling(system, emap.entity) as (adapter, _):
                page = adapter.changes(emap.spec(system), cursor, run.runtime.pace.page)
            cursor, more = page.cursor, page.more
            records = {record.native_id: record for record in page.records}
            new = seen.lacking(list(records))
            seen.add(new)
            yield replace(page, records=tuple(records[one] for one in new))


def _paired(
    uow: UnitOfWork, emap: EntityMap, page: Sequence[NativeRecord], here: str, there: str
) -> dict[str, tuple[Link, Link]]:
    """Native id -> its link and that of the same golden record in the other system."""
    links = uow.links(here, emap.entity, [record.native_id for record in page])
    mine = {link.golden_id: link for link in links.values() if link.state == "linked" and link.golden_id}
    others = {x.golden_id: x for x in uow.links_of(emap.entity, sorted(mine)) if x.system == there}
    theirs = {golden_id: link for golden_id, link in others.items() if link.state == "linked"}
    return {mine[one].native_id: (mine[one], theirs[one]) for one in mine if one in theirs}


def _count(
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    records: Sequence[NativeRecord],
    totals: Totals,
    found: Verified | None = None,
) -> None:
    """Add up what the records say. found: where what cannot be read is noted."""
    form = Form(emap, system, look_up(uow, emap, system=system, records=records))
    for record in records:
        reading = form.read(record.values)
        totals.add(reading.values)
        for problem in reading.problems:
            if found is None:
                break
            why = f"{problem.unit} cannot be read: {problem.message}"
            found.unread[why] += 1
            found.name(record.native_id, "unread", why)


def _compare(run: Run, way: Way, emap: EntityMap, page: Sequence[NativeRecord], every: int, found: Verified) -> None:
    with run.store.begin() as uow:
        pairs = _paired(uow, emap, page, way.source, way.target)
        _count(uow, emap, way.source, [record for record in page if record.native_id in pairs], found.source, found)
        _missing(run, uow, way, emap, [record for record in page if record.native_id not in pairs], found)
    found.pairs += len(pairs)
    chosen = {record.native_id: record for record in page if record.native_id in pairs and _picked(record, every)}
    if not chosen:
        return
    ids = [pairs[native_id][1].native_id for native_id in chosen]
    with run.calling(way.target, emap.entity) as (adapter, _):
        there = adapter.fetch(emap.spec(way.target), ids)
    with run.store.begin() as uow:
        pair = _Pairs(uow, emap, way, list(chosen.values()), list(there.values()), pairs)
    for native_id, record in chosen.items():
        mine, theirs = pairs[native_id]
        _judge(pair, mine, record, there.get(theirs.native_id), found)


def _picked(record: NativeRecord, every: int) -> bool:
    """One in `every`, always the same ones."""
    return every == 1 or int.from_bytes(blake2b(record.native_id.encode(), digest_size=4).digest()) % every == 0


def _missing(
    run: Run, uow: UnitOfWork, way: Way, emap: EntityMap, records: Sequence[NativeRecord], found: Verified
) -> None:
    if not records:
        return
    form = Form(emap, way.source, look_up(uow, emap, system=way.source, records=records))
    links = uow.links(way.source, emap.entity, [record.native_id for record in records])
    golden = {x.native_id: x.golden_id for x in links.values() if x.state == "linked" and x.golden_id}
    fates = judge(uow, run.runtime.maps, way, emap, set(golden.values()))
    entries = uow.queued(way.target, emap.entity, sorted(golden.values()))
    for record in records:
        one, link = golden.get(record.native_id), links.get(record.native_id)
        if one is None:
            why = f"under review: {link.reason}" if link is not None and link.state == "review" else "not taken in yet"
        elif one in entries and entries[one].error:
            why = f"{entries[one].error_code}: {entries[one].error}"
        else:
            fate, because = fates[one]
            why = f"{fate}: {because}" if because else fate
        problems = [
            f"{problem.unit} cannot be read: {problem.message}" for problem in form.read(record.values).problems
        ]
        why = f"{why} ({'; '.join(problems)})" if problems else why
        found.missing[why] += 1
        found.name(record.native_id, "missing", why)


class _Pairs:
    """What is agreed of the pairs of one page, and how each side writes it."""

    def __init__(
        self,
        uow: UnitOfWork,
        emap: EntityMap,
        way: Way,
        mine: Sequence[NativeRecord],
        theirs: Sequence[NativeRecord],
        pairs: Mapping[str, tuple[Link, Link]],
    ) -> None:
        self.emap, self.way = emap, way
        ids = sorted({pairs[record.native_id][0].golden_id or "" for record in mine})
        self.goldens: dict[str, Golden] = uow.goldens(emap.entity, ids)
        self.shadows: dict[tuple[str, str], Shadow] = {
            (shadow.system, shadow.golden_id): shadow for shadow in uow.shadows_of(emap.entity, ids)
        }
        self.forms = {
            system: Form(emap, system, look_up(uow, emap, system=system, records=records,
                                               goldens=self.goldens.values()))
            for system, records in ((way.source, mine), (way.target, theirs))
        }  # fmt: skip

    def off(self, system: str, golden: Golden, record: NativeRecord) -> list[Unit]:
        """The units in which a system does not show what is agreed."""
        form, shadow = self.forms[system], self.shadows.get((system, golden.id))
        echo = shadow.echo if shadow is not None else {}
        stopped = shadow.stopped if shadow is not None else ()
        found = []
        for unit in self.emap.units_with(self.emap.keys_in(golden.values)):
            column = unit.columns.get(system)
            if column is None or not column.paths or unit.control or unit.computed or unit.name in stopped:
                continue
            value = golden.values.get(unit.name)
            if unit.name in golden.provenance and not form.in_step(unit, value, record.values, echo):
                found.append(unit)
        return found


def _judge(pair: _Pairs, link: Link, mine: NativeRecord, theirs: NativeRecord | None, found: Verified) -> None:
    found.compared += 1
    golden = pair.goldens.get(link.golden_id or "")
    way = pair.way
    if theirs is None or golden is None:
        found.wrong += 1
        found.name(link.native_id, "missing", f"is linked, and not found in {way.target}")
        return
    off = [
        unit for unit in pair.off(way.target, golden, theirs) if _written(unit, way) and unit.name not in golden.held
    ]
    decided = [unit.name for unit in pair.off(way.source, golden, mine) if way.target in unit.columns]
    held = [name for name in golden.held if name not in decided]
    if off:
        found.wrong += 1
        names = ", ".join(sorted({unit.name.partition("[")[0] for unit in off}))
        found.differing.update({unit.name.partition("[")[0] for unit in off})
        found.name(link.native_id, "differs", f"{way.target} shows something else in {names}")
    elif decided or held:
        found.decided += 1
        names = ", ".join(sorted({name.partition("[")[0] for name in (*decided, *held)}))
        found.name(link.native_id, "decided", f"another value stands, or waits for a person, in {names}")
    else:
        found.equal += 1


def _written(unit: Unit, way: Way) -> bool:
    return way.target in unit.writes and way.target not in unit.on_create_only
