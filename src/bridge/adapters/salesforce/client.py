"""One org over HTTP: session, calls, queries. simple-salesforce makes the calls in its "direct" mode, in which it never
logs in by itself; addresses, tokens, time limits and errors are ours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from bridge.adapters.salesforce.errors import not_json, refusal, session_refused
from bridge.adapters.salesforce.settings import Settings
from bridge.adapters.salesforce.soql import is_id
from bridge.adapters.salesforce.tokens import KeepHeaders, Token, Tokens
from bridge.ports.errors import NotFound, PermissionDenied, Transient, Unsupported
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

Json = dict[str, Any]

_USAGE = re.compile(r"\bapi-usage=(\d+)/(\d+)")


class Client:
    """Calls of one org. Raises errors of `bridge.ports.errors` only."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system = system
        self._settings = settings
        self.session = PooledSession(connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        self.session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.tokens = Tokens(system, settings, self.session)
        self._base = f"/services/data/v{settings.api_version}/"
        self._library: tuple[int, Any] | None = None
        self._user: tuple[str, str] | None = None
        self.usage: tuple[int, int] | None = None

    def __repr__(self) -> str:
        return f"Client({self.system!r})"

    def now(self) -> datetime:
        """The server's time: ours, put right by the Date header of its last answer."""
        return datetime.now(UTC) + timedelta(seconds=self.session.clock_skew or 0.0)

    def user(self) -> tuple[str, str]:
        """Id and name of the integration user; each is empty where the org does not tell it. Asked for once at most."""
        if self._user is None:
            identity = self.tokens.current().identity
            told = {"user_id": identity.rstrip("/").rpartition("/")[2]} if identity else self._userinfo()
            user_id = str(told.get("user_id") or "")
            self._user = (user_id if is_id(user_id) else "", str(told.get("preferred_username") or ""))
        return self._user

    def _userinfo(self) -> Json:
        try:
            told = self.call("GET", "/services/oauth2/userinfo")
        except (NotFound, PermissionDenied, Unsupported):
            return {}
        return told if isinstance(told, dict) else {}

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: Any = None,
        writing: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """One call below /services/data/vNN.N/ (or from the root, for a path with a leading slash).

        A session that has ended is renewed once, and the same call is sent again with the same headers: a 401 is
        answered before anything is done. A 401 to the fresh session is AuthFailed.
        """
        token = self.tokens.current()
        sent: dict[str, Any] = {"params": dict(params) if params else None, "headers": dict(headers or {})}
        if body is not None:
            sent["data"] = encode(body).encode()
        status, answer = self._send(token, method, path, sent, writing)
        if session_refused(status, answer):
            token = self.tokens.renew(token)
            status, answer = self._send(token, method, path, sent, writing)
        if status >= 300:
            raise refusal(status, answer, system=self.system, writing=writing)
        return answer

    def upload(self, path: str, text: str) -> None:
        """Put a text of comma separated values there."""
        self._text("PUT", path, {"data": text.encode(), "headers": {"Content-Type": "text/csv; charset=UTF-8"}})

    def text(self, path: str) -> str:
        """A file of comma separated values."""
        return self._text("GET", path, {"headers": {"Accept": "text/csv"}})

    def _text(self, method: str, path: str, sent: Mapping[str, Any]) -> str:
        """One call of a bulk job that carries text. A session that has ended is renewed once."""
        token = self.tokens.current()
        status, answer = self._send(token, method, path, sent, writing=False, plain=True)
        if session_refused(status, answer):
            token = self.tokens.renew(token)
            status, answer = self._send(token, method, path, sent, writing=False, plain=True)
        if status >= 300:
            raise refusal(status, answer, system=self.system, writing=False)
        return str(answer or "")

    def address(self, path: str) -> str:
        """The address of a resource, without the host: what a composite request names it by."""
        return self._base + path

    def query(self, soql: str, *, deleted: bool = False) -> tuple[list[Json], bool]:
        """The first page of a query, and whether that was all. With `deleted` also from the recycle bin."""
        return self._page(self.call("GET", "queryAll" if deleted else "query", params={"q": soql}))[:2]

    def rows(self, soql: str, *, deleted: bool = False) -> Iterator[Json]:
        """All rows of a query, page by page."""
        resource = "queryAll" if deleted else "query"
        rows, done, following = self._page(self.call("GET", resource, params={"q": soql}))
        yield from rows
        while not done:
            if not following:
                raise Transient("broke off a list in the middle", system=self.system)
            rows, done, following = self._page(self.call("GET", following))
            yield from rows

    def _page(self, answer: Any) -> tuple[list[Json], bool, str]:
        if not isinstance(answer, dict) or not isinstance(answer.get("records"), list):
            raise not_json(200, system=self.system, writing=False)
        following = str(answer.get("nextRecordsUrl") or "")
        return answer["records"], bool(answer.get("done", True)), following if following.startswith("/") else ""

    def _send(
        self, token: Token, method: str, path: str, sent: Mapping[str, Any], writing: bool, *, plain: bool = False
    ) -> tuple[int, Any]:
        """Status and body of one request; everything that is no answer of the application is raised."""
        from simple_salesforce.exceptions import SalesforceError  # with the first call, as below

        url = self._settings.instance_url + (path if path.startswith("/") else self._base + path)
        seen: list[requests.Response] = []
        error: Exception | None = None
        try:
            self._salesforce(token)._call_salesforce(
                method,
                url,
                name=path,
                verify=self._settings.verify,
                auth=KeepHeaders(),
                hooks={"response": lambda response, **_: seen.append(response)},
                **sent,
            )
        except requests.exceptions.RequestException as fault:
            error = translate_network_fault(fault, system=self.system, writing=writing)
        except SalesforceError:
            pass  # its text holds the address and the body; the response itself was kept
        if error is not None:
            raise error  # outside the handler: the fault's own text holds the address
        # taken out: held by its own request's hook, a whole page would live on until cycles are looked for
        return self._read(seen.pop(), writing, plain=plain)

    def _read(self, response: requests.Response, writing: bool, *, plain: bool = False) -> tuple[int, Any]:
        usage = _USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if usage:
            self.usage = (int(usage[1]), int(usage[2]))
            if self.session.gate is not None:
                self.session.gate.told(*self.usage)
        problem = unavailable(response, system=self.system, writing=writing)
        if problem is not None:
            raise problem
        if response.status_code == 204:
            return 204, None
        if plain and response.ok:
            return response.status_code, response.content.decode("utf-8", "replace")
        try:
            return response.status_code, json.loads(response.content, parse_float=Decimal)
        except ValueError:
            pass
        return self._page_in_its_place(response.status_code, writing)

    def _page_in_its_place(self, status: int, writing: bool) -> tuple[int, Any]:
        if status in (200, 201):
            raise not_json(status, system=self.system, writing=writing)
        return status, None

    def _salesforce(self, token: Token) -> Any:
        """The library's object for a session. Given a session and an address it makes no call and never logs in."""
        if self._library is None or self._library[0] != token.generation:
            # With the first call: the library loads zeep, for log-ins that are not used here, and that takes as long as
            # all of this adapter; commands that only look at the store make no call.
            from simple_salesforce.api import Salesforce

            library = Salesforce(
                session_id=token.value,
                instance_url=self._settings.instance_url,
                session=self.session,
                version=self._settings.api_version,
            )
            self._library = (token.generation, library)
        return self._library[1]


def encode(value: Any) -> str:
    """JSON text with every digit of a Decimal: the library's way over float keeps seventeen at most."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{json.dumps(str(key))}:{encode(part)}" for key, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(part) for part in value) + "]"
    if isinstance(value, Decimal):
        return format(value, "f")
    return json.dumps(value, allow_nan=False)
