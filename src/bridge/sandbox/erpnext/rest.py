"""The resources: /api/resource (v1) and /api/v2/document, by their verbs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bridge.sandbox.erpnext import permissions
from bridge.sandbox.erpnext.arguments import Args
from bridge.sandbox.erpnext.deleting import delete
from bridge.sandbox.erpnext.described import describe
from bridge.sandbox.erpnext.documents import change, insert, load, new, read, shown
from bridge.sandbox.erpnext.errors import Refusal
from bridge.sandbox.erpnext.filters import decoded
from bridge.sandbox.erpnext.query import Query
from bridge.sandbox.erpnext.site import Site


@dataclass(frozen=True, slots=True)
class Route:
    """Where a request goes. `what` is method, list, document, count, meta; `version` 1 or 2."""

    version: int
    what: str
    first: str
    second: str = ""


_ROUTES = (
    (1, "method", re.compile(r"/api(?:/v1)?/method/([^/]+)/?$")),
    (1, "list", re.compile(r"/api(?:/v1)?/resource/([^/]+)/?$")),
    (1, "document", re.compile(r"/api(?:/v1)?/resource/([^/]+)/(.+?)/?$")),
    (2, "method", re.compile(r"/api/v2/method/([^/]+)/?$")),
    (2, "list", re.compile(r"/api/v2/document/([^/]+)/?$")),
    (2, "document", re.compile(r"/api/v2/document/([^/]+)/(.+?)/?$")),
    (2, "count", re.compile(r"/api/v2/doctype/([^/]+)/count/?$")),
    (2, "meta", re.compile(r"/api/v2/doctype/([^/]+)/meta/?$")),
)


def route(raw_path: str) -> Route | None:
    """Where a path leads, None if nowhere. A name may hold an encoded slash, so the path is split before decoding."""
    for version, what, pattern in _ROUTES:
        found = pattern.match(raw_path)
        if found:
            return Route(version, what, *(unquote(part) for part in found.groups()))
    return None


def answer(site: Site, to: Route, verb: str, args: Args) -> tuple[int, Any]:
    """Status and data of a resource request. Raises DoesNotExistError for a verb that it does not have."""
    verb = "GET" if verb == "HEAD" else verb
    handler = _HANDLERS.get((to.what, verb, to.version)) or _HANDLERS.get((to.what, verb, 0))
    if handler is None and to.what == "document":
        raise Refusal("DoesNotExistError")
    if handler is None:
        raise Refusal("MethodNotAllowed", "The method is not allowed for the requested URL.")
    return handler(site, to, args)


def _list(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    site.meta(to.first)
    if to.version == 2:
        args.pop("limit_page_length", None)
    permissions.require_list(site, to.first, args.get("parent"))
    rows = Query(site, to.first, args).rows()
    if str(args.get("as_dict", "1")).lower() in ("0", "false"):
        return 200, [list(row.values()) for row in rows]
    return 200, rows


def _create(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    return 200, shown(insert(site, new(site, to.first, _values(args))), nulls=False)


def _read(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    doc = read(site, to.first, to.second)
    permissions.require_read(site, to.first)
    return 200, shown(doc, nulls=False)


def _update(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    values = {key: value for key, value in _values(args).items() if key != "flags"}
    return 200, shown(change(site, to.first, to.second, values), nulls=False)


def _delete(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    delete(site, to.first, to.second)
    return 202, "ok"


def _run(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    if "run_method" not in args:
        raise Refusal("KeyError", "'run_method'")
    load(site, to.first, to.second)
    state = {"submit": 1, "cancel": 2}.get(str(args["run_method"]))
    if state is not None:
        return 200, shown(change(site, to.first, to.second, {"docstatus": state}), nulls=False)
    raise Refusal("NotFound", f"Method {args['run_method']} not found")


def _count(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    site.meta(to.first)
    permissions.require_list(site, to.first)
    return 200, Query(site, to.first, {"filters": args.get("filters")}).count()


def _meta(site: Site, to: Route, args: Args) -> tuple[int, Any]:
    return 200, describe(site, site.meta(to.first))


def _values(args: Args) -> dict[str, Any]:
    """The fields that a request gives, also as JSON in a form's `data`."""
    given = args.get("data")
    values = dict(args) if given is None else decoded(given) if isinstance(given, str) else dict(given)
    return {key: value for key, value in values.items() if key not in ("cmd", "data", "doctype")}


_Handler = Callable[[Site, Route, Args], tuple[int, Any]]
_HANDLERS: dict[tuple[str, str, int], _Handler] = {
    ("list", "GET", 0): _list,
    ("list", "POST", 0): _create,
    ("document", "GET", 0): _read,
    ("document", "PUT", 0): _update,
    ("document", "PATCH", 2): _update,
    ("document", "DELETE", 0): _delete,
    ("document", "POST", 1): _run,
    ("count", "GET", 0): _count,
    ("meta", "GET", 0): _meta,
}
"""By kind, verb and version of the interface; version 0 is both."""
