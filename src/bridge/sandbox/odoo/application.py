"""The server as a whole: routes, faults, and what the control plane asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bridge.sandbox.kernel import Clock, Request, Response
from bridge.sandbox.kernel.webhooks import Post
from bridge.sandbox.odoo import automation, json2, pages
from bridge.sandbox.odoo.database import Database
from bridge.sandbox.odoo.errors import (
    AccessError,
    DatabaseError,
    HTTPError,
    SessionExpired,
    describe,
    envelope,
    json2_status,
    lock_not_available,
    serialization_failure,
)
from bridge.sandbox.odoo.installation import Credentials
from bridge.sandbox.odoo.rpc import Services, answer_json, describe_call
from bridge.sandbox.odoo.web import Web, version_page

VERSIONS = ("18", "19")
_LATE_SECONDS = 5.0


class OdooApplication:
    """An Odoo server with one database that can be used; see `build` for the options and the faults."""

    name = "odoo"
    fault_kinds = frozenset(
        {"expired_session", "serialization", "lock_row", "late_commit", "access_error", "database_down"}
    )

    def __init__(self, version: str, database: str, credentials: Credentials, others: Sequence[str]) -> None:
        if version not in VERSIONS:
            raise ValueError(f"there is no Odoo {version!r} here; there are {', '.join(VERSIONS)}")
        self.version = version
        self.clock = Clock()
        self.database = Database(database, version, self.clock, credentials)
        self.courier = self.database.courier
        self._services = Services(self.database, others)
        self._web = Web(self.database, bool(others))
        self._json2 = json2.Json2(self.database, bool(others))

    def handle(self, request: Request) -> Response:
        """Answer a request as Odoo would."""
        try:
            return self._route(request)
        finally:
            self.database.store.late_seconds = None

    def _route(self, request: Request) -> Response:
        path = request.path
        if path == "/jsonrpc":
            return answer_json(request, self.version, self._services.dispatch)
        if path.startswith("/web/"):
            return self._web.handle(request)
        if path == "/json/version":
            return version_page(self.version) if self.version == "19" else pages.to_login(path)
        if path.startswith(json2.PREFIX) and self.version == "19":
            return self._json2.handle(request)
        return pages.not_found()

    def operation(self, request: Request) -> str:
        """Method and model ("create res.partner"), or what else is asked for ("authenticate", "version_info")."""
        if request.path.startswith(json2.PREFIX):
            model, _, method = request.path.removeprefix(json2.PREFIX).partition("/")
            return f"{method} {model}"
        if request.path == "/jsonrpc" or request.path.startswith("/web/dataset/"):
            return describe_call(request.body) or request.path
        return request.path.rpartition("/")[2] or request.path

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        """Bring about one of the faults in `fault_kinds`."""
        if kind == "late_commit":
            self.database.store.late_seconds = float(options.get("seconds", _LATE_SECONDS))
            return None
        if kind == "expired_session":
            self._web.expire()
            over_json2 = request.path.startswith(json2.PREFIX)
            return self._refuse(request, HTTPError(401, "Invalid apikey") if over_json2 else SessionExpired())
        if kind == "serialization":
            return self._lose(request, serialization_failure())
        if kind == "lock_row":
            return self._lose(request, lock_not_available(self.operation(request)))
        if kind == "access_error":
            return self._refuse(request, AccessError(_no_access(self.operation(request))))
        text = 'connection to server at "127.0.0.1", port 5432 failed: Connection refused\n'
        return self._refuse(request, DatabaseError("OperationalError", text))

    def _lose(self, request: Request, error: DatabaseError) -> Response:
        """PostgreSQL took the transaction back; in `load` that is told inside the result."""
        if self.operation(request).startswith("load "):
            return self._answer(request, _taken_back(str(error)))
        return self._refuse(request, error)

    def _refuse(self, request: Request, error: Exception) -> Response:
        if request.path.startswith(json2.PREFIX):
            return Response(json2_status(error), describe(error))
        return Response(200, envelope(error, _request_id(request), self.version))

    def _answer(self, request: Request, result: Any) -> Response:
        if request.path.startswith(json2.PREFIX):
            return Response(200, result)
        return Response(200, {"jsonrpc": "2.0", "id": _request_id(request), "result": result})

    def reset(self) -> None:
        """As freshly installed; sessions end."""
        self._web.expire()
        self.database.reset()

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put records in; answers their ids."""
        return {"ids": self.database.seed(data.get("records", []))}

    def dump(self) -> Mapping[str, Any]:
        """All rows as stored, with microseconds."""
        return self.database.dump()

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The user "limited" changes a record in the screen."""
        self.database.user_edit(object, int(id), values)
        return {"id": int(id)}

    def edit_past(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """UPDATE in the database itself, as scripts do for which the ORM is too slow."""
        self.database.store.update(object, int(id), values)
        return {"id": int(id)}

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The user "limited" makes a record."""
        return {"id": self.database.user_insert(object, values)}

    def posts_about(self, object: str, id: str, *, genuine: bool) -> Sequence[Post]:
        """What a rule of the model would send of a record."""
        return automation.about(self.database.store, object, int(id), genuine=genuine)

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        """The user "limited" deletes a record."""
        self.database.user_delete(object, int(id))
        return {"id": int(id)}


def _request_id(request: Request) -> Any:
    try:
        body = request.json()
    except ValueError:
        return None
    return body.get("id") if isinstance(body, dict) else None


def _no_access(operation: str) -> str:
    method, _, model = operation.partition(" ")
    verb = {"create": "create", "write": "modify", "unlink": "delete", "load": "create"}.get(method, "access")
    return (
        f"You are not allowed to {verb} '{model}' ({model}) records.\n\n"
        "No group currently allows this operation.\n\n"
        "Contact your administrator to request access if necessary."
    )


def _taken_back(words: str) -> dict[str, Any]:
    """`load` tells what the database says inside its result, and the server does not try again."""
    place = {"rows": {"from": 0, "to": 0}, "record": 0, "type": "error"}
    message = {**place, "message": words}
    return {"ids": False, "messages": [message], "nextrow": 0}
