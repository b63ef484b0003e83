"""Comparisons compiled to functions of a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from bridge.sandbox.salesforce import dates
from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.fields import NUMBERS, TEXTS, Field
from bridge.sandbox.salesforce.ids import long_id
from bridge.sandbox.salesforce.store import Values
from bridge.sandbox.salesforce.syntax import Comparison, Literal
from bridge.sandbox.salesforce.values import parse_instant, stamp

Test = Callable[[Values], bool]
Get = Callable[[Values], Any]
_BOUNDS: dict[str, Callable[[str, str, str], bool]] = {
    "=": lambda value, start, end: start <= value < end,
    "!=": lambda value, start, end: not start <= value < end,
    "<": lambda value, start, _: value < start,
    "<=": lambda value, _, end: value < end,
    ">": lambda value, _, end: value >= end,
    ">=": lambda value, start, _: value >= start,
}
"""How a value stands to a span that has a start and an end."""


def comparison(field: Field, get: Get, node: Comparison, now: datetime, told: Callable[[str, str], str]) -> Test:
    """A comparison as a function of a row. `told` puts a message under the query. Raises SalesforceError."""
    fold = folding(field)
    operator = node.operator
    if node.values[0].kind == "relative" and field.type in ("date", "datetime") and operator in _BOUNDS:
        return _within(field, get, node, now, told)
    wanted = [_wanted(field, literal, node, told) for literal in node.values]
    if operator in ("includes", "excludes"):
        if field.type != "multipicklist":
            raise SalesforceError("INVALID_FIELD", told(f"{operator} is for multi-select picklists", node.path))
        groups = [set(str(literal.value).split(";")) for literal in node.values]

        def holds(row: Values) -> bool:
            there = set(str(get(row) or "").split(";"))
            return any(group <= there for group in groups)

        return holds if operator == "includes" else lambda row: not holds(row)
    if operator == "like":
        pattern = re.compile(node.values[0].pattern, re.IGNORECASE)
        return lambda row: isinstance(get(row), str) and bool(pattern.fullmatch(get(row)))
    if operator in ("in", "not in"):
        among = {fold(value) for value in wanted}
        if operator == "in":
            return lambda row: fold(get(row)) in among
        return lambda row: fold(get(row)) not in among
    value = fold(wanted[0])
    if operator == "=":
        return lambda row: fold(get(row)) == value
    if operator == "!=":
        return lambda row: fold(get(row)) != value
    compare: dict[str, Callable[[Any, Any], bool]] = {
        "<": lambda a, b: a < b,
        "<=": lambda a, b: a <= b,
        ">": lambda a, b: a > b,
        ">=": lambda a, b: a >= b,
    }
    test = compare[operator]
    return lambda row: value is not None and get(row) is not None and test(fold(get(row)), value)


def _within(field: Field, get: Get, node: Comparison, now: datetime, told: Callable[[str, str], str]) -> Test:
    """A comparison with a span of days."""
    span = dates.span(node.values[0].value, now)
    if span is None:
        message = f"unexpected token: '{node.values[0].value}'"
        raise SalesforceError("MALFORMED_QUERY", told(message, str(node.values[0].value)))
    start, end = (stamp(edge) if field.type == "datetime" else edge.date().isoformat() for edge in span)
    holds = _BOUNDS[node.operator]
    missing = node.operator == "!="
    return lambda row: missing if get(row) is None else holds(get(row), start, end)


def folding(field: Field) -> Callable[[Any], Any]:
    """Texts are compared without regard to case, unless the field is declared to mind it."""
    if field.type in TEXTS and not field.case_sensitive:
        return lambda value: value.lower() if isinstance(value, str) else value
    return lambda value: value


def _wanted(field: Field, literal: Literal, node: Comparison, told: Callable[[str, str], str]) -> Any:
    """The literal in the form in which the field's values are kept. Raises SalesforceError for a wrong kind."""
    if literal.kind == "null":
        return False if field.type == "boolean" else None
    if field.type in ("id", "reference"):
        found = long_id(literal.value) if literal.kind == "string" else None
        if found is None:
            message = f"invalid ID field: {literal.value}"
            raise SalesforceError("INVALID_QUERY_FILTER_OPERATOR", told(message, node.path))
        return found
    if field.type == "datetime" and literal.kind == "datetime":
        return stamp(parse_instant(literal.value))
    if field.type == "date" and literal.kind == "date":
        return literal.value
    kinds = {"boolean": "boolean", **dict.fromkeys(NUMBERS, "number"), **dict.fromkeys(TEXTS, "string")}
    expected = kinds.get(field.type, field.type)
    if literal.kind == expected:
        return literal.value
    quotes = "should be enclosed in quotes" if expected == "string" else "should not be enclosed in quotes"
    message = f"value of filter criterion for field '{field.name}' must be of type {field.type} and {quotes}"
    raise SalesforceError("INVALID_FIELD", told(message, node.path))
