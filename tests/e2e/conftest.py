"""Three sandboxes over real HTTP, a configuration for them, and the command line as processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from bridge.sandbox import build
from bridge.sandbox.kernel import Server, serve
from support.command import invoke

ROOT = Path(__file__).resolve().parents[2]
VENDORS = {"crm": "salesforce", "erp": "odoo", "fin": "erpnext"}


class Site:
    """A company: three systems and a folder with bridge's configuration."""

    def __init__(self, folder: Path, servers: Mapping[str, Server]) -> None:
        self.folder, self.servers = folder, servers
        addresses = {system: server.url for system, server in servers.items()}
        (folder / "bridge.yaml").write_text(CONFIGURATION.format(**addresses), encoding="utf-8")
        mappings = folder / "mappings"
        mappings.mkdir(exist_ok=True)
        for path in (ROOT / "mappings").glob("*.yaml"):
            (mappings / path.name).write_bytes(path.read_bytes())
        self.environment = {**os.environ, **SECRETS, "BRIDGE_CONFIG": str(folder / "bridge.yaml"), "NO_COLOR": "1"}

    def only(self, *entities: str) -> None:
        """Leave these entities' mapping files only: a cycle costs calls for every entity, and most tests need few."""
        for path in (self.folder / "mappings").glob("*.yaml"):
            if path.stem not in entities:
                path.unlink()

    def control(self, system: str, method: str, path: str, **given: Any) -> Any:
        """One request to a sandbox's control plane."""
        url = f"{self.servers[system].url}/__sandbox__/{path}"
        answer = requests.request(method, url, json=given or None, timeout=30)
        assert answer.ok, answer.text
        return answer.json()

    def seed(self, system: str, records: list[dict[str, Any]]) -> list[str]:
        """Put records in; answers their ids."""
        return [str(id_) for id_ in self.control(system, "POST", "seed", records=records)["ids"]]

    def start(self, *words: str, program: str = "bridge") -> subprocess.Popen[str]:
        """Start a bridge command. program: the module that takes bridge's place."""
        command = [sys.executable, "-m", program, *words]
        return subprocess.Popen(
            command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def bridge(self, *words: str, code: int | None = 0) -> str:
        """Run a bridge command to its end, inside this process: starting another takes longer than most commands."""
        said = invoke(words, env=self.environment)
        assert "Traceback" not in said.stdout + said.stderr
        assert code is None or said.exit_code == code, f"{words} ended with {said.exit_code}: {said.output}"
        return said.stdout

    def sync(self, code: int | None = 0) -> dict[str, Any]:
        """One sync; answers its report."""
        report: dict[str, Any] = json.loads(self.bridge("sync", "--json", code=code))
        return report


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {system: stack.enter_context(serve(build(vendor))) for system, vendor in VENDORS.items()}


@pytest.fixture
def site(tmp_path: Path, servers: dict[str, Server]) -> Site:
    made = Site(tmp_path, servers)
    for system in VENDORS:
        made.control(system, "POST", "reset")
    for system in VENDORS:
        made.bridge("setup", system)
    return made
