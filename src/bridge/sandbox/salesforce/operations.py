"""What a request asks for, in the words of the call log: faults are armed by them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bridge.sandbox.kernel import Request

DATA = re.compile(r"/services/data/v(\d+\.\d)(/.*)?")
_FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
_NESTED = re.compile(r"\([^()]*\)")
_VERBS = {"GET": "read", "POST": "create", "PATCH": "update", "DELETE": "delete"}


def operation_of(request: Request, objects: Mapping[str, str]) -> str:
    """What is asked for: "token", "query Account", "describe Account", "create Account", "upsert Account"... objects:
    prefix of ids -> name."""
    path = request.path
    if path.startswith("/services/oauth2/"):
        return path.rpartition("/")[2]
    if path.startswith("/services/Soap/"):
        return "login"
    found = DATA.fullmatch(path)
    steps = (found[2] or "").strip("/").split("/") if found else []
    if steps[:1] in (["query"], ["queryAll"]):
        named = _FROM.search(_outermost(request.first("q")))
        return f"{steps[0]} {named[1] if named else 'more'}"
    if steps[:1] == ["sobjects"] and len(steps) > 1:
        if len(steps) > 2 and steps[2] in ("describe", "updated", "deleted"):
            return f"{steps[2]} {steps[1]}"
        verb = "upsert" if len(steps) > 3 and request.method == "PATCH" else _VERBS.get(request.method, "")
        return f"{verb} {steps[1]}"
    if steps[:2] == ["composite", "sobjects"]:
        return _collection_operation(request, steps, objects)
    if steps[:2] == ["composite", "tree"]:
        return f"create {steps[2]}" if len(steps) > 2 else "create"
    if steps[:2] == ["jobs", "ingest"]:
        return f"{_VERBS.get(request.method, 'upload')} job" if len(steps) < 4 else f"job {steps[3]}"
    return " ".join(steps) or path


def _collection_operation(request: Request, steps: list[str], objects: Mapping[str, str]) -> str:
    if len(steps) == 4:
        return f"upsert {steps[2]}"
    if len(steps) == 3:
        return f"retrieve {steps[2]}"
    if request.method == "DELETE":
        return f"delete {objects.get(request.first('ids')[:3], '')}"
    kind = re.search(rb'"type"\s*:\s*"(\w+)"', request.body)
    return f"{_VERBS.get(request.method, '')} {kind[1].decode() if kind else ''}"


def _outermost(query: str) -> str:
    """A query without what stands in parentheses: child queries and semi-joins have a FROM of their own."""
    while (shorter := _NESTED.sub("", query)) != query:
        query = shorter
    return query
