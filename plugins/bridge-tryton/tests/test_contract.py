"""The contract, kept by the adapter over a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bridge.sandbox.kernel import Server as Kernel
from bridge.testing.contract import AdapterContract

from bridge_tryton import make
from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import Server
from hands import Hands


class TestTryton(AdapterContract):
    kind = make

    @pytest.fixture
    def h(self, tryton: Server, proxy: Kernel, desk: Desk) -> Iterator[Hands]:
        with Hands(tryton, proxy, desk) as hands:
            yield hands
