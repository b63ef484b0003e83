"""`bridge mapping`: look at mapping files, check them, carry them to a spreadsheet and back."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from bridge.config import Config
from bridge.entrypoints.alone import closing
from bridge.entrypoints.cli.changes import changes
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    console,
    emit,
    errors_as_sentences,
    said,
    show,
    stderr,
    tell,
    writing,
)
from bridge.entrypoints.cli.run import chosen
from bridge.mapping import check_laws, check_live, check_mappings, mapping_schema
from bridge.mapping.compiled import EntityMap
from bridge.mapping.load import compile_mapping
from bridge.mapping.sheet import export_sheet, import_sheet
from bridge.mapping.show import columns, rows
from bridge.mapping.source import Finding
from bridge.ports.adapter import Adapter, NativeSchema
from bridge.ports.errors import BridgeError, ConfigError, NotFound
from bridge.wiring import archive_of, make_adapters, make_maps

app = typer.Typer(help="Mapping files: what means what.", no_args_is_help=True)

app.command("changes")(changes)

EntityArgument = Annotated[str | None, typer.Argument(help="Only this entity.")]


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="mapping")


@app.command()
def schema(
    write: Annotated[Path | None, typer.Option("--write", help="Write it into this file instead.")] = None,
    json: JsonOption = False,
) -> None:
    """Print the JSON Schema of a mapping file: editors complete and check with it."""
    with errors_as_sentences(as_json=json):
        if write is None:
            emit(mapping_schema())
            return
        with writing(write):
            write.parent.mkdir(parents=True, exist_ok=True)
            write.write_bytes(orjson.dumps(mapping_schema(), option=orjson.OPT_INDENT_2) + b"\n")
        _tell_written(write, json=json)


@app.command()
def lint(
    config: ConfigOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the systems for their fields.")] = False,
    json: JsonOption = False,
) -> None:
    """Check every mapping file: its form and words, that nothing is lost on the way there and back, and that each
    system has the fields it names."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        kinds = {name: system.adapter for name, system in settings.systems.items()}
        loaded = check_mappings(settings.mappings, kinds, settings.custom_fields, archive_of=archive_of)
        findings = list(loaded.findings)
        for emap in loaded.maps.values():
            findings += check_laws(emap)
        silent: list[BridgeError] = []
        if not offline and not loaded.errors:
            live, silent = _ask_systems(settings, loaded.maps)
            findings += live
        errors = [finding for finding in findings if finding.level == "error"]
        bad = bool(errors or silent)
        if json:
            listed = [asdict(finding) for finding in findings]
            emit({"ok": not bad, "findings": listed, "systems": [said(error) for error in silent]})
        else:
            _tell(findings, silent, loaded.maps, live=not offline and not loaded.errors)
    raise typer.Exit(PROBLEMS if bad else DONE)


def _ask_systems(settings: Config, maps: dict[str, EntityMap]) -> tuple[list[Finding], list[BridgeError]]:
    """Findings against the fields that the systems really have, and the errors of those that did not answer."""
    adapters = make_adapters(settings)
    silent: list[BridgeError] = []
    findings: list[Finding] = []
    with closing(adapters):
        schemas: dict[str, dict[str, NativeSchema]] = {name: {} for name in maps}
        for system, adapter in adapters.items():
            try:
                for name, emap in maps.items():
                    if system in emap.systems:
                        _ask(adapter, emap, schemas[name], findings)
            except BridgeError as error:
                silent.append(error)
    for name, emap in maps.items():
        findings += check_live(emap, schemas[name], maps)
    return findings, silent


def _ask(adapter: Adapter, emap: EntityMap, schemas: dict[str, NativeSchema], findings: list[Finding]) -> None:
    """The schema of one object; that there is no such object is a mistake in the mapping."""
    spec = emap.spec(adapter.system)
    try:
        schemas[adapter.system] = adapter.schema(spec)
    except NotFound:
        message = f"'{adapter.system}' has no object '{spec.object}', or does not show it to this user"
        steps = ("systems", adapter.system, "object")
        findings.append(emap.source.finding("error", steps, message, at_value=True))


def _tell(findings: list[Finding], silent: list[BridgeError], maps: dict[str, EntityMap], *, live: bool) -> None:
    for finding in findings:
        colour = "red" if finding.level == "error" else "yellow"
        stderr.print(f"[{colour}]{finding.level}[/]", end=" ")
        stderr.print(str(finding), soft_wrap=True, markup=False, highlight=False)
    for error in silent:
        tell(error)
    if silent or any(finding.level == "error" for finding in findings):
        return
    where = "and the systems have every field they name" if live else "the systems were not asked"
    warned = f" {len(findings)} warnings above; nothing stands in the way." if findings else ""
    console.print(f"{len(maps)} mappings are in order; {where}.{warned}")


@app.command("show")
def show_mapping(entity: EntityArgument = None, config: ConfigOption = None, json: JsonOption = False) -> None:
    """A mapping as a table: a row for each field, a column for each system."""
    with errors_as_sentences(as_json=json):
        maps = chosen(make_maps(configuration(config)), [entity] if entity else None)
        if json:
            emit({"ok": True, "mappings": {name: rows(emap) for name, emap in maps.items()}})
            return
        for name, emap in maps.items():
            names = columns(emap)
            show(name, names, [[row[column] for column in names] for row in rows(emap)])


@app.command()
def export(
    entity: Annotated[str, typer.Argument(help="The entity.")],
    sheet: Annotated[Path, typer.Argument(help="The CSV file to write.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Write the field lines of a mapping as a CSV file, for a spreadsheet."""
    with errors_as_sentences(as_json=json):
        path, text = _file_of(configuration(config), entity)
        with writing(sheet):
            sheet.write_text(export_sheet(text, str(path)), encoding="utf-8-sig", newline="")
        _tell_written(sheet, json=json)


def _tell_written(path: Path, *, json: bool) -> None:
    if json:
        emit({"ok": True, "written": str(path)})
    else:
        console.print(f"written: {path}", highlight=False, markup=False)


@app.command("import")
def import_(
    entity: Annotated[str, typer.Argument(help="The entity.")],
    sheet: Annotated[Path, typer.Argument(help="The CSV file, as `bridge mapping export` wrote it.")],
    config: ConfigOption = None,
    write: Annotated[bool, typer.Option("--write", help="Change the mapping file; else only say what would.")] = False,
    json: JsonOption = False,
) -> None:
    """Take the changes of a CSV file over into the mapping file; its comments and its order stay."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        path, text = _file_of(settings, entity)
        try:
            table = sheet.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            raise ConfigError(f"{sheet}: cannot be read as UTF-8 text") from None
        imported = import_sheet(text, table, str(path))
        kinds = {name: system.adapter for name, system in settings.systems.items()}
        options = {"custom_fields": settings.custom_fields, "archive_of": archive_of}
        compile_mapping(imported.text, kinds, file=str(path), **options)
        if write and imported.changes:
            with writing(path):
                path.write_text(imported.text, encoding="utf-8")
        if json:
            emit({"ok": True, "written": write, "changes": list(imported.changes)})
            return
        for change in imported.changes:
            console.print(change, highlight=False, markup=False)
        done = "written" if write else "would be made; --write makes them"
        console.print(f"{len(imported.changes)} changes {done}." if imported.changes else "Nothing differs.")


def _file_of(settings: Config, entity: str) -> tuple[Path, str]:
    """The file that maps an entity, and its text."""
    emap = chosen(make_maps(settings), [entity])[entity]
    path = settings.mappings / Path(emap.source.file).name
    return path, path.read_text(encoding="utf-8")
