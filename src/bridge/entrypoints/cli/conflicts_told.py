"""How conflicts are told: for people in short words, for machines as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from bridge.entrypoints.cli.output import text
from bridge.ports.work import Conflict, Proposal
from bridge.store.database import SqlUnitOfWork

RULES = {
    "ask": "the mapping leaves this field to a person",
    "first contact": "the records met for the first time with different values, and neither is thrown away",
    "illegal move": "the mapping does not allow this move of the status",
    "control total": "the systems' own sums differ",
    "more promised than there is": "more is reserved than there is on hand",
    "in doubt": "the answer to a write was lost, and what is there now may be somebody's edit",
    "edit beats delete": "it was edited in one system and deleted in another: what is edited stays",
    "delete beats edit": "it was edited in one system and deleted in another, whose deletes beat edits: it is gone",
    "rounding": "the systems' sums differ by rounding",
}


def plain(row: Conflict, names: Mapping[str, str], now: datetime) -> dict[str, Any]:
    """A conflict for `--json`, with its record's name and its age in seconds."""
    seconds = round((now - (row.since or row.at)).total_seconds())
    return {**asdict(row), "records": names[row.golden_id], "age_seconds": seconds}


def age(row: Conflict, now: datetime) -> str:
    """How long ago it arose, in the largest unit that says it."""
    seconds = max((now - (row.since or row.at)).total_seconds(), 0)
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def won(row: Conflict, word: Proposal) -> bool:
    """Whether this word is the one that stands."""
    return row.state != "held" and bool(row.winner) and word.system == row.winner


def meaning(row: Conflict) -> str:
    """What its rule says, after a colon; empty where the rule's name says it."""
    return f": {RULES[row.rule]}" if row.rule in RULES else ""


def names_of(uow: SqlUnitOfWork, rows: Sequence[Conflict]) -> dict[str, str]:
    """golden id -> one native name of it that `explain` takes."""
    names = {row.golden_id: f"{row.entity}:{row.golden_id}" for row in rows}
    for entity in {row.entity for row in rows}:
        for link in uow.links_of(entity, [row.golden_id for row in rows if row.entity == entity]):
            if link.golden_id and link.state == "linked":
                names[link.golden_id] = f"{link.system}:{link.entity}:{link.native_id}"
    return names


def words_of(proposals: Iterable[Proposal]) -> str:
    """Who says what, in one line."""
    return "; ".join(f"{p.system or '(a person)'}: {text(p.value) or '(empty)'}" for p in proposals)
