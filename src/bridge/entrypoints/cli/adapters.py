"""`bridge adapters`: which systems bridge can talk to, and the beginning of an adapter for another one."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from bridge.entrypoints.cli.options import JsonOption
from bridge.entrypoints.cli.output import (
    DONE,
    PROBLEMS,
    WrongUsage,
    console,
    emit,
    errors_as_sentences,
    show,
    stderr,
    writing,
)
from bridge.entrypoints.kit import WRONG_NAME, files_of, folder_of, good_name
from bridge.plugins import Plugin, plugins
from bridge.ports.errors import AdapterBroken
from bridge.ports.kind import ANY_ENTITY, EntitySupport

app = typer.Typer(help="The adapters that are installed, and how to begin another.", no_args_is_help=True)

COLUMNS = ("adapter", "version", "from", "level", "state")
SUPPORT = ("adapter", "entity", "read", "create", "update", "delete", "versions", "tombstones")
"""`versions`: a stale write is refused. `tombstones`: the system tells what was deleted."""


def register(root: typer.Typer) -> None:
    """Add the commands."""
    root.add_typer(app, name="adapters")


@app.command("list")
def list_(json: JsonOption = False) -> None:
    """Every installed adapter: where it comes from, how much of the contract it keeps, what it does with each entity.

    An adapter that cannot be used is listed with the reason; the command then ends with 1.
    """
    with errors_as_sentences(as_json=json):
        found = plugins()
        broken = [plugin for plugin in found if plugin.problem]
        if json:
            emit({"ok": not broken, "adapters": [_document(plugin) for plugin in found]})
        else:
            show("Adapters", COLUMNS, [_row(plugin) for plugin in found])
            show("Support", SUPPORT, [row for plugin in found for row in _support(plugin)], none="nobody says anything")
            for plugin in broken:
                tell_broken(plugin)
    raise typer.Exit(PROBLEMS if broken else DONE)


def tell_broken(plugin: Plugin) -> None:
    """One adapter that is left out: why, what that means, what to do."""
    stderr.print(f"[red]{AdapterBroken.code}[/] {escape(_sentences(plugin))}", soft_wrap=True, highlight=False)


def _sentences(plugin: Plugin) -> str:
    return f"{plugin.problem}. It is left out; everything else works on. Mend or uninstall the package named."


def broken_plugins() -> list[Plugin]:
    """The installed adapters that are left out."""
    return [plugin for plugin in plugins() if plugin.problem]


def _row(plugin: Plugin) -> tuple[str, ...]:
    level = plugin.kind.level if plugin.kind else ""
    return plugin.name, plugin.version, plugin.distribution, level, "broken" if plugin.problem else "ok"


def _support(plugin: Plugin) -> list[tuple[str, ...]]:
    told = plugin.kind.support if plugin.kind else {}
    others = "any other" if len(told) > 1 else "any"
    return [
        (plugin.name, others if entity == ANY_ENTITY else entity, *(_word(word) for word in asdict(support).values()))
        for entity, support in told.items()
    ]


def _word(support: str) -> str:
    return {"native": "yes", "unsupported": "-"}.get(support, support)


def _document(plugin: Plugin) -> dict[str, Any]:
    kind = plugin.kind
    support: dict[str, EntitySupport] = dict(kind.support) if kind else {}
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "level": kind.level if kind else None,
        "support": {entity: asdict(one) for entity, one in support.items()},
        "settings": sorted(kind.settings.model_fields) if kind and kind.settings else [],
        "problem": plugin.problem,
    }


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="The name of the adapter, as `adapter:` in bridge.yaml will say it.")],
    into: Annotated[Path, typer.Option("--into", help="Where to put the package's folder.")] = Path(),
    json: JsonOption = False,
) -> None:
    """Begin an adapter: a package of its own that reads, with its contract test. Never overwrites a file."""
    with errors_as_sentences(as_json=json):
        if not good_name(name):
            raise WrongUsage(f"'{name}' cannot be the name of an adapter: {WRONG_NAME}")
        if name in {plugin.name for plugin in plugins()}:
            raise WrongUsage(f"there is an adapter '{name}' already; choose another name")
        folder = into / folder_of(name)
        if folder.exists():
            raise WrongUsage(f"{folder} is there already; nothing is overwritten")
        written = []
        for place, text in files_of(name).items():
            path = folder / place
            with writing(path):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            written.append(str(path))
        if json:
            emit({"ok": True, "folder": str(folder), "written": written})
            return
        for one in written:
            console.print(f"written: {one}", highlight=False, markup=False)
        console.print(f"Next: pip install {folder}, then read {folder}/README.md.", highlight=False, markup=False)
