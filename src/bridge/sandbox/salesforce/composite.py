"""Composite requests: several in one call, later ones using what earlier ones answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError
from bridge.sandbox.salesforce.records import body_of

LIMIT = 25
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
Route = Callable[[Request, str], Response]


class Composite:
    """composite and composite/batch; what they contain goes through the org's own routes."""

    def __init__(self, route: Route) -> None:
        self._route = route

    def run(self, request: Request, base: str) -> Response:
        """POST composite"""
        parts = body_of(request).get("compositeRequest", [])
        if len(parts) > LIMIT:
            raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {LIMIT} subrequests in a composite request")
        answers: dict[str, Any] = {}
        outcomes: list[dict[str, Any]] = []
        for part in parts:
            text = _REFERENCE.sub(lambda found: str(_reach(answers.get(found[1]), found[2])), json.dumps(part))
            filled = json.loads(text)
            url = str(filled["url"])
            path = url.partition("?")[0].removeprefix(base).strip("/")
            response = self._one(str(filled["method"]), url, path, filled.get("body"), filled.get("httpHeaders") or {})
            answers[filled["referenceId"]] = response.body
            outcomes.append(
                {
                    "body": None if response.body == b"" else response.body,
                    "httpHeaders": response.headers,
                    "httpStatusCode": response.status,
                    "referenceId": filled["referenceId"],
                }
            )
        return Response(200, {"compositeResponse": outcomes})

    def batch(self, request: Request) -> Response:
        """POST composite/batch"""
        results: list[dict[str, Any]] = []
        parts = body_of(request).get("batchRequests", [])
        if len(parts) > LIMIT:
            raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {LIMIT} subrequests in a batch")
        for part in parts:
            url = str(part["url"])
            path = re.sub(r"^(/services/data/)?v\d+\.\d/", "", url.partition("?")[0].lstrip("/"))
            response = self._one(str(part["method"]), "/" + url.lstrip("/"), path, part.get("richInput"), {})
            body = None if response.body == b"" else response.body
            results.append({"statusCode": response.status, "result": body})
        return Response(200, {"hasErrors": any(int(one["statusCode"]) >= 400 for one in results), "results": results})

    def _one(self, method: str, url: str, path: str, body: Any, headers: Mapping[str, str]) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        try:
            return self._route(Request.parse(method, url, headers, data), path)
        except SalesforceError as error:
            return error.response()


def _reach(value: Any, path: str) -> Any:
    for step in re.findall(r"\w+", path):
        if isinstance(value, list):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value.get(step)
    return value
