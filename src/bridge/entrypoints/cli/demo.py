"""`bridge demo`: three sandboxes kept in step before your eyes. No account, nothing left running."""

from __future__ import annotations

import json as json_
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from bridge.entrypoints.cli.options import JsonOption
from bridge.entrypoints.cli.output import DONE, PROBLEMS, console, emit, errors_as_sentences, writing


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    report: Annotated[Path, typer.Option("--report", help="Where the figures go.")] = Path("build/reports/demo.json"),
    keep: Annotated[Path | None, typer.Option("--keep", help="Keep configuration and store in this folder.")] = None,
    json: JsonOption = False,
) -> None:
    """Start three sandboxes, fill them with customers that overlap and differ, and keep them in step."""
    from bridge.entrypoints.demo.servers import Sandboxes  # here: no other command needs them
    from bridge.entrypoints.demo.story import Story

    console.quiet = json
    folder = keep or Path(tempfile.mkdtemp(prefix="bridge-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    with errors_as_sentences(as_json=json):
        _write(report, {"syncs": [], "agree": False})  # a demo that breaks off has not agreed
        with Sandboxes() as sandboxes:
            outcome = Story(folder, sandboxes).tell()
        figures = outcome.as_json()
        _write(report, figures)
        if json:
            emit(figures)
        console.print(f"Done in {outcome.seconds:.0f} s; figures in {report}.")
    if keep is None:
        shutil.rmtree(folder, ignore_errors=True)
    raise typer.Exit(DONE if outcome.agree else PROBLEMS)


def _write(report: Path, figures: dict[str, object]) -> None:
    with writing(report):
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(json_.dumps(figures, indent=2) + "\n", encoding="utf-8")
