"""The three systems, each a sandbox in a process of its own, which note what is written to whom, in which order, and
refuse more calls than were agreed on."""

from __future__ import annotations

import json
import re
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from bridge.sandbox import build
from bridge.sandbox.kernel import Request, Response
from support.served import Desk, served

VENDORS: Final = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}
PACED: Final = "erp"
PACE: Final = 3.0
"""Calls a second that the ERP bears, and that the configuration of bridge says."""
WINDOW: Final = 10.0
SLACK: Final = 3.0
"""Seconds' worth of calls that may come in a window beside its own: the burst that a bucket holds, and calls that were
drawn before it began and arrive late on a busy machine."""
STAMP: Final = re.compile(rb"k(\d+)-(\d+)\.example")
NOTE: Final = re.compile(r"note \d+ of \d+ in [a-z]+")


def website(number: int, edit: int) -> str:
    """What a user writes into a customer: the customer's number and that of the edit, which only grows."""
    return f"https://k{number}-{edit}.example"


class Noted:
    """A sandbox that notes the stamps it is sent (`bridge.sandbox.kernel.application.Application`).

    pace: calls a second; None without a limit.
    """

    def __init__(self, app: Any, pace: float | None) -> None:
        self._app, self._pace = app, pace
        self._calls: deque[float] = deque()
        self._seen: dict[int, int] = {}
        self._untold: dict[tuple[str, str], str] = {}  # (object, id) -> a user's last note, until some answer holds it
        self.overtaken: list[str] = []
        self.told: list[tuple[str, int, int, str]] = []  # moment, customer, edit, and who said so by which operation
        self.found = {"calls": 0, "writes": 0, "out_of_order": 0, "over_quota": 0, "most_in_window": 0}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._app, name)

    def operation(self, request: Request) -> str:
        return "chaos" if request.path == "/chaos" else str(self._app.operation(request))

    def handle(self, request: Request) -> Response:
        if request.path == "/chaos":
            return Response(200, {**self.found, "overtaken": self.overtaken, "told": self.told})
        self.found["calls"] += 1
        if self._over():
            self.found["over_quota"] += 1
            return Response(429, b"Too Many Requests", {"Retry-After": "1"})
        answer: Response = self._app.handle(request)
        if answer.status < 400:
            self._note(request)
        self._watch(answer)
        return answer

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """A person edits: what bridge writes here from now on must not be older."""
        answer: Mapping[str, Any] = self._app.user_edit(object, id, values)
        for number, edit in STAMP.findall(json.dumps(values).encode()):
            self._seen[int(number)] = int(edit)
            self._tell(int(number), int(edit), "a user")
        for note in NOTE.findall(json.dumps(values)):
            self._untold[object, id] = note
        return answer

    def _watch(self, answer: Response) -> None:
        """Note what was written over between bridge's last look and its write: such an edit is in no answer, so that no
        client can know of it, and the system takes no condition with a write."""
        told = answer.payload()[0].decode("utf-8", "replace")
        self._untold = {place: note for place, note in self._untold.items() if note not in told}
        if not self._untold:
            return
        there = self._app.dump()
        for (object, id), note in list(self._untold.items()):
            if note not in json.dumps(there.get(object, {}).get(id, {})):
                self.overtaken.append(note)
                del self._untold[object, id]

    def _over(self) -> bool:
        if self._pace is None:
            return False
        now = time.monotonic()
        while self._calls and self._calls[0] < now - WINDOW:
            self._calls.popleft()
        if len(self._calls) >= self._pace * (WINDOW + SLACK):
            return True
        self._calls.append(now)
        self.found["most_in_window"] = max(self.found["most_in_window"], len(self._calls))
        return False

    def _note(self, request: Request) -> None:
        for number, edit in STAMP.findall(request.body):
            self.found["writes"] += 1
            self._tell(int(number), int(edit), f"bridge, {self._app.operation(request)}")
            if int(edit) < self._seen.get(int(number), 0):
                self.found["out_of_order"] += 1
            self._seen[int(number)] = max(int(edit), self._seen.get(int(number), 0))

    def _tell(self, number: int, edit: int, who: str) -> None:
        self.told.append((datetime.now(UTC).isoformat(), number, edit, who))


@contextmanager
def running() -> Iterator[dict[str, Desk]]:
    """The systems, each in a process that ends with this one."""
    with ExitStack() as stack:
        yield {system: Desk(system, stack.enter_context(served(partial(_noted, system)))) for system in VENDORS}


def _noted(system: str) -> Noted:
    return Noted(build(VENDORS[system]), PACE if system == PACED else None)
