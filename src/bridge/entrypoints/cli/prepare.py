"""`bridge init`, `check`, `setup`: from nothing to systems that are fit to be kept in step."""

from __future__ import annotations

from dataclasses import asdict
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

import bridge
from bridge.config import Config
from bridge.engine.pausing import resume
from bridge.entrypoints.alone import closing
from bridge.entrypoints.cli.adapters import broken_plugins, tell_broken
from bridge.entrypoints.cli.beginning import files_for
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration, known_system
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
from bridge.entrypoints.cli.webhooks import webhook_problems, webhook_steps
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter, SetupStep
from bridge.ports.errors import AuthFailed, BridgeError, NotFound, Transient
from bridge.wiring import make_adapters, make_maps, opened_store


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(init)
    app.command()(check)
    app.command()(setup)


def init(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")] = Path(),
    system: Annotated[
        list[str] | None,
        typer.Option("--system", help="NAME=ADAPTER, repeated: for these systems, instead of the usual three."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a configuration and the mapping files to begin with. Never overwrites a file."""
    with errors_as_sentences(as_json=json):
        written: list[str] = []
        kept: list[str] = []
        for target, text in (files_for(system) if system else _shipped()).items():
            place = folder / target
            if place.exists():
                kept.append(str(place))
                continue
            with writing(place):
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(text, encoding="utf-8")
            written.append(str(place))
        if json:
            emit({"ok": True, "written": written, "kept": kept})
            return
        for name in written:
            console.print(f"written: {name}", highlight=False)
        for name in kept:
            console.print(f"kept as it is: {name}", highlight=False)
        console.print("Next: put your systems into bridge.yaml, then `bridge check`.")


def _shipped() -> dict[str, str]:
    """Name under which it is written -> text: from the installed package, or from the source tree."""
    with as_file(files(bridge)) as package:
        inside, tree = package / "shipped", package.parent.parent
        root = inside if inside.is_dir() else tree
        found = {"bridge.yaml": root / "config" / "bridge.yaml"}
        found |= {f"mappings/{path.name}": path for path in sorted((root / "mappings").glob("*.yaml"))}
        return {name: path.read_text(encoding="utf-8") for name, path in found.items()}


_NOT_REACHED = "If the system is up, look at its address and names in the configuration; then run `bridge check` again."
"""Where a run would try again by itself, a person who asks is to look."""


def check(config: ConfigOption = None, json: JsonOption = False) -> None:
    """Ask every system whether it answers, who bridge is there, and what is missing for the mapped objects."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        maps = make_maps(settings)
        adapters = make_adapters(settings)
        with closing(adapters):
            rows = [_look(name, adapter, maps) for name, adapter in adapters.items()]
            for row in rows:
                if row["answers"] == "yes":
                    row["problems"] += webhook_problems(settings, adapters[row["system"]], maps)
                    row["calls"] = adapters[row["system"]].calls
        resumed = _resume(settings, [row["system"] for row in rows if row["answers"] == "yes"])
        unused = [plugin for plugin in broken_plugins() if plugin.name not in _used(settings)]
        problems = sum(len(row["problems"]) for row in rows) + len(unused)
        if json:
            emit({"ok": not problems, "systems": rows, "resumed": resumed, "adapters": [asdict(one) for one in unused]})
        else:
            show(
                "Systems",
                ("system", "answers", "version", "user", "clock", "calls"),
                [
                    (r["system"], r["answers"], r["version"], r["user"], _skew(r["clock_skew"]), r["calls"])
                    for r in rows
                ],
            )
            for row in rows:
                for problem in row["problems"]:
                    stderr.print(f"[red]{row['system']}[/] {escape(problem)}", soft_wrap=True, highlight=False)
            for plugin in unused:
                tell_broken(plugin)
            for system in resumed:
                console.print(f"{system} was paused for its log-in and takes part again.", highlight=False)
            if not problems:
                console.print("Everything is in place. Next: `bridge plan`.")
    raise typer.Exit(PROBLEMS if problems else DONE)


def _used(settings: Config) -> set[str]:
    """The adapters of the configured systems: what is wrong with one of these is told with its system."""
    return {system.adapter for system in settings.systems.values()}


def _resume(settings: Config, systems: list[str]) -> list[str]:
    """The log-in works: a pause that bridge made because it did not is over."""
    with opened_store(settings) as store, store.begin() as uow:
        return [system for system in systems if resume(uow, system, by_person=False)]


def _skew(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:+.0f} s"


def _look(name: str, adapter: Adapter, maps: dict[str, EntityMap]) -> dict[str, Any]:
    """One system: health, and for every object that a mapping names its key field and permissions."""
    found: dict[str, Any] = {
        "system": name, "answers": "no", "version": "", "user": "", "clock_skew": None, "problems": [], "calls": 0,
    }  # fmt: skip
    try:
        health = adapter.check()
        found |= {"answers": "yes", "version": health.version, "user": health.user, "clock_skew": health.clock_skew}
        found["problems"] = list(health.problems)
        for emap in maps.values():
            if name in emap.systems:
                found["problems"] += _object_problems(adapter, emap)
    except BridgeError as error:
        what = str(error).removeprefix(f"{name}: ")
        to_do = _NOT_REACHED if type(error) is Transient else error.to_do
        end = "" if what.endswith((".", "?")) else "."
        found["problems"].append(f"{error.code}: {what}{end} {error.not_done} {to_do}")
    found["calls"] = adapter.calls
    return found


def _object_problems(adapter: Adapter, emap: EntityMap) -> list[str]:
    spec = emap.spec(adapter.system)
    try:
        schema = adapter.schema(spec)
    except (AuthFailed, Transient):
        raise
    except NotFound:
        return [
            f"{spec.object}: there is no such object, or this user may not see it. Nothing of it can be kept in step; "
            "mend `object` in the mapping (`bridge mapping lint` names the line), or give the right."
        ]
    except BridgeError as error:
        return [f"{spec.object}: {error}. {error.to_do}"]
    writes = any(adapter.system in unit.writes for unit in emap.units)
    problems = []
    if not schema.readable:
        problems.append(
            f"{spec.object}: may not be read by this user. Nothing of it can be kept in step; give the right."
        )
    if writes and not (schema.createable and schema.updateable):
        problems.append(f"{spec.object}: may not be written by this user. Give the right, or map it `from` there only.")
    if schema.key_problem:
        problems.append(f"{spec.object}: {schema.key_problem} Run `bridge setup {adapter.system}`.")
    problems += [f"{spec.object}: has no field {f.path}. Mend the mapping (`bridge mapping lint` names the line)."
                 for f in spec.fields if f.path not in schema.fields]  # fmt: skip
    return problems


def setup(
    system: Annotated[str, typer.Argument(help="The name of a system in the configuration.")],
    config: ConfigOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    json: JsonOption = False,
) -> None:
    """Prepare a system: make the key fields in which bridge notes which record is which, and the webhooks where
    `run.webhooks` is configured. Safe to repeat."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        known_system(settings, system)
        maps = make_maps(settings)
        adapters = make_adapters(settings, [system])
        steps: list[tuple[str, SetupStep]] = []
        failure: BridgeError | None = None
        with closing(adapters):
            for emap in maps.values():
                if system in emap.systems and failure is None:
                    try:
                        done = adapters[system].setup(emap.spec(system), apply=not dry_run)
                        steps += [(emap.entity, step) for step in done]
                    except BridgeError as error:
                        failure = error
            if failure is None:
                steps += [("webhooks", step) for step in webhook_steps(settings, adapters[system], maps, not dry_run)]
        bad = failure is not None or (any(step.state in ("needed", "failed") for _, step in steps) and not dry_run)
        if json:
            listed = [{"entity": entity, **asdict(step)} for entity, step in steps]
            emit({"ok": not bad, "steps": listed, "error": said(failure) if failure else None})
        else:
            show("Setup of " + system, ("entity", "what", "state", "detail"),
                 [(entity, step.what, step.state, step.detail) for entity, step in steps])  # fmt: skip
            if failure is not None:
                tell(failure)
    raise typer.Exit(PROBLEMS if bad else DONE)
