"""Protocols: log-in, sessions, JSON-2, odoorpc as it is, and the faults."""

from __future__ import annotations

from typing import Any

import odoorpc
import pytest
import requests


def test_a_wrong_password_is_false_at_log_in_and_denied_in_a_call(talk: Any) -> None:
    assert talk.rpc("common", "authenticate", "acme", "admin", "admin", {})["result"] == 2
    assert talk.rpc("common", "authenticate", "acme", "admin", "sandbox-api-key", {})["result"] == 2
    assert talk.rpc("common", "authenticate", "acme", "admin", "no", {})["result"] is False
    answer = talk.rpc("object", "execute_kw", "acme", 2, "no", "res.partner", "search", [[]], {})
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessDenied"
    assert answer["error"]["code"] == (0 if talk.version == "19" else 200)


def test_a_limited_user_may_not_change_companies(talk: Any) -> None:
    args = ("acme", 5, "limited", "res.company", "write", [[1], {"name": "x"}], {})
    answer = talk.rpc("object", "execute_kw", *args)
    assert answer["error"]["data"]["name"] == "odoo.exceptions.AccessError"


def test_a_session_lasts_until_it_is_destroyed(talk: Any) -> None:
    url, session = talk.server.url, requests.Session()
    params = {"db": "acme", "login": "admin", "password": "admin"}
    info = session.post(f"{url}/web/session/authenticate", json={"params": params}, timeout=10).json()
    assert info["result"]["uid"] == 2
    call = {"params": {"model": "res.partner", "method": "search_count", "args": [[]], "kwargs": {}}}
    assert session.post(f"{url}/web/dataset/call_kw", json=call, timeout=10).json()["result"] > 0
    session.post(f"{url}/web/session/destroy", json={"params": {}}, timeout=10)
    assert session.post(f"{url}/web/dataset/call_kw", json=call, timeout=10).json()["error"]["code"] == 100


def test_json2_takes_keywords_and_tells_by_status(talk19: Any) -> None:
    made = talk19.json2("res.partner", "create", vals_list={"name": "J"})
    assert (made.status_code, len(made.json())) == (200, 1)
    assert talk19.json2("res.partner", "write", ids=made.json(), vals={"city": "Gent"}).json() is True
    assert talk19.json2("res.partner", "action_archive", ids=made.json()).json() is None
    assert talk19.json2("res.partner", "search", key="other", domain=[]).status_code == 401
    assert talk19.json2("res.partner", "search", ids=[1], domain=[]).status_code == 422
    assert talk19.json2("res.partner", "write", ids=[1]).status_code == 422
    assert talk19.json2("res.partner", "nosuch").status_code == 404
    assert talk19.json2("res.partner", "write", ids=[99999], vals={}).status_code == 404
    assert talk19.json2("res.partner", "_write", ids=[1], vals={}).status_code == 403


def test_18_has_no_json2(talk18: Any) -> None:
    assert talk18.json2("res.partner", "search", domain=[]).status_code == 404


def test_odoorpc_works_as_it_is(talk: Any) -> None:
    odoo = odoorpc.ODOO("127.0.0.1", port=talk.server.port)
    assert odoo.version == f"{talk.version}.0"
    with pytest.raises(odoorpc.error.RPCError):
        odoo.login("acme", "admin", "wrong")
    odoo.login("acme", "admin", "admin")
    assert odoo.env.user.name == "Mitchell Admin"
    partners = odoo.env["res.partner"]
    company = partners.browse(partners.create({"name": "Corp", "is_company": True, "country_id": 20}))
    company.city = "Gent"
    child = partners.browse(partners.create({"name": "Ann", "parent_id": company.id}))
    assert (child.parent_id.name, child.city, child.country_id.code) == ("Corp", "Gent", "BE")
    assert odoo.env.ref("base.be").id == 20
    with pytest.raises(odoorpc.error.RPCError) as refused:
        partners.create({"nosuch": 1})
    assert refused.value.info["data"]["name"] == "builtins.ValueError"


@pytest.mark.parametrize(
    ("kind", "name", "words"),
    [
        ("serialization", "SerializationFailure", "could not serialize access"),
        ("lock_row", "LockNotAvailable", 'could not obtain lock on row in relation "res_partner"'),
    ],
)
def test_a_lost_race_is_an_error_but_inside_the_result_of_load(talk: Any, kind: str, name: str, words: str) -> None:
    talk.control("faults", kind=kind, operation="create res.partner")
    assert talk.error("res.partner", "create", {"name": "x"}) == f"psycopg2.errors.{name}"
    talk.control("faults", kind=kind, operation="load *")
    told = talk.call("res.partner", "load", ["id", "name"], [["__crm__.x", "X"]])
    assert told["ids"] is False
    assert words in told["messages"][0]["message"]
    assert talk.call("res.partner", "load", ["id", "name"], [["__crm__.x", "X"]])["ids"]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("expired_session", "odoo.http.SessionExpiredException"),
        ("access_error", "odoo.exceptions.AccessError"),
        ("database_down", "psycopg2.OperationalError"),
    ],
)
def test_faults_strike_once_and_nothing_is_done(talk: Any, kind: str, name: str) -> None:
    talk.control("faults", kind=kind, operation="create res.partner")
    assert talk.error("res.partner", "create", {"name": "x", "ref": "fault"}) == name
    assert talk.call("res.partner", "search_count", [["ref", "=", "fault"]]) == 0
    assert talk.partner(ref="fault")


def test_a_late_commit_shows_up_later_with_the_earlier_stamp(talk: Any) -> None:
    talk.control("clock", set="2026-03-04T05:06:07.5+00:00")
    talk.control("clock", freeze=True)
    talk.control("faults", kind="late_commit", operation="create res.partner", seconds=60)
    late = talk.partner(ref="late")
    talk.control("clock", advance=30)
    quick = talk.partner(ref="late")
    assert talk.call("res.partner", "search", [["ref", "=", "late"]]) == [quick]
    talk.control("clock", advance=31)
    assert talk.call("res.partner", "search", [["ref", "=", "late"]], order="id") == [late, quick]
    assert talk.read(late, "write_date")["write_date"] == "2026-03-04 05:06:07"


def test_passwords_are_neither_read_nor_dumped(talk: Any) -> None:
    assert talk.call("res.users", "read", [2], ["password"]) == [{"id": 2, "password": False}]
    dump = requests.get(f"{talk.server.url}/__sandbox__/dump", timeout=10)
    assert "password" not in dump.json()["res.users"]["2"]
    assert "sandbox-api-key" not in dump.text
