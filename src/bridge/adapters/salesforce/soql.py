"""SOQL text: escaping, conditions, chunks that fit into an address. Pure.

A query travels in the address of a GET. Salesforce takes 16,384 bytes of address and headers; above that it answers
414 or 431, so lists of ids or keys are cut by the bytes they take once they are encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from urllib.parse import quote_plus

from bridge.ports.records import Condition

ADDRESS_BYTES = 12_000
UNQUOTED = frozenset({"int", "double", "currency", "percent", "date", "datetime"})

_ID = re.compile(r"[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?")
_ESCAPES = {"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def text(value: str) -> str:
    """A quoted literal."""
    return "'" + "".join(_ESCAPES.get(character, character) for character in value) + "'"


def stamp(moment: datetime) -> str:
    """An instant as a literal, to the second: Salesforce compares no finer."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def is_id(value: str) -> bool:
    """Whether a text can be an id at all; a query for any other text is an error, not an empty answer."""
    return _ID.fullmatch(value) is not None


def select(fields: Sequence[str], object_name: str, *terms: str, order: str = "", limit: int = 0) -> str:
    """A query; empty terms are left out, the others must all hold."""
    kept = [term for term in terms if term]
    # names come from describe or the mapping, values through `text`
    query = f"SELECT {', '.join(fields)} FROM {object_name}"  # noqa: S608 - SOQL, names from the describe
    if kept:
        query += " WHERE " + " AND ".join(kept)
    if order:
        query += f" ORDER BY {order}"
    return query + (f" LIMIT {limit}" if limit else "")


def after(field: str, at: tuple[str, str]) -> str:
    """The rows behind a position in the order (stamp, Id): equal stamps are told apart by the id."""
    moment, native_id = at
    return f"({field} > {moment} OR ({field} = {moment} AND Id > {text(native_id)}))"


def chunks(values: Sequence[str], room: int) -> Iterator[list[str]]:
    """Cut values into lists whose quoted literals fit into the room (bytes of an encoded address)."""
    chunk: list[str] = []
    used = 0
    for value in values:
        size = len(quote_plus(text(value) + ","))
        if chunk and used + size > room:
            yield chunk
            chunk, used = [], 0
        chunk.append(value)
        used += size
    if chunk:
        yield chunk


def lists(fields: Sequence[str], object_name: str, field: str, values: Sequence[str]) -> Iterator[str]:
    """The queries for all rows whose field is one of the values."""
    room = ADDRESS_BYTES - len(quote_plus(select(fields, object_name, f"{field} IN ()")))
    for chunk in chunks(values, room):
        yield select(fields, object_name, f"{field} IN ({','.join(text(value) for value in chunk)})")


def where(conditions: Sequence[Condition], types: Mapping[str, str]) -> list[str]:
    """One term for each condition. Raises ValueError, naming the field, for a value the field cannot be compared to."""
    return [_term(condition, types.get(condition.path, "string")) for condition in conditions]


def _term(condition: Condition, kind: str) -> str:
    path, op, value = condition.path, condition.op, condition.value
    if op == "is set":
        return f"{path} != null"
    if op == "is not set":
        return f"{path} = null"
    if op in ("in", "not in"):
        members = value if isinstance(value, tuple) else (value,)
        literals = ", ".join(_literal(path, member, kind) for member in members)
        words = (
            {"in": "INCLUDES", "not in": "EXCLUDES"} if kind == "multipicklist" else {"in": "IN", "not in": "NOT IN"}
        )
        return f"{path} {words[op]} ({literals})"
    return f"{path} {op} {_literal(path, value, kind)}"


def _literal(path: str, value: object, kind: str) -> str:
    if value is None:
        return "null"
    if kind == "boolean":
        word = str(value).lower()
        if word not in ("true", "false"):
            raise ValueError(f"{path} is a checkbox: compare it to true or false")
        return word
    if kind not in UNQUOTED:
        return text(str(value).lower() if isinstance(value, bool) else str(value))
    return _unquoted(path, str(value), kind)


def _unquoted(path: str, word: str, kind: str) -> str:
    """Checked before it goes unquoted into a query."""
    try:
        if kind == "date":
            if not _DATE.fullmatch(word):
                raise ValueError
            return word
        if kind == "datetime":
            moment = datetime.fromisoformat(word)
            return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
        number = Decimal(word)
        if not number.is_finite():
            raise ValueError
        return format(number, "f")
    except (ValueError, InvalidOperation):
        raise ValueError(f"{path} cannot be compared to that value (it is a {kind})") from None
