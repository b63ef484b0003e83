"""composite/tree: records with those below them, made in one go or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, bad_json, not_found
from bridge.sandbox.salesforce.fields import Field, SObject
from bridge.sandbox.salesforce.records import body_of
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.writing import Writer

LIMIT = 200
DEPTH = 5
Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One record of a tree. above: the reference id of its parent, with the field that leads there."""

    definition: SObject
    reference: str
    values: Body
    above: tuple[str, str] = ("", "")


class Trees:
    """Makes trees of records."""

    def __init__(self, store: Store, writer: Writer, user: str) -> None:
        self._store, self._writer, self._user = store, writer, user

    def create(self, object_name: str, request: Request) -> Response:
        """POST composite/tree/X"""
        definition = self._store.definition(object_name)
        if definition is None:
            raise not_found()
        nodes = self._nodes(definition, body_of(request))
        made: dict[str, str] = {}
        with self._store.transaction() as take_back:
            for node in nodes:
                parent, field = node.above
                values = {**node.values, field: made[parent]} if parent else node.values
                try:
                    made[node.reference] = self._writer.insert(node.definition, values, by=self._user)
                except SalesforceError as error:
                    take_back()
                    if error.code == "JSON_PARSER_ERROR":
                        raise
                    return _refused(node.reference, error)
        results = [{"referenceId": name, "id": id_} for name, id_ in made.items()]
        return Response(201, {"hasErrors": False, "results": results})

    def _nodes(self, definition: SObject, body: Body) -> list[Node]:
        """All records, level by level: parents before their children. Raises SalesforceError."""
        found: list[Node] = []
        level = [Node(definition, *_read(record, definition)) for record in _records(body)]
        depth = 0
        while level:
            depth += 1
            found += level
            if len(found) > LIMIT or depth > DEPTH:
                raise SalesforceError("INVALID_INPUT", f"A tree holds at most {LIMIT} records in {DEPTH} levels")
            level = [child for node in level for child in self._children(node)]
        names = [node.reference for node in found]
        if len(set(names)) < len(names):
            raise SalesforceError("INVALID_INPUT", "Duplicate ReferenceId provided in the request")
        return [
            Node(one.definition, one.reference, {k: v for k, v in one.values.items() if not _nested(v)}, one.above)
            for one in found
        ]

    def _children(self, node: Node) -> Iterator[Node]:
        for name, value in node.values.items():
            if not _nested(value):
                continue
            other, field = self._below(node.definition, name)
            for record in _records(value):
                yield Node(other, *_read(record, other), above=(node.reference, field.name))

    def _below(self, definition: SObject, name: str) -> tuple[SObject, Field]:
        found = self._store.child(definition, name)
        if found is None:
            message = f"No such column '{name}' on sobject of type {definition.name}"
            raise SalesforceError("INVALID_FIELD", message)
        return found


def _records(body: Body) -> list[Body]:
    records = body.get("records")
    if not isinstance(records, list) or not records or not all(isinstance(one, dict) for one in records):
        raise bad_json("Can not deserialize: expected a list of records [line:1, column:1]")
    return records


def _read(record: Body, definition: SObject) -> tuple[str, Body]:
    """The reference id of a record, and its values."""
    attributes = record.get("attributes")
    told = attributes if isinstance(attributes, Mapping) else {}
    if str(told.get("type", "")).lower() != definition.name.lower() or not told.get("referenceId"):
        message = f"Include a type ({definition.name}) and a referenceId in the attributes of each record"
        raise SalesforceError("INVALID_INPUT", message)
    return str(told["referenceId"]), {name: value for name, value in record.items() if name != "attributes"}


def _nested(value: Any) -> bool:
    return isinstance(value, Mapping) and "records" in value


def _refused(reference: str, error: SalesforceError) -> Response:
    entry = {"statusCode": error.code, "message": error.message, "fields": error.fields}
    return Response(400, {"hasErrors": True, "results": [{"referenceId": reference, "errors": [entry]}]})
