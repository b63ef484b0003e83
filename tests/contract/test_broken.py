"""The suite finds what it is for: every adapter that is wrong in one way fails a named test, the right one none."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from itertools import product

import pytest

from bridge.adapters.memory import MemoryAdapter, Quirks
from bridge.ports.errors import BridgeError
from bridge.testing.contract import AdapterContract
from bridge.testing.memory import MemoryHarness
from contract.broken import CASES, Case


def variants(name: str) -> Iterator[dict[str, object]]:
    """The arguments of a test of the suite, one set for each of its parameters."""
    marks = [m for m in getattr(getattr(AdapterContract, name), "pytestmark", []) if m.name == "parametrize"]
    for values in product(*(mark.args[1] for mark in marks)):
        yield dict(zip((mark.args[0] for mark in marks), values, strict=True))


def carry_out(name: str, kind: type[MemoryAdapter], quirks: Quirks, caplog: pytest.LogCaptureFixture) -> None:
    """Carry out a test of the suite, with all its parameters, on an adapter."""
    test = getattr(AdapterContract(), name)
    for given in variants(name):
        if "caplog" in inspect.signature(test).parameters:
            given["caplog"] = caplog
        try:
            test(MemoryHarness(quirks, kind), **given)
        except pytest.skip.Exception as skipped:
            raise RuntimeError(f"{name} was skipped: {skipped}") from None


@pytest.mark.parametrize(
    ("case", "name"), [pytest.param(c, name, id=f"{c.kind.__name__}-{name}") for c in CASES for name in c.fails]
)
def test_the_suite_finds(case: Case, name: str, caplog: pytest.LogCaptureFixture) -> None:
    carry_out(name, MemoryAdapter, case.quirks, caplog)
    caplog.clear()
    with pytest.raises((AssertionError, BridgeError)):
        carry_out(name, case.kind, case.quirks, caplog)


def test_a_test_is_seen_to_fail_for_most_promises() -> None:
    tests = {name for name, _ in inspect.getmembers(AdapterContract, inspect.isfunction) if name.startswith("test_")}
    proven = {name for case in CASES for name in case.fails}
    assert proven <= tests
    assert len({case.kind for case in CASES}) >= 10
    assert len(proven) >= len(tests) // 2, f"not seen to fail: {sorted(tests - proven)}"
