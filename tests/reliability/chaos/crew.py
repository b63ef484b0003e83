"""How the workers are configured, and the commands beside them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from bridge.entrypoints.demo.company import CONFIGURATION, SECRETS
from reliability.chaos.systems import PACE, PACED
from support.crew import Crew
from support.served import Desk

ROOT = Path(__file__).resolve().parents[3]
ENTITIES: Final = ("customer", "contact")
RUN: Final = """
run:
  every: 2s
  listen: 127.0.0.1:0
"""


def configured(folder: Path, desks: dict[str, Desk], store: str) -> Path:
    """Write the configuration and the mappings; answers the path of the first."""
    text = CONFIGURATION.format(**{system: desk.url for system, desk in desks.items()})
    text = text.replace("sqlite:///bridge.db", store)
    text = text.replace("    database: acme\n", f"    database: acme\n    budget: {{per_second: {PACE:g}}}\n")
    assert PACED == "erp"
    os.environ.update(SECRETS)
    (folder / "bridge.yaml").write_text(text + RUN, encoding="utf-8")
    (folder / "mappings").mkdir()
    for name in ENTITIES:
        (folder / "mappings" / f"{name}.yaml").write_bytes((ROOT / "mappings" / f"{name}.yaml").read_bytes())
    return folder / "bridge.yaml"


def crew(file: Path, size: int, plant: str = "") -> Crew:
    """So many workers of this configuration. plant: the name of a bug that each of them has."""
    return Crew([file] * size, SECRETS, ("reliability.chaos.planted", plant) if plant else ("bridge",))


def bridge(file: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """A command beside the workers."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        env={**os.environ, **SECRETS, "BRIDGE_CONFIG": str(file), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
