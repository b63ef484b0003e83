"""The contract, kept by the Odoo adapter over the sandbox: both versions, both protocols, both kinds of key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from bridge.adapters.odoo import make
from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.contract import AdapterContract
from bridge.testing.harness import Features
from bridge.testing.sandbox import SandboxHarness


class Odoo18(SandboxHarness):
    """Companies over /jsonrpc."""

    sandbox = "odoo"
    options: ClassVar[Mapping[str, Any]] = {"version": "18", "password": "admin-secret-password"}
    spec = ObjectSpec(
        entity="customer",
        object="res.partner",
        key="external id",
        fields=(
            FieldSpec("name"),
            FieldSpec("ref"),
            FieldSpec("city"),
            FieldSpec("phone", type="phone"),
            FieldSpec("comment", type="longtext"),
        ),
        where=(Condition("is_company", "=", True), Condition("ref", "is set")),
    )
    features = Features(text="city", outside=True, tells_writers=True)
    secrets = ("admin-secret-password",)
    operations: ClassVar[Mapping[Any, str]] = {
        "read": "web_search_read *",
        "create": "load *",
        "update": "load *",
        "delete": "unlink *",
    }
    faults: ClassVar[Mapping[Any, Mapping[str, Any] | None]] = {"expired_token": {"kind": "expired_session"}}

    def make(self, url: str) -> Adapter:
        return self._with(url, password=self.secrets[0])

    def make_stranger(self, url: str) -> Adapter:
        return self._with(url, password="no-such-password")

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {"name": f"Acme {n}", "ref": f"A-{n}", "city": f"City {n}", "phone": f"+49 30 {n}", "comment": None}

    def vendor(self, values: Mapping[str, NativeValue]) -> dict[str, Any]:
        return {**{path: False if value is None else value for path, value in values.items()}, "is_company": True}

    def outside(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "is_company": False}

    def _with(self, url: str, **secrets: str) -> Adapter:
        return make("erp", {"url": url, "database": "acme", "login": "admin", "protocol": "jsonrpc", **secrets})


class Odoo19(Odoo18):
    """Companies over JSON-2, which the adapter finds out by itself."""

    options: ClassVar[Mapping[str, Any]] = {"version": "19", "api_key": "bridge-secret-api-key"}
    secrets = ("bridge-secret-api-key",)
    faults: ClassVar[Mapping[Any, Mapping[str, Any] | None]] = {"expired_token": None}  # a key has no session

    def make(self, url: str) -> Adapter:
        return make("erp", {"url": url, "database": "acme", "login": "admin", "api_key": self.secrets[0]})

    def make_stranger(self, url: str) -> Adapter:
        return make("erp", {"url": url, "database": "acme", "protocol": "json2", "api_key": "no-such-api-key"})


class TestOdoo18(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with Odoo18() as harness:
            yield harness


class TestOdoo19(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with Odoo19() as harness:
            yield harness
