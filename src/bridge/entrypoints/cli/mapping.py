"""`bridge mapping`: schema, lint, show."""

from __future__ import annotations

import typer

app = typer.Typer(help="Mapping files: what means what.", no_args_is_help=True)
