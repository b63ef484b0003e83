"""Replays a recorded exchange with a real Odoo on the sandbox: what must be there first, and what is compared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from bridge.sandbox.odoo import OdooApplication

LIMITED_UID = 5
MISSING = 99_999_999
_LATER = ("sale.", "product.", "stock.", "mail.", "base.automation", "ir.actions", "uom.", "account.")
_WRONG = ("wrong password", "bad key", "empty password", "without key")
_ORDINARY = (
    "name",
    "email",
    "ref",
    "city",
    "street",
    "zip",
    "vat",
    "phone",
    "active",
    "is_company",
    "lang",
    "function",
)


@dataclass
class Recording:
    """One recorded request with its response."""

    path: Path
    title: str
    request: dict[str, Any]
    response: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> Recording:
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(path, data.get("title", ""), data.get("request") or {}, data.get("response") or {})

    @property
    def params(self) -> dict[str, Any]:
        body = self.request.get("body")
        params = body.get("params") if isinstance(body, dict) else None
        return params if isinstance(params, dict) else {}

    @property
    def call(self) -> tuple[str, str, list[Any], dict[str, Any]] | None:
        """Model, method, positional and named arguments of a call on records."""
        params, url = self.params, self.request.get("url_path", "")
        args = params.get("args")
        if params.get("service") == "object" and args and len(args) > 4:
            if params["method"] == "execute":
                return args[3], args[4], args[5:], {}
            return args[3], args[4], (args[5:6] or [[]])[0], (args[6:7] or [{}])[0] or {}
        if "model" in params:
            return params["model"], params["method"], params["args"], params.get("kwargs", {})
        if url.startswith("/json/2/"):
            model, method = url.removeprefix("/json/2/").split("/")
            body = self.request.get("body")
            return model, method, [], body if isinstance(body, dict) else {}
        return None

    def out_of_scope(self) -> str:
        """Why it is not for this sandbox yet, or an empty text."""
        url = self.request.get("url_path", "")
        if not url or "status" not in self.response:
            return "several requests at once, or no request at all"
        if url.startswith("/web/hook"):
            return "webhooks come later"
        if url.startswith("/xmlrpc"):
            return "XML-RPC is not offered"
        if self.call and self.call[0].startswith(_LATER):
            if self.call[0].startswith(("mail.", "base.automation", "ir.actions", "account.")):
                return f"{self.call[0]}: messages, automation and accounting are not offered, or not in full"
            return "products, orders and stock: played by test_trade_recordings"
        if "another transaction keeps updating" in self.title or "the same over JSON-2" in self.title:
            return "needs a rival transaction (tested as a fault)"
        return ""


def prepare(app: OdooApplication, recording: Recording) -> None:
    """Seed the records that the recording speaks of, as far as they are not there."""
    if recording.call is None:
        return
    model, method, args, named = recording.call
    result = _result(recording)
    if model not in app.database.store.models:
        return
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    _from_answer(rows, model, method, args, named, result)
    if model == "res.partner" and method not in ("create", "load", "search", "search_read", "search_count"):
        _from_ids(rows, recording, args, named, result)
    for record in _numbers(args, named, "category_id"):
        rows[("res.partner.category", record)] = {"name": f"tag {record}"}
    _from_relations(rows, args, named)
    entries = [
        {"object": name, "id": record, "values": {"name": f"made {record}", **values}}
        for (name, record), values in rows.items()
        if record != MISSING and app.database.store.get(name, record) is None and name != "ir.model.data"
    ]
    app.seed({"records": sorted(entries, key=lambda entry: "parent_id" in entry["values"])})
    _external_ids(app, recording, model, method, args)
    _stamp(app, recording)


def _result(recording: Recording) -> Any:
    body = recording.response.get("body")
    return body.get("result") if isinstance(body, dict) and "jsonrpc" in body else body


def _from_answer(rows: dict[Any, Any], model: str, method: str, args: list[Any], named: Any, result: Any) -> None:
    """Records of the answer, with what their search asked for, so that the search finds them again."""
    if model != "res.partner" or method not in ("search", "search_read", "search_count", "web_search_read"):
        if model == "res.partner" and method in ("name_search", "read_group", "formatted_read_group"):
            _grouped(rows, args, named, result)
        return
    domain = args[0] if args and isinstance(args[0], list) else named.get("domain") or []
    asked = {
        term[0]: term[2]
        for term in domain
        if isinstance(term, list) and len(term) == 3 and term[1] == "=" and term[0] in ("ref", "is_company")
    }
    found = result.get("records") if isinstance(result, dict) else result
    if isinstance(found, int) and not isinstance(found, bool):
        found = list(range(5000, 5000 + min(found or 12, 60)))
    for item in found if isinstance(found, list) else []:
        record = item["id"] if isinstance(item, dict) else item
        if isinstance(record, int):  # long lists are trimmed in the recordings, with a note in their midst
            rows[(model, record)] = dict(asked)


def _grouped(rows: dict[Any, Any], args: list[Any], named: Any, result: Any) -> None:
    for number, row in enumerate(result if isinstance(result, list) else []):
        if isinstance(row, list):
            rows[("res.partner", row[0])] = {"name": row[1]}
        else:
            rows[("res.partner", 5000 + number)] = {"ref": row.get("ref")}


def _from_ids(rows: dict[Any, Any], recording: Recording, args: list[Any], named: Any, result: Any) -> None:
    """The records that a method is called on; those that a refusal calls missing stay away."""
    error = json.dumps(recording.response.get("body"))
    gone = {int(number) for number in re.findall(r"res\.partner\((\d+),\)", error)}
    ids = named.get("ids") or (args[0] if args else [])
    answers = {row["id"]: row for row in result if isinstance(row, dict) and "id" in row} if _is_rows(result) else {}
    for record in ids if isinstance(ids, list) else [ids]:
        if not isinstance(record, int) or record in gone:
            continue
        answer = answers.get(record, {})
        values = {name: answer[name] for name in _ORDINARY if name in answer}
        parent = answer.get("parent_id")
        parent = parent[0] if isinstance(parent, list) else parent.get("id") if isinstance(parent, dict) else parent
        if parent:
            rows[("res.partner", parent)] = {"is_company": True, "ref": "parent"}
            values["parent_id"] = parent
        rows[("res.partner", record)] = values


def _is_rows(result: Any) -> bool:
    return isinstance(result, list) and all(isinstance(row, dict) for row in result)


def _numbers(args: list[Any], named: Any, field: str) -> set[int]:
    """Ids that commands of a field speak of, anywhere in the arguments."""
    found: set[int] = set()

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name == field:
                    found.update(_command_ids(item))
                else:
                    walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(args)
    walk(named)
    return found


def _command_ids(commands: Any) -> set[int]:
    found: set[int] = set()
    for command in commands if isinstance(commands, list) else []:
        if isinstance(command, int):
            found.add(command)
        elif isinstance(command, list) and command:
            found |= {command[1]} if command[0] in (1, 2, 3, 4) else set()
            found |= set(command[2]) if command[0] == 6 else set()
    return found


def _from_relations(rows: dict[Any, Any], args: list[Any], named: Any) -> None:
    parents = args[0] if args and isinstance(args[0], list) else []
    for record in _numbers(args, named, "child_ids"):
        rows[("res.partner", record)] = {"parent_id": parents[0]} if parents else {}

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if isinstance(parent := value.get("parent_id"), int) and parent:
                rows.setdefault(("res.partner", parent), {"is_company": True})
            if isinstance(company := value.get("company_id"), int) and company > 2:
                rows[("res.company", company)] = {}
            for item in value.values():
                walk(item)
        elif isinstance(value, list):
            for item in value:
                walk(item)

    walk(args)
    walk(named)


def _external_ids(app: OdooApplication, recording: Recording, model: str, method: str, args: list[Any]) -> None:
    body = recording.response.get("body")
    failed = isinstance(body, dict) and "error" in body
    if model == "ir.model.data":
        wanted: list[tuple[str, str, int]] = []
        if method == "check_object_reference" and not failed:
            wanted = [(args[0], args[1], 3)]
        if method == "create" and failed:
            wanted = [(args[0]["module"], args[0]["name"], 3)]
        if method == "search_read":
            wanted = [("__crm__", f"row_{number}", 3) for number in range(2)]
        for module, name, record in wanted:
            values = {"module": module, "name": name, "model": "res.partner", "res_id": record}
            app.seed({"records": [{"object": "ir.model.data", "values": values}]})
    if model == "res.partner" and method == "load" and isinstance(_result(recording), dict):
        for column in [number for number, name in enumerate(args[0] if args else []) if name == ".id"]:
            known = [int(row[column]) for row in args[1] if int(row[column]) != MISSING]
            app.seed({"records": [{"object": model, "id": key, "values": {"name": "known"}} for key in known]})
        if any(name.startswith("category_id") for name in (args[0] if args else [])):
            tags = [{"object": "res.partner.category", "id": key, "values": {"name": "tag"}} for key in range(8, 11)]
            app.seed({"records": tags})


def _stamp(app: OdooApplication, recording: Recording) -> None:
    """Give the records the stored stamp that the title tells, or one like those of the recording."""
    told = re.search(r"stored \(microseconds\): \d+\S(\S+ \S+)$", recording.title)
    literal = re.search(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}", json.dumps(recording.request.get("body")))
    moment = told[1] if told else literal[0] if literal else None
    table = app.database.store.tables["res.partner"]
    result = _result(recording)
    for row in result if _is_rows(result) and recording.call and recording.call[0] == "res.partner" else []:
        if row.get("write_date") is not None and row.get("id") in table:
            entry = {"object": "res.partner", "id": row["id"], "values": {}, "modified": f"{row['write_date']}.417046"}
            app.seed({"records": [entry]})
    if moment:
        seeded = [{"object": "res.partner", "id": record, "values": {}, "modified": moment} for record in table]
        app.seed({"records": [entry for entry in seeded if entry["id"] > 40]})


def send(app: OdooApplication, url: str, recording: Recording) -> requests.Response:
    """Send the recorded request, with credentials of the sandbox put in."""
    request = recording.request
    secret = app.database.credentials
    refused = any(word in recording.title for word in _WRONG)
    headers = dict(request.get("headers") or {})
    if "Authorization" in headers:
        scheme = "Bearer" if "case-insensitive" in recording.title else "bearer"
        headers["Authorization"] = f"{scheme} {'wrong' if refused else secret.api_key}"
    session = requests.Session()
    if "session cookie" in recording.title:
        login = {"db": app.database.name, "login": secret.login, "password": secret.password}
        session.post(f"{url}/web/session/authenticate", json={"params": login}, timeout=10)
    body = request.get("body")
    data = body if isinstance(body, str) else json.dumps(body) if body is not None else None
    if data is not None:
        password = "" if "empty password" in recording.title else "wrong" if refused else secret.password
        if _is_limited(recording):
            password = secret.limited_password
        data = re.sub(r"<password[^>]*>", password, data)
        data = _for_limited(data) if _is_limited(recording) else data
    target = f"{url}{request['url_path']}"
    return session.request(request["method"], target, data=data, headers=headers, timeout=30, allow_redirects=False)


def _is_limited(recording: Recording) -> bool:
    return "limited user" in recording.title


def _for_limited(data: str) -> str:
    body = json.loads(data)
    body["params"]["args"][1] = LIMITED_UID
    return json.dumps(body)


def differences(recording: Recording, answer: requests.Response) -> list[str]:
    """How status, error class and shape of the answer differ from the recorded ones."""
    found = []
    if answer.status_code != recording.response["status"]:
        found.append(f"status {answer.status_code}, recorded {recording.response['status']}")
    expected = recording.response.get("body")
    try:
        actual = answer.json()
    except ValueError:
        return found + ([] if isinstance(expected, str) else ["no JSON in the answer"])
    if _class(expected) != _class(actual):
        return [*found, f"error {_class(actual)}, recorded {_class(expected)}: {str(actual)[:200]}"]
    return found + shape(expected, actual, "")


def _class(body: Any) -> Any:
    if not isinstance(body, dict):
        return None
    error = body.get("error", body if "debug" in body else None)
    if error is None:
        return None
    return error.get("code", 0), error.get("data", error)["name"]


def shape(expected: Any, actual: Any, where: str) -> list[str]:
    """Differences of keys and of types. false is what a value is when there is none."""
    if isinstance(expected, dict) and isinstance(actual, dict):
        return _shape_of_dict(expected, actual, where)
    if isinstance(expected, list) and isinstance(actual, list):
        if bool(expected) != bool(actual) and where.endswith("result"):
            return [f"{where}: {len(actual)} items, recorded {len(expected)}"]
        return shape(expected[0], actual[0], f"{where}[0]") if expected and actual else []
    if expected is False or actual is False:
        return []
    if type(expected) is not type(actual):
        return [f"{where}: {type(actual).__name__}, recorded {type(expected).__name__}"]
    return []


def _shape_of_dict(expected: dict[str, Any], actual: dict[str, Any], where: str) -> list[str]:
    found = []
    if expected.keys() != actual.keys():
        found.append(f"{where} keys differ: {sorted(expected.keys() ^ actual.keys())[:8]}")
    for name in sorted(expected.keys() & actual.keys()):
        found += shape(expected[name], actual[name], f"{where}.{name}")
    return found
