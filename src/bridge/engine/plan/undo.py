"""Undo: what would take back the writes of one run. A plan, made from what is remembered; nothing is written here.

An update is undone where it came from: the golden value goes back to what it was before the run, and travels to all
systems like any edit. A record that the run made is deleted where it was made. What anybody has touched since is left
alone, and so is what cannot be taken back; each with a sentence that says why.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from bridge.engine.plan.marks import ARCHIVED, DELETED, KEPT, RECORD
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Canonical, Golden, HistoryRow, Link, Shadow, WriteRow

Place = tuple[str, str]
"""A system and a golden id."""


@dataclass(frozen=True, slots=True)
class SetBack:
    """One golden value that goes back. value: what it is now; to: what it was before the run; by: who changed it.

    Of the unit RECORD: a record that was deleted lives on; it is made again where it takes part in deletes.
    """

    entity: str
    golden_id: str
    unit: str
    value: Canonical = field(repr=False)
    to: Canonical = field(repr=False)
    by: str


@dataclass(frozen=True, slots=True)
class Remove:
    """One record that the run made, to be deleted in the system in which it was made."""

    entity: str
    golden_id: str
    system: str
    native_id: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """One write that stays, and why. unit is empty where the whole record is meant."""

    entity: str
    golden_id: str
    system: str
    native_id: str = field(repr=False)
    op: str
    unit: str
    why: str


Step = SetBack | Remove | LeftAlone


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the records of one entity that a run wrote.

    history: golden id -> changes since the run began, oldest first. links, shadows: by system and golden id.
    deleting: systems that can delete records of this entity.
    """

    emap: EntityMap
    goldens: Mapping[str, Golden]
    history: Mapping[str, Sequence[HistoryRow]]
    links: Mapping[Place, Link]
    shadows: Mapping[Place, Shadow]
    deleting: frozenset[str]


def plan_undo(run: str, writes: Iterable[WriteRow], known: Known) -> list[Step]:
    """The steps that take back these writes of a run (newest first), all of one entity."""
    newest: dict[Place, WriteRow] = {}
    made: dict[Place, WriteRow] = {}
    updates: dict[tuple[str, str], list[tuple[WriteRow, Unit]]] = {}
    back: dict[str, WriteRow] = {}
    steps: list[Step] = []
    for row in writes:
        place = (row.system, row.golden_id)
        newest.setdefault(place, row)
        if row.op == "create":
            made[place] = row
        elif row.op == "delete" or _archives(known, row):
            back.setdefault(row.golden_id, row)
        else:
            for unit in _units(known, row):
                updates.setdefault((row.golden_id, unit.name), []).append((row, unit))
    for (golden_id, _), found in updates.items():
        told = [(row, unit) for row, unit in found if (row.system, golden_id) not in made]
        steps.extend(_take_back(run, told, known) if told else ())
    steps.extend(_bring_back(row, known) for row in back.values())
    steps.extend(_unmake(run, row, newest[place], known) for place, row in made.items())
    return steps


def left_alone(row: WriteRow, why: str, unit: str = "") -> LeftAlone:
    """This write, or one unit of it, stays."""
    return LeftAlone(row.entity, row.golden_id, row.system, row.native_id, row.op, unit, why)


def _archives(known: Known, row: WriteRow) -> bool:
    """Whether a write did no more than archive a record that was deleted elsewhere."""
    link = known.links.get((row.system, row.golden_id))
    archive = known.emap.deletes[row.system].archive if row.system in known.emap.deletes else {}
    return link is not None and link.linked_by == ARCHIVED and bool(row.after) and set(row.after) <= set(archive)


def _bring_back(row: WriteRow, known: Known) -> Step:
    """A record that the run deleted or archived because it was deleted elsewhere: that delete is taken back."""
    golden = known.goldens.get(row.golden_id)
    if golden is None or golden.alive:
        return left_alone(row, "a deleted record cannot be brought back: make it again where it is needed")
    gone = golden.provenance.get(RECORD)
    return SetBack(golden.entity, golden.id, RECORD, DELETED, KEPT, gone.system if gone else "")


def _units(known: Known, row: WriteRow) -> Sequence[Unit]:
    keys = known.emap.keys_in(row.after, row.system) + known.emap.keys_in(row.before, row.system)
    units = known.emap.units_with(keys)
    return [unit for unit in units if set(unit.paths(row.system)) & set(row.after)]


