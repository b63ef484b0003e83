"""The client against expiry, pages, redirects, limits and silence; and one log-in however many callers need it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs

import jwt
import pytest
import requests
import responses
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from bridge.adapters.salesforce.client import Client
from bridge.adapters.salesforce.settings import load
from bridge.adapters.salesforce.tokens import Tokens
from bridge.ports import errors
from bridge.transport.session import PooledSession

ORG = "https://acme.my.salesforce.com"
SECRET = "s3cr3t-of-the-app"
GOOD = {"instance_url": ORG, "client_id": "the-app-0001", "client_secret": SECRET}
LOGIN = f"{ORG}/services/oauth2/token"
QUERY = f"{ORG}/services/data/v62.0/query"
COLLECTION = f"{ORG}/services/data/v62.0/composite/sobjects"
EXPIRED = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]

Call = Callable[[Client], object]


def read(client: Client) -> object:
    return client.query("SELECT Id FROM Account WHERE Name = 'Jane Doe 47'")


def write(client: Client) -> object:
    return client.call("PATCH", "composite/sobjects", body={"records": []}, writing=True, headers={"X-Guard": "kept"})


@pytest.fixture
def net() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock


@pytest.fixture
def client(net: responses.RequestsMock) -> Client:
    for n in range(1, 9):
        net.post(LOGIN, json={"access_token": f"session-{n}-secret", "instance_url": "https://elsewhere.example.com"})
    return Client("crm", load("crm", GOOD))


def _logins(net: responses.RequestsMock) -> int:
    return sum(call.request.url == LOGIN for call in net.calls)


def test_an_ended_session_is_renewed_once_and_the_headers_are_kept(net: responses.RequestsMock, client: Client) -> None:
    net.patch(COLLECTION, status=401, json=EXPIRED)
    net.patch(COLLECTION, json=[])
    assert write(client) == []
    sent = [call.request for call in net.calls if call.request.method == "PATCH"]
    assert [request.headers["X-Guard"] for request in sent] == ["kept", "kept"]
    assert [request.headers["Authorization"] for request in sent] == [
        "Bearer session-1-secret",
        "Bearer session-2-secret",
    ]
    assert sent[0].body == sent[1].body
    assert client.session.calls == 4


@pytest.mark.parametrize("body", [json.dumps(EXPIRED), "<html>no</html>", '{"message": "odd"}', ""])
def test_a_fresh_session_that_is_refused_ends_it(net: responses.RequestsMock, client: Client, body: str) -> None:
    net.get(QUERY, status=401, body=body)
    with pytest.raises(errors.AuthFailed) as refused:
        read(client)
    assert _logins(net) == 2
    assert "Jane" not in str(refused.value)


def test_a_403_about_the_session_is_an_expiry_too(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, status=403, json=EXPIRED)
    net.get(QUERY, json={"records": [], "done": True})
    assert read(client) == ([], True)


def test_a_token_that_was_given_cannot_be_renewed(net: responses.RequestsMock) -> None:
    client = Client("crm", load("crm", {"instance_url": ORG, "grant": "token", "access_token": "given-secret"}))
    net.get(QUERY, status=401, json=EXPIRED)
    with pytest.raises(errors.AuthFailed):
        read(client)
    assert len(net.calls) == 1
    assert "given-secret" not in repr(client) + repr(client.tokens) + repr(client.tokens.current())


@pytest.mark.parametrize(("call", "error"), [(read, errors.Transient), (write, errors.InDoubt)])
def test_a_page_in_place_of_data(
    net: responses.RequestsMock, client: Client, call: Call, error: type[Exception]
) -> None:
    for method in ("GET", "PATCH"):
        net.add(method, QUERY if method == "GET" else COLLECTION, body="<html>log in</html>", content_type="text/html")
    with pytest.raises(error) as met:
        call(client)
    assert type(met.value) is error


@pytest.mark.parametrize("status", [301, 302, 307])
@pytest.mark.parametrize("call", [read, write])
def test_a_redirect_is_not_followed(net: responses.RequestsMock, client: Client, call: Call, status: int) -> None:
    for method, url in (("GET", QUERY), ("PATCH", COLLECTION)):
        net.add(method, url, status=status, headers={"Location": "https://elsewhere.example.com/"})
    with pytest.raises(errors.Transient, match="redirect"):
        call(client)
    assert len(net.calls) == 2


def test_429_tells_how_long_to_wait(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, status=429, headers={"Retry-After": "7"})
    with pytest.raises(errors.RateLimited) as limited:
        read(client)
    assert limited.value.after == 7.0


def test_the_allowance_is_noted(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, json={"records": [], "done": True}, headers={"Sforce-Limit-Info": "api-usage=18/5000"})
    read(client)
    assert client.usage == (18, 5000)


@pytest.mark.parametrize(
    ("call", "fault", "error"),
    [
        (read, requests.exceptions.ReadTimeout("…"), errors.Transient),
        (write, requests.exceptions.ReadTimeout("…"), errors.InDoubt),
        (write, requests.exceptions.ConnectTimeout("…"), errors.Transient),
        (write, requests.exceptions.ChunkedEncodingError("…"), errors.InDoubt),
    ],
)
def test_silence(
    net: responses.RequestsMock, client: Client, call: Call, fault: Exception, error: type[Exception]
) -> None:
    net.get(QUERY, body=fault)
    net.patch(COLLECTION, body=fault)
    with pytest.raises(error) as met:
        call(client)
    assert type(met.value) is error
    assert met.value.__context__ is None, "the fault's own text holds the address"


@pytest.mark.parametrize("status", [502, 504, 500])
def test_a_server_s_own_error_leaves_a_write_in_doubt(net: responses.RequestsMock, client: Client, status: int) -> None:
    net.patch(COLLECTION, status=status, body="<html>bad</html>")
    net.get(QUERY, status=status, body="<html>bad</html>")
    with pytest.raises(errors.InDoubt):
        write(client)
    with pytest.raises(errors.Transient):
        read(client)


def test_numbers_keep_their_digits(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, body='{"records": [{"Credit__c": 1234567890123456.05}], "done": true}')
    rows, _ = client.query("SELECT Credit__c FROM Account")
    assert rows[0]["Credit__c"] == Decimal("1234567890123456.05")


def test_a_list_is_read_to_its_end_wherever_the_server_cuts_it(net: responses.RequestsMock, client: Client) -> None:
    following = "/services/data/v62.0/query/01g000000000001-2000"
    net.get(QUERY, json={"records": [{"Id": "a"}], "done": False, "nextRecordsUrl": following})
    net.get(ORG + following, json={"records": [{"Id": "b"}], "done": True})
    assert [row["Id"] for row in client.rows("SELECT Id FROM Account")] == ["a", "b"]


def test_a_list_without_its_end_is_an_error(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, json={"records": [{"Id": "a"}], "done": False})
    with pytest.raises(errors.Transient):
        list(client.rows("SELECT Id FROM Account"))


def test_the_session_goes_to_the_configured_host_only(net: responses.RequestsMock, client: Client) -> None:
    net.get(QUERY, json={"records": [], "done": True})
    read(client)
    assert all(str(call.request.url).startswith(ORG) for call in net.calls)


def test_refused_credentials_are_not_tried_in_a_row(net: responses.RequestsMock) -> None:
    net.post(LOGIN, status=400, json={"error": "invalid_client", "error_description": "invalid client credentials"})
    client = Client("crm", load("crm", GOOD))
    for _ in range(3):
        with pytest.raises(errors.AuthFailed) as refused:
            read(client)
        assert SECRET not in str(refused.value)
    assert _logins(net) == 1, "Salesforce locks a user out who tries again and again"


def test_a_log_in_that_could_not_be_made_is_transient(net: responses.RequestsMock) -> None:
    net.post(LOGIN, status=503, body="<html>maintenance</html>")
    with pytest.raises(errors.Transient):
        read(Client("crm", load("crm", GOOD)))


class _Slow(Tokens):
    """Counts the log-ins and takes its time for each."""

    made = 0

    def _ask(self, form: dict[str, str]) -> dict[str, object]:
        time.sleep(0.05)
        self.made += 1
        return {"access_token": f"session-{self.made}"}


def test_twelve_callers_meeting_one_expiry_log_in_once() -> None:
    tokens = _Slow("crm", load("crm", GOOD), PooledSession())
    used = tokens.current()
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(tokens.renew(used).value)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert got == ["session-2"] * 12
    assert tokens.made == 2


def test_the_jwt_says_who_for_whom_and_until_when(net: responses.RequestsMock) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    settings = {
        "instance_url": ORG,
        "grant": "jwt_bearer",
        "client_id": "the-app-0001",
        "username": "bridge@acme.example",
        "private_key": pem,
    }
    net.post(LOGIN, json={"access_token": "session-1"})
    Client("crm", load("crm", settings)).tokens.current()
    form = parse_qs(str(net.calls[0].request.body))
    assert form["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = jwt.decode(
        form["assertion"][0], key.public_key(), algorithms=["RS256"], audience="https://login.salesforce.com"
    )
    assert (claims["iss"], claims["sub"]) == ("the-app-0001", "bridge@acme.example")
    assert 0 < claims["exp"] - time.time() <= 200


def test_a_key_that_is_none_is_told_without_showing_it(net: responses.RequestsMock) -> None:
    settings = {
        "instance_url": ORG,
        "grant": "jwt_bearer",
        "client_id": "a",
        "username": "b",
        "private_key": "-----BEGIN secret-47",
    }
    with pytest.raises(errors.ConfigError, match="private_key") as refused:
        Client("crm", load("crm", settings)).tokens.current()
    assert "secret-47" not in str(refused.value)
    assert refused.value.__context__ is None


def test_an_entry_of_netrc_does_not_replace_the_session(
    net: responses.RequestsMock, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine acme.my.salesforce.com login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    net.get(QUERY, json={"records": [], "done": True})
    read(client)
    assert net.calls[-1].request.headers["Authorization"] == "Bearer session-1-secret"
    assert "Authorization" not in net.calls[0].request.headers
