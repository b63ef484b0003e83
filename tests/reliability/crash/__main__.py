"""`make crash-matrix`: the matrix, or a share of it, by environment; see `plan.Choice`.

BRIDGE_CRASH_QUIET=1 prints one JSON document, and writes neither report nor page: for the tests.
"""

from __future__ import annotations

import json
import os
import sys

from rich.console import Console

from reliability.crash.plan import Choice, clock, run_all
from reliability.crash.report import Figures, section, show
from reliability.document import write_report, write_section


def main() -> int:
    """Run, print, write. Answers 1 where anything was lost, doubled or echoed."""
    choice = Choice.from_environment(os.environ)
    quiet = bool(os.environ.get("BRIDGE_CRASH_QUIET"))
    whole = not (choice.only or choice.kills or choice.share)
    figures, start = Figures(choice.seed), clock()
    console = Console(width=None if sys.stdout.isatty() else 200)
    for run in run_all(choice):
        figures.runs.append(run)
        figures.seconds = clock() - start
        if not quiet and (run.number < 0 or not run.good):  # a block has ended, or something is wrong
            now = f"{run.store}, {run.tested}, {run.operation}"
            words = "" if run.good else f" [red]{run.label}: {run.lost} {run.duplicates} {run.echoes}[/]"
            console.print(f"{figures.seconds:6.0f} s  {len(figures.killed):5}  {now}{words}", highlight=False)
            for said in () if run.good else run.words:
                console.print(said, markup=False, highlight=False, soft_wrap=True)
    if quiet:
        print(json.dumps(figures.as_json()))
        return 1 if figures.bad else 0
    show(figures, console)
    write_report("crash-matrix" if whole else "crash-matrix-share", figures.as_json())
    if whole or os.environ.get("BRIDGE_CRASH_PUBLISH"):
        write_section("crash matrix", section(figures))
    return 1 if figures.bad else 0


if __name__ == "__main__":
    sys.exit(main())
