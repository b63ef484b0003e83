"""/jsonrpc: the services common, object and db. Every error of an application comes with HTTP status 200."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.odoo import pages
from bridge.sandbox.odoo.database import Database
from bridge.sandbox.odoo.errors import envelope, no_such_database
from bridge.sandbox.odoo.registry import call_kw


def version_info(version: str) -> dict[str, Any]:
    """What the server says of its version."""
    return {
        "server_version": f"{version}.0",
        "server_version_info": [int(version), 0, 0, "final", 0, ""],
        "server_serie": f"{version}.0",
        "protocol_version": 1,
    }


def answer_json(request: Request, version: str, handle: Callable[[dict[str, Any]], Any]) -> Response:
    """Unwrap the params of a JSON-RPC request, and wrap what comes of it. None gives neither result nor error."""
    if request.method != "POST" or not _is_json(request.headers.get("content-type", "")):
        return pages.wrong_type(version, request.path, request.method)
    try:
        body = request.json()
    except ValueError:
        return pages.bad_request("Invalid JSON data")
    if not isinstance(body, dict):
        return pages.bad_request("Invalid JSON-RPC data")
    request_id = body.get("id")
    try:
        result = handle(dict(body.get("params") or {}))
    except Exception as error:
        return _json(envelope(error, request_id, version))
    answer = {"jsonrpc": "2.0", "id": request_id}
    return _json(answer if result is None else {**answer, "result": result})


def _json(body: Any) -> Response:
    return Response(200, body, {"Content-Type": "application/json; charset=utf-8", "X-Content-Type-Options": "nosniff"})


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() in ("application/json", "application/json-rpc")


class Services:
    """The services behind /jsonrpc."""

    def __init__(self, database: Database, others: Sequence[str]) -> None:
        self._database = database
        self._others = list(others)

    def dispatch(self, params: Mapping[str, Any]) -> Any:
        """Call a method of a service. Raises KeyError for an unknown service."""
        service, method, args = params["service"], params["method"], list(params["args"])
        services = {"common": self._common, "object": self._object, "db": self._db}
        return services[service](method, args)

    def _named(self, name: Any) -> Database:
        if name != self._database.name:
            raise no_such_database(str(name))
        return self._database

    def _common(self, method: str, args: list[Any]) -> Any:
        if method == "version":
            return version_info(self._database.version)
        if method in ("login", "authenticate"):
            database = self._named(args[0])
            return database.login(args[1], args[2]) or False
        if method == "about":
            return "See http://openerp.com"
        raise Exception(f"Method not found: {method}")

    def _object(self, method: str, args: list[Any]) -> Any:
        name, uid, password = args[0], int(args[1]), args[2]
        if method not in ("execute", "execute_kw"):
            raise NameError(f"Method not available {method}")
        database = self._named(name)
        database.check(uid, password)
        model, call = args[3], args[4]
        if method == "execute":
            positional: Any = args[5:]
            named: Any = {}
        else:
            positional = args[5] if len(args) > 5 else []
            named = (args[6] if len(args) > 6 else None) or {}
        with database.transaction(uid) as env:
            return call_kw(env, model, call, positional, named)

    def _db(self, method: str, args: list[Any]) -> Any:
        if method == "list":
            return sorted([self._database.name, *self._others])
        if method == "server_version":
            return f"{self._database.version}.0"
        if method == "db_exist":
            return args[0] == self._database.name
        raise Exception(f"Method not found: {method}")


def describe_call(body: bytes) -> str:
    """The name of the operation that a JSON-RPC body asks for: "create res.partner", "authenticate"."""
    try:
        params = json.loads(body)["params"]
        if params.get("service") == "object":
            return f"{params['args'][4]} {params['args'][3]}"
        if "model" in params:
            return f"{params['method']} {params['model']}"
        return str(params.get("method") or "")
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return ""
