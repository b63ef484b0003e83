"""The calls of a run and their answers, kept so that they can be made and given again."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests

from bridge.transport import session

KEPT = ("Content-Type", "Sforce-Limit-Info")
"""Headers of an answer that an adapter looks at; Date is the server's own."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call: to which system, what was sent, and what came."""

    system: str
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    status: int
    answered: dict[str, str]
    answer: bytes


class Tape:
    """step -> calls, in their order."""

    def __init__(self) -> None:
        self.steps: dict[str, list[Call]] = {}

    @contextmanager
    def recording(self, step: str, ports: dict[int, str]) -> Iterator[None]:
        """Keep every call that bridge's sessions make meanwhile. ports: port -> system."""
        calls = self.steps.setdefault(step, [])
        send = session.PooledSession.send

        def kept(self: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            response = send(self, request, **kwargs)
            parts = urlsplit(str(request.url))
            sent = request.body or b""
            calls.append(
                Call(
                    ports[parts.port or 0],
                    str(request.method),
                    str(request.path_url),
                    {name: str(value) for name, value in request.headers.items()},
                    sent if isinstance(sent, bytes) else sent.encode(),
                    response.status_code,
                    {name: response.headers[name] for name in KEPT if name in response.headers},
                    response.content,
                )
            )
            return response

        session.PooledSession.send = kept  # type: ignore[method-assign]
        try:
            yield
        finally:
            session.PooledSession.send = send  # type: ignore[method-assign]

    def save(self, path: Path) -> None:
        """Write the tape."""
        path.write_bytes(pickle.dumps(self.steps))

    @classmethod
    def load(cls, path: Path) -> Tape:
        """Read a tape of this machine's own."""
        tape = cls()
        tape.steps = pickle.loads(path.read_bytes())
        return tape
