"""`bridge plan`, `bridge sync`: the work itself."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bridge.config import Config
from bridge.engine.budget import Budget, left
from bridge.engine.circuit import hasten
from bridge.engine.cycle import cycle
from bridge.engine.meter import known_budgets
from bridge.engine.pausing import pauses_by_name
from bridge.engine.plan.forecast import Forecast, forecast
from bridge.engine.plan.rehearsal import Action, RehearsalAdapter, Script
from bridge.engine.report import Report, Trouble
from bridge.engine.rhythms import note_news
from bridge.engine.runtime import Runtime
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
    stderr,
    text,
)
from bridge.entrypoints.cli.progress import progress_bar
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.store import Database
from bridge.wiring import make_adapters, make_maps, make_runtime, opened_store

EntityOption = Annotated[list[str] | None, typer.Option("--entity", "-e", help="Only this entity (may be repeated).")]
SAMPLE = 5


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(sync)
    app.command()(plan)


def sync(
    config: ConfigOption = None,
    entity: EntityOption = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Look for deleted records now, also in systems that do not tell of them.")
    ] = False,
    drift: Annotated[
        bool,
        typer.Option(
            "--drift", help="Look at every linked record now, also at those of which no system told anything."
        ),
    ] = False,
    json: JsonOption = False,
) -> None:
    """Bring all systems in step once: read, match, merge, write. Safe to stop and to repeat at any time."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = chosen(make_maps(settings), entity)
        adapters = make_adapters(settings)
        with opened_store(settings) as store, alone(settings, store), closing(adapters):
            report = synchronise(settings, store, adapters, maps, quiet=json, sweeping=sweep, drifting=drift)
        if json:
            emit({"ok": report.ok, **report.as_json()})
        else:
            print_report(report)
    raise typer.Exit(DONE if report.ok else SAFETY if report.stopped else PROBLEMS)


def synchronise(
    settings: Config,
    store: Database,
    adapters: dict[str, Adapter],
    maps: dict[str, EntityMap],
    *,
    quiet: bool = False,
    command: str = "sync",
    sweeping: bool = False,
    drifting: bool = False,
    first: Callable[[Runtime, str], None] = lambda runtime, run_id: None,
) -> Report:
    """One run with its entry in the store's list of runs. The caller holds the lock. first: what comes before it."""
    run_id = uuid.uuid4().hex[:12]
    with progress_bar(quiet=quiet) as progress:
        runtime = make_runtime(settings, store, adapters, maps, sweeping=sweeping, drifting=drifting, progress=progress)
        with store.begin() as uow:
            uow.reclaim(runtime.clock(), owner=runtime.owner)  # the lock says that nobody else is at work
            uow.hasten()
            hasten(uow, adapters, runtime.clock())
            uow.start_run(run_id, command, runtime.clock())
        first(runtime, run_id)
        report = cycle(runtime, run_id, patience=settings.sync.wait)
        with store.begin() as uow:
            uow.finish_run(run_id, report.as_json(), runtime.clock())
            note_news(uow, report, runtime.clock())
    return report


