"""SOQL: tokens, a recursive-descent parser, and the tree it makes.

The subset: a list of fields with parent paths and child queries, COUNT(), FIELDS(ALL), aggregates; WHERE with all
comparisons, IN and NOT IN (with lists or a query), LIKE, INCLUDES, EXCLUDES, AND, OR, NOT and parentheses (AND and OR
do not mix without them); GROUP BY, ORDER BY, LIMIT, OFFSET.
"""

from __future__ import annotations

import re
from typing import Any

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.syntax import Aggregate, Comparison, Junction, Literal, Query, malformed

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
_FUNCTIONS = {"count", "count_distinct", "sum", "avg", "min", "max"}
_STRING_MAX = 4000


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
        if self.taken("group"):
            self.expect("by")
            found.groups.append(self.name())
            while self.sign(","):
                found.groups.append(self.name())
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
        self.selected(found)
        while self.sign(","):
            self.selected(found)

    def selected(self, found: Query) -> None:
        """One part of the list behind SELECT."""
        if self.sign("("):  # the rows of a child relationship
            found.children.append(self.body())
            self.need(")")
            return
        word = self.name()
        function = word.lower()
        if function == "fields" and self.sign("("):
            if self.name().lower() not in ("all", "standard", "custom"):
                raise self.unexpected()
            self.need(")")
            found.all_fields = True
        elif function in _FUNCTIONS and self.sign("("):
            if function == "count" and self.sign(")"):
                found.count = True
                return
            path = self.name()
            self.need(")")
            alias = self.name() if self.peek() not in ("from", ",", "") else f"expr{len(found.aggregates)}"
            found.aggregates.append(Aggregate(function, path, alias))
        else:
            found.fields.append(word)

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
            return self.among(path, "not in")
        if word == "in":
            return self.among(path, word)
        if word in ("includes", "excludes"):
            return Comparison(path, word, self.listed())
        if word == "like":
            return Comparison(path, "like", (self.literal(),))
        self.at -= 1
        raise self.unexpected()

    def among(self, path: str, operator: str) -> Comparison:
        """IN, NOT IN: a list, or a query."""
        start = self.at
        if self.sign("(") and self.peek() == "select":
            inner = self.body()
            self.need(")")
            return Comparison(path, operator, (), inner)
        self.at = start
        return Comparison(path, operator, self.listed())

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
