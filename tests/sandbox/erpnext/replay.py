"""Sends recorded requests to the sandbox and compares the answers: status, class of the fault, shape of the body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from bridge.sandbox.erpnext.collation import collate
from bridge.sandbox.kernel import Application, Request, Response

FOLDER = Path(__file__).parents[4] / "shared" / "recordings" / "erpnext15"
USERS = {"Administrator": "admin", "integ@acme.example": "integ", "sales@acme.example": "sales"}
"""Users of the recordings with the keys that they have here."""
LATER = re.compile(
    r"Sales Order|Stock|Bin\b|Item|Warehouse|Webhook|Delivery|Quotation|erpnext\.|UOM Conv|reco|SAL-ORD", re.IGNORECASE
)
KEY_FIELD = {"fieldname": "bridge_external_id", "fieldtype": "Data", "unique": 1, "insert_after": "first_name"}
FAULTS = {
    "lock-timeout": "lock_wait",
    "rate-limit-2": "too_many_requests",
    "rate-limit-v2": "too_many_requests",
    "maintenance": "maintenance",
    "deadlock": "deadlock",
}


@dataclass(frozen=True)
class Recording:
    """One recorded exchange."""

    name: str
    title: str
    request: Mapping[str, Any]
    status: int
    body: Any

    @property
    def out_of_scope(self) -> str:
        """Why it is not tried, empty if it is."""
        asked = f"{self.request['url_path']} {json.dumps(self.request['body'])}"
        if LATER.search(unquote(asked).replace("+", " ")) or "orders" in self.title or "wh-trigger" in self.name:
            return "orders, items, stock, played by test_trade_recordings; webhooks, not offered"
        if self.name.startswith(("329", "349", "380-stock")):
            return "rows that only orders and webhooks make"
        return ""

    @property
    def path(self) -> str:
        """The path as it was sent, without the query."""
        return urlsplit(str(self.request["url_path"])).path

    def document(self) -> tuple[str, str] | None:
        """Doctype and name if the path is that of a document."""
        found = re.match(r"/api(?:/v1)?/resource/([^/]+)/(.+)$|/api/v2/document/([^/]+)/([^/]+)$", self.path)
        if not found:
            return None
        doctype, name = [unquote(part) for part in found.groups() if part]
        return doctype, name


def recordings() -> Iterator[Recording]:
    """All recorded exchanges, in the order in which they were made."""
    for file in sorted(FOLDER.glob("[0-9]*.json")):
        given = json.loads(file.read_text(encoding="utf-8"))
        if "request" in given and "response" in given:
            answer = given["response"]
            yield Recording(file.stem, given["title"], given["request"], answer["status"], answer["body"])


class Player:
    """Plays recordings on one site, in their order; what a recording takes for granted is made first."""

    def __init__(self, app: Application) -> None:
        self.app = app
        for user, key in list(USERS.items())[1:]:
            values = {"email": user, "first_name": key, "api_key": key, "api_secret": "secret", "new_password": "pass"}
            roles = [{"role": "Sales User"}, *([{"role": "Sales Manager"}] if key == "integ" else [])]
            app.seed({"records": [{"object": "User", "values": {**values, "roles": roles}}]})
        app.seed({"records": [{"object": "Custom Field", "values": {"dt": "Contact", **KEY_FIELD}}]})
        self._sid = ""

    def play(self, recording: Recording) -> list[str]:
        """Differences between what was answered then and now."""
        self._prepare(recording)
        answer = self._ask(recording)
        body = json.loads(answer.body) if isinstance(answer.body, bytes) and answer.body[:1] in (b"{", b"[") else None
        if recording.name.startswith("013"):
            self._sid = answer.headers["Set-Cookie"].partition(";")[0]
        if answer.status != recording.status:
            return [f"status {answer.status} for {recording.status}: {json.dumps(body)[:300]}"]
        if not isinstance(recording.body, dict):
            return [] if body is None else ["JSON for a page"]
        return list(differences("", recording.body, body))

    def _ask(self, recording: Recording) -> Response:
        for mark, kind in FAULTS.items():
            if mark in recording.name and recording.status > 417:
                answer = self.app.fault(kind, {"seconds": 29}, self._request(recording))
                assert answer is not None
                return answer
        return self.app.handle(self._request(recording))

    def _request(self, recording: Recording) -> Request:
        given = recording.request
        headers = {key: value for key, value in given["headers"].items() if key not in ("Authorization", "Cookie")}
        auth = given["headers"].get("Authorization", "")
        if auth:
            headers["Authorization"] = f"token {self._token(recording)}"
        if "malformed" in recording.name:
            headers["Authorization"] = "token nocolon"
        cookie = given["headers"].get("Cookie", "")
        if "sid=***" in cookie:
            headers["Cookie"] = "sid=dead" if "dead" in recording.name else self._sid
        if "csrf-missing" in recording.name:
            self.app.handle(Request.parse("GET", "/app", {"Cookie": self._sid}))
        return Request.parse(given["method"], given["url_path"], headers, self._body(recording))

    def _token(self, recording: Recording) -> str:
        title = recording.title.lower()
        if recording.status == 401:
            return "admin:wrong"
        told = re.search(r"User <strong>([^<]+@[^<]+)</strong>", json.dumps(recording.body))
        user = told.group(1) if told else "Administrator"
        if "non-admin" in title or "normal user" in title or "integration user" in title:
            user = "integ@acme.example"
        return f"{USERS[user]}:secret"

    def _body(self, recording: Recording) -> bytes:
        given = recording.request["body"]
        if given is None:
            return b""
        if isinstance(given, str):
            return given.replace("***", "wrong" if recording.status == 401 else "pass").encode()
        if recording.path.endswith(".restore"):
            deleted = self.app.dump()["Deleted Document"].values()
            given = {"name": [row["name"] for row in deleted if row["deleted_name"] == "To Delete"][-1]}
        if isinstance(given, dict) and given.get("modified") and recording.status == 200:
            target = recording.document()
            assert target
            given = {**given, "modified": self._stored(*target)["modified"]}
        return json.dumps(_whole(given)).encode()

    def _stored(self, doctype: str, name: str) -> dict[str, Any]:
        found = self.app.dump()[doctype]
        return found.get(name) or next((row for key, row in found.items() if collate(key) == collate(name)), {})

    def _prepare(self, recording: Recording) -> None:
        if "notraceback" in recording.name:
            self.app.user_edit("System Settings", "System Settings", {"allow_error_traceback": 0})
        target = recording.document()
        if target and recording.status not in (401, 403, 404) and target[0] not in ("System Settings",):
            self._ensure(*target, recording.body.get("data") if isinstance(recording.body, dict) else None)
        gone = target and recording.status == 404 and recording.request["method"] in ("GET", "DELETE")
        if target and gone and target[0] in self.app.dump() and self._stored(*target):
            self.app.user_delete(*target)
        self._prepare_body(recording)
        self._prepare_duplicate(recording)
        self._prepare_list(recording)

    def _prepare_body(self, recording: Recording) -> None:
        body = recording.request["body"]
        if not isinstance(body, dict):
            body = {}
        if "rename_doc" in recording.path:
            self._ensure(str(body["doctype"]), str(body["old_name"]), None)
            wanted = recording.status == 200 and not body.get("merge")
            if wanted and self._stored(body["doctype"], body["new_name"]):
                self.app.user_delete(body["doctype"], body["new_name"])
            elif not wanted:
                self._ensure(body["doctype"], body["new_name"], None)
        if "set_value" in recording.path:
            self._ensure(str(body["doctype"]), str(body["name"]), None)
        for doc in [body.get("doc"), *json.loads(_form(recording).get("docs", "[]"))]:
            name = doc.get("name") or doc.get("docname") if isinstance(doc, dict) else None
            if name and name != "Nope":
                self._ensure(doc["doctype"], name, None)
        for row in body.get("links") or ():
            if recording.status == 200:
                self._ensure(row["link_doctype"], row["link_name"], None)

    def _prepare_duplicate(self, recording: Recording) -> None:
        found = re.search(r"Duplicate entry '([^']+)' for key '(\w+)'", json.dumps(recording.body))
        if found and found.group(2) != "PRIMARY":
            value, column = found.groups()
            if not any(row.get(column) == value for row in self.app.dump()["Customer"].values()):
                values = {"customer_name": f"Holder of {value}", column: value}
                self.app.seed({"records": [{"object": "Customer", "values": values}]})
        told = re.search(r"Changed customer name to .*? as '([^']+)' already exists", json.dumps(recording.body))
        if told:
            self._ensure("Customer", json.loads(f'"{told.group(1)}"'.replace("\\\\\\\\", "\\")), None)

    def _prepare_list(self, recording: Recording) -> None:
        """What a list showed is there, under its names."""
        data = recording.body.get("data") or recording.body.get("message") if isinstance(recording.body, dict) else None
        doctype = re.match(r"/api/(?:v2/document|resource|v1/resource)/([^/]+)$", self.path_of(recording))
        if isinstance(data, list) and doctype and recording.request["method"] == "GET":
            for row in data:
                if isinstance(row, dict) and doctype.group(1) in ("Customer", "Address") and row.get("name"):
                    self._ensure(doctype.group(1), row["name"], row)
        deleted = re.search(r'"deleted_name": "([^"]+)"', unquote(str(recording.request["url_path"])).replace("+", " "))
        if (
            deleted
            and data
            and not any(row["deleted_name"] == deleted.group(1) for row in self.app.dump()["Deleted Document"].values())
        ):
            self._ensure("Customer", deleted.group(1), None)
            self.app.user_delete("Customer", deleted.group(1))
        if "validate_link" in recording.path:
            self._ensure("Customer", "IM 0", None)

    def path_of(self, recording: Recording) -> str:
        """The decoded path."""
        return unquote(recording.path)

    def _ensure(self, doctype: str, name: str, like: Mapping[str, Any] | None) -> None:
        meta = {"Customer": "customer_name", "Address": "address_title", "Contact": "first_name"}
        if doctype not in meta or self._stored(doctype, name):
            return
        shown = like if isinstance(like, dict) else {}
        known = {key: value for key, value in shown.items() if isinstance(value, str | int | float)}
        basis: dict[str, Any] = {meta[doctype]: name, "website": "https://x.example"}
        if isinstance(like, dict):
            basis.pop("website")
        if doctype == "Address":
            basis |= {"address_type": "Billing", "address_line1": "x", "city": "y", "country": "Germany"}
        values = {**basis, **{key: value for key, value in known.items() if not key.startswith("customer_primary")}}
        record: dict[str, Any] = {"object": doctype, "id": name, "values": values}
        if "modified" in known:
            moment = datetime.fromisoformat(str(known["modified"])).replace(tzinfo=ZoneInfo("Europe/Berlin"))
            record["modified"] = moment.isoformat()
        self.app.seed({"records": [record]})


def _form(recording: Recording) -> dict[str, str]:
    body = recording.request["body"]
    if not isinstance(body, str) or "bulk" not in recording.path:
        return {}
    return {key: values[-1] for key, values in parse_qs(body).items()}


def _whole(given: Any) -> Any:
    """A body whose lists are as long again as they were before they were cut in the recording."""
    if isinstance(given, dict):
        return {key: _whole(value) for key, value in given.items()}
    if not isinstance(given, list):
        return given
    cut = re.match(r"\.\.\.<trimmed, (\d+) in all", str(given[-1])) if given else None
    return [*given[:-1], *[given[-2]] * (int(cut.group(1)) - len(given) + 1)] if cut else [_whole(row) for row in given]


_STATE = frozenset({"exc", "exception", "_server_messages", "docs", "_user_tags"})
"""Texts, whose presence counts; docs is cut in the recordings."""


def differences(where: str, recorded: Any, answered: Any) -> Iterator[str]:
    """Where two bodies have other keys, or values of another type. null is of every type."""
    if recorded is None or answered is None:
        return
    if isinstance(recorded, str) and recorded.startswith("...<trimmed"):
        return
    if isinstance(recorded, dict) and isinstance(answered, dict):
        if recorded.get("exc_type") != answered.get("exc_type"):
            yield f"{answered.get('exc_type')} for {recorded.get('exc_type')}"
        if set(recorded) != set(answered):
            yield f"{where} lacks {sorted(set(recorded) - set(answered))}, adds {sorted(set(answered) - set(recorded))}"
        for key in set(recorded) & set(answered) - _STATE:
            yield from differences(f"{where}.{key}", recorded[key], answered[key])
    elif isinstance(recorded, list) and isinstance(answered, list):
        if bool(recorded) != bool(answered):
            yield f"{where} has {len(answered)} rows for {len(recorded)}"
        elif recorded:
            yield from differences(f"{where}[0]", recorded[0], answered[0])
    elif type(recorded) is not type(answered):
        yield f"{where} is {type(answered).__name__} for {type(recorded).__name__}"
