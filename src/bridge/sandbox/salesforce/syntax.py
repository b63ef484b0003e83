"""The tree that a query is read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.sandbox.salesforce.errors import SalesforceError


@dataclass(frozen=True, slots=True)
class Literal:
    """A value in a condition; kind: string, number, boolean, null, datetime, date, or relative (LAST_N_DAYS:3)."""

    kind: str
    value: Any
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """path operator value; operator in lower case. `values` for IN, NOT IN, INCLUDES, EXCLUDES; `inner` in their place
    for a semi-join, IN (SELECT ...)."""

    path: str
    operator: str
    values: tuple[Literal, ...]
    inner: Query | None = None


@dataclass(frozen=True, slots=True)
class Junction:
    """and, or, not over other conditions."""

    operator: str
    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Aggregate:
    """function(path) as it is asked for; function in lower case. alias: its name in the answer."""

    function: str
    path: str
    alias: str


@dataclass(slots=True)
class Query:
    """A parsed query. count: COUNT() without a field."""

    text: str
    fields: list[str] = field(default_factory=list)
    object: str = ""
    count: bool = False
    all_fields: bool = False
    aggregates: list[Aggregate] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
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


def pointed(text: str, message: str, path: str) -> str:
    """A message under the query it is about."""
    line = text.replace("\n", " ")
    at = max(line.lower().find(path.lower()), 0)
    return f"\n{line}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{message}"
