"""The grammar of `where`: what it takes, and where exactly it stops."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.mapping.where import WhereError, parse_where
from bridge.ports.records import Condition


@pytest.mark.parametrize(
    ("shown", "conditions"),
    [
        ("Type = 'Customer'", [Condition("Type", "=", "Customer")]),
        ('Name = "O\'Brien ""Bob"""', [Condition("Name", "=", 'O\'Brien "Bob"')]),
        ("Name='O''Brien'", [Condition("Name", "=", "O'Brien")]),
        ("is_company = true", [Condition("is_company", "=", True)]),
        ("rank = 12", [Condition("rank", "=", 12)]),
        ("rank = '12'", [Condition("rank", "=", "12")]),
        ("type != contact", [Condition("type", "!=", "contact")]),
        ("type in (a, 'b c', 3)", [Condition("type", "in", ("a", "b c", "3"))]),
        ("type not in (a)", [Condition("type", "not in", ("a",))]),
        ("parent_id is set", [Condition("parent_id", "is set")]),
        ("parent_id IS NOT SET", [Condition("parent_id", "is not set")]),
        (
            "a.b = 1 and c is set AND d = x",
            [Condition("a.b", "=", 1), Condition("c", "is set"), Condition("d", "=", "x")],
        ),
    ],
)
def test_reads(shown: str, conditions: list[Condition]) -> None:
    assert list(parse_where(shown)) == conditions


@pytest.mark.parametrize(
    ("shown", "offset", "said"),
    [
        ("", 0, "expected a native field"),
        ("Type", 4, "expected =, !=, in, not in, or is set"),
        ("Type = ", 7, "expected a value"),
        ("Type == 'x'", 6, "expected a value, found '='"),
        ("Type = 'x", 7, "a quote that is not closed"),
        ("Type = 'x' or Name = 'y'", 11, "joined by 'and' only"),
        ("Type = 'x' Name = 'y'", 11, "expected 'and'"),
        ("Type in a", 8, r"expected '\('"),
        ("Type in (a", 10, r"expected ',' or '\)'"),
        ("Type in ()", 9, "expected a value"),
        ("Type is empty", 8, "expected 'set'"),
        ("Type > 3", 5, "found '>'"),
        ("'Type' = 3", 0, "expected a native field"),
        ("Type; DROP = 1", 0, "expected a native field"),
        ("a = 1 and", 9, "expected a native field"),
    ],
)
def test_refuses_at_the_place(shown: str, offset: int, said: str) -> None:
    with pytest.raises(WhereError, match=said) as caught:
        parse_where(shown)
    assert caught.value.offset == offset


@given(st.text("ab='\"() \t,!\u00e9;<and isnot", max_size=25))
def test_any_text_is_read_or_refused_inside_it(shown: str) -> None:
    try:
        found = parse_where(shown)
    except WhereError as error:
        offset = error.offset
    else:
        offset = 0
        assert found
    assert 0 <= offset <= len(shown)


@given(st.text(max_size=20))
def test_any_value_can_be_quoted(value: str) -> None:
    quoted = value.replace("'", "''")
    assert parse_where(f"Name = '{quoted}'") == (Condition("Name", "=", value),)
