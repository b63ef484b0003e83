"""The company: three sandboxes over real HTTP, their users' access, and bridge's configuration for them.

Bridge talks to them over HTTP. Users act without it, on the same applications, so that faults armed for bridge's
connection do not strike them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bridge.config import Config, load_config
from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from bridge.sandbox import build
from bridge.sandbox.kernel import Request, Server, serve
from bridge.wiring import make_adapters, make_maps
from reliability.soak.clock import Timeline

ROOT = Path(__file__).resolve().parents[3]
VENDORS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}
SYSTEMS = tuple(VENDORS)


class Refused(Exception):
    """A system did not let a user do something: nothing happened."""


class Company:
    """Three running systems. remote: whether clocks have to be set over HTTP (from another process)."""

    def __init__(self, folder: Path, timeline: Timeline, stack: ExitStack, store: str) -> None:
        self.folder, self.timeline, self.remote = folder, timeline, False
        self.servers: dict[str, Server] = {
            system: stack.enter_context(serve(build(vendor))) for system, vendor in VENDORS.items()
        }
        addresses = {system: server.url for system, server in self.servers.items()}
        text = CONFIGURATION.format(**addresses).replace("sqlite:///bridge.db", store)
        (folder / "bridge.yaml").write_text(text, encoding="utf-8")
        (folder / "mappings").mkdir()
        for path in (ROOT / "mappings").glob("*.yaml"):
            (folder / "mappings" / path.name).write_bytes(path.read_bytes())
        os.environ.update(SECRETS)
        for system in SYSTEMS:
            self.control(system, "POST", "clock", freeze=True)
        self._set_up()

    def configuration(self) -> Config:
        """As the file says now."""
        return load_config(self.folder / "bridge.yaml")

    def _set_up(self) -> None:
        config = self.configuration()
        adapters = make_adapters(config)
        for system, adapter in adapters.items():
            self.strike_the_hour(system)
            for emap in make_maps(config).values():
                adapter.setup(emap.spec(system), apply=True)
            adapter.close()

    def strike_the_hour(self, system: str) -> None:
        """Set a system's clock, which stands still between calls."""
        moment = {"set": self.timeline.shown_by(system).isoformat()}
        if self.remote:
            requests.post(f"{self.servers[system].url}/__sandbox__/clock", json=moment, timeout=30).raise_for_status()
        else:
            self.control(system, "POST", "clock", **moment)

    def latest(self) -> datetime:
        """The true time, by the system that was called last."""
        shown = {system: datetime.fromisoformat(self.control(system, "GET", "health")["now"]) for system in SYSTEMS}
        return max(moment - self.timeline.skews.get(system, timedelta()) for system, moment in shown.items())

    def system_at(self, url: str) -> str:
        """The system whose address a request goes to."""
        return next(system for system, server in self.servers.items() if url.startswith(server.url))

    # what people do in the systems' own screens

    def control(self, system: str, method: str, path: str, **given: Any) -> Any:
        """One request to the control plane. Raises Refused."""
        server = self.servers[system]
        body = json.dumps(given).encode() if given else b""
        with server.lock:
            answer = server.control.handle(Request.parse(method, f"/__sandbox__/{path}", {}, body, server.url))
        if answer.status != 200:
            raise Refused(f"{system} {path}: {answer.body['error']}")
        return answer.body

    def insert(self, system: str, kind: str, **values: Any) -> str:
        """A user makes a record; answers its id."""
        self.strike_the_hour(system)
        return str(self.control(system, "POST", "insert", object=kind, values=values)["id"])

    def edit(self, system: str, kind: str, id_: str, **values: Any) -> None:
        """A user changes a record."""
        self.strike_the_hour(system)
        self.control(system, "POST", "edit", object=kind, id=id_, values=values)

    def delete(self, system: str, kind: str, id_: str) -> None:
        """A user deletes a record."""
        self.strike_the_hour(system)
        self.control(system, "POST", "delete", object=kind, id=id_)

    def rows(self, system: str, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """All records of a kind by id, as stored."""
        found: Mapping[str, Mapping[str, Any]] = self.control(system, "GET", "dump").get(kind, {})
        return found

    def row(self, system: str, kind: str, id_: str) -> Mapping[str, Any] | None:
        """One record as stored."""
        return self.rows(system, kind).get(id_)

    def odoo(self, model: str, method: str, given: list[Any] | None = None, **named: Any) -> Any:
        """One call of a user of Odoo; given: ids, or the values of what is created. Raises Refused."""
        args = ["acme", 2, "admin", model, method, [given] if given is not None else [], named]
        answer = self._ask(
            "erp", "POST", "/jsonrpc", {"params": {"service": "object", "method": "execute_kw", "args": args}}
        )
        if "error" in answer:
            raise Refused(f"erp {method} {model}: {answer['error']['data']['message']}")
        return answer.get("result")

    def erpnext(self, method: str, path: str, **body: Any) -> Any:
        """One request of a user of ERPNext. Raises Refused."""
        answer = self._ask("fin", method, f"/api/{path}", body)
        return answer.get("data", answer.get("message"))

    def _ask(self, system: str, method: str, path: str, body: Mapping[str, Any]) -> Any:
        self.strike_the_hour(system)
        server = self.servers[system]
        headers = {"Authorization": "token key:secret", "Content-Type": "application/json"}
        request = Request.parse(method, path, headers, json.dumps(body).encode() if body else b"", server.url)
        with server.lock:
            answer = server.app.handle(request)
        payload = answer.payload()[0]
        if answer.status >= 400:
            raise Refused(f"{system} {method} {path}: {payload[:300]!r}")
        return json.loads(payload)

    # faults

    def arm(self, system: str, **fault: Any) -> None:
        """Arm a fault for bridge's calls."""
        self.control(system, "POST", "faults", **fault)

    def disarm(self, system: str) -> None:
        """No more faults in this system."""
        self.control(system, "DELETE", "faults")

    def struck(self) -> tuple[Counter[str], str]:
        """How often each kind of fault has struck since the last time this was asked, and all calls, as text."""
        found: Counter[str] = Counter()
        said = []
        for system in SYSTEMS:
            for call in self.control(system, "GET", "calls"):
                said.append(f"{system} {call['time']} {call['operation']} {call['status']} {call['fault']}")
                if call["fault"]:
                    found[call["fault"]] += 1
            self.control(system, "POST", "calls/reset")
        return found, "\n".join(said)
