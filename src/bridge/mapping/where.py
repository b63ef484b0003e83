"""The conditions of a `where`: a small grammar, parsed into values and never pasted into a query.

where     := term { "and" term }
term      := field ( "=" | "!=" ) value
           | field [ "not" ] "in" "(" value { "," value } ")"
           | field "is" [ "not" ] "set"
value     := 'text' | "text" | true | false | a whole number | a word
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from bridge.ports.records import Condition

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<mark>!=|=|\(|\)|,|<>|[<>]=?)
      | (?P<word>[^\s=!<>(),'"]+)
      | (?P<other>\S)
    )""",
    re.VERBOSE,
)
_FIELD: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*")
_WHOLE: Final = re.compile(r"-?\d{1,18}")

Value = str | bool | int


class WhereError(ValueError):
    """What is wrong in a `where`, and how many characters into it."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, slots=True)
class _Token:
    kind: Literal["text", "mark", "word", "end"]
    shown: str
    at: int

    def says(self, word: str) -> bool:
        return self.kind == "word" and self.shown.lower() == word


def parse_where(shown: str) -> tuple[Condition, ...]:
    """'Type = 'Customer' and ParentId is set' -> conditions that must all hold. Raises WhereError."""
    return _Parser(_tokens(shown)).where()


def _tokens(shown: str) -> list[_Token]:
    found: list[_Token] = []
    at = 0
    while match := _TOKEN.match(shown, at):
        start = match.start(match.lastgroup or 0)
        if match["other"]:
            wrong = "a quote that is not closed" if match["other"] in "'\"" else f"'{match['other']}' is not understood"
            raise WhereError(wrong, start)
        kind: Literal["text", "mark", "word"] = "text" if match["text"] else "mark" if match["mark"] else "word"
        found.append(_Token(kind, match[kind], start))
        at = match.end()
    return [*found, _Token("end", "the end", len(shown))]


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def where(self) -> tuple[Condition, ...]:
        terms = [self._term()]
        while self._peek().kind != "end":
            joint = self._next()
            if not joint.says("and"):
                hint = "; conditions are joined by 'and' only" if joint.says("or") else ""
                raise WhereError(f"expected 'and', found '{joint.shown}'{hint}", joint.at)
            terms.append(self._term())
        return tuple(terms)

    def _term(self) -> Condition:
        field = self._next()
        if field.kind != "word" or not _FIELD.fullmatch(field.shown):
            raise WhereError(f"expected a native field, found '{field.shown}'", field.at)
        op = self._next()
        if op.kind == "mark" and op.shown in ("=", "!="):
            return Condition(field.shown, "=" if op.shown == "=" else "!=", self._value())
        if op.says("in"):
            return Condition(field.shown, "in", self._list())
        if op.says("not"):
            self._expect("in")
            return Condition(field.shown, "not in", self._list())
        if op.says("is"):
            negated = self._peek().says("not")
            if negated:
                self._next()
            self._expect("set")
            return Condition(field.shown, "is not set" if negated else "is set")
        raise WhereError(f"expected =, !=, in, not in, or is set; found '{op.shown}'", op.at)

    def _list(self) -> tuple[str, ...]:
        self._expect("(")
        found = [self._listed()]
        while (token := self._next()).shown == "," and token.kind == "mark":
            found.append(self._listed())
        if token.shown != ")" or token.kind != "mark":
            raise WhereError(f"expected ',' or ')', found '{token.shown}'", token.at)
        return tuple(found)

    def _listed(self) -> str:
        value = self._value()
        return str(value).lower() if isinstance(value, bool) else str(value)

    def _value(self) -> Value:
        token = self._next()
        if token.kind == "text":
            quote = token.shown[0]
            return token.shown[1:-1].replace(quote * 2, quote)
        if token.kind != "word":
            raise WhereError(f"expected a value, found '{token.shown}'", token.at)
        if token.shown.lower() in ("true", "false"):
            return token.shown.lower() == "true"
        return int(token.shown) if _WHOLE.fullmatch(token.shown) else token.shown

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token.kind not in ("word", "mark") or token.shown.lower() != wanted:
            raise WhereError(f"expected '{wanted}', found '{token.shown}'", token.at)
