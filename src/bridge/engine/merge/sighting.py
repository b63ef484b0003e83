"""A sighting: one record as one system shows it, and the short ways in which most first sightings are merged.

What is special about no field needs no more than this; `bridge.engine.merge.observe` knows the long way, and
both come to the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from bridge.engine.merge.draft import ONLY_VALUE, Draft, second
from bridge.engine.merge.form import Form, holds
from bridge.mapping.units import Unit
from bridge.ports.records import NativeRecord, NativeValue
from bridge.ports.values import value
from bridge.ports.work import Canonical, Conflict, Golden, Intent, Proposal, Provenance, Shadow


@value(frozen=True, slots=True)
class Sighting:
    """One record to observe.

    intent, answered: the write under way, and whether the system acknowledged it.
    booked: whether the movement of the write was found, where the system was asked for it.
    edited: paths that somebody else has written since, of a write that was acknowledged.
    held: unit -> its open conflict.
    apart: prefixes of the paths that the system writes in a transaction of their own.
    along: path -> paths that the system sets by itself when this one is written.
    """

    record: NativeRecord
    golden: Golden
    shadow: Shadow | None
    fingerprint: str
    intent: Intent | None = None
    answered: bool = False
    held: Mapping[str, Conflict] = field(default_factory=dict)
    apart: tuple[str, ...] = ()
    along: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    booked: bool | None = None
    edited: frozenset[str] = frozenset()


def only_word(form: Form, sighting: Sighting) -> Provenance | None:
    """Why a new golden record is as it is: whoever was read first said so, of every field the same. Else None."""
    golden = sighting.golden
    if golden.rev or golden.provenance or sighting.shadow or sighting.intent or form.emap.tables:
        return None
    return Provenance(form.system, sighting.record.modified, ONLY_VALUE)


def seconded(
    form: Form, changed: list[Unit], sighting: Sighting, draft: Draft, values: dict[str, NativeValue]
) -> list[Unit]:
    """At first contact with a record that others know: what it shows exactly as it would be told is seconded, which is
    what the merge would come to after reading it. Returns the units that are still to be looked at."""
    if sighting.shadow is not None or sighting.intent is not None or not draft.golden.rev or form.emap.tables:
        return changed
    left, said, system = [], sighting.record, form.system
    for unit in changed:
        column, agreed = unit.columns.get(system), draft.values.get(unit.name)
        if (
            agreed is None
            or column is None
            or unit.name not in form.emap.plain
            or system not in unit.reads
            or unit.name in draft.held
            or _disputed(draft, unit, agreed)
            or not holds(column, agreed, said.values)
        ):
            left.append(unit)
            continue
        second(unit, Proposal(system, agreed, said.modified), draft)
        for path in column.paths:
            values[path] = said.values[path]
    return left


def _disputed(draft: Draft, unit: Unit, agreed: Canonical) -> bool:
    """Whether somebody said otherwise just now: then one more word for what is agreed may settle it anew."""
    known = draft.provenance.get(unit.name)
    return known is not None and any(word.value != agreed for word in known.proposals)
