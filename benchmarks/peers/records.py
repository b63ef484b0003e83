"""The same customers brought from the same Salesforce to the same Odoo by each tool."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.paced import SECONDS, paced
from benchmarks.sandboxes import started
from benchmarks.wire.company import CONFIGURATION, MAPPING, OBJECTS, VENDORS, customer

SHARE = 100
"""One customer in so many is changed before the second run."""
CHUNK = 2_000
TOOLS = {
    "bridge": ("bridge sync", ""),
    "dlt": ("dlt, REST source and custom destination", "dlt"),
    "singer": ("Singer tap and target (Meltano SDK)", "singer_sdk"),
    "naive": ("script, one call a record", ""),
    "straight": ("bridge sync, each batch waited for", ""),
}
"""Name -> title, and the package that it needs."""
EMPTY = {"straight": "bridge"}
"""What is measured at Odoo's own pace only -> the tool that does the same where there is nothing to do."""
HOUR = timedelta(hours=1)
PACED = "all, at Odoo's own pace"
"""The same once more where Odoo takes for each record what the real one takes."""


class Place:
    """Two sandboxes, each a process of its own, filled anew for each tool; and the tool's own folder.

    seconds: what Odoo takes for a record, at least.
    """

    def __init__(self, stack: ExitStack, records: int, seconds: float = 0.0) -> None:
        self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-peers-")))
        self.sandboxes = started(stack, VENDORS)
        self.urls = {system: sandbox.url for system, sandbox in self.sandboxes.items()}
        if seconds:
            self.urls["erp"] = stack.enter_context(paced(self.urls["erp"], seconds))
        self._configure()
        begun, apart = datetime.now(UTC) - 2 * HOUR, HOUR / records  # as if they had been entered one after the other
        self.ids: list[str] = []
        for start in range(0, records, CHUNK):
            numbers = range(start, min(start + CHUNK, records))
            self.ids += self.sandboxes["crm"].seed(
                [
                    {
                        "object": OBJECTS["crm"],
                        "modified": (begun + one * apart).isoformat(),
                        "values": customer("crm", one),
                    }
                    for one in numbers
                ]
            )
        self.config = self._written("config.json", {"crm": self.urls["crm"], "erp": self.urls["erp"]})

    def _configure(self) -> None:
        (self.folder / "mappings").mkdir()
        (self.folder / "mappings" / "customer.yaml").write_text(MAPPING, encoding="utf-8")
        text = CONFIGURATION.format(store=f"sqlite:///{self.folder}/bridge.db", page=2_000, **self.urls)
        (self.folder / "bridge.yaml").write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**kept, "BRIDGE_CONFIG": str(self.folder / "bridge.yaml"), "NO_COLOR": "1"}
        for system in VENDORS:
            command = [sys.executable, "-m", "bridge", "setup", system]
            subprocess.run(command, env=self.environment, check=True, capture_output=True)

    def _written(self, name: str, value: Any) -> Path:
        path = self.folder / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return path

    def commands(self, tool: str) -> list[list[str]]:
        """The programs of a tool, each fed with what the one before says."""
        if tool == "bridge":
            return [[sys.executable, "-m", "bridge", "sync", "--json"]]
        if tool == "straight":
            return [[sys.executable, "-m", "benchmarks.peers.straight", "sync", "--json"]]
        if tool == "singer":
            state = self.folder / "state.json"
            known = ["--state", str(state)] if state.exists() else []
            tap = [sys.executable, "-m", "benchmarks.peers.singer_tap", "--config", str(self.config), *known]
            return [tap, [sys.executable, "-m", "benchmarks.peers.singer_target", "--config", str(self.config)]]
        module = {"dlt": "dlt_pipeline", "naive": "naive_script"}[tool]
        return [[sys.executable, "-m", f"benchmarks.peers.{module}", *self.urls.values(), str(self.folder)]]

    def run(self, tool: str) -> dict[str, Any]:
        """One run of a tool. Raises RuntimeError where it fails."""
        for sandbox in self.sandboxes.values():
            sandbox.control("POST", "calls/reset")
        found = piped(self.commands(tool), self.environment, self.folder)
        if tool == "singer":
            (self.folder / "state.json").write_text(found["said"].splitlines()[-1], encoding="utf-8")
        calls = sum(len(sandbox.control("GET", "calls")) for sandbox in self.sandboxes.values())
        return {"wall": found["wall"], "cpu": found["cpu"], "peak_mb": found["peak_mb"], "calls": calls}

    def websites(self) -> list[str]:
        """Those of the partners that came from Salesforce, in order."""
        partners = self.sandboxes["erp"].control("GET", "dump")["res.partner"].values()
        return sorted(str(one["website"]) for one in partners if one.get("ref"))

    def edit(self) -> list[str]:
        """Change one in a hundred; answers the websites that there must be now."""
        expected = [str(customer("crm", number)["Website"]) for number in range(len(self.ids))]
        for number in range(0, len(self.ids), SHARE):
            expected[number] = f"https://www.new{number}.example"
            self.sandboxes["crm"].edit("Account", self.ids[number], Website=expected[number])
        return sorted(expected)


