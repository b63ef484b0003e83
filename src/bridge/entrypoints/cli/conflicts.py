"""`bridge conflicts`: who said what, whose word stands and why; and a person's word on it."""

from __future__ import annotations

import getpass
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from bridge.canonical.values import InvalidValue
from bridge.config import Config
from bridge.engine.report import Report
from bridge.engine.resolve import CannotResolve, Choice, judged, resolve, short, taking, unit_of
from bridge.engine.runtime import Run
from bridge.entrypoints.alone import alone
from bridge.entrypoints.cli.conflicts_told import age, meaning, names_of, plain, won, words_of
from bridge.entrypoints.cli.options import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    configuration,
    known_state,
)
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    said,
    show,
    tell,
    text,
)
from bridge.entrypoints.cli.run import chosen
from bridge.mapping.compiled import EntityMap
from bridge.mapping.typed import typed
from bridge.ports.work import Conflict
from bridge.store import Database
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import make_maps, make_runtime, opened_store

app = typer.Typer(help="Conflicts: who said what, and whose word stands.", no_args_is_help=True)

STATES = ("held", "settled", "resolved")
PAGE = 500
"""Conflicts that are resolved in one transaction."""
SHORTEST = 6

EntityOption = Annotated[str | None, typer.Option("--entity", "-e", help="Only this entity.")]
FieldOption = Annotated[str | None, typer.Option("--field", "-f", help="Only this field.")]
RuleOption = Annotated[str | None, typer.Option("--rule", help="Only conflicts under this rule, as 'first contact'.")]
Ids = Annotated[list[str] | None, typer.Argument(help="Conflicts, as `bridge conflicts list` names them.")]


