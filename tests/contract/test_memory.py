"""The contract, kept by systems in memory with the manners of real ones."""

from __future__ import annotations

import pytest

from bridge.adapters.memory import Quirks
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
