"""Every error that was recorded from real Odoos, read by the adapter's own client and judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.adapters.odoo.recordings import load, names, needs_recordings
from tests.adapters.replaying import Replay, recordings_of, replaying

from bridge.adapters.odoo.client import Client
from bridge.adapters.odoo.errors import load_error
from bridge.adapters.odoo.errors_table import LOAD, STATUSES, TABLE, Row, row_of
from bridge.adapters.odoo.settings import load as settings
from bridge.ports import errors
from bridge.transport.answers import StatusRow, status_row

EXPECTED: dict[type[errors.BridgeError], str] = {
    # wrong password, no such user, no or a bad key, an ended session
    errors.AuthFailed: "18/012 18/013 18/324 18/326 19/012 19/013 19/029 19/035 19/036 19/324 19/326",
    errors.PermissionDenied: "18/224 18/225 18/226 18/229 19/041 19/124 19/203 19/224 19/225 19/226",
    # an unknown database, on every route; a lock; a page in place of data
    errors.Transient: "18/001 18/008 18/011 19/008 19/011 19/030 19/032 19/038 19/240 19/241 19/316 19/317 19/318 "
    "19/323",
    # a server error without a name, to a write
    errors.InDoubt: "18/321 18/322 19/321",
    errors.NoSuchObject: "18/201 19/039 19/201",
    errors.NotFound: "18/145 18/159 18/168 18/169 18/214 19/048 19/159 19/168 19/214",
    # above itself: waits until the other one is moved
    errors.MissingReference: "18/213 19/213",
    # the call itself, or a field that is not there
    errors.Unsupported: "18/014 18/017 18/018 18/019 18/020 18/021 18/123 18/125 18/132 18/142 18/180 18/190 18/202 "
    "18/204 18/205 18/206 18/207 18/220 19/014 19/017 19/018 19/019 19/020 19/021 19/040 19/042 19/053 19/054 19/056 "
    "19/118 19/119 19/121 19/142 19/180 19/190 19/191 19/202 19/204 19/206 19/220",
    # values
    errors.Rejected: "18/095 18/108 18/109 18/124 18/144 18/177 18/186 18/192 18/193 18/194 18/195 18/196 18/198 "
    "18/199 18/200 18/208 18/210 18/211 18/212 18/216 18/223 18/255 18/257 18/270 18/273 18/279 18/294 18/297 18/343 "
    "18/379 19/050 19/092 19/093 19/095 19/104 19/105 19/144 19/177 19/186 19/192 19/194 19/195 19/196 19/197 19/198 "
    "19/200 19/207 19/208 19/209 19/212 19/216 19/221 19/227 19/255 19/257 19/270 19/273 19/274 19/279 19/294 19/343 "
    "19/364 19/367 19/379 19/380",
}
CLASS_OF = {name: cls for cls, listed in EXPECTED.items() for name in listed.split()}


class Said(NamedTuple):
    """What a recorded answer says: the name of an exception and its text, or a status alone."""

    name: str
    text: str
    status: int

    @property
    def row(self) -> Row | StatusRow | None:
        return row_of(TABLE, self.name, self.text) if self.name else status_row(STATUSES, self.status)


def said(name: str) -> Said | None:
    """What the recording says of an error; None where it is none."""
    response = load(name).get("response")
    if not isinstance(response, dict) or "status" not in response:
        return None
    body, status = response.get("body"), response["status"]
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        data = body["error"]["data"]
        return Said(data["name"], data["message"], status)
    if status < 400:
        return None
    named = body if isinstance(body, dict) and "name" in body else {"name": "", "message": str(body)}
    return Said(named["name"], named["message"], status)


def imported(name: str) -> list[str]:
    """What the messages of a recorded import say."""
    response = load(name).get("response") or {}
    answers = [one["result"] for one in response.get("results", [])] or [(response.get("body") or {})]
    results = [one.get("result", one) if isinstance(one, dict) else {} for one in answers]
    return [m["message"] for one in results if isinstance(one, dict) for m in one.get("messages") or []]


@pytest.fixture(scope="module")
def replay() -> Iterator[Replay]:
    with replaying() as server:
        server.other = lambda path, body: _before(path, body)
        yield server


def _before(path: str, body: Any) -> dict[str, Any] | None:
    """The answers to what the client asks first: the version, and who it is."""
    result: Any = None
    if path == "/web/webclient/version_info":
        result = {"server_version_info": [19, 0, 0, "final", 0, ""]}
    elif path == "/jsonrpc" and body["params"].get("method") == "login":
        result = 2
    return None if result is None else {"status": 200, "headers": {}, "body": {"jsonrpc": "2.0", "result": result}}


def error_of(replay: Replay, name: str) -> errors.BridgeError:
    """What the client makes of a recorded answer to a write, over the protocol of the recording."""
    recording = load(name)
    json2 = recording["request"]["url_path"].startswith("/json/")
    given = {"url": replay.url, "database": "main", "login": "admin", "password": "x", "api_key": "y"}
    client = Client("erp", settings("erp", {**given, "protocol": "json2" if json2 else "jsonrpc"}))
    replay.answer = recording["response"]
    with pytest.raises(errors.BridgeError) as raised:
        client.call("res.partner", "write", [1], writing=True, vals={})
    client.session.close()
    return raised.value


def test_every_row_has_a_source() -> None:
    assert [row for row in (*TABLE, *LOAD, *STATUSES) if len(row.source) < 6] == []


@needs_recordings
def test_every_recorded_error_is_expected_to_be_something() -> None:
    assert {name for name in names() if said(name)} == set(CLASS_OF)


@needs_recordings
@pytest.mark.parametrize("name", sorted(CLASS_OF))
def test_the_client_makes_of_a_recorded_answer_what_it_means(replay: Replay, name: str) -> None:
    error = error_of(replay, name)
    assert type(error) is CLASS_OF[name]
    told = f"{error} {error.vendor_code}"
    found = said(name)
    assert found is not None
    assert found.text.strip() not in told or len(found.text) < 8
    assert "<" not in told


@needs_recordings
@pytest.mark.parametrize("row", [*TABLE, *LOAD, *STATUSES], ids=lambda row: f"{row[0]}-{row[1]}")
def test_a_row_is_what_its_recordings_show(row: Row | StatusRow) -> None:
    for recording in recordings_of(row.source):
        name = recording.removeprefix("Odoo ")
        if row in LOAD:
            found = said(name)
            texts = imported(name) or ([found.text] if found else [])
            assert row in [row_of(LOAD, "load", text) for text in texts], name
        else:
            shown = said(name)
            assert shown is not None, name
            assert shown.row is row, name


@needs_recordings
def test_every_recorded_error_is_the_source_of_a_row() -> None:
    named = {one.removeprefix("Odoo ") for row in (*TABLE, *STATUSES) for one in recordings_of(row.source)}
    assert named == set(CLASS_OF)
    shown = {one.removeprefix("Odoo ") for row in LOAD for one in recordings_of(row.source)}
    assert {name for name in names() if imported(name)} <= shown


IMPORTS = {
    "18/178": [errors.MissingReference, errors.Rejected],
    "19/178": [errors.MissingReference, errors.Rejected],
    "18/182": [errors.NotFound],
    "19/182": [errors.NotFound],
    "18/183": [errors.Rejected],
    "19/183": [errors.Rejected],
    # a lost race: HTTP 200, no error, a message inside the result, and nobody tries again
    "19/373": [errors.Transient] * 3,
}


@needs_recordings
def test_the_messages_of_every_recorded_import_have_their_class() -> None:
    assert {name for name in names() if imported(name)} == set(IMPORTS)
    for name, classes in IMPORTS.items():
        found = [type(load_error({"message": text}, system="erp")) for text in imported(name)]
        assert found == classes, name


@needs_recordings
def test_an_unknown_database_is_told_as_one_that_may_be_down(replay: Replay) -> None:
    for name in ("18/008", "18/011", "19/008", "19/011", "19/030", "19/038"):
        error = error_of(replay, name)
        assert type(error) is errors.Transient, "a database that is being restored must not pause the system"
        assert error.message.startswith("does not know the database, or is not up")
        assert "`database`" in error.message
        assert "nodb" not in str(error)


def test_a_model_with_method_in_its_name_is_a_model() -> None:
    row = row_of(TABLE, "werkzeug.exceptions.NotFound", "the model 'account.payment.method' does not exist")
    assert row.error is errors.NoSuchObject
