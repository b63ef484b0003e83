"""The kernel of the sandboxes, over real HTTP: serving, faults, control plane, clock, call log, TLS."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import requests

from bridge.sandbox.kernel import Clock, Request, Response, Server, serve


class Counter:
    """Counts how often it was asked."""

    name = "counter"
    fault_kinds = frozenset({"tired"})

    def __init__(self) -> None:
        self.clock = Clock()
        self.count = 0

    def handle(self, request: Request) -> Response:
        self.count += 1
        return Response(200, {"count": self.count, "path": request.path, "q": dict(request.query)})

    def operation(self, request: Request) -> str:
        return request.path.strip("/")

    def fault(self, kind: str, options: Mapping[str, Any], request: Request) -> Response | None:
        return Response(503, {"kind": kind, "why": options.get("why")})

    def reset(self) -> None:
        self.count = 0

    def seed(self, data: Mapping[str, Any]) -> Mapping[str, Any]:
        self.count = data["count"]
        return {}

    def dump(self) -> Mapping[str, Any]:
        return {"count": self.count}

    def user_edit(self, object: str, id: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        raise ValueError(f"{object} {id} cannot be edited")

    def user_insert(self, object: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"id": object}

    def user_delete(self, object: str, id: str) -> Mapping[str, Any]:
        return {}


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(Counter()) as running:
        yield running


def _control(server: Server, method: str, name: str, **given: Any) -> Any:
    return requests.request(method, f"{server.url}/__sandbox__/{name}", json=given or None, timeout=5)


def _ask(server: Server, path: str = "/a", **how: Any) -> requests.Response:
    return requests.get(server.url + path, timeout=how.pop("timeout", 5), **how)


def test_path_and_query_are_decoded(server: Server) -> None:
    assert _ask(server, "/a%20b/c?x=1&x=%C3%A4").json() == {"count": 1, "path": "/a b/c", "q": {"x": ["1", "ä"]}}


def test_a_reset_breaks_the_connection_before_anything_is_done(server: Server) -> None:
    _control(server, "POST", "faults", kind="reset")
    with pytest.raises(requests.ConnectionError):
        _ask(server)
    assert _ask(server).json()["count"] == 1


def test_a_dropped_answer_leaves_the_work_done(server: Server) -> None:
    _control(server, "POST", "faults", kind="drop_answer")
    with pytest.raises(requests.ConnectionError):
        _ask(server)
    assert _ask(server).json()["count"] == 2


def test_twice_is_handled_twice(server: Server) -> None:
    _control(server, "POST", "faults", kind="twice")
    assert _ask(server).json()["count"] == 2


def test_after_times_and_operation_choose_the_request(server: Server) -> None:
    _control(server, "POST", "faults", kind="status", status=429, headers={"Retry-After": "7"}, operation="b*", after=1)
    assert [_ask(server, path).status_code for path in ("/a", "/b1", "/a", "/b2", "/b3")] == [200, 200, 200, 429, 200]


def test_html_redirect_and_the_vendors_own(server: Server) -> None:
    _control(server, "POST", "faults", kind="html")
    _control(server, "POST", "faults", kind="redirect", location="/b")
    _control(server, "POST", "faults", kind="tired", why="late")
    assert "<html>" in _ask(server).text
    assert _ask(server, allow_redirects=False).headers["Location"] == "/b"
    assert _ask(server).json() == {"kind": "tired", "why": "late"}
    assert _ask(server).json()["count"] == 1


def test_a_slow_answer_runs_into_the_time_out_of_nobody_but_its_reader(server: Server) -> None:
    _control(server, "POST", "faults", kind="delay", seconds=0.6)
    with pytest.raises(requests.ReadTimeout):
        _ask(server, timeout=0.1)
    assert _ask(server).status_code == 200


def test_half_an_answer_is_an_error(server: Server) -> None:
    _control(server, "POST", "faults", kind="truncate")
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        _ask(server)


def _serving() -> set[int]:
    """Threads of this process that serve a connection, of whichever server."""
    return {thread.ident or 0 for thread in threading.enumerate() if "process_request_thread" in thread.name}


def _all_let_go(before: set[int]) -> bool:
    until = time.monotonic() + 5
    while _serving() - before and time.monotonic() < until:
        time.sleep(0.05)
    return not _serving() - before


@pytest.mark.parametrize(("kind", "done"), [("never", 0), ("commit_then_timeout", 1)])
def test_no_answer_until_the_client_gives_up(server: Server, kind: str, done: int) -> None:
    before = _serving()
    _control(server, "POST", "faults", kind=kind)
    with pytest.raises(requests.ReadTimeout):
        _ask(server, timeout=0.3)
    assert _control(server, "GET", "dump").json() == {"count": done}
    assert [call["fault"] for call in _control(server, "GET", "calls").json()] == [kind]
    assert _all_let_go(before)


def test_a_server_that_stops_lets_go_of_what_it_holds() -> None:
    ended, before = threading.Event(), _serving()

    def wait_for_ever() -> None:
        with pytest.raises(requests.ConnectionError):
            _ask(running, timeout=30)
        ended.set()

    with serve(Counter()) as running:
        _control(running, "POST", "faults", kind="never")
        client = threading.Thread(target=wait_for_ever)
        client.start()
        while not _control(running, "GET", "calls").json():
            time.sleep(0.05)
        assert not ended.is_set()
    client.join(timeout=5)
    assert ended.is_set()
    assert _all_let_go(before)


def test_an_unknown_fault_is_refused_in_words(server: Server) -> None:
    answer = _control(server, "POST", "faults", kind="lightning")
    assert answer.status_code == 400
    assert "drop_answer" in answer.json()["error"]
    assert "tired" in answer.json()["error"]


def test_mistakes_at_the_control_plane_are_told(server: Server) -> None:
    assert "cannot be edited" in _control(server, "POST", "edit", object="x", id="1", values={}).json()["error"]
    assert "'object'" in _control(server, "POST", "delete", id="1").json()["error"]
    assert _control(server, "GET", "nowhere").status_code == 404


def test_the_call_log_keeps_neither_query_nor_body(server: Server) -> None:
    _ask(server, "/a?token=secret")
    calls = _control(server, "GET", "calls").json()
    assert [(call["n"], call["path"], call["status"]) for call in calls] == [(1, "/a", 200)]
    assert "secret" not in str(calls)


def test_reset_forgets_calls_faults_and_records(server: Server) -> None:
    _control(server, "POST", "seed", count=9)
    _control(server, "POST", "faults", kind="html", times=0)
    assert _control(server, "GET", "dump").json() == {"count": 9}
    _control(server, "POST", "reset")
    assert _ask(server).json()["count"] == 1
    assert len(_control(server, "GET", "calls").json()) == 1


def test_the_clock_moves_when_told(server: Server) -> None:
    _control(server, "POST", "clock", set="2030-01-01T00:00:00+00:00", freeze=True)
    _control(server, "POST", "clock", advance=60)
    assert _control(server, "GET", "health").json()["now"] == "2030-01-01T00:01:00+00:00"
    assert _ask(server).headers["Date"] == "Tue, 01 Jan 2030 00:01:00 GMT"
    _control(server, "POST", "clock", freeze=False)
    assert _control(server, "GET", "health").json()["now"] > "2030-01-01T00:01:00+00:00"


def test_tls_with_a_certificate_of_its_own() -> None:
    with serve(Counter(), tls=True) as running:
        assert requests.get(f"{running.url}/a", verify=str(running.certificate), timeout=5).json()["count"] == 1
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{running.url}/a", timeout=5)
