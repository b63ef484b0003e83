"""SOQL: tokens, a recursive-descent parser, and the tree it makes.

The subset: a list of fields with parent paths and child queries, COUNT(), FIELDS(ALL); WHERE with all comparisons, IN,
NOT IN, LIKE, INCLUDES, EXCLUDES, AND, OR, NOT and parentheses (AND and OR do not mix without them); ORDER BY, LIMIT,
OFFSET.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.salesforce.errors import SalesforceError

_TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^'\\]|\\.)*')
  | (?P<datetime>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2}))
  | (?P<date>\d{4}-\d{2}-\d{2})
  | (?P<number>[+-]?\d+(?:\.\d+)?)
  | (?P<word>[A-Za-z_][A-Za-z0-9_.]*(?::\d+)?)
  | (?P<sign><=|>=|!=|<>|=|<|>|\(|\)|,)
    )""",
    re.VERBOSE,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "'": "'", '"': '"', "\\": "\\"}
_OPERATORS = {"=", "!=", "<>", "<", "<=", ">", ">="}
_STRING_MAX = 4000


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition; kind: string, number, boolean, null, datetime, date, or relative (LAST_N_DAYS:3)."""

    kind: str
    value: Any
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """path operator value; operator in lower case. `values` for IN, NOT IN, INCLUDES, EXCLUDES."""

    path: str
    operator: str
    values: tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Junction:
    """and, or, not over other conditions."""

    operator: str
    parts: tuple[Any, ...]


@dataclass(slots=True)
class Query:
    """A parsed query."""

    text: str
    fields: list[str] = field(default_factory=list)
    object: str = ""
    count: bool = False
    all_fields: bool = False
    where: Any = None
    children: list[Query] = field(default_factory=list)
    order: list[tuple[str, bool, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0


def malformed(text: str, detail: str, at: int = 0) -> SalesforceError:
    """A query that cannot be read: the message quotes it and points at the place."""
    line = text.replace("\n", " ")
    message = f"\n{line}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{detail}"
    return SalesforceError("MALFORMED_QUERY", message)


def parse(text: str) -> Query:
    """Read a query. Raises SalesforceError (MALFORMED_QUERY)."""
    return _Parser(text).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []
        at = 0
        end = len(text.rstrip())
        while at < end:
            found = _TOKEN.match(text, at)
            if not found:
                raise malformed(text, f"unexpected token: '{text[at:].strip()[:1]}'", at)
            kind = found.lastgroup or ""
            self.tokens.append((kind, found[kind], found.start(kind)))
            at = found.end()
        self.at = 0

    def query(self) -> Query:
        found = self.body()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return found

    def body(self) -> Query:
        found = Query(self.text)
        self.expect("select")
        self.select(found)
        self.expect("from")
        found.object = self.name()
        if self.taken("where"):
            found.where = self.condition()
        if self.taken("order"):
            self.expect("by")
            found.order.append(self.ordering())
            while self.sign(","):
                found.order.append(self.ordering())
        if self.taken("limit"):
            found.limit = self.whole()
        if self.taken("offset"):
            found.offset = self.whole()
        return found

    def select(self, found: Query) -> None:
        while True:
            if self.sign("("):  # the rows of a child relationship
                found.children.append(self.body())
                self.need(")")
                if not self.sign(","):
                    return
                continue
            word = self.name()
            if word.lower() == "count" and self.sign("("):
                self.need(")")
                found.count = True
            elif word.lower() == "fields" and self.sign("("):
                if self.name().lower() not in ("all", "standard", "custom"):
                    raise self.unexpected()
                self.need(")")
                found.all_fields = True
            else:
                found.fields.append(word)
            if not self.sign(","):
                return

    def condition(self) -> Any:
        parts = [self.term()]
        joint = ""
        while self.peek() in ("and", "or"):
            word = self.tokens[self.at][1].lower()
            if joint and word != joint:
                raise self.unexpected()
            joint = word
            self.at += 1
            parts.append(self.term())
        return Junction(joint, tuple(parts)) if joint else parts[0]

    def term(self) -> Any:
        if self.taken("not"):
            return Junction("not", (self.term(),))
        if self.sign("("):
            inner = self.condition()
            self.need(")")
            return inner
        return self.comparison()

    def comparison(self) -> Comparison:
        path = self.name()
        if self.at < len(self.tokens) and self.tokens[self.at][1] in _OPERATORS:
            operator = self.tokens[self.at][1].replace("<>", "!=")
            self.at += 1
            return Comparison(path, operator, (self.literal(),))
        word = self.name().lower()
        if word == "not":
            self.expect("in")
            return Comparison(path, "not in", self.listed())
        if word in ("in", "includes", "excludes"):
            return Comparison(path, word, self.listed())
        if word == "like":
            return Comparison(path, "like", (self.literal(),))
        self.at -= 1
        raise self.unexpected()

    def listed(self) -> tuple[Literal, ...]:
        self.need("(")
        found = [self.literal()]
        while self.sign(","):
            found.append(self.literal())
        self.need(")")
        return tuple(found)

    def literal(self) -> Literal:
        if self.at >= len(self.tokens):
            raise self.unexpected()
        kind, text, at = self.tokens[self.at]
        self.at += 1
        if kind == "string":
            return self.string(text[1:-1], at)
        if kind == "number":
            return Literal("number", float(text))
        if kind in ("date", "datetime"):
            return Literal(kind, text)
        word = text.lower()
        if kind == "word" and word in ("true", "false"):
            return Literal("boolean", word == "true")
        if kind == "word" and word == "null":
            return Literal("null", None)
        if kind == "word" and (word in ("today", "yesterday", "tomorrow") or ":" in word):
            return Literal("relative", word)
        self.at -= 1
        raise self.unexpected()

    def string(self, body: str, at: int) -> Literal:
        """The text without its escapes; `pattern` keeps what LIKE must know: which signs were escaped."""
        plain, pattern, place = "", "", 0
        while place < len(body):
            sign = body[place]
            if sign != "\\":
                plain += sign
                pattern += {"%": "(?s:.*)", "_": "(?s:.)"}.get(sign) or re.escape(sign)
                place += 1
                continue
            mark = body[place + 1]
            if mark == "u" and re.fullmatch(r"[0-9A-Fa-f]{4}", body[place + 2 : place + 6]):
                letter, width = chr(int(body[place + 2 : place + 6], 16)), 6
            elif mark in "_%":
                letter, width = mark, 2
            elif mark.lower() in _ESCAPES or mark in _ESCAPES:
                letter, width = _ESCAPES[mark.lower() if mark.lower() in _ESCAPES else mark], 2
            else:
                raise malformed(self.text, f"Illegal character sequence '\\{mark}' in string literal", at)
            plain, pattern, place = plain + letter, pattern + re.escape(letter), place + width
        if len(plain) > _STRING_MAX:
            raise malformed(self.text, "string literal too long", at)
        return Literal("string", plain, pattern)

    def ordering(self) -> tuple[str, bool, bool]:
        """(path, descending, nulls last)."""
        path = self.name()
        descending = self.taken("desc")
        if not descending:
            self.taken("asc")
        last = False
        if self.taken("nulls"):
            last = self.taken("last")
            if not last:
                self.expect("first")
        return path, descending, last

    def whole(self) -> int:
        if self.at >= len(self.tokens) or not self.tokens[self.at][1].isdecimal():
            raise self.unexpected()
        self.at += 1
        return int(self.tokens[self.at - 1][1])

    def peek(self) -> str:
        return self.tokens[self.at][1].lower() if self.at < len(self.tokens) else ""

    def taken(self, word: str) -> bool:
        if self.peek() == word and self.tokens[self.at][0] == "word":
            self.at += 1
            return True
        return False

    def expect(self, word: str) -> None:
        if not self.taken(word):
            raise self.unexpected()

    def sign(self, sign: str) -> bool:
        if self.peek() == sign and self.tokens[self.at][0] == "sign":
            self.at += 1
            return True
        return False

    def need(self, sign: str) -> None:
        if not self.sign(sign):
            raise self.unexpected()

    def name(self) -> str:
        if self.at >= len(self.tokens) or self.tokens[self.at][0] != "word":
            raise self.unexpected()
        self.at += 1
        return self.tokens[self.at - 1][1]

    def unexpected(self) -> SalesforceError:
        if self.at >= len(self.tokens):
            return malformed(self.text, "unexpected token: '<EOF>'", len(self.text))
        _, text, at = self.tokens[self.at]
        return malformed(self.text, f"unexpected token: '{text}'", at)
