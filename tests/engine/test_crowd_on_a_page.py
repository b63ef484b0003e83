"""A town full of customers arrives on one page: its records are not all compared with each other."""

from __future__ import annotations

import random
from string import ascii_lowercase
from typing import Any

import pytest

from bridge.engine import identify
from bridge.engine.plan.identity import BLOCK_CROWD
from bridge.engine.runtime import Pace
from bridge.mapping.units import MatchRule
from model.machine import Machine


def names(number: int) -> list[str]:
    """So many names that are not alike, and begin with the same letters."""
    luck = random.Random(1)
    return [" ".join(first + "".join(luck.choices(ascii_lowercase, k=8)) for first in "ab") for _ in range(number)]


def town(number: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Machine, list[int]]:
    """So many customers of one town, read on one page, each with a name of its own; and how many each was compared
    with."""
    company, compared = Machine(), list[int]()
    company.pace, company.systems["crm"].page = Pace(page=1000), 1000
    company.maps["customer"].match = (MatchRule("similar", ("name", "note"), above="0.9", then="review"),)
    for n, name in enumerate(names(number)):
        company.systems["crm"].insert("Customer", {"mail": f"m{n}", "name": name, "note": "Ulm"})
    decide = identify.decide

    def counted(rules: Any, values: Any, candidates: Any, taken: Any) -> Any:
        compared.append(len(candidates))
        return decide(rules, values, candidates, taken)

    monkeypatch.setattr(identify, "decide", counted)
    company.cycle(None, [])
    return company, compared


def test_each_is_compared_with_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    _, compared = town(600, monkeypatch)
    assert len(compared) == 600
    assert max(compared) <= 4 * BLOCK_CROWD
    assert sum(compared[300:]) <= 300 * BLOCK_CROWD / 4, "those that come late on the page no more than the early ones"


def test_look_alikes_within_a_page_are_found_as_long_as_they_are_no_crowd(monkeypatch: pytest.MonkeyPatch) -> None:
    company, compared = town(20, monkeypatch)
    assert max(compared) > 0
    with company.store.begin() as uow:
        assert not list(uow.all_links("customer", "review", 50))
    company.systems["crm"].insert("Customer", {"mail": "x", "name": "Amselfeld Marie", "note": "Ulm"})
    company.systems["crm"].insert("Customer", {"mail": "y", "name": "Amselfeld Maria", "note": "Ulm"})
    company.cycle(None, [])
    with company.store.begin() as uow:
        (link,) = uow.all_links("customer", "review", 50)
    assert link.values["name"] == "Amselfeld Maria"
