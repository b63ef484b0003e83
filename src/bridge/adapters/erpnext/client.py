"""One site over HTTP: token, calls, lists. The only file of the adapter that touches `requests`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from bridge.adapters.erpnext.errors import NOTHING_NAMED, Naming, not_json, refusal
from bridge.adapters.erpnext.settings import Settings
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

Row = dict[str, Any]
Filter = list[Any]


class _Token(AuthBase):
    """Adds the token at the last moment, so that no session or request repr shows it, and no .netrc replaces it."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.api_key
        self._secret = settings.api_secret

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"token {self._key.get_secret_value()}:{self._secret.get_secret_value()}"
        return request


class Client:
    """Calls of one system. Raises errors of `bridge.ports.errors` only."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system = system
        self._url = settings.url
        self._verify = str(settings.ca_file) if settings.ca_file else True
        self.session = PooledSession(connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        self.session.auth = _Token(settings)
        # every answer sets sid=Guest; a session cookie beside a token switches the CSRF check on (recording 018)
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.session.headers["Accept"] = "application/json"
        if settings.site:
            self.session.headers["X-Frappe-Site-Name"] = settings.site

    def __repr__(self) -> str:
        return f"Client({self.system!r})"

    def rows(
        self,
        doctype: str,
        fields: Sequence[str],
        filters: Sequence[Filter] = (),
        *,
        either: Sequence[Filter] = (),
        order: str = "name asc",
        limit: int = 0,
        parent: str | None = None,
    ) -> list[Row]:
        """Rows of a doctype; limit 0 means all.

        Always a POST: the server takes no request line beyond 4094 bytes (recording 252), and the answer is ordered
        only if asked (237). A child doctype needs its parent's doctype (126).
        """
        body: dict[str, Any] = {
            "doctype": doctype,
            "fields": list(fields),
            "filters": list(filters),
            "limit_page_length": limit,
        }
        if order:
            body["order_by"] = order
        if either:
            body["or_filters"] = list(either)
        if parent:
            body["parent"] = parent
        rows = self.method("frappe.client.get_list", body)
        if not isinstance(rows, list):
            raise not_json(200, system=self.system, writing=False)
        return rows

    def method(
        self, name: str, body: Mapping[str, Any], *, writing: bool = False, naming: Naming = NOTHING_NAMED
    ) -> Any:
        """Call a whitelisted method by POST and give its "message"."""
        answer = self._send("POST", f"/api/method/{name}", body=body, writing=writing, naming=naming)
        return answer.get("message")

    def ask(self, name: str, params: Mapping[str, str] | None = None) -> Row:
        """Call a reading method by GET and give the whole answer."""
        return self._send("GET", f"/api/method/{name}", params=params)

    def insert(self, doctype: str, document: Mapping[str, Any], naming: Naming = NOTHING_NAMED) -> Row:
        """Create one document and give it as stored, without its null fields."""
        path = f"/api/resource/{quote(doctype, safe='')}"
        return self._document(self._send("POST", path, body=document, writing=True, naming=naming))

    def insert_many(self, documents: Sequence[Mapping[str, Any]], naming: Naming = NOTHING_NAMED) -> list[str]:
        """Create up to 200 documents, all or none; their names in order."""
        body = {"docs": list(documents)}
        names = self.method("frappe.client.insert_many", body, writing=True, naming=naming)
        if not isinstance(names, list) or len(names) != len(documents):
            raise not_json(200, system=self.system, writing=True)
        return [str(name) for name in names]

    def put(self, doctype: str, name: str, changes: Mapping[str, Any], naming: Naming = NOTHING_NAMED) -> Row:
        """Change one document; with `modified` among the changes only if that is still its stamp."""
        return self._document(self._send("PUT", _resource(doctype, name), body=changes, writing=True, naming=naming))

    def delete(self, doctype: str, name: str, naming: Naming = NOTHING_NAMED) -> None:
        """Delete one document."""
        self._send("DELETE", _resource(doctype, name), writing=True, naming=naming)

    def _document(self, answer: Row) -> Row:
        data = answer.get("data")
        if not isinstance(data, dict):
            raise not_json(200, system=self.system, writing=True)
        return data

    def _send(
        self,
        verb: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        writing: bool = False,
        naming: Naming = NOTHING_NAMED,
    ) -> Row:
        # rows of child tables go back as they were read, numbers as Decimal: the server takes them as text
        data = None if body is None else json.dumps(body, default=str).encode()
        headers = {} if data is None else {"Content-Type": "application/json"}
        try:
            response = self.session.request(
                verb, self._url + path, data=data, params=params, headers=headers, verify=self._verify
            )
        except requests.exceptions.RequestException as fault:
            error = translate_network_fault(fault, system=self.system, writing=writing)
        else:
            return self._read(response, writing=writing, naming=naming)
        raise error  # outside the handler: the fault's own text holds the address

    def _read(self, response: requests.Response, *, writing: bool, naming: Naming) -> Row:
        problem = unavailable(response, system=self.system, writing=writing)
        if problem is not None:
            raise problem
        body = _parsed(response)
        if response.status_code >= 400:
            raise refusal(response.status_code, body, system=self.system, writing=writing, naming=naming)
        if not isinstance(body, dict):
            raise not_json(response.status_code, system=self.system, writing=writing)
        return body


def _resource(doctype: str, name: str) -> str:
    """Names may hold / ? # and % (recording 064): everything is encoded."""
    return f"/api/resource/{quote(doctype, safe='')}/{quote(name, safe='')}"


def _parsed(response: requests.Response) -> Any:
    """The JSON body, numbers with a point as Decimal so that no digit is lost; None if it is no JSON."""
    try:
        return json.loads(response.content, parse_float=Decimal)
    except ValueError:
        return None
