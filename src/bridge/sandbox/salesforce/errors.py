"""Errors as Salesforce words them: a status, a code, a message, the fields concerned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bridge.sandbox.kernel import Response


class SalesforceError(Exception):
    """An error of a whole request, or of one record in a collection."""

    def __init__(self, code: str, message: str, fields: Sequence[str] = (), status: int = 400) -> None:
        super().__init__(code)
        self.code, self.message, self.fields, self.status = code, message, list(fields), status

    def response(self) -> Response:
        """The error as the answer to a single call: a list with one entry."""
        entry: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            entry["fields"] = self.fields
        return Response(self.status, [entry])

    def row(self, id_: str | None = None) -> dict[str, Any]:
        """The error as the outcome of one record: the code is called statusCode here."""
        found: dict[str, Any] = {"id": id_} if id_ else {}
        entry = {"statusCode": self.code, "message": self.message, "fields": self.fields}
        return {**found, "success": False, "errors": [entry]}


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    return SalesforceError("NOT_FOUND", message, status=404)


def deleted() -> SalesforceError:
    return SalesforceError("ENTITY_IS_DELETED", "entity is deleted", status=404)


def locked(status: int = 400) -> SalesforceError:
    message = "unable to obtain exclusive access to this record"
    return SalesforceError("UNABLE_TO_LOCK_ROW", message, status=status)


def locked_in_trigger() -> SalesforceError:
    """The same lock, met by code of the org that runs with the write: the code says nothing of it, only the words."""
    message = (
        "AccountTrigger: execution of AfterInsert caused by: System.DmlException: Update failed. First exception on "
        "row 0 with id 001000000000001AAA; first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this "
        "record: []"
    )
    return SalesforceError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message)


def session_invalid() -> SalesforceError:
    return SalesforceError("INVALID_SESSION_ID", "Session expired or invalid", status=401)


def no_such_object(name: str) -> SalesforceError:
    """What a query says; a path with an unknown object is NOT_FOUND."""
    message = (
        f"sObject type '{name}' is not supported. If you are attempting to use a custom object, be sure to append the "
        "'__c' after the entity name. Please reference your WSDL or the describe call for the appropriate names."
    )
    return SalesforceError("INVALID_TYPE", message)


def read_only(fields: Sequence[str]) -> SalesforceError:
    message = (
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set."
    )
    return SalesforceError("INVALID_FIELD_FOR_INSERT_UPDATE", message, fields)


def too_many() -> SalesforceError:
    message = "record limit reached. cannot submit more than 200 records into this call"
    return SalesforceError("EXCEEDED_ID_LIMIT", message)


def bad_json(detail: str) -> SalesforceError:
    return SalesforceError("JSON_PARSER_ERROR", detail)
