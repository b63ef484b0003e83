"""A share of the fault matrix, all of it with BRIDGE_FAULTS=all; and bugs planted on purpose, which it has to find."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bridge.adapters.odoo import OdooAdapter
from bridge.adapters.salesforce import SalesforceAdapter
from bridge.engine.outbox import failure, settle
from bridge.engine.outbox.reaction import after_error, postponed
from bridge.ports.errors import InDoubt, RateLimited
from bridge.ports.records import CreateItem, NativeRecord, UpdateItem, WriteResult
from bridge.ports.storage import Settlement
from reliability.company import Company
from reliability.direct import committed_late, delete_it
from reliability.fault_table import SYSTEMS, expected_of_a_delete
from reliability.faults import Cell, break_it, places

SHARE = (
    ("Salesforce", "commit, then time-out", "create"),
    ("Salesforce", "row locked in a trigger", "update"),
    ("Salesforce", "session ended", "read"),
    ("Salesforce", "quota gone", "read before a write"),
    ("Odoo 19", "reset", "create, the address"),
    ("Odoo 19", "row locked", "update"),
    ("Odoo 19", "answer lost", "look up a create"),
    ("Odoo 19", "page, 502", "log in"),
    ("Odoo 18", "late", "create"),
    ("Odoo 18", "half an answer", "update"),
    ("ERPNext", "never", "update"),
    ("ERPNext", "429, Retry-After", "create"),
    ("ERPNext", "race lost", "create, the address"),
)
WANTED = tuple(places()) if os.environ.get("BRIDGE_FAULTS") == "all" else SHARE


@pytest.fixture(scope="module")
def companies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Company]]:
    """One for each version of Odoo, made when it is needed; a test that fails takes its own away."""
    with ExitStack() as stack:
        yield _Made(stack, tmp_path_factory)


class _Made(dict[str, Company]):
    def __init__(self, stack: ExitStack, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self._stack, self._folders = stack, folders

    def __missing__(self, version: str) -> Company:
        self[version] = Company(self._folders.mktemp(f"odoo-{version}"), version, self._stack)
        return self[version]


def cell(companies: dict[str, Company], system: str, fault: str, operation: str) -> Cell:
    version = SYSTEMS[system][1]
    found = break_it(companies[version], (system, fault, operation))
    if found.problems:
        del companies[version]
    return found


@pytest.mark.parametrize(("system", "fault", "operation"), WANTED, ids=lambda word: word)
def test_what_comes_of_a_fault(companies: dict[str, Company], system: str, fault: str, operation: str) -> None:
    assert cell(companies, system, fault, operation).problems == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_an_edit_that_is_committed_late_with_an_old_stamp(companies: dict[str, Company], system: str) -> None:
    """It was not there when its moment was read, and others made later were: it is found all the same."""
    assert committed_late(companies[SYSTEMS[system][1]], system) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_delete_that_meets_trouble(companies: dict[str, Company], system: str) -> None:
    faults = () if WANTED != SHARE else ("answer lost", "row locked", "429")
    for fault, came in delete_it(companies[SYSTEMS[system][1]], system, faults).items():
        assert came == expected_of_a_delete(system, fault), fault


# bugs


def test_it_finds_an_adapter_that_calls_a_lost_answer_done(
    companies: dict[str, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = SalesforceAdapter.update

    def update(self: Any, spec: Any, items: list[UpdateItem]) -> list[WriteResult]:
        results = real(self, spec, items)
        held = self.fetch(spec, [item.native_id for item in items])
        return [
            WriteResult("ok", item.native_id, as_sent(held[item.native_id], item))
            if result.outcome == "unknown"
            else result
            for item, result in zip(items, results, strict=True)
        ]

    def as_sent(record: NativeRecord, item: UpdateItem) -> NativeRecord:
        return replace(record, values={**record.values, **item.values})

    monkeypatch.setattr(SalesforceAdapter, "update", update)
    found = cell(companies, "Salesforce", "reset", "update")
    assert found.came == "ok"
    assert found.problems


def test_it_finds_an_adapter_that_repeats_a_create_by_itself(
    companies: dict[str, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = OdooAdapter.create

    def create(self: Any, spec: Any, items: list[CreateItem]) -> list[WriteResult]:
        results = real(self, spec, items)
        if any(result.outcome == "unknown" for result in results):  # under another key, so that nothing stops it
            return real(self, spec, [replace(item, key=item.key[::-1]) for item in items])
        return results

    monkeypatch.setattr(OdooAdapter, "create", create)
    assert cell(companies, "Odoo 19", "answer lost", "create").doubled == ("erp",)


def test_it_finds_an_engine_that_takes_doubt_for_done(
    companies: dict[str, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    def forgetful(entry: Any, error: Any, *given: Any) -> Settlement:
        return Settlement(entry, None) if isinstance(error, InDoubt) else after_error(entry, error, *given)

    monkeypatch.setattr(settle, "after_error", forgetful)
    monkeypatch.setattr(failure, "after_error", forgetful)
    assert cell(companies, "ERPNext", "reset", "update").problems


def test_it_finds_an_engine_that_repeats_without_looking(
    companies: dict[str, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    def rash(entry: Any, error: Any, now: Any, *given: Any) -> Settlement:
        if isinstance(error, InDoubt):
            return Settlement(entry, "waiting", now + timedelta(hours=1), False, error.code, str(error))
        return after_error(entry, error, now, *given)

    monkeypatch.setattr(settle, "after_error", rash)
    assert any("waiting 0" in words for words in cell(companies, "Odoo 18", "answer lost", "create").problems)


def test_it_finds_an_engine_that_counts_busy_as_an_attempt(
    companies: dict[str, Company], monkeypatch: pytest.MonkeyPatch
) -> None:
    def counting(entry: Any, error: Any, *given: Any) -> Settlement:
        found = after_error(entry, error, *given)
        return replace(found, count_attempt=True) if isinstance(error, RateLimited) else found

    monkeypatch.setattr(settle, "after_error", counting)
    monkeypatch.setattr(failure, "after_error", counting)
    monkeypatch.setattr(failure, "postponed", lambda *given: replace(postponed(*given), count_attempt=True))
    assert any("waiting 1" in words for words in cell(companies, "Salesforce", "429", "update").problems)
