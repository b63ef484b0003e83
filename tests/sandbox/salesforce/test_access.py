"""Log-in by all ways, sessions that end, quota, and the faults of this vendor."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.sandbox.salesforce.talk import BASE, GOOD, Talk

from bridge.sandbox.kernel import serve
from bridge.sandbox.salesforce import build

JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PASSWORD = {
    **GOOD,
    "grant_type": "password",
    "username": "integration@sandbox.example.com",
    "password": "sandbox-passwordsandbox-token",
}


def _token(url: str, form: dict[str, Any], **named: Any) -> requests.Response:
    return requests.post(f"{url}/services/oauth2/token", data=form, timeout=10, **named)


@pytest.mark.parametrize("form", [GOOD, PASSWORD, {**PASSWORD, "password": "sandbox-password"}])
def test_a_token_opens_the_org(talk: Talk, form: dict[str, str]) -> None:
    given = _token(talk.url, form).json()
    assert given["instance_url"] == talk.url
    assert given["issued_at"].isdecimal()
    headers = {"Authorization": f"Bearer {given['access_token']}"}
    assert requests.get(f"{talk.url}{BASE}/limits", headers=headers, timeout=10).status_code == 200


def test_client_credentials_may_come_as_basic(talk: Talk) -> None:
    pair = (GOOD["client_id"], GOOD["client_secret"])
    assert _token(talk.url, {"grant_type": "client_credentials"}, auth=pair).status_code == 200


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"client_id": "other"}, "invalid_client_id"),
        ({"client_secret": "other"}, "invalid_client"),
        ({"grant_type": "magic"}, "unsupported_grant_type"),
        ({**PASSWORD, "password": "other"}, "invalid_grant"),
        ({"grant_type": JWT_GRANT, "assertion": "no.jwt.atall"}, "invalid_grant"),
    ],
)
def test_wrong_credentials(talk: Talk, change: dict[str, str], error: str) -> None:
    answer = _token(talk.url, {**GOOD, **change})
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert set(answer.json()) == {"error", "error_description"}


def _pem() -> tuple[str, str]:
    key = rsa.generate_private_key(65537, 2048)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return secret.decode(), public.decode()


def test_a_jwt_is_checked_claim_by_claim() -> None:
    mine, public = _pem()
    stranger, _ = _pem()
    claims = {
        "iss": GOOD["client_id"],
        "sub": PASSWORD["username"],
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 180,
    }
    with serve(build(public_key=public)) as server:

        def outcome(key: str = mine, **change: Any) -> str:
            assertion = jwt.encode({**claims, **change}, key, algorithm="RS256")
            answer = _token(server.url, {"grant_type": JWT_GRANT, "assertion": assertion})
            return str(answer.json().get("error", answer.status_code))

        assert outcome() == "200"
        assert outcome(aud=server.url) == "200"
        assert outcome(key=stranger) == "invalid_grant"
        assert outcome(iss="other") == "invalid_client_id"
        assert outcome(sub="other@example.com") == "invalid_grant"
        assert outcome(aud="https://elsewhere.example.com") == "invalid_grant"
        assert outcome(exp=int(time.time()) - 1) == "invalid_grant"
        assert outcome(exp=int(time.time()) + 3600) == "invalid_grant"


def test_the_versions_need_no_session_and_all_else_does(talk: Talk) -> None:
    versions = requests.get(f"{talk.url}/services/data", timeout=10)
    assert versions.status_code == 200
    assert set(versions.json()[-1]) == {"label", "url", "version"}
    answer = requests.get(f"{talk.url}{BASE}/sobjects", timeout=10)
    assert answer.status_code == 401
    assert answer.json() == [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]


def test_a_session_ends_after_two_hours(talk: Talk) -> None:
    talk.control("clock", advance=7190)
    assert talk.call("GET", "limits").status_code == 200
    talk.control("clock", advance=20)
    assert talk.refused("GET", "limits") == (401, "INVALID_SESSION_ID")
    talk.log_in()
    assert talk.call("GET", "limits").status_code == 200


def test_the_quota_is_counted_and_ends(talk: Talk) -> None:
    with serve(build(quota=3)) as server:
        small = Talk(server.url)
        assert [small.call("GET", "sobjects").headers["Sforce-Limit-Info"] for _ in range(3)] == [
            "api-usage=1/3",
            "api-usage=2/3",
            "api-usage=3/3",
        ]
        assert small.refused("GET", "sobjects") == (403, "REQUEST_LIMIT_EXCEEDED")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("expired_token", (401, "INVALID_SESSION_ID")),
        ("quota", (403, "REQUEST_LIMIT_EXCEEDED")),
        ("concurrent", (403, "REQUEST_LIMIT_EXCEEDED")),
        ("server_unavailable", (503, "SERVER_UNAVAILABLE")),
        ("lock_row", (400, "UNABLE_TO_LOCK_ROW")),
        ("trigger_lock", (400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")),
    ],
)
def test_a_fault_strikes_once(talk: Talk, kind: str, expected: tuple[int, str]) -> None:
    talk.control("faults", kind=kind, operation="create Account")
    assert talk.names("") == []
    assert talk.refused("POST", "sobjects/Account", {"Name": "Acme"}) == expected
    if kind == "expired_token":
        talk.log_in()
    assert talk.names("") == []
    talk.account()
    assert talk.names("") == ["Acme"]


@pytest.mark.parametrize(
    ("kind", "code"), [("lock_row", "UNABLE_TO_LOCK_ROW"), ("trigger_lock", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY")]
)
def test_a_locked_row_is_told_in_its_own_outcome(talk: Talk, kind: str, code: str) -> None:
    talk.control("faults", kind=kind, operation="create Account", rows=5)
    records = [{"attributes": {"type": "Account"}, "Name": name} for name in ("a", "b")]
    outcomes = talk.call("POST", "composite/sobjects", {"records": records}).json()
    assert [one["errors"][0]["statusCode"] for one in outcomes] == [code] * 2
    assert all("UNABLE_TO_LOCK_ROW" in str(one) or "exclusive access" in str(one) for one in outcomes)
    outcomes = talk.call("POST", "composite/sobjects", {"records": records}).json()
    assert [one["success"] for one in outcomes] == [True, True], "the fault must not outlive its call"


def test_a_late_commit_keeps_the_older_stamp(talk: Talk) -> None:
    talk.control("clock", freeze=True)
    talk.control("faults", kind="late_commit", operation="create Account", seconds=30)
    late = talk.account(Name="late")
    talk.control("clock", advance=10)
    early = talk.account(Name="early")
    assert talk.names("") == ["early"]
    assert talk.refused("GET", f"sobjects/Account/{late}") == (404, "NOT_FOUND")
    talk.control("clock", advance=21)
    assert talk.names("ORDER BY SystemModstamp") == ["late", "early"]
    assert talk.read(late)["SystemModstamp"] < talk.read(early)["SystemModstamp"]
