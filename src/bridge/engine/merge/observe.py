"""Observe: one record as one system shows it now, merged into its golden record. The heart of bridge.

For each unit that differs from the shadow there are exactly these cases (DESIGN: merge, exactly):

    the system says what the golden record says  -> nothing to decide
    golden has not moved since it was in step    -> fast-forward: somebody who had seen the value changed it
    both moved                                   -> conflict: the policy picks; base, words and winner are journalled
    no base, one side empty                      -> filled: first contact never erases
    no base, both filled and different           -> first contact: held, or settled where the mapping says how

Nothing here reads a clock, draws an id at random or does I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from bridge.engine.merge.aftermath import accept_defaults, journal_doubts
from bridge.engine.merge.dispute import agree, dispute, meet_again, rehear, unread_since_restore
from bridge.engine.merge.draft import (
    ONLY_VALUE,
    Circumstances,
    Draft,
    all_words,
    finished,
    journal,
    take,
    take_back,
)
from bridge.engine.merge.form import Form, Reading, complete, normal, same
from bridge.engine.merge.owner import refuse, refused
from bridge.engine.merge.policy import unite
from bridge.engine.merge.quantity import add, work_out
from bridge.engine.merge.remap import meet_elsewhere
from bridge.engine.merge.rows import Seen, forget_rows, known_row, merge_keys, revive
from bridge.engine.merge.settle import (
    Base,
    base_of,
    differs,
    settle_answered,
    settle_booked,
    settle_unanswered,
)
from bridge.engine.merge.sighting import Sighting, only_word, seconded
from bridge.engine.merge.status import move, rehear_status
from bridge.engine.merge.totals import Totals, compare_totals
from bridge.mapping.units import FieldProblem, Unit
from bridge.ports.records import NativeValue, split_row_path
from bridge.ports.values import value
from bridge.ports.work import Canonical, Conflict, Golden, HistoryRow, Proposal, Provenance, Shadow


@value(frozen=True, slots=True)
class Outcome:
    """What an observation leads to. `applied` tells what became of the write under way, None if there was none."""

    golden: Golden
    shadow: Shadow
    conflicts: tuple[Conflict, ...]
    history: tuple[HistoryRow, ...]
    problems: tuple[FieldProblem, ...]
    applied: bool | None
    moved: frozenset[str]


def observe(form: Form, sighting: Sighting, around: Circumstances) -> Outcome:
    """Merge one record into its golden record. See the module docstring for the cases."""
    record = sighting.record
    base = _settled(sighting, around.coarse.get(form.system, around.tolerance))
    golden = sighting.golden
    draft = Draft.of(golden)
    values, echo = dict(base.values), dict(base.echo)
    stopped = set(sighting.shadow.stopped) if sighting.shadow else set[str]()
    waiting: tuple[str, str] | None = None
    units = _units(form, golden, base.values, record.values)
    changed = _changed(form, units, base.values, record.values)
    if not base.values:  # what is so for all records of this system is its word at first contact
        changed += form.emap.constants(form.system)
    changed = seconded(form, changed, sighting, draft, values)
    reading = _read(form, changed, record.values)
    only = only_word(form, sighting)
    for unit in changed:
        paths = unit.paths(form.system)
        if unit.name in reading.unresolved:
            waiting = reading.unresolved[unit.name]
            stopped.add(unit.name)  # what it refers to is not known yet: not to be overwritten meanwhile
            continue  # the base stays, so that the unit is looked at again when the other record is known
        stopped.discard(unit.name)
        if form.system in unit.reads:
            if unit.name not in reading.values:
                stopped.add(unit.name)
            else:
                _hear(form, unit, reading.values[unit.name], base, sighting, only, draft, around)
        for path in paths:
            if values.get(path) != record.values[path] or path not in values:
                echo.pop(path, None)
            values[path] = record.values[path]
    for path, unit_name in form.emap.archive_units(form.system).items():  # to be known before it is written
        if unit_name is None and path in record.values and values.get(path) != record.values[path]:
            values[path] = record.values[path]
            echo.pop(path, None)
    _put_back(units, changed, stopped)
    forget_rows(form, record.values, values, echo, stopped)
    journal_doubts(form, units, sighting, base, changed, draft, around)
    accept_defaults(form, units, sighting, values, echo, draft)
    work_out(form.emap.computed, sighting.held, draft, around)
    if form.emap.controls:
        compare_totals(form, Totals(values, echo, base.values, record.modified, sighting.held), draft, around)
    shadow = Shadow(
        system=form.system,
        entity=golden.entity,
        native_id=record.native_id,
        golden_id=golden.id,
        values=values,
        version=record.version,
        fingerprint="" if waiting else sighting.fingerprint,
        modified=record.modified,
        echo=echo,
        stopped=tuple(sorted(stopped)),
        waiting_for=f"{waiting[0]}:{waiting[1]}" if waiting else None,
        seen_at=around.now,
    )
    applied = None if base.settled is None else base.settled == "applied"
    return Outcome(
        golden=finished(draft),
        shadow=shadow,
        conflicts=tuple(draft.conflicts),
        history=tuple(draft.history),
        problems=reading.problems,
        applied=applied,
        moved=frozenset(draft.moved),
    )


def _hear(
    form: Form,
    unit: Unit,
    word: Canonical,
    base: Base,
    sighting: Sighting,
    only: Provenance | None,
    draft: Draft,
    around: Circumstances,
) -> None:
    """One changed unit that can be read. only: why a new golden record is as it is."""
    if only is None or unit.name not in form.emap.plain:
        if not form.lost(unit, word, base.values):
            _merge(form, unit, word, base, sighting, draft, around)
        return
    value = normal(word)
    if value is not None:
        draft.values[unit.name] = value
        draft.provenance.tell(unit.name, only)
        draft.moved.add(unit.name)


def _put_back(units: Sequence[Unit], changed: Sequence[Unit], stopped: set[str]) -> None:
    """References that were not known, and that are as they were before: put back to what is known."""
    if stopped:
        stopped -= {unit.name for unit in units if unit.record_ref and unit not in changed}


def _units(
    form: Form, golden: Golden, base: Mapping[str, NativeValue], now: Mapping[str, NativeValue]
) -> Sequence[Unit]:
    """The units of the record, with those of every row that golden record, base or system have."""
    emap = form.emap
    if not emap.tables:
        return emap.units
    keys = [*emap.keys_in(golden.values), *emap.keys_in(base, form.system), *emap.keys_in(now, form.system)]
    return emap.units_with(keys)


def _settled(sighting: Sighting, tolerance: timedelta) -> Base:
    if sighting.intent is None:
        return base_of(sighting.shadow)
    if sighting.booked is not None:
        return settle_booked(sighting.shadow, sighting.intent, booked=sighting.booked)
    if sighting.answered:
        return settle_answered(sighting.shadow, sighting.record, sighting.intent, sighting.edited)
    return settle_unanswered(
        sighting.shadow, sighting.record, sighting.intent, sighting.apart, sighting.along, tolerance
    )


def _changed(
    form: Form, units: Sequence[Unit], base: Mapping[str, NativeValue], now: Mapping[str, NativeValue]
) -> list[Unit]:
    """Where the system shows something else than the base; a path it did not let us see proves nothing."""
    shown: Iterable[tuple[Unit, tuple[str, ...]]] = form.emap.shown(form.system)
    if form.emap.tables:
        shown = [(unit, paths) for unit in units if (paths := unit.paths(form.system))]
    changed: list[Unit] = []
    for unit, paths in shown:
        if len(paths) == 1:
            path = paths[0]
            if path in now and (path not in base or base[path] != now[path]):
                changed.append(unit)
        elif all(path in now for path in paths) and differs(paths, base, now):
            changed.append(unit)
    return changed


def _read(form: Form, units: list[Unit], values: Mapping[str, NativeValue]) -> Reading:
    paths = {path: values[path] for unit in units for path in unit.paths(form.system)}
    return form.read(paths) if units else Reading({}, {}, ())


def _merge(
    form: Form, unit: Unit, word: Canonical, base: Base, sighting: Sighting, draft: Draft, around: Circumstances
) -> None:
    """One changed unit: what is special about a control total, the rows of a table, a cell, and what somebody owns."""
    if unit.control or unit.computed:
        return  # compared, or worked out, when all else is known
    row = split_row_path(unit.name) if form.emap.tables else None
    taken_out = row is not None and (row[0], row[1]) not in form.emap.keys_in(draft.values)
    if row is not None and taken_out and not known_row(form, row[0], row[1], base.values):
        return  # a row that never came in: what stands in it says nothing
    if unit.name not in draft.held and refused(form, unit, base.values):
        proposal = Proposal(form.system, word, sighting.record.modified)
        refuse(form, unit, base.values, proposal, draft, around)
        return
    if unread_since_restore(form, unit, sighting.shadow, base.values) and unit.name not in draft.held:
        meet_again(unit, Proposal(form.system, word, sighting.record.modified), draft, around)
        return
    if unit.policy.kind == "sum" and all(path in base.values for path in unit.paths(form.system)):
        before = form.read_unit(unit, base.values).values.get(unit.name)
        if base.ambiguous.intersection(unit.paths(form.system)):  # a system that keeps no movements: a guess
            words = all_words(draft, unit, Proposal(form.system, word, sighting.record.modified))
            journal(unit, before, words, "in doubt", form.system, "settled", draft, around)
        add(unit, before, Proposal(form.system, word, sighting.record.modified), draft, around)
        return
    if unit.kind == "rows":
        sight = Seen(base.values, sighting.record.values, sighting.record.modified)
        if merge_keys(form, unit, word, sight, draft, around):
            return
    elif row is not None and taken_out:
        revive(form, row[0], row[1], sighting.record.modified, draft, around)
    _merge_unit(form, unit, word, base, sighting, draft, around)


def _merge_unit(
    form: Form, unit: Unit, word: Canonical, base: Base, sighting: Sighting, draft: Draft, around: Circumstances
) -> None:
    system = form.system
    members = unit.members_in(system)
    agreed = draft.values.get(unit.name)
    word = complete(unit, word, agreed, members)
    proposal = Proposal(system, word, sighting.record.modified)
    if unit.name in draft.held:
        if unit.moves and unit.name in sighting.held:
            rehear_status(unit, proposal, sighting.held[unit.name], draft, around)
        else:
            rehear(unit, proposal, members, sighting.held.get(unit.name), draft, around)
        return
    paths = unit.paths(system)
    has_base = bool(paths) and all(path in base.values for path in paths)
    if same(unit, word, agreed, members) or _already_expressed(form, unit, agreed, sighting.record.values):
        if has_base or agreed is not None:  # at first contact an empty field is nobody's word
            policy, known = (unit.policy, base.values) if has_base else (form.emap.first_contact, {})
            agree(form, unit, policy, known, replace(proposal, value=agreed), draft, around)
        return
    before = form.read_unit(unit, base.values).values.get(unit.name) if has_base else None
    if unit.policy.kind == "union":
        united: Canonical = unite(agreed, before, word) or None
        take(unit, replace(proposal, value=united), "union", draft, around)
        return
    if not has_base:
        meet_elsewhere(form, unit, proposal, bool(base.values), draft, around)
        return
    if word is None and unit.empty == "keeps":
        return  # the mapping says that emptying a field here erases nothing; it is due to be written back
    if unit.moves:
        move(form, unit, before, proposal, draft, around)
        return
    rule = _uncontested(form, unit, base, draft)
    if rule:
        if base.ambiguous.intersection(paths):
            journal(unit, before, all_words(draft, unit, proposal), "in doubt", system, "settled", draft, around)
        take(unit, proposal, rule, draft, around)
        return
    dispute(form, unit, unit.policy, before, proposal, draft, around)
    if unit.name in draft.held:
        take_back(unit, before, draft, around)


def _uncontested(form: Form, unit: Unit, base: Base, draft: Draft) -> str:
    """The rule by which a change is taken as it is; empty where somebody else's word stands against it."""
    agreed = draft.values.get(unit.name)
    if agreed is None and unit.name not in draft.provenance:
        return ONLY_VALUE  # what could not be read before is mended, and nobody else has said anything
    return "changed" if form.in_step(unit, agreed, base.values, base.echo) else ""


def _already_expressed(form: Form, unit: Unit, agreed: Canonical, now: Mapping[str, NativeValue]) -> bool:
    """Whether what the system shows is the golden value as this system can express it (a lossy system)."""
    return bool(unit.paths(form.system)) and form.in_step(unit, agreed, now, {})
