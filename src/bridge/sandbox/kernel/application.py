"""What a vendor's sandbox gives the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from bridge.sandbox.kernel.clock import Clock
from bridge.sandbox.kernel.message import Request, Response


class Application(Protocol):
    """A simulated system. The kernel calls one method at a time, from any thread.

    fault_kinds: the faults that only this vendor knows ("lock_row"), beside those of the kernel.
    """

    @property
    def name(self) -> str:
        """The vendor's name, in lower case."""

    @property
    def clock(self) -> Clock:
        """The time as this system knows it."""

    @property
    def fault_kinds(self) -> frozenset[str]:
        """Faults beyond those of the kernel."""

    def handle(self, request: Request) -> Response:
        """Answer a request as the vendor would."""

    def operation(self, request: Request) -> str:
        """A short name of what the request asks for ("query", "create Account"): for faults and the call log."""

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        """Bring about a vendor's fault: an answer in place of the real one, or None to go on and handle."""

    def reset(self) -> None:
        """Forget everything, as freshly installed."""

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """Fill with `{"records": [{"object", "values", "id"?, "modified"?}]}`; answers `{"ids": [...]}`."""

    def dump(self) -> Mapping[str, Any]:
        """Everything that is there: `{object: {id: {field: value}}}`, deleted records left out."""

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person edits a record in the system's own screen."""

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person makes a record; answers `{"id": ...}`."""

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        """A person deletes a record."""
