"""A system at its real pace: it stands between bridge and a sandbox, and takes the time that the vendor's server takes.

A sandbox makes a customer in a tenth of a millisecond. Odoo 19 takes 1.7 ms for one (590/s, created in lists of 500 and
more) and ERPNext 15 ten (66 to 107/s by insert_many), on the machine on which the rest is measured. Beside a server
that costs nothing, the share of the program between two systems says little about any migration there will ever be.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SECONDS = {"erp": 1 / 590, "fin": 1 / 107, "crm": 0.0}
"""System -> what one record costs that is made or changed there. Nothing was measured of Salesforce."""
_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}


def records_in(method: str, path: str, body: bytes) -> int:
    """How many records a request makes or changes."""
    try:
        said = json.loads(body) if body else {}
    except ValueError:
        said = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    if path.endswith("/jsonrpc"):
        return _by_rpc(said.get("params", {}).get("args", []))
    if path.endswith("insert_many"):
        docs = said.get("docs", [])
        return len(json.loads(docs) if isinstance(docs, str) else docs)
    return int(method in ("POST", "PUT") and "/resource/" in path)


def _by_rpc(args: list[Any]) -> int:
    """Of `execute_kw(database, uid, password, model, method, arguments, named)`."""
    name = args[4] if len(args) > 5 else ""
    given = [*args[5], *(args[6].values() if len(args) > 6 else ())] if name else []
    lists = [one for one in given if isinstance(one, list)]
    if name == "load":
        return len(lists[1])
    return len(lists[0]) if name in ("create", "write") and lists else int(name in ("create", "write"))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16
    host, port, seconds = "", 0, 0.0

    def setup(self) -> None:
        super().setup()
        self.onward = HTTPConnection(self.host, self.port, timeout=600)

    def finish(self) -> None:
        self.onward.close()
        super().finish()

    def log_message(self, *_: Any) -> None:
        """Nothing is told of calls."""

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        began = time.monotonic()
        headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
        self.onward.request(self.command, self.path, body, {**headers, "Host": f"{self.host}:{self.port}"})
        answer = self.onward.getresponse()
        data = answer.read()
        rest = records_in(self.command, urlsplit(self.path).path, body) * self.seconds - (time.monotonic() - began)
        if rest > 0:
            time.sleep(rest)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on  # noqa: N815


@contextmanager
def paced(url: str, seconds: float) -> Iterator[str]:
    """The address of a sandbox at this pace. seconds: for each record that is made or changed."""
    place = urlsplit(url)
    handler = type("Handler", (_Handler,), {"host": place.hostname, "port": place.port, "seconds": seconds})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
