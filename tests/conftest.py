"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A real PostgreSQL server, started when the first test asks for it."""
    from support.postgres import running_postgres  # a second to load: only where it is used

    with running_postgres() as server:
        yield server
