"""Log-in: the OAuth grants that are asked for, the SOAP log-in that libraries still use, sessions that end."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape

import jwt

from bridge.sandbox.kernel import Clock, Request, Response

LIFETIME = timedelta(hours=2)
_SOAP_TAG = re.compile(r"<(?:\w+:)?(username|password)>(.*?)</(?:\w+:)?\1>", re.DOTALL)
_JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the org accepts. token: the security token that SOAP wants behind the password.

    public_key: PEM of the certificate of the connected app, to check JWTs with; without it their signature is not
    checked, all else is.
    """

    client_id: str
    client_secret: str
    username: str
    password: str
    token: str
    public_key: str = ""


class Sessions:
    """Sessions of one org; all calls of one user share one until it ends, as on the real platform."""

    def __init__(self, clock: Clock, credentials: Credentials, user_id: str, org_id: str) -> None:
        self._clock, self._credentials = clock, credentials
        self.user_id, self.org_id = user_id, org_id
        self._number = 0
        self._valid: dict[str, datetime] = {}

    def valid(self, request: Request) -> bool:
        """Whether the request carries a session that has not ended."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        until = self._valid.get(token.strip())
        return scheme.lower() in ("bearer", "oauth") and until is not None and until > self._clock.now()

    def expire(self) -> None:
        """All sessions end now."""
        self._valid.clear()

    def open(self) -> str:
        """A new session."""
        self._number += 1
        secret = hashlib.sha256(f"{self.org_id}:{self._number}".encode()).hexdigest()
        token = f"{self.org_id[:15]}!{secret}"
        self._valid[token] = self._clock.now() + LIFETIME
        return token

    def oauth(self, request: Request) -> Response:
        """POST /services/oauth2/token."""
        form = request.form()
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._client_credentials(request, form)
        if grant == "password":
            return self._password(request, form)
        if grant == _JWT_GRANT:
            return self._assertion(request, form.get("assertion", ""))
        return _refused("unsupported_grant_type", "grant type not supported")

    def userinfo(self) -> dict[str, Any]:
        """GET /services/oauth2/userinfo."""
        return {
            "sub": self.user_id,
            "user_id": self.user_id,
            "organization_id": self.org_id,
            "preferred_username": self._credentials.username,
        }

    def _client_credentials(self, request: Request, form: Mapping[str, str]) -> Response:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                client, _, secret = base64.b64decode(encoded).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                return _refused("invalid_client", "invalid client credentials", 401)
        if client != self._credentials.client_id:
            return _refused("invalid_client_id", "client identifier invalid")
        if secret != self._credentials.client_secret:
            return _refused("invalid_client", "invalid client credentials")
        return self._granted(request)

    def _password(self, request: Request, form: Mapping[str, str]) -> Response:
        mine = self._credentials
        if form.get("client_id") != mine.client_id or form.get("client_secret") != mine.client_secret:
            return _refused("invalid_client_id", "client identifier invalid")
        if form.get("username") != mine.username or form.get("password") not in (
            mine.password,
            mine.password + mine.token,
        ):
            return _refused("invalid_grant", "authentication failure")
        return self._granted(request)

    def _assertion(self, request: Request, assertion: str) -> Response:
        mine = self._credentials
        options: Any = {"verify_aud": False, "verify_exp": False, "verify_signature": bool(mine.public_key)}
        try:
            if jwt.get_unverified_header(assertion).get("alg") != "RS256":
                return _refused("invalid_grant", "algorithm not supported")
            claims = jwt.decode(assertion, mine.public_key, algorithms=["RS256"], options=options)
        except jwt.PyJWTError:
            return _refused("invalid_grant", "invalid assertion")
        now = self._clock.now().timestamp()
        if claims.get("iss") != mine.client_id:
            return _refused("invalid_client_id", "client identifier invalid")
        if not isinstance(claims.get("exp"), int) or not now < claims["exp"] <= now + 300:
            return _refused("invalid_grant", "expired authorization code")
        if claims.get("aud") not in (request.base, "https://login.salesforce.com", "https://test.salesforce.com"):
            return _refused("invalid_grant", "audience is invalid")
        if claims.get("sub") != mine.username:
            return _refused("invalid_grant", "user hasn't approved this consumer")
        return self._granted(request)

    def _granted(self, request: Request) -> Response:
        body = {
            "access_token": self.open(),
            "instance_url": request.base,
            "id": f"{request.base}/id/{self.org_id}/{self.user_id}",
            "token_type": "Bearer",
            "issued_at": str(int(self._clock.now().timestamp() * 1000)),
            "signature": "c2lnbmF0dXJl",
            "scope": "api",
        }
        return Response(200, body)

    def soap(self, request: Request) -> Response:
        """POST /services/Soap/u/VERSION: login() with user name, and password followed by the security token."""
        text = request.body.decode("utf-8", "replace")
        given = {name: value.replace("&lt;", "<").replace("&amp;", "&") for name, value in _SOAP_TAG.findall(text)}
        mine = self._credentials
        if given.get("username") != mine.username or given.get("password") != mine.password + mine.token:
            return _soap(
                500, _fault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
            )
        server = f"{request.base}{request.raw_path}/{self.org_id}"
        body = (
            "<loginResponse><result><metadataServerUrl/><passwordExpired>false</passwordExpired><sandbox>true</sandbox>"
            f"<serverUrl>{escape(server)}</serverUrl><sessionId>{escape(self.open())}</sessionId>"
            f"<userId>{self.user_id}</userId><userInfo><organizationId>{self.org_id}</organizationId>"
            f"<sessionSecondsValid>{int(LIFETIME.total_seconds())}</sessionSecondsValid>"
            f"<userName>{escape(mine.username)}</userName></userInfo></result></loginResponse>"
        )
        return _soap(200, body)


def _refused(error: str, description: str, status: int = 400) -> Response:
    return Response(status, {"error": error, "error_description": description})


def _fault(code: str, text: str) -> str:
    detail = f"<sf:LoginFault><sf:exceptionCode>{code}</sf:exceptionCode>"
    detail += f"<sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault>"
    return (
        f"<soapenv:Fault><faultcode>sf:{code}</faultcode><faultstring>{code}: {text}</faultstring>"
        f"<detail>{detail}</detail></soapenv:Fault>"
    )


def _soap(status: int, body: str) -> Response:
    names = 'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com"'
    envelope = (
        '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope '
        f'xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" {names}>'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
    return Response(status, envelope.encode(), {"Content-Type": "text/xml;charset=UTF-8"})
