"""Guards: does what one system shows in one read look like an accident? Counts in, findings out.

A filter that was changed, a bad import, an emptied column, a restored backup: each is a perfectly good reading, and
what follows from it would be written everywhere.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from bridge.ports.records import NativeValue, split_row_path

Rule = Literal["listed", "deleted", "emptied", "changed", "canary", "deletes", "mapping"]
"""listed: a full listing lacks records. deleted: many are said to be gone. emptied: a field lost its value in many.
changed: a field has another value in many. canary: the record that must be there is not. deletes: many deletes are due
to be passed on. mapping: a mapping line that was changed would change a field in many."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What is let through without a person. Shares are of the records of one system and entity that are linked, 0 to 1.

    least_listed: of these, at least so many must be in a full listing (or be said to be gone).
    most_deleted, most_emptied, most_changed: at most so many may go, lose the value of one field, or change in one
        field, in one read.
    few_lost: no number up to this is ever stopped by the first three; few_changed: nor by the last.
    """

    least_listed: Decimal = Decimal("0.5")
    most_deleted: Decimal = Decimal("0.2")
    most_emptied: Decimal = Decimal("0.2")
    most_changed: Decimal = Decimal("0.5")
    few_lost: int = 10
    few_changed: int = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """What one read of one system and entity showed, of records that were linked before.

    linked: how many there were. listed: those in a full listing, or said to be gone; None where it was none.
    deleted: those said to be gone. emptied, changed: native field -> records in which it lost its value, or has
        another one.
    """

    linked: int
    listed: int | None = None
    deleted: int = 0
    emptied: Mapping[str, int] = field(default_factory=dict)
    changed: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One rule that a read broke: `number` of `of` records, in a native field where the rule is about one."""

    rule: Rule
    number: int
    of: int
    field: str = ""


SETTING: Final[Mapping[Rule, str]] = {
    "listed": "sync.guards.least_listed",
    "deleted": "sync.guards.most_deleted",
    "emptied": "sync.guards.most_emptied",
    "changed": "sync.guards.most_changed",
    "deletes": "sync.max_deletes",
    "canary": "canary",
    "mapping": "sync.guards.most_changed",
}


def judge(counts: Counts, limits: Limits) -> tuple[Finding, ...]:
    """Every rule that these counts break. A field that was emptied is not said to be changed as well."""
    found: list[Finding] = []
    linked, listed = counts.linked, counts.listed
    if listed is not None and linked and limits.least_listed:
        lacking = linked - listed
        if listed == 0 or (lacking > limits.few_lost and listed < limits.least_listed * linked):
            found.append(Finding("listed", listed, linked))
    if _many(counts.deleted, linked, limits.most_deleted, limits.few_lost):
        found.append(Finding("deleted", counts.deleted, linked))
    emptied = [
        Finding("emptied", number, linked, path)
        for path, number in sorted(counts.emptied.items())
        if _many(number, linked, limits.most_emptied, limits.few_lost)
    ]
    told = {finding.field for finding in emptied}
    changed = [
        Finding("changed", number, linked, path)
        for path, number in sorted(counts.changed.items())
        if path not in told and _many(number, linked, limits.most_changed, limits.few_changed)
    ]
    return (*found, *emptied, *changed)


def enough(number: int, limits: Limits) -> int | None:
    """So many linked records that `number` of them, lacking or changed or gone, break no rule: nobody has to count
    further than to this, however many there are. None where any number is too many."""
    share = min(limits.most_deleted, limits.most_emptied, limits.most_changed, 1 - limits.least_listed)
    return int(number / share) + 1 if share > 0 else None


def judge_mapping(changed: Mapping[str, int], records: int, limits: Limits) -> tuple[Finding, ...]:
    """The fields that a changed mapping would change in too many records at once. changed: field -> golden records."""
    return tuple(
        Finding("mapping", number, records, name)
        for name, number in sorted(changed.items())
        if _many(number, records, limits.most_changed, limits.few_changed)
    )


def _many(number: int, linked: int, share: Decimal, few: int) -> bool:
    return number > few and number > share * linked


def differences(
    watched: Collection[str], before: Mapping[str, NativeValue], now: Mapping[str, NativeValue]
) -> Iterable[tuple[str, bool]]:
    """(native field, whether it was emptied) for each field whose value is another than it was.

    watched: paths of the record that are read, and of the tables whose rows are. A field that was not known before has
    not changed; rows that came or went are a change of their table; the cells of all rows are one field, "items.qty".
    """
    seen: dict[str, bool] = {}
    for path, old in before.items():
        if path not in now or now[path] == old:
            continue
        cell = split_row_path(path)
        if (cell[0] if cell else path) in watched:
            name = f"{cell[0]}.{cell[2]}" if cell else path
            seen[name] = now[path] is None and seen.get(name, True)
    return seen.items()


def words(findings: Iterable[Finding], entity: str, limits: Limits) -> str:
    """What a person is told: counts, the limit, and its name in the configuration."""
    said = []
    for one in findings:
        if one.rule == "listed":
            text = f"lists {one.number} of the {one.of} {entity} records that are linked there"
        elif one.rule == "deleted":
            text = f"says that {one.number} of {one.of} linked {entity} records are gone"
        elif one.rule == "emptied":
            text = f"{one.field} was emptied in {one.number} of {one.of} linked {entity} records"
        elif one.rule == "mapping":
            text = f"the changed mapping would change {one.field} in {one.number} of {one.of} {entity} records at once"
        else:
            text = f"{one.field} has changed in {one.number} of {one.of} linked {entity} records at once"
        said.append(f"{text} ({SETTING[one.rule]}: {_share(one.rule, limits)})")
    return "; ".join(said)


def _share(rule: Rule, limits: Limits) -> str:
    shares = {
        "listed": limits.least_listed,
        "deleted": limits.most_deleted,
        "emptied": limits.most_emptied,
        "changed": limits.most_changed,
        "mapping": limits.most_changed,
    }
    return f"{(shares[rule] * 100).normalize():f}%"
