"""One column against one literal, as PostgreSQL and the two versions of Odoo compare them."""

from __future__ import annotations

import operator as op
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

from bridge.sandbox.odoo.errors import DatabaseError
from bridge.sandbox.odoo.models import Field, Model

Test = Callable[[Any], bool]

OPERATORS = frozenset(
    {"=", "!=", "<", ">", "<=", ">=", "=?", "in", "not in", "like", "not like", "ilike", "not ilike", "=like", "=ilike"}
    | {"not =like", "not =ilike", "child_of", "parent_of", "any", "not any", "<>", "=="}
)
_ORDER: dict[str, Callable[[Any, Any], bool]] = {"<": op.lt, ">": op.gt, "<=": op.le, ">=": op.ge}
_ALIASES = {"<>": "!=", "==": "="}
_NUMBERS = ("integer", "float", "monetary")


def compare_column(version: str, model: Model, field: Field, operator: str, right: Any) -> Test:
    """A test of a column's value. Raises what the version raises for a literal that does not fit the column."""
    operator = _ALIASES.get(operator, operator)
    if operator == "=?":
        if right is False or right is None:
            return lambda value: True
        operator = "="
    if operator.endswith("like"):
        return _like(operator, right)
    if operator in _ORDER:
        return _ordered(version, model, field, operator, right)
    values = list(right) if operator in ("in", "not in") else [right]
    return _membership(version, model, field, values, negative=operator in ("!=", "not in"))


def _membership(version: str, model: Model, field: Field, values: list[Any], negative: bool) -> Test:
    if field.type == "boolean":
        truths = {bool(value) for value in values}
        return lambda value: (bool(value) in truths) != negative
    empty = any(value is False or value is None for value in values)
    wanted = {literal(version, model, field, value) for value in values if value is not False and value is not None}
    if field.type == "datetime" and version == "19":
        return lambda value: (empty if value is None else value.replace(microsecond=0) in wanted) != negative
    # On 19 an empty text counts as no text; a number that is 0 equals false on both.
    nothing: tuple[Any, ...] = (None, "") if version == "19" else (None,)
    if field.type in _NUMBERS:
        nothing = (None, 0)
    return lambda value: (value in wanted or (empty and value in nothing)) != negative


def _ordered(version: str, model: Model, field: Field, operator: str, right: Any) -> Test:
    if right is False or right is None:
        return lambda value: False
    compare = _ORDER[operator]
    if field.type == "datetime":
        return _ordered_datetime(version, model, field, operator, right)
    wanted = literal(version, model, field, right)
    return lambda value: value is not None and compare(value, wanted)


def _ordered_datetime(version: str, model: Model, field: Field, operator: str, right: Any) -> Test:
    """18 compares the stored microseconds; 19 compares whole seconds on both sides, so `> T` misses T's own second."""
    compare = _ORDER[operator]
    wanted = literal(version, model, field, right)
    if isinstance(right, str) and len(right) == 10 and operator in (">", "<="):
        wanted += timedelta(hours=23, minutes=59, seconds=59)
    if version == "18":
        return lambda value: value is not None and compare(value, wanted)
    return lambda value: value is not None and compare(value.replace(microsecond=0), wanted)


def _like(operator: str, right: Any) -> Test:
    negative = operator.startswith("not ")
    kind = operator.removeprefix("not ")
    text = "" if right is False or right is None else str(right)
    pattern = text if kind.startswith("=") else f"%{text}%"
    flags = re.S | (re.I if kind.endswith("ilike") else 0)
    expression = re.compile(_from_sql(pattern), flags)
    if not text and not kind.startswith("="):
        return lambda value: not negative

    def test(value: Any) -> bool:
        found = value is not None and value is not False and expression.fullmatch(str(value)) is not None
        return found != negative

    return test


def _from_sql(pattern: str) -> str:
    parts, escaped = [], False
    for character in pattern:
        if escaped or character not in "%_\\":
            parts.append(re.escape(character))
            escaped = False
        elif character == "\\":
            escaped = True
        else:
            parts.append(".*" if character == "%" else ".")
    return "".join(parts)


def literal(version: str, model: Model, field: Field, value: Any) -> Any:
    """A literal of a domain in the type of the column."""
    if field.type == "datetime":
        return _datetime_18(value) if version == "18" else _datetime_19(value)
    if field.type == "date":
        return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
    if field.type in ("integer", "many2one") and isinstance(value, str):
        return _integer(model, field, value)
    if field.type in ("char", "text", "html", "selection") and not isinstance(value, str):
        return str(value)
    return value


def _integer(model: Model, field: Field, value: str) -> int:
    """A text against an integer column: PostgreSQL casts a number and refuses anything else."""
    try:
        return int(value)
    except ValueError:
        line = f'LINE 1: ...."{model.table}"."{field.name}" IN ({value!r})...\n'
        raise DatabaseError(
            "InvalidTextRepresentation", f'invalid input syntax for type integer: "{value}"\n{line}'
        ) from None


def _datetime_18(value: Any) -> datetime:
    """PostgreSQL reads the literal: "T", "Z", offsets and fractions pass (a zone is ignored), a number does not."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        raise DatabaseError(
            "DatetimeFieldOverflow",
            f'date/time field value out of range: "{value}"\n'
            'HINT:  Perhaps you need a different "datestyle" setting.\n',
        )
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        raise DatabaseError("InvalidDatetimeFormat", f'invalid input syntax for type timestamp: "{value}"\n') from None


def _datetime_19(value: Any) -> datetime:
    if not isinstance(value, str):
        raise ValueError(f"Failed to cast {value!r} into a datetime")
    if len(value) == 10:
        return datetime.combine(date.fromisoformat(value), time.min)
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        raise ValueError(f"expecting only datetimes with no timezone: {value!r}")
    return moment.replace(microsecond=0)
