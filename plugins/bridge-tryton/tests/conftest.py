"""A real Tryton for each test process, with a copy of the built database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bridge.sandbox.kernel import Server as Kernel

from bridge_tryton.real.desk import Desk
from bridge_tryton.real.server import Server
from hands import in_front_of

for name in ("faults", "reading", "schema", "steps", "writing"):
    pytest.register_assert_rewrite(f"bridge.testing.{name}")


@pytest.fixture(scope="session")
def tryton() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="session")
def desk(tryton: Server) -> Iterator[Desk]:
    made = Desk(tryton.url)
    yield made
    made.close()


@pytest.fixture(scope="session")
def proxy(tryton: Server) -> Iterator[Kernel]:
    kernel = in_front_of(tryton)
    yield kernel
    kernel.stop()
