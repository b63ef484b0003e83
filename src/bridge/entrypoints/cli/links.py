"""`bridge links`: which native record is which golden record, what waits for a person, and what a person says of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bridge.engine import linking
from bridge.engine.merge.draft import Circumstances
from bridge.engine.plan.linking import Plan
from bridge.engine.reviewing import Waiting, waiting
from bridge.entrypoints.alone import alone
from bridge.entrypoints.cli.options import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    configuration,
    known_state,
)
from bridge.entrypoints.cli.output import (
    PROBLEMS,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    show,
    text,
)
from bridge.mapping.compiled import EntityMap
from bridge.ports.work import Golden, Link
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import make_maps, new_id, opened_store

app = typer.Typer(help="Links: which native record is which golden record.", no_args_is_help=True)

Record = Annotated[str, typer.Argument(help="SYSTEM:ENTITY:ID, as crm:customer:001xx0000001")]
Target = Annotated[str, typer.Argument(help="A golden id, or SYSTEM:ENTITY:ID of a record that is linked to it.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")]


@app.command("list")
def links_list(
    config: ConfigOption = None, state: StateOption = None, limit: LimitOption = 50, json: JsonOption = False
) -> None:
    """The crosswalk. States: linked, review (a person has to say whether it is the same), gone."""
    with errors_as_sentences(as_json=json):
        known_state(state, ("linked", "review", "gone"))
        settings = configuration(config)
        maps = make_maps(settings)
        with opened_store(settings) as store, store.begin() as uow:
            rows = [link for entity in maps for link in uow.all_links(entity, state or "linked", limit)][:limit]
        if json:
            emit({"ok": True, "links": [asdict(link) for link in rows]})
            return
        show(
            "Links",
            ("record", "state", "golden id", "by", "why", "candidates"),
            [
                (f"{k.system}:{k.entity}:{k.native_id}", k.state, k.golden_id, k.linked_by, k.reason, k.candidates)
                for k in rows
            ],
        )


@app.command("review")
def links_review(
    config: ConfigOption = None,
    new: Annotated[
        str | None, typer.Option("--new", metavar="SYSTEM:ENTITY:ID", help="This record is none of its candidates.")
    ] = None,
    dry_run: DryRun = False,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """What waits for a person: each record beside the golden records that it may be, the likest first."""
    if new is not None:
        links_new(new, config, dry_run, json)
        return
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        found: list[Waiting] = []
        with opened_store(settings) as store, store.begin() as uow:
            for emap in make_maps(settings).values():
                rows = list(uow.all_links(emap.entity, "review", limit - len(found))) if limit > len(found) else []
                found.extend(waiting(uow, emap, rows))
        if json:
            emit({"ok": True, "waiting": [asdict(one) for one in found]})
        else:
            _print_waiting(found)


@app.command("link")
def links_link(
    record: Record, golden: Target, config: ConfigOption = None, dry_run: DryRun = False, json: JsonOption = False
) -> None:
    """This record is that golden record. The next sync merges them as at first contact."""
    with _said(config, dry_run, json) as said:
        one = said.link(record)
        said.carry_out(lambda uow: linking.plan_link(uow, one, said.golden(golden, one.entity)))


@app.command("unlink")
def links_unlink(
    record: Record, config: ConfigOption = None, dry_run: DryRun = False, json: JsonOption = False
) -> None:
    """This record is not the golden record that it is linked to. The next sync takes it in anew, by the match rules."""
    with _said(config, dry_run, json) as said:
        one = said.link(record)
        said.carry_out(lambda uow: linking.plan_unlink(uow, one, new_id))


@app.command("split")
def links_split(record: Record, config: ConfigOption = None, dry_run: DryRun = False, json: JsonOption = False) -> None:
    """This record leaves its golden record and becomes one of its own."""
    with _said(config, dry_run, json) as said:
        one = said.link(record)
        said.carry_out(lambda uow: linking.plan_split(uow, one, new_id))


@app.command("new")
def links_new(record: Record, config: ConfigOption = None, dry_run: DryRun = False, json: JsonOption = False) -> None:
    """This record, which waits for review, is none of its candidates: it becomes a golden record of its own."""
    with _said(config, dry_run, json) as said:
        one = said.link(record)
        said.carry_out(lambda uow: linking.plan_new(one, new_id))


@app.command("merge")
def links_merge(
    stays: Target, goes: Target, config: ConfigOption = None, dry_run: DryRun = False, json: JsonOption = False
) -> None:
    """Two golden records are one: the second becomes the first, whose values stand."""
    with _said(config, dry_run, json) as said:
        winner = said.golden(stays)
        loser = said.golden(goes, winner.entity)
        said.carry_out(lambda uow: linking.plan_merge(uow, winner, loser))


@dataclass(slots=True)
class _Said:
    """One word of a person, between the reading of it and its transaction."""

    uow: SqlUnitOfWork
    maps: dict[str, EntityMap]
    dry_run: bool
    plan: Plan | None = None

    def link(self, record: str) -> Link:
        """The crosswalk row of SYSTEM:ENTITY:ID. Raises WrongUsage."""
        system, _, rest = record.partition(":")
        entity, _, native_id = rest.partition(":")
        if entity not in self.maps or system not in self.maps[entity].systems or not native_id:
            known = ", ".join(f"{s}:{e}" for e, emap in self.maps.items() for s in emap.systems)
            raise WrongUsage(f"'{record}' names no record; write SYSTEM:ENTITY:ID with one of {known}")
        found = self.uow.links(system, entity, [native_id]).get(native_id)
        if found is None:
            raise WrongUsage(f"bridge has never seen {record}; is the id right, and does the mapping's `where` fit?")
        return found

    def golden(self, named: str, entity: str | None = None) -> Golden:
        """A golden record, by its id (an older one included) or by a record of it. Raises WrongUsage."""
        if ":" in named:
            one = self.link(named)
            if one.golden_id is None or one.state != "linked":
                raise WrongUsage(f"{named} is not linked to a golden record")
            named, entity = one.golden_id, self._same(entity, one.entity, named)
        for of in self.maps if entity is None else (entity,):
            id_ = self.uow.aliases(of, [named]).get(named, named)
            found = self.uow.goldens(of, [id_]).get(id_)
            if found is not None:
                return found
        raise WrongUsage(f"there is no golden record '{named}' (`bridge links list` and `links review` show their ids)")

    def _same(self, wanted: str | None, entity: str, named: str) -> str:
        if wanted not in (None, entity):
            raise WrongUsage(f"{named} is no {wanted}")
        return entity

    def carry_out(self, planned: Callable[[SqlUnitOfWork], Plan]) -> None:
        """Plan, and store what is planned unless it is refused or only tried."""
        self.plan = planned(self.uow)
        if not self.dry_run:
            around = Circumstances(datetime.now(UTC), "", timedelta(), new_id)
            linking.carry_out(self.uow, self.maps, self.plan, around)


@contextmanager
def _said(config: Path | None, dry_run: bool, json: bool) -> Iterator[_Said]:
    """Around one word of a person: alone with the store, in one transaction; then what it came to is told."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        with opened_store(settings) as store, alone(settings, store), store.begin() as uow:
            said = _Said(uow, maps, dry_run)
            yield said
        if said.plan is not None:
            _tell(said.plan, dry_run=dry_run, json=json)


