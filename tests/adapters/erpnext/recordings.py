"""The recorded answers of a real ERPNext 15, where they are at hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[4] / "shared" / "recordings" / "erpnext15"

needs_recordings = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"no recordings: {FOLDER.name} is not beside the repository"
)


def numbers() -> list[str]:
    """The numbers of all recordings, for parametrisation."""
    return sorted(path.name[:3] for path in FOLDER.glob("[0-9]*.json")) if FOLDER.is_dir() else []


def load(number: str) -> dict[str, Any]:
    """One recording by its number."""
    found: dict[str, Any] = json.loads(next(FOLDER.glob(f"{number}-*.json")).read_text())
    return found
