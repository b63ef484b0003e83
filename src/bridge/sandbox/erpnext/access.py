"""Who is asking: tokens, sessions, and the CSRF token of a session that has opened the desk."""

from __future__ import annotations

import binascii
from base64 import b64decode
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from secrets import compare_digest

from bridge.sandbox.erpnext.arguments import Args
from bridge.sandbox.erpnext.controllers import AUTH
from bridge.sandbox.erpnext.errors import Refusal, thrown
from bridge.sandbox.erpnext.site import Site
from bridge.sandbox.kernel import Request


@dataclass(slots=True)
class Session:
    """A login by name and password. `csrf` is set once a page of the desk was loaded."""

    user: str
    csrf: str = ""


class Access:
    """Finds the user of a request."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._sessions: dict[str, Session] = {}

    def user(self, request: Request) -> str:
        """The user, Guest for one who shows nothing. Raises AuthenticationError for a bad token, CSRFTokenError."""
        session = self._session(request)
        token = request.headers.get("X-Frappe-CSRF-Token", "")
        reading = request.method in ("GET", "HEAD", "OPTIONS")
        if session is not None and session.csrf and not reading and token != session.csrf:
            raise thrown("CSRFTokenError", "Invalid Request")
        header = str(request.headers.get("Authorization", "")).strip()
        if header:
            return self._bearer(header)
        return session.user if session is not None else "Guest"

    def expired(self, request: Request) -> bool:
        """Whether the request shows a session that is no more."""
        sid = _sid(request)
        return bool(sid) and sid != "Guest" and sid not in self._sessions

    def login(self, args: Args) -> tuple[str, str]:
        """The id of a new session and the user's full name. Raises AuthenticationError."""
        user = self._site.tables.get("User", args.get("usr"))
        kept = self._site.tables.get(AUTH, user["name"]) if user else None
        password = str((kept or {}).get("password") or "")
        if not user or not password or not compare_digest(password.encode(), str(args.get("pwd")).encode()):
            raise Refusal("AuthenticationError", extra={"message": "Invalid login credentials"})
        sid = self._site.hash() * 3
        self._sessions[sid] = Session(str(user["name"]))
        return sid, str(user.get("full_name") or user["name"])

    def logout(self, request: Request) -> None:
        """End the session that the request shows."""
        self._sessions.pop(_sid(request), None)

    def open_desk(self, request: Request) -> str:
        """The CSRF token of the session, made when first a page of the desk is loaded."""
        session = self._session(request)
        if session is None:
            return "None"
        session.csrf = session.csrf or self._site.hash() * 4
        return session.csrf

    def _session(self, request: Request) -> Session | None:
        return self._sessions.get(_sid(request))

    def _bearer(self, header: str) -> str:
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "basic":
            try:
                rest = b64decode(rest, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                raise Refusal("AuthenticationError") from None
        key, colon, secret = rest.strip().partition(":")
        holder = self._site.tables.holder("User", "api_key", key) if colon and scheme.lower() != "bearer" else None
        kept = self._site.tables.get(AUTH, holder) if holder else None
        if not kept or not compare_digest(str(kept.get("api_secret") or "").encode(), secret.encode()):
            raise Refusal("AuthenticationError")
        if holder is None or not self._site.value("User", holder, "enabled"):
            raise Refusal("AuthenticationError")
        return holder


def _sid(request: Request) -> str:
    try:
        cookies = SimpleCookie(str(request.headers.get("Cookie", "")))
    except CookieError:
        return ""
    return cookies["sid"].value if "sid" in cookies else ""
