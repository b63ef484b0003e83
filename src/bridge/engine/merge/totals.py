"""Control totals: every system adds up by itself, and the sums are compared. They are never sent, and never recomputed.

A total is compared once the system shows all that makes it up. Equal within one smallest unit of the currency: that is
rounding, and noted as such. More: held with both sums, and no status is written while it is, so that nothing is
confirmed anywhere on sums that differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from babel.numbers import get_currency_precision

from bridge.engine.merge.draft import RESOLVED, Circumstances, Draft, all_words, hold, journal, take
from bridge.engine.merge.form import Form
from bridge.mapping.units import Unit
from bridge.ports.records import NativeValue
from bridge.ports.work import Canonical, Conflict, Proposal

ROUNDING = "rounding"
DIFFERENT = "control total"


@dataclass(frozen=True, slots=True)
class Totals:
    """What a system shows now and what it showed before, when it says that it changed, and the open conflicts."""

    values: Mapping[str, NativeValue]
    echo: Mapping[str, NativeValue]
    base: Mapping[str, NativeValue]
    at: datetime | None
    held: Mapping[str, Conflict]


def compare_totals(form: Form, totals: Totals, draft: Draft, around: Circumstances) -> None:
    """Compare this system's sums with those that stand, or let them stand where there are none."""
    controls = [unit for unit in form.emap.units if unit.control and form.system in unit.reads]
    if _content_moved(form, draft):
        for unit in (unit for unit in form.emap.units if unit.control):
            _void(unit, totals, draft, around)
    if not controls or not _in_step(form, totals, draft):
        return
    for unit in controls:
        word = form.read_unit(unit, totals.values).values.get(unit.name)
        if word is not None:
            _compare(form, unit, Proposal(form.system, word, totals.at), totals, draft, around)


def _content_moved(form: Form, draft: Draft) -> bool:
    plain = {unit.name for unit in form.emap.units if unit.moves or unit.control}
    return any(name not in plain for name in draft.moved)


def _void(unit: Unit, totals: Totals, draft: Draft, around: Circumstances) -> None:
    """What makes up the sum has changed: the sum that stood says nothing any more, and neither does a dispute on it."""
    if unit.name in draft.held:
        del draft.held[unit.name]
        if unit.name in totals.held:
            draft.conflicts.append(replace(totals.held[unit.name], state="resolved", at=around.now))
    if draft.values.get(unit.name) is not None:
        take(unit, Proposal("", None, around.now), "void", draft, around)


def _in_step(form: Form, totals: Totals, draft: Draft) -> bool:
    """Whether the system shows all of the record that it is written, and has no rows of its own."""
    emap = form.emap
    keys = [*emap.keys_in(draft.values), *emap.keys_in(totals.values, form.system)]
    return all(
        form.in_step(unit, draft.values.get(unit.name), totals.values, totals.echo)
        for unit in emap.units_with(keys)
        if form.system in unit.writes and unit.name in draft.provenance and not unit.moves
    )


def _compare(form: Form, unit: Unit, proposal: Proposal, totals: Totals, draft: Draft, around: Circumstances) -> None:
    agreed = draft.values.get(unit.name)
    if agreed is None:
        take(unit, proposal, "only value", draft, around)
        return
    if unit.name in draft.provenance and draft.provenance[unit.name].rule == RESOLVED:
        return  # a person has seen both sums and let one stand, until something that makes them up changes
    difference = abs(Decimal(str(proposal.value)) - Decimal(str(agreed)))
    conflict = totals.held.get(unit.name) if unit.name in draft.held else None
    if difference <= _unit_of(form, draft):
        if conflict is not None and any(p.system == proposal.system for p in conflict.proposals):
            draft.conflicts.append(replace(conflict, state="resolved", winner=proposal.system, at=around.now))
            del draft.held[unit.name]
        if difference and _new(form, unit, totals):
            words = all_words(draft, unit, proposal)
            journal(unit, agreed, words, ROUNDING, words[0].system, "settled", draft, around)
        return
    words = all_words(draft, unit, proposal)
    if conflict is not None:
        others = tuple(p for p in conflict.proposals if p.system != proposal.system)
        if (*others, proposal) != conflict.proposals:
            draft.conflicts.append(replace(conflict, proposals=(*others, proposal), at=around.now))
    elif unit.name not in draft.held:
        hold(unit, agreed, words, DIFFERENT, draft, around)


def _new(form: Form, unit: Unit, totals: Totals) -> bool:
    return any(totals.base.get(path) != totals.values.get(path) for path in unit.paths(form.system))


def _unit_of(form: Form, draft: Draft) -> Decimal:
    """The smallest unit of the record's currency: 1 of JPY, 0.01 of USD, 0.001 of KWD; 0.01 where none is known."""
    currency: Canonical = next((draft.values.get(u.name) for u in form.emap.units if u.kind == "currency"), None)
    digits = get_currency_precision(currency) if isinstance(currency, str) else 2
    return Decimal(1).scaleb(-digits)
