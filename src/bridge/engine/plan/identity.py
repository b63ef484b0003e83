"""Identity: is this record one that bridge knows already? Exact keys link, likeness asks a person.

Candidates come from match keys (for a rule `same`) and blocking keys (for a rule `similar`), both looked up by index,
so the cost per record does not grow with the number of records. String likeness is rapidfuzz's.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rapidfuzz import fuzz

from bridge.mapping.units import MatchRule
from bridge.ports.work import Canonical

Values = Mapping[str, Canonical]

CROWD = 200
"""A blocking key shared by more records than this says nothing about any of them and is left aside."""

REMEMBERED = 1 << 16
"""Texts whose plain form is kept: every candidate of a page is compared many times."""

_LEGAL_FORMS = frozenset({
    "ab", "ag", "as", "bv", "co", "corp", "corporation", "gmbh", "inc", "kg", "limited", "llc", "llp", "ltd", "mbh",
    "nv", "oy", "plc", "sa", "sarl", "se", "spa", "srl",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """What identity says of a record: link it, take it as new, or let a person decide."""

    kind: Literal["link", "new", "review"]
    golden_id: str | None = None
    reason: str = ""
    candidates: tuple[str, ...] = ()


def match_keys(rules: Sequence[MatchRule], values: Values) -> list[tuple[str, str]]:
    """(rule, key) under which a record can be found; a `similar` rule has several blocking keys."""
    found: list[tuple[str, str]] = []
    for number, rule in enumerate(rules):
        name = f"{number}:{'+'.join(rule.fields)}"
        words = [_plain(values, field) for field in rule.fields]
        if rule.kind == "same":
            if all(words):
                found.append((name, "\x1f".join(_bare(word) for word in words)))
        elif words[0]:
            found.extend((name, key) for key in _blocks(words))
    return found


def said_to_match(rules: Sequence[MatchRule], values: Values) -> dict[str, Canonical]:
    """What the match rules look at, of all that a record says: field, or "group.member" -> text."""
    fields = dict.fromkeys(field for rule in rules for field in rule.fields)
    return {field: text for field in fields if (text := _plain(values, field))}


def decide(
    rules: Sequence[MatchRule],
    values: Values,
    candidates: Mapping[str, Values],
    taken: frozenset[str],
) -> Decision:
    """Judge one record by the rules in their order.

    candidates: golden id -> its values, all that share a match key with the record.
    taken: golden ids that are linked to another record of the same system already.
    """
    for number, rule in enumerate(rules):
        hits = _hits(rule, values, candidates, rules[:number][:1])
        if not hits:
            continue
        named = " and ".join(rule.fields)
        if rule.then == "review":
            return Decision("review", reason=f"{rule.kind} {named}", candidates=tuple(sorted(hits)))
        if len(hits) > 1:
            return Decision(
                "review", reason=f"{rule.kind} {named} as {len(hits)} records", candidates=tuple(sorted(hits))
            )
        hit = hits[0]
        if hit in taken:
            reason = f"{rule.kind} {named} as another record of this system: a duplicate there"
            return Decision("review", reason=reason, candidates=(hit,))
        against = _contradiction(rules[:number], values, candidates[hit])
        if against:
            return Decision("review", reason=f"{rule.kind} {named}, but another {against}", candidates=(hit,))
        return Decision("link", hit, f"{rule.kind} {named}")
    return Decision("new")


def _hits(rule: MatchRule, mine: Values, candidates: Mapping[str, Values], strongest: Sequence[MatchRule]) -> list[str]:
    """The candidates that the rule takes for the record. Likeness says nothing against two different tax numbers."""
    if rule.kind == "similar":
        wanted = float(rule.above or 1)
        return [
            golden_id
            for golden_id, known in candidates.items()
            if likeness(rule.fields, mine, known) >= wanted and not _contradiction(strongest, mine, known)
        ]
    words = [(field, _bare(_plain(mine, field))) for field in rule.fields]
    if not all(word for _, word in words):
        return []
    return [
        golden_id
        for golden_id, known in candidates.items()
        if all(_bare(_plain(known, field)) == word for field, word in words)
    ]


def likeness(fields: Sequence[str], mine: Values, other: Values) -> float:
    """0 to 1: the mean likeness of the fields that both have; the first field must be there on both sides.

    Names that differ in a number name different things, however alike they look: "Branch 10" is not "Branch 100".
    """
    scores: list[float] = []
    for field in fields:
        a, b = _fold(_plain(mine, field)), _fold(_plain(other, field))
        if a and b:
            if not scores and _numbers(a) != _numbers(b):
                return 0.0
            scores.append(fuzz.token_sort_ratio(a, b) / 100)
        elif not scores:
            return 0.0
    return sum(scores) / len(scores)


def resemblance(rules: Sequence[MatchRule], mine: Values, other: Values) -> float:
    """0 to 1, for people: the best of what the rules say. Equal in a field that identifies is 1."""
    scores = [0.0]
    for rule in rules:
        if rule.kind == "same":
            pairs = [(_bare(_plain(mine, field)), _bare(_plain(other, field))) for field in rule.fields]
            scores.append(1.0 if all(a and a == b for a, b in pairs) else 0.0)
        else:
            scores.append(likeness(rule.fields, mine, other))
    return max(scores)


def _contradiction(stronger: Iterable[MatchRule], mine: Values, other: Values) -> str:
    """The field of a stronger rule in which the two differ: a shared mailbox proves nothing against a tax number."""
    for rule in stronger:
        if rule.kind != "same":
            continue
        for field in rule.fields:
            a, b = _bare(_plain(mine, field)), _bare(_plain(other, field))
            if a and b and a != b:
                return field
    return ""


def _plain(values: Values, field: str) -> str:
    """The value of a field, or of one member of a group ("billing_address.postcode"), as text."""
    unit, _, member = field.partition(".")
    if member and field in values:  # as `said_to_match` keeps it
        unit, member = field, ""
    value = values.get(unit)
    if member:
        value = value.get(member) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, list | dict) else str(value)


@lru_cache(maxsize=REMEMBERED)
def _fold(text: str) -> str:
    """Lower case without accents, punctuation and legal forms: what people compare when they compare names."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    spaced = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    words = spaced.split()
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


@lru_cache(maxsize=REMEMBERED)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(sorted(word.lstrip("0") for word in text.split() if word.isdigit()))


@lru_cache(maxsize=REMEMBERED)
def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _blocks(words: Sequence[str]) -> list[str]:
    """Blocking keys: the start of the two longest words of the first field; the others with its first letter."""
    name = _fold(words[0])
    tokens = sorted(set(name.split()), key=lambda token: (-len(token), token))[:2]
    blocks = [f"w:{token[:5]}" for token in tokens]
    blocks.extend(f"f{place}:{_bare(word)}:{name[:1]}" for place, word in enumerate(words[1:], 1) if _bare(word))
    return blocks
