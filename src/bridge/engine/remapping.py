"""Remapping: a mapping that was changed, taken into force field by field from what the store knows. No call is made.

The mapping in force is kept as an outline (`bridge.mapping.outline`). Where a line says something else now, its field,
and no other, is read again from the shadows of every record. What would change in too many records at once waits for a
person; until then the entity is neither read nor written. Systems that have to be asked (another object, other native
fields, other match rules) are read anew by `ingest`, as after an expired position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bridge.engine.identify import Identities
from bridge.engine.leftovers import let_go
from bridge.engine.merge.draft import Circumstances
from bridge.engine.merge.form import Form, RefBook
from bridge.engine.merge.remap import Known, Remapped, concerned, remap_record, template
from bridge.engine.plan.due import late
from bridge.engine.plan.guards import judge_mapping, words
from bridge.engine.refbook import look_up
from bridge.engine.runtime import Run
from bridge.engine.stops import lets_through, lift, made
from bridge.mapping.compiled import EntityMap
from bridge.mapping.outline import Changes, Outline, as_text, compare, from_text
from bridge.mapping.units import Unit
from bridge.ports.errors import MappingError
from bridge.ports.storage import Store, UnitOfWork
from bridge.ports.work import Canonical, Golden, Shadow

SAMPLES = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """One golden value before and after; values are a person's, and stand in no log."""

    golden_id: str
    unit: str
    old: Canonical = field(repr=False)
    new: Canonical = field(repr=False)


@dataclass(slots=True)
class Effect:
    """What a changed mapping comes to.

    records: golden records of the entity. values: field -> those in which it gets another value. held: field -> those
    in which a person has to decide. writes: system -> records that would be written. touched: field -> the golden ids
    in which anything of the three comes about.
    """

    entity: str
    changes: Changes
    records: int = 0
    values: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    touched: dict[str, set[str]] = field(default_factory=dict)
    samples: list[Sample] = field(default_factory=list)


def remap(run: Run) -> set[str]:
    """Take changed mappings into force. Returns the entities whose change waits for a person."""
    waiting = set()
    for emap in run.runtime.maps.values():
        if emap.outline is None:
            continue
        with run.store.begin() as uow:
            before = in_force(uow, emap.entity)
            if before is None or before.digest == emap.digest:
                _note(uow, emap, before, None)
                continue
        changes = compare(before, emap.outline)
        if changes.meaning:
            found = effect(run.store, emap, changes, run.around(emap), run.runtime.pace.page)
            if not _allowed(run, emap, found):
                waiting.add(emap.entity)
                continue
            _apply(run, emap, changes)
            run.report.remapped[emap.entity] = {unit: len(ids) for unit, ids in found.touched.items()}
        if not changes.recognised:
            _find_by_new_rules(run, emap)
        with run.store.begin() as uow:
            _note(uow, emap, before, changes)
    return waiting


def in_force(uow: UnitOfWork, entity: str) -> Outline | None:
    """The outline of the mapping under which the golden records of an entity came about."""
    text = uow.flag(_flag(entity))
    return from_text(text) if text else None


def effect(store: Store, emap: EntityMap, changes: Changes, around: Circumstances, size: int) -> Effect:
    """What taking a changed mapping into force would come to. Writes nothing."""
    found = Effect(emap.entity, changes)
    for page in _pages(store, emap, changes.meaning, around, size):
        for before, after in page.remapped:
            found.records += 1
            _count(found, page, before, after)
    return found


def _count(found: Effect, page: _Page, before: Golden, after: Remapped) -> None:
    writing: set[str] = set()
    shadows = page.shadows.get(before.id, {})
    for unit in concerned(page.emap, after.golden, found.changes.meaning):
        line, old, new = template(unit.name), before.values.get(unit.name), after.golden.values.get(unit.name)
        held = unit.name in after.golden.held and unit.name not in before.held
        late = {one for one, shadow in shadows.items() if _late(page.forms[one], unit, after.golden, shadow)}
        found.values[line] += old != new
        found.held[line] += held
        writing |= late
        if old != new or held or late:
            found.touched.setdefault(line, set()).add(before.id)
        if old != new and sum(template(sample.unit) == line for sample in found.samples) < SAMPLES:
            found.samples.append(Sample(before.id, unit.name, old, new))
    found.writes.update(writing)


def _late(form: Form, unit: Unit, golden: Golden, shadow: Shadow) -> bool:
    """Whether the system would be written because of this unit; what it never showed is not known yet."""
    paths = unit.paths(form.system)
    known = bool(paths) and all(path in shadow.values for path in paths)
    return (
        known
        and form.system in unit.writes
        and unit.name not in golden.held
        and unit.name in golden.provenance
        and late(form, unit, golden, shadow)
    )


def _allowed(run: Run, emap: EntityMap, found: Effect) -> bool:
    """Whether it may be taken into force; else it is remembered as a stop, unless a person has approved it."""
    limits = run.runtime.pace.guards
    findings = judge_mapping({line: len(ids) for line, ids in found.touched.items()}, found.records, limits)
    with run.store.begin() as uow:
        if not findings:
            _lift(uow, emap)
            return True
        about = set[str]().union(*(found.touched[one.field] for one in findings))
        why = f"{words(findings, emap.entity, limits)}; `bridge mapping changes` shows which"
        return lets_through(uow, made(run, (emap.systems[0], emap.entity, "mapping"), findings, why, about))


