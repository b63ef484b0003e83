"""What goes wrong with many records for one reason is told of a few of them, and counted."""

from __future__ import annotations

from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from bridge.engine.mending import ALIKE, SHOWN, tell_bad_rows
from bridge.engine.report import Report
from bridge.engine.runtime import Run, Runtime
from bridge.entrypoints.cli import run as command
from bridge.ports.errors import MappingError, Rejected
from bridge.ports.records import BadRow
from support.build import entity, field


def told(report: Report, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that a person reads."""
    out = StringIO()
    monkeypatch.setattr(command, "stderr", Console(file=out, width=200))
    command.print_troubles(report)
    return out.getvalue().splitlines()


def bad(rows: list[BadRow]) -> Report:
    """A run that has read these rows, on pages of seven."""
    run = Run(cast("Runtime", None), "r1", Report("r1"))
    for start in range(0, len(rows), 7):
        tell_bad_rows(run, entity(field("name")), "desk", rows[start : start + 7])
    assert run.report.of("desk", "customer").bad == len(rows)
    return run.report


def test_one_reason_is_told_of_three_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [BadRow(f"customers.csv:{n}", "credit", "is no number") for n in range(2, 602)]
    lines = told(bad(rows), monkeypatch)
    assert [line.rpartition("customer: ")[2] for line in lines[:-1]] == [
        *(f"customers.csv:{n} credit: is no number" for n in (2, 3, 4)),
        "597 more rows cannot be taken in (597 credit: is no number):"
        " `bridge rejects write` writes all of them to a file",
    ]
    assert lines[-1].strip() == f"{MappingError.not_done} {MappingError.to_do}"


def test_many_reasons_are_told_of_some_rows_and_the_most_frequent_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [BadRow(f"a.csv:{n}", f"c{n % 9}", "is wrong") for n in range(900)]
    rows += [BadRow(f"a.csv:{n}", "", f"reason {n}") for n in range(900, 2000)]
    report = bad(rows)
    assert len(report.troubles) == SHOWN + 1
    assert report.troubles[-1].what.startswith(f"{2000 - SHOWN} more rows cannot be taken in (")
    assert "; and others)" in report.troubles[-1].what
    assert sum("c0: is wrong" in one.what for one in report.troubles[:-1]) <= ALIKE
    assert len(told(report, monkeypatch)) == SHOWN + 2


def test_what_is_true_of_many_records_is_said_once_with_what_to_do_below(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report("r1")
    said: list[tuple[Any, str]] = [(MappingError("phone: no number"), f"g{n}") for n in range(50)]
    said.append((Rejected("is locked", system="erp"), "g7"))
    said += [(MappingError("phone: no number"), f"h{n}") for n in range(3)]
    for error, golden_id in said:
        report.trouble(error, "erp", "customer", golden_id)
    lines = told(report, monkeypatch)
    assert [line[:4] for line in lines] == ["BR-M"] * ALIKE + ["... ", "    ", "BR-R", "    "]
    assert lines[ALIKE] == f"... and {53 - ALIKE} more records of which the same is true"


def test_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    report = Report("r1")
    for n in range(30):
        report.trouble(MappingError(f"field {n} is wrong"), "erp", "customer", "g1")
    assert told(report, monkeypatch)[-1].startswith("... and 10 more")
    assert told(Report("r2"), monkeypatch) == []
