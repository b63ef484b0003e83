"""The shared session against a real server on loopback: timeouts, redirects, counting, fault translation."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from bridge.ports.errors import InDoubt, RateLimited, Transient
from bridge.transport.session import PooledSession, retry_after_seconds, translate_network_fault, unavailable


class _Server(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/slow":
            threading.Event().wait(1.0)
        status = {"/redirect": 302, "/busy": 429, "/proxy": 502}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        if status == 429:
            self.send_header("Retry-After", "7")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_PATCH = do_GET

    def log_message(self, *args: object) -> None:
        pass


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what these tests are about; its traceback would land in another test's output."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    server = _Quiet(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_redirect_of_a_write_is_not_followed(url: str) -> None:
    session = PooledSession()
    response = session.patch(f"{url}/redirect", json={})
    assert response.status_code == 302
    assert session.calls == 1
    assert isinstance(unavailable(response, system="crm", writing=True), Transient)


def test_a_call_without_a_timeout_gets_one(url: str) -> None:
    session = PooledSession(read_timeout=0.2)
    with pytest.raises(requests.exceptions.ReadTimeout) as caught:
        session.get(f"{url}/slow")
    assert isinstance(translate_network_fault(caught.value, system="crm", writing=True), InDoubt)
    assert type(translate_network_fault(caught.value, system="crm", writing=False)) is Transient


def test_a_refused_connection_is_transient_even_for_a_write_and_hides_the_address() -> None:
    with pytest.raises(requests.exceptions.ConnectionError) as caught:
        PooledSession().post("http://127.0.0.1:1/?token=secret", json={})
    error = translate_network_fault(caught.value, system="crm", writing=True)
    assert type(error) is Transient
    assert "secret" not in str(error)
    assert "127.0.0.1" not in str(error)


def test_retry_after_is_honoured(url: str) -> None:
    error = unavailable(PooledSession().get(f"{url}/busy"), system="crm", writing=False)
    assert isinstance(error, RateLimited)
    assert error.after == 7.0


def test_a_proxy_page_leaves_a_write_in_doubt(url: str) -> None:
    response = PooledSession().get(f"{url}/proxy")
    assert isinstance(unavailable(response, system="crm", writing=True), InDoubt)
    assert type(unavailable(response, system="crm", writing=False)) is Transient


@pytest.mark.parametrize(("text", "seconds"), [("3", 3.0), ("-1", 0.0), ("soon", None), (None, None), ("1e9", 86400.0)])
def test_retry_after_reads_what_there_is(text: str | None, seconds: float | None) -> None:
    assert retry_after_seconds(text) == seconds