def _take_back(run: str, found: Sequence[tuple[WriteRow, Unit]], known: Known) -> Iterable[Step]:
    """One unit of one record, and the writes that carried it (newest first): it goes back as a whole or not at all."""
    (row, unit), golden = found[0], known.goldens.get(found[0][0].golden_id)
    rows = [change for change in known.history.get(row.golden_id, ()) if change.unit == unit.name]
    mine = [change for change in rows if change.run == run]
    why = _stays(unit, golden, rows, mine)
    if why or golden is None:
        return [left_alone(row, why, unit.name) for row in {row.system: row for row, _ in reversed(found)}.values()]
    seen: set[str] = set()
    left: list[Step] = []
    for row, unit in found:
        shadow = known.shadows.get((row.system, row.golden_id))
        if row.system not in seen and not _shows(shadow, unit.paths(row.system), row.after):
            left.append(left_alone(row, f"{row.system} shows something else by now", unit.name))
        seen.add(row.system)
    if left or mine[0].old == golden.values.get(unit.name):
        return left
    return [SetBack(golden.entity, golden.id, unit.name, mine[-1].new, mine[0].old, mine[-1].system)]


def _stays(unit: Unit, golden: Golden | None, rows: Sequence[HistoryRow], mine: Sequence[HistoryRow]) -> str:
    """Why a unit does not go back; empty if it can."""
    if golden is None or not golden.alive:
        return "the record has been deleted since"
    if unit.policy.kind == "sum" or unit.computed or unit.control:
        return "a quantity that was moved is not set back: book the opposite movement"
    if unit.moves:
        return "a status does not go back by itself: change it where the mapping allows"
    if unit.kind == "rows" or "[" in unit.name:
        return "rows of a record are not set back"
    if not mine:
        return "this value was agreed before the run, which only carried it there"
    since = rows[rows.index(mine[-1]) + 1 :]
    if since:
        return f"edited since by {since[-1].system or 'bridge'} at {since[-1].at:%Y-%m-%d %H:%M:%S}"
    if unit.name in golden.held:
        return "an open conflict holds it"
    if golden.values.get(unit.name) != mine[-1].new:
        return "the value is another by now"
    return _not_possible(unit, mine[0], mine[-1])


def _not_possible(unit: Unit, first: HistoryRow, last: HistoryRow) -> str:
    if first.rule == "filled":
        return f"it filled what was empty, from {first.system}: emptied again, {first.system} would lose it"
    if last.system and last.system not in unit.writes:
        return f"it comes from {last.system}, which bridge does not write: change it there"
    if first.old is None and unit.required:
        return "it was empty before, and is required now"
    if first.old is None and unit.empty == "keeps":
        return "it was empty before, and the mapping says that emptying erases nothing"
    return ""


def _shows(shadow: Shadow | None, paths: Iterable[str], after: Mapping[str, NativeValue]) -> bool:
    """Whether a system still holds what was sent, or what it made of it."""
    if shadow is None:
        return False
    sent = [path for path in paths if path in after]
    return all(after[path] in (shadow.values.get(path), shadow.echo.get(path, _NOTHING)) for path in sent)


_NOTHING: Final = object()


def _unmake(run: str, row: WriteRow, newest: WriteRow, known: Known) -> Step:
    """A record that the run made: it goes if nobody has touched it since the run's last write to it."""
    place = (row.system, row.golden_id)
    link, shadow, golden = known.links.get(place), known.shadows.get(place), known.goldens.get(row.golden_id)
    since = [change for change in known.history.get(row.golden_id, ()) if change.at > row.at and change.run != run]
    if link is None or link.state != "linked" or link.native_id != row.native_id or shadow is None:
        return left_alone(row, "it is not linked any more, or gone")
    if row.system not in known.deleting:
        return left_alone(row, f"{row.system} does not let records of this kind be deleted")
    if golden is None or not golden.alive:
        return left_alone(row, "the record has been deleted elsewhere since")
    if since:
        last = since[-1]
        return left_alone(row, f"edited since by {last.system or 'bridge'} at {last.at:%Y-%m-%d %H:%M:%S}")
    if shadow.version != newest.version_after:
        return left_alone(row, f"changed in {row.system} since")
    return Remove(row.entity, row.golden_id, row.system, row.native_id)
