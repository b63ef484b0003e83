"""Sandboxes for benchmarks, each a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack

from bridge.entrypoints.demo.servers import Sandbox


def started(stack: ExitStack, vendors: Mapping[str, str]) -> dict[str, Sandbox]:
    """One for each system, ended with the stack. vendors: system -> vendor."""
    found: dict[str, Sandbox] = {}
    for system, vendor in vendors.items():
        command = [sys.executable, "-m", "bridge", "sandbox", vendor, "--port", "0"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        found[system] = Sandbox(system, process)
        stack.callback(found[system].stop)
    return found