def plan(
    config: ConfigOption = None,
    entity: EntityOption = None,
    all_: Annotated[bool, typer.Option("--all", help="List every write instead of a few of each kind.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what `sync` would write, by running it on a copy of the store without writing to any system."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = chosen(make_maps(settings), entity)
        adapters = make_adapters(settings)
        with closing(adapters):
            script, report, expected = rehearse(settings, adapters, maps, quiet=json)
        if json:
            calls = [{**asdict(one), "calls": one.calls, "fits": one.fits} for one in expected]
            writes = [_as_json(action) for action in script.actions]
            emit({"ok": not report.troubles, "writes": writes, "forecast": calls, "report": report.as_json()})
        else:
            print_plan(script, report, sample=None if all_ else SAMPLE)
            for one in expected:
                style = "" if one.fits else "[yellow]"
                console.print(f"{style}{one.system}: {one}", soft_wrap=True, highlight=False)
    raise typer.Exit(SAFETY if report.stopped else PROBLEMS if report.troubles else DONE)


def rehearse(
    settings: Config, adapters: dict[str, Adapter], maps: dict[str, EntityMap], *, quiet: bool = False
) -> tuple[Script, Report, list[Forecast]]:
    """Run the cycle on a copy of the store with adapters that only pretend to write; and what it will take in calls."""
    script = Script()
    pretending: dict[str, Adapter] = {
        name: RehearsalAdapter(adapter, script, maps) for name, adapter in adapters.items()
    }
    with tempfile.TemporaryDirectory(prefix="bridge-plan-") as folder, opened_store(settings) as store:
        copy = store.copy_to(Path(folder) / "plan.db")
        try:
            with progress_bar(quiet=quiet) as progress:
                runtime = replace(make_runtime(settings, copy, pretending, maps, progress=progress), ledger=store)
                with copy.begin() as uow:
                    uow.reclaim(runtime.clock(), owner=runtime.owner)
                    hasten(uow, adapters, runtime.clock())
                report = cycle(runtime, "plan")
            expected = _forecast(runtime, script, report)
        finally:
            copy.close()
    return script, report, expected


def _forecast(runtime: Runtime, script: Script, report: Report) -> list[Forecast]:
    with (runtime.ledger or runtime.store).begin() as uow:
        known = known_budgets(uow)
    terms = runtime.terms
    rooms = {s: left(known.get(s, Budget()), terms[s], runtime.priority, runtime.clock()) for s in runtime.adapters}
    reading = dict(report.sessions)
    for (system, _), tally in report.tallies.items():
        reading[system] = reading.get(system, 0) + tally.api_calls
    return forecast(
        script.actions,
        lambda system, entity: runtime.adapters[system].capabilities(runtime.maps[entity].spec(system)),
        reading,
        rooms,
        {system: given.per_second for system, given in terms.items()},
    )


def chosen(maps: dict[str, EntityMap], names: list[str] | None) -> dict[str, EntityMap]:
    """The mappings of the entities asked for. Raises WrongUsage for an unknown one."""
    unknown = [name for name in names or () if name not in maps]
    if unknown:
        raise WrongUsage(f"--entity: there is no mapping of {', '.join(unknown)} (there are: {', '.join(maps)})")
    return {name: emap for name, emap in maps.items() if not names or name in names}


REPORT_COLUMNS = (
    "read", "unchanged", "linked", "created", "updated", "deleted", "archived", "restored", "conflicts", "held",
    "failed", "review", "waiting",
)  # fmt: skip
SHORT = {"unchanged": "same", "conflicts": "confl."}  # of eleven columns, eighty characters show all that are in use


def print_report(report: Report) -> None:
    """The figures of a run, and what went wrong in it."""
    # Only what happened: eleven columns of noughts do not fit on a terminal, and say nothing.
    names = [
        name for name in REPORT_COLUMNS if name == "read" or any(getattr(t, name) for t in report.tallies.values())
    ]
    rows = [
        (entity, system, *(getattr(tally, name) for name in names), tally.api_calls, tally.seconds)
        for (system, entity), tally in report.tallies.items()
    ]
    show("Run " + report.run, ("entity", "system", *(SHORT.get(name, name) for name in names), "calls", "s"), rows)
    print_troubles(report)
    for system, circuit in report.resting.items():
        console.print(f"[yellow]{system}[/] {escape(str(circuit))}", soft_wrap=True, highlight=False)
    for name, pause in pauses_by_name(report.paused, report.paused_entities):
        console.print(f"[yellow]{name}[/] {escape(str(pause))}", soft_wrap=True, highlight=False)
    console.print(
        f"{report.writes} writes, {report.conflicts} conflicts, {report.api_calls} calls, {report.seconds:.1f} s"
    )
    if report.outbox:
        left = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in sorted(report.outbox.items()))
        console.print(f"Left in the outbox: {left} (`bridge outbox list` says why)")
    waiting = sum(tally.review for tally in report.tallies.values()), sum(t.held for t in report.tallies.values())
    for (system, entity), tally in report.tallies.items():
        if tally.drifted:
            console.print(
                f"{tally.drifted} {entity} records of {system} had changed without its feed telling: taken in"
            )
    if waiting[0]:
        console.print(f"{waiting[0]} records may be the same as others: `bridge links list --state review`")
    if waiting[1]:
        console.print(f"{waiting[1]} fields wait for a person: `bridge conflicts list --state held`")


ALIKE = 3
"""Records that are named for one and the same trouble."""


def print_troubles(report: Report, limit: int = 20) -> None:
    """Each error: where, what; and once for those beneath each other what was not done, and what to do.

    What goes for many records is told of a few, and counted.
    """
    alike: dict[tuple[str, str, str, str], list[Trouble]] = {}
    for trouble in report.troubles:
        alike.setdefault((trouble.code, trouble.system, trouble.entity, trouble.what), []).append(trouble)
    shown, advice = list(alike.values())[:limit], ""
    for group in shown:
        first = group[0]
        if advice not in ("", f"{first.not_done} {first.to_do}"):
            stderr.print(f"    {advice}", soft_wrap=True, highlight=False)
        advice = f"{first.not_done} {first.to_do}"
        what = escape(first.what.removeprefix(f"{first.system}: "))
        for trouble in group[:ALIKE]:
            where = ":".join(part for part in (trouble.system, trouble.entity, trouble.golden_id) if part)
            stderr.print(f"[red]{trouble.code}[/] {where}: {what}", soft_wrap=True, highlight=False)
        if len(group) > ALIKE:
            stderr.print(f"... and {len(group) - ALIKE} more records of which the same is true", highlight=False)
    if advice:
        stderr.print(f"    {advice}", soft_wrap=True, highlight=False)
    left = sum(len(group) for group in list(alike.values())[limit:])
    if left:
        stderr.print(f"... and {left} more: `bridge outbox list`, or --json for all")


def print_plan(script: Script, report: Report, *, sample: int | None) -> None:
    """Counts first, then what each write would change."""
    groups: dict[tuple[str, str, str], list[Action]] = {}
    for action in script.actions:
        groups.setdefault((action.entity, action.system, action.what), []).append(action)
    show(
        "Plan",
        ("entity", "system", "what", "records"),
        [(*place, len(actions)) for place, actions in groups.items()],
        none="nothing to write",
    )
    for (entity, system, op), actions in groups.items():
        for action in actions[:sample]:
            console.print(f"[bold]{op}[/] {system}:{entity}:{escape(action.native_id)}", highlight=False)
            for path, value in action.after.items():
                before = f"{text(action.before[path]) or '(empty)'} -> " if path in action.before else ""
                console.print(f"    {path}: {before}{text(value) or '(empty)'}", highlight=False, markup=False)
        if sample is not None and len(actions) > sample:
            console.print(f"    ... and {len(actions) - sample} more (--all lists them)")
    held, review = (sum(getattr(t, name) for t in report.tallies.values()) for name in ("held", "review"))
    console.print(f"{len(script.actions)} writes; {held} fields would wait for a person, {review} records for review.")
    print_troubles(report)


def _as_json(action: Action) -> dict[str, object]:
    return {
        "system": action.system,
        "entity": action.entity,
        "op": action.op,
        "native_id": action.native_id,
        "golden_id": action.golden_id,
        "before": action.before,
        "after": action.after,
        "why": action.why,
    }
