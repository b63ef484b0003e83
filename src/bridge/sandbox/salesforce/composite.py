"""Composite requests: several in one call, later ones using what earlier ones answered."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.salesforce.errors import SalesforceError, bad_json
from bridge.sandbox.salesforce.records import body_of
from bridge.sandbox.salesforce.store import Store

LIMIT = 25
GRAPHS = 75
NODES = 500
KINDS = 15
FAILURES = 14
"""Graphs that may fail before the rest is not tried."""
COSTLY = 5
_REFERENCE = re.compile(r"@\{(\w+)\.([\w.\[\]]+)\}")
_COSTLY = re.compile(r"(query|queryAll|composite/sobjects)(/|$)")
Route = Callable[[Request, str], Response]
Part = Mapping[str, Any]


class Composite:
    """composite, composite/graph and composite/batch; what they contain goes through the org's own
    routes. `locked`: the errors of the next requests of graphs, which are to find their record locked."""

    def __init__(self, store: Store, route: Route) -> None:
        self._store, self._route = store, route
        self.locked: list[SalesforceError] = []

    def run(self, request: Request, base: str) -> Response:
        """POST composite: with allOrNone one failure takes everything back, and halts what comes after it."""
        body = body_of(request)
        whole = body.get("allOrNone") is True
        parts = _parts(body, "compositeRequest", ("method", "url", "referenceId"))
        paths = [_path(str(part["url"]), base) for part in parts]
        if sum(bool(_COSTLY.match(path)) for path in paths) > COSTLY:
            raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {COSTLY} query or collections subrequests")
        answers: dict[str, Response] = {}
        with self._store.transaction() as take_back:
            for part in parts:
                response = self._filled(part, base, answers, whole)
                answers[str(part["referenceId"])] = response
                if whole and _failed(response):
                    take_back()
                    return _composed(parts, _rolled_back(parts, str(part["referenceId"]), response))
        return _composed(parts, answers)

    def graph(self, request: Request, base: str) -> Response:
        """POST composite/graph: each graph is a transaction of its own; one that fails leaves the others alone."""
        graphs = body_of(request).get("graphs")
        if not isinstance(graphs, list) or not all(isinstance(one, dict) for one in graphs):
            raise bad_json("graphs must be a list of objects [line:1, column:1]")
        if len(graphs) > GRAPHS or sum(len(one.get("compositeRequest") or ()) for one in graphs) > NODES:
            raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {NODES} nodes, or {GRAPHS} graphs")
        outcomes: list[dict[str, Any]] = []
        failures = 0
        for one in graphs:
            parts = _parts(one, "compositeRequest", ("method", "url", "referenceId"), NODES)
            _check_kinds(parts, base)
            if failures >= FAILURES:
                answers, done = _rolled_back(parts, "", Response(400)), False
            else:
                answers, done = self._transaction(parts, base)
            failures += not done
            answer = {"graphResponse": _composed(parts, answers).body, "isSuccessful": done}
            outcomes.append({"graphId": one.get("graphId"), **answer})
        return Response(200, {"graphs": outcomes})

    def _transaction(self, parts: list[Part], base: str) -> tuple[dict[str, Response], bool]:
        """All parts, or none of them."""
        answers: dict[str, Response] = {}
        with self._store.transaction() as take_back:
            for part in parts:
                name = str(part["referenceId"])
                if self.locked and part["method"] != "GET":
                    answers[name] = self.locked.pop().response()
                else:
                    answers[name] = self._filled(part, base, answers, whole=True)
                if _failed(answers[name]):
                    take_back()
                    return _rolled_back(parts, name, answers[name]), False
        return answers, True

    def batch(self, request: Request) -> Response:
        """POST composite/batch: what was done stays done; haltOnError refuses what comes after a failure."""
        body = body_of(request)
        results: list[dict[str, Any]] = []
        failed = False
        for part in _parts(body, "batchRequests", ("method", "url")):
            url = str(part["url"])
            path = re.sub(r"^(services/data/)?v\d+\.\d/", "", url.partition("?")[0].strip("/"))
            if failed and body.get("haltOnError") is True:
                halted = SalesforceError("BATCH_PROCESSING_HALTED", "Batch processing halted", status=412)
                response = halted.response()
            else:
                response = self._one(str(part["method"]), "/" + url.lstrip("/"), path, part.get("richInput"), {})
            failed |= response.status >= 400
            results.append({"statusCode": response.status, "result": _shown(response)})
        return Response(200, {"hasErrors": failed, "results": results})

    def _filled(self, part: Part, base: str, answers: Mapping[str, Response], whole: bool) -> Response:
        """One subrequest, its references filled in."""
        try:
            filled = json.loads(_REFERENCE.sub(lambda found: _reached(answers, found), json.dumps(part)))
        except SalesforceError as error:
            return error.response()
        url, body = str(filled["url"]), filled.get("body")
        path = _path(url, base)
        if whole and path.startswith("composite/sobjects") and isinstance(body, dict):
            body = {**body, "allOrNone": True}
        return self._one(str(filled["method"]), url, path, body, filled.get("httpHeaders") or {})

    def _one(self, method: str, url: str, path: str, body: Any, headers: Mapping[str, str]) -> Response:
        data = b"" if body is None else json.dumps(body).encode()
        try:
            return self._route(Request.parse(method, url, headers, data), path)
        except SalesforceError as error:
            return error.response()


def _parts(body: Mapping[str, Any], name: str, needed: tuple[str, ...], limit: int = LIMIT) -> list[Part]:
    parts = body.get(name)
    if not isinstance(parts, list) or not all(isinstance(part, dict) and set(needed) <= set(part) for part in parts):
        raise bad_json(f"{name} must be a list of objects with {', '.join(needed)} [line:1, column:1]")
    if len(parts) > limit:
        raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {limit} subrequests in {name}")
    return parts


def _check_kinds(parts: list[Part], base: str) -> None:
    """A graph holds single records only, and not too many kinds of requests. Raises SalesforceError."""
    paths = [_path(str(part["url"]), base) for part in parts]
    for path in paths:
        if not path.startswith("sobjects/"):
            raise SalesforceError("INVALID_INPUT", f"{path} is not supported in a composite graph")
    kinds = {(str(part["method"]), path.split("/")[1]) for part, path in zip(parts, paths, strict=True)}
    if len(kinds) > KINDS:
        raise SalesforceError("LIMIT_EXCEEDED", f"Cannot have more than {KINDS} kinds of nodes in a graph")


def _path(url: str, base: str) -> str:
    return url.partition("?")[0].removeprefix(base).strip("/")


def _shown(response: Response) -> Any:
    return None if response.body == b"" else response.body


def _failed(response: Response) -> bool:
    """Whether a subrequest failed: by its status, or as a collection with a failed record."""
    rows = response.body if isinstance(response.body, list) else []
    return response.status >= 400 or any(isinstance(row, dict) and row.get("success") is False for row in rows)


def _rolled_back(parts: list[Part], culprit: str, response: Response) -> dict[str, Response]:
    message = "The transaction was rolled back since another operation in the same transaction failed."
    halted = SalesforceError("PROCESSING_HALTED", message).response()
    names = [str(part["referenceId"]) for part in parts]
    return {name: response if name == culprit else halted for name in names}


def _composed(parts: list[Part], answers: Mapping[str, Response]) -> Response:
    outcomes = [
        {
            "body": _shown(answers[str(part["referenceId"])]),
            "httpHeaders": answers[str(part["referenceId"])].headers,
            "httpStatusCode": answers[str(part["referenceId"])].status,
            "referenceId": part["referenceId"],
        }
        for part in parts
    ]
    return Response(200, {"compositeResponse": outcomes})


def _reached(answers: Mapping[str, Response], found: re.Match[str]) -> str:
    """What a reference stands for, fit to stand inside a JSON text. Raises PROCESSING_HALTED where it is nothing."""
    response = answers.get(found[1])
    value: Any = response.body if response and response.status < 400 else None
    for step in re.findall(r"\w+", found[2]):
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        message = f"Invalid reference specified. No value for {found[1]}.{found[2]} found in {found[1]}"
        raise SalesforceError("PROCESSING_HALTED", message)
    return json.dumps(str(value))[1:-1]
