"""The harness over the small REST sandbox: what a first adapter is tested with, and a pattern for one's own service."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from bridge.ports.adapter import Adapter
from bridge.ports.records import Condition, FieldSpec, NativeValue, ObjectSpec
from bridge.testing.harness import FaultKind, Features, Operation
from bridge.testing.sandbox import SandboxHarness

TOKEN = "token-of-the-test"  # noqa: S105 - of a sandbox that is gone with the test


class RestHarness(SandboxHarness):
    """Customers of the sandbox `rest`. Derive, and say how an adapter is made."""

    sandbox = "rest"
    options: ClassVar[Mapping[str, Any]] = {"token": TOKEN}
    spec = ObjectSpec(
        "customer",
        "customers",
        "external_id",
        (FieldSpec("name"), FieldSpec("note", type="longtext"), FieldSpec("active", type="boolean")),
        (Condition("city", "!=", "elsewhere"),),
    )
    features = Features(text="note", limited=("name", 80), outside=True, refs_records=12)
    secrets = (TOKEN,)
    operations: ClassVar[Mapping[Operation, str]] = {
        "read": "list *",
        "create": "create *",
        "update": "update *",
        "delete": "delete *",
    }
    faults: ClassVar[Mapping[FaultKind, Mapping[str, Any] | None]] = {"expired_token": None}  # a token does not end

    @abstractmethod
    def connect(self, url: str, token: str) -> Adapter:
        """The adapter of a service at this address, with this token; its pages as small as it can have them."""

    def make(self, url: str) -> Adapter:
        """With the right token."""
        return self.connect(url, TOKEN)

    def make_stranger(self, url: str) -> Adapter:
        """With a wrong one."""
        return self.connect(url, "a-wrong-token")

    def sample(self, n: int) -> Mapping[str, NativeValue]:
        """A customer."""
        return {"name": f"Acme {n}", "note": f"note {n}", "active": n % 2 == 0}

    def outside(self, values: dict[str, Any]) -> dict[str, Any]:
        """One that `where` excludes."""
        return {**values, "city": "elsewhere"}
