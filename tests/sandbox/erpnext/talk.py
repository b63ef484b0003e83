"""A site that is being served, and a client that speaks to it with plain requests."""

from __future__ import annotations

import json
from typing import Any

import requests

from bridge.sandbox.kernel import PREFIX


class Talk:
    """Calls of one user."""

    def __init__(self, url: str, token: str = "key:secret") -> None:
        self.url = url
        self.session = requests.Session()
        if token:
            self.session.headers["Authorization"] = f"token {token}"

    def ask(self, verb: str, path: str, **more: Any) -> requests.Response:
        """Send a request and give the answer, whatever its status is."""
        return self.session.request(verb, self.url + path, timeout=10, **more)

    def insert(self, doctype: str, **values: Any) -> dict[str, Any]:
        """Create a document that is accepted."""
        answer = self.ask("POST", f"/api/resource/{doctype}", json=values)
        assert answer.status_code == 200, answer.text
        made: dict[str, Any] = answer.json()["data"]
        return made

    def rows(self, doctype: str, **asked: Any) -> list[dict[str, Any]]:
        """A list by POST."""
        answer = self.call("get_list", doctype=doctype, **asked)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["message"]
        return found

    def call(self, method: str, **args: Any) -> requests.Response:
        """Call a method of frappe.client, or another by its full name."""
        name = method if "." in method else f"frappe.client.{method}"
        return self.ask("POST", f"/api/method/{name}", json=args)

    def refused(self, answer: requests.Response) -> tuple[int, str]:
        """Status and class of a refusal."""
        return answer.status_code, str(answer.json()["exc_type"])

    def control(self, path: str, given: Any = None) -> Any:
        """Speak to the control plane."""
        verb = "GET" if given is None else "POST"
        answer = requests.request(verb, f"{self.url}{PREFIX.rstrip('/')}/{path}", data=json.dumps(given), timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()
