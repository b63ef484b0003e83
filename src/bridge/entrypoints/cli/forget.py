"""`bridge forget`: erase what bridge keeps of one record, for a data-protection request."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.engine.forgetting import remember, whereabouts
from bridge.entrypoints.alone import alone, closing
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import DONE, PROBLEMS, WrongUsage, console, emit, errors_as_sentences, show
from bridge.entrypoints.migration.state import forget_names
from bridge.mapping.compiled import EntityMap
from bridge.store import Database
from bridge.store.database import SqlUnitOfWork
from bridge.store.erasure import Whose, scrub
from bridge.wiring import make_adapters, make_maps, opened_store


@dataclass(slots=True)
class Found:
    """What there is of a record, and what became of it.

    rows: table -> rows. records: of the golden record, in all systems. there: those that still exist. not_asked:
    system -> why. referred_to_by: entity -> golden records that name it. may_be_the_same: records under review.
    """

    record: str = field(repr=False)
    golden_id: str | None
    rows: dict[str, int]
    records: list[str] = field(repr=False)
    referred_to_by: dict[str, int]
    may_be_the_same: list[str] = field(repr=False)
    there: list[str] = field(default_factory=list, repr=False)
    not_asked: dict[str, str] = field(default_factory=dict)
    refused: str = field(default="", repr=False)
    to_do: str = ""
    applied: bool = False
    scrubbed: bool = False


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="forget")(forget_record)


def forget_record(
    record: Annotated[str, typer.Argument(help="SYSTEM:ENTITY:ID, as crm:customer:001xx0000001")],
    apply: Annotated[bool, typer.Option("--apply", help="Do it, instead of showing what there is.")] = False,
    anyway: Annotated[
        bool, typer.Option("--anyway", help="Also where a system still has the record: it is met as new again then.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Show what bridge keeps of a record, in all systems; --apply erases it. Nothing is deleted in any system."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps, adapters = make_maps(settings), make_adapters(settings)
        system, entity, native_id = _named(record, maps)
        with opened_store(settings) as store, alone(settings, store), closing(adapters):
            with store.begin() as uow:
                whose = _whose(uow, system, entity, native_id)
                found = _look(uow, maps, record, whose)
                busy = uow.under_way(entity, whose.golden_ids)
            there, found.not_asked = whereabouts(adapters, maps[entity], whose.records, whose.golden_ids)
            found.there = [f"{of}:{entity}:{one}" for of, one in there]
            _judge(found, sorted({entry.system for entry in busy}), anyway=anyway)
            if apply and not found.refused:
                _erase(store, whose, met_again=bool(there or found.not_asked))
                found.applied, found.scrubbed = True, scrub(store)
        if json:
            emit({"ok": not found.refused, **asdict(found)})
        else:
            _tell(found)
    raise typer.Exit(PROBLEMS if found.refused or (found.applied and not found.scrubbed) else DONE)


def _named(record: str, maps: dict[str, EntityMap]) -> tuple[str, str, str]:
    system, _, rest = record.partition(":")
    entity, _, native_id = rest.partition(":")
    if entity not in maps or system not in maps[entity].systems or not native_id:
        known = ", ".join(f"{s}:{e}" for e, emap in maps.items() for s in emap.systems)
        raise WrongUsage(f"'{record}' names no record; write SYSTEM:ENTITY:ID with one of {known}")
    return system, entity, native_id


def _whose(uow: SqlUnitOfWork, system: str, entity: str, native_id: str) -> Whose:
    """The golden record of a native record, with all its records; just that record, where it has none."""
    link = uow.links(system, entity, [native_id]).get(native_id)
    golden_id = link.golden_id if link is not None else None
    if golden_id is None:
        return Whose(entity, (), ((system, native_id),))
    links = uow.links_of(entity, [golden_id])
    records = sorted({(one.system, one.native_id) for one in links})
    return Whose(entity, (golden_id, *uow.earlier_ids(entity, golden_id)), tuple(records))


def _look(uow: SqlUnitOfWork, maps: dict[str, EntityMap], record: str, whose: Whose) -> Found:
    entity = whose.entity
    return Found(
        record=record,
        golden_id=whose.golden_ids[0] if whose.golden_ids else None,
        rows=uow.rows_of(whose),
        records=[f"{system}:{entity}:{one}" for system, one in whose.records],
        referred_to_by={of: n for of in maps if (n := len(set(uow.mentioning(of, whose.golden_ids))))},
        may_be_the_same=[f"{system}:{entity}:{one}" for system, one in uow.suspected(whose)],
    )


def _judge(found: Found, busy: list[str], *, anyway: bool) -> None:
    """Whether it may be forgotten now."""
    if busy:
        found.refused = f"a write to {', '.join(busy)} is under way, and how it ended is not known yet"
        found.to_do = "Run `bridge sync`, which looks it up, and say it again."
    elif found.there and not anyway:
        found.refused = f"it is still there: {', '.join(found.there)}"
        found.to_do = "Delete it there first; with --anyway it is forgotten here and met as new by the next sync."
    elif found.not_asked and not anyway:
        silent = "; ".join(f"{system}: {why}" for system, why in found.not_asked.items())
        found.refused = f"it is not known whether it is still there ({silent})"
        found.to_do = "Run this again when the system answers, or say --anyway."


def _erase(store: Database, whose: Whose, *, met_again: bool) -> None:
    with store.begin() as uow:
        uow.erase(whose)
        forget_names(uow)
        if not met_again:
            remember(uow, whose.entity, whose.golden_ids, whose.records, datetime.now(UTC).date().isoformat())


def _tell(found: Found) -> None:
    def line(words: str) -> None:
        console.print(words, soft_wrap=True, markup=False, highlight=False)  # no error: an id may be a person's name

    show(
        "Erased" if found.applied else "What bridge keeps", ("table", "rows"), list(found.rows.items()), none="nothing"
    )
    line(f"Of the records {', '.join(found.records)}")
    for entity, number in found.referred_to_by.items():
        line(f"{number} records of {entity} refer to it. They are records of their own: forget them by themselves.")
    if found.may_be_the_same:
        line(f"These wait for review and may be the same: {', '.join(found.may_be_the_same)}")
    if found.refused:
        line(f"Refused: {found.refused}. Nothing was erased. {found.to_do}")
    elif not found.applied:
        line(f"Nothing was erased. `bridge forget {found.record} --apply` does it.")
    elif found.scrubbed:
        line("No row and no page of the store holds it any more. Backups made before still do.")
    else:
        line("The rows are gone, but another process reads the store: when it has ended, run this again.")
