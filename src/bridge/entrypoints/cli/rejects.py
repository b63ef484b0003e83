"""`bridge rejects`: rows that could not be carried over, in CSV files with the reasons; mended, they are put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from bridge.config import Config
from bridge.engine.mending import refused
from bridge.entrypoints.alone import alone, closing
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, LimitOption, configuration, known_system
from bridge.entrypoints.cli.output import DONE, PROBLEMS, WrongUsage, console, emit, errors_as_sentences, show
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter
from bridge.ports.mending import Mends, mending
from bridge.store import Database
from bridge.wiring import make_adapter, make_maps, opened_store

app = typer.Typer(
    help="Rows that could not be carried over: listed, written to CSV files to be mended, put back.",
    no_args_is_help=True,
)
System = Annotated[str, typer.Argument(help="The system that the rows come from, by its name in the configuration.")]
Entity = Annotated[str | None, typer.Option("--entity", help="Only this entity.")]
Folder = Annotated[
    Path | None,
    typer.Option(
        "--folder", help="Where the CSV files are (default: rejects/SYSTEM beside bridge.yaml).", show_default=False
    ),
]


@dataclass(frozen=True, slots=True)
class Source:
    """One system whose rows can be mended. adapter and mends are the same object."""

    settings: Config
    system: str
    store: Database
    maps: dict[str, EntityMap]
    adapter: Adapter
    mends: Mends

    def file(self, folder: Path | None, entity: str) -> Path:
        """Where the rejects of an entity are."""
        return (folder or self.settings.folder / "rejects" / self.system) / f"{entity}.csv"


@contextmanager
def source(config: Path | None, system: str, entity: str | None) -> Iterator[Source]:
    """The system, opened. Raises WrongUsage where it is not there, or its rows cannot be mended."""
    settings = configuration(config)
    known_system(settings, system)
    maps = {name: emap for name, emap in make_maps(settings).items() if system in emap.systems}
    if entity is not None and entity not in maps:
        raise WrongUsage(f"--entity: no mapping reads '{entity}' from {system} (there are: {', '.join(maps)})")
    adapter = make_adapter(settings, system)
    with opened_store(settings) as store, closing({system: adapter}), alone(settings, store):
        mends = mending(adapter)
        if mends is None:
            raise WrongUsage(f"the rows of {system} are mended there; `bridge outbox list` shows what others refuse")
        chosen = maps if entity is None else {entity: maps[entity]}
        yield Source(settings, system, store, chosen, adapter, mends)


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="rejects")


@app.command("list")
def rejects_list(
    system: System,
    entity: Entity = None,
    limit: LimitOption = 50,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Rows that the system itself cannot give, each with its place and what is wrong; never what stands there."""
    with errors_as_sentences(as_json=json), source(config, system, entity) as of:
        rows: list[dict[str, Any]] = []
        number = 0
        for name, emap in of.maps.items():
            for row in of.mends.bad_rows(emap.spec(system)):
                number += 1
                if len(rows) < limit:
                    rows.append({"entity": name, **{key: one for key, one in asdict(row).items() if key != "id"}})
        if json:
            emit({"ok": not number, "number": number, "rows": rows})
        else:
            columns = ("entity", "place", "column", "reason")
            show("Rejects", columns, [tuple(row[name] for name in columns) for row in rows], none="none")
            if number > len(rows):
                console.print(f"{number - len(rows)} more; --limit shows them.", highlight=False)
    raise typer.Exit(PROBLEMS if number else DONE)


@app.command("write")
def rejects_write(
    system: System, entity: Entity = None, folder: Folder = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Write the rows that could not be carried over to CSV files: their columns and, behind them, the reasons."""
    with errors_as_sentences(as_json=json), source(config, system, entity) as of:
        written: list[dict[str, Any]] = []
        for name, emap in of.maps.items():
            path = of.file(folder, name)
            reasons = refused(of.store, emap, system, of.adapter)
            if number := of.mends.write_rejects(emap.spec(system), path, reasons):
                written.append({"entity": name, "file": str(path), "rows": number})
        if json:
            emit({"ok": not written, "written": written})
        else:
            show("Written", ("entity", "file", "rows"), [tuple(one.values()) for one in written], none="there are none")
            if written:
                console.print(
                    f"Mend the rows, then `bridge rejects replay {system}` and `bridge sync`.", highlight=False
                )
    raise typer.Exit(PROBLEMS if written else DONE)


@app.command("replay")
def rejects_replay(
    system: System, entity: Entity = None, folder: Folder = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Put the mended rows of these files in the place of the bad ones. What nobody has mended stays as it is."""
    with errors_as_sentences(as_json=json), source(config, system, entity) as of:
        done: list[dict[str, Any]] = []
        for name, emap in of.maps.items():
            path = of.file(folder, name)
            if path.is_file():
                done.append({"entity": name, **asdict(of.mends.replay(emap.spec(system), path))})
        if not done:
            raise WrongUsage(f"there is no file of rejects; `bridge rejects write {system}` writes them")
        left = any(one["still_bad"] or one["unchanged"] for one in done)
        if json:
            emit({"ok": not left, "replayed": done})
        else:
            columns = ("entity", "replaced", "unchanged", "unknown", "still_bad")
            show("Replayed", columns, [tuple(one[name] for name in columns) for one in done])
            console.print("`bridge sync` carries them over.", highlight=False)
    raise typer.Exit(PROBLEMS if left else DONE)
