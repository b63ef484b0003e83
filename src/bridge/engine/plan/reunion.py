"""Reunion: after a restore, a record that users made since and what bridge made of it elsewhere meet as strangers.

What bridge made carries a key that the restored store does not know; the record that it was made from carries none. The
one says what the other says, as far as its system can say it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from bridge.engine.merge.form import Form
from bridge.engine.plan.identity import Decision
from bridge.ports.records import NativeRecord
from bridge.ports.work import Golden

SHOWN: Final = 5
"""Candidates that a person is shown."""

ALL_SAID: Final = "says what bridge wrote before the store was restored"
HALF_SAID: Final = "may be what bridge wrote before the store was restored"


def reunite(form: Form, record: NativeRecord, candidates: Iterable[Golden]) -> Decision:
    """Link to the one candidate of which the record says everything; review where that are several, or where it says
    half of one or more (somebody has edited either since); else new.

    candidates: golden records that arose on the other side since, and have no record in this system yet.
    """
    scores = {golden.id: _agreement(form, record, golden) for golden in candidates}
    whole = sorted(id_ for id_, score in scores.items() if score == 1)
    if len(whole) == 1:
        return Decision("link", whole[0], ALL_SAID)
    likest = sorted((-score, id_) for id_, score in scores.items() if score >= 0.5)
    if likest:
        return Decision("review", reason=HALF_SAID, candidates=tuple(id_ for _, id_ in likest[:SHOWN]))
    return Decision("new")


def _agreement(form: Form, record: NativeRecord, golden: Golden) -> float:
    """0 to 1: the share of the golden values that the record shows, as its system can. Rows are left out: they may be
    worked on; so is what is empty, for which a system may have put a default."""
    seen = [
        form.in_step(unit, golden.values[unit.name], record.values, {})
        for unit in form.emap.units
        if golden.values.get(unit.name) is not None
        and unit.kind != "rows"
        and not (unit.control or unit.computed)
        and (paths := unit.paths(form.system))
        and all(path in record.values for path in paths)
    ]
    return sum(seen) / len(seen) if seen else 0.0
