"""How commands speak: tables for people, one JSON document for machines, errors as sentences, exit codes.

Exit codes: 0 done, 1 problems found, 2 wrong usage or configuration, 3 safety stop.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bridge.entrypoints.cli.crash import in_words
from bridge.ports.errors import BridgeError, ConfigError, SafetyStop

DONE, PROBLEMS, USAGE, SAFETY = 0, 1, 2, 3

WIDE = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 140
"""A pipe has no width of its own; eighty characters would fold the tables."""

console = Console(width=WIDE)
stderr = Console(stderr=True)


def emit(value: object) -> None:
    """Print one JSON document."""
    sys.stdout.buffer.write(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2) + b"\n")
    sys.stdout.buffer.flush()


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, none: str = "none") -> None:
    """Print a table; numbers to the right."""
    listed = [["" if cell is None else cell for cell in row] for row in rows]
    if not listed:
        console.print(f"[bold]{escape(title)}[/]: {none}")
        return
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold", pad_edge=False, box=None)
    for place, column in enumerate(columns):
        number = all(isinstance(row[place], int | float) or row[place] == "" for row in listed)
        table.add_column(column, justify="right" if number else "left", overflow="fold")
    for row in listed:
        table.add_row(*(escape(text(cell)) for cell in row))
    console.print(table)


def text(value: object) -> str:
    """A value as a person reads it."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, dict):
        return ", ".join(f"{key}: {text(member)}" for key, member in value.items() if member is not None)
    if isinstance(value, list | tuple):
        return ", ".join(text(member) for member in value)
    return "" if value is None else str(value)


def said(error: BridgeError) -> dict[str, Any]:
    """An error as plain values."""
    problems = error.problems if isinstance(error, ConfigError) else [str(error)]
    return {"code": error.code, "problems": problems, "not_done": error.not_done, "to_do": error.to_do}


def tell(error: BridgeError) -> None:
    """One error that does not end the command: what happened, what was not done, what to do."""
    stderr.print(f"[red]{error.code}[/]", end=" ")
    stderr.print(f"{error}. {error.not_done} {error.to_do}", soft_wrap=True, markup=False, highlight=False)


def exit_code(error: BridgeError) -> int:
    """The exit code of an error's kind."""
    return USAGE if isinstance(error, ConfigError) else SAFETY if isinstance(error, SafetyStop) else PROBLEMS


def fail(error: BridgeError, *, as_json: bool) -> NoReturn:
    """Tell a person what happened, what was not done and what to do; leave with the exit code of the error's kind."""
    code = exit_code(error)
    if as_json:
        emit({"ok": False, "error": said(error)})
        raise typer.Exit(code)
    problems = error.problems if isinstance(error, ConfigError) else [str(error)]
    for problem in problems:
        stderr.print(f"[red]{error.code}[/] {escape(problem)}", soft_wrap=True)
    stderr.print(f"{error.not_done} {error.to_do}", soft_wrap=True)
    raise typer.Exit(code)


@contextmanager
def errors_as_sentences(*, as_json: bool) -> Iterator[None]:
    """No traceback reaches a user: bridge's own errors are told; an unexpected one is named without its values."""
    try:
        yield
    except BridgeError as error:
        fail(error, as_json=as_json)
    except (typer.Exit, typer.Abort, SystemExit):
        raise
    except KeyboardInterrupt:
        stderr.print("Stopped. What was under way is looked up by the next run; nothing is lost.")
        raise typer.Exit(130) from None
    except Exception as error:
        fail(BridgeError(in_words(error)), as_json=as_json)


class WrongUsage(ConfigError):
    """Words on the command line that name nothing."""

    code = "BR-USAGE"
    to_do = "Correct the command and run it again; --help shows its words."


class CannotWrite(ConfigError):
    """A file that the command was asked to write."""

    code = "BR-FILE"
    not_done = "The file was not written."
    to_do = "Name another place, or make this one writable, and run the command again."


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Around the writing of a file that a person named. Raises CannotWrite."""
    try:
        yield
    except OSError as error:
        raise CannotWrite(f"{path}: cannot be written ({error.strerror or type(error).__name__})") from None


@contextmanager
def usage_as_json() -> Iterator[None]:
    """What typer would tell in a box of its own, as a document."""
    try:
        yield
    except typer.Abort:
        sys.exit(PROBLEMS)
    except Exception as error:
        tell = getattr(error, "format_message", None)  # of click's errors, which typer carries under a private name
        if tell is None:
            raise
        emit({"ok": False, "error": said(WrongUsage(str(tell())))})
        sys.exit(USAGE)
