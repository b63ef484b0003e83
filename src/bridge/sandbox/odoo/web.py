"""/web/...: sessions by cookie, calls within them, and what the server says of its version."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from bridge.sandbox.kernel import Request, Response
from bridge.sandbox.odoo import pages
from bridge.sandbox.odoo.database import Database
from bridge.sandbox.odoo.errors import AccessDenied, AccessError, SessionExpired
from bridge.sandbox.odoo.registry import call_kw, records
from bridge.sandbox.odoo.rpc import answer_json, version_info

_WEEK = 7 * 24 * 3600


class Web:
    """The web client's routes."""

    def __init__(self, database: Database, several: bool) -> None:
        self._database = database
        self._several = several
        self._sessions: dict[str, int] = {}
        self._count = 0

    def expire(self) -> None:
        """Forget all sessions."""
        self._sessions.clear()

    def handle(self, request: Request) -> Response:
        """Answer a request under /web/."""
        path, version = request.path, self._database.version
        if path == "/web/version" and version == "19":
            return version_page(version)
        if path == "/web/webclient/version_info":
            return answer_json(request, version, lambda _: version_info(version))
        if path == "/web/session/authenticate":
            return self._authenticate(request)
        if path == "/web/session/destroy":
            self._sessions.pop(_cookie(request), None)
            return self._with_cookie(answer_json(request, version, lambda _: None), self._new_id())
        if path == "/web/session/get_session_info":
            return self._in_session(request, lambda uid, _: self._info(uid))
        if path == "/web/session/check":
            return self._in_session(request, lambda uid, _: None)
        if path.startswith(("/web/dataset/call_kw", "/web/dataset/call_button")):
            return self._in_session(request, self._call)
        return pages.not_found()

    def _in_session(self, request: Request, handle: Any) -> Response:
        uid = self._sessions.get(_cookie(request))
        if uid is None and self._several:
            return pages.no_database()

        def within(params: dict[str, Any]) -> Any:
            if uid is None:
                raise SessionExpired
            return handle(uid, params)

        return answer_json(request, self._database.version, within)

    def _call(self, uid: int, params: Mapping[str, Any]) -> Any:
        with self._database.transaction(uid) as env:
            return call_kw(env, params["model"], params["method"], params["args"], params.get("kwargs") or {})

    def _authenticate(self, request: Request) -> Response:
        session = self._new_id()

        def authenticate(params: dict[str, Any]) -> Any:
            if params["db"] != self._database.name:
                raise AccessError("Database not found.")
            uid = self._database.login(params["login"], params["password"])
            if uid is None:
                raise AccessDenied
            self._sessions[session] = uid
            return self._info(uid)

        response = answer_json(request, self._database.version, authenticate)
        return self._with_cookie(response, session) if session in self._sessions else response

    def _new_id(self) -> str:
        self._count += 1
        return hashlib.sha256(f"{self._database.name} {self._count}".encode()).hexdigest()

    def _with_cookie(self, response: Response, session: str) -> Response:
        response.headers["Set-Cookie"] = f"session_id={session}; Max-Age={_WEEK}; HttpOnly; Path=/"
        return response

    def _info(self, uid: int) -> dict[str, Any]:
        database = self._database
        with database.transaction(uid, su=True) as env:
            user = database.store.tables["res.users"][uid]
            partner = database.store.tables["res.partner"][user["partner_id"]]
            companies = {
                str(record): {"id": record, "name": row["name"], "sequence": row["sequence"], "currency_id": 1}
                | {"child_ids": [], "parent_id": False}
                for record, row in database.store.tables["res.company"].items()
                if record in user["company_ids"]
            }
            context = records(env, "res.users").context_get()
        info = version_info(database.version)
        return {
            "uid": uid,
            "is_system": uid == 2,
            "is_admin": uid == 2,
            "is_public": False,
            "is_internal_user": True,
            "user_context": context,
            "db": database.name,
            "registry_hash": hashlib.sha256(database.name.encode()).hexdigest(),
            "user_settings": {"id": uid, "user_id": {"id": uid}},
            "profile_session": None,
            "profile_collectors": None,
            "profile_params": None,
            "groups": {"base.group_allow_export": True},
            "show_effect": True,
            "max_time_between_keys_in_ms": 150,
            "server_version": info["server_version"],
            "server_version_info": info["server_version_info"],
            "support_url": "https://www.odoo.com/buy",
            "name": partner["name"],
            "username": user["login"],
            "quick_login": True,
            "partner_display_name": partner["complete_name"],
            "partner_write_date": partner["write_date"].strftime("%Y-%m-%d %H:%M:%S"),
            "partner_id": user["partner_id"],
            "web.base.url": "http://127.0.0.1",
            "active_ids_limit": 20000,
            "max_file_upload_size": 134217728,
            "home_action_id": False,
            "currencies": {"1": {"name": "USD", "symbol": "$", "position": "before", "digits": [69, 2]}},
            "bundle_params": {"lang": context["lang"]},
            "test_mode": False,
            "user_companies": {
                "current_company": user["company_id"],
                "allowed_companies": companies,
                "disallowed_ancestor_companies": {},
            },
        }


def version_page(version: str) -> Response:
    """GET /web/version and /json/version: open to everybody, on 19."""
    body = {"version_info": version_info(version)["server_version_info"], "version": f"{version}.0"}
    return Response(200, body, {"Content-Type": "application/json; charset=utf-8"})


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get("session_id")
    except CookieError:
        return ""
    return found.value if found else ""
