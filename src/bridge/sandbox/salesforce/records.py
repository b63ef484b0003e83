"""The resources of single records: create, read, change, delete, by id and by external id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, bad_json, deleted, not_found
from bridge.sandbox.salesforce.fields import SObject
from bridge.sandbox.salesforce.ids import long_id
from bridge.sandbox.salesforce.store import Store, Values
from bridge.sandbox.salesforce.values import parse_instant
from bridge.sandbox.salesforce.writing import Writer


class Records:
    """Single records of one org."""

    def __init__(self, store: Store, writer: Writer, user: str) -> None:
        self._store, self._writer, self._user = store, writer, user

    def create(self, definition: SObject, request: Request) -> Response:
        """POST sobjects/X"""
        id_ = self._writer.insert(definition, body_of(request), by=self._user)
        return Response(201, {"id": id_, "success": True, "errors": []})

    def read(self, definition: SObject, id_: str, request: Request, base: str) -> Response:
        """GET sobjects/X/ID"""
        row = self._there(definition, id_)
        since = http_date(request.headers.get("If-Modified-Since"), strict=False)
        if since is not None and _modified(row) <= since:
            return Response(304)
        wanted = [name for name in request.first("fields").split(",") if name]
        fields = [definition.get(name) for name in wanted] if wanted else list(definition.fields.values())
        for name, field in zip(wanted, fields, strict=False):
            if field is None:
                message = f"No such column '{name}' on sobject of type {definition.name}"
                raise SalesforceError("INVALID_FIELD", message)
        record: dict[str, Any] = {
            "attributes": {"type": definition.name, "url": f"{base}/sobjects/{definition.name}/{row['Id']}"}
        }
        record |= {field.name: row.get(field.name) for field in fields if field is not None}
        record["Id"] = row["Id"]
        headers = {"Last-Modified": format_datetime(_modified(row), usegmt=True)}
        if definition.name == "Account":
            headers["ETag"] = _etag(row)
        return Response(200, record, headers)

    def change(self, definition: SObject, id_: str, request: Request) -> Response:
        """PATCH sobjects/X/ID"""
        row = self._there(definition, id_)
        before = http_date(request.headers.get("If-Unmodified-Since"), strict=True)
        match = request.headers.get("If-Match")
        stale = before is not None and _modified(row) > before
        stale |= match is not None and definition.name == "Account" and match not in (_etag(row), "*")
        if stale:
            return Response(412, b"", {"Content-Type": "application/json;charset=UTF-8"})
        self._writer.update(definition, str(row["Id"]), body_of(request), by=self._user)
        return Response(204)

    def remove(self, definition: SObject, id_: str) -> Response:
        """DELETE sobjects/X/ID"""
        row = self._there(definition, id_)
        self._writer.delete(definition, str(row["Id"]), by=self._user)
        return Response(204)

    def by_key(self, definition: SObject, field_name: str, value: str, request: Request, base: str) -> Response:
        """GET, PATCH (upsert) and DELETE sobjects/X/FIELD/VALUE"""
        matches = self.matching(definition, field_name, value)
        if len(matches) > 1:
            urls = [f"{base}/sobjects/{definition.name}/{row['Id']}" for row in matches]
            return Response(300, urls)
        if request.method == "PATCH":
            return self._upsert(definition, field_name, value, matches, request)
        if not matches:
            raise not_found()
        if request.method == "DELETE":
            return self.remove(definition, str(matches[0]["Id"]))
        return self.read(definition, str(matches[0]["Id"]), request, base)

    def matching(self, definition: SObject, field_name: str, value: object) -> list[Values]:
        """The records with this value in an external id field. Raises NOT_FOUND where the field is none."""
        field = definition.get(field_name)
        if field is None or not field.lookup:
            message = f"Provided external ID field does not exist or is not accessible: {field_name}"
            raise not_found(message)
        if field.unique:
            holder = self._store.holder(definition.name, field.name, value, case_sensitive=field.case_sensitive)
            row = self._store.newest(definition.name, holder) if holder else None
            return [row.values] if row and not row.values.get("IsDeleted") else []
        return [
            row for row in self._store.seen(definition.name) if str(row.get(field.name)).lower() == str(value).lower()
        ]

    def _upsert(
        self, definition: SObject, field_name: str, value: str, matches: list[Values], request: Request
    ) -> Response:
        body = body_of(request)
        if any(name.lower() in (field_name.lower(), "id") for name in body):
            raise SalesforceError(
                "INVALID_FIELD", f"The {field_name} field should not be specified in the sobject data."
            )
        if matches:
            self._writer.update(definition, str(matches[0]["Id"]), body, by=self._user)
            return Response(200, {"id": matches[0]["Id"], "success": True, "errors": [], "created": False})
        if request.first("updateOnly").lower() == "true":
            raise not_found()
        id_ = self._writer.insert(definition, {**body, field_name: value}, by=self._user)
        return Response(201, {"id": id_, "success": True, "errors": [], "created": True})

    def _there(self, definition: SObject, id_: str) -> Values:
        if long_id(id_) is None:
            raise not_found(f"Provided external ID field does not exist or is not accessible: {id_}")
        row = self._store.get(definition.name, id_)
        if row is None:
            raise not_found()
        if row.get("IsDeleted"):
            raise deleted()
        return row


def body_of(request: Request) -> Mapping[str, Any]:
    """The body as an object. Raises JSON_PARSER_ERROR."""
    try:
        body = request.json()
    except ValueError:
        raise bad_json("The HTTP entity body is required, but this request has no valid JSON in its body") from None
    if not isinstance(body, dict):
        raise bad_json("Can not deserialize: expected an object [line:1, column:1]")
    return body


def _modified(row: Values) -> datetime:
    return parse_instant(str(row["LastModifiedDate"]))


def _etag(row: Values) -> str:
    return f'"{row["Id"]}{int(_modified(row).timestamp())}--gzip"'


def http_date(text: str | None, *, strict: bool) -> datetime | None:
    """The moment in a conditional header; one that cannot be read is passed over, or with `strict` refused."""
    if not text:
        return None
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        if strict:
            raise SalesforceError("INVALID_HEADER", "The date in the header cannot be read") from None
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
