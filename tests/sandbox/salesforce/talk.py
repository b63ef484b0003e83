"""A client of the Salesforce sandbox that is nothing but `requests`."""

from __future__ import annotations

from typing import Any

import requests

BASE = "/services/data/v62.0"
GOOD = {"grant_type": "client_credentials", "client_id": "bridge-client-id", "client_secret": "bridge-client-secret"}


class Talk:
    """Calls with the session of the integration user."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self.log_in()

    def log_in(self) -> None:
        answer = self._session.post(f"{self.url}/services/oauth2/token", data=GOOD, timeout=10)
        assert answer.status_code == 200, answer.text
        self._session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method: str, path: str, body: Any = None, **named: Any) -> requests.Response:
        """A call below /services/data/v62.0/; `headers` and `params` are handed on."""
        return self._session.request(method, f"{self.url}{BASE}/{path}", json=body, timeout=30, **named)

    def refused(self, method: str, path: str, body: Any = None, **named: Any) -> tuple[int, str]:
        """The status and the code of a call that must fail with a list of one error."""
        answer = self.call(method, path, body, **named)
        errors = answer.json()
        assert isinstance(errors, list), errors
        assert set(errors[0]) - {"fields"} == {"message", "errorCode"}
        return answer.status_code, errors[0]["errorCode"]

    def query(self, soql: str, *, resource: str = "query", size: int = 0) -> dict[str, Any]:
        headers = {"Sforce-Query-Options": f"batchSize={size}"} if size else {}
        answer = self.call("GET", resource, params={"q": soql}, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def names(self, condition: str, *, resource: str = "query") -> list[str]:
        """The names of the accounts that a condition finds."""
        return [
            row["Name"] for row in self.query(f"SELECT Name FROM Account {condition}", resource=resource)["records"]
        ]

    def create(self, object_name: str, **values: Any) -> str:
        answer = self.call("POST", f"sobjects/{object_name}", values)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def account(self, **values: Any) -> str:
        return self.create("Account", **{"Name": "Acme", **values})

    def read(self, id_: str, object_name: str = "Account") -> dict[str, Any]:
        answer = self.call("GET", f"sobjects/{object_name}/{id_}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, path: str, **given: Any) -> Any:
        answer = self._session.post(f"{self.url}/__sandbox__/{path}", json=given, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def seed(self, *names: str, object_name: str = "Account") -> list[str]:
        records = [{"object": object_name, "values": {"Name": name}} for name in names]
        return list(self.control("seed", records=records)["ids"])
