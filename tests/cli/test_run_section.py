"""`run:` in the configuration: everything wrong is told at once, each with its place."""

from __future__ import annotations

from datetime import timedelta

from bridge.config import load_config
from cli.conftest import Company

GOOD = """
run:
  every: 2m
  timezone: Europe/Berlin
  quiet: [sun 02:00-04:00]
  listen: 127.0.0.1:0
  stop_within: 5s
  schedules:
    crm: {every: 30s, quiet: "22:00-05:00"}
    erp.customer: {cron: "*/15 6-20 * * mon-fri"}
"""

BAD = """
run:
  evry: 2m
  every: 0s
  timezone: Europe/Berln
  quiet: [sundays]
  listen: everywhere
  schedules:
    cmr.customer: {every: 30s}
    crm.customer: {every: 1m, cron: "* * * * *", quiet: "sat"}
    erp: {cron: hourly}
    "crm customer": {every: 1m}
"""


def test_it_is_read(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + GOOD)
    run = load_config(file).run
    assert (run.listen, run.stop_within) == (("127.0.0.1", 0), timedelta(seconds=5))
    assert run.timetable.usual.every == timedelta(minutes=2)
    assert run.timetable.of("crm", "customer").every == timedelta(seconds=30)
    assert run.timetable.of("erp", "customer").cron == "*/15 6-20 * * mon-fri"
    assert set(run.timetable.quiet) == {"", "crm"}


def test_what_is_wrong_with_it(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + BAD)
    said = company.bridge("run", code=2)
    first = file.read_text().splitlines().index("  evry: 2m") + 1
    for line, words in (
        (first, "unknown entry, did you mean 'every'?"),
        (first + 1, "expected a time from 1s to 31d"),
        (first + 2, "expected a time zone like Europe/Berlin"),
        (first + 3, "'sundays' is no day of the week"),
        (first + 4, "expected an address like 127.0.0.1:8321, or off"),
        (first + 6, "there is no system 'cmr', did you mean 'crm'?"),
        (first + 7, "say either every or cron"),
        (first + 7, "quiet hours are those of a whole system"),
        (first + 8, "expected five fields like"),
        (first + 9, "expected a system (crm), an entity (order) or both (crm.order)"),
    ):
        assert any(f"bridge.yaml:{line}:" in row and words in row for row in said.text.splitlines()), (line, words)


def test_a_schedule_of_what_is_not_mapped(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "\nrun:\n  schedules:\n    crm.custmer: {every: 5s}\n    ordr: {every: 5s}\n")
    said = company.bridge("run", code=2)
    assert "no mapping reads custmer from crm, did you mean 'customer'?" in said.text
    assert "no mapping reads ordr from any system" in said.text
