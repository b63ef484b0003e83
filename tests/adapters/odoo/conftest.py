"""An Odoo for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.adapters.odoo.installation import WAYS, Installation, installed


@pytest.fixture(params=WAYS, ids=lambda way: f"{way.version}-{way.protocol}")
def odoo(request: pytest.FixtureRequest) -> Iterator[Installation]:
    """Each version over each of its protocols."""
    with installed(request.param) as installation:
        yield installation
