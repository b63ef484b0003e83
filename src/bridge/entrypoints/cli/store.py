"""`bridge backup`, `restore`, `store check`: copies of what bridge remembers, and whether it is sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import make_url

from bridge.config import Config
from bridge.engine.restoring import after_restore
from bridge.entrypoints.alone import alone
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration, place
from bridge.entrypoints.cli.output import DONE, PROBLEMS, console, emit, errors_as_sentences, show, stderr, writing
from bridge.mapping.compiled import EntityMap
from bridge.store import Database
from bridge.store.check import Health
from bridge.store.keeping import CannotKeep, Kept, backup, checked, is_empty, load, opened_backup
from bridge.wiring import make_maps, opened_store

app = typer.Typer(help="The store: what bridge remembers.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(help="The backup, one SQLite file.", show_default=False)]


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.command(name="backup")(backup_store)
    root.command(name="restore")(restore_store)
    root.add_typer(app, name="store")


def backup_store(file: FileArgument, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Write a copy of the store to a new file, and check it. Others may go on working meanwhile."""
    with errors_as_sentences(as_json=json):
        with opened_store(configuration(config)) as store, writing(file):
            kept = backup(store, file)
        _tell(kept.health, {"file": str(file), "bytes": kept.size}, json=json)
        if not json:
            console.print(f"written: {file}, {kept.size:,} bytes, for its owner only", soft_wrap=True, highlight=False)
    raise typer.Exit(PROBLEMS if kept.health.problems else DONE)


@app.command("check")
def check_store(
    file: Annotated[Path | None, typer.Argument(help="A backup; by default the configured store.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Is the store sound: the file itself, and the promises that its tables make to each other?"""
    with errors_as_sentences(as_json=json):
        if file is not None:
            with opened_backup(file) as copy:
                health = checked(copy)
        else:
            with opened_store(configuration(config)) as store:
                health = checked(store)
        _tell(health, {"file": str(file)} if file else {}, json=json)
    raise typer.Exit(PROBLEMS if health.problems else DONE)


def restore_store(
    file: FileArgument,
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where the store is not empty; it is backed up before.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Make a backup the store again. What was edited and written since is read again by the next sync."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        with opened_backup(file) as copy, opened_store(settings) as store, alone(settings, store):
            health = _sound(file, copy)
            empty = is_empty(store)
            if not empty and not replace:
                raise CannotKeep("the store is not empty; --replace backs it up and puts the backup in its place")
            old = None if empty else _put_aside(settings, config, store)
            _restore(store, copy, maps)
        found = {"file": str(file), "old_store": str(old.path) if old else None}
        _tell(health, found, json=json)
        if not json:
            _print_restored(old)


def _sound(file: Path, copy: Database) -> Health:
    """Raises CannotKeep where the backup breaks a promise."""
    health = checked(copy)
    if health.problems:
        number = len(health.problems)
        raise CannotKeep(f"{file}: is not sound ({number} problems); `bridge store check {file}` names them")
    return health


def _put_aside(settings: Config, config: Path | None, store: Database) -> Kept:
    """The store as it is, in a file beside it; beside the configuration, where the store is a PostgreSQL."""
    url = make_url(settings.store)
    local = url.get_backend_name() == "sqlite" and url.database
    beside = Path(url.database) if local and url.database else place(config).with_name("bridge.db")
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    target = beside.with_name(f"{beside.name}.before-restore-{stamp}")
    with writing(target):
        return backup(store, target)


def _restore(store: Database, copy: Database, maps: Mapping[str, EntityMap]) -> None:
    with store.begin() as uow:
        load(uow, copy)
        moments = [at for _, at in uow.cursors()]
        if moments:
            after_restore(uow, maps, max(moments), datetime.now(UTC))


def _tell(health: Health, found: Mapping[str, Any], *, json: bool) -> None:
    if json:
        problems = [asdict(problem) for problem in health.problems]
        emit({"ok": not problems, **found, "revision": health.revision, "rows": health.counts, "problems": problems})
        return
    show("Rows", ("table", "rows"), [row for row in health.counts.items() if row[1]], none="none")
    for one in health.problems:
        stderr.print(f"[red]{one.table}[/] {one.what}: {one.count}. {one.to_do}", soft_wrap=True, highlight=False)
        if one.samples:  # on standard output: an id may be a person's name
            console.print(f"  {', '.join(one.samples)}", soft_wrap=True, markup=False, highlight=False)
    if not health.problems:
        console.print("No problem found.")


def _print_restored(old: Kept | None) -> None:
    console.print("Restored. `bridge plan` shows what the next sync would write; usually nothing.")
    if old is not None:
        console.print(f"The store as it was: {old.path}", soft_wrap=True, highlight=False)
    console.print(
        "What people decided since (conflicts, links, pauses, `bridge forget`) is not in it: decide it again.",
        soft_wrap=True,
    )
