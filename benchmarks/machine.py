"""On what a figure was measured, and how much memory a process has taken at most."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("sqlalchemy", "psycopg", "requests", "orjson", "pydantic")
"""What bridge's own time is spent in."""


def machine(packages: Iterable[str] = PACKAGES) -> dict[str, Any]:
    """Cores, processor, memory, load, and the versions of Python and of these packages."""
    return {
        "cores": os.cpu_count(),
        "processor": _line(Path("/proc/cpuinfo"), "model name") or platform.processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load": [round(one, 2) for one in os.getloadavg()],
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": _commit(),
        "versions": {name: found for name in packages if (found := _version(name))},
    }


def peak_mb() -> float:
    """The most memory that this process has held, in MB.

    Not `ru_maxrss`: that begins with what the process held from which this one was started.
    """
    return int(_line(Path("/proc/self/status"), "VmHWM").split()[0]) / 1024


def _line(path: Path, name: str) -> str:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent)
    return done.stdout.strip()
