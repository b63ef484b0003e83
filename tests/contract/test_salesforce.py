"""The contract, kept by the Salesforce adapter over the sandbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import pytest

from bridge.adapters.salesforce import make
from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.contract import AdapterContract
from bridge.testing.harness import Features
from bridge.testing.sandbox import SandboxHarness


class Org(SandboxHarness):
    """Accounts that have a phone."""

    sandbox = "salesforce"
    spec = ObjectSpec(
        entity="customer",
        object="Account",
        key="Bridge_Id__c",
        fields=(
            FieldSpec("Name"),
            FieldSpec("AccountNumber"),
            FieldSpec("Phone", type="phone"),
            FieldSpec("Description", type="longtext"),
            FieldSpec("BillingCity"),
        ),
        where=(Condition("Phone", "is set"),),
    )
    features = Features(text="BillingCity", limited=("AccountNumber", 40), outside=True, tells_writers=True)
    secrets = ("bridge-client-id", "bridge-client-secret")
    operations: ClassVar[Mapping[Any, str]] = {
        "read": "query*",
        "create": "create*",
        "update": "update*",
        "delete": "delete*",
    }
    faults: ClassVar[Mapping[Any, Mapping[str, Any] | None]] = {"expired_token": {"kind": "expired_token"}}

    def make(self, url: str) -> Adapter:
        return self._with(url, self.secrets[1])

    def make_stranger(self, url: str) -> Adapter:
        return self._with(url, "no-such-secret")

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        return {
            "Name": f"Acme {n}",
            "AccountNumber": f"A-{n}",
            "Phone": f"+49 30 {n}",
            "Description": f"line {n}\nanother",
            "BillingCity": f"City {n}",
        }

    def outside(self, values: dict[str, Any]) -> dict[str, Any]:
        return {**values, "Phone": None}

    def _with(self, url: str, secret: str) -> Adapter:
        return make("crm", {"instance_url": url, "client_id": self.secrets[0], "client_secret": secret})


class TestSalesforce(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> Iterator[SandboxHarness]:
        with Org() as harness:
            yield harness
