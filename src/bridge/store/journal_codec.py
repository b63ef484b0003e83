"""Rows of the journal to values and back: conflicts, changes, writes."""

from __future__ import annotations

from typing import Any

from bridge.ports.work import (
    Canonical,
    Conflict,
    HistoryRow,
    Terms,
    WriteRow,
)
from bridge.store.codec import instant_in, instant_out, pack, proposals_in, proposals_out, unpack


def conflict_row(conflict: Conflict) -> dict[str, object]:
    """A conflict as a row of the journal."""
    return {
        "id": conflict.id,
        "entity": conflict.entity,
        "golden_id": conflict.golden_id,
        "unit": conflict.unit,
        "state": conflict.state,
        "rule": conflict.rule,
        "winner": conflict.winner,
        "body": pack({"base": conflict.base, "words": proposals_out(conflict.proposals), **_beside(conflict)}),
        "at": conflict.at,
        "run": conflict.run,
    }


def _beside(conflict: Conflict) -> dict[str, object]:
    """What only some conflicts have."""
    terms = conflict.terms
    said = {
        "since": instant_out(conflict.since),
        "owner": conflict.owner,
        "by": conflict.by,
        "terms": terms and [terms.policy, terms.order, terms.near_seconds, terms.coarse_seconds],
    }
    return {name: value for name, value in said.items() if value}


def conflict_of(row: Any) -> Conflict:
    """A row of the journal as a value."""
    body = unpack(row.body)
    terms = body.get("terms")
    return Conflict(
        id=row.id,
        entity=row.entity,
        golden_id=row.golden_id,
        unit=row.unit,
        state=row.state,
        rule=row.rule,
        winner=row.winner,
        base=body["base"],
        proposals=proposals_in(body["words"]),
        at=row.at,
        run=row.run,
        since=instant_in(body.get("since")),
        owner=body.get("owner", ""),
        by=body.get("by", ""),
        terms=terms and Terms(terms[0], tuple(terms[1]), terms[2], terms[3]),
    )


def history_row(row: HistoryRow) -> dict[str, object]:
    """A change as a row of the history."""
    return {
        "entity": row.entity,
        "golden_id": row.golden_id,
        "unit": row.unit,
        "old": pack(row.old),
        "new": pack(row.new),
        "system": row.system,
        "rule": row.rule,
        "run": row.run,
        "at": row.at,
    }


def history_of(row: Any) -> HistoryRow:
    """A row of the history as a value."""
    old: Canonical = unpack(row.old)
    new: Canonical = unpack(row.new)
    return HistoryRow(row.entity, row.golden_id, row.unit, old, new, row.system, row.at, row.rule, row.run)


def write_row(row: WriteRow) -> dict[str, object]:
    """A write as a row of the journal of writes."""
    return {
        "run": row.run,
        "system": row.system,
        "entity": row.entity,
        "golden_id": row.golden_id,
        "native_id": row.native_id,
        "op": row.op,
        "version_after": row.version_after,
        "body": pack({"before": row.before, "after": row.after}),
        "at": row.at,
    }


def write_of(row: Any) -> WriteRow:
    """A row of the journal of writes as a value."""
    body = unpack(row.body)
    return WriteRow(
        run=row.run,
        system=row.system,
        entity=row.entity,
        golden_id=row.golden_id,
        native_id=row.native_id,
        op=row.op,
        before=body["before"],
        after=body["after"],
        version_after=row.version_after,
        at=row.at,
    )
