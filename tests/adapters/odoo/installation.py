"""Odoo sandboxes over real HTTP, the adapters on them, and what a test does to them from inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import requests

from bridge.adapters.odoo import OdooAdapter, Settings
from bridge.ports.records import NativeRecord, ObjectSpec
from bridge.sandbox.kernel import PREFIX, Server, serve
from bridge.sandbox.odoo import build

PASSWORD, API_KEY = "the-admins-password", "the-admins-api-key"
_SERVERS: dict[str, Server] = {}


class Way(NamedTuple):
    """A version of Odoo and a protocol that it speaks."""

    version: str
    protocol: str


WAYS = (Way("18", "jsonrpc"), Way("19", "jsonrpc"), Way("19", "json2"))


class Installation:
    """One empty Odoo."""

    def __init__(self, way: Way) -> None:
        if way.version not in _SERVERS:
            application = build(version=way.version, password=PASSWORD, api_key=API_KEY)
            _SERVERS[way.version] = serve(application).start()  # ends with the process: a daemon thread
        self.way, self.url = way, _SERVERS[way.version].url
        self._made: list[OdooAdapter] = []
        self.control("POST", "reset")
        self.control("POST", "clock", freeze=False)

    def control(self, method: str, name: str, **given: Any) -> Any:
        """Ask the control plane."""
        answer = requests.request(method, f"{self.url}{PREFIX}{name}", json=given, timeout=30)
        assert answer.ok, f"the sandbox refuses {name}: {answer.text}"
        return answer.json()

    def adapter(self, **settings: Any) -> OdooAdapter:
        """A new adapter."""
        secret = {"api_key": API_KEY} if self.way.protocol == "json2" else {"password": PASSWORD}
        given = {"url": self.url, "database": "acme", "login": "admin", "protocol": self.way.protocol}
        made = OdooAdapter("erp", Settings.model_validate({**given, **secret, **settings}))
        self._made.append(made)
        return made

    def close(self) -> None:
        """Close all adapters."""
        for adapter in self._made:
            adapter.close()

    def fault(self, kind: str, operation: str, **options: Any) -> None:
        """Arm a fault."""
        self.control("POST", "faults", kind=kind, operation=operation, **options)

    def calls(self) -> Counter[str]:
        """Calls by operation, since the last time this was asked."""
        found = Counter(str(one["operation"]) for one in self.control("GET", "calls"))
        self.control("POST", "calls/reset")
        return found

    def insert(self, model: str = "res.partner", **values: Any) -> str:
        """A user makes a record."""
        return str(self.control("POST", "insert", object=model, values=values)["id"])

    def edit(self, native_id: str, model: str = "res.partner", **values: Any) -> None:
        """A user changes a record."""
        self.control("POST", "edit", object=model, id=native_id, values=values)

    def rows(self, model: str = "res.partner") -> dict[str, dict[str, Any]]:
        """All rows of a model, as stored."""
        found: dict[str, dict[str, Any]] = self.control("GET", "dump")[model]
        return found

    def clock(self, **given: Any) -> None:
        """Freeze, set or advance the clock."""
        self.control("POST", "clock", **given)


@contextmanager
def installed(way: Way) -> Iterator[Installation]:
    """An empty Odoo; every fault that was armed must have been met."""
    installation = Installation(way)
    try:
        yield installation
    finally:
        installation.close()
    left = installation.control("GET", "faults")
    assert not left, f"these faults met no call: {left}"


def read_all(
    adapter: OdooAdapter, spec: ObjectSpec, cursor: str | None = None, limit: int = 2000
) -> tuple[list[NativeRecord], str]:
    """All pages of changes, and where the next reading starts."""
    records: list[NativeRecord] = []
    for _ in range(1000):
        page = adapter.changes(spec, cursor, limit)
        records += page.records
        cursor = page.cursor
        if not page.more:
            return records, cursor
    raise AssertionError("the reading does not end")


def read_later(installation: Installation, adapter: OdooAdapter, spec: ObjectSpec, cursor: str | None) -> str:
    """Where the next reading starts, long after all that was changed so far.

    Two readings, because the adapter knows the server's time from the answer before.
    """
    installation.clock(advance=3600)
    _, cursor = read_all(adapter, spec, cursor)
    return read_all(adapter, spec, cursor)[1]
