"""A server on loopback that gives recorded answers, so that an adapter's own client reads and judges them."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = dict[str, Any]
"""status, headers and body as recorded; a body that is no text was JSON."""

_KEPT = {"content-type", "retry-after"}


class Replay:
    """What the server answers: `answer`, unless `other` (path, body -> answer) has something of its own to say."""

    def __init__(self) -> None:
        self.answer: Answer = {}
        self.other: Callable[[str, Any], Answer | None] = lambda path, body: None
        self.url = ""

    def to(self, path: str, body: Any) -> Answer:
        """The answer to one request."""
        return self.other(path, body) or self.answer


@contextmanager
def replaying() -> Iterator[Replay]:
    """A running server."""
    replay = Replay()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            answer = replay.to(self.path, json.loads(sent) if sent else None)
            body = answer["body"]
            raw = (body if isinstance(body, str) else json.dumps(body)).encode()
            self.send_response(answer["status"])
            for name, value in (answer.get("headers") or {}).items():
                if name.lower() in _KEPT:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    replay.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield replay
    finally:
        server.shutdown()
        server.server_close()


def recordings_of(source: str) -> list[str]:
    """The recordings that a row's source names, as "Odoo 18/008"."""
    found = []
    named = r"(Odoo|ERPNext) (\d\d(?: and \d\d)?) recordings? (\d{3}(?:, \d{3})*)"
    for product, versions, listed in re.findall(named, source):
        for version in versions.split(" and "):
            found += [f"{product} {version}/{number}" for number in listed.split(", ")]
    return found


def values_of(recording: dict[str, Any]) -> list[str]:
    """The texts that a recorded request carried: none of them may stand in an error."""
    found: list[str] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)
        elif isinstance(value, str):
            found.append(value)

    walk((recording.get("request") or {}).get("body"))
    return found
