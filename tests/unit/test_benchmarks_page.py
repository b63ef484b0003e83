"""The page of the benchmarks has a place for all that is measured: hours of it must not end in an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.table import Table

from benchmarks.all import PARTS
from benchmarks.page import filled, markdown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
REPORT: dict[str, Any] = {
    "date": "2026-11-26T12:00:00+00:00",
    "machine": {
        "cores": 2, "processor": "a processor", "memory_gb": 8.0, "load": [0.1], "commit": "abc", "python": "3.11.7",
        "system": "Linux", "versions": {"orjson": "3.13.0"},
    },
    "parts": {part.name: {"command": f"python {part.full}"} for part in PARTS},
}  # fmt: skip


def table(cell: str = "1.0") -> Table:
    made = Table(title="A title")
    made.add_column("work")
    made.add_column("ratio", justify="right")
    made.add_row("a | b", cell)
    return made


def test_each_part_has_its_place_and_can_be_written_again() -> None:
    tables = {part.name: [table()] for part in PARTS if part.report}
    once = filled(PAGE.read_text(encoding="utf-8"), REPORT, tables)
    assert once.count("| a \\| b | 1.0 |") == len(tables)
    assert "2 cores (a processor)" in once
    again = filled(once, REPORT, {name: [table("2.0")] for name in tables})
    assert "| 1.0 |" not in again
    assert again.replace("| 2.0 |", "| 1.0 |") == once


def test_a_run_of_one_part_leaves_the_others_as_they_were_measured() -> None:
    whole = filled(PAGE.read_text(encoding="utf-8"), REPORT, {"wire": [table()], "calls": [table()]})
    later = {**REPORT, "date": "2026-12-01T12:00:00+00:00", "machine": {**REPORT["machine"], "commit": "def"}}
    part = filled(whole, later, {"calls": [table()]})
    assert "`python -m benchmarks.wire` (2026-11-26, revision abc)" in part
    assert "`python -m benchmarks.calls` (2026-12-01, revision def)" in part


def test_a_part_without_a_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for wire"):
        filled("<!-- bench:machine --><!-- /bench:machine -->", REPORT, {"wire": [table()]})


def test_columns_stand_as_they_stood() -> None:
    assert markdown(table()).splitlines() == [
        "**A title**",
        "",
        "| work | ratio |",
        "| --- | ---: |",
        "| a \\| b | 1.0 |",
    ]
