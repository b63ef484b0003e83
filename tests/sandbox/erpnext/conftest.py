"""A served site for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.erpnext.talk import Talk

from bridge.sandbox.erpnext import build
from bridge.sandbox.kernel import serve


@pytest.fixture
def talk() -> Iterator[Talk]:
    """The Administrator of a fresh site with the key field."""
    server = serve(build(key_field=True))
    server.start()
    yield Talk(server.url)
    server.stop()
