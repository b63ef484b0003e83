"""Calls to Odoo: over /jsonrpc by odoorpc with a pooled opener underneath, or over JSON-2 with a bearer key.

odoorpc's own opener makes a new connection for every call, follows redirects and leaks urllib's errors; an opener can
be passed in, and this one is `requests` with time-outs. Its records API is not used: it reads all fields of a model
first. Its log is shut: at level DEBUG it holds the password of every call, and all values.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import odoorpc
import orjson
import requests

from bridge.adapters.odoo import shapes
from bridge.adapters.odoo.errors import exception_error, status_error
from bridge.adapters.odoo.settings import Settings
from bridge.ports.errors import AuthFailed, BridgeError, InDoubt, Transient
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

logging.getLogger("odoorpc.rpc.jsonrpclib").disabled = True

_PAGE = "a page instead of data"
_EXPIRED = 100
_ENDED = "odoo.http.SessionExpiredException"
_VERSION_PATH = "/web/webclient/version_info"
_NOMINAL = "18.0"  # keeps odoorpc from asking for the version; it only tells servers before 10 from later ones


class _Opener:
    """What odoorpc opens requests with. writing: whether the next request may change something."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.writing = False

    def open(self, request: Any, timeout: float | None = None) -> io.BytesIO:
        """Send a urllib request through the pooled session."""
        headers = dict(request.header_items())
        return io.BytesIO(self._client.post(request.full_url, request.data, headers, writing=self.writing))


