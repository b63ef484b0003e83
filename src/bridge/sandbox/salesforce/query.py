"""Queries carried out: conditions compiled to functions of a row, pages with locators."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from bridge.sandbox.salesforce import soql
from bridge.sandbox.salesforce.comparison import Get, Test, comparison
from bridge.sandbox.salesforce.errors import SalesforceError, no_such_object
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.soql import Comparison, Junction, Query
from bridge.sandbox.salesforce.store import Store, Values

PAGE = 2000
SMALLEST = 200
_OFFSET_MAX = 2000
_KEPT = timedelta(days=2)


class Queries:
    """Carries out queries and keeps the rest of long answers."""

    def __init__(self, store: Store, base: Callable[[], str]) -> None:
        self._store, self._base = store, base
        self._open: dict[str, tuple[datetime, int, list[dict[str, Any]], str]] = {}
        self._number = 0

    def run(self, text: str, *, deleted: bool, page: int, resource: str) -> dict[str, Any]:
        """The first page of an answer."""
        query = soql.parse(text)
        definition = self._store.definition(query.object)
        if definition is None:
            raise no_such_object(query.object)
        plan = _Plan(self._store, definition, query)
        rows = plan.rows(self._store.seen(definition.name, deleted=deleted))
        if query.count and not query.fields:
            return {"totalSize": len(rows), "done": True, "records": []}
        records = [plan.shown(row, self._base()) for row in rows]
        if len(records) <= page:
            return {"totalSize": len(records), "done": True, "records": records}
        self._number += 1
        locator = f"01gq0000{self._number:07}AAA"
        self._open[locator] = (self._store.clock.now(), page, records, resource)
        return self._page(locator, 0)

    def more(self, name: str) -> dict[str, Any]:
        """A further page: name is the end of nextRecordsUrl."""
        locator, _, start = name.rpartition("-")
        known = self._open.get(locator)
        if known is None or not start.isdecimal() or self._store.clock.now() - known[0] > _KEPT:
            raise SalesforceError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(locator, int(start))

    def _page(self, locator: str, start: int) -> dict[str, Any]:
        _, page, records, resource = self._open[locator]
        end = start + page
        answer: dict[str, Any] = {"totalSize": len(records), "done": end >= len(records)}
        if end < len(records):
            answer["nextRecordsUrl"] = f"{self._base()}/{resource}/{locator}-{end}"
        return {**answer, "records": records[start:end]}


class _Plan:
    """One query over one object."""

    def __init__(self, store: Store, definition: SObject, query: Query) -> None:
        self._store, self._definition, self._query = store, definition, query
        if query.all_fields and (query.limit is None or query.limit > SMALLEST):
            raise soql.malformed(query.text, "The SOQL FIELDS function must have a LIMIT of at most 200")
        names = [one.name for one in definition.fields.values()] if query.all_fields else query.fields
        if len({name.lower() for name in names}) < len(names):
            raise soql.malformed(query.text, "duplicate field selected")
        self._shown = [(self._canonical(name), self._getter(name)[1]) for name in names]
        self._test = self._compile(query.where) if query.where is not None else None
        self._grouped: dict[tuple[str, str], dict[Any, list[Values]]] = {}
        self._below = [self._child(child) for child in query.children]
        self._order = [(self._sortable(path), down, last) for path, down, last in query.order]
        if query.offset > _OFFSET_MAX:
            message = "Maximum SOQL offset allowed is 2000"
            raise SalesforceError("NUMBER_OUTSIDE_VALID_RANGE", message)

    def rows(self, rows: Iterable[Values]) -> list[Values]:
        """The rows that match, in order, cut to LIMIT and OFFSET."""
        found = [row for row in rows if self._test is None or self._test(row)]
        for get, down, last in reversed(self._order):
            found.sort(key=lambda row, get=get: _sort_key(get(row)), reverse=down)  # type: ignore[misc]
            empty = [row for row in found if get(row) is None]
            full = [row for row in found if get(row) is not None]
            found = full + empty if last else empty + full
        if not self._order:
            found.sort(key=lambda row: str(row["Id"]))
        end = None if self._query.limit is None else self._query.offset + self._query.limit
        return found[self._query.offset : end]

    def shown(self, row: Values, base: str) -> dict[str, Any]:
        """A record as it is answered: nulls are there, parents are nested."""
        url = f"{base}/sobjects/{self._definition.name}/{row['Id']}"
        record: dict[str, Any] = {"attributes": {"type": self._definition.name, "url": url}}
        for steps, get in self._shown:
            _place(record, steps, get(row), self._parents(row, steps), base)
        for name, plan, source in self._below:
            rows = [plan.shown(one, base) for one in plan.rows(self._children(plan.object, source).get(row["Id"], ()))]
            record[name] = {"totalSize": len(rows), "done": True, "records": rows} if rows else None
        return record

    def _children(self, object_name: str, source: str) -> dict[Any, list[Values]]:
        """The rows of an object by what they lie below, put together once for a whole query."""
        place = (object_name, source)
        if place not in self._grouped:
            found: dict[Any, list[Values]] = {}
            for one in self._store.seen(object_name, deleted=True):
                found.setdefault(one.get(source), []).append(one)
            self._grouped[place] = found
        return self._grouped[place]

    @property
    def object(self) -> str:
        """The object that is asked for."""
        return self._definition.name

    def _child(self, query: Query) -> tuple[str, _Plan, str]:
        """The name, the plan and the leading field of a child query. Raises INVALID_FIELD."""
        for other in self._store.objects.values():
            for one in other.fields.values():
                if one.target == self._definition.name and one.below.lower() == query.object.lower() and one.below:
                    return one.below, _Plan(self._store, other, query), one.name
        raise self._no_relation(query.object, self._definition)

    def _parents(self, row: Values, steps: tuple[str, ...]) -> list[tuple[str, Values] | None]:
        """The rows that a path passes through."""
        found: list[tuple[str, Values] | None] = []
        definition: SObject | None = self._definition
        at: Values | None = row
        for step in steps[:-1]:
            field = definition.relation(step) if definition else None
            at = self._store.get(field.target, at.get(field.name)) if field and at else None
            definition = self._store.definition(field.target) if field else None
            found.append((definition.name, at) if definition and at else None)
        return found

    def _canonical(self, path: str) -> tuple[str, ...]:
        field, _ = self._getter(path)
        steps = self._steps(path)
        definition, names = self._definition, []
        for step in steps[:-1]:
            relation = definition.relation(step)
            if relation is None:
                raise self._unknown(path, definition)
            names.append(relation.relation)
            definition = self._store.objects[relation.target.lower()]
        return (*names, field.name)

    def _steps(self, path: str) -> list[str]:
        steps = path.split(".")
        if len(steps) > 1 and steps[0].lower() == self._definition.name.lower():
            relation = self._definition.relation(steps[0])
            if relation is None:
                return steps[1:]
        return steps

    def _getter(self, path: str) -> tuple[Field, Get]:
        """The field at the end of a path, and how its value is reached. Raises INVALID_FIELD."""
        steps = self._steps(path)
        definition = self._definition
        if len(steps) == 1:
            field = definition.get(steps[0])
            if field is None:
                raise self._unknown(path, definition)
            name = field.name
            return field, lambda row: row.get(name)
        relation = definition.relation(steps[0])
        target = self._store.definition(relation.target) if relation else None
        if relation is None or target is None:
            raise self._no_relation(steps[0], definition)
        inner_plan = _Path(self._store, target, steps[1:], self._query)
        field, inner = inner_plan.getter()
        source = relation.name

        def get(row: Values) -> Any:
            parent = self._store.get(target.name, row.get(source)) if row.get(source) else None
            return inner(parent) if parent else None

        return field, get

    def _compile(self, node: Any) -> Test:
        if isinstance(node, Junction):
            tests = [self._compile(part) for part in node.parts]
            if node.operator == "not":
                return lambda row: not tests[0](row)
            if node.operator == "and":
                return lambda row: all(test(row) for test in tests)
            return lambda row: any(test(row) for test in tests)
        assert isinstance(node, Comparison)
        field, get = self._getter(node.path)
        if not field.filterable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise SalesforceError("INVALID_FIELD", self._pointed(message, node.path))
        return comparison(field, get, node, self._store.clock.now(), self._pointed)

    def _sortable(self, path: str) -> Get:
        field, get = self._getter(path)
        if not field.filterable or field.type == "multipicklist":
            raise soql.malformed(self._query.text, f"field '{field.name}' can not be sorted in a query call")
        return get

    def _unknown(self, path: str, definition: SObject) -> SalesforceError:
        return unknown_column(self._query, path, definition)

    def _no_relation(self, name: str, definition: SObject) -> SalesforceError:
        message = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
            "or the describe call for the appropriate names."
        )
        return SalesforceError("INVALID_FIELD", self._pointed(message, name))

    def _pointed(self, message: str, path: str) -> str:
        return pointed(self._query.text, message, path)


class _Path:
    """The rest of a path below a parent."""

    def __init__(self, store: Store, definition: SObject, steps: list[str], query: Query) -> None:
        self._store, self._definition, self._steps, self._query = store, definition, steps, query

    def getter(self) -> tuple[Field, Get]:
        definition = self._definition
        if len(self._steps) == 1:
            field = definition.get(self._steps[0])
            if field is None:
                raise unknown_column(self._query, self._steps[0], definition)
            name = field.name
            return field, lambda row: row.get(name)
        relation = definition.relation(self._steps[0])
        target = self._store.definition(relation.target) if relation else None
        if relation is None or target is None:
            raise unknown_column(self._query, self._steps[0], definition)
        field, inner = _Path(self._store, target, self._steps[1:], self._query).getter()
        source = relation.name

        def get(row: Values) -> Any:
            parent = self._store.get(target.name, row.get(source)) if row.get(source) else None
            return inner(parent) if parent else None

        return field, get


def unknown_column(query: Query, path: str, definition: SObject) -> SalesforceError:
    """INVALID_FIELD, with the query and a finger on the place."""
    message = (
        f"No such column '{path}' on entity '{definition.name}'. If you are attempting to use a custom field, be sure "
        "to append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names."
    )
    return SalesforceError("INVALID_FIELD", pointed(query.text, message, path))


def pointed(text: str, message: str, path: str) -> str:
    """A message under the query it is about."""
    line = text.replace("\n", " ")
    at = max(line.lower().find(path.lower()), 0)
    return f"\n{line}\n{' ' * at}^\nERROR at Row:1:Column:{at + 1}\n{message}"


def _place(
    record: dict[str, Any], steps: tuple[str, ...], value: Any, parents: list[tuple[str, Values] | None], base: str
) -> None:
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
    if value is None:
        return (0, "")
    return (1, value.lower()) if isinstance(value, str) else (1, value)
