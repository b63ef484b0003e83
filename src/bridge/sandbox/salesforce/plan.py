"""One query over one object, its conditions compiled to functions of a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from bridge.sandbox.salesforce.aggregates import aggregated
from bridge.sandbox.salesforce.comparison import Get, Test, comparison, folding
from bridge.sandbox.salesforce.errors import SalesforceError, no_such_object
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.paths import Parent, Paths
from bridge.sandbox.salesforce.store import Store, Values
from bridge.sandbox.salesforce.syntax import Comparison, Junction, Query, malformed, pointed

SMALLEST = 200
_OFFSET_MAX = 2000
_SEMI_JOINS = 2
_IDS = ("id", "reference")
Nest = Callable[[list[dict[str, Any]]], dict[str, Any]]


class Plan:
    """Finds the rows of a query, and shows them. deleted: whether it sees the recycle bin."""

    def __init__(self, store: Store, definition: SObject, query: Query, *, deleted: bool) -> None:
        self._store, self._definition, self._query, self._deleted = store, definition, query, deleted
        self._paths = Paths(store, definition, query)
        if query.all_fields and (query.limit is None or query.limit > SMALLEST):
            raise malformed(query.text, "The SOQL FIELDS function must have a LIMIT of at most 200")
        names = [one.name for one in definition.fields.values()] if query.all_fields else query.fields
        if len({name.lower() for name in names}) < len(names):
            raise malformed(query.text, "duplicate field selected")
        self._shown = [(self._paths.canonical(name), self._paths.getter(name)[1]) for name in names]
        self._semi_joins = 0
        self._test = self._compile(query.where, top=True) if query.where is not None else None
        self._below = [self._child(child) for child in query.children]
        self._order = [(self._sortable(path), down, last) for path, down, last in query.order]
        if query.offset > _OFFSET_MAX:
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000")

    def found(self) -> list[Values]:
        """The rows of the whole object that match."""
        return self._rows(self._store.seen(self._definition.name, deleted=self._deleted))

    def _rows(self, rows: Iterable[Values]) -> list[Values]:
        """Those that match, in order, cut to LIMIT and OFFSET."""
        found = [row for row in rows if self._test is None or self._test(row)]
        for get, down, last in reversed(self._order):
            found.sort(key=lambda row, get=get: _sort_key(get(row)), reverse=down)  # type: ignore[misc]  # mypy infers no lambda with a default
            empty = [row for row in found if get(row) is None]
            full = [row for row in found if get(row) is not None]
            found = full + empty if last else empty + full
        if not self._order:
            found.sort(key=lambda row: str(row["Id"]))
        if self._query.aggregates or self._query.groups:
            return found
        end = None if self._query.limit is None else self._query.offset + self._query.limit
        return found[self._query.offset : end]

    def records(self, base: str, nest: Nest) -> list[dict[str, Any]]:
        """The rows as they are answered. nest: makes an answer of its own of the rows of a child query."""
        if self._query.aggregates or self._query.groups:
            made = aggregated(self._query, self._paths, self.found())
            end = None if self._query.limit is None else self._query.offset + self._query.limit
            return made[self._query.offset : end]
        return [self._record(row, base, nest) for row in self.found()]

    def _record(self, row: Values, base: str, nest: Nest) -> dict[str, Any]:
        """Nulls are there, parents and children are nested."""
        url = f"{base}/sobjects/{self._definition.name}/{row['Id']}"
        record: dict[str, Any] = {"attributes": {"type": self._definition.name, "url": url}}
        for steps, get in self._shown:
            _place(record, steps, get(row), self._paths.parents(row, steps), base)
        for name, plan, source in self._below:
            there = self._store.below(plan._definition.name, source, row["Id"], deleted=self._deleted)
            rows = [plan._record(one, base, nest) for one in plan._rows(there)]
            record[name] = nest(rows) if rows else None
        return record

    def _child(self, query: Query) -> tuple[str, Plan, str]:
        """The name, the plan and the leading field of a child query. Raises INVALID_FIELD."""
        found = self._store.child(self._definition, query.object)
        if found is None:
            raise self._paths.no_relation(query.object)
        other, field = found
        return field.below, Plan(self._store, other, query, deleted=self._deleted), field.name

    def _compile(self, node: Any, *, top: bool = False) -> Test:
        if isinstance(node, Junction):
            tests = [self._compile(part, top=top and node.operator == "and") for part in node.parts]
            if node.operator == "not":
                return lambda row: not tests[0](row)
            if node.operator == "and":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        assert isinstance(node, Comparison)
        if node.inner is not None:
            return self._semi_join(node, node.inner, top=top)
        field, get = self._paths.getter(node.path)
        if not field.filterable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise SalesforceError("INVALID_FIELD", self._pointed(message, node.path))
        return comparison(field, get, node, self._store.clock.now(), self._pointed)

    def _semi_join(self, node: Comparison, query: Query, *, top: bool) -> Test:
        """IN (SELECT ...): ids on both sides, and never below an OR or a NOT. Raises SalesforceError."""
        self._semi_joins += 1
        if not top:
            raise self._malformed("Semi join sub-selects are only allowed at the top level WHERE expressions", node)
        if self._semi_joins > _SEMI_JOINS:
            raise self._malformed(f"Maximum {_SEMI_JOINS} semi join sub-selects are allowed", node)
        definition = self._store.definition(query.object)
        if definition is None:
            raise no_such_object(query.object)
        if len(query.fields) != 1 or query.children or query.aggregates or query.count or query.all_fields:
            raise self._malformed("A semi join sub-select has exactly one field", node)
        field, get = self._paths.getter(node.path)
        inner, taken = Paths(self._store, definition, query).getter(query.fields[0])
        if field.type not in _IDS or inner.type not in _IDS:
            raise self._malformed("Semi join sub-selects compare id and reference fields only", node)
        ends = (field.target or self._definition.name, inner.target or definition.name)
        if len(set(ends)) > 1:
            raise self._malformed(f"Entity '{ends[0]}' and entity '{ends[1]}' must be the same", node)
        among = {taken(row) for row in Plan(self._store, definition, query, deleted=self._deleted).found()} - {None}
        if node.operator == "in":
            return lambda row: get(row) in among
        return lambda row: get(row) not in among

    def _sortable(self, path: str) -> Get:
        field, get = self._paths.getter(path)
        if not field.filterable or field.type == "multipicklist":
            raise malformed(self._query.text, f"field '{field.name}' can not be sorted in a query call")
        fold = folding(field)  # as comparisons do it: ids mind the case, or paging by `Id > …` would leave records out
        return lambda row: fold(get(row))

    def _malformed(self, message: str, node: Comparison) -> SalesforceError:
        return SalesforceError("MALFORMED_QUERY", self._pointed(message, node.path))

    def _pointed(self, message: str, path: str) -> str:
        return pointed(self._query.text, message, path)


def _place(record: dict[str, Any], steps: tuple[str, ...], value: Any, parents: list[Parent], base: str) -> None:
    at = record
    for step, parent in zip(steps[:-1], parents, strict=True):
        if parent is None:
            at[step] = None
            return
        name, row = parent
        if at.get(step) is None:
            at[step] = {"attributes": {"type": name, "url": f"{base}/sobjects/{name}/{row['Id']}"}}
        at = at[step]
    at[steps[-1]] = value


def _sort_key(value: Any) -> tuple[int, Any]:
    return (0, "") if value is None else (1, value)
