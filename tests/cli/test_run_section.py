"""`run:` in the configuration: everything wrong is told at once, each with its place."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bridge.config import load_config
from bridge.engine.plan.rhythm import Terms
from cli.conftest import Company

GOOD = """
run:
  every: 2m
  timezone: Europe/Berlin
  quiet: [sun 02:00-04:00]
  listen: 127.0.0.1:0
  stop_within: 5s
  nothing_new: {factor: 1.5, least: 2h}
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
  nothing_new: {factor: 0, lest: 2h}
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
    assert run.silence == Terms(1.5, timedelta(hours=2), timedelta(days=7))


def test_silence_may_be_of_no_interest(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "\nrun: {nothing_new: off}\n")
    assert load_config(file).run.silence is None


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
        (first + 5, "expected a number from 1 to 100"),
        (first + 5, "unknown entry, did you mean 'least'?"),
        (first + 7, "there is no system 'cmr', did you mean 'crm'?"),
        (first + 8, "say either every or cron"),
        (first + 8, "quiet hours are those of a whole system"),
        (first + 9, "expected five fields like"),
        (first + 10, "expected a system (crm), an entity (order) or both (crm.order)"),
    ):
        assert any(f"bridge.yaml:{line}:" in row and words in row for row in said.text.splitlines()), (line, words)


HOOKS = """
run:
  webhooks:
    listen: 127.0.0.1:8322
    url: https://bridge.example.com/hooks/
    allow: {crm: [203.0.113.0/24, "2001:db8::/32"], erp: 198.51.100.7}
    proxies: 127.0.0.1
    max_body: 100000
    window: 5m
"""

BAD_HOOKS = """
run:
  webhooks:
    listn: 127.0.0.1:8322
    listen: 127.0.0.1:8322
    url: http://bridge.example.com/hooks
    allow: {cmr: 203.0.113.0/24, crm: [203.0.113.0/24, everybody]}
    proxies: []
    max_body: 1G
    window: soon
"""


def test_webhooks_are_read(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + HOOKS)
    hooks = load_config(file).run.hooks
    assert hooks is not None
    assert (hooks.listen, hooks.url) == (("127.0.0.1", 8322), "https://bridge.example.com/hooks")
    assert {system: len(networks) for system, networks in hooks.allow.items()} == {"crm": 2, "erp": 1}
    assert (len(hooks.proxies), hooks.max_body, hooks.window) == (1, 100_000, timedelta(minutes=5))


def test_what_is_wrong_with_webhooks(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + BAD_HOOKS)
    said = company.bridge("run", code=2)
    first = file.read_text().splitlines().index("    listn: 127.0.0.1:8322") + 1
    for line, words in (
        (first, "unknown entry, did you mean 'listen'?"),
        (first + 2, "expected https: secrets stand in what systems send there"),
        (first + 3, "there is no system 'cmr', did you mean 'crm'?"),
        (first + 3, "expected an address or a network, as 203.0.113.7 or 203.0.113.0/24"),
        (first + 4, "expected networks, as [203.0.113.0/24, 2001:db8::/32]"),
        (first + 5, "expected a whole number above 0"),
        (first + 6, "expected a time like 2s, 15m, 3h or 2d"),
    ):
        assert any(f"bridge.yaml:{line}:" in row and words in row for row in said.text.splitlines()), (line, words)


@pytest.mark.parametrize("line", ["{}", "{url: https://a.example}", "{listen: everywhere}", "on"])
def test_webhooks_need_an_address(company: Company, line: str) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + f"\nrun: {{webhooks: {line}}}\n")
    assert "listen: 127.0.0.1:8322" in company.bridge("run", code=2).text


def test_webhooks_that_nobody_sends(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "\nrun: {webhooks: {listen: 127.0.0.1:0}}\n")
    assert "no system of this configuration has settings for webhooks" in company.bridge("run", code=2).text


def test_a_schedule_of_what_is_not_mapped(company: Company) -> None:
    file = company.folder / "bridge.yaml"
    file.write_text(file.read_text() + "\nrun:\n  schedules:\n    crm.custmer: {every: 5s}\n    ordr: {every: 5s}\n")
    said = company.bridge("run", code=2)
    assert "no mapping reads custmer from crm, did you mean 'customer'?" in said.text
    assert "no mapping reads ordr from any system" in said.text
