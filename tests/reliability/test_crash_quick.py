"""A share of the crash matrix, drawn by a seed: both stores, every system, every operation.

It runs in a process of its own: bridge is forked from one that runs a single thread, which a test runner is not.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).resolve().parents[1]
SEED = os.environ.get("BRIDGE_CRASH_SEED", "20261125")
OPERATIONS = {"create", "update", "conflict", "match", "parent and child", "order", "status", "movement", "delete"}
SYSTEMS = {"Salesforce", "Odoo 19", "Odoo 18", "ERPNext"}


def crash(*words: str, **environment: str) -> Any:
    """Run a program of the matrix; answers what it prints."""
    inherited = [os.environ.get("PYTHONPATH", ""), str(TESTS)]
    place = {"PYTHONPATH": os.pathsep.join(path for path in inherited if path), "BRIDGE_CRASH_QUIET": "1"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("BRIDGE_CRASH_")}
    done = subprocess.run(
        [sys.executable, "-m", *words], env={**clean, **place, **environment}, capture_output=True, text=True
    )
    assert done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.timeout(900)
def test_a_share_of_the_matrix() -> None:
    """A moment of two operations in each world; on an idle machine three quarters of a minute."""
    share = {"BRIDGE_CRASH_SEED": SEED, "BRIDGE_CRASH_RUNS": "1", "BRIDGE_CRASH_SHARE": "2"}
    figures = crash("reliability.crash", **share)
    assert figures["failures"] == [], json.dumps(figures["failures"], indent=1)
    assert (figures["lost"], figures["duplicates"], figures["echoes"]) == (0, 0, 0)
    assert figures["runs"] >= 14, "nearly every run must have been killed, or it proves nothing"
    cells = figures["cells"]
    assert {cell["store"] for cell in cells} == {"SQLite", "PostgreSQL"}
    assert {cell["system"] for cell in cells} == SYSTEMS
    assert {cell["operation"] for cell in cells} == OPERATIONS
