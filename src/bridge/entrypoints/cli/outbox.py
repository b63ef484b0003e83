"""`bridge outbox`: what is still to be written, why it is not yet, and what a person can do about it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from bridge.engine.work import Scene
from bridge.entrypoints.cli.options import (
    ConfigOption,
    JsonOption,
    LimitOption,
    StateOption,
    configuration,
)
from bridge.entrypoints.cli.output import WrongUsage, console, emit, errors_as_sentences, show, text
from bridge.entrypoints.cli.pausing import pause, resume
from bridge.ports.work import OutboxEntry
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import make_maps, opened_store

app = typer.Typer(help="The outbox: what is still to be written, and why it is not yet.", no_args_is_help=True)

STATES = ("pending", "leased", "waiting", "in_doubt", "held", "dead")
SystemOption = Annotated[str | None, typer.Option("--system", help="Only entries of this system.")]
EntityOption = Annotated[str | None, typer.Option("--entity", help="Only entries of this entity.")]
CodeOption = Annotated[str | None, typer.Option("--error", help="Only entries with this error code, as BR-REJECTED.")]
Ids = Annotated[list[int] | None, typer.Argument(help="Numbers of entries, as `bridge outbox list` shows them.")]

WHY = {
    "delete": "The record is deleted here: it was deleted elsewhere, or the run that made it is undone.",
    "archive": "The record is archived here: it was deleted elsewhere.",
    "restore": "The record is made again, or set active again: its delete was not accepted, or taken back.",
}
"""What a write is for, where it does not just carry values."""


@app.command("list")
def outbox_list(
    config: ConfigOption = None,
    state: StateOption = None,
    by_cause: Annotated[bool, typer.Option("--by-cause", help="One line for each cause, with its number.")] = False,
    limit: LimitOption = 50,
    json: JsonOption = False,
) -> None:
    """What is still to be written. States: pending, leased, waiting, in_doubt, held, dead."""
    with errors_as_sentences(as_json=json):
        if state is not None and state not in STATES:
            raise WrongUsage(f"--state: there is no state '{state}' (there are: {', '.join(STATES)})")
        settings = configuration(config)
        with opened_store(settings) as store, store.begin() as uow:
            if by_cause:
                _tell_causes(uow, state, json=json)
                return
            rows = uow.entries([state] if state else None, limit)
        if json:
            emit({"ok": True, "entries": [_plain(row) for row in rows]})
            return
        show(
            "Outbox",
            ("id", "system", "entity", "golden id", "state", "attempts", "next", "why"),
            [(e.id, e.system, e.entity, e.golden_id, e.state, e.attempts, e.next_at, _why(e)) for e in rows],
            none="empty",
        )


@app.command("show")
def outbox_show(
    id: Annotated[int, typer.Argument(help="The number of the entry.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """One entry: its story, and what would be written now, in the system's own words."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        with opened_store(settings) as store, store.begin() as uow:
            (entry,) = _entries(uow, [id])
            due = None
            if entry.entity in maps:
                scene = Scene(uow, maps[entry.entity], [entry.golden_id], creates=True)
                golden = scene.goldens.get(entry.golden_id)
                due = scene.due(entry.system, golden) if golden else None
        values = dict(due.values) if due else {}
        missing, why = (list(due.missing), due.why) if due else ([], "")
        if json:
            emit({"ok": True, "entry": _plain(entry), "would_write": values, "waits_for": missing, "why": why})
            return
        show("Entry", ("what", "is"), [(name, value) for name, value in _plain(entry).items() if value is not None])
        show(
            "Would be written now", ("field", "value"), [(path, text(v)) for path, v in values.items()], none="nothing"
        )
        if why:
            console.print(WHY[why], soft_wrap=True, highlight=False)
        if missing:
            console.print(f"Waits for: {', '.join(missing)}")


@app.command("replay")
def outbox_replay(
    ids: Ids = None,
    config: ConfigOption = None,
    system: SystemOption = None,
    entity: EntityOption = None,
    error: CodeOption = None,
    everything: Annotated[bool, typer.Option("--all", help="All that was set aside or waits.")] = False,
    json: JsonOption = False,
) -> None:
    """Let entries that were set aside, or wait, be tried again by the next sync: by number, by cause, or all."""
    with errors_as_sentences(as_json=json):
        if not (ids or system or entity or error or everything):
            raise WrongUsage("name entries, or choose with --system, --entity, --error, or say --all")
        settings = configuration(config)
        with opened_store(settings) as store, store.begin() as uow:
            if ids:
                _entries(uow, ids)
            count = uow.replay(ids or None, system=system, entity=entity, code=error)
        if json:
            emit({"ok": True, "replayed": count})
        else:
            console.print(f"{count} entries will be tried by the next `bridge sync`.")


@app.command("discard")
def outbox_discard(
    ids: Annotated[list[int], typer.Argument(help="Numbers of entries.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Give entries up: the system stays behind on these records until one of their fields changes again."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        with opened_store(settings) as store, store.begin() as uow:
            taken = [entry.id for entry in _entries(uow, ids) if entry.state in ("leased", "in_doubt")]
            if taken:
                words = (
                    f"{', '.join(map(str, taken))} may have been written: run `bridge sync` to have it looked up first"
                )
                raise WrongUsage(words)
            count = uow.discard(ids)
        if json:
            emit({"ok": True, "discarded": count})
        else:
            console.print(f"{count} entries are given up. Nothing was changed in any system.")


app.command("pause")(pause)
app.command("resume")(resume)


def _entries(uow: SqlUnitOfWork, ids: list[int]) -> list[OutboxEntry]:
    """The entries of these numbers. Raises WrongUsage naming those that there are not."""
    found = uow.entries_by_id(ids)
    lacking = sorted(set(ids) - {entry.id for entry in found})
    if lacking:
        raise WrongUsage(f"there is no entry {', '.join(map(str, lacking))} (see `bridge outbox list`)")
    return found


def _tell_causes(uow: SqlUnitOfWork, state: str | None, *, json: bool) -> None:
    rows = [row for row in uow.causes() if state in (None, row["state"])]
    if json:
        emit({"ok": True, "causes": rows})
        return
    columns = ("number", "system", "entity", "state", "error_code", "error")
    show("Causes", columns, [tuple(row[name] for name in columns) for row in rows], none="empty")


def _plain(entry: OutboxEntry) -> dict[str, Any]:
    return {**asdict(entry), "intent": entry.intent.op if entry.intent else None}


def _why(entry: OutboxEntry) -> str:
    return f"{entry.error_code or ''} {entry.error or ''}".strip()
