"""Collections: up to 200 records in one call, each with an outcome of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, bad_json, not_found, too_many
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.ids import long_id
from bridge.sandbox.salesforce.records import Records, body_of
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.writing import Writer, id_of

LIMIT = 200
RETRIEVED = 2000
_RUNS = 10
Outcome = dict[str, Any]


class Collections:
    """The resources below composite/sobjects. `locked`: errors of the next rows, which find themselves locked."""

    def __init__(self, store: Store, writer: Writer, records: Records, user: str) -> None:
        self._store, self._writer, self._records, self._user = store, writer, records, user
        self.locked: list[SalesforceError] = []

    def create(self, request: Request) -> Response:
        """POST composite/sobjects"""
        items, whole = _items(request)
        definitions = self._definitions(items)

        def one(place: int) -> Outcome:
            id_ = self._writer.insert(definitions[place], items[place], by=self._user)
            return {"id": id_, "success": True, "errors": []}

        return self._each(len(items), one, whole)

    def change(self, request: Request) -> Response:
        """PATCH composite/sobjects"""
        items, whole = _items(request)
        definitions = self._definitions(items)

        def one(place: int) -> Outcome:
            id_ = id_of(items[place])
            if id_ is None:
                raise SalesforceError("MISSING_ARGUMENT", "Id not specified in an update call")
            body = {name: value for name, value in items[place].items() if name.lower() != "id"}
            self._writer.update(definitions[place], id_, body, by=self._user)
            return {"id": id_, "success": True, "errors": []}

        return self._each(len(items), one, whole)

    def upsert(self, object_name: str, field_name: str, request: Request) -> Response:
        """PATCH composite/sobjects/X/FIELD"""
        items, whole = _items(request)
        definition = self._store.definition(object_name)
        if definition is None:
            raise not_found()
        keys = [_value(item, field_name) for item in items]

        def one(place: int) -> Outcome:
            if keys[place] in (None, ""):
                raise SalesforceError("MISSING_ARGUMENT", f"{field_name} not specified")
            if keys.count(keys[place]) > 1:
                message = f"Duplicate external id specified: {keys[place]}"
                raise SalesforceError("DUPLICATE_VALUE", message, [field_name])
            matches = self._records.matching(definition, field_name, keys[place])
            body = {k: v for k, v in items[place].items() if k.lower() not in (field_name.lower(), "id")}
            if len(matches) > 1:
                raise SalesforceError(
                    "DUPLICATE_EXTERNAL_ID", f"{field_name}: more than one record found for external id field"
                )
            if matches:
                self._writer.update(definition, matches[0]["Id"], body, by=self._user)
                return {"id": matches[0]["Id"], "success": True, "errors": [], "created": False}
            id_ = self._writer.insert(definition, {**body, field_name: keys[place]}, by=self._user)
            return {"id": id_, "success": True, "errors": [], "created": True}

        return self._each(len(items), one, whole)

    def delete(self, request: Request) -> Response:
        """DELETE composite/sobjects?ids=a,b"""
        ids = [text for text in request.first("ids").split(",") if text]
        if len(ids) > LIMIT:
            raise too_many()
        by_prefix = {one.prefix: one for one in self._store.objects.values() if one.prefix}

        def one(place: int) -> Outcome:
            id_ = long_id(ids[place])
            definition = by_prefix.get(ids[place][:3])
            if id_ is None or definition is None:
                raise SalesforceError("MALFORMED_ID", f"malformed id {ids[place][:20]}")
            try:
                self._writer.delete(definition, id_, by=self._user)
            except SalesforceError as error:
                raise SalesforceError(error.code, error.message, error.fields) from None
            return {"id": id_, "success": True, "errors": []}

        return self._each(len(ids), one, request.first("allOrNone").lower() == "true")

    def retrieve(self, object_name: str, request: Request, base: str) -> Response:
        """GET composite/sobjects/X?ids&fields, or POST with both in the body; null for what is not there."""
        definition = self._store.definition(object_name)
        if definition is None:
            raise not_found()
        if request.method == "POST":
            body = body_of(request)
            ids, names = list(body.get("ids", [])), list(body.get("fields", []))
        else:
            ids, names = request.first("ids").split(","), request.first("fields").split(",")
        if len(ids) > (RETRIEVED if request.method == "POST" else LIMIT * 4):
            raise too_many()
        found: list[dict[str, Any] | None] = []
        for id_ in ids:
            row = self._store.get(definition.name, id_)
            if row is None or row.get("IsDeleted"):
                found.append(None)
                continue
            url = f"{base}/sobjects/{definition.name}/{row['Id']}"
            record: dict[str, Any] = {"attributes": {"type": definition.name, "url": url}}
            for name in names:
                field = definition.get(name)
                if field is None:
                    message = f"No such column '{name}' on sobject of type {definition.name}"
                    raise SalesforceError("INVALID_FIELD", message)
                record[field.name] = row.get(field.name)
            found.append(record)
        return Response(200, found)

    def _each(self, number: int, one: Callable[[int], Outcome], whole: bool) -> Response:
        """Every item by itself; with allOrNone everything is taken back where one fails."""
        outcomes: list[Outcome] = []
        with self._store.transaction() as take_back:
            for place in range(number):
                try:
                    if self.locked:
                        raise self.locked.pop()
                    outcomes.append(one(place))
                except SalesforceError as error:
                    if error.code == "JSON_PARSER_ERROR":  # the real one reads the whole body before it writes
                        take_back()
                        raise
                    outcomes.append(error.row())
            if whole and not all(outcome["success"] for outcome in outcomes):
                take_back()
                rolled_back = SalesforceError(
                    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                    "Record rolled back because not all records were valid and the request was using AllOrNone header",
                )
                outcomes = [rolled_back.row() if outcome["success"] else outcome for outcome in outcomes]
        return Response(200, outcomes)

    def _definitions(self, items: Sequence[Mapping[str, Any]]) -> list[SObject]:
        """The object of each item; the whole call is refused for a field or object that is not there."""
        found: list[SObject] = []
        for item in items:
            attributes = item.get("attributes")
            name = attributes.get("type") if isinstance(attributes, Mapping) else None
            definition = self._store.definition(str(name)) if name else None
            if definition is None:
                message = f"Entity type: '{name}' is not available." if name else "attributes.type is missing"
                raise SalesforceError("INVALID_TYPE", message)
            for key in item:
                if key != "attributes" and definition.get(key) is None and definition.relation(key) is None:
                    message = f"No such column '{key}' on sobject of type {definition.name}"
                    raise SalesforceError("INVALID_FIELD", message)
            found.append(definition)
        runs = 1 + sum(a is not b for a, b in pairwise(found))
        if runs > _RUNS:
            raise SalesforceError("LIMIT_EXCEEDED", "Cannot have more than 10 chunks in a single operation.")
        return found


def _items(request: Request) -> tuple[list[Mapping[str, Any]], bool]:
    body = body_of(request)
    records = body.get("records")
    if not isinstance(records, list) or not all(isinstance(item, dict) for item in records):
        raise bad_json("Can not deserialize: expected a list of records [line:1, column:1]")
    if len(records) > LIMIT:
        raise too_many()
    return records, body.get("allOrNone") is True


def _value(item: Mapping[str, Any], name: str) -> Any:
    return next((value for key, value in item.items() if key.lower() == name.lower()), None)
