"""The sandbox as a whole: one ERPNext 15 site that is spoken to over HTTP."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from bridge.sandbox.erpnext import documents, fresh, rest, webhooks
from bridge.sandbox.erpnext.access import Access
from bridge.sandbox.erpnext.arguments import Args, arguments_of, doctype_of
from bridge.sandbox.erpnext.controllers import refresh_customs
from bridge.sandbox.erpnext.deleting import delete
from bridge.sandbox.erpnext.described import Answer
from bridge.sandbox.erpnext.errors import PAGES, Refusal, body_v1, body_v2, encoded, page
from bridge.sandbox.erpnext.faults import KINDS, refusal_of
from bridge.sandbox.erpnext.methods import call
from bridge.sandbox.erpnext.rest import Route
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.kernel import Clock, Request, Response
from bridge.sandbox.kernel.webhooks import Courier, Post

_LOG = logging.getLogger(__name__)
LONGEST_LINE = 4094
"""Bytes of a request line that gunicorn reads (its limit_request_line)."""
_VERBS = {"GET": "get", "POST": "insert", "PUT": "update", "PATCH": "update", "DELETE": "delete"}


class ErpNext:
    """One site. The state is in memory; a request that fails leaves nothing behind, but for bulk_update."""

    name = "erpnext"
    fault_kinds = KINDS

    def __init__(self, options: Mapping[str, Any], clock: Clock) -> None:
        self._options = options
        self.clock = clock
        self.courier = Courier()
        self.reset()

    def reset(self) -> None:
        """A site as freshly installed, with the token of the options."""
        options = self._options
        self._site = Site(self.clock, int(options["random_seed"]))
        self._access = Access(self._site)
        self._late = 0.0
        fresh.furnish(self._site, str(options["time_zone"]))
        fresh.give_key(self._site, str(options["user"]), str(options["api_key"]), str(options["api_secret"]))
        for doctype in ("Customer", "Contact", "Address") if options["key_field"] else ():
            self._site.user = "Administrator"
            documents.insert(self._site, documents.new(self._site, "Custom Field", {**_KEY_FIELD, "dt": doctype}))
        self._site.tables.begin()

    def handle(self, request: Request) -> Response:
        """Answer one request, all of it or nothing of it."""
        refused = self._gate(request)
        if refused is not None:
            return refused
        site = self._site
        site.messages = []
        site.user = "Guest"
        site.tables.begin()
        site.tables.forget_late(site.instant())
        late, self._late = self._late, 0.0
        to = rest.route(request.raw_path)
        try:
            response = self._answer(request, to)
        except Refusal as refusal:
            self._undo()
            return self._refused(request, to, refusal)
        except (TypeError, AttributeError, KeyError, ValueError) as fault:
            # the real server is written in Python too: what it cannot work with ends in the same classes
            _LOG.warning("an argument of %s cannot be worked with", self.operation(request), exc_info=True)
            self._undo()
            return self._refused(request, to, Refusal(type(fault).__name__, str(fault)))
        self._tell(after=late)
        if late:
            site.tables.hide_written(site.instant() + late)
        return response

    def posts_about(self, object: str, id: str, *, genuine: bool) -> Sequence[Post]:
        """What a webhook of the doctype would send of a document."""
        return webhooks.about(self._site, object, id, genuine=genuine)

    def _tell(self, after: float = 0.0) -> None:
        """Webhooks about all that was just committed."""
        for post in list(webhooks.after_commit(self._site)):
            self.courier.send(post, after=after)

    def operation(self, request: Request) -> str:
        """What a request asks for: "get_list Customer", "insert Customer", "login"."""
        to = rest.route(request.raw_path)
        if to is None:
            return f"{request.method} {request.path}"
        if to.what != "method":
            verb = "get_list" if to.what == "list" and request.method == "GET" else _VERBS.get(request.method, "other")
            return f"{verb if to.what in ('list', 'document') else to.what} {to.first}"
        try:
            args = arguments_of(request)
        except Refusal:
            args = Args()
        doctype = args.get("doctype") or args.get("dt") or doctype_of(args.get("doc") or args.get("docs"))
        return f"{to.first.removeprefix('frappe.client.')} {doctype}".strip()

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        """late_commit goes on; the others answer in place of the server."""
        if kind == "late_commit":
            self._late = float(options.get("seconds", 5))
            return None
        self._site.messages = []
        return self._refused(request, rest.route(request.raw_path), refusal_of(kind, options, request.method))

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fill with records; `id` is the name whatever the doctype's rule is, `modified` an ISO moment."""
        with self._as("Administrator"):
            return {"ids": [self._plant(record) for record in data["records"]]}

    def dump(self) -> Mapping[str, Any]:
        """All documents by doctype and name, with their child rows; singles under their own name."""
        dumped: dict[str, Any] = {}
        for doctype in self._site.catalogue:
            meta = self._site.meta(doctype)
            if not meta.head.istable:
                rows = self._site.tables.all(doctype)
                dumped[doctype] = {row["name"]: documents.assemble(self._site, meta, row) for row in rows}
        return dumped

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The clerk changes a document."""
        with self._as(fresh.CLERK):
            return {"id": documents.change(self._site, object, id, values)["name"]}

    def edit_past(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """`frappe.db.set_value(..., update_modified=False)`."""
        row = self._site.tables.get(object, id)
        if row is None:
            raise KeyError(id)
        row.update(values)
        return {"id": id}

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The clerk makes a document."""
        with self._as(fresh.CLERK):
            return {"id": documents.insert(self._site, documents.new(self._site, object, values))["name"]}

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        """The clerk deletes a document."""
        with self._as(fresh.CLERK):
            delete(self._site, object, id)
            return {"id": id}

    @contextmanager
    def _as(self, user: str) -> Iterator[None]:
        """Do something outside of a request. Raises ValueError, with nothing done, where the site refuses."""
        self._site.user = user
        self._site.messages = []
        self._site.tables.begin()
        try:
            yield
            self._tell()
        except Refusal as refusal:
            self._undo()
            told = "; ".join(str(each["message"]) for each in refusal.messages)
            raise ValueError(f"{refusal.kind}: {refusal.text or told or 'no such document'}") from None

    def _plant(self, record: Mapping[str, Any]) -> str:
        site, doctype = self._site, str(record["object"])
        doc = documents.new(site, doctype, record["values"])
        doc = documents.insert(site, doc, by_system=True, name=str(record.get("id") or ""))
        if record.get("modified"):
            stamp = self._stamp(str(record["modified"]))
            row = site.tables.get(doctype, doc["name"]) or {}
            site.tables.put(doctype, {**row, "creation": min(stamp, str(row["creation"])), "modified": stamp})
        return str(doc["name"])

    def _stamp(self, text: str) -> str:
        moment = datetime.fromisoformat(text)
        zone = ZoneInfo(str(self._options["time_zone"]))
        local = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(zone).replace(tzinfo=None)
        return local.isoformat(sep=" ", timespec="microseconds" if local.microsecond else "seconds")

    def _undo(self) -> None:
        customs = {
            str(row["dt"])
            for doctype, key, before in self._site.tables.written()
            if doctype == "Custom Field"
            for row in (before, self._site.tables.get(doctype, key))
            if row
        }
        self._site.tables.rollback()
        for doctype in customs:
            refresh_customs(self._site, doctype)

    def _gate(self, request: Request) -> Response | None:
        """What the server in front answers by itself: too long lines, unknown sites."""
        line = len(request.method) + len(quote(request.raw_path, safe="/%")) + len(" HTTP/1.1") + 1
        if request.query:
            line += 1 + len(urlencode(request.query, doseq=True))
        if line > LONGEST_LINE:
            head = "<html>\n  <head>\n    <title>Bad Request</title>\n  </head>\n  <body>\n"
            told = f"Request Line is too large ({line} &gt; {LONGEST_LINE})"
            text = f"{head}    <h1><p>Bad Request</p></h1>\n    {told}\n  </body>\n</html>\n"
            return Response(400, text.encode())
        named = str(request.headers.get("X-Frappe-Site-Name", "")) or str(request.headers.get("Host", "")).split(":")[0]
        known = ("", str(self._options["site"]), "localhost", "127.0.0.1")
        if named not in known and (self._options["strict_hosts"] or "X-Frappe-Site-Name" in request.headers):
            return Response(404, page("Not Found", f"{named} does not exist", 404))
        return None

    def _answer(self, request: Request, to: Route | None) -> Response:
        site = self._site
        if to is None and not request.path.startswith("/api/"):
            return self._page(request)
        site.user = self._access.user(request)
        if to is None:
            raise Refusal("DoesNotExistError")
        args = arguments_of(request)
        if to.what != "method":
            status, data = rest.answer(site, to, request.method, args)
            return self._response(request, status, {"data": data})
        if to.first in ("login", "logout"):
            return self._enter(request, to, args)
        result = call(site, to.first, args, request.method)
        if isinstance(result, Answer):
            return self._response(request, 200, dict(result))
        word = "data" if to.version == 2 else "message"
        return self._response(request, 200, {} if result is None else {word: result})

    def _enter(self, request: Request, to: Route, args: Args) -> Response:
        if to.first == "logout":
            self._access.logout(request)
            return self._response(request, 200, {})
        sid, name = self._access.login(args)
        response = self._response(request, 200, {"message": "Logged In", "home_page": "/app/home", "full_name": name})
        response.headers["Set-Cookie"] = f"sid={sid}; Max-Age=612000; HttpOnly; Path=/; SameSite=Lax"
        return response

    def _page(self, request: Request) -> Response:
        if request.path == "/app" or request.path.startswith("/app/"):
            token = self._access.open_desk(request)
            return Response(
                200, f'<!DOCTYPE html>\n<html><script>frappe.csrf_token = "{token}";</script></html>'.encode()
            )
        return Response(404, b"<!DOCTYPE html>\n<html><title>Page not found</title></html>")

    def _response(self, request: Request, status: int, body: dict[str, Any]) -> Response:
        if self._site.messages:
            body["_server_messages"] = encoded(self._site.messages)
        return _json(status, body)

    def _refused(self, request: Request, to: Route | None, refusal: Refusal) -> Response:
        if refusal.kind in PAGES:
            return Response(refusal.status, page(PAGES[refusal.kind], refusal.text, refusal.status))
        told = [*self._site.messages, *refusal.messages]
        traceback = bool(self._site.setting("System Settings", "allow_error_traceback"))
        if refusal.kind == "PermissionError" and self._access.expired(request):
            refusal.extra["session_expired"] = 1
        second = to.version == 2 if to else request.path.startswith("/api/v2/")
        body = (body_v2 if second else body_v1)(refusal, told, traceback=traceback)
        response = _json(refusal.status, body)
        response.headers.update(refusal.headers)
        return response


_KEY_FIELD = {
    "fieldname": "bridge_external_id",
    "label": "Bridge External Id",
    "fieldtype": "Data",
    "length": 140,
    "unique": 1,
    "no_copy": 1,
    "read_only": 1,
}


def _json(status: int, body: Mapping[str, Any]) -> Response:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    cookie = "sid=Guest; Max-Age=612000; HttpOnly; Path=/; SameSite=Lax"
    return Response(status, text.encode(), {"Content-Type": "application/json", "Set-Cookie": cookie})