@app.command("list")
def conflicts_list(
    config: ConfigOption = None,
    state: StateOption = None,
    entity: EntityOption = None,
    field: FieldOption = None,
    rule: RuleOption = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Only those that this person looks after.")] = None,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """The conflict journal, newest first: every word, the rule, whose word stands. States: held, settled, resolved."""
    with errors_as_sentences(as_json=json):
        known_state(state, STATES)
        settings = configuration(config)
        if entity is not None:
            chosen(make_maps(settings), [entity])
        with opened_store(settings) as store, store.begin() as uow:
            rows = uow.conflicts(state=state, entity=entity, unit=field, rule=rule, owner=owner, limit=limit)
            names = names_of(uow, rows)
        now = datetime.now(UTC)
        if json:
            emit({"ok": True, "conflicts": [plain(row, names, now) for row in rows]})
            return
        show(
            "Conflicts",
            ("id", "age", "record", "field", "state", "owner", "rule", "stands", "was", "words"),
            [
                (
                    short(row),
                    age(row, now),
                    names[row.golden_id],
                    row.unit,
                    row.state,
                    row.owner,
                    row.rule,
                    row.by or row.winner,
                    row.base,
                    words_of(row.proposals),
                )
                for row in rows
            ],
        )
        if any(row.state == "held" for row in rows):
            console.print(
                "A held field is written nowhere. `bridge conflicts resolve ID --take SYSTEM` or `--value V` decides"
                " it; it also ends when all systems show the same."
            )


@app.command("show")
def conflicts_show(
    id: Annotated[str, typer.Argument(help="The conflict, as `bridge conflicts list` names it.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """One conflict: what was agreed, who said what and when, why it was decided so, and the decision made again."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        now = datetime.now(UTC)
        with opened_store(settings) as store:
            run = _run(settings, store, maps)
            with store.begin() as uow:
                row = _conflict(uow, id)
                names = names_of(uow, [row])
                golden = uow.goldens(row.entity, [row.golden_id]).get(row.golden_id)
            around = run.around()
        if row.terms is not None:
            coarse = {system: timedelta(seconds=seconds) for system, seconds in row.terms.coarse_seconds.items()}
            around = replace(around, tolerance=timedelta(seconds=row.terms.near_seconds), coarse=coarse)
        again = judged(row, maps.get(row.entity), around)
        stands = golden.values.get(row.unit) if golden else None
        if json:
            emit({"ok": True, "conflict": plain(row, names, now), "stands_now": stands, "decided_again": again})
            return
        told = {
            "conflict": row.id,
            "record": names[row.golden_id],
            "field": row.unit,
            "state": row.state,
            "since": row.since,
            "owner": row.owner,
            "rule": f"{row.terms.policy if row.terms else row.rule}{meaning(row)}",
            "within": f"{row.terms.near_seconds:g} s is at the same time" if row.terms else None,
            "decided by": row.by,
            "run": row.run,
        }
        show("Conflict", ("what", "is"), [(what, value) for what, value in told.items() if value])
        words: list[tuple[object, ...]] = [("(agreed before)", row.base, None, "")]
        words += [(p.system or "(a person)", p.value, p.at, "stands" if won(row, p) else "") for p in row.proposals]
        show("Words", ("system", "says", "at", ""), [(s, text(v) or "(empty)", at, won) for s, v, at, won in words])
        console.print(f"Stands now: {text(stands) or '(empty)'}", markup=False, highlight=False)
        for when, winner in again.items():
            what = "By the rule of then" if when == "then" else "By today's mapping"
            console.print(f"{what}: {winner}", markup=False, highlight=False)


@app.command("resolve")
def conflicts_resolve(
    ids: Ids = None,
    take: Annotated[str | None, typer.Option("--take", help="The word of this system stands.")] = None,
    value: Annotated[str | None, typer.Option("--value", help="This value stands ('' empties the field).")] = None,
    bulk: Annotated[bool, typer.Option("--bulk", help="All held conflicts that the options choose.")] = False,
    entity: EntityOption = None,
    field: FieldOption = None,
    rule: RuleOption = None,
    by: Annotated[str | None, typer.Option("--by", help="Who decides (default: the user of this machine).")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Decide conflicts. What was decided is written by the next sync, to every system, like any edit."""
    with errors_as_sentences(as_json=json):
        if (take is None) == (value is None):
            raise WrongUsage("say whose word stands (--take SYSTEM), or which value does (--value V)")
        if bulk == bool(ids):
            raise WrongUsage("name conflicts, or choose many with --bulk and --entity, --field or --rule")
        if bulk and not (entity or field or rule):
            raise WrongUsage("--bulk needs --entity, --field or --rule: all conflicts at once is never meant")
        settings = configuration(config)
        maps = make_maps(settings)
        if entity is not None:
            chosen(maps, [entity])
        if take is not None and take not in settings.systems:
            raise WrongUsage(f"--take: there is no system '{take}' (there are: {', '.join(settings.systems)})")
        who = by or _user()
        with opened_store(settings) as store, alone(settings, store):
            run = _run(settings, store, maps)
            with store.begin() as uow:
                rows = [_conflict(uow, id) for id in ids or ()]
                if bulk:
                    rows = uow.conflicts(state="held", entity=entity, unit=field, rule=rule, limit=1_000_000)
                    rows = [row for row in rows if take is None or any(p.system == take for p in row.proposals)]
            refused = _carry_out(run, store, maps, [_choice(row, maps, take, value, who) for row in rows])
        decided = len(rows) - len(refused)
        if json:
            emit({"ok": not refused, "resolved": decided, "refused": [said(reason) for reason in refused]})
        else:
            for reason in refused:
                tell(reason)
            console.print(f"{decided} conflicts are decided. The next `bridge sync` writes what follows from it.")
    raise typer.Exit(PROBLEMS if refused else DONE)


@app.command("assign")
def conflicts_assign(
    ids: Annotated[list[str], typer.Argument(help="Conflicts, as `bridge conflicts list` names them.")],
    to: Annotated[str, typer.Option("--to", help="Who looks after them ('' nobody).")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Say who looks after conflicts; `conflicts list --owner` shows a person's own."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        with opened_store(settings) as store, alone(settings, store), store.begin() as uow:
            rows = [replace(_conflict(uow, id), owner=to) for id in ids]
            uow.save_conflicts(rows)
        if json:
            emit({"ok": True, "assigned": [row.id for row in rows], "to": to})
        else:
            console.print(f"{len(rows)} conflicts: {to or 'nobody'}.", markup=False, highlight=False)


def _run(settings: Config, store: Database, maps: Mapping[str, EntityMap]) -> Run:
    """A run that talks to no system."""
    name = uuid.uuid4().hex[:12]
    return Run(make_runtime(settings, store, {}, maps), name, Report(name))


def _conflict(uow: SqlUnitOfWork, id: str) -> Conflict:
    """The conflict of this name (the end of its id is enough). Raises WrongUsage."""
    found = uow.conflicts_named(id) if len(id) >= SHORTEST else []
    if len(found) == 1:
        return found[0]
    how = "more than one conflict ends" if found else "there is no conflict that ends"
    raise WrongUsage(f"{how} in '{id}' (see `bridge conflicts list`; {SHORTEST} letters at least)")


def _choice(row: Conflict, maps: Mapping[str, EntityMap], take: str | None, value: str | None, by: str) -> Choice:
    if take is not None:
        return taking(row, take, by)
    unit = unit_of(row, maps.get(row.entity))
    if unit.record_ref is not None and value:
        raise WrongUsage(f"{row.unit} refers to another record: take a system's word with --take")
    try:
        return Choice(row, "", typed(unit, value or ""), by)
    except InvalidValue as error:
        raise WrongUsage(f"--value: {error.message}") from None


def _carry_out(
    run: Run, store: Database, maps: Mapping[str, EntityMap], choices: Iterable[Choice]
) -> list[CannotResolve]:
    refused: list[CannotResolve] = []
    by_entity: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        by_entity[choice.conflict.entity].append(choice)
    for entity, mine in by_entity.items():
        if entity not in maps:
            refused.extend(CannotResolve(f"there is no mapping of {entity} (any more)") for _ in mine)
            continue
        for start in range(0, len(mine), PAGE):
            with store.begin() as uow:
                refused.extend(resolve(run, uow, maps[entity], mine[start : start + PAGE]))
    return refused


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "somebody"
