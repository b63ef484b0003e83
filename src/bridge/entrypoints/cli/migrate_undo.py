"""`bridge migrate undo`: delete what a migration made and nobody has touched since; list the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from bridge.engine.migrate.unmake import unmake
from bridge.engine.plan.undo import LeftAlone, Remove, SetBack, Step
from bridge.engine.report import Report
from bridge.engine.undo import what_would_be_undone
from bridge.entrypoints.alone import closing
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
)
from bridge.entrypoints.cli.run import print_troubles
from bridge.entrypoints.migration.stages import Stages
from bridge.entrypoints.migration.state import State, all_states
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store

SHOWN = 20


@dataclass(frozen=True, slots=True)
class _Undone:
    gone: Sequence[Remove]
    left: Sequence[tuple[str, str, str]]
    """What stays: entity, record (SYSTEM:ENTITY:ID, or the golden id), why."""


def undo(
    run: Annotated[str, typer.Argument(help="The run, as `bridge migrate list` names it.")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it, instead of showing what would be done.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what of a migration would be deleted again; --apply reads both systems first, so that no edit is missed."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps, adapters = make_maps(settings), make_adapters(settings)
        with opened_store(settings) as store, closing(adapters):
            state = _known(store, run)
            mine = {entity: maps[entity] for entity in state.entities if entity in maps}
            stages = Stages(settings, store, adapters, mine, state, lambda stage, system, entity, number: None)
            report = stages.look() if apply else None
            with store.begin() as uow:
                steps = what_would_be_undone(make_runtime(settings, store, adapters, mine), uow, run)
            found = _sorted(steps)
            if apply and report is not None and report.ok and found.gone:
                report = stages.unmaking(lambda work: unmake(work, state.way, run, found.gone))
        _tell(run, found, report, applied=apply, json=json)
    if report is not None and report.stopped:
        raise typer.Exit(SAFETY)
    raise typer.Exit(PROBLEMS if found.left or (report is not None and not report.ok) else DONE)


def _known(store: Database, run: str) -> State:
    with store.begin() as uow:
        states = all_states(uow)
    found = next((state for state in states if state.run == run), None)
    if found is None:
        latest = ", ".join(state.run for state in states[:3]) or "none"
        raise WrongUsage(f"there is no migration '{run}' (the latest are: {latest})")
    return found


def _sorted(steps: Sequence[Step]) -> _Undone:
    left: list[tuple[str, str, str]] = []
    for step in steps:
        if isinstance(step, LeftAlone):
            left.append((step.entity, f"{step.system}:{step.entity}:{step.native_id}", step.why))
        elif isinstance(step, SetBack):
            left.append((step.entity, step.golden_id, f"{step.unit} was changed, not made: see `bridge undo`"))
    return _Undone([step for step in steps if isinstance(step, Remove)], left)


def _tell(run: str, found: _Undone, report: Report | None, *, applied: bool, json: bool) -> None:
    if json:
        document: dict[str, Any] = {
            "ok": not found.left and (report is None or report.ok),
            "run": run,
            "applied": applied,
            "delete": [{"entity": x.entity, "system": x.system, "id": x.native_id} for x in found.gone],
            "left_alone": [{"entity": entity, "record": record, "why": why} for entity, record, why in found.left],
            "report": report.as_json() if report else None,
        }
        emit(document)
        return
    counts: dict[tuple[str, str], int] = {}
    for step in found.gone:
        counts[step.entity, step.system] = counts.get((step.entity, step.system), 0) + 1
    title = "Deleted" if applied else "Would be deleted"
    show(title, ("entity", "system", "records"), [(*place, number) for place, number in counts.items()])
    show("Left alone", ("entity", "record", "why"), found.left[:SHOWN])
    if len(found.left) > SHOWN:
        console.print(f"... and {len(found.left) - SHOWN} more: --json lists all")
    if report is not None:
        print_troubles(report)
    elif found.gone:
        console.print(f"Nothing was deleted. `bridge migrate undo {run} --apply` does it.", highlight=False)
