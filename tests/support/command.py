"""bridge's command line inside this process: starting another takes longer than most commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import typer.testing
from typer.main import get_command
from typer.testing import CliRunner, Result

from bridge.entrypoints.cli.app import app

# The runner makes all commands anew for each invocation, a tenth of the time of a small one. They do not change.
typer.testing._get_command = cache(get_command)  # type: ignore[attr-defined]


def invoke(words: Sequence[str], env: Mapping[str, Any] | None = None) -> Result:
    """Run a command to its end."""
    return CliRunner().invoke(app, list(words), env=env)
