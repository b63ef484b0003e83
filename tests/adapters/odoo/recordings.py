"""The recorded answers of real Odoo 18 and 19, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "recordings"
VERSIONS = ("18", "19")

needs_recordings = pytest.mark.skipif(
    not all((FOLDER / f"odoo{version}").is_dir() for version in VERSIONS),
    reason="no recordings: recordings/odoo18 and odoo19 are not beside the repository",
)


def names() -> list[str]:
    """All recordings as "version/number", for parametrisation."""
    return [f"{v}/{path.name[:3]}" for v in VERSIONS for path in sorted((FOLDER / f"odoo{v}").glob("[0-9]*.json"))]


def load(name: str) -> dict[str, Any]:
    """One recording by version and number ("19/008")."""
    version, _, number = name.partition("/")
    found: dict[str, Any] = json.loads(next((FOLDER / f"odoo{version}").glob(f"{number}-*.json")).read_text())
    return found


def has(name: str) -> bool:
    """Whether there is such a recording: not all were made with both versions."""
    version, _, number = name.partition("/")
    return any((FOLDER / f"odoo{version}").glob(f"{number}-*.json"))
