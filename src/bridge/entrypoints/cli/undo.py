"""`bridge undo`: take back what a run wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from bridge.engine.plan.undo import LeftAlone, Remove, SetBack, Step
from bridge.engine.report import Report
from bridge.engine.runtime import Run, Runtime
from bridge.engine.undo import guard, undo, what_would_be_undone
from bridge.entrypoints.alone import alone, closing
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    SAFETY,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    show,
    text,
)
from bridge.entrypoints.cli.run import print_report, synchronise
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="undo")(undo_run)


def undo_run(
    run: Annotated[str, typer.Argument(help="The run, as `bridge sync` and `bridge status` name it.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it, instead of showing what would be done.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what would take back the writes of one run; --apply syncs, so that nobody's edit is missed, and does it."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps, adapters = make_maps(settings), make_adapters(settings)
        with opened_store(settings) as store, closing(adapters):
            _known_run(store, run)
            report: Report | None = None
            if apply:
                with alone(settings, store):
                    synchronise(settings, store, adapters, maps, quiet=json, command=f"sync before undo {run}")
                    steps = _planned(make_runtime(settings, store, adapters, maps), run)

                    def first(runtime: Runtime, run_id: str) -> None:
                        undo(Run(runtime, run_id, Report(run_id)), run, steps)

                    if any(not isinstance(step, LeftAlone) for step in steps):
                        words = f"undo {run}"
                        report = synchronise(settings, store, adapters, maps, quiet=json, command=words, first=first)
            else:
                steps = _planned(make_runtime(settings, store, adapters, maps), run)
        _tell(run, steps, report, applied=apply, json=json)
    left = any(isinstance(step, LeftAlone) for step in steps)
    if report is not None and report.stopped:
        raise typer.Exit(SAFETY)
    raise typer.Exit(PROBLEMS if left or (report is not None and not report.ok) else DONE)


def _known_run(store: Database, run: str) -> None:
    with store.begin() as uow:
        if uow.run_began(run) is None:
            latest = ", ".join(row["id"] for row in uow.runs(3)) or "none"
            raise WrongUsage(f"there is no run '{run}' (the latest are: {latest})")


def _planned(runtime: Runtime, run: str) -> list[Step]:
    with runtime.store.begin() as uow:
        steps = what_would_be_undone(runtime, uow, run)
    guard(runtime, steps)
    return steps


def _tell(run: str, steps: Sequence[Step], report: Report | None, *, applied: bool, json: bool) -> None:
    back = [step for step in steps if isinstance(step, SetBack)]
    gone = [step for step in steps if isinstance(step, Remove)]
    left = [step for step in steps if isinstance(step, LeftAlone)]
    if json:
        emit(
            {
                "ok": not left and (report is None or report.ok),
                "run": run,
                "applied": applied,
                "set_back": [asdict(step) for step in back],
                "delete": [asdict(step) for step in gone],
                "left_alone": [asdict(step) for step in left],
                "report": report.as_json() if report else None,
            }
        )
        return
    shown = [(s.entity, s.golden_id, s.unit, text(s.value) or "(empty)", text(s.to) or "(empty)", s.by) for s in back]
    show(
        "Set back" if applied else "Would be set back",
        ("entity", "golden id", "field", "from", "to", "said by"),
        shown,
    )
    rows = [(s.entity, f"{s.system}:{s.entity}:{s.native_id}") for s in gone]
    show("Deleted" if applied else "Would be deleted", ("entity", "record"), rows)
    untouched = [(f"{s.system}:{s.entity}:{s.native_id}", s.op, s.unit, s.why) for s in left]
    show("Left alone", ("record", "write", "field", "why"), untouched)
    if not steps:
        console.print("This run wrote nothing, or nothing that is remembered still (`history.writes_days`).")
    if report is not None:
        print_report(report)
        console.print(f"`bridge undo {report.run}` takes this back.", highlight=False)
    elif not applied and (back or gone):
        number = len(back) + len(gone)
        console.print(f"Nothing was written. `bridge undo {run} --apply` does these {number} steps, after a sync.")
