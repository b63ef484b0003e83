"""`bridge notify`: what people would be told, and whether it reaches them."""

from __future__ import annotations

from typing import Annotated

import typer

from bridge.entrypoints.cli.options import ConfigOption, JsonOption, configuration
from bridge.entrypoints.cli.output import DONE, PROBLEMS, console, emit, errors_as_sentences, show, tell
from bridge.ports.errors import ConfigError


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(notify)


def notify(
    config: ConfigOption = None,
    test: Annotated[bool, typer.Option("--test", help="Send a test message by every way of `notify:`.")] = False,
    json: JsonOption = False,
) -> None:
    """Show what needs a person, as the daemon would tell it. Nothing is sent, except a test message with --test."""
    with errors_as_sentences(as_json=json):
        done = _test(config, json=json) if test else _show(config, json=json)
    raise typer.Exit(DONE if done else PROBLEMS)


def _show(config: ConfigOption, *, json: bool) -> bool:
    from bridge.engine.plan.notices import message  # here: no other command needs mail and chats
    from bridge.entrypoints.notify.channels import make_channels
    from bridge.entrypoints.notify.needs import needs_in
    from bridge.wiring import opened_store

    settings = configuration(config)
    ways = [channel.name for channel in make_channels(settings)]
    with opened_store(settings) as store, store.begin() as uow:
        needs = {kind: figures for kind, figures in needs_in(uow, settings.systems).items() if figures}
    told = {kind: figures for kind, figures in needs.items() if kind in settings.notify.terms.kinds}
    said = message(told) if told else None
    if json:
        rows = [
            {"kind": kind, "system": system, "entity": entity, "number": number, "told": kind in told}
            for kind, figures in needs.items()
            for (system, entity), number in sorted(figures.items())
        ]
        emit({"ok": not needs, "by": ways, "needs": rows, "message": said and said.body})
        return not needs
    console.print(said.body if said else "Nothing needs a person.", soft_wrap=True, markup=False, highlight=False)
    how = f"The daemon tells this by {' and '.join(ways)}." if ways else "Nobody is told: bridge.yaml names no way."
    console.print(how, soft_wrap=True, highlight=False)
    return not needs


def _test(config: ConfigOption, *, json: bool) -> bool:
    from bridge.engine.plan.notices import TEST
    from bridge.entrypoints.notify.channels import NotSent, make_channels

    settings = configuration(config)
    channels = make_channels(settings)
    if not channels:
        raise ConfigError(f"{settings.file}: the section `notify` names neither `mail` nor `webhook`")
    failed: dict[str, NotSent] = {}
    rows: list[tuple[str, str]] = []
    for channel in channels:
        try:
            rows.append((channel.name, channel.send(TEST) or "sent"))
        except NotSent as error:
            failed[channel.name] = error
            rows.append((channel.name, error.message))
    if json:
        emit({"ok": not failed, "sent": [{"by": n, "sent": n not in failed, "what": what} for n, what in rows]})
    else:
        show("Test messages", ("by", "what"), rows)
        for fault in failed.values():
            tell(fault)
    return not failed
