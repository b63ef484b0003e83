"""A running sandbox of each version, and a client that is nothing but `requests`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from bridge.sandbox.kernel import Server, serve
from bridge.sandbox.odoo import build


class Talk:
    """Plain JSON-RPC with the administrator's password."""

    def __init__(self, server: Server, version: str) -> None:
        self.server, self.version = server, version
        self._session = requests.Session()

    def rpc(self, service: str, method: str, *args: Any) -> dict[str, Any]:
        body = {"jsonrpc": "2.0", "method": "call", "id": 7, "params": {"service": service, "method": method}}
        body["params"]["args"] = list(args)
        answer = self._session.post(f"{self.server.url}/jsonrpc", json=body, timeout=10)
        assert answer.status_code == 200
        return answer.json()

    def call(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        answer = self.rpc("object", "execute_kw", "acme", 2, "admin", model, method, list(args), named)
        assert "error" not in answer, answer["error"]
        return answer.get("result")

    def error(self, model: str, method: str, *args: Any, **named: Any) -> str:
        answer = self.rpc("object", "execute_kw", "acme", 2, "admin", model, method, list(args), named)
        return str(answer["error"]["data"]["name"])

    def partner(self, **vals: Any) -> int:
        return int(self.call("res.partner", "create", {"name": "Someone", **vals}))

    def read(self, record: int, *fields: str) -> dict[str, Any]:
        return dict(self.call("res.partner", "read", [record], list(fields))[0])

    def control(self, path: str, **given: Any) -> Any:
        answer = self._session.post(f"{self.server.url}/__sandbox__/{path}", json=given, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def json2(self, model: str, method: str, key: str = "sandbox-api-key", **named: Any) -> requests.Response:
        headers = {"Authorization": f"bearer {key}"}
        return self._session.post(f"{self.server.url}/json/2/{model}/{method}", json=named, headers=headers, timeout=10)


@pytest.fixture(params=["18", "19"])
def talk(request: pytest.FixtureRequest) -> Iterator[Talk]:
    yield from _running(request.param)


@pytest.fixture
def talk19() -> Iterator[Talk]:
    yield from _running("19")


@pytest.fixture
def talk18() -> Iterator[Talk]:
    yield from _running("18")


def _running(version: str) -> Iterator[Talk]:
    server = serve(build(version=version))
    server.start()
    try:
        yield Talk(server, version)
    finally:
        server.stop()
