"""Tokens, sessions, rights, faults, the control plane."""

from __future__ import annotations

from base64 import b64encode

import pytest
import requests
from tests.sandbox.erpnext.talk import Talk

USER = {"email": "sam@x.example", "first_name": "Sam", "api_key": "sam", "api_secret": "s3", "new_password": "pass"}


@pytest.fixture
def sam(talk: Talk) -> Talk:
    """A sales user."""
    values = {**USER, "roles": [{"role": "Sales User"}]}
    talk.control("seed", {"records": [{"object": "User", "values": values}]})
    return Talk(talk.url, "sam:s3")


@pytest.mark.parametrize("header", ["token key:wrong", "token nocolon", "Bearer abc", "Basic !!"])
def test_a_bad_token_is_refused(talk: Talk, header: str) -> None:
    answer = talk.ask("GET", "/api/resource/Customer", headers={"Authorization": header})
    assert talk.refused(answer) == (401, "AuthenticationError")


def test_a_token_may_come_as_basic(talk: Talk) -> None:
    header = "Basic " + b64encode(b"key:secret").decode()
    answer = talk.ask("GET", "/api/method/frappe.auth.get_logged_user", headers={"Authorization": header})
    assert answer.json() == {"message": "Administrator"}


def test_guests_may_ping_and_nothing_else(talk: Talk) -> None:
    guest = Talk(talk.url, "")
    assert guest.ask("GET", "/api/method/ping").json() == {"message": "pong"}
    assert guest.refused(guest.ask("GET", "/api/resource/Customer")) == (403, "PermissionError")
    assert guest.refused(guest.call("get_list", doctype="Customer")) == (403, "PermissionError")


def test_rights_go_by_roles(sam: Talk) -> None:
    sam.insert("Customer", customer_name="A")
    assert sam.refused(sam.ask("DELETE", "/api/resource/Customer/A")) == (403, "PermissionError")
    assert sam.refused(sam.call("get_list", doctype="Deleted Document")) == (403, "PermissionError")
    field = {"dt": "Customer", "fieldname": "x", "label": "x", "fieldtype": "Data"}
    assert sam.refused(sam.ask("POST", "/api/resource/Custom Field", json=field)) == (403, "PermissionError")
    held = sam.call("get_doc_permissions", doctype="Customer", docname="A").json()["message"]["permissions"]
    assert (held["write"], held["delete"]) == (1, 0)


def test_secrets_of_users_are_not_shown(sam: Talk, talk: Talk) -> None:
    assert "s3" not in talk.ask("GET", "/api/resource/User/sam@x.example").text
    assert talk.rows("User", fields=["api_secret"], filters={"name": "sam@x.example"}) == [{"api_secret": "*" * 10}]


def test_a_session_that_opened_the_desk_needs_its_csrf_token(sam: Talk) -> None:
    guest = Talk(sam.url, "")
    login = {"usr": "sam@x.example", "pwd": "pass"}
    assert guest.refused(guest.ask("POST", "/api/method/login", data={**login, "pwd": "no"})) == (
        401,
        "AuthenticationError",
    )
    sid = guest.ask("POST", "/api/method/login", data=login).cookies["sid"]
    cookie = {"Cookie": f"sid={sid}"}

    def post(name: str, **headers: str) -> requests.Response:
        own = {**cookie, **headers}
        return requests.post(f"{sam.url}/api/resource/Customer", json={"customer_name": name}, headers=own, timeout=10)

    assert post("A").status_code == 200
    page = requests.get(f"{sam.url}/app", headers=cookie, timeout=10).text
    assert sam.refused(post("B")) == (400, "CSRFTokenError")
    token = page.partition('csrf_token = "')[2].partition('"')[0]
    assert post("B", **{"X-Frappe-CSRF-Token": token}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("lock_wait", 500, "QueryTimeoutError"),
        ("deadlock", 500, "QueryDeadlockError"),
        ("too_many_requests", 429, "TooManyRequestsError"),
        ("expired_token", 401, "AuthenticationError"),
        ("maintenance", 503, "SessionStopped"),
        ("no_permission", 403, "PermissionError"),
    ],
)
def test_faults_leave_nothing_behind(talk: Talk, kind: str, status: int, name: str) -> None:
    talk.control("faults", {"kind": kind, "operation": "insert Customer", "seconds": 7})
    answer = talk.ask("POST", "/api/resource/Customer", json={"customer_name": "A"})
    assert talk.refused(answer) == (status, name)
    assert (answer.headers.get("Retry-After") == "7") is (kind == "too_many_requests")
    assert talk.rows("Customer") == []
    talk.insert("Customer", customer_name="A")


def test_a_late_commit_is_seen_later_with_its_earlier_stamp(talk: Talk) -> None:
    talk.control("clock", {"freeze": True})
    talk.insert("Customer", customer_name="Old", website="before")
    talk.control("faults", {"kind": "late_commit", "operation": "insert_many *", "seconds": 10})
    talk.control("faults", {"kind": "late_commit", "operation": "update Customer", "seconds": 10})
    talk.call("insert_many", docs=[{"doctype": "Customer", "customer_name": "Late"}])
    late = talk.ask("PUT", "/api/resource/Customer/Old", json={"website": "after"}).json()["data"]["modified"]
    talk.control("clock", {"advance": 5})
    talk.insert("Customer", customer_name="New")
    seen = {row["name"]: row["website"] for row in talk.rows("Customer", fields=["name", "website"])}
    assert seen == {"Old": "before", "New": None}
    assert talk.ask("GET", "/api/resource/Customer/Late").status_code == 404
    assert talk.ask("GET", "/api/resource/Customer/Old").json()["data"]["website"] == "before"
    talk.control("clock", {"advance": 6})
    rows = {row["name"]: row for row in talk.rows("Customer", fields=["name", "website", "modified"])}
    assert rows["Old"] == {"name": "Old", "website": "after", "modified": late}
    assert rows["Late"]["modified"] < rows["New"]["modified"]


def test_a_user_works_in_the_screens(talk: Talk) -> None:
    made = talk.control("insert", {"object": "Customer", "values": {"customer_name": "A"}})["id"]
    talk.control("edit", {"object": "Customer", "id": made, "values": {"website": "w"}})
    row = talk.rows("Customer", fields=["website", "modified_by"])[0]
    assert row == {"website": "w", "modified_by": "clerk@erpnext.example"}
    assert talk.control("dump")["Customer"]["A"]["website"] == "w"
    talk.control("delete", {"object": "Customer", "id": made})
    assert talk.rows("Customer") == []


def test_without_tracebacks_only_class_and_messages_remain(talk: Talk) -> None:
    talk.ask("PUT", "/api/resource/System Settings/System Settings", json={"allow_error_traceback": 0})
    body = talk.ask("POST", "/api/resource/Customer", json={}).json()
    assert set(body) == {"exc_type", "_server_messages"}


def test_the_second_version_tells_errors_in_a_list(talk: Talk) -> None:
    answer = talk.ask("GET", "/api/v2/document/Customer/Nope")
    assert (answer.status_code, answer.json()["errors"][0]["type"]) == (404, "DoesNotExistError")
    made = talk.ask("POST", "/api/v2/document/Customer", json={"customer_name": "A"}).json()["data"]["name"]
    assert talk.ask("PATCH", f"/api/v2/document/Customer/{made}", json={"website": "w"}).status_code == 200
    assert talk.ask("GET", "/api/v2/doctype/Customer/count").json() == {"data": 1}
    assert talk.ask("DELETE", f"/api/v2/document/Customer/{made}").status_code == 202
