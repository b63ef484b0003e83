"""What adapters of other authors begin with: JSON over HTTP, and values as bridge takes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import responses
from pydantic import SecretStr

from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, Rejected, Transient, Unsupported
from bridge.ports.reading import ReadsOnly
from bridge.ports.records import ObjectSpec
from bridge.transport.answers import StatusRow
from bridge.transport.json_api import SERVER_ERRORS, JsonApi, plain

URL = "https://shop.example"
TABLE = (StatusRow(401, 401, AuthFailed, AuthFailed, "refuses the token", "a manual"), *SERVER_ERRORS)


def api() -> JsonApi:
    return JsonApi("shop", URL, SecretStr("hush-hush-hush"), TABLE)


@responses.activate
def test_an_answer_keeps_every_digit_and_the_token_goes_along() -> None:
    responses.get(f"{URL}/x", body='{"price": 49.90, "n": 12345678901234567890}')
    made = api()
    assert made.get("/x", limit=5) == {"price": Decimal("49.90"), "n": 12345678901234567890}
    sent = responses.calls[0].request
    assert sent.headers["Authorization"] == "Bearer hush-hush-hush"
    assert sent.url == f"{URL}/x?limit=5"
    assert "hush" not in repr(made) + repr(vars(made))


@pytest.mark.parametrize(
    ("verb", "status", "body", "kind", "words"),
    [
        ("GET", 401, "{}", AuthFailed, "refuses the token [HTTP 401]"),
        ("GET", 401, '{"error": "token_refused"}', AuthFailed, "refuses the token [token_refused]"),
        ("GET", 418, '{"error": "Jane Doe, 12 High Street"}', Rejected, "refuses the call [unknown]"),
        ("GET", 500, "{}", Transient, "had an error of its own (HTTP 500)"),
        ("POST", 500, "{}", InDoubt, "had an error of its own (HTTP 500)"),
        ("POST", 503, "<html>", Transient, "is not available (HTTP 503)"),
        ("GET", 200, "<html>", Transient, "answered with a page instead of data"),
        ("POST", 200, "<html>", InDoubt, "answered with a page instead of data"),
        ("GET", 200, "[]", Transient, "answered with a page instead of data"),
        ("GET", 302, "", Transient, "answered with a redirect"),
    ],
)
@responses.activate
def test_what_an_answer_becomes(verb: str, status: int, body: str, kind: type[BridgeError], words: str) -> None:
    responses.add(verb, f"{URL}/x", body=body, status=status, headers={"Location": f"{URL}/y"} if status == 302 else {})
    with pytest.raises(BridgeError) as caught:
        api().send(verb, "/x", {"name": "Jane Doe"} if verb == "POST" else None)
    assert type(caught.value) is kind
    assert str(caught.value).startswith(f"shop: {words}")
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "native"),
    [
        (Decimal("49.90"), "49.9"), (Decimal("1E+3"), "1000"), (Decimal("0.00"), "0"), (Decimal("-1.50"), "-1.5"),
        ("", None), (None, None), ("x", "x"), (True, True), (7, 7), ([1, "a"], ["1", "a"]),
    ],
)  # fmt: skip
def test_values_as_bridge_takes_them(value: Any, native: Any) -> None:
    assert plain(value) == native
    assert type(plain(value)) is type(native)


def test_who_only_reads_says_so() -> None:
    class Shop(ReadsOnly):
        system = "shop"

    shop, spec = Shop(), ObjectSpec("customer", "customers", "external_id", ())
    for call in (shop.create, shop.update, shop.delete, shop.booked):
        with pytest.raises(Unsupported, match="is read only by this adapter"):
            call(spec, [])
    assert shop.setup(spec, apply=True) == []
    assert shop.amended(spec, "here", []) == "here"
    told = shop.capabilities(spec)
    assert {told.create, told.update, told.delete, told.conditional_update, told.deletes_feed} == {"unsupported"}
