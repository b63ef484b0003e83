"""Schema migrations, by alembic; the scripts ship inside the package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine, func, select

from bridge.ports.errors import ConfigError

HEAD = "0009"
"""The newest revision; a test holds it against the scripts."""

MIGRATING = 0x627269646767
"""The number of the advisory lock, after those of `bridge.store.database`."""


def upgrade(engine: Engine) -> None:
    """Run all missing migrations. Raises ConfigError where the store is newer than this program."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":  # workers that start together: one migrates, the others find it done
            connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                f"store.url: the store was written by another version of bridge ({error}); use that version or newer"
            ) from None
