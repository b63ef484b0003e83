"""The contract, kept by systems in memory with the manners of real ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NoReturn

import pytest

from bridge.adapters.memory import MemoryAdapter, Quirks, make
from bridge.ports.adapter import Capabilities
from bridge.ports.errors import Unsupported
from bridge.ports.kind import AdapterKind, EntitySupport
from bridge.ports.records import ObjectSpec
from bridge.testing.contract import AdapterContract
from bridge.testing.memory import MemoryHarness

QUIRKS = {
    "plain": Quirks(page=5),
    "like salesforce": Quirks(stamps=1_000_000, versions="stamp", trims=True, page=5, batch=200),
    "like odoo": Quirks(
        unique_keys=False, batch_rollback=True, conditional_update="emulated", deletes_feed=False, page=4
    ),
    "like erpnext": Quirks(versions="stamp", empty_text=True, silent_lengths=True, page=20),
    "like none": Quirks(
        conditional_update="unsupported",
        folds_emails=True,
        cuts={"note": 200},
        unique_keys=False,
        batch_rollback=True,
        empty_text=True,
        trims=True,
        stamps=1_000_000,
        page=1,
        batch=3,
    ),
}


class TestMemory(AdapterContract):
    @pytest.fixture(params=list(QUIRKS))
    def h(self, request: pytest.FixtureRequest) -> MemoryHarness:
        return MemoryHarness(QUIRKS[request.param])


class TestMemoryAsItComes(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self) -> MemoryHarness:
        return MemoryHarness()


class DeletesNothing(MemoryAdapter):
    """An adapter that has reached the level `writes`."""

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        return replace(super().capabilities(spec), delete="unsupported", deletes_feed="unsupported")

    def delete(self, spec: ObjectSpec, items: Sequence[object]) -> NoReturn:  # type: ignore[override]
        raise Unsupported("deletes nothing", system=self.system)


class OnlyReads(DeletesNothing):
    """An adapter that has reached the level `reads`."""

    def capabilities(self, spec: ObjectSpec) -> Capabilities:
        told = super().capabilities(spec)
        return replace(told, create="unsupported", update="unsupported", conditional_update="unsupported")

    def create(self, spec: ObjectSpec, items: Sequence[object]) -> NoReturn:  # type: ignore[override]
        raise Unsupported("only reads", system=self.system)

    update = create  # type: ignore[assignment]


WRITES = EntitySupport(create="native", update="native", versions="native")


class TestMemoryThatDeletesNothing(AdapterContract):
    kind = AdapterKind(make, level="writes", support={"customer": WRITES})

    @pytest.fixture
    def h(self) -> MemoryHarness:
        return MemoryHarness(kind=DeletesNothing)


class TestMemoryThatOnlyReads(AdapterContract):
    kind = AdapterKind(make, support={"customer": EntitySupport()})

    @pytest.fixture
    def h(self) -> MemoryHarness:
        return MemoryHarness(kind=OnlyReads)
