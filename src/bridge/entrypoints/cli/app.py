"""The program: its name, its options, and the commands of `commands.py`."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge import __version__
from bridge.entrypoints.cli.commands import Commands

app = typer.Typer(
    name="bridge",
    cls=Commands,
    help="Keeps customers, contacts, products, orders and stock the same in every CRM and ERP a company runs.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bridge {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass
