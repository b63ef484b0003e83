"""Aftermath: what a write leaves to be noted once its record is merged: doubts, and defaults of the system."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.engine.merge.draft import Circumstances, Draft, all_words, journal
from bridge.engine.merge.form import Form, same
from bridge.engine.merge.settle import Base, made_by
from bridge.engine.merge.sighting import Sighting
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Proposal


def journal_doubts(
    form: Form,
    units: Sequence[Unit],
    sighting: Sighting,
    base: Base,
    changed: list[Unit],
    draft: Draft,
    around: Circumstances,
) -> None:
    """After a lost answer, a value taken for the system's own form of what was sent may be a user's edit: note it."""
    if not base.ambiguous:
        return
    for unit in units:
        paths = unit.paths(form.system)
        if unit in changed or not base.ambiguous.intersection(paths):
            continue
        word = form.read_unit(unit, sighting.record.values).values.get(unit.name)
        agreed = draft.values.get(unit.name)
        if same(unit, word, agreed, unit.members_in(form.system)):
            continue
        words = all_words(draft, unit, Proposal(form.system, word, sighting.record.modified))
        known = draft.provenance.get(unit.name)
        journal(unit, agreed, words, "in doubt", known.system if known else "", "settled", draft, around)


def accept_defaults(
    form: Form,
    units: Sequence[Unit],
    sighting: Sighting,
    values: dict[str, NativeValue],
    echo: dict[str, NativeValue],
    draft: Draft,
) -> None:
    """After a create, of a record or a row: an empty golden value for which the system put a default is left in peace.

    The default is remembered as the echo of the empty value, so that it is neither erased nor spread.
    """
    intent = sighting.intent
    if intent is None or not sighting.answered or (intent.op != "create" and not form.emap.tables):
        return
    for unit in units:
        if draft.values.get(unit.name) is not None or form.system not in unit.writes:
            continue
        empty = form.write(unit, None) or {}
        for path, nothing in empty.items():
            fresh = path in values and path not in intent.after and made_by(intent, path)
            if fresh and values[path] != nothing:
                echo[path] = nothing
