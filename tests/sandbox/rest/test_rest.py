"""The small REST service: what a first adapter meets, and the levels above reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from bridge.entrypoints.cli.app import app
from bridge.sandbox.kernel import Server, serve
from bridge.sandbox.rest import build


class Talk:
    """Calls of the service, with its token."""

    def __init__(self, server: Server) -> None:
        self.server = server

    def __call__(self, verb: str, path: str, token: str = "secret", headers: Any = (), **given: Any) -> tuple[int, Any]:
        named = {"Authorization": f"Bearer {token}", **dict(headers)}
        answer = requests.request(verb, f"{self.server.url}/api/{path}", headers=named, timeout=30, **given)
        return answer.status_code, answer.json()


@pytest.fixture
def talk() -> Iterator[Talk]:
    server = serve(build(token="secret")).start()
    yield Talk(server)
    server.stop()


def make(talk: Talk, number: int) -> dict[str, Any]:
    status, row = talk("POST", "customers", json={"name": f"Acme {number}", "external_id": f"k{number}"})
    assert status == 201
    return dict(row)


def test_who_is_asking(talk: Talk) -> None:
    assert talk("GET", "about") == (200, {"version": "1.0", "user": "bridge"})
    assert talk("GET", "about", token="wrong")[0] == 401


def test_rows_come_by_stamp_and_id_in_pages(talk: Talk) -> None:
    talk.server.app.clock.freeze(True)
    made = [make(talk, number) for number in range(12)]
    seen: list[str] = []
    place = {"changed_from": "", "after": ""}
    while True:
        _, answer = talk("GET", "customers", params={**place, "limit": 5})
        seen += [row["id"] for row in answer["rows"]]
        if not answer["more"]:
            break
        place = {"changed_from": answer["rows"][-1]["changed"], "after": answer["rows"][-1]["id"]}
    assert seen == [row["id"] for row in made], "ids are numbers, not texts: 10 comes after 9"


def test_look_ups(talk: Talk) -> None:
    rows = [make(talk, number) for number in range(3)]
    assert talk("GET", "customers", params={"ids": "1,3,99"})[1]["rows"] == [rows[0], rows[2]]
    assert talk("GET", "customers", params={"external_id": "k1,none"})[1]["rows"] == [rows[1]]
    assert talk("GET", "customers/2") == (200, rows[1])
    assert talk("GET", "customers/99")[0] == 404
    assert talk("GET", "suppliers")[0] == 404


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"name": "x" * 81}, (422, {"error": "too_long", "field": "name"})),
        ({"name": ""}, (422, {"error": "required", "field": "name"})),
        ({}, (422, {"error": "required", "field": "name"})),
        ({"name": "A", "nmae": "B"}, (422, {"error": "unknown_field", "field": "nmae"})),
        ({"name": 1}, (422, {"error": "not_a_text", "field": "name"})),
        ({"name": "A", "active": "yes"}, (422, {"error": "not_a_boolean", "field": "active"})),
        ({"name": "A", "external_id": "k0"}, (409, {"error": "external_id_taken", "field": "external_id"})),
        ([], (400, {"error": "no_json", "field": None})),
    ],
)
def test_what_is_refused(talk: Talk, values: Any, told: Any) -> None:
    make(talk, 0)
    assert talk("POST", "customers", json=values) == told
    assert len(talk("GET", "customers")[1]["rows"]) == 1


def test_a_stale_write_is_refused(talk: Talk) -> None:
    row = make(talk, 0)
    status, now = talk("PATCH", "customers/1", json={"note": "new"})
    assert (status, now["note"], now["name"]) == (200, "new", "Acme 0")
    stale = {"If-Match": row["changed"]}
    assert talk("PATCH", "customers/1", json={"note": "late"}, headers=stale)[0] == 412
    assert talk("DELETE", "customers/1", headers=stale)[0] == 412
    assert talk("DELETE", "customers/1", headers={"If-Match": now["changed"]})[0] == 200
    assert talk("GET", "customers/1")[0] == 404


def test_a_late_commit_has_an_older_stamp(talk: Talk) -> None:
    control = f"{talk.server.url}/__sandbox__/"
    given = {"object": "customers", "values": {"name": "Late"}, "late": 4}
    assert requests.post(f"{control}insert", json=given, timeout=30).ok
    soon = make(talk, 1)
    assert [row["name"] for row in talk("GET", "customers")[1]["rows"]] == ["Acme 1"]
    requests.post(f"{control}clock", json={"advance": 5}, timeout=30)
    rows = talk("GET", "customers")[1]["rows"]
    assert [row["name"] for row in rows] == ["Late", "Acme 1"]
    assert rows[0]["changed"] < soon["changed"]


def test_its_options() -> None:
    with pytest.raises(TypeError, match="it has token"):
        build(tokn="x")
    assert "rest" in CliRunner().invoke(app, ["sandbox", "none"]).stderr
