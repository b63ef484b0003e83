"""The errors of an Odoo server: their classes, and the envelope in which JSON-RPC and JSON-2 carry them.

Clients tell errors apart by the qualified class name in `data.name`. An error that Odoo raises as a plain Python
exception (ValueError for an unknown field) is raised here as the same exception, so that it gets the same name.
"""

from __future__ import annotations

from typing import Any


class OdooError(Exception):
    """An error with a class name of Odoo's own. `status` is the HTTP status that JSON-2 gives it."""

    vendor_name = "odoo.exceptions.UserError"
    status = 422

    def __init__(self, message: str) -> None:
        super().__init__(message)


class UserError(OdooError):
    """A refusal in words for the user."""


class ValidationError(OdooError):
    """A constraint is broken."""

    vendor_name = "odoo.exceptions.ValidationError"


class AccessError(OdooError):
    """The user has no right to do this."""

    vendor_name = "odoo.exceptions.AccessError"
    status = 403


class AccessDenied(OdooError):
    """Wrong credentials."""

    vendor_name = "odoo.exceptions.AccessDenied"
    status = 403

    def __init__(self, message: str = "Access Denied") -> None:
        super().__init__(message)


class RedirectWarning(OdooError):
    """A refusal that points the user to a screen."""

    vendor_name = "odoo.exceptions.RedirectWarning"


class MissingError(OdooError):
    """A record is not there (any more)."""

    vendor_name = "odoo.exceptions.MissingError"
    status = 404

    def __init__(self, model: str, record: int, uid: int) -> None:
        super().__init__(f"Record does not exist or has been deleted.\n(Record: {model}({record},), User: {uid})")


class DatabaseError(OdooError):
    """An error of PostgreSQL that the server passes on as it is. `kind` is the name of the class in psycopg2.errors."""

    status = 500

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.vendor_name = f"psycopg2.{kind}" if kind == "OperationalError" else f"psycopg2.errors.{kind}"


class SessionExpired(OdooError):
    """The session of the cookie is not known (any more)."""

    vendor_name = "odoo.http.SessionExpiredException"
    status = 403

    def __init__(self) -> None:
        super().__init__("Session expired")


_TITLES = {400: "Bad Request", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Entity"}


class HTTPError(OdooError):
    """A refusal of the web layer of JSON-2; carries its status among the arguments."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.title = _TITLES[status]
        self.vendor_name = f"werkzeug.exceptions.{self.title.replace(' ', '')}"


def serialization_failure() -> DatabaseError:
    """What a client sees when five attempts of the server met concurrent updates."""
    return DatabaseError("SerializationFailure", "could not serialize access due to concurrent update\n")


def lock_not_available(operation: str) -> DatabaseError:
    """What a client sees when somebody else holds the row and the server does not wait (FOR UPDATE NOWAIT)."""
    table = operation.partition(" ")[2].replace(".", "_")
    return DatabaseError("LockNotAvailable", f'could not obtain lock on row in relation "{table}"\n')


def no_such_database(name: str) -> DatabaseError:
    """An unknown database: the same class as an outage of PostgreSQL, only the text differs."""
    return DatabaseError(
        "OperationalError",
        f'connection to server at "127.0.0.1", port 5432 failed: FATAL:  database "{name}" does not exist\n',
    )


def vendor_name(error: Exception) -> str:
    """The qualified class name that the server reports."""
    return error.vendor_name if isinstance(error, OdooError) else f"builtins.{type(error).__name__}"


def describe(error: Exception) -> dict[str, Any]:
    """name, message, arguments, context and debug of an error: the whole body in JSON-2, `error.data` in JSON-RPC."""
    name = vendor_name(error)
    message = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    arguments: list[Any] = [message] if error.args else []
    text = message
    if isinstance(error, HTTPError):
        arguments.append(error.status)
        text = f"{error.status} {error.title}: {message}"
    short = name.removeprefix("builtins.")
    frames = "" if isinstance(error, AccessDenied) else "Traceback (most recent call last):\n"
    return {
        "name": name,
        "message": message,
        "arguments": arguments,
        "context": {},
        "debug": f"{frames}{short}: {text}\n",
    }


def envelope(error: Exception, request_id: Any, version: str) -> dict[str, Any]:
    """The answer of JSON-RPC to an error. The code is 0 on 19, 200 on 18; only 100 (session expired) has a meaning."""
    code, message = (0 if version == "19" else 200), "Odoo Server Error"
    if isinstance(error, SessionExpired):
        # The route is refused before the server has read the id of the request.
        code, message, request_id = 100, "Odoo Session Expired", None
    return {
        "jsonrpc": "2.0",
        "id": request_id,
        "error": {"code": code, "message": message, "data": describe(error)},
    }


def json2_status(error: Exception) -> int:
    """The HTTP status that JSON-2 answers with."""
    return error.status if isinstance(error, OdooError) else 500
