"""The arguments of a call, as the query, a form or JSON brings them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from bridge.sandbox.erpnext.errors import Refusal
from bridge.sandbox.kernel import Request


class Args(dict[str, Any]):
    """The arguments of a call. One that is needed and missing is a TypeError, as in Python."""

    def __missing__(self, key: str) -> Any:
        raise Refusal("TypeError", f"missing 1 required positional argument: '{key}'")

    def flag(self, key: str) -> bool:
        """A switch, given as a number, a truth value or text."""
        return str(self.get(key) or "0").lower() not in ("0", "false", "")


def mapping(given: Any) -> Mapping[str, Any]:
    """A dict, given as such or as JSON text. Anything else is an AttributeError, as in Python."""
    value = structure(given)
    if not isinstance(value, Mapping):
        raise Refusal("AttributeError", f"'{type(value).__name__}' object has no attribute 'get'")
    return value


def structure(given: Any) -> Any:
    """A list or dict that came as JSON text; any other text as it is."""
    if isinstance(given, str) and given[:1] in ("{", "["):
        try:
            return json.loads(given)
        except ValueError:
            return given
    return given


def arguments_of(request: Request) -> Args:
    """The arguments of a request: the query, and the body as JSON or form. Raises for a body that is neither."""
    args = Args({name: values[-1] for name, values in request.query.items()})
    if not request.body or request.method == "GET":
        return args
    kind = str(request.headers.get("Content-Type", ""))
    if "json" not in kind:
        args.update(request.form())
        return args
    try:
        given = request.json()
    except ValueError as fault:
        raise Refusal("JSONDecodeError", str(fault)) from None
    if not isinstance(given, dict):
        raise Refusal("TypeError", "pop expected at most 1 argument, got 2")
    args.update(given)
    return args


def doctype_of(given: Any) -> str:
    """The doctype that a document, or the first of a list of them, names; empty for none."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            return ""
    first = given[0] if isinstance(given, list) and given else given
    return str(first.get("doctype") or "") if isinstance(first, dict) else ""
