"""The loop breaker: a field that two systems keep undoing for each other is frozen, and a person is asked.

No echo of bridge's own comes here; these are edits as far as anybody can tell: one system's automation writes a name in
capitals, another's puts it back, and bridge would carry both for ever. Each of them says *the same thing again*, soon,
and over somebody else's value. A person says something new, or corrects himself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from bridge.engine.merge.draft import Circumstances
from bridge.engine.merge.observe import Outcome
from bridge.mapping.compiled import EntityMap
from bridge.ports.work import Conflict, Golden, HistoryRow, Proposal, Provenance

LOOP: Final = "loop"
"""The rule under which a frozen field stands in the conflict journal and in the history."""


@dataclass(frozen=True, slots=True)
class Loop:
    """When a field counts as one that goes round: more than `flips` flips, each within `within` of the last time."""

    flips: int = 4
    within: timedelta = timedelta(hours=1)


def reach(loop: Loop, now: datetime) -> datetime:
    """Since when history matters: the flips of the last while, and what each of them repeats."""
    return now - 2 * loop.within


def tail(rows: Sequence[HistoryRow], loop: Loop) -> list[HistoryRow]:
    """The flips that a unit's history ends with, oldest first; none if its last change is somebody's edit.

    rows: the changes of one unit, oldest first. A flip puts a value there that the same system put there not long
    before, over one that another system put there since. Everything else begins anew: a value that is new, or that
    was changed in the same system, or set by bridge itself when it asked a person.
    """
    found: list[HistoryRow] = []
    for place, row in enumerate(rows):
        flips = place > 0 and row.system and rows[place - 1].system not in (row.system, "")
        if flips and any(_repeats(row, earlier, loop.within) for earlier in rows[:place]):
            found.append(row)
        else:
            found = []
    return [row for row in found if row.at >= rows[-1].at - loop.within]


def _repeats(row: HistoryRow, earlier: HistoryRow, within: timedelta) -> bool:
    return earlier.system == row.system and earlier.new == row.new and row.at - earlier.at <= within


def may_loop(emap: EntityMap, name: str) -> bool:
    """Whether a unit's value can be frozen: not a quantity that adds up, nor what follows from others, nor a status,
    which has rules of its own, nor which rows there are."""
    unit = emap.unit(name)
    return not (unit.policy.kind == "sum" or unit.computed or unit.control or unit.moves or unit.kind == "rows")


def broken(
    emap: EntityMap, outcome: Outcome, before: Golden, known: Sequence[HistoryRow], loop: Loop, around: Circumstances
) -> tuple[Outcome, list[str]]:
    """The outcome with every unit frozen that went round once too often, and the names of these units.

    known: what was recorded of the golden record since `reach`, oldest first.
    """
    frozen: list[str] = []
    for name in sorted(outcome.moved):
        if name in outcome.golden.held or not may_loop(emap, name):
            continue
        mine = [row for row in (*known, *outcome.history) if row.unit == name]
        if len(mine) > loop.flips and len(flips := tail(mine, loop)) > loop.flips:
            outcome = _freeze(outcome, before, flips, around)
            frozen.append(name)
    return outcome, frozen


def _freeze(outcome: Outcome, before: Golden, flips: Sequence[HistoryRow], around: Circumstances) -> Outcome:
    """The last flip is not followed: what was agreed before it stands, as with every field that waits for a person."""
    last, golden = flips[-1], outcome.golden
    unit, agreed = last.unit, before.values.get(last.unit)
    words = {row.system: Proposal(row.system, row.new, row.at) for row in flips}
    conflict = Conflict(
        id=around.new_id(),
        entity=golden.entity,
        golden_id=golden.id,
        unit=unit,
        state="held",
        rule=LOOP,
        winner="",
        base=agreed,
        proposals=tuple(words.values()),
        at=around.now,
        run=around.run,
    )
    back = replace(last, old=last.new, new=agreed, system="", at=around.now, rule=LOOP, run=around.run)
    return replace(
        outcome,
        golden=replace(
            golden,
            values={**golden.values, unit: agreed},
            provenance=_with(golden.provenance, before.provenance, unit),
            held={**golden.held, unit: conflict.id},
        ),
        conflicts=(*outcome.conflicts, conflict),
        history=(*outcome.history, back),
    )


def _with(now: Mapping[str, Provenance], before: Mapping[str, Provenance], unit: str) -> dict[str, Provenance]:
    return {**now, unit: before[unit]} if unit in before else dict(now)
