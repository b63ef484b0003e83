"""The org: routes, sessions, quota, faults, and what a person does in the screen."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from bridge.sandbox.kernel import Clock, Request, Response
from bridge.sandbox.kernel.webhooks import Courier, Post
from bridge.sandbox.salesforce.auth import Credentials, Sessions
from bridge.sandbox.salesforce.bulk import Jobs
from bridge.sandbox.salesforce.collections import Collections
from bridge.sandbox.salesforce.composite import Composite
from bridge.sandbox.salesforce.errors import SalesforceError, locked, locked_in_trigger, not_found, session_invalid
from bridge.sandbox.salesforce.furniture import furnish
from bridge.sandbox.salesforce.objects import objects
from bridge.sandbox.salesforce.operations import DATA, operation_of
from bridge.sandbox.salesforce.options import Setup
from bridge.sandbox.salesforce.outbound import Outbound
from bridge.sandbox.salesforce.query import PAGE, SMALLEST, Queries
from bridge.sandbox.salesforce.records import Records
from bridge.sandbox.salesforce.replication import Replication
from bridge.sandbox.salesforce.screen import Screen
from bridge.sandbox.salesforce.sobjects import SObjects
from bridge.sandbox.salesforce.store import Store
from bridge.sandbox.salesforce.tooling import Tooling
from bridge.sandbox.salesforce.tree import Trees
from bridge.sandbox.salesforce.writing import Writer

VERSIONS = tuple(f"{number}.0" for number in range(46, 67))
_URI_MAX = 16_384


class SalesforceApplication:
    """A Salesforce org."""

    name = "salesforce"
    fault_kinds = frozenset(
        {
            "expired_token",
            "quota",
            "concurrent",
            "lock_row",
            "trigger_lock",
            "late_commit",
            "server_unavailable",
            "purge_deletes",
            "used_by_others",
            "unprocessed",
        }
    )

    def __init__(self, credentials: Credentials, setup: Setup, *, quota: int) -> None:
        self.clock = Clock()
        self.courier = Courier()
        self._credentials, self._setup, self._quota = credentials, setup, quota
        self.reset()

    def reset(self) -> None:
        """As freshly installed: two users who can own records, one who is gone, and the sessions ended."""
        self._store = Store(self.clock, objects(self._setup))
        users = self._store.objects["user"]
        admin, clerk = self._store.new_id("User"), self._store.new_id("User")
        self._writer = Writer(self._store, admin, self._setup)
        people = (
            (admin, self._credentials.username, "Integration", "integration@example.com", True),
            (clerk, "clerk@sandbox.example.com", "Clerk", "clerk@example.com", True),
            (self._store.new_id("User"), "gone@sandbox.example.com", "Gone", "gone@example.com", False),
        )
        for id_, username, last, email, active in people:
            values = {"Username": username, "LastName": last, "Email": email, "IsActive": active}
            self._writer.insert(users, values, by=admin, id_=id_)
        furnish(self._store, self._setup, admin)
        self._screen = Screen(self._store, self._writer, clerk)
        organization = self._store.new_id("Organization")
        self._sessions = Sessions(self.clock, self._credentials, admin, organization)
        self._outbound = Outbound(self._store, organization)
        self._base = "/services/data/v62.0"
        self._queries = Queries(self._store, lambda: self._base)
        self._records = Records(self._store, self._writer, admin)
        self._collections = Collections(self._store, self._writer, self._records, admin)
        self._replication = Replication(self._store)
        self._tooling = Tooling(self._store, lambda: self._base)
        self._sobjects = SObjects(self._store, self._records, self._replication, self._tooling)
        self._composite = Composite(self._store, self.route)
        self._jobs = Jobs(self._store, self._writer, admin, lambda: self._base)
        self._trees = Trees(self._store, self._writer, admin)
        self._used = 0

    def handle(self, request: Request) -> Response:
        """Answer one request."""
        try:
            return self._answer(request)
        except SalesforceError as error:
            return error.response()
        finally:
            self._tell()
            self._store.late, self._collections.locked, self._composite.locked = 0.0, [], []

    def outbound(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person sets up an outbound message: {"object", "url"}."""
        return self._outbound.add(given)

    def posts_about(self, object: str, id: str, *, genuine: bool) -> Sequence[Post]:
        """What an outbound message of the object would say of a record."""
        return self._outbound.about(object, id, genuine=genuine)

    def _tell(self) -> None:
        """Outbound messages about all that was just committed; what was taken back is told for nothing."""
        touched, self._store.touched = self._store.touched, []
        for post in list(self._outbound.after_commit(touched)):
            self.courier.send(post, after=self._store.late)

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        finally:
            self._tell()

    def _answer(self, request: Request) -> Response:
        path = request.path
        if len(request.raw_path) + sum(len(v) for vs in request.query.values() for v in vs) > _URI_MAX:
            return Response(414, b"<html><h1>URI Too Long</h1></html>")
        if path == "/services/oauth2/token" and request.method == "POST":
            return self._sessions.oauth(request)
        if path == "/services/oauth2/revoke":
            self._sessions.expire()
            return Response(200)
        if re.fullmatch(r"/services/Soap/u/[\d.]+(/.*)?", path) and request.method == "POST":
            return self._sessions.soap(request)
        if path.rstrip("/") == "/services/data":
            labels = [{"label": f"Release {v}", "url": f"/services/data/v{v}", "version": v} for v in VERSIONS]
            return Response(200, labels)
        if not self._sessions.valid(request):
            raise session_invalid()
        if path == "/services/oauth2/userinfo":
            return Response(200, self._sessions.userinfo())
        found = DATA.fullmatch(path)
        if not found or found[1] not in VERSIONS:
            raise not_found()
        self._base = f"/services/data/v{found[1]}"
        self._used += 1
        if self._used > self._quota:
            raise SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403)
        response = self.route(request, (found[2] or "/").strip("/"))
        response.headers["Sforce-Limit-Info"] = f"api-usage={self._used}/{self._quota}"
        if not isinstance(response.body, bytes):
            response.headers.setdefault("Content-Type", "application/json;charset=UTF-8")
        return response

    def route(self, request: Request, path: str) -> Response:
        """Answer a request below /services/data/vNN.N/."""
        steps = path.split("/") if path else []
        head = steps[0] if steps else ""
        if head in ("query", "queryAll"):
            return self._query(request, head, steps[1:])
        if head == "sobjects":
            return self._sobjects.answer(request, steps[1:], self._base)
        if head == "composite":
            return self._composed(request, steps[1:])
        if steps[:2] == ["jobs", "ingest"]:
            return self._jobs.answer(request, steps[2:])
        if head == "tooling" and steps[1:2] == ["sobjects"] and request.method == "POST" and len(steps) == 3:
            return self._tooling.create(steps[2], request)
        if steps[:2] == ["tooling", "query"] and request.method == "GET" and len(steps) == 2:
            return Response(200, self._tooling.query(request.first("q")))
        if head == "limits":
            return self._limits(request, steps[1:])
        if not steps:
            names = ("sobjects", "query", "queryAll", "composite", "limits", "tooling")
            return Response(200, {name: f"{self._base}/{name}" for name in names})
        raise not_found()

    def _query(self, request: Request, resource: str, rest: list[str]) -> Response:
        if request.method != "GET":
            raise SalesforceError("METHOD_NOT_ALLOWED", "HTTP Method not allowed. Allowed are GET", status=405)
        if rest:
            return Response(200, self._queries.more(rest[0]))
        option = re.search(r"batchSize\s*=\s*(\d+)", request.headers.get("Sforce-Query-Options", ""))
        page = max(SMALLEST, min(PAGE, int(option[1]))) if option else PAGE
        if "q" not in request.query:
            raise SalesforceError("MALFORMED_QUERY", "SOQL statement is required")
        return Response(
            200,
            self._queries.run(request.first("q"), deleted=resource == "queryAll", page=page, resource=resource),
        )

    def _composed(self, request: Request, rest: list[str]) -> Response:
        if rest == ["batch"]:
            response = self._composite.batch(request)
            self._used += len(response.body["results"]) - 1  # each counts, the call around them does not
            return response
        if not rest and request.method == "POST":
            return self._composite.run(request, self._base)
        if rest == ["graph"] and request.method == "POST":
            return self._composite.graph(request, self._base)
        if len(rest) == 2 and rest[0] == "tree" and request.method == "POST":
            return self._trees.create(rest[1], request)
        if rest[:1] != ["sobjects"]:
            raise not_found()
        by_method = {
            "POST": self._collections.create,
            "PATCH": self._collections.change,
            "DELETE": self._collections.delete,
        }
        if len(rest) == 1 and request.method in by_method:
            return by_method[request.method](request)
        if len(rest) == 3 and request.method == "PATCH":
            return self._collections.upsert(rest[1], rest[2], request)
        if len(rest) == 2:
            return self._collections.retrieve(rest[1], request, self._base)
        raise not_found()

    def _limits(self, request: Request, rest: list[str]) -> Response:
        if rest == ["recordCount"]:
            names = [name for name in request.first("sObjects").split(",") if self._store.definition(name)]
            counts = [{"count": sum(1 for _ in self._store.seen(name)), "name": name} for name in names]
            return Response(200, {"sObjects": counts})
        return Response(200, {"DailyApiRequests": {"Max": self._quota, "Remaining": max(0, self._quota - self._used)}})

    def operation(self, request: Request) -> str:
        """What is asked for, as the call log and the faults name it."""
        return operation_of(request, {one.prefix: one.name for one in self._store.objects.values()})

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        """Bring about one of the faults in `fault_kinds`."""
        if kind == "expired_token":
            self._sessions.expire()
        elif kind == "late_commit":
            self._store.late = float(options.get("seconds", 30))
        elif kind == "lock_row":
            return self._lock(locked(int(options.get("status", 400))), int(options.get("rows", 1)), request.path)
        elif kind == "trigger_lock":
            return self._lock(locked_in_trigger(), int(options.get("rows", 1)), request.path)
        elif kind == "purge_deletes":
            self._replication.purged = self.clock.now()
        elif kind == "used_by_others":
            self._used += int(options.get("calls", 1000))
        elif kind == "unprocessed":
            self._jobs.skipped = int(options.get("rows", 1))
        elif kind == "quota":
            return SalesforceError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.", status=403).response()
        elif kind == "concurrent":
            message = "ConcurrentPerOrgLongTxn Limit exceeded."
            return SalesforceError("REQUEST_LIMIT_EXCEEDED", message, status=403).response()
        else:
            return SalesforceError("SERVER_UNAVAILABLE", "System is unavailable", status=503).response()
        return None

    def _lock(self, error: SalesforceError, rows: int, path: str) -> Response | None:
        """Some rows of a collection, some requests of a graph, or the whole call, find what they write to locked."""
        if "/composite/sobjects" in path:
            self._collections.locked = [error] * rows
        elif path.endswith("/composite/graph"):
            self._composite.locked = [error] * rows
        else:
            return error.response()
        return None

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Put records in; `modified` gives them an older stamp. "order_statuses" and "objects" shape the org."""
        with self._telling():
            return self._screen.seed(data)

    def dump(self) -> Mapping[str, Any]:
        """All rows that are not deleted, as stored."""
        return {
            one.name: {row["Id"]: row for row in self._store.seen(one.name)} for one in self._store.objects.values()
        }

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The clerk changes a record; `Screen.edit` says what else can be asked for."""
        with self._telling():
            return self._screen.edit(object, id, values)

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """The clerk makes a record."""
        with self._telling():
            return self._screen.insert(object, values)

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        """The clerk deletes a record."""
        return self._screen.delete(object, id)
