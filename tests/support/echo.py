"""A hostile server: a sandbox that answers chosen calls with everything it was sent, as the vendor tells errors."""

from __future__ import annotations

import json
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from bridge.sandbox.kernel import Application, Request, Response

Answer = Callable[[str, str], Response]
"""(all that was sent, the Authorization header or what stands in its place) -> what is answered."""


class Echo:
    """The sandbox itself, but for calls whose operation fits `pattern` while an `answer` is set.

    heard: the headers of all calls.
    """

    def __init__(self, app: Application) -> None:
        self._app = app
        self.answer: Answer | None = None
        self.pattern = "*"
        self.heard: list[str] = []
        self.struck = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def handle(self, request: Request) -> Response:
        self.heard.append(json.dumps(dict(request.headers)))
        if self.answer is None or not fnmatchcase(self._app.operation(request), self.pattern):
            return self._app.handle(request)
        self.struck += 1
        body = request.body.decode(errors="replace")
        token = str(request.headers.get("Authorization", "")) or body
        return self.answer(f"{json.dumps(dict(request.headers))} {request.query} {body}", token.partition(" ")[2])


def _plain(status: int, **headers: str) -> Answer:
    def answer(all_: str, token: str) -> Response:
        filled = {name: value.format(token) for name, value in headers.items()}
        return Response(status, f"<html>{all_}</html>".encode(), filled)

    return answer


def _json(status: int, make: Callable[[str, str], Any]) -> Answer:
    return lambda all_, token: Response(status, make(all_, token))


ANYWHERE: dict[str, Answer] = {
    "page": _plain(200),
    "page of an error": _plain(500),
    "proxy": _plain(502),
    "redirect": _plain(302, Location="https://elsewhere.example/?token={}"),
    "busy": _plain(429, **{"Retry-After": "{}"}),
    "strange headers": _plain(403, **{"Sforce-Limit-Info": "api-usage={}", "Set-Cookie": "sid={}", "X-Error": "{}"}),
    "a list": _json(200, lambda all_, token: [all_, token]),
    "a text": _json(200, lambda all_, token: all_),
    "error as code": _json(400, lambda all_, token: {"error": token, "error_description": all_}),
}


def _salesforce(code: str) -> Callable[[str, str], Any]:
    return lambda all_, token: [{"errorCode": code or token, "message": all_, "fields": [token, all_]}]


def _rows(all_: str, token: str) -> Any:
    error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": all_, "fields": [token]}
    return [{"success": False, "errors": [error]}] * 2


def _odoo(name: str) -> Callable[[str, str], Any]:
    def make(all_: str, token: str) -> Any:
        data = {"name": name or token, "message": all_, "arguments": [all_], "debug": all_, "context": {"t": token}}
        return {"jsonrpc": "2.0", "id": None, "error": {"code": 200, "message": all_, "data": data}, **data}

    return make


def _erpnext(kind: str) -> Callable[[str, str], Any]:
    def make(all_: str, token: str) -> Any:
        messages = json.dumps([json.dumps({"message": f"Customer {all_}", "title": token})])
        name = kind or token
        return {"exc_type": name, "exception": f"frappe.exceptions.{name}: {all_}", "_server_messages": messages}

    return make


OF_VENDOR: dict[str, dict[str, Answer]] = {
    "salesforce": {
        "a validation rule": _json(400, _salesforce("FIELD_CUSTOM_VALIDATION_EXCEPTION")),
        "a code that is a token": _json(400, _salesforce("")),
        "a duplicate": _json(400, _salesforce("DUPLICATES_DETECTED")),
        "a session": _json(401, _salesforce("INVALID_SESSION_ID")),
        "an error of its own": _json(500, _salesforce("UNKNOWN_EXCEPTION")),
        "rows": _json(200, _rows),
    },
    "odoo": {
        "a validation": _json(200, _odoo("odoo.exceptions.ValidationError")),
        "a name that is a token": _json(200, _odoo("")),
        "a name that is a token, JSON-2": _json(422, _odoo("")),
        "the database": _json(200, _odoo("psycopg2.errors.NotNullViolation")),
        "the log-in": _json(200, _odoo("odoo.exceptions.AccessDenied")),
        "load": _json(200, lambda all_, token: {"result": {"ids": False, "messages": [{"message": all_, "rows": 0}]}}),
    },
    "erpnext": {
        "a validation": _json(417, _erpnext("ValidationError")),
        "a kind that is a token": _json(417, _erpnext("")),
        "a name": _json(409, _erpnext("NameError")),
        "a duplicate": _json(417, _erpnext("UniqueValidationError")),
        "a right": _json(403, _erpnext("PermissionError")),
        "its own": _json(500, _erpnext("OperationalError")),
    },
}
