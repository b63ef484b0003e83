"""Schema migrations, by alembic; the scripts ship inside the package."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from bridge.ports.errors import ConfigError

HEAD = "0008"
"""The newest revision; a test holds it against the scripts."""


def upgrade(engine: Engine) -> None:
    """Run all missing migrations. Raises ConfigError where the store is newer than this program."""
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise ConfigError(
                f"store.url: the store was written by another version of bridge ({error}); use that version or newer"
            ) from None
