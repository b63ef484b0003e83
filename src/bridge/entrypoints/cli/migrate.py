"""`bridge migrate`: everything of one system into another, in stages that can be run, repeated and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from bridge.config import Config
from bridge.engine.budget import Budget, left
from bridge.engine.meter import known_budgets
from bridge.engine.migrate.report import STAGES, clean
from bridge.engine.report import Report
from bridge.entrypoints.alone import closing
from bridge.entrypoints.cli import migrate_undo
from bridge.entrypoints.cli.crash import in_words
from bridge.entrypoints.cli.migrate_consent import Terms, confirmed
from bridge.entrypoints.cli.migrate_report import checked, write_report
from bridge.entrypoints.cli.migrate_told import TELL
from bridge.entrypoints.cli.migrate_which import state_of, way_of
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    SAFETY,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    exit_code,
    said,
    show,
)
from bridge.entrypoints.cli.run import print_troubles
from bridge.entrypoints.migration.stages import Stages
from bridge.entrypoints.migration.state import State, all_states
from bridge.entrypoints.migration.telling import event, telling
from bridge.ports.errors import BridgeError
from bridge.store import Database
from bridge.wiring import make_adapters, opened_store

app = typer.Typer(
    help="Bring everything of one system into another: profile, match, plan, load, verify, report.",
    invoke_without_command=True,
)

FromOption = Annotated[str, typer.Option("--from", help="The system that is read, and never written.")]
ToOption = Annotated[str, typer.Option("--to", help="The system that is written.")]
EntitiesOption = Annotated[str, typer.Option("--entities", help="Only these entities, with commas between them.")]
ConfirmOption = Annotated[str, typer.Option("--confirm", help='The planned counts, as "create 1200, update 30".')]
YesOption = Annotated[bool, typer.Option("--yes", help="Whatever the plan counts, load it.")]
PartsOption = Annotated[
    bool, typer.Option("--in-parts", help="Load although the calls of one day will not do: as far as they reach.")
]
FullOption = Annotated[bool, typer.Option("--full", help="Compare every pair, instead of a sample of about 1,000.")]
NewOption = Annotated[bool, typer.Option("--new", help="Begin a new run, also where one is unfinished.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Folder for the report (default: here).")]


def register(parent: typer.Typer) -> None:
    """Add the commands."""
    parent.add_typer(app, name="migrate")


@app.callback()
def migrate(
    context: typer.Context,
    source: FromOption = "",
    target: ToOption = "",
    entities: EntitiesOption = "",
    confirm: ConfirmOption = "",
    yes: YesOption = False,
    in_parts: PartsOption = False,
    full: FullOption = False,
    new: NewOption = False,
    out: OutOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """All stages that are still to be done, from where an earlier run stopped. Only the system of --to is written."""
    if context.invoked_subcommand is None:
        terms = Terms(confirm, yes=yes, in_parts=in_parts, full=full, new=new, out=out)
        _run(None, (source, target, entities), terms, config, json=json)


@app.command()
def profile(
    source: FromOption, target: ToOption, entities: EntitiesOption = "", new: NewOption = False,
    config: ConfigOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """What is in the source: counts, filled fields, values that will not fit the target, duplicates. Writes nothing."""
    _run("profile", (source, target, entities), Terms(new=new), config, json=json)


@app.command()
def match(
    source: FromOption, target: ToOption, entities: EntitiesOption = "", config: ConfigOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Read both systems and link what is the same; what may be waits for `bridge links review`. Creates nothing."""
    _run("match", (source, target, entities), Terms(), config, json=json)


