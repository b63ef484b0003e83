"""Calls to Tryton: JSON-RPC by POST, one transaction each.

A wrong password is never tried again by this process: Tryton slows a login down with every failure and then refuses
the right password, too.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import requests
from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, RateLimited, Transient
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

from bridge_tryton import wire
from bridge_tryton.errors import Questioned, refusal, status_error
from bridge_tryton.settings import Settings

CALM = 300.0
"""Seconds after which Tryton has forgotten failed log-ins (its `session.timeout`, unless a site has changed it)."""
_HEADERS = {"Content-Type": "application/json"}
_LANGUAGE = "en"
"""Of messages, by which errors are told apart, and of the names of units."""


def anything(result: Any) -> bool:
    """Any result will do."""
    return True


def rows(result: Any) -> bool:
    """Records."""
    return isinstance(result, list) and all(isinstance(row, dict) and "id" in row for row in result)


def ids(result: Any) -> bool:
    """Numbers of records."""
    return isinstance(result, list) and all(isinstance(one, int) for one in result)


class Client:
    """Calls of one system. Not for several threads at once."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self.settings = system, settings
        self.session = PooledSession(connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        self.context: dict[str, Any] = {}
        self.user = 0
        self._authorization = ""
        self._refused = False

    def __repr__(self) -> str:
        return f"Client({self.system!r})"

    @property
    def company(self) -> int:
        """The company that is worked in; connects if that was not done."""
        self.connect()
        return int(self.context["company"])

    def version(self) -> str:
        """The server's version ("8.2"); needs no log-in."""
        answer = self._send("/rpc/", "common.server.version", [], writing=False)
        if not isinstance(answer, str):
            raise self._strange(writing=False)
        return answer

    def now(self) -> datetime:
        """The server's time, by its Date header, never later than it really is."""
        self.connect()
        skew = timedelta(seconds=self.session.clock_skew or 0.0)
        return (datetime.now(UTC) + skew - timedelta(seconds=1)).replace(microsecond=0)

    def connect(self) -> None:
        """Log in if that is not done. Raises AuthFailed; RateLimited where Tryton lets nobody in for now."""
        if self._authorization:
            return
        if self._refused:
            raise AuthFailed("refuses login or password", system=self.system)
        secret = self.settings.password.get_secret_value()
        try:
            given = [self.settings.login, {"password": secret}, _LANGUAGE]
            answer = self._send(self._path, "common.db.login", given, writing=False)
        except RateLimited as limited:
            words = "lets nobody in for a while after too many wrong log-ins"
            raise RateLimited(words, after=limited.after or CALM, system=self.system) from None
        except AuthFailed:
            self._refused = True
            raise
        if not isinstance(answer, list) or len(answer) < 2 or not isinstance(answer[0], int):
            self._refused = True
            raise AuthFailed("refuses login or password", system=self.system)
        self.user = answer[0]
        token = f"{self.settings.login}:{answer[0]}:{answer[1]}".encode()
        self._authorization = f"Session {base64.b64encode(token).decode()}"
        if not self.context:
            self._choose_company()

    def _choose_company(self) -> None:
        company = self.settings.company
        if company is None:
            told = self._send(self._path, "model.res.user.get_preferences", [True, {}], writing=False)
            company = told.get("company") if isinstance(told, dict) else None
        if not company:
            words = "has no company chosen for this user: choose one in its preferences, or set `company`"
            raise AuthFailed(words, system=self.system)
        self.context = {"language": _LANGUAGE, "company": int(company), "active_test": False}

    def call(
        self,
        model: str,
        method: str,
        *given: Any,
        writing: bool = False,
        context: Mapping[str, Any] | None = None,
        answers: Callable[[Any], bool] = anything,
        labels: Mapping[str, str] | None = None,
    ) -> Any:
        """One call of a model's method.

        answers: whether a result looks as it must; any other comes from something that is no Tryton.
        labels: as for `errors.refusal`. A session that has ended is renewed once. Raises the errors of
        bridge.ports.errors.
        """
        name = f"model.{model}.{method}"
        for attempt in (1, 2):
            fresh = not self._authorization
            self.connect()
            params = [*given, {**self.context, **(context or {})}]
            try:
                result = self._asked(name, params, writing=writing, labels=labels)
                break
            except AuthFailed as ended:
                if attempt == 2 or fresh or ended.vendor_code != "HTTP 401":
                    raise
                self._authorization = ""
        if not answers(result):
            raise self._strange(writing=writing)
        return result

    def _asked(self, name: str, params: list[Any], *, writing: bool, labels: Mapping[str, str] | None) -> Any:
        """The call; where it asks for a yes and the settings say so, the yes and the call again: it was undone."""
        for _ in range(10):
            try:
                return self._send(self._path, name, params, writing=writing, labels=labels)
            except Questioned as question:
                if self.settings.warnings != "accept" or not question.name:
                    raise
                values = {"user": self.user, "name": question.name, "always": False}
                self._send(self._path, "model.res.user.warning.create", [[values], params[-1]], writing=True)
        raise Transient("asks for one yes after the other", system=self.system)

    @property
    def _path(self) -> str:
        return f"/{self.settings.database}/rpc/"

    def _send(
        self, path: str, method: str, params: list[Any], *, writing: bool, labels: Mapping[str, str] | None = None
    ) -> Any:
        body = self._post(f"{self.settings.url}{path}", method, params, writing=writing)
        try:
            answer = wire.loads(body)
        except (ValueError, KeyError, TypeError):
            answer = None
        if not isinstance(answer, dict) or not ({"result", "error"} & set(answer)):
            raise self._strange(writing=writing)
        if "error" in answer:
            raise refusal(answer["error"], system=self.system, writing=writing, labels=labels)
        return answer["result"]

    def _post(self, url: str, method: str, params: list[Any], *, writing: bool) -> bytes:
        data = wire.dumps({"id": self.session.calls, "method": method, "params": params})
        headers = {**_HEADERS, **({"Authorization": self._authorization} if self._authorization else {})}
        problem: BridgeError | Exception | None
        try:
            response = self.session.post(url, data=data, headers=headers, verify=self.settings.verify, auth=_keep)
        except requests.exceptions.RequestException as fault:
            problem = translate_network_fault(fault, system=self.system, writing=writing)
        else:
            problem = unavailable(response, system=self.system, writing=writing)
            if problem is None and response.status_code != 200:
                problem = status_error(response.status_code, system=self.system, writing=writing)
            if problem is None:
                return response.content
        raise problem  # outside the handler: the fault's own text holds the address

    def _strange(self, *, writing: bool) -> BridgeError:
        words = "answered with something else than a result: is the address right?"
        return InDoubt(words, system=self.system) if writing else Transient(words, system=self.system)


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting credentials of a .netrc file into the call."""
    return request
