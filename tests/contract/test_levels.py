"""Levels: an adapter is tested at the one it declares, no test is lost between them, and the report tells the truth."""

from __future__ import annotations

import inspect
from collections import Counter
from types import SimpleNamespace

import pytest

from bridge.mapping.load import compile_mapping
from bridge.plugins import columns_of
from bridge.ports.kind import ANY_ENTITY, LEVELS, AdapterKind, EntitySupport
from bridge.testing.contract import AdapterContract
from bridge.testing.levels import each_test, level_of
from bridge.testing.memory import MemoryHarness
from bridge.testing.report import PARTS, gathered
from contract import test_memory as memory
from contract.levels_page import ADAPTERS, PAGE, kind_of, page, suites


def test_the_page_is_the_generated_one() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python tests/contract/levels_page.py"


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_an_adapter_is_tested_at_the_level_it_declares(adapter: str) -> None:
    assert suites(adapter), "no suite has this kind"
    for suite in suites(adapter):
        assert suite.level == kind_of(adapter).level


SETTINGS = {
    "salesforce": {"instance_url": "http://127.0.0.1:1", "client_id": "id", "client_secret": "hush"},
    "odoo": {"url": "http://127.0.0.1:1", "database": "d", "login": "l", "password": "hush"},
    "erpnext": {"url": "http://127.0.0.1:1", "api_key": "key", "api_secret": "hush"},
    "memory": {},
    "files": {"folder": "nowhere"},
}


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_each_entity_that_an_adapter_brings_a_column_of_is_supported_as_declared(adapter: str) -> None:
    kind = kind_of(adapter)
    made = kind("one", SETTINGS[adapter])
    texts = columns_of(kind)
    assert set(texts) - {ANY_ENTITY} <= set(kind.support) or ANY_ENTITY in kind.support
    for entity, text in texts.items():
        spec = compile_mapping(text, {"self": adapter}).spec("self")
        declared = kind.supports(entity)
        assert declared == declared.as_told_by(made.capabilities(spec)), entity
    made.close()


def test_the_page_has_every_adapter_of_bridge() -> None:
    from bridge.plugins import distribution, installed

    own = [name for name, point in installed().points.items() if distribution(point) == "bridge-sync"]
    assert sorted(own) == sorted(ADAPTERS)


def test_the_levels_together_are_the_whole_suite() -> None:
    every = {name for name, _ in inspect.getmembers(AdapterContract, inspect.isfunction) if name.startswith("test_")}
    counted = Counter(level for _, level in each_test(AdapterContract))
    assert sum(counted.values()) == len(every)
    assert all(counted[level] >= 5 for level in LEVELS), counted
    only_reads = dict(each_test(memory.TestMemoryThatOnlyReads))
    no_deletes = dict(each_test(memory.TestMemoryThatDeletesNothing))
    assert set(only_reads.values()) == {"reads"}
    assert len(only_reads) == counted["reads"]
    assert len(no_deletes) == counted["reads"] + counted["writes"]


def test_the_asserts_of_every_part_are_told_with_their_values() -> None:
    parts = {base.__module__.rpartition(".")[2] for base in AdapterContract.__mro__[1:-1]} | {"steps"}
    assert parts == set(PARTS)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (AdapterKind(MemoryHarness, support={"customer": EntitySupport()}), "test_support_is_as_declared"),
        (AdapterKind(MemoryHarness, level="reads"), "test_support_is_as_declared"),
        (
            AdapterKind(MemoryHarness, level="writes", support={"customer": EntitySupport()}),
            "test_the_level_fits_the_support",
        ),
        (
            AdapterKind(MemoryHarness, errors=(SimpleNamespace(error=ValueError, words="x", source="a manual"),)),
            "test_every_error_has_a_source",
        ),
    ],
)  # fmt: skip
def test_a_declaration_that_is_not_so_is_found(kind: AdapterKind, name: str) -> None:
    suite = type("Wrong", (AdapterContract,), {"kind": kind})
    with pytest.raises(AssertionError):
        getattr(suite(), name)(MemoryHarness())


def told(level: str, declared: str = "deletes") -> SimpleNamespace:
    return SimpleNamespace(user_properties=[("bridge contract", ("TestAcme", declared, level))])


@pytest.mark.parametrize(
    ("passed", "failed", "reached"),
    [
        (("reads", "writes", "deletes"), (), "deletes"),
        (("reads", "writes"), ("deletes",), "writes"),
        (("reads", "writes", "deletes"), ("writes",), "reads"),
        (("reads", "writes", "deletes"), ("reads",), "none"),
        (("reads", "deletes"), (), "reads"),
        (("writes",), (), "none"),
    ],
)
def test_a_level_is_passed_where_no_test_of_it_or_below_fails(
    passed: tuple[str, ...], failed: tuple[str, ...], reached: str
) -> None:
    stats = {"passed": [told(level) for level in passed], "failed": [told(level) for level in failed], "": [object()]}
    assert gathered(stats)["TestAcme"].level(LEVELS) == reached


def test_an_error_in_a_fixture_is_a_failure() -> None:
    assert gathered({"passed": [told("reads")], "error": [told("reads")]})["TestAcme"].level(LEVELS) == "none"


def test_a_test_without_a_word_reads() -> None:
    assert level_of(lambda: None) == "reads"
