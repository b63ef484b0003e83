"""Serves an application over real HTTP, and breaks what a fault says is to be broken."""

from __future__ import annotations

import contextlib
import selectors
import socket
import ssl
import struct
import sys
import tempfile
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from bridge.sandbox.kernel.application import Application
from bridge.sandbox.kernel.control import PREFIX, Control
from bridge.sandbox.kernel.faults import HELD, KERNEL_KINDS, Fault
from bridge.sandbox.kernel.message import Request, Response

_PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Please sign in</h1></body></html>"
_DRIPS = 20
_LOOK = 0.1
"""Seconds after which a held connection looks whether the server stops."""


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away, or a TLS hand-shake that failed, is not worth a traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class Server:
    """A running sandbox. `certificate` is the path of its certificate when it speaks TLS, for the client's trust."""

    def __init__(self, app: Application, host: str, port: int, tls: bool) -> None:
        self.app = app
        self.control = Control(app)
        self.lock = threading.RLock()
        self.certificate: Path | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._http = _HTTPServer((host, port), _handler(self))
        self.port: int = self._http.server_address[1]
        self.url = f"{'https' if tls else 'http'}://{host}:{self.port}"
        if tls:
            self._folder = tempfile.TemporaryDirectory(prefix="bridge-sandbox-")
            from bridge.sandbox.kernel.certificate import make_certificate  # here: long to load

            self.certificate, key = make_certificate(Path(self._folder.name))
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.certificate, key)
            self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()

    def start(self) -> Server:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(
            target=self._http.serve_forever,
            kwargs={"poll_interval": 0.02},
            name=f"sandbox {self.app.name}",
            daemon=True,
        )
        self._thread.start()
        return self

    def run_forever(self) -> None:
        """Serve in this thread until interrupted."""
        with contextlib.suppress(KeyboardInterrupt):
            self._http.serve_forever()
        self.stop()

    def stop(self) -> None:
        """Stop serving and free the port; requests that are being held end, too."""
        self.stopping.set()
        if self._thread:
            self._http.shutdown()
            self._thread.join(timeout=5)
            self._thread = None
        self._http.server_close()
        if self._folder:
            self._folder.cleanup()
            self._folder = None

    def await_hang_up(self, connection: socket.socket) -> None:
        """Wait until the client closes its side (before its answer it has nothing more to say), or the server stops."""
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError, ValueError):
            selector.register(connection, selectors.EVENT_READ)
            while not self.stopping.is_set() and not selector.select(_LOOK):
                pass

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def serve(app: Application, *, host: str = "127.0.0.1", port: int = 0, tls: bool = False) -> Server:
    """Bind an application to a port (0: any free one). Call `start`, use it in a `with`, or `run_forever`."""
    return Server(app, host, port, tls)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        sandbox = server

    return Handler


class _Handler(BaseHTTPRequestHandler):
    sandbox: Server
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # head and body in one packet: without it every answer costs a delayed acknowledgement
    disable_nagle_algorithm = True
    timeout = 120

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The Date header tells the sandbox's time, so that a skewed clock can be seen."""
        return super().date_time_string(timestamp or self.sandbox.app.clock.now().timestamp())

    def log_message(self, *_: Any) -> None:
        """Calls are in the call log, not on the terminal."""

    def _serve(self) -> None:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            self._answer(Response(411, b"Length Required"))
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request.parse(self.command, self.path, dict(self.headers.items()), body, self.sandbox.url)
        if request.path.startswith(PREFIX):
            with self.sandbox.lock:
                response = self.sandbox.control.handle(request)
            self._answer(response)
            return
        with self.sandbox.lock:
            operation = self.sandbox.app.operation(request)
            fault = self.sandbox.control.faults.strike(operation)
        if fault and fault.kind == "delay":
            self.sandbox.stopping.wait(float(fault.options.get("seconds", 1)))
        with self.sandbox.lock:
            response = self._respond(request, fault)
            self.sandbox.control.log(request, operation, response.status, fault.kind if fault else None)
        self._deliver(response, fault)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815 - the names that http.server calls

    def _respond(self, request: Request, fault: Fault | None) -> Response:
        app = self.sandbox.app
        try:
            if fault and fault.kind in ("reset", "never", "status", "html", "redirect"):
                return _instead(fault)
            if fault and fault.kind not in KERNEL_KINDS:
                answer = app.fault(fault.kind, fault.options, request)
                if answer is not None:
                    return answer
            if fault and fault.kind == "twice":
                app.handle(request)
            return app.handle(request)
        except Exception:  # a defect of the sandbox must be seen, and must not hang its client
            traceback.print_exc()
            return Response(500, b"<h1>Internal Server Error</h1>the sandbox itself is at fault")

    def _deliver(self, response: Response, fault: Fault | None) -> None:
        kind = fault.kind if fault else ""
        if kind in ("reset", "drop_answer"):
            self._break()
        elif kind in HELD:
            self.sandbox.await_hang_up(self.connection)
            self._break()
        elif kind == "truncate":
            self._answer(response, share=0.5)
            self._break(hard=False)
        elif kind == "slow_drip" and fault:
            self._answer(response, seconds=float(fault.options.get("seconds", 2)))
        else:
            self._answer(response)

    def _answer(self, response: Response, *, share: float = 1.0, seconds: float = 0.0) -> None:
        payload, content_type = response.payload()
        try:
            self.send_response(response.status)
            for name, value in response.headers.items():
                if name.lower() not in ("content-type", "content-length"):
                    self.send_header(name, value)
            if response.status not in (204, 304):
                self.send_header("Content-Type", content_type)
                self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            if self.command == "HEAD" or response.status in (204, 304):
                return
            if seconds:
                self._drip(payload, seconds)
            else:
                self.wfile.write(payload[: int(len(payload) * share)] if share < 1 else payload)
            self.wfile.flush()
        except OSError:
            self.close_connection = True

    def _drip(self, payload: bytes, seconds: float) -> None:
        size = max(1, len(payload) // _DRIPS)
        for start in range(0, len(payload), size):
            self.wfile.write(payload[start : start + size])
            self.wfile.flush()
            self.sandbox.stopping.wait(seconds / _DRIPS)

    def _break(self, *, hard: bool = True) -> None:
        """Close the connection under the client: hard with a reset, else with an early end."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            if hard:  # no orderly end: what is on its way is thrown away on both sides
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.close(self.connection.detach())
            else:
                self.connection.shutdown(socket.SHUT_RDWR)


def _instead(fault: Fault) -> Response:
    options = fault.options
    if fault.kind == "html":
        return Response(200, _PAGE, {"Content-Type": "text/html; charset=utf-8"})
    if fault.kind == "redirect":
        return Response(302, b"", {"Location": str(options.get("location", "/elsewhere"))})
    if fault.kind in ("reset", "never"):
        return Response(0)
    body = options.get("body", b"")
    headers = {str(name): str(value) for name, value in dict(options.get("headers") or {}).items()}
    return Response(int(options.get("status", 500)), body.encode() if isinstance(body, str) else body, headers)