@app.command()
def plan(
    source: FromOption, target: ToOption, entities: EntitiesOption = "", config: ConfigOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """What would be created, changed, left and refused, and what it will take in calls and hours. Writes nothing."""
    _run("plan", (source, target, entities), Terms(), config, json=json)


@app.command()
def load(
    source: FromOption, target: ToOption, entities: EntitiesOption = "", confirm: ConfirmOption = "",
    yes: YesOption = False, in_parts: PartsOption = False, config: ConfigOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Write what was planned and confirmed, page by page. Stop it at any time and start it again."""
    terms = Terms(confirm, yes=yes, in_parts=in_parts)
    _run("load", (source, target, entities), terms, config, json=json)


@app.command()
def verify(
    source: FromOption, target: ToOption, entities: EntitiesOption = "", full: FullOption = False,
    config: ConfigOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Read both systems anew and compare: counts, control totals, field by field. Writes nothing."""
    _run("verify", (source, target, entities), Terms(full=full), config, json=json)


@app.command()
def report(
    source: FromOption = "", target: ToOption = "", out: OutOption = None,
    check: Annotated[Path | None, typer.Option("--check", help="Is this report as it was made?")] = None,
    config: ConfigOption = None, json: JsonOption = False,
) -> None:  # fmt: skip
    """Write the report as HTML and JSON, signed off with a hash; or --check one."""
    if check is None:
        _run("report", (source, target, ""), Terms(out=out), config, json=json)
        return
    with errors_as_sentences(as_json=json):
        good, run = checked(check)
        if json:
            emit({"ok": good, "file": str(check), "run": run})
        else:
            console.print(f"{check}: {'as it was made' if good else 'CHANGED since it was made'}", highlight=False)
    raise typer.Exit(DONE if good else PROBLEMS)


@app.command("list")
def list_(config: ConfigOption = None, json: JsonOption = False) -> None:
    """The migrations that are remembered, and how far each is."""
    with errors_as_sentences(as_json=json):
        with opened_store(configuration(config)) as store, store.begin() as uow:
            states = all_states(uow)
        rows = [(s.run, s.source, s.target, ", ".join(s.entities), s.began[:16], s.next or "finished") for s in states]
        if json:
            emit({"ok": True, "migrations": [{**s.as_json(), "next": s.next} for s in states]})
        else:
            show("Migrations", ("run", "from", "to", "entities", "began", "next stage"), rows)


app.command("undo")(migrate_undo.undo)


def _run(stage: str | None, which: tuple[str, str, str], terms: Terms, config: Path | None, *, json: bool) -> None:
    """One stage, or all that are still to be done."""
    code = DONE
    with _errors(json=json):
        settings = configuration(config)
        way, maps = way_of(settings, *which)
        adapters = make_adapters(settings)
        with opened_store(settings) as store, closing(adapters):
            state = state_of(store, way, maps, stage, terms, named=bool(which[2]))
            mine = {entity: maps[entity] for entity in state.entities if entity in maps}
            with telling(json=json, totals=lambda: _totals(state), calls_left=lambda: _left(settings, store)) as tell:
                stages = Stages(settings, store, adapters, mine, state, tell, full=terms.full)
                todo = [stage] if stage else STAGES[STAGES.index(state.next or "profile") :]
                for name in todo:
                    code = max(code, _stage(stages, name, terms, json=json))
                    if name not in state.stages:
                        break  # it did not come to its end
        if json:
            event("done", ok=code == DONE, run=state.run, next=state.next)
        elif state.next:
            console.print(f"Run {state.run}: next is `{state.next}`; the same command goes on there.", highlight=False)
    raise typer.Exit(code)


@contextmanager
def _errors(*, json: bool) -> Iterator[None]:
    """As for every command; for machines an error is one more event."""
    if not json:
        with errors_as_sentences(as_json=False):
            yield
        return
    try:
        yield
    except BridgeError as error:
        known = error
    except (typer.Exit, typer.Abort, SystemExit, KeyboardInterrupt):
        raise
    except Exception as error:
        known = BridgeError(in_words(error))
    else:
        return
    event("error", ok=False, error=said(known))
    raise typer.Exit(exit_code(known))


def _totals(state: State) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for entity in state.entities:
        records = state.stages.get("profile", {}).get("entities", {}).get(entity, {}).get("records")
        linked = state.stages.get("match", {}).get("entities", {}).get(entity, {}).get("source")
        for name, number in (("read", records), ("load", linked), ("plan", linked), ("verify", linked)):
            if number is not None:
                found[name, entity] = number
    return found


def _left(settings: Config, store: Database) -> dict[str, int]:
    """Calls that a migration may still make today, where somebody limits them."""
    with store.begin() as uow:
        known = known_budgets(uow)
    now = datetime.now(UTC)
    rooms = {s: left(known.get(s, Budget()), one.budget, "migration", now) for s, one in settings.systems.items()}
    return {system: room for system, room in rooms.items() if room is not None}


def _stage(stages: Stages, name: str, terms: Terms, *, json: bool) -> int:
    state = stages.state
    if name == "report":
        return write_report(stages, terms.out or Path(), json=json)
    before = STAGES[STAGES.index(name) - 1] if name in ("plan", "load", "verify") else ""
    if before and before not in state.stages:
        raise WrongUsage(
            f"`{before}` comes before `{name}`: bridge migrate {before} --from {state.source} --to {state.target}"
        )
    if name == "load":
        confirmed(stages, terms, asking=not json)
    if json:
        event("stage", stage=name, run=state.run)
    report = stages.run(name)
    found = state.stages.get(name)
    if json:
        event(
            "stage done" if found else "stage stopped",
            stage=name, run=state.run, found=found, report=report.as_json(),
        )  # fmt: skip
    else:
        TELL[name](state)
        print_troubles(report)
    return _code(name, state, report)


def _code(name: str, state: State, report: Report) -> int:
    if report.stopped:
        return SAFETY
    if name not in state.stages or not report.ok:
        return PROBLEMS
    entities = state.stages[name].get("entities", {})
    return PROBLEMS if name == "verify" and not all(clean(one) for one in entities.values()) else DONE
