"""Rows of a record (the lines of an order): which there are is merged three-way by key, what stands in them by field.

added here, or there            -> it is there
taken out here, untouched there -> it is gone
taken out here, edited there    -> an edit beats a delete: it stays, and that is journalled
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bridge.engine.merge.draft import Circumstances, Draft, all_words, journal, take
from bridge.engine.merge.form import Form
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue, split_row_path
from bridge.ports.work import Canonical, Proposal

BEATS: Final = "edit beats delete"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a system held, what it holds now, and when it says that it changed."""

    base: Mapping[str, NativeValue]
    now: Mapping[str, NativeValue]
    at: datetime | None


def merge_keys(form: Form, unit: Unit, word: Canonical, seen: Seen, draft: Draft, around: Circumstances) -> bool:
    """Merge which rows there are. False at first contact, where rows meet rows: then it is a value like any other."""
    agreed, now = _keys(draft.values.get(unit.name)), _keys(word)
    path = unit.paths(form.system)[0]
    if path not in seen.base:
        if agreed:
            return False
        before: set[str] = set()
    else:
        before = _keys(form.read_unit(unit, seen.base).values.get(unit.name))
    kept = {key for key in before - now if key in agreed and _edited_elsewhere(form, unit.name, key, seen, draft)}
    result = sorted((agreed | (now - before)) - (before - now - kept)) or None
    proposal = Proposal(form.system, result, seen.at)
    if kept:
        words = all_words(draft, unit, Proposal(form.system, sorted(now) or None, seen.at))
        journal(unit, sorted(before) or None, words, BEATS, "", "settled", draft, around)
    if result != draft.values.get(unit.name):
        take(unit, proposal, "rows", draft, around)
    return True


def _keys(value: Canonical) -> set[str]:
    return set(value) if isinstance(value, list) else set()


def _edited_elsewhere(form: Form, table: str, key: str, seen: Seen, draft: Draft) -> bool:
    """Whether the golden row has moved since this system was in step with it."""
    return any(
        not form.in_step(unit, draft.values.get(unit.name), seen.base, {})
        for unit in form.emap.row((table, key))
        if form.system in unit.writes and unit.name in draft.provenance
    )


def known_row(form: Form, table: str, key: str, base: Mapping[str, NativeValue]) -> bool:
    """Whether this system was known to have a row."""
    return (table, key) in form.emap.keys_in(base, form.system)


def revive(form: Form, table: str, key: str, at: datetime | None, draft: Draft, around: Circumstances) -> None:
    """This system changed something in a row that another one has taken out: it comes back."""
    unit = form.emap.unit(table)
    before = draft.values.get(table)
    back = Proposal(form.system, sorted({*_keys(before), key}), at)
    journal(unit, before, all_words(draft, unit, back), BEATS, form.system, "settled", draft, around)
    take(unit, back, "rows", draft, around)


def forget_rows(
    form: Form,
    now: Mapping[str, NativeValue],
    values: dict[str, NativeValue],
    echo: dict[str, NativeValue],
    stopped: set[str],
) -> None:
    """Drop what is remembered of rows that the system does not have any more."""
    for table in form.emap.tables:
        paths = table.keys.paths(form.system)
        keys = now.get(paths[0]) if paths else None
        if not paths or paths[0] not in now:
            continue
        there = set(keys) if isinstance(keys, list) else set()
        for known in (values, echo):
            for path in [
                p for p in known if (cell := split_row_path(p)) and cell[0] == paths[0] and cell[1] not in there
            ]:
                del known[path]
        stopped -= {
            name
            for name in stopped
            if (cell := split_row_path(name)) and cell[0] == table.name and cell[1] not in there
        }
