"""The paths of a query: from a record through its parents to a field."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.salesforce.comparison import Get
from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.store import Store, Values
from bridge.sandbox.salesforce.syntax import Query, pointed

Parent = tuple[str, Values] | None


class Paths:
    """Paths that start at one object."""

    def __init__(self, store: Store, definition: SObject, query: Query) -> None:
        self._store, self._definition, self._query = store, definition, query

    def getter(self, path: str) -> tuple[Field, Get]:
        """The field at the end of a path, and how its value is reached. Raises INVALID_FIELD."""
        return self._reach(self._definition, self._steps(path), path)

    def canonical(self, path: str) -> tuple[str, ...]:
        """The steps of a path as the org writes them."""
        field, _ = self.getter(path)
        definition, names = self._definition, []
        for step in self._steps(path)[:-1]:
            relation = self._relation(definition, step)
            names.append(relation.relation)
            definition = self._store.objects[relation.target.lower()]
        return (*names, field.name)

    def parents(self, row: Values, steps: tuple[str, ...]) -> list[Parent]:
        """The rows that a path passes through: object and row, None from the first that is missing."""
        found: list[Parent] = []
        definition, at = self._definition, row
        for step in steps[:-1]:
            field = self._relation(definition, step)
            definition = self._store.objects[field.target.lower()]
            above = self._store.get(field.target, at.get(field.name)) if at else None
            found.append((definition.name, above) if above else None)
            at = above or {}
        return found

    def _steps(self, path: str) -> list[str]:
        """A path may start with the name of the object itself."""
        steps = path.split(".")
        own = len(steps) > 1 and steps[0].lower() == self._definition.name.lower()
        return steps[1:] if own and self._definition.relation(steps[0]) is None else steps

    def _reach(self, definition: SObject, steps: list[str], path: str) -> tuple[Field, Get]:
        if len(steps) == 1:
            field = definition.get(steps[0])
            if field is None:
                raise self._unknown(path, definition)
            name = field.name
            return field, lambda row: row.get(name)
        relation = self._relation(definition, steps[0])
        target = self._store.objects[relation.target.lower()]
        field, inner = self._reach(target, steps[1:], path)
        source = relation.name

        def get(row: Values) -> Any:
            parent = self._store.get(target.name, row.get(source)) if row.get(source) else None
            return inner(parent) if parent else None

        return field, get

    def _relation(self, definition: SObject, step: str) -> Field:
        relation = definition.relation(step)
        if relation is None or self._store.definition(relation.target) is None:
            raise self.no_relation(step)
        return relation

    def no_relation(self, name: str) -> SalesforceError:
        """INVALID_FIELD for a relationship that is not there."""
        message = (
            f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
            "relationship, be sure to append the '__r' after the custom relationship name. Please reference your WSDL "
            "or the describe call for the appropriate names."
        )
        return SalesforceError("INVALID_FIELD", pointed(self._query.text, message, name))

    def _unknown(self, path: str, definition: SObject) -> SalesforceError:
        column = path.rpartition(".")[2] if definition is not self._definition else path
        message = (
            f"No such column '{column}' on entity '{definition.name}'. If you are attempting to use a custom field, be "
            "sure to append the '__c' after the custom field name. Please reference your WSDL or the describe call for "
            "the appropriate names."
        )
        return SalesforceError("INVALID_FIELD", pointed(self._query.text, message, path))
