"""Aggregates: COUNT, SUM, AVG, MIN and MAX over groups of rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.exact import exact
from bridge.sandbox.salesforce.fields import NUMBERS
from bridge.sandbox.salesforce.paths import Paths
from bridge.sandbox.salesforce.store import Values
from bridge.sandbox.salesforce.syntax import Aggregate, Query, malformed, pointed


def aggregated(query: Query, paths: Paths, rows: Sequence[Values]) -> list[dict[str, Any]]:
    """One record for each group, in the order of the rows. Raises SalesforceError."""
    grouped = {path.lower() for path in query.groups}
    for path in query.fields:
        if path.lower() not in grouped:
            raise malformed(query.text, f"Field must be grouped or aggregated: {path}")
    getters = [paths.getter(path)[1] for path in query.groups]
    names = [(paths.canonical(path)[-1], paths.getter(path)[1]) for path in query.fields]
    groups: dict[tuple[Any, ...], list[Values]] = {}
    for row in rows:
        groups.setdefault(tuple(get(row) for get in getters), []).append(row)
    if not query.groups:
        groups = {(): list(rows)}
    found = []
    for members in groups.values():
        record: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        record |= {name: get(members[0]) for name, get in names}
        record |= {one.alias: _value(one, query, paths, members) for one in query.aggregates}
        found.append(record)
    return found


def _value(one: Aggregate, query: Query, paths: Paths, rows: Sequence[Values]) -> Any:
    field, get = paths.getter(one.path)
    if one.function in ("sum", "avg") and field.type not in NUMBERS:
        message = f"field {field.name} does not support aggregate operator {one.function.upper()}"
        raise SalesforceError("INVALID_FIELD", pointed(query.text, message, one.path))
    values = [value for value in map(get, rows) if value is not None]
    if one.function == "count":
        return len(values)
    if one.function == "count_distinct":
        return len(set(values))
    if not values:
        return None
    if one.function in ("min", "max"):
        return min(values) if one.function == "min" else max(values)
    total = sum(map(exact, values), Decimal(0))
    return float(total if one.function == "sum" else total / len(values))