class Client:
    """Calls of one system. Not for several threads at once."""

    def __init__(self, system: str, settings: Settings) -> None:
        self.system, self.settings = system, settings
        self.session = PooledSession(connect_timeout=settings.connect_timeout, read_timeout=settings.read_timeout)
        self._opener = _Opener(self)
        self._odoo: Any = None
        self._uid = 0
        self._json2: bool | None = {"auto": None, "jsonrpc": False, "json2": True}[settings.protocol]
        self._version = ""

    def __repr__(self) -> str:
        return f"Client({self.system!r})"

    @property
    def json2(self) -> bool:
        """Whether JSON-2 is spoken; asks for the version where the settings leave it open."""
        if self._json2 is None:
            self._json2 = self.settings.api_key is not None and int(self.version().partition(".")[0]) >= 19
        return self._json2

    def version(self) -> str:
        """The server's version ("19.0"); needs no log-in."""
        if not self._version:
            body = json.dumps({"jsonrpc": "2.0", "method": "call", "params": {}}).encode()
            answer = self._decoded(self.post(f"{self.settings.url}{_VERSION_PATH}", body, _JSON, writing=False))
            info = answer.get("result") if isinstance(answer, dict) else None
            parts = (info or {}).get("server_version_info") or []
            if len(parts) < 2:
                raise Transient("does not tell its version: is the address right?", system=self.system)
            self._version = f"{str(parts[0]).removeprefix('saas~')}.{parts[1]}"
        return self._version

    def now(self) -> datetime:
        """The server's time, by its Date header, never later than it really is. Logs in if nothing was asked yet."""
        if self.session.clock_skew is None:
            self.connect()
        skew = timedelta(seconds=self.session.clock_skew or 0.0)
        return (datetime.now(UTC) + skew - timedelta(seconds=1)).replace(microsecond=0)

    def connect(self) -> None:
        """Log in if that is not done. Raises AuthFailed."""
        if self.json2:
            if self.session.clock_skew is None:
                self.version()
            return
        if self._uid:
            return
        settings = self.settings
        args = [settings.database, settings.login, settings.secret]
        uid = self._rpc({"service": "common", "method": "login", "args": args}, writing=False)
        if not isinstance(uid, int) or isinstance(uid, bool) or not uid:
            raise AuthFailed("refuses login or password", system=self.system)
        self._uid = uid

    def user(self) -> int:
        """The id of the user that the calls are made as; 0 where Odoo does not tell. Asked for once."""
        self.connect()
        if not self._uid:  # JSON-2 knows no log-in
            told = self.call("res.users", "context_get", answers=shapes.named).get("uid")
            self._uid = told if isinstance(told, int) else 0
        return self._uid

    def call(
        self,
        model: str,
        method: str,
        ids: list[int] | None = None,
        *,
        positional: tuple[Any, ...] = (),
        writing: bool = False,
        context: dict[str, Any] | None = None,
        answers: Callable[[Any], bool] = shapes.anything,
        **named: Any,
    ) -> Any:
        """One call of a model's method.

        answers: whether a result looks as it must; any other comes from something that is no Odoo.
        positional: values that /jsonrpc takes by place only (`create`); they stand in `named` too, for JSON-2.
        A session that has ended is renewed once. Raises the errors of bridge.ports.errors.
        """
        self.connect()
        named["context"] = {"lang": "en_US", "tz": "UTC", "active_test": False, **(context or {})}
        if self.json2:
            if ids is not None:
                named["ids"] = ids
            result = self._over_json2(model, method, named, writing=writing)
        else:
            args = [*([ids] if ids is not None else []), *positional]
            keywords = {"context": named["context"]} if positional else named
            result = self._over_jsonrpc([model, method, args, keywords], writing=writing)
        if not answers(result):
            raise self._strange(writing=writing)
        return result

    def _over_jsonrpc(self, what: list[Any], *, writing: bool) -> Any:
        """execute_kw; a session that has ended is renewed once."""
        for attempt in (1, 2):
            args = [self.settings.database, self._uid, self.settings.secret, *what]
            try:
                return self._rpc({"service": "object", "method": "execute_kw", "args": args}, writing=writing)
            except AuthFailed as refusal:
                if attempt == 2 or refusal.vendor_code != _ENDED:
                    raise
            self._uid = 0
            self.connect()
        raise AssertionError("unreachable")

    def _strange(self, *, writing: bool, what: str = "something else than a result") -> BridgeError:
        words = f"answered with {what}: is the address right?"
        return InDoubt(words, system=self.system) if writing else Transient(words, system=self.system)

    def _rpc(self, params: dict[str, Any], *, writing: bool) -> Any:
        """POST /jsonrpc by odoorpc."""
        self._opener.writing = writing
        refusal: BridgeError
        try:
            return self._connector().json("/jsonrpc", params).get("result")
        except odoorpc.error.RPCError as error:
            refusal = self._refusal(error.info, writing=writing)
        except (AttributeError, TypeError):  # good JSON, but no envelope: odoorpc does not look
            refusal = self._strange(writing=writing)
        except ValueError:  # no JSON
            refusal = self._strange(writing=writing, what=_PAGE)
        raise refusal  # outside the handler: the library's error holds the call's arguments

    def _connector(self) -> Any:
        if self._odoo is None:
            parts = urlsplit(self.settings.url)
            secure = parts.scheme == "https"
            self._odoo = odoorpc.ODOO(
                parts.hostname,
                protocol="jsonrpc+ssl" if secure else "jsonrpc",
                port=parts.port or (443 if secure else 80),
                timeout=self.settings.read_timeout,
                version=_NOMINAL,
                opener=self._opener,
            )
        return self._odoo

    def _refusal(self, info: Any, *, writing: bool) -> BridgeError:
        data = info.get("data") if isinstance(info, dict) else None
        if isinstance(info, dict) and info.get("code") == _EXPIRED:
            return exception_error(_ENDED, "", system=self.system)
        if not isinstance(data, dict):
            return self._strange(writing=writing, what="an error without a name")
        name, message = str(data.get("name") or ""), str(data.get("message") or "")
        return exception_error(name, message, system=self.system, writing=writing)

    def _over_json2(self, model: str, method: str, body: dict[str, Any], *, writing: bool) -> Any:
        key = self.settings.api_key.get_secret_value() if self.settings.api_key else ""
        headers = {**_JSON, "Authorization": f"bearer {key}", "X-Odoo-Database": self.settings.database}
        url = f"{self.settings.url}/json/2/{model}/{method}"
        return self._decoded(self.post(url, orjson.dumps(body), headers, writing=writing), writing=writing)

    def _decoded(self, content: bytes, *, writing: bool = False) -> Any:
        try:
            return orjson.loads(content)
        except orjson.JSONDecodeError:
            problem = self._strange(writing=writing, what=_PAGE)
        raise problem  # outside the handler: the error's own text holds what came instead

    def post(self, url: str, data: bytes, headers: dict[str, str], *, writing: bool) -> bytes:
        """One POST; answers the body of a good answer, which should be JSON. Raises for everything else."""
        problem: Exception
        try:
            response = self.session.post(url, data=data, headers=headers, verify=self.settings.verify, auth=_keep)
        except requests.exceptions.RequestException as fault:
            problem = translate_network_fault(fault, system=self.system, writing=writing)
        else:
            found = self._judge(response, writing=writing)
            if found is None:
                return response.content
            problem = found
        raise problem  # outside the handler: the fault's own text holds the address

    def _judge(self, response: requests.Response, *, writing: bool) -> Exception | None:
        problem = unavailable(response, system=self.system, writing=writing)
        if problem is not None:
            return problem
        if response.status_code == 200:
            return None
        try:
            body = orjson.loads(response.content)
        except orjson.JSONDecodeError:
            body = None
        return status_error(response.status_code, body, system=self.system, writing=writing)


_JSON = {"Content-Type": "application/json"}


def _keep(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keeps requests from putting credentials of a .netrc file into the call."""
    return request
