"""Stands in front of a real Tryton, lets everything through, and breaks what a fault says is to be broken."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests
from bridge.sandbox.kernel import Request, Response

from bridge_tryton.real.server import Server


class ServerClock:
    """The clock of a real server, which is moved through its launcher."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._frozen: float | None = None

    def now(self) -> datetime:
        base = self._frozen if self._frozen is not None else datetime.now(UTC).timestamp()
        return datetime.fromtimestamp(base + self._server.offset, UTC)

    def freeze(self, on: bool) -> None:
        self._frozen = datetime.now(UTC).timestamp() if on else None
        self._server.clock(frozen=self._frozen)

    def advance(self, seconds: float) -> None:
        self._server.clock(offset=self._server.offset + seconds, frozen=self._frozen)


class Proxy:
    """An application of the sandboxes' kernel that asks the real server."""

    name = "tryton"
    fault_kinds = frozenset({"expired_session"})

    def __init__(self, server: Server) -> None:
        self._url, self.clock = server.url, ServerClock(server)
        self._session = requests.Session()
        self._session.trust_env = False

    def handle(self, request: Request) -> Response:
        kept = ("authorization", "content-type")
        headers = {name: value for name, value in request.headers.items() if name in kept}
        answer = self._session.request(
            request.method, f"{self._url}{request.raw_path}", data=request.body, headers=headers, timeout=60
        )
        return Response(answer.status_code, answer.content, {"Content-Type": answer.headers.get("Content-Type", "")})

    def operation(self, request: Request) -> str:
        """The method: "model.party.party.search_read"."""
        try:
            return str(json.loads(request.body)["method"])
        except (ValueError, KeyError, TypeError):
            return request.path

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        return Response(401, b"", {"Content-Type": "text/plain"})

    def reset(self) -> None:
        """The harness empties the server itself."""

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError("records are made by the people's desk")

    def dump(self) -> Mapping[str, Any]:
        return {}
