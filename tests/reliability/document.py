"""docs/reliability.md: each part is written by the run that measured it, between its own pair of markers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / "docs" / "reliability.md"
REPORTS = ROOT / "build" / "reports"


def write_report(name: str, figures: Mapping[str, object]) -> Path:
    """build/reports/NAME.json, for machines."""
    REPORTS.mkdir(parents=True, exist_ok=True)
    path = REPORTS / f"{name}.json"
    path.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def write_section(name: str, text: str) -> None:
    """Replace what stands between the markers of this part. Raises ValueError where the document lacks them."""
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    whole = DOCUMENT.read_text(encoding="utf-8")
    head, found, rest = whole.partition(begin)
    _, closed, tail = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{DOCUMENT.name} has no part between {begin.strip()} and {end}")
    DOCUMENT.write_text(f"{head}{begin}\n{text.strip()}\n\n{end}{tail}", encoding="utf-8")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(columns)} |", f"| {' | '.join('---' for _ in columns)} |"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)
