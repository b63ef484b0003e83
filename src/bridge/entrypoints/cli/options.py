"""Options that many commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.config import Config, load_config
from bridge.entrypoints.cli.output import WrongUsage
from bridge.ports.errors import ConfigError

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", help="Configuration file (default: bridge.yaml or config/bridge.yaml).", show_default=False
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document instead of tables.")]
LimitOption = Annotated[int, typer.Option("--limit", "-n", min=1, help="Show at most so many.")]

StateOption = Annotated[str | None, typer.Option("--state", help="Only this state.")]

USUAL_PLACES = ("bridge.yaml", "config/bridge.yaml")


def configuration(given: Path | None) -> Config:
    """The configuration: as given, or BRIDGE_CONFIG, or in its usual place. Raises ConfigError."""
    return load_config(place(given))


def place(given: Path | None) -> Path:
    """Where the configuration lies. Raises ConfigError where there is none in the usual places."""
    named = os.environ.get("BRIDGE_CONFIG")
    if given is not None or named:
        return given or Path(named or "")
    for usual in USUAL_PLACES:
        if Path(usual).is_file():
            return Path(usual)
    raise ConfigError("there is no bridge.yaml here; `bridge init` writes one, or name one with --config")


def known_state(state: str | None, known: tuple[str, ...]) -> None:
    """Raises WrongUsage where there is no state of this name."""
    if state is not None and state not in known:
        raise WrongUsage(f"--state: there is no state '{state}' (there are: {', '.join(known)})")


def known_system(settings: Config, system: str) -> None:
    """Raises WrongUsage where the configuration has no system of this name."""
    if system not in settings.systems:
        raise WrongUsage(f"there is no system '{system}' in {settings.file} (there are: {', '.join(settings.systems)})")
