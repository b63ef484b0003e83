"""A served org for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.sandbox.salesforce.talk import Talk

from bridge.sandbox.kernel import serve
from bridge.sandbox.salesforce import build


@pytest.fixture
def talk() -> Iterator[Talk]:
    """The integration user of a fresh org with the key field."""
    with serve(build(key_field=True)) as server:
        yield Talk(server.url)
