"""The moments of a run at which it can be killed: before and after every commit, every HTTP call, at every point.

All of this happens in the process under test: what it is about to do, or has just done, is told to the one who watches
before the process is killed, so that the last line names the moment of its death.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from types import CodeType, FrameType
from typing import Any

import requests
from sqlalchemy import event

from bridge.store import Database
from bridge.transport.session import PooledSession

COMMITS = {
    "run.synchronise": "run begun or ended",
    "cycle.cycle": "expired leases freed",
    "doubt.settle_doubts": "doubt claimed",
    "doubt._settle": "doubt settled",
    "ingest._read": "page with its cursor",
    "ingest.revisit": "records looked at again",
    "ingest.arm": "creates allowed",
    "deliver.deliver": "entries claimed",
    "deliver._refresh": "records looked at before the write",
    "lane.Lane._leave": "intents noted",
    "lane.Lane._release": "entries given back",
    "settle.settle_results": "results settled",
    "failure.give_up": "failure noted",
    "cycle._wake": "waiting entries woken",
}
"""Which transaction it is, by the function that opens it; others are called by the function's own name."""
CALLS = {
    "open": "log-in",
    "changes": "read changes",
    "fetch": "read again",
    "find": "look up by key",
    "booked": "ask for movements",
    "create": "create",
    "update": "update",
    "delete": "delete",
}
"""Which call of the adapter protocol an HTTP call belongs to."""
_WRITES = ("INSERT", "UPDATE", "DELETE", "WITH")
_WRITING = ("create", "update", "delete")
_HERE = (__file__, contextmanager.__code__.co_filename)


@dataclass(slots=True)
class Moments:
    """Counts them, tells each of them, and kills this process at one of them (`end`, counted from 1; 0: never).

    Of a write that is on its way while another one is settled, the moments come as they come.
    """

    tell: Callable[[str], None]
    end: int = 0
    count: int = 0
    _counting: Lock = field(default_factory=Lock)

    def reached(self, label: str, last: Callable[[], object] = lambda: None) -> None:
        """The process is at this moment. last: what it does before it dies."""
        with self._counting:
            self.count += 1
            self.tell(label)
            if self.count == self.end:
                last()
                os.kill(os.getpid(), signal.SIGKILL)

    def point(self, name: str) -> None:
        """A named point of the engine."""
        self.reached(f"point: {name}")

    def watch(self) -> None:
        """From now on every commit and every HTTP call of this process is a moment before and a moment after it.

        A transaction that changes nothing is none: what was so before it is so after it.
        """
        self._watch_commits()
        self._watch_calls()

    def _watch_commits(self) -> None:
        begin, moments = Database.begin, self

        @contextmanager
        def watched(database: Database) -> Iterator[Any]:
            label = COMMITS.get(who := _opener(), who)
            changed: list[bool] = []

            def note(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
                if statement.lstrip().upper().startswith(_WRITES):
                    changed.append(True)

            event.listen(database.engine, "before_cursor_execute", note)
            try:
                with begin(database) as unit_of_work:
                    yield unit_of_work
                    if changed:
                        moments.reached(f"before commit: {label}")
            finally:
                event.remove(database.engine, "before_cursor_execute", note)
            if changed:
                moments.reached(f"after commit: {label}")

        Database.begin = watched  # type: ignore[method-assign]

    def _watch_calls(self) -> None:
        send, moments = PooledSession.send, self

        def watched(session: PooledSession, request: Any, **given: Any) -> Any:
            label = _call()
            moments.reached(f"before call: {label}")
            if label.startswith(_WRITING):
                moments.reached(f"during call: {label}", partial(_leave, send, session, request, given))
            answer = send(session, request, **given)
            moments.reached(f"after call: {label}")
            return answer

        PooledSession.send = watched  # type: ignore[method-assign]


def _leave(send: Callable[..., Any], session: PooledSession, request: Any, given: dict[str, Any]) -> None:
    """The request goes out, and nobody waits for its answer."""
    with suppress(requests.RequestException):
        send(session, request, **{**given, "timeout": (10, 0.001)})


def _opener() -> str:
    """Module and function that open a transaction."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename in _HERE:
        frame = frame.f_back
    return _named(frame.f_code) if frame is not None else "?"


def _named(code: CodeType) -> str:
    return f"{code.co_filename.rpartition('/')[2].removesuffix('.py')}.{code.co_qualname}"


def _call() -> str:
    """What the adapter was asked for: its outermost function on the stack, and its system."""
    frame: FrameType | None = sys._getframe(1)
    found = "?"
    while frame is not None:
        if "/bridge/adapters/" in frame.f_code.co_filename and (name := frame.f_code.co_name) in CALLS:
            system = getattr(frame.f_locals.get("self"), "system", "")
            found = f"{CALLS[name]} {system}".rstrip()
        frame = frame.f_back
    return found
