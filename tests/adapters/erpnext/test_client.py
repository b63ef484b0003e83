"""The client against answers that no application gave: pages, redirects, limits, silence."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
import requests
import responses

from bridge.adapters.erpnext.client import Client
from bridge.adapters.erpnext.settings import load
from bridge.ports import errors

SITE = "https://erp.example.com"
KEY, SECRET = "k3y-of-the-user", "s3cr3t-of-the-user"
LIST = f"{SITE}/api/method/frappe.client.get_list"
MANY = f"{SITE}/api/method/frappe.client.insert_many"

Call = Callable[[Client], object]


def read(client: Client) -> object:
    return client.rows("Customer", ["name"])


def write(client: Client) -> object:
    return client.insert_many([{"doctype": "Customer"}])


@pytest.fixture
def client() -> Client:
    return Client("fin", load("fin", {"url": SITE, "api_key": KEY, "api_secret": SECRET}))


@pytest.mark.parametrize(("call", "cls"), [(read, errors.Transient), (write, errors.InDoubt)])
@responses.activate
def test_a_page_with_status_200(client: Client, call: Call, cls: type[Exception]) -> None:
    responses.post(LIST, body="<html>log in</html>", content_type="text/html")
    responses.post(MANY, body="<html>log in</html>", content_type="text/html")
    with pytest.raises(errors.BridgeError) as raised:
        call(client)
    assert type(raised.value) is cls


@pytest.mark.parametrize("call", [read, write])
@responses.activate
def test_a_redirect_is_not_followed(client: Client, call: Call) -> None:
    for url in (LIST, MANY):
        responses.post(url, status=302, headers={"Location": f"{SITE}/login"})
    with pytest.raises(errors.Transient, match="redirect"):
        call(client)
    assert len(responses.calls) == 1


@pytest.mark.parametrize("call", [read, write])
@responses.activate
def test_a_rate_limit_tells_how_long_to_wait(client: Client, call: Call) -> None:
    for url in (LIST, MANY):
        responses.post(url, status=429, json={"exc_type": "TooManyRequestsError"}, headers={"Retry-After": "29"})
    with pytest.raises(errors.RateLimited) as raised:
        call(client)
    assert raised.value.after == 29.0


@pytest.mark.parametrize(("call", "cls"), [(read, errors.Transient), (write, errors.InDoubt)])
@responses.activate
def test_a_gateway_that_gave_up(client: Client, call: Call, cls: type[Exception]) -> None:
    for url in (LIST, MANY):
        responses.post(url, status=504, body="<html>504</html>")
    with pytest.raises(errors.BridgeError) as raised:
        call(client)
    assert type(raised.value) is cls


@pytest.mark.parametrize("status", [404, 400, 405, 503])
@responses.activate
def test_a_page_with_an_error_status_means_that_nothing_was_written(client: Client, status: int) -> None:
    responses.post(MANY, status=status, body="<!doctype html><title>no such site</title>")
    with pytest.raises(errors.BridgeError) as raised:
        write(client)
    assert type(raised.value) is errors.Transient


@pytest.mark.parametrize(
    ("fault", "call", "cls"),
    [
        (requests.exceptions.ReadTimeout("timed out"), read, errors.Transient),
        (requests.exceptions.ReadTimeout("timed out"), write, errors.InDoubt),
        (requests.exceptions.ConnectTimeout("timed out"), write, errors.Transient),
        (requests.exceptions.ConnectionError("Connection refused"), write, errors.Transient),
        (requests.exceptions.ConnectionError("Connection aborted"), write, errors.InDoubt),
        (requests.exceptions.ChunkedEncodingError("broken"), write, errors.InDoubt),
    ],
)
@responses.activate
def test_silence(client: Client, fault: Exception, call: Call, cls: type[Exception]) -> None:
    for url in (LIST, MANY):
        responses.post(url, body=fault)
    with pytest.raises(errors.BridgeError) as raised:
        call(client)
    assert type(raised.value) is cls
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@responses.activate
def test_the_token_goes_out_and_nowhere_else(client: Client) -> None:
    responses.post(LIST, status=401, json={"exc_type": "AuthenticationError"})
    with pytest.raises(errors.AuthFailed) as raised:
        read(client)
    assert responses.calls[0].request.headers["Authorization"] == f"token {KEY}:{SECRET}"
    shown = [raised.value, client, client.__dict__, client.session.headers, client.session.auth]
    told = "".join(f"{one!s}{one!r}" for one in shown)
    assert SECRET not in told
    assert KEY not in told


@responses.activate
def test_the_guest_cookie_of_every_answer_is_not_kept(client: Client) -> None:
    responses.post(LIST, json={"message": []}, headers={"Set-Cookie": "sid=Guest; Path=/"})
    read(client)
    read(client)
    assert "Cookie" not in responses.calls[1].request.headers


@responses.activate
def test_no_digit_of_a_number_is_lost(client: Client) -> None:
    responses.post(LIST, body='{"message": [{"rate": 123456789012345678.25, "id": 123456789012345678}]}')
    assert client.rows("Item", ["rate"]) == [{"rate": Decimal("123456789012345678.25"), "id": 123456789012345678}]


@responses.activate
def test_names_are_encoded_whole(client: Client) -> None:
    name = 'A/B Slash? #1 100% \\ "ü😀"'
    responses.add_callback(responses.PUT, re.compile(".*"), lambda r: (200, {}, '{"data": {}}'))
    client.put("Customer", name, {"website": None})
    path = str(responses.calls[0].request.url).removeprefix(SITE)
    assert path == "/api/resource/Customer/A%2FB%20Slash%3F%20%231%20100%25%20%5C%20%22%C3%BC%F0%9F%98%80%22"


@responses.activate
def test_an_answer_with_fewer_names_than_documents_is_in_doubt(client: Client) -> None:
    responses.post(MANY, json={"message": []})
    with pytest.raises(errors.InDoubt):
        write(client)
