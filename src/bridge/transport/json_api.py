"""A service that speaks JSON over HTTP and knows callers by a token: what most adapters begin with.

The table of the adapter says what each status means; what stands in no table is final (`Rejected`), so that a person
looks at it. Numbers with a point come as Decimal, so that no digit is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final

import requests
from pydantic import SecretStr
from requests.auth import AuthBase

from bridge.ports.errors import BridgeError, InDoubt, Rejected, Transient
from bridge.ports.records import NativeValue
from bridge.transport.answers import StatusRow, shown_code, status_row
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

SERVER_ERRORS: Final = (
    StatusRow(
        503, 503, Transient, Transient, "is not available (HTTP 503)", "RFC 9110 15.6.4: it did not take the call"
    ),
    StatusRow(
        500, 599, Transient, InDoubt, "had an error of its own (HTTP {status})",
        "RFC 9110 15.6: how far it came is not told"
    ),
)  # fmt: skip
"""Rows to end a table with, where the service says nothing better of its own errors."""


class _Bearer(AuthBase):
    """Adds the token at the last moment, so that no session or request repr shows it, and no .netrc replaces it."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request


class JsonApi:
    """Calls of one service. Raises errors of `bridge.ports.errors` only.

    url: its address without a path. errors: what its statuses mean; the first row that fits counts.
    session: counts the calls, knows the server's clock, and takes the gate of `metered`.
    """

    def __init__(self, system: str, url: str, token: SecretStr, errors: Iterable[StatusRow]) -> None:
        self.system = system
        self._url, self._errors = url, tuple(errors)
        self.session = PooledSession()
        self.session.auth = _Bearer(token)
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers["Accept"] = "application/json"

    def __repr__(self) -> str:
        return f"JsonApi({self.system!r})"

    def get(self, path: str, **params: str | int) -> dict[str, Any]:
        """Ask; the answer is an object."""
        return self.send("GET", path, params=params)

    def send(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        params: Mapping[str, str | int] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """One call; every verb but GET counts as a write, which may have been done where no answer comes."""
        writing = verb != "GET"
        data = None if body is None else json.dumps(body, default=str).encode()
        named = {**(headers or {}), **({} if data is None else {"Content-Type": "application/json"})}
        try:
            response = self.session.request(verb, self._url + path, data=data, params=params, headers=named)
        except requests.exceptions.RequestException as fault:
            error = translate_network_fault(fault, system=self.system, writing=writing)
        else:
            return self._read(response, writing=writing)
        raise error  # outside the handler: the fault's own text holds the address

    def _read(self, response: requests.Response, *, writing: bool) -> dict[str, Any]:
        problem = unavailable(response, system=self.system, writing=writing)
        if problem is not None:
            raise problem
        try:
            body = json.loads(response.content, parse_float=Decimal)
        except ValueError:
            body = None
        if response.status_code >= 400:
            raise self.refusal(response.status_code, body if isinstance(body, dict) else {}, writing=writing)
        if not isinstance(body, dict):
            words = "answered with a page instead of data: is the address right?"
            raise (InDoubt if writing else Transient)(words, system=self.system)
        return body

    def refusal(self, status: int, body: Mapping[str, Any], *, writing: bool) -> BridgeError:
        """The error of a status from the table. Only a code that is a name is shown: a text could quote a value."""
        code = body.get("error")
        vendor_code = shown_code(code) if isinstance(code, str) else f"HTTP {status}"
        row = status_row(self._errors, status)
        if row is None:
            return Rejected("refuses the call", system=self.system, vendor_code=vendor_code)
        return row.kind(writing=writing)(row.said(status), system=self.system, vendor_code=vendor_code)


def plain(value: Any) -> NativeValue:
    """A value of JSON as a native value: an empty text is none, a number with a point is decimal text."""
    if isinstance(value, Decimal):
        return format(value.normalize() if value else Decimal(0), "f")
    if isinstance(value, list):
        return [str(item) for item in value]
    if value is None or isinstance(value, (bool, int)):
        return value
    return str(value) or None
