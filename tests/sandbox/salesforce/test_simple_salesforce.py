"""The library as it is, over TLS, with a throw-away certificate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)
from tests.sandbox.salesforce.talk import GOOD

from bridge.sandbox.kernel import PREFIX, Server, serve
from bridge.sandbox.salesforce import build

USER = {"username": "integration@sandbox.example.com", "password": "sandbox-password"}


class ToLoopback(HTTPAdapter):
    """Leads what the library sends to *.salesforce.com, a name it has built in, to the sandbox."""

    def __init__(self, server: Server) -> None:
        super().__init__()
        self._url = server.url

    def send(self, request: requests.PreparedRequest, *args: Any, **named: Any) -> requests.Response:
        parts = urlsplit(str(request.url))
        request.url = f"{self._url}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        return super().send(request, *args, **named)


@pytest.fixture
def server() -> Iterator[Server]:
    with serve(build(key_field=True), tls=True) as server:
        yield server


@pytest.fixture
def session(server: Server) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(server.certificate)
        session.mount("https://login.salesforce.com", ToLoopback(server))
        session.mount("https://acme.my.salesforce.com", ToLoopback(server))
        yield session


def _round(sf: Salesforce) -> None:
    """Create, read, change, upsert, query over pages, delete."""
    accounts = sf.Account
    id_ = accounts.create({"Name": "O'Neil", "Credit__c": 10.5})["id"]
    assert accounts.update(id_, {"Phone": "+49 30 1"}) == 204
    assert accounts.get(id_)["Phone"] == "+49 30 1"
    assert accounts.upsert("Bridge_Id__c/k-1", {"Name": "keyed"}) == 201
    assert accounts.upsert("Bridge_Id__c/k-1", {"Phone": "2"}) == 200
    assert accounts.get_by_custom_id("Bridge_Id__c", "k-1")["Phone"] == "2"
    records = [{"attributes": {"type": "Account"}, "Name": f"n{n:03}"} for n in range(200)]
    outcomes = sf.restful("composite/sobjects", method="POST", json={"allOrNone": False, "records": records})
    assert all(one["success"] for one in outcomes)
    options = {"headers": {"Sforce-Query-Options": "batchSize=200"}}
    rows = list(sf.query_all_iter("SELECT Name FROM Account ORDER BY Name", **options))
    assert [row["Name"] for row in rows] == ["keyed", *(f"n{n:03}" for n in range(200)), "O'Neil"]
    assert accounts.delete(id_) == 204
    assert sf.query_all(f"SELECT IsDeleted FROM Account WHERE Id = '{id_}'", include_deleted=True)["totalSize"] == 1
    assert any(field["name"] == "Name" for field in accounts.describe()["fields"])
    assert sf.limits()["DailyApiRequests"]["Max"] == 100_000
    with pytest.raises(SalesforceResourceNotFound):
        accounts.get(id_)
    with pytest.raises(SalesforceMalformedRequest):
        sf.query("SELECT Nope FROM Account")


def test_user_name_and_password(session: requests.Session) -> None:
    _round(Salesforce(**USER, security_token="sandbox-token", session=session))


def test_client_credentials(session: requests.Session) -> None:
    keys = {"consumer_key": GOOD["client_id"], "consumer_secret": GOOD["client_secret"]}
    _round(Salesforce(**keys, domain="acme.my", session=session))


def test_a_session_from_elsewhere(server: Server, session: requests.Session) -> None:
    token = session.post(f"{server.url}/services/oauth2/token", data=GOOD, timeout=10).json()["access_token"]
    sf = Salesforce(session_id=token, instance_url=server.url, session=session)
    _round(sf)
    session.post(f"{server.url}{PREFIX}faults", json={"kind": "expired_token"}, timeout=10)
    with pytest.raises(SalesforceExpiredSession):
        sf.query("SELECT Id FROM Account")


def test_a_wrong_password(session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed) as refused:
        Salesforce(**USER, security_token="other", session=session)
    assert refused.value.code == "INVALID_LOGIN"


def test_a_session_is_renewed_after_it_ended(server: Server, session: requests.Session) -> None:
    sf = Salesforce(**USER, security_token="sandbox-token", session=session)
    session.post(f"{server.url}{PREFIX}faults", json={"kind": "expired_token"}, timeout=10)
    assert sf.query("SELECT Id FROM User")["totalSize"] == 3