def _tell(plan: Plan, *, dry_run: bool, json: bool) -> None:
    if json:
        told = {"ok": not plan.refused, "dry_run": dry_run, "done": not (dry_run or plan.refused)}
        emit({**told, "steps": plan.steps, "refused": plan.refused, "to_do": plan.to_do})
    elif plan.refused:
        words = f"{plan.refused}. Nothing was changed. {plan.to_do}"
        console.print(words, soft_wrap=True, markup=False, highlight=False)  # no error: an id may be a person's name
    else:
        for step in plan.steps:
            console.print(step, soft_wrap=True, markup=False, highlight=False)
        if dry_run:
            console.print("Nothing was changed: --dry-run.")
    if plan.refused:
        raise typer.Exit(PROBLEMS)


def _print_waiting(found: list[Waiting]) -> None:
    if not found:
        console.print("Nothing waits for review.")
        return
    for one in found:
        age = "" if one.since is None else f", for {_age(datetime.now(UTC) - one.since)}"
        console.print(f"[bold]{escape(one.record)}[/]: {escape(one.reason)}{age}", soft_wrap=True, highlight=False)
        if one.duplicate:
            console.print(f"  {one.duplicate}", soft_wrap=True, markup=False, highlight=False)
        fields = list(dict.fromkeys([*one.values, *(name for c in one.candidates for name in c.values)]))
        rows: list[tuple[Any, ...]] = [("this record", "", "", *(text(one.values.get(name)) for name in fields))]
        rows += [
            (c.golden_id, f"{c.likeness:.2f}", ", ".join(c.records), *(text(c.values.get(name)) for name in fields))
            for c in one.candidates
        ]
        show("", ("golden id", "likeness", "records", *fields), rows)
    console.print(
        "`bridge links link RECORD GOLDEN` says which it is, `bridge links new RECORD` that it is none of them."
    )


def _age(time: timedelta) -> str:
    for unit, seconds in (("day", 86400), ("hour", 3600), ("minute", 60)):
        number = int(time.total_seconds() // seconds)
        if number:
            return f"{number} {unit}{'s' if number > 1 else ''}"
    return "less than a minute"
