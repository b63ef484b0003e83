"""What every test may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("plain", deadline=None)  # a busy machine is no failure
settings.load_profile("plain")


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A real PostgreSQL server, started when the first test asks for it."""
    from support.postgres import running_postgres  # a second to load: only where it is used

    with running_postgres() as server:
        yield server
