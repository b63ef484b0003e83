"""The soak as a program: `PYTHONPATH=tests python -m reliability.soak --days 10 --seed 7 --store sqlite`."""

from __future__ import annotations

import ctypes
import os
import secrets
import sys
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reliability.soak.figures import Figures, keep, show
from reliability.soak.history import Broken, Plan, begun
from reliability.soak.history import brief as short
from reliability.soak.planted import PLANTS
from reliability.soak.process import sqlite_at

console = Console(width=200)
_ADDR_NO_RANDOMIZE = 0x0040000


def main(
    days: Annotated[int, typer.Option(envvar="BRIDGE_SOAK_DAYS", help="Simulated days.")] = 10,
    seed: Annotated[
        str, typer.Option(envvar="BRIDGE_SOAK_SEED", help="Any text; drawn by lot where none is given.")
    ] = "",
    store: Annotated[str, typer.Option(envvar="BRIDGE_SOAK_STORE", help="sqlite or postgresql.")] = "sqlite",
    brief: Annotated[bool, typer.Option(help="Few cycles in a day.")] = False,
    plant: Annotated[str, typer.Option(help="A bug to plant, which has to be found (see planted.py).")] = "",
    record: Annotated[bool, typer.Option(help="Write the report and the section of docs/reliability.md.")] = False,
) -> None:
    """Days of simulated life in minutes; ends with 1 and the seed where a guarantee did not hold."""
    seed = seed or str(secrets.randbelow(1_000_000))
    options = f" --store {store}" if store != "sqlite" else ""
    plan = short(seed, days, options) if brief else Plan(seed, days, options=options)
    console.print(f"Seed {plan.seed}, {days} days on {store}.", highlight=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bridge-soak-")))
        if plant:
            stack.enter_context(PLANTS[plant]())
        history = stack.enter_context(begun(plan, folder, _url(store, folder, stack)))
        try:
            lived = history.live(_tell)
        except Broken as broken:
            console.print(str(broken), markup=False, highlight=False)
            raise typer.Exit(1) from None
        show(lived, f"Soak of {days} days, seed {plan.seed}, {store}", console)
        console.print(f"Digest of the history: {history.digest}", highlight=False)
        if record:
            keep(lived, plan.seed, store, history.digest)


def _url(store: str, folder: Path, stack: ExitStack) -> str:
    if store == "sqlite":
        return sqlite_at(folder)
    from support.postgres import running_postgres

    return stack.enter_context(running_postgres()).new_database()


def _tell(day: Figures) -> None:
    words = f"{day.acts} acts, {day.edits} edits, {day.cycles} cycles, {sum(day.faults.values())} faults"
    kills = f"{day.kills} kills, {day.sigkills} SIGKILL, {day.conflicts} conflicts, {day.writes} writes"
    console.print(f"Day {day.day}: {words}, {kills}, {day.seconds:.0f} s: all held.", highlight=False)


def _be_repeatable() -> None:
    """Begin anew where the order of sets would differ from run to run: by the seed of hashes, and by addresses.

    Python 3.11 hashes None by its address, so the kernel is asked to load this program where it always does.
    """
    if os.environ.get("PYTHONHASHSEED") == "0" and os.environ.get("BRIDGE_SOAK_BEGUN"):
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).personality(_ADDR_NO_RANDOMIZE)
    environment = {**os.environ, "PYTHONHASHSEED": "0", "BRIDGE_SOAK_BEGUN": "1"}
    os.execve(sys.executable, [sys.executable, "-m", "reliability.soak", *sys.argv[1:]], environment)


if __name__ == "__main__":
    _be_repeatable()
    program = typer.Typer(pretty_exceptions_enable=False, add_completion=False)
    program.command()(main)
    program()
