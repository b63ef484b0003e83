"""Getting a session and renewing it: once per expiry, however many callers meet it.

The library's own renewal is not used. It has no lock (twelve threads made 42 log-ins), drops a call's headers when it
sends the call again (If-Unmodified-Since among them), and repeats without end where a resource always answers 401.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import requests
from pydantic import SecretStr
from requests.auth import AuthBase

from bridge.adapters.salesforce.errors import login_refusal
from bridge.adapters.salesforce.settings import Settings
from bridge.ports.errors import AuthFailed, ConfigError, Transient
from bridge.transport.session import PooledSession, translate_network_fault, unavailable

COOL_DOWN = 30.0
"""Seconds after a refused log-in in which no other is tried: Salesforce locks users out that try in a row."""

_JWT_LIFE = 180
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Token:
    """A session. `generation` counts the log-ins; `identity` is the address of the user's identity, if told."""

    value: str = field(repr=False)
    generation: int
    identity: str | None = None


class KeepHeaders(AuthBase):
    """Leaves the request as it is. Given with every call, because requests would otherwise replace the Authorization
    header by an entry of ~/.netrc."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class Tokens:
    """The session of one org, shared by all callers of an adapter."""

    def __init__(self, system: str, settings: Settings, session: PooledSession) -> None:
        self._system = system
        self._settings = settings
        self._session = session
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._refused: tuple[float, AuthFailed] | None = None

    def __repr__(self) -> str:
        return f"Tokens({self._system!r}, grant={self._settings.grant!r})"

    def current(self) -> Token:
        """The session in use; logs in if there is none. Raises AuthFailed, Transient or RateLimited."""
        with self._lock:
            if self._token is None:
                self._token = self._log_in(1)
            return self._token

    def renew(self, used: Token) -> Token:
        """A session newer than `used`, which was refused. Waits for a renewal that is under way rather than making
        a second one."""
        with self._lock:
            if self._token is not None and self._token.generation != used.generation:
                return self._token
            if self._settings.grant == "token":
                raise AuthFailed(
                    "the session given as access_token has ended and cannot be renewed: get another, or use a grant",
                    system=self._system,
                    vendor_code="INVALID_SESSION_ID",
                )
            self._token = self._log_in(used.generation + 1)
            return self._token

    def _log_in(self, generation: int) -> Token:
        if self._settings.grant == "token":
            return Token(_plain(self._settings.access_token), generation)
        if self._refused is not None:
            moment, refusal = self._refused
            if time.monotonic() - moment < COOL_DOWN:
                raise AuthFailed(refusal.message, system=self._system, vendor_code=refusal.vendor_code)
        try:
            answer = self._ask(self._form())
        except AuthFailed as refusal:
            self._refused = (time.monotonic(), refusal)
            raise
        self._refused = None
        identity = answer.get("id")
        return Token(str(answer["access_token"]), generation, str(identity) if identity else None)

    def _form(self) -> dict[str, str]:
        if self._settings.grant == "client_credentials":
            return {
                "grant_type": "client_credentials",
                "client_id": _plain(self._settings.client_id),
                "client_secret": _plain(self._settings.client_secret),
            }
        return {"grant_type": _JWT_GRANT, "assertion": self._assertion()}

    def _assertion(self) -> str:
        import jwt  # for the grant that needs it: it brings along all of cryptography

        claims = {
            "iss": _plain(self._settings.client_id),
            "sub": self._settings.username,
            "aud": self._settings.jwt_audience,
            # by the server's clock where it is known: a slow clock here would make every assertion stale
            "exp": int(time.time() + (self._session.clock_skew or 0.0)) + _JWT_LIFE,
        }
        try:
            return jwt.encode(claims, _plain(self._settings.private_key), algorithm="RS256")
        except (jwt.PyJWTError, ValueError, TypeError):
            problem = f"systems.{self._system}.private_key: is not an RSA private key in PEM form."
        raise ConfigError(problem)  # outside the handler: the fault may quote the key

    def _ask(self, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = self._session.post(
                self._settings.token_url, data=form, verify=self._settings.verify, auth=KeepHeaders()
            )
        except requests.exceptions.RequestException as fault:
            error = translate_network_fault(fault, system=self._system, writing=False)
        else:
            return self._read(response)
        raise error  # outside the handler: the fault's own text holds the address

    def _read(self, response: requests.Response) -> dict[str, Any]:
        problem = unavailable(response, system=self._system, writing=False)
        if problem is not None:
            raise problem
        try:
            body = response.json()
        except ValueError:
            body = None
        if response.status_code >= 400:
            raise login_refusal(response.status_code, body, system=self._system)
        if not isinstance(body, dict) or not body.get("access_token"):
            raise Transient(
                "answered the log-in with something else than a session: is the address right?", system=self._system
            )
        return body


def _plain(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret is not None else ""