def _apply(run: Run, emap: EntityMap, changes: Changes) -> None:
    """Save it, a page a transaction. Stopped in the middle it is done again: what is done comes to the same."""
    for page in _pages(run.store, emap, changes.meaning, run.around(emap), run.runtime.pace.page, save=True):
        for _, after in page.remapped:
            for system, problem in after.problems:
                error = MappingError(f"{problem.path}: {problem.message}")
                run.report.trouble(error, system, emap.entity, after.golden.id)
        run.runtime.point("after remapping")


def _find_by_new_rules(run: Run, emap: EntityMap) -> None:
    """Everybody's match keys, before anything is read: else whoever is read first finds nobody by a new rule."""
    after, size = "", run.runtime.pace.page
    while True:
        with run.store.begin() as uow:
            ids = uow.golden_page(emap.entity, after, size, dead=True)
            if not ids:
                return
            found = uow.goldens(emap.entity, ids).values()
            uow.save_match_keys(emap.entity, Identities.keys_of(emap, found))
        run.runtime.point("after keys")
        after = ids[-1]
        let_go()


def _note(uow: UnitOfWork, emap: EntityMap, before: Outline | None, changes: Changes | None) -> None:
    """The mapping is in force. Systems that have nothing else to say under it need not be read anew."""
    _lift(uow, emap)
    if emap.outline is None or (before is not None and changes is None):
        return
    uow.set_flag(_flag(emap.entity), as_text(emap.outline))
    if before is None or changes is None:
        return
    for system in emap.systems:
        name = f"mapping:{system}:{emap.entity}"
        if system not in changes.anew and uow.flag(name) == before.digest:
            uow.set_flag(name, emap.digest)


def _lift(uow: UnitOfWork, emap: EntityMap) -> None:
    lift(uow, emap.systems[0], emap.entity, "mapping")


def _flag(entity: str) -> str:
    return f"inforce:{entity}"


def _pages(
    store: Store,
    emap: EntityMap,
    changed: Mapping[str, tuple[str, ...]],
    around: Circumstances,
    size: int,
    *,
    save: bool = False,
) -> Iterator[_Page]:
    """All golden records under the new mapping, page by page."""
    after = ""
    while True:
        with store.begin() as uow:
            ids = uow.golden_page(emap.entity, after, size)
            if not ids:
                return
            page = _Page(uow, emap, ids, changed, around)
            if save:
                page.save(uow, around)
        yield page
        after = ids[-1]
        let_go()


class _Page:
    """Golden records with what is known of them, and what they are under the new mapping: (before, after)."""

    def __init__(
        self,
        uow: UnitOfWork,
        emap: EntityMap,
        ids: list[str],
        changed: Mapping[str, tuple[str, ...]],
        around: Circumstances,
    ) -> None:
        self.emap = emap
        goldens = uow.goldens(emap.entity, ids)
        linked = {(one.system, one.native_id) for one in uow.links_of(emap.entity, ids) if one.state == "linked"}
        self.shadows: dict[str, dict[str, Shadow]] = {}
        for shadow in uow.shadows_of(emap.entity, ids):
            if (shadow.system, shadow.native_id) in linked and shadow.system in emap.systems:
                self.shadows.setdefault(shadow.golden_id, {})[shadow.system] = shadow
        held = uow.held_conflicts(emap.entity, ids)
        under_way = {entry.golden_id for entry in uow.under_way(emap.entity, ids)}
        self.forms = {
            system: Form(emap, system, _refs(uow, emap, system, self.shadows, goldens)) for system in emap.systems
        }
        self.remapped: list[tuple[Golden, Remapped]] = []
        for golden in goldens.values():
            mine = {unit: conflict for (of, unit), conflict in held.items() if of == golden.id}
            known = Known(golden, self.shadows.get(golden.id, {}), mine, golden.id in under_way)
            self.remapped.append((golden, remap_record(self.forms, known, changed, around)))

    def save(self, uow: UnitOfWork, around: Circumstances) -> None:
        """Write everything back: one statement a table."""
        moved = [after.golden for before, after in self.remapped if after.golden is not before]
        uow.save_goldens(moved, around.now)
        uow.save_shadows([shadow for _, after in self.remapped for shadow in after.shadows])
        uow.save_conflicts([conflict for _, after in self.remapped for conflict in after.conflicts])
        uow.add_history([row for _, after in self.remapped for row in after.history])
        if moved:
            uow.save_match_keys(self.emap.entity, Identities.keys_of(self.emap, moved))


def _refs(
    uow: UnitOfWork,
    emap: EntityMap,
    system: str,
    shadows: Mapping[str, Mapping[str, Shadow]],
    goldens: Mapping[str, Golden],
) -> RefBook:
    bases = [of[system].values for of in shadows.values() if system in of]
    return look_up(uow, emap, system=system, bases=bases, goldens=goldens.values())
