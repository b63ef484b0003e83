"""What the sandboxes send by themselves, as recorded of real ones; and the troubles that the control plane makes."""

from __future__ import annotations

import base64
import hmac
import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve

SECRET = "a-secret-of-the-site"
TEMPLATE = (
    '{"doctype": {{ doc.doctype | tojson }}, "name": {{ doc.name | tojson }}, "modified": {{ doc.modified | string | '
    'tojson }}, "docstatus": {{ doc.docstatus | int }}}'
)
ACK = b"<r><Ack>true</Ack></r>"


class Ear:
    """Hears posts; answers what a test wants, one after another, the last for ever."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = [(200, b"")]
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                ear.heard.append((self.path, {k.lower(): v for k, v in self.headers.items()}, body))
                status, answer = ear.answers.pop(0) if len(ear.answers) > 1 else ear.answers[0]
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def hears(self, number: int) -> list[tuple[str, dict[str, str], bytes]]:
        """Wait for so many posts, and a moment whether there are more."""
        until = time.monotonic() + 30
        while len(self.heard) < number:
            assert time.monotonic() < until, f"{len(self.heard)} of {number}"
            time.sleep(0.02)
        time.sleep(0.3)
        assert len(self.heard) == number
        return self.heard


@pytest.fixture
def ear() -> Iterator[Ear]:
    made = Ear()
    yield made
    made.server.shutdown()
    made.server.server_close()


def control(server: Server, path: str, **given: Any) -> Any:
    answer = requests.post(f"{server.url}/__sandbox__/{path}", json=given, timeout=30)
    assert answer.ok, answer.text
    return answer.json()


class TestErpnext:
    @pytest.fixture
    def site(self, ear: Ear) -> Iterator[Server]:
        with serve(build("erpnext")) as server:
            assert self.hook(server, ear, "on_update").ok
            yield server

    def hook(self, server: Server, ear: Ear, event: str, doctype: str = "Customer") -> requests.Response:
        body = {
            "__newname": f"{doctype}-{event}", "name": f"{doctype}-{event}",
            "webhook_doctype": doctype, "webhook_docevent": event, "enabled": 1,
            "request_url": f"{ear.url}/{event}", "request_method": "POST", "request_structure": "JSON",
            "webhook_json": TEMPLATE, "enable_security": 1, "webhook_secret": SECRET,
        }  # fmt: skip
        return requests.post(
            f"{server.url}/api/resource/Webhook", json=body, headers={"Authorization": "token key:secret"}, timeout=30
        )

    def insert(self, server: Server, name: str) -> str:
        values = {"customer_name": name, "customer_type": "Company"}
        return str(control(server, "insert", object="Customer", values=values)["id"])

    def test_it_is_signed_over_the_raw_body(self, site: Server, ear: Ear) -> None:
        self.insert(site, "Häcker")
        ((path, headers, body),) = ear.hears(1)
        assert path == "/on_update"
        signature = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
        assert headers["x-frappe-webhook-signature"] == signature
        assert json.loads(body).keys() == {"doctype", "name", "modified", "docstatus"}
        assert "content-type" not in headers

    def test_the_secret_is_shown_to_nobody(self, site: Server, ear: Ear) -> None:
        assert SECRET not in requests.get(f"{site.url}/__sandbox__/dump", timeout=30).text
        assert self.hook(site, ear, "on_trash").json()["data"]["webhook_secret"] == "******"

    def test_an_event_must_fit_the_doctype(self, site: Server, ear: Ear) -> None:
        """Recording 338."""
        answer = self.hook(site, ear, "on_submit")
        assert (answer.status_code, answer.json()["exc_type"]) == (417, "ValidationError")

    def test_a_refused_one_is_tried_again_twice(self, site: Server, ear: Ear) -> None:
        ear.answers = [(500, b""), (200, b"")]
        self.insert(site, "Again")
        first, second = ear.hears(2)
        assert first[2] == second[2]

    def test_a_delete_and_a_refused_request(self, site: Server, ear: Ear) -> None:
        self.hook(site, ear, "on_trash")
        name = self.insert(site, "Short")
        with pytest.raises(AssertionError):
            control(site, "insert", object="Customer", values={"customer_type": "Company"})
        control(site, "delete", object="Customer", id=name)
        assert [path for path, _, _ in ear.hears(2)] == ["/on_update", "/on_trash"]

    @pytest.mark.parametrize(("kind", "number"), [("lost", 0), ("twice", 2)])
    def test_troubles(self, site: Server, ear: Ear, kind: str, number: int) -> None:
        control(site, "webhooks", kind=kind)
        self.insert(site, "One")
        ear.hears(number)
        self.insert(site, "Two")
        ear.hears(number + 1)

    def test_forged(self, site: Server, ear: Ear) -> None:
        control(site, "webhooks/forge", object="Customer", id="Nobody")
        ((_, headers, body),) = ear.hears(1)
        assert json.loads(body)["name"] == "Nobody"
        signature = base64.b64encode(hmac.digest(SECRET.encode(), body, "sha256")).decode()
        assert headers["x-frappe-webhook-signature"] != signature


class TestOdoo:
    def call(self, server: Server, model: str, method: str, *args: Any, **named: Any) -> Any:
        what = ["acme", 2, "admin", model, method, list(args), named]
        body = {"jsonrpc": "2.0", "params": {"service": "object", "method": "execute_kw", "args": what}}
        answer = requests.post(f"{server.url}/jsonrpc", json=body, timeout=30).json()
        assert "error" not in answer, answer
        return answer["result"]

    @pytest.fixture(params=["18", "19"])
    def server(self, request: pytest.FixtureRequest, ear: Ear) -> Iterator[Server]:
        with serve(build("odoo", version=request.param)) as server:
            (model,) = self.call(server, "ir.model", "search", [["model", "=", "res.partner"]])
            email, name = (
                self.call(server, "ir.model.fields", "search", [["model", "=", "res.partner"], ["name", "=", one]])[0]
                for one in ("email", "name")
            )
            for trigger, watched in (("on_create_or_write", [[6, 0, [email]]]), ("on_unlink", [])):
                rule = {"name": "r", "model_id": model, "trigger": trigger, "trigger_field_ids": watched}
                made = self.call(server, "base.automation", "create", rule)
                action = {
                    "name": "hook", "model_id": model, "state": "webhook",
                    "webhook_url": f"{ear.url}/{trigger}?token=t",
                    "webhook_field_ids": [[6, 0, [name]]], "base_automation_id": made, "usage": "base_automation",
                }  # fmt: skip
                self.call(server, "ir.actions.server", "create", action)
            yield server

    def test_one_post_for_each_record_and_watched_change(self, server: Server, ear: Ear) -> None:
        """Recording 308; and none for a write of what is there, or of other fields."""
        partner = control(server, "insert", object="res.partner", values={"name": "W", "email": "w@x"})["id"]
        ((path, headers, body),) = ear.hears(1)
        said = json.loads(body)
        assert (path, said["_model"], said["_id"], said["name"]) == (
            "/on_create_or_write?token=t", "res.partner", partner, "W",
        )  # fmt: skip
        assert said["_action"].startswith("hook(#")
        assert headers["content-type"] == "application/json"
        for values in ({"name": "V"}, {"email": "w@x"}):
            control(server, "edit", object="res.partner", id=partner, values=values)
        ear.hears(1)
        control(server, "edit", object="res.partner", id=partner, values={"email": "v@x"})
        ear.hears(2)
        control(server, "delete", object="res.partner", id=partner)
        assert ear.hears(3)[2][0] == "/on_unlink?token=t"

    def test_nothing_is_tried_again(self, server: Server, ear: Ear) -> None:
        ear.answers = [(500, b"")]
        control(server, "insert", object="res.partner", values={"name": "W"})
        time.sleep(1.5)
        ear.hears(1)


class TestSalesforce:
    @pytest.fixture
    def org(self, ear: Ear) -> Iterator[Server]:
        with serve(build("salesforce")) as server:
            control(server, "webhooks/outbound", object="Account", url=f"{ear.url}/o")
            yield server

    def test_it_is_sent_until_it_is_acknowledged(self, org: Server, ear: Ear) -> None:
        ear.answers = [(500, b""), (200, b"<html>fine</html>"), (200, ACK)]
        made = control(org, "insert", object="Account", values={"Name": "A"})["id"]
        posts = ear.hears(3)
        assert {body for _, _, body in posts} == {posts[0][2]}
        assert f"<sf:Id>{made}</sf:Id>".encode() in posts[0][2]
        assert posts[0][1]["content-type"].startswith("text/xml")

    def test_several_records_of_one_commit_are_one_message(self, org: Server, ear: Ear) -> None:
        ear.answers = [(200, ACK)]
        records = [{"object": "Account", "values": {"Name": f"{number}"}} for number in range(3)]
        control(org, "seed", records=records)
        ((_, _, body),) = ear.hears(1)
        assert body.count(b"<Notification>") == 3
