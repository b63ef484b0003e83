"""JSON-2 of 19: POST /json/2/<model>/<method> with an API key, keywords only, bare results, telling statuses."""

from __future__ import annotations

from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.odoo import pages
from bridge.sandbox.odoo.database import Database
from bridge.sandbox.odoo.errors import HTTPError, describe, json2_status
from bridge.sandbox.odoo.registry import UnfittingArguments, call_named, find_method, takes_ids

PREFIX = "/json/2/"


class Json2:
    """The routes under /json/2/."""

    def __init__(self, database: Database, several: bool) -> None:
        self._database = database
        self._several = several

    def handle(self, request: Request) -> Response:
        """Answer a call."""
        named = request.headers.get("x-odoo-database")
        if (named or (None if self._several else self._database.name)) != self._database.name:
            return pages.no_database()
        try:
            return _json(200, self._call(request))
        except Exception as error:
            status = json2_status(error)
            response = _json(status, describe(error))
            if status == 401:
                response.headers["WWW-Authenticate"] = "Bearer "
            return response

    def _call(self, request: Request) -> Any:
        model, _, method = request.path.removeprefix(PREFIX).partition("/")
        if request.method != "POST" or not method or "/" in method:
            raise HTTPError(404, "Did you mean POST /json/2/<model>/<method>?")
        uid = self._user(request.headers.get("authorization", ""))
        arguments = _arguments(request)
        with self._database.transaction(uid) as env:
            return self._within(env, model, method, arguments)

    def _within(self, env: Any, model: str, method: str, arguments: dict[str, Any]) -> Any:
        if model not in env.store.models:
            raise HTTPError(404, f"the model {model!r} does not exist")
        try:
            function = find_method(env, model, method)
        except AttributeError as error:
            raise HTTPError(404, str(error)) from error
        ids = arguments.pop("ids", [])
        context = arguments.pop("context", None) or {}
        if ids and not takes_ids(function):
            raise HTTPError(422, f"cannot call {model}.{method} with ids")
        if method == "create" and isinstance(arguments.get("vals_list"), dict):
            arguments["vals_list"] = [arguments["vals_list"]]
        try:
            return call_named(env.with_context(**context), model, method, ids, arguments)
        except UnfittingArguments as error:
            raise HTTPError(422, str(error)) from error

    def _user(self, authorization: str) -> int:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer" or not key:
            raise HTTPError(401, "User not authenticated, use an API Key with a Bearer Authorization header.")
        uid = self._database.user_of_key(key.strip())
        if uid is None:
            raise HTTPError(401, "Invalid apikey")
        return uid


def _arguments(request: Request) -> dict[str, Any]:
    try:
        body = request.json() if request.body else {}
    except ValueError as error:
        raise HTTPError(400, f"could not parse the body as json: {error}") from error
    if not isinstance(body, dict):
        raise HTTPError(400, "could not parse the body as json: it is no object")
    return dict(body)


def _json(status: int, body: Any) -> Response:
    return Response(status, body, {"Content-Type": "application/json; charset=utf-8"})
