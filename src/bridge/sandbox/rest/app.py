"""The service: rows in memory, one request at a time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote

from bridge.sandbox.kernel import Clock, Request, Response
from bridge.sandbox.rest.fields import FIELDS, Refusal, checked

Row = dict[str, Any]
MOST = 500
_VERBS = {"GET": "list", "POST": "create", "PATCH": "update", "DELETE": "delete"}


class RestService:
    """One service with one token."""

    name = "rest"
    fault_kinds = frozenset({"late_commit"})

    def __init__(self, token: str, clock: Clock) -> None:
        self._token, self.clock = token, clock
        self.reset()

    def reset(self) -> None:
        """Nothing is there."""
        self._rows: dict[str, dict[str, Row]] = {kind: {} for kind in FIELDS}
        self._hidden: dict[tuple[str, str], datetime] = {}
        self._number = 0
        self._late = 0.0

    def operation(self, request: Request) -> str:
        """ "list customers", "get customers", "create customers", "about"."""
        kind, native_id = self._place(request)
        verb = "get" if native_id and request.method == "GET" else _VERBS.get(request.method, "other")
        return kind if kind == "about" else f"{verb} {kind}"

    def handle(self, request: Request) -> Response:
        """Answer a request."""
        late, self._late = self._late, 0.0
        try:
            if not compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {self._token}".encode()):
                raise Refusal(401, "token_refused")
            return self._answer(request, late)
        except Refusal as refusal:
            return Response(refusal.status, {"error": refusal.code, "field": refusal.field})

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        """The row that is written now can be read only later."""
        self._late = float(options.get("seconds", 5))
        return None

    def _answer(self, request: Request, late: float) -> Response:
        kind, native_id = self._place(request)
        if kind == "about":
            return Response(200, {"version": "1.0", "user": "bridge"})
        if kind not in FIELDS:
            raise Refusal(404, "no_such_object")
        if request.method == "GET":
            return Response(200, self._row(kind, native_id) if native_id else self._list(kind, request))
        if request.method == "POST":
            return Response(201, self._create(kind, _body(request), late))
        row = self._row(kind, native_id)
        if request.headers.get("If-Match", row["changed"]) != row["changed"]:
            raise Refusal(412, "has_moved")
        if request.method == "DELETE":
            del self._rows[kind][native_id]
            return Response(200, {"id": native_id})
        return Response(200, self._write(kind, row, _body(request)))

    def _place(self, request: Request) -> tuple[str, str]:
        parts = request.raw_path.removeprefix("/api").strip("/").split("/", 1)
        return parts[0], unquote(parts[1]) if len(parts) > 1 else ""

    # rows

    def _visible(self, kind: str) -> list[Row]:
        now = self.clock.now()
        self._hidden = {place: due for place, due in self._hidden.items() if due > now}
        rows = [row for native_id, row in self._rows[kind].items() if (kind, native_id) not in self._hidden]
        return sorted(rows, key=lambda row: (row["changed"], int(row["id"])))

    def _row(self, kind: str, native_id: str) -> Row:
        row = self._rows[kind].get(native_id)
        if row is None or (kind, native_id) in self._hidden:
            raise Refusal(404, "no_such_row")
        return row

    def _list(self, kind: str, request: Request) -> dict[str, Any]:
        rows = self._visible(kind)
        for name, field in (("ids", "id"), ("external_id", "external_id")):
            if name in request.query:
                wanted = set(request.first(name).split(","))
                return {"rows": [row for row in rows if row[field] in wanted], "more": False}
        start, after = request.first("changed_from"), request.first("after")
        limit = min(int(request.first("limit", str(MOST))), MOST)
        if after:
            rows = [row for row in rows if (row["changed"], int(row["id"])) > (start, int(after))]
        elif start:
            rows = [row for row in rows if row["changed"] >= start]
        return {"rows": rows[:limit], "more": len(rows) > limit}

    def _create(self, kind: str, values: Mapping[str, Any], late: float = 0.0) -> Row:
        stored = checked(kind, values, new=True)
        key = stored.get("external_id")
        if key is not None and any(row["external_id"] == key for row in self._rows[kind].values()):
            raise Refusal(409, "external_id_taken", "external_id")
        self._number += 1
        native_id = str(self._number)
        empty = dict.fromkeys(FIELDS[kind])
        row = {"id": native_id, "external_id": None, **empty, **stored, "changed": self._stamp()}
        self._rows[kind][native_id] = row
        if late:
            self._hidden[kind, native_id] = self.clock.now() + timedelta(seconds=late)
        return row

    def _write(self, kind: str, row: Row, values: Mapping[str, Any]) -> Row:
        changed = {**row, **checked(kind, values, new=False), "changed": self._stamp()}
        self._rows[kind][row["id"]] = changed
        return changed

    def _stamp(self) -> str:
        return self.clock.now().isoformat(timespec="microseconds").replace("+00:00", "Z")

    # the control plane

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Records as users typed them."""
        return {"ids": [self._plant(record["object"], record["values"])["id"] for record in data["records"]]}

    def dump(self) -> Mapping[str, Any]:
        """Everything that is there."""
        return {kind: dict(rows) for kind, rows in self._rows.items()}

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person makes a record."""
        return {"id": self._plant(object, values)["id"]}

    def user_insert_late(self, object: str, values: Mapping[str, Any], seconds: float) -> Mapping[str, Any]:
        """A person makes a record in a transaction that commits so many seconds later."""
        return {"id": self._plant(object, values, seconds)["id"]}

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person edits a record."""
        return dict(self._write(object, self._rows[object][id], values))

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        """A person deletes a record."""
        del self._rows[object][id]
        return {}

    def _plant(self, kind: str, values: Mapping[str, Any], late: float = 0.0) -> Row:
        try:
            return self._create(kind, values, late)
        except Refusal as refusal:
            raise ValueError(f"{refusal.code} {refusal.field or ''}".strip()) from None


def _body(request: Request) -> Mapping[str, Any]:
    try:
        body = request.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "no_json")
    return body
