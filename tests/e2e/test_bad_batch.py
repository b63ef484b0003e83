"""A thousand customers of which seven are refused: the others arrive, the seven have a reason, at few calls more."""

from __future__ import annotations

import json
from math import log2
from typing import Any

import pytest

from e2e.conftest import Site
from e2e.test_orders import fin

COUNT, BAD = 1000, 7
EXTRA = BAD * log2(200) + 20
"""Calls that halving a batch of 200 until each bad one stands alone may cost."""


def customers(site: Site, bad: int) -> None:
    """`bad` of them, spread out, have what ERPNext takes for no name: pointed brackets (recorded: 054)."""
    every = COUNT // bad if bad else COUNT + 1
    names = [f"Firm <{n}>" if n % every == every - 1 and n // every < bad else f"Firm {n}" for n in range(COUNT)]
    site.seed("crm", [{"object": "Account", "values": {"Name": name}} for name in names])


def calls(report: dict[str, Any]) -> int:
    return sum(row["api_calls"] for row in report["systems"] if (row["system"], row["entity"]) == ("fin", "customer"))


@pytest.fixture
def usual(site: Site) -> int:
    """What the same costs where all is well."""
    customers(site, 0)
    cost = calls(site.sync())
    for system in ("crm", "erp", "fin"):
        site.control(system, "POST", "reset")
        site.bridge("setup", system)
    for path in site.folder.glob("bridge.db*"):
        path.unlink()
    return cost


def test_seven_bad_rows_of_a_thousand(site: Site, usual: int) -> None:
    customers(site, BAD)
    report = site.sync(code=1)
    assert calls(report) <= usual + EXTRA
    made = fin(site, "GET", 'resource/Customer?fields=["name"]&limit_page_length=0')
    assert len(made) == COUNT - BAD
    entries = json.loads(site.bridge("outbox", "list", "--json", code=None))["entries"]
    assert [one["state"] for one in entries] == ["dead"] * BAD
    assert {one["system"] for one in entries} == {"fin"}
    assert all("name" in one["error"] for one in entries)
    (cause,) = json.loads(site.bridge("outbox", "list", "--by-cause", "--json"))["causes"]
    assert cause["number"] == BAD
    again = site.sync(code=None)
    assert calls(again) <= 3, "what was refused is not sent again and again"
