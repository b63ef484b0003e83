"""The wall behind the adapters, and what it stands on: texts, errors, pages, addresses, odd faults of the network."""

from __future__ import annotations

import base64
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
import requests

from bridge.engine.silence import HIDDEN, Secrets, silenced
from bridge.ports.adapter import Adapter, Health
from bridge.ports.errors import BridgeError, ConfigError, InDoubt, Rejected, Transient
from bridge.transport.session import PooledSession, translate_network_fault
from bridge.transport.settings import address

SECRET = "hush/+ 5ecret%"


class Talkative:
    """An adapter that tells everything."""

    system = "crm"
    calls = 7

    def __repr__(self) -> str:
        return "Talkative()"

    def check(self) -> Health:
        return Health("1", "somebody", None, (f"the token {SECRET} is old",))

    def refs(self) -> Iterator[list[str]]:
        yield ["1"]
        raise Rejected(f"refuses {SECRET}", fields=(SECRET,), system="crm", vendor_code="INVALID")

    def open(self) -> None:
        raise KeyError(SECRET)

    def schema(self) -> None:
        raise ConfigError([f"a: {SECRET}", "b"])


@pytest.fixture
def adapter() -> Adapter:
    return silenced(Talkative(), Secrets([SECRET, "admin"]))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "spelled", [SECRET, quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode(), "hush%2F%2B+5ecret%25"]
)
def test_a_secret_is_hidden_in_every_spelling(spelled: str) -> None:
    assert Secrets([SECRET]).hide(f"a {spelled} b") == f"a {HIDDEN} b"


def test_a_short_secret_is_a_word_like_others_and_a_key_is_hidden_line_by_line() -> None:
    assert Secrets(["admin"]).hide("ask the admin") == "ask the admin"
    pem = "-----BEGIN KEY-----\nabcdefghij\n-----END KEY-----"
    assert (
        Secrets([pem]).hide("the line abcdefghij of the -----BEGIN KEY-----")
        == f"the line {HIDDEN} of the -----BEGIN KEY-----"
    )
    assert "abcdefghij" not in repr(Secrets([pem]))


def test_everything_else_passes(adapter: Adapter) -> None:
    assert (adapter.system, adapter.calls, repr(adapter)) == ("crm", 7, "Talkative()")
    with pytest.raises(AttributeError):
        _ = adapter.nothing  # type: ignore[attr-defined]


def test_answers_and_pages(adapter: Adapter) -> None:
    assert adapter.check().problems == (f"the token {HIDDEN} is old",)
    pages = adapter.refs()  # type: ignore[call-arg]
    assert next(pages) == ["1"]
    with pytest.raises(Rejected) as caught:
        next(pages)
    assert (caught.value.message, caught.value.fields, caught.value.code) == (
        f"refuses {HIDDEN}",
        (HIDDEN,),
        "BR-REJECTED",
    )


def test_a_defect_is_an_error_with_a_place_and_nothing_behind_it(adapter: Adapter) -> None:
    with pytest.raises(InDoubt, match=r"KeyError at test_silence.py:\d+") as caught:
        adapter.open()  # type: ignore[call-arg]
    assert caught.value.__context__ is caught.value.__cause__ is None
    frames = [frame.name for frame in caught.traceback]
    assert "open" not in frames


def test_every_problem_of_a_configuration(adapter: Adapter) -> None:
    with pytest.raises(ConfigError) as caught:
        adapter.schema()  # type: ignore[call-arg]
    assert caught.value.problems == [f"a: {HIDDEN}", "b"]


@pytest.mark.parametrize("code", ["INVALID_FIELD", "psycopg2.errors.NotNullViolation", "HTTP 503", "503", "load"])
def test_a_code_of_a_vendor(code: str) -> None:
    assert BridgeError("x", vendor_code=code).vendor_code == code


@pytest.mark.parametrize("code", ["00D1!aQ7x", "a1b2c3d4e5f6", "no such thing", "Muster@example.com", "x" * 81, "<b>"])
def test_what_is_no_code(code: str) -> None:
    assert BridgeError("x", vendor_code=code).vendor_code is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://u:{SECRET}@h",
        f"https://[{SECRET}]",
        f"https://u:{SECRET}℀@h",
        "https://h:hush5ecret",
        "https://h:99999",
    ],
)
def test_an_address_is_refused_without_a_part_of_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"address|credentials") as caught:
        address(url, "https://example.com")
    assert "ecret" not in str(caught.value)
    assert address("https://h:8443/", "x") == "https://h:8443"


@pytest.mark.parametrize(
    ("proxy", "header", "words"),
    [("http://u:hush5ecret@[", "x", "that of the proxy"), (None, "hush5ecret ключ", "no header can")],
)
def test_faults_that_are_none_of_requests(proxy: str | None, header: str, words: str) -> None:
    """Nothing was sent, so a write is as it was; and the text is not that of the fault."""
    session = PooledSession(connect_timeout=1)
    session.trust_env = False
    with pytest.raises(requests.exceptions.RequestException) as caught:
        session.post("http://127.0.0.1:9/", headers={"X": header}, proxies={"http": proxy} if proxy else None)
    told = translate_network_fault(caught.value, system="crm", writing=True)
    assert type(told) is Transient
    assert words in str(told)
    assert "ecret" not in f"{caught.value!r} {told}"


def test_the_log_of_the_network_is_shut(caplog: pytest.LogCaptureFixture) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool"):
        caplog.set_level(logging.DEBUG, logger=name)
    PooledSession().get(f"http://127.0.0.1:{server.server_port}/?q=Zwetschgenbaum")
    server.shutdown()
    assert "Zwetschgenbaum" not in caplog.text
