"""Filters of lists: what a condition means, as the server turns it into SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.erpnext.doctypes import DocType, Field
from bridge.sandbox.erpnext.errors import Refusal, thrown

Test = Callable[[Any], bool]
OPERATORS = (
    "not descendants of",
    "like",
    "is",
    ">=",
    "ancestors of",
    "=",
    "fiscal year",
    "not in",
    "in",
    "<",
    "previous",
    "next",
    "<=",
    "not like",
    "timespan",
    "descendants of",
    "not ancestors of",
    "descendants of (inclusive)",
    "!=",
    "between",
    ">",
)
_MOMENTS = frozenset({"creation", "modified"})
_STAMP = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,6}))?)?")
_LOWEST = ""


class Condition:
    """One filter: a column of a doctype, an operator, a value."""

    __slots__ = ("column", "doctype", "operator", "value")

    def __init__(self, doctype: str, column: str, operator: str, value: Any) -> None:
        self.doctype = doctype
        self.column = column
        self.operator = operator
        self.value = value


def parse(given: Any, doctype: str) -> list[Condition]:
    """Filters as they come (JSON text, dict, list of 2 to 5) as conditions. Raises for what is none."""
    if isinstance(given, str):
        given = decoded(given) if given.strip() else []
    if not given:
        return []
    if isinstance(given, Mapping):
        return [_pair(doctype, key, value) for key, value in given.items()]
    if isinstance(given, list) and given and isinstance(given[0], str):
        given = [given]
    return [_one(doctype, each) for each in given]


def decoded(text: str) -> Any:
    """JSON text. Raises JSONDecodeError as the server answers it."""
    try:
        return json.loads(text)
    except ValueError as fault:
        raise Refusal("JSONDecodeError", str(fault)) from None


def _pair(doctype: str, key: str, value: Any) -> Condition:
    if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and value[0].lower() in OPERATORS:
        return Condition(doctype, key, value[0].lower(), value[1])
    if isinstance(value, list):
        return Condition(doctype, key, "in", value)
    return Condition(doctype, key, "=", value)


def _one(doctype: str, each: Any) -> Condition:
    if isinstance(each, Mapping):
        key, value = next(iter(each.items()))
        return _pair(doctype, key, value)
    if not isinstance(each, list) or not 2 <= len(each) <= 5:
        raise thrown("ValidationError", "Filter must have 4 values (doctype, fieldname, operator, value): " + str(each))
    if len(each) == 2:
        made = Condition(doctype, str(each[0]), "=", each[1])
    elif len(each) == 3:
        made = Condition(doctype, str(each[0]), str(each[1]), each[2])
    else:
        made = Condition(str(each[0] or doctype), str(each[1]), str(each[2]), each[3])
    made.operator = made.operator.lower()
    if made.operator not in OPERATORS:
        raise thrown("ValidationError", f"Operator must be one of {', '.join(OPERATORS)}")
    return made


def test(meta: DocType, condition: Condition, column: str) -> Test:
    """A function that tells whether a value of the column fulfils the condition."""
    field = meta.by_name.get(column)
    if condition.operator == "is":
        wanted = str(condition.value).lower() == "set"
        return lambda value: (value not in (None, "")) is wanted
    key = _key_of(field, column)
    if condition.operator in ("in", "not in"):
        return _membership(condition, key)
    if condition.operator in ("like", "not like"):
        return _likeness(condition)
    if condition.operator == "between":
        return _between(condition, key, moment=_is_moment(field, column))
    if condition.operator not in ("=", "!=", ">", "<", ">=", "<="):
        raise thrown("ValidationError", f"{condition.operator} is not kept by this server")
    return _comparison(condition, key)


def _key_of(field: Field | None, column: str) -> Callable[[Any], Any]:
    if column in ("docstatus", "idx") or (field is not None and field.numeric):
        return number
    if _is_moment(field, column):
        return moment
    return _text


def _is_moment(field: Field | None, column: str) -> bool:
    return column in _MOMENTS or (field is not None and field.fieldtype == "Datetime")


def _text(value: Any) -> str:
    return collate(str(value)) if value is not None else _LOWEST


def number(value: Any) -> float:
    """A value as MariaDB compares it with a number: text counts by the number it starts with."""
    if isinstance(value, bool | int | float):
        return float(value)
    found = re.match(r"\s*[-+]?\d+(\.\d+)?", str(value or ""))
    return float(found.group()) if found else 0.0


@lru_cache(maxsize=100_000)
def moment(value: Any) -> str:
    """A stamp in full length. An offset is not looked at; what is no stamp lies before all others."""
    found = _STAMP.match(str(value or "").strip())
    if not found:
        return _LOWEST
    day, time, fraction = found.groups()
    time = (time or "00:00") + ("" if time and len(time) > 5 else ":00")
    return f"{day} {time}.{(fraction or '').ljust(6, '0')}"


def _membership(condition: Condition, key: Callable[[Any], Any]) -> Test:
    values = condition.value
    if isinstance(values, str):
        values = values.split(",")
    given = list(values) if isinstance(values, list | tuple) else [values]
    keys = {key(value.strip() if isinstance(value, str) else value) for value in given}
    empty = not given or any(value in (None, "") for value in given)
    if condition.operator == "in":
        return lambda value: empty if value is None else key(value) in keys
    return lambda value: not empty if value is None else key(value) not in keys


def _likeness(condition: Condition) -> Test:
    pattern = re.compile(_like(str(condition.value or "")), re.DOTALL)
    if condition.operator == "like":
        return lambda value: value is not None and pattern.fullmatch(collate(str(value))) is not None
    return lambda value: pattern.fullmatch(collate(str(value or ""))) is None


def _like(value: str) -> str:
    made = []
    escaped = False
    for char in value:
        if escaped or char not in "%_\\":
            made.append(re.escape(collate(char) if char != " " else collate(" .")[0]))
            escaped = False
        elif char == "\\":
            escaped = True
        else:
            made.append(".*" if char == "%" else ".")
    return "".join(made)


def _between(condition: Condition, key: Callable[[Any], Any], *, moment: bool) -> Test:
    given = condition.value
    if not isinstance(given, list | tuple):
        given = [given]
    given = [*given, "9999-12-31", "9999-12-31"][:2]
    first, last = str(given[0]), str(given[1])
    if moment and len(last) == len("2026-01-01"):
        last += " 23:59:59.999999"
    low, high = key(first), key(last)
    return lambda value: value is not None and low <= key(value) <= high


def _comparison(condition: Condition, key: Callable[[Any], Any]) -> Test:
    given = condition.value
    operator = condition.operator
    if given is None and operator == "=":
        return lambda value: False
    wanted = key(given)
    blank = given in (None, "")
    tests: dict[str, Test] = {
        "=": lambda value: blank if value is None else key(value) == wanted,
        "!=": lambda value: not blank if value is None else key(value) != wanted,
        ">": lambda value: value is not None and key(value) > wanted,
        ">=": lambda value: value is not None and key(value) >= wanted,
        "<": lambda value: key(value) < wanted,
        "<=": lambda value: key(value) <= wanted,
    }
    return tests[operator]
