"""The short ways of the merge come to what the long way comes to, whatever is said in whichever order."""

from __future__ import annotations

from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.plan.due import due_update
from bridge.mapping.compiled import EntityMap
from bridge.mapping.units import Policy
from bridge.ports.work import Golden
from support.build import SYSTEMS, Scene, entity, field, group

WORDS = st.sampled_from([None, "", "A", "ab", "b"])


def short(value: Any) -> Any:
    """A system that keeps one letter."""
    return value[:1] if isinstance(value, str) else value


def upper(value: Any) -> Any:
    """A system that keeps capitals only, and reads them as small letters."""
    return value.upper() if isinstance(value, str) else value


def lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def mapped(contact: Policy | None) -> EntityMap:
    return entity(
        field("name"),
        field("note", codecs={"erp": (lambda value: value, short)}),
        field("code", codecs={"fin": (lower, upper), "erp": (lambda value: value or None, lambda value: value)}),
        field("rank", policy=Policy("prefer", ("fin", "crm")), empty="keeps"),
        field("seen", reads=("crm",)),
        field("told", writes=("erp", "fin")),
        group("home", ("street", "city"), has={"erp": ("street",)}),
        first_contact=contact,
    )


PATHS = ("name", "note", "code", "rank", "seen", "told", "home.street", "home.city")
SAID = st.tuples(
    st.sampled_from(SYSTEMS),
    st.fixed_dictionaries(dict.fromkeys(PATHS, WORDS)),
    st.integers(0, 20),
    st.sets(st.sampled_from(PATHS), max_size=2),
)


def told(scene: Scene, said: list[tuple[str, dict[str, Any], int, set[str]]]) -> list[Any]:
    """All that there is to see after each word."""
    found: list[Any] = []
    for system, words, seconds, hidden in said:
        mine = {path: word for path, word in words.items() if (system, path) != ("erp", "home.city")}
        outcome = scene.says(system, {path: word for path, word in mine.items() if path not in hidden}, seconds)
        golden = outcome.golden
        due = [due_update(scene.form(one), golden, shadow) for one, shadow in sorted(scene.shadows.items())]
        found.append((
            golden.rev, dict(golden.values), dict(golden.provenance), dict(golden.held), outcome.shadow,
            outcome.conflicts, outcome.history, outcome.problems, outcome.moved, due,
        ))  # fmt: skip
    return found


@given(
    st.permutations(SYSTEMS),
    st.lists(SAID, min_size=3, max_size=6),
    st.sampled_from([None, Policy("newest"), Policy("prefer", ("erp",))]),
)
def test_they_come_to_the_same(first: list[str], words: list[Any], contact: Policy | None) -> None:
    """first: the order in which the systems are met."""
    said = [(system, *word[1:]) for system, word in zip(first, words, strict=False)] + words[3:]
    quick, slow = Scene(mapped(contact)), Scene(mapped(contact))
    assert quick.emap.plain == {"name", "note", "code", "rank", "seen", "told", "home"}
    slow.emap.plain = frozenset()
    assert told(quick, said) == told(slow, said)


def test_a_record_in_step_is_not_read_at_all() -> None:
    """What the short way is for: of a record that shows what it would be told, nothing is decoded."""
    asked = count()

    def reading(value: Any) -> Any:
        next(asked)
        return value

    scene = Scene(entity(field("name", codecs={"erp": (reading, lambda value: value)})))
    scene.says("crm", {"name": "a"})
    scene.says("erp", {"name": "a"})
    assert next(asked) == 0
    assert [word.system for word in scene.golden.provenance["name"].proposals] == ["crm", "erp"]


def test_a_golden_record_that_nobody_told_anything_new_is_the_same_object() -> None:
    scene = Scene(entity(field("name")))
    scene.says("crm", {"name": "a"})
    before: Golden = scene.golden
    scene.says("crm", {"name": "a"}, 5)
    assert scene.golden is before
