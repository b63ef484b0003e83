"""The named transforms, one by one, and the value-free way in which they refuse."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.canonical.values import InvalidValue
from bridge.mapping.markup import html_to_text, text_to_html
from bridge.mapping.pairs import parse_call
from bridge.mapping.transforms import TRANSFORMS


def both_ways(call: str, paths: int, natives: tuple[object, ...], plain: object) -> None:
    name, arguments = parse_call(call)
    transform = TRANSFORMS[name](paths, arguments)
    assert transform.read(*natives) == plain
    assert transform.write is not None
    assert tuple(transform.write(plain)) == natives  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "natives", "plain"),
    [
        ("cents", (1250,), "12.5"),
        ("cents", (None,), None),
        ("bool_text(Ja, Nein)", ("Ja",), True),
        ("bool_text(Ja, Nein)", ("Nein",), False),
        ("bool_text(Ja, Nein)", (None,), None),
        ("join_lines", ("a", "b"), "a\nb"),
        ("join_lines", ("a", None), "a"),
        ("join_lines", ("a", "b | c | d"), "a\nb\nc\nd"),
        ("join_lines", ("a\nb",), "a\nb"),
        ("html_text", ("<p>a &amp; b<br>c</p><p>d</p>",), "a & b\nc\n\nd"),
        ("split_name", ("Ada King Lovelace",), {"given_name": "Ada King", "family_name": "Lovelace"}),
        ("split_name", (None,), {"given_name": None, "family_name": None}),
        ("upper", ("ACME",), "ACME"),
        ("lower", ("acme",), "acme"),
        ("trim", ("a b",), "a b"),
        ("scale(2)", ("12.35",), "12.35"),
    ],
)
def test_both_ways(call: str, natives: tuple[object, ...], plain: object) -> None:
    both_ways(call, len(natives), natives, plain)


@pytest.mark.parametrize(
    ("call", "plain", "native"),
    [
        ("scale(2)", "12.345", "12.35"),
        ("scale(0)", "-0.5", "-1"),
        ("scale(2)", "12.3", "12.3"),
        ("upper", "Acme ß", "ACME SS"),
        ("lower", "ACME", "acme"),
        ("trim", "a   b", "a b"),
    ],
)
def test_lossy_ones_say_so_and_come_to_rest(call: str, plain: str, native: str) -> None:
    name, arguments = parse_call(call)
    transform = TRANSFORMS[name](1, arguments)
    assert transform.lossy
    assert transform.write is not None
    (written,) = transform.write(plain)
    assert written == native
    assert tuple(transform.write(transform.read(written))) == (native,)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("call", "paths", "said"),
    [
        ("upper", 2, "one native field"),
        ("upper(x)", 1, "takes no arguments"),
        ("scale", 1, "takes 1 argument"),
        ("scale(two)", 1, "number of digits"),
        ("bool_text(Ja)", 1, "takes 2 arguments"),
        ("bool_text(Ja, ja)", 1, "two different words"),
        ("join_lines(x)", 2, "takes no arguments"),
    ],
)
def test_a_call_that_makes_no_sense(call: str, paths: int, said: str) -> None:
    name, arguments = parse_call(call)
    with pytest.raises(ValueError, match=said):
        TRANSFORMS[name](paths, arguments)


@pytest.mark.parametrize("shown", ["", "upper(", "upper lower", "1st", "a(b(c))"])
def test_a_call_that_is_none(shown: str) -> None:
    with pytest.raises(ValueError, match="is no transform"):
        parse_call(shown)


def test_what_cannot_be_written_is_said_without_the_value() -> None:
    cents, lines = TRANSFORMS["cents"](1, ()), TRANSFORMS["join_lines"](2, ())
    words = TRANSFORMS["bool_text"](1, ("Ja", "Nein"))
    assert cents.write is not None
    assert lines.write is not None
    for attempt in (lambda: cents.write("0.123"), lambda: lines.write("Secret 1 | x\nb"), lambda: words.read("Secret")):
        with pytest.raises(InvalidValue) as caught:
            attempt()
        assert "Secret" not in str(caught.value)
        assert "0.123" not in str(caught.value)


@given(st.lists(st.text("ab |ü\t", min_size=1, max_size=6), max_size=5), st.integers(1, 3))
def test_no_line_is_ever_lost(lines: list[str], paths: int) -> None:
    transform = TRANSFORMS["join_lines"](paths, ())
    assert transform.write is not None
    plain = "\n".join(line.strip() for line in lines if line.strip()) or None
    try:
        natives = transform.write(plain)
    except InvalidValue:
        assert plain is not None
        assert "|" in plain
        return
    assert len(natives) == paths
    assert transform.read(*natives) == plain


@given(st.text())
def test_markup_never_comes_through_and_text_survives(text: str) -> None:
    markup = text_to_html(text)
    once = html_to_text(markup)
    assert html_to_text(text_to_html(once or "")) == once
    if text.isprintable() and text.isascii():
        assert once == (" ".join(text.split()) or None)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Hello <b>world</b></p>", "Hello world"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("a<br/>b<script>alert('x')</script>", "a\nb"),
        ("<style>p {}</style><p> </p>", None),
        ("plain", "plain"),
        ("a &lt; b &nbsp;&euro;", "a < b \u00a0€"),
        ("<p>unclosed", "unclosed"),
    ],
)
def test_html_as_people_leave_it(markup: str, text: str | None) -> None:
    assert html_to_text(markup) == text
