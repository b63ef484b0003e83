"""`bridge pause` and `bridge resume`: leave a system, an entity, or one entity of a system alone for a while."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import Annotated

import typer

from bridge.config import Config
from bridge.engine import pausing
from bridge.engine.pausing import Pause
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import WrongUsage, console, emit, errors_as_sentences
from bridge.mapping.source import suggest
from bridge.wiring import make_maps, opened_store

Name = Annotated[
    str, typer.Argument(help="A system (erp), an entity in all systems (order), or one of a system (erp.order).")
]
Why = Annotated[str, typer.Option("--why", help="The reason, shown to everybody who asks.")]
By = Annotated[str | None, typer.Option("--by", help="Who pauses it (default: the user of this machine).")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(pause)
    app.command()(resume)


def pause(name: Name, config: ConfigOption = None, why: Why = "", by: By = None, json: JsonOption = False) -> None:
    """Leave a system or an entity alone: it is neither read nor written until `resume`. Its work is kept; all else
    goes on."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        system, entity = _place(settings, name)
        with opened_store(settings) as store, store.begin() as uow:
            pausing.pause(uow, Pause(system, datetime.now(UTC), why, True, entity, by or _user()))
        if json:
            emit({"ok": True, "paused": name})
        else:
            console.print(f"{name} is left alone until `bridge resume {name}`.", highlight=False)


def resume(name: Name, config: ConfigOption = None, json: JsonOption = False) -> None:
    """End a pause, whoever made it: the next sync, or the daemon, reads and writes it again."""
    with errors_as_sentences(as_json=json):
        settings = configuration(config)
        system, entity = _place(settings, name)
        with opened_store(settings) as store, store.begin() as uow:
            ended = pausing.resume(uow, system, by_person=True, entity=entity)
            others = [one.name for one in pausing.paused_entities(uow).values() if _still(one, system, entity)]
            others += [one for one in pausing.paused(uow, settings.systems) if one == system and entity]
        if json:
            emit({"ok": True, "resumed": ended, "still_paused": others})
            return
        said = f"{name} takes part again from the next `bridge sync` on." if ended else f"{name} was not paused."
        console.print(said, highlight=False)
        for other in others:
            console.print(f"{other} is still paused (`bridge resume {other}`).", highlight=False)


def _still(one: Pause, system: str, entity: str) -> bool:
    """Whether another pause keeps a part of this from taking part again."""
    return (not system or one.system in ("", system)) and (not entity or one.entity == entity)


def _place(settings: Config, name: str) -> tuple[str, str]:
    """(system, entity) that a name means; one of them may be empty. Raises WrongUsage with what there is."""
    if name in settings.systems:
        return name, ""
    maps = make_maps(settings)
    system, dot, entity = name.rpartition(".")
    if entity in maps and (not dot or system in maps[entity].systems):
        return system, entity
    known = [*settings.systems, *maps, *(f"{one}.{entity}" for entity, emap in maps.items() for one in emap.systems)]
    systems, entities = ", ".join(settings.systems), ", ".join(maps)
    kinds = f"systems: {systems}; entities: {entities}; or SYSTEM.ENTITY"
    raise WrongUsage(f"there is no system '{name}' and no entity of that name{suggest(name, known)} ({kinds})")


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