def piped(commands: list[list[str]], environment: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Run programs as a pipe to the end: seconds, processor time and peak memory of all of them together."""
    begun = time.perf_counter()
    running: list[subprocess.Popen[str]] = []
    with (folder / "said").open("w+") as said, (folder / "errors").open("w+") as errors:
        for number, command in enumerate(commands):
            before = running[-1].stdout if running else subprocess.DEVNULL
            out = said if number == len(commands) - 1 else subprocess.PIPE
            running.append(
                subprocess.Popen(command, stdin=before, stdout=out, stderr=errors, env=environment, text=True)
            )
            if before is not subprocess.DEVNULL and before is not None:
                before.close()  # type: ignore[union-attr]
        peaks, cpu = {process.pid: 0.0 for process in running}, 0.0
        left = {process.pid: process for process in running}
        codes = []
        while left:
            for pid in list(left):
                peaks[pid] = max(peaks[pid], _high_water(pid))
                done, status, used = os.wait4(pid, os.WNOHANG)
                if done:
                    codes.append(os.waitstatus_to_exitcode(status))
                    left.pop(pid).returncode = codes[-1]
                    cpu += used.ru_utime + used.ru_stime
            time.sleep(0.02)
        wall = time.perf_counter() - begun
        if any(codes):
            errors.seek(0), said.seek(0)
            raise RuntimeError((errors.read() + said.read())[-3000:])
        said.seek(0)
        return {"wall": wall, "cpu": cpu, "peak_mb": sum(peaks.values()), "said": said.read()}


def _high_water(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def once(tool: str, records: int) -> dict[str, dict[str, Any]]:
    """First everything, then what has changed, each of which must be right afterwards; then nothing new."""
    with ExitStack() as stack:
        place = Place(stack, records)
        first = place.run(tool)
        expected = sorted(str(customer("crm", number)["Website"]) for number in range(records))
        if place.websites() != expected:
            raise RuntimeError("not every customer has arrived")
        expected = place.edit()
        some = place.run(tool)
        if place.websites() != expected:
            raise RuntimeError("not every change has arrived")
        return {"all": first, "1 % changed": some, "nothing changed": place.run(tool)}


def at_its_pace(tool: str, records: int) -> dict[str, dict[str, Any]]:
    """Everything, where Odoo takes its time."""
    with ExitStack() as stack:
        place = Place(stack, records, SECONDS["erp"])
        told = place.run(tool)
        if len(place.websites()) != records:
            raise RuntimeError("not every customer has arrived")
        return {PACED: told}


def run(records: int, rounds: int) -> list[dict[str, Any]]:
    """All tools in turns: the medians, beside those of bridge."""
    found: dict[str, list[dict[str, dict[str, Any]]]] = {tool: [] for tool in TOOLS}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for tool, (_, package) in TOOLS.items():
            if package and find_spec(package) is None:
                failed[tool] = f"{package} is not installed"
            elif tool not in failed:
                try:
                    more = {} if tool in EMPTY else once(tool, records)
                    found[tool].append(more | at_its_pace(tool, records))
                except RuntimeError as error:
                    failed[tool] = str(error)
    rows = []
    works = {"all": records, PACED: records, "1 % changed": -(-records // SHARE), "nothing changed": 0}
    for work, number in works.items():
        own = [one[work]["wall"] for one in found["bridge"]]
        for tool, (title, _) in TOOLS.items():
            if tool in EMPTY and work != PACED:
                continue
            row: dict[str, Any] = {"tool": tool, "title": title, "work": work, "records": number}
            if tool in failed:
                rows.append({**row, "failed": failed[tool]})
                continue
            row |= {
                name: median(one[work][name] for one in found[tool]) for name in ("wall", "cpu", "peak_mb", "calls")
            }
            ratio = row["wall"] / median(own) if own else None
            beyond = row["wall"] - median(one["nothing changed"]["wall"] for one in found[EMPTY.get(tool, tool)])
            net = number / beyond if number and beyond > 0 else None
            rows.append({**row, "per_second": number / row["wall"], "net_per_second": net, "ratio": ratio})
    return rows
