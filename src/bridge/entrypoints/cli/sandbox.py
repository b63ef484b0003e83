"""`bridge sandbox`: a local server that behaves like a vendor's."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge.entrypoints.cli.options import JsonOption
from bridge.entrypoints.cli.output import WrongUsage, emit, errors_as_sentences
from bridge.sandbox import NAMES, run
from bridge.sandbox.kernel import Server


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sandbox)


def sandbox(
    vendor: Annotated[str, typer.Argument(help="Which one: " + ", ".join(NAMES) + ".")],
    port: Annotated[int, typer.Option("--port", "-p", min=0, max=65535, help="0 takes any free port.")] = 0,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    seed: Annotated[Path | None, typer.Option("--seed", help="JSON file with the records to begin with.")] = None,
    option: Annotated[
        list[str], typer.Option("--option", help="name=value for this vendor's sandbox, as version=18 for odoo.")
    ] = [],  # noqa: B006 - typer copies it
    tls: Annotated[bool, typer.Option("--tls", help="Serve https with a throw-away certificate.")] = False,
    json: JsonOption = False,
) -> None:
    """Run a local server that behaves like the vendor's, until stopped. Its control plane is under /__sandbox__/."""
    with errors_as_sentences(as_json=json):
        if vendor not in NAMES:
            raise WrongUsage(f"there is no sandbox '{vendor}' (there are: {', '.join(NAMES)})")
        if seed is not None and not seed.is_file():
            raise WrongUsage(f"--seed: {seed} is no file")
        run(
            vendor,
            host,
            port,
            seed,
            tls=tls,
            options=dict(_option(text) for text in option),
            announce=_announce_json if json else _announce,
        )


def _option(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise WrongUsage(f"--option {text}: write it as name=value")
    return name, value


def _announce(server: Server) -> None:
    """One line for people and for the programs that wait for it."""
    typer.echo(f"{server.app.name} sandbox at {server.url}")
    if server.certificate:
        typer.echo(f"certificate {server.certificate}")
    sys.stdout.flush()


def _announce_json(server: Server) -> None:
    """The same as one JSON document, printed when the server is ready; it then runs until stopped."""
    certificate = str(server.certificate) if server.certificate else None
    emit({"ok": True, "sandbox": server.app.name, "url": server.url, "certificate": certificate})
