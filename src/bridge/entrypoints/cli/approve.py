"""`bridge approve`: a person lets through, once, what a guard has stopped."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from bridge.engine.stops import Stop, all_stops, approve
from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import WrongUsage, console, emit, errors_as_sentences, show
from bridge.ports.errors import SafetyStop
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import opened_store


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(name="approve")(approve_run)


def approve_run(
    run: Annotated[str | None, typer.Argument(help="The run that stopped, as the stop names it.")] = None,
    config: ConfigOption = None,
    list_: Annotated[bool, typer.Option("--list", help="Show what waits for an approval; approve nothing.")] = False,
    json: JsonOption = False,
) -> None:
    """Let the next sync do, once, what a run stopped for safety's sake. If more is due by then, it stops again."""
    with errors_as_sentences(as_json=json):
        if (run is None) != list_:
            raise WrongUsage("name the run that stopped, or say --list to see which there are")
        settings = configuration(config)
        with opened_store(settings) as store, store.begin() as uow:
            if run is None:
                _tell(uow, "stops", [stop for stop in all_stops(uow) if stop.system in settings.systems], json=json)
                return
            approved = approve(uow, run, datetime.now(UTC))
            if not approved:
                raise WrongUsage(_nothing(uow, run))
            for stop in approved:
                uow.replay(None, system=stop.system, entity=stop.entity, code=SafetyStop.code)
            _tell(uow, "approved", approved, json=json)
        if not json:
            console.print("The next `bridge sync` does this, once. It stops again if more is due by then.")


def plain(stop: Stop) -> dict[str, Any]:
    """A stop as plain values."""
    return {
        "run": stop.run,
        "system": stop.system,
        "entity": stop.entity,
        "at": stop.at,
        "why": stop.why,
        "findings": [{"rule": f.rule, "number": f.number, "of": f.of, "field": f.field} for f in stop.findings],
        "golden_ids": list(stop.samples),
        "approved": stop.approved,
    }


def _nothing(uow: SqlUnitOfWork, run: str) -> str:
    stops = all_stops(uow)
    if any(stop.run == run for stop in stops):
        return f"run {run} is approved already; the next `bridge sync` does it"
    waiting = ", ".join(sorted({stop.run for stop in stops if stop.approved is None}))
    return f"no stop of a run {run} waits for an approval (there are: {waiting or 'none'})"


def _tell(uow: SqlUnitOfWork, name: str, stops: list[Stop], *, json: bool) -> None:
    if json:
        emit({"ok": True, name: [{**plain(stop), "records": _names(uow, stop)} for stop in stops]})
        return
    show(
        "Stops" if name == "stops" else "Approved",
        ("run", "when", "system", "entity", "why", "such as", "approved"),
        [(s.run, s.at, s.system, s.entity, s.why, _names(uow, s), s.approved) for s in stops],
    )


def _names(uow: SqlUnitOfWork, stop: Stop) -> list[str]:
    """Some of the records it is about, as `bridge explain` takes them."""
    links = uow.links_of(stop.entity, stop.samples)
    return [f"{link.system}:{link.entity}:{link.native_id}" for link in links if link.system == stop.system]
