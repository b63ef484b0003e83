"""Identity: is this record one that bridge knows already? Exact keys link, likeness asks a person.

Candidates come from match keys (for a rule `same`) and blocking keys (for a rule `similar`), both looked up by index,
so the cost per record does not grow with the number of records. String likeness is rapidfuzz's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Literal

from rapidfuzz import fuzz

from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import MatchRule, Unit
from bridge.ports.values import value
from bridge.ports.work import Canonical

Values = Mapping[str, Canonical]

CROWD = 200
"""A key of a rule `same` that is shared by more records than this says nothing about any of them and is left aside."""

BLOCK_CROWD = 40
"""The same for a blocking key: of the many that a name has, the rare ones find what there is to be found."""

ROUNDING = 1e-9
"""Sums of likenesses are that exact."""

LONGEST = 3
"""Words of a name that blocking keys are made of."""

REMEMBERED = 1 << 14
"""Texts whose plain form is kept: every candidate of a page is compared many times."""

_LEGAL_FORMS = frozenset({
    "ab", "ag", "aps", "as", "bv", "co", "corp", "corporation", "doo", "eg", "ek", "eurl", "gbr", "gmbh",
    "haftungsbeschrankt", "inc", "kft", "kg", "kgaa", "limited", "llc", "llp", "ltd", "mbh", "nv", "ohg", "oy", "oyj",
    "plc", "pty", "sa", "sarl", "sas", "se", "sl", "spa", "srl", "sro", "ug",
})  # fmt: skip


_LETTERS = re.compile(r"\b[^\W\d_](?: [^\W\d_])+\b")
"""Letters that stand alone side by side, as "e.K." leaves them: one abbreviation."""

_UMLAUTS = re.compile("([aou])e")
"""Umlauts as they are written without the key for it; the accents themselves are gone by then."""


@value(frozen=True, slots=True)
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


def match_words(rules: Sequence[MatchRule], values: Values) -> dict[str, str]:
    """What the match rules look at, of all that a record says: field, or "group.member" -> text, "" where it is empty.

    `decide` and `likeness` take this in place of the values; a page compares its candidates many times.
    """
    fields = dict.fromkeys(field for rule in rules for field in rule.fields)
    return {field: _plain(values, field) for field in fields}


def matching_units(emap: EntityMap) -> list[Unit]:
    """The units that match rules look at: of a page of strangers nothing else need be read to know them."""
    fields = {field for rule in emap.match for field in rule.fields}
    named = fields | {field.partition(".")[0] for field in fields}
    return [unit for unit in emap.units if unit.name in named]


def said_to_match(rules: Sequence[MatchRule], values: Values) -> dict[str, Canonical]:
    """`match_words` without the empty ones: what a person is shown."""
    return {field: text for field, text in match_words(rules, values).items() if text}


def crowd(key: tuple[str, str]) -> int:
    """The number of records above which a match key that they share says nothing."""
    blocking = ":" in key[1]  # of a rule `same` letters and digits are all that is left
    return BLOCK_CROWD if blocking else CROWD


def decide(
    rules: Sequence[MatchRule],
    values: Values,
    candidates: Mapping[str, Values],
    taken: Container[str],
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
        folded, wanted = [_fold(_plain(mine, field)) for field in rule.fields], float(rule.above or 1)
        least = wanted - ROUNDING
        found = [one for one, known in candidates.items() if _alike(rule.fields, folded, known, wanted) >= least]
        return [one for one in found if not _contradiction(strongest, mine, candidates[one])]
    words = [(field, _bare(_plain(mine, field))) for field in rule.fields]
    if not all(word for _, word in words):
        return []
    (first, wanted_first), *rest = words
    same = [one for one, known in candidates.items() if _bare(_plain(known, first)) == wanted_first]
    return [one for one in same if all(_bare(_plain(candidates[one], field)) == word for field, word in rest)]


def likeness(fields: Sequence[str], mine: Values, other: Values) -> float:
    """0 to 1: the mean likeness of the fields that both have; the first field must be there on both sides.

    Names that differ in a number name different things, however alike they look: "Branch 10" is not "Branch 100".
    """
    return _alike(fields, [_fold(_plain(mine, field)) for field in fields], other)


def _alike(fields: Sequence[str], words: Sequence[str], other: Values, wanted: float = 0.0) -> float:
    """`likeness`, of a record whose words are folded already; 0 where it cannot come to `wanted` any more.

    The first field is compared last: it is the longest, and most candidates differ in the others.
    """
    pairs: list[tuple[str, str]] = []
    for field, a in zip(fields, words, strict=True):
        b = _fold(_plain(other, field))
        if a and b:
            if not pairs and a != b and _numbers(a) != _numbers(b):
                return 0.0
            pairs.append((a, b))
        elif not pairs:
            return 0.0
    best = float(len(pairs))
    least = wanted * best - ROUNDING
    for a, b in reversed(pairs):
        if a != b:
            best -= 1 - max(fuzz.token_sort_ratio(a, b), fuzz.ratio(a, b)) / 100
            if best < least:
                return 0.0
    return best / len(pairs)


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
    value = values.get(field)
    if isinstance(value, str):
        return value
    unit, _, member = field.partition(".")
    if member:
        value = values.get(unit)
        value = value.get(member) if isinstance(value, dict) else None
    return "" if value is None or isinstance(value, list | dict) else str(value)


@lru_cache(maxsize=REMEMBERED)
def _fold(text: str) -> str:
    """Lower case without accents, punctuation and legal forms: what people compare when they compare names."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ß", "ss"))
    spaced = "".join(letter if letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter))
    spaced = _UMLAUTS.sub(r"\1", spaced)
    words = _LETTERS.sub(lambda found: found[0].replace(" ", ""), " ".join(spaced.split())).split()
    return " ".join([word for word in words if word not in _LEGAL_FORMS] or words)


@lru_cache(maxsize=REMEMBERED)
def _numbers(text: str) -> tuple[str, ...]:
    return tuple(sorted(word.lstrip("0") for word in text.split() if word.isdigit()))


@lru_cache(maxsize=REMEMBERED)
def _bare(text: str) -> str:
    return "".join(letter for letter in text.casefold() if letter.isalnum())


def _blocks(words: Sequence[str]) -> list[str]:
    """Blocking keys. Each of them survives another kind of slip: alike names share at least one that is rare.

    The start of the two longest words of the first field; the starts of every two of its longest words (rare where
    each alone is common); and each other field with the first letter of each of the longest words, which does not
    mind an error inside a word, nor their order.
    """
    name = _fold(words[0])
    tokens = sorted(set(name.split()), key=lambda token: (-len(token), token))[:LONGEST]
    blocks = [f"w:{token[:5]}" for token in tokens[:2]]
    blocks.extend(f"p:{'+'.join(sorted((a[:4], b[:4])))}" for a, b in combinations(tokens, 2))
    initials = sorted({token[:1] for token in tokens})
    for place, word in enumerate(words[1:], 1):
        if _bare(word):
            blocks.extend(f"f{place}:{_bare(word)}:{initial}" for initial in initials)
    return blocks
