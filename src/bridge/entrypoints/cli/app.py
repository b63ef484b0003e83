"""The commands, put together."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge import __version__
from bridge.entrypoints.cli import (
    adapters,
    approve,
    daemon,
    demo,
    forget,
    inspect,
    mapping,
    migrate,
    notify,
    pausing,
    prepare,
    rejects,
    run,
    sandbox,
    store,
    undo,
)

app = typer.Typer(
    name="bridge",
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


prepare.register(app)
run.register(app)
daemon.register(app)
approve.register(app)
inspect.register(app)
pausing.register(app)
notify.register(app)
undo.register(app)
store.register(app)
forget.register(app)
migrate.register(app)
app.add_typer(mapping.app, name="mapping")
app.add_typer(adapters.app, name="adapters")
app.add_typer(rejects.app, name="rejects")
sandbox.register(app)
demo.register(app)
