"""A harness over a sandbox of `bridge.sandbox`: real HTTP to a local server, its control plane as the hands inside."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import requests

from bridge.ports.adapter import Adapter
from bridge.ports.errors import BridgeError
from bridge.ports.records import CreateItem, NativeValue, ObjectSpec
from bridge.sandbox.kernel import PREFIX, Server, serve
from bridge.sandbox.launch import build
from bridge.testing.harness import FaultKind, Features, Operation

_TIMEOUT = 30
KERNEL_FAULTS: Mapping[FaultKind, Mapping[str, Any]] = {
    "lost_answer": {"kind": "drop_answer"},
    "reset": {"kind": "reset"},
    "html": {"kind": "html"},
    "redirect": {"kind": "redirect", "location": f"{PREFIX}health"},
    "rate_limit": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}, "body": "slow down"},
    "server_error": {
        "kind": "status",
        "status": 503,
        "headers": {"Content-Type": "text/html"},
        "body": "<html><body><h1>503 Service Unavailable</h1></body></html>",
    },
}
"""How the kernel of the sandboxes brings about the faults that are no vendor's own."""


class SandboxHarness(ABC):
    """Derive, set the class attributes, implement `make` and `sample`. Used in a `with`; each is an empty system.

    sandbox: the package in bridge.sandbox. options: for its `build`.
    operations: which of the sandbox's operations (globs, the first that is needed for the call) a fault has to hit.
    faults: the vendor's own faults, over KERNEL_FAULTS ({"expired_token": {"kind": "expired_session"}}); None for what
        the sandbox cannot do.
    late: the sandbox's fault for a late commit, None without one.
    """

    sandbox: ClassVar[str]
    spec: ObjectSpec
    features: Features
    secrets: tuple[str, ...]
    operations: ClassVar[Mapping[Operation, str]]
    options: ClassVar[Mapping[str, Any]] = {}
    faults: ClassVar[Mapping[FaultKind, Mapping[str, Any] | None]] = {}
    late: ClassVar[str | None] = "late_commit"
    _server: ClassVar[Server | None] = None

    @abstractmethod
    def make(self, url: str) -> Adapter:
        """An adapter of the sandbox at this address, with good credentials."""

    @abstractmethod
    def sample(self, n: int) -> Mapping[str, NativeValue]:
        """Values of record n; see `Harness.sample`."""

    def make_stranger(self, url: str) -> Adapter | None:
        """An adapter with wrong credentials; None (the default) skips its test."""
        return None

    def prepare(self) -> None:
        """Make the empty system ready: by default `setup` of the adapter."""
        self.adapter().setup(self.spec, apply=True)

    def unprepare(self) -> bool:
        """Take the key field away again; by default empties the system, for those where `setup` makes the field."""
        self.control("POST", "reset")
        return self.adapter().schema(self.spec).key_problem is not None

    def vendor(self, values: Mapping[str, NativeValue]) -> dict[str, Any]:
        """Native values as a user's screen of the system would store them; by default unchanged."""
        return dict(values)

    def outside(self, values: dict[str, Any]) -> dict[str, Any]:
        """Vendor values of a record that `where` excludes, if `features.outside`."""
        return values

    # the harness

    def __enter__(self) -> SandboxHarness:
        cls = type(self)
        if "_server" not in cls.__dict__ or cls._server is None:
            cls._server = serve(build(self.sandbox, **self.options)).start()  # ends with the process: a daemon thread
        self.url = cls._server.url
        self._made: list[Adapter] = []
        self.control("POST", "reset")
        self.freeze(False)
        self.control("POST", "clock", {"set": datetime.now(UTC).isoformat()})  # the last test may have moved it on
        self.prepare()
        self.control("POST", "calls/reset")
        return self

    def __exit__(self, *_: object) -> None:
        for adapter in self._made:
            adapter.close()
        left = self.control("GET", "faults")
        assert not left, f"the test met no such fault; are the globs of `operations` right? {left}"

    def control(self, method: str, name: str, given: Mapping[str, Any] | None = None) -> Any:
        """Ask the control plane. Raises AssertionError with its words where it refuses."""
        answer = requests.request(method, f"{self.url}{PREFIX}{name}", json=given or {}, timeout=_TIMEOUT)
        assert answer.ok, f"the sandbox refuses {name}: {answer.text}"
        return answer.json()

    def adapter(self) -> Adapter:
        """A new adapter with good credentials."""
        made = self.make(self.url)
        self._made.append(made)
        return made

    def stranger(self) -> Adapter | None:
        """A new adapter with wrong credentials."""
        return self.make_stranger(self.url)

    def new_key(self) -> str:
        """A golden id."""
        return uuid.uuid4().hex

    def user_insert(self, n: int, *, inside: bool = True) -> str:
        """A user makes record n."""
        values = self.vendor(self.sample(n))
        given = {"object": self.spec.object, "values": values if inside else self.outside(values)}
        return str(self.control("POST", "insert", given)["id"])

    def user_edit(self, native_id: str, text: str | None) -> None:
        """A user changes the text field."""
        values = self.vendor({self.features.text: text})
        self.control("POST", "edit", {"object": self.spec.object, "id": native_id, "values": values})

    def user_delete(self, native_id: str) -> None:
        """A user deletes a record."""
        self.control("POST", "delete", {"object": self.spec.object, "id": native_id})

    def insert_late(self, n: int, seconds: float) -> bool:
        """Record n is written through an adapter of its own, or by a user where the adapter only reads, by a
        transaction that commits late."""
        if self.late is None:
            return False
        adapter = self.adapter()
        if adapter.capabilities(self.spec).create == "unsupported":
            values = self.vendor(self.sample(n))
            self.control("POST", "insert", {"object": self.spec.object, "values": values, "late": seconds})
            return True
        adapter.find(self.spec, [self.new_key()])
        given = {"kind": self.late, "operation": self.operations["create"], "seconds": seconds}
        self.control("POST", "faults", given)
        try:
            adapter.create(self.spec, [CreateItem(self.new_key(), self.sample(n))])
        except BridgeError:
            return True  # it may stumble over what it cannot read back yet; the row is written all the same
        return True

    def arm(self, fault: FaultKind, on: Operation = "read") -> bool:
        """Arm a fault of the kernel or of the vendor."""
        given = self.faults.get(fault, KERNEL_FAULTS.get(fault))
        if given is None:
            return False
        self.control("POST", "faults", {"operation": self.operations[on], **given})
        return True

    def freeze(self, on: bool) -> bool:
        """Stop the sandbox's clock or let it go on."""
        self.control("POST", "clock", {"freeze": on})
        return True

    def tick(self, seconds: float) -> None:
        """Move the sandbox's clock on."""
        self.control("POST", "clock", {"advance": seconds})

    def seen(self) -> int | None:
        """Calls in the sandbox's log."""
        return len(self.control("GET", "calls"))
