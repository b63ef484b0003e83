"""Three sandboxes, each a process of its own, and what the demo does to them behind bridge's back."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import requests

from bridge.ports.errors import BridgeError

VENDORS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}
_PATIENCE = 60


class NoSandbox(BridgeError):
    """A sandbox did not start, or refused what the demo asked of it."""

    code = "BR-SANDBOX"
    not_done = "The demo was stopped, and its sandboxes with it."
    to_do = "Run `bridge sandbox NAME` by hand to see what it says."


class Sandbox:
    """A running sandbox: its address and its control plane."""

    def __init__(self, system: str, process: subprocess.Popen[str]) -> None:
        self.system, self.process = system, process
        self._session = requests.Session()
        self._session.trust_env = False
        line = process.stdout.readline() if process.stdout else ""
        self.url = line.rpartition(" at ")[2].strip()
        if not self.url.startswith("http"):
            raise NoSandbox(f"the {VENDORS[system]} sandbox did not start")

    def control(self, method: str, path: str, **given: Any) -> Any:
        """One request to the control plane."""
        answer = self._session.request(method, f"{self.url}/__sandbox__/{path}", json=given or None, timeout=_PATIENCE)
        if answer.status_code != 200:
            raise NoSandbox(f"the {VENDORS[self.system]} sandbox refused {path}: {answer.text[:300]}")
        return answer.json()

    def seed(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Put records in; answers their ids, in order."""
        return [str(id_) for id_ in self.control("POST", "seed", records=list(records))["ids"]]

    def edit(self, object: str, id_: str, **values: Any) -> None:
        """A person edits a record in the system's own screen."""
        self.control("POST", "edit", object=object, id=id_, values=values)

    def stop(self) -> None:
        """End the process."""
        self._session.close()
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout:
            self.process.stdout.close()


class Sandboxes(AbstractContextManager["Sandboxes"]):
    """The three of them; none is left running, however the block is left."""

    def __init__(self) -> None:
        self._by_name: dict[str, Sandbox] = {}

    def __getitem__(self, system: str) -> Sandbox:
        return self._by_name[system]

    def __enter__(self) -> Self:
        processes: dict[str, subprocess.Popen[str]] = {}
        try:
            for system, vendor in VENDORS.items():
                processes[system] = subprocess.Popen(  # noqa: S603 - our own program
                    [sys.executable, "-m", "bridge", "sandbox", vendor, "--port", "0"],
                    stdout=subprocess.PIPE,
                    text=True,
                )
            for system, process in processes.items():
                self._by_name[system] = Sandbox(system, process)
        except BaseException:
            for process in processes.values():
                process.kill()
                process.wait()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for sandbox in self._by_name.values():
            sandbox.stop()
