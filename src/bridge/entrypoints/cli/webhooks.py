"""Webhooks at the command line: what `setup` makes of them, what `check` finds, what `status` shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from bridge.config import Config
from bridge.entrypoints.receivers import LAST, address_of, make_receivers
from bridge.mapping.compiled import EntityMap
from bridge.ports.adapter import Adapter, SetupStep
from bridge.ports.errors import BridgeError
from bridge.store.database import SqlUnitOfWork
from bridge.wiring import opened_store


def webhook_steps(settings: Config, adapter: Adapter, maps: Mapping[str, EntityMap], apply: bool) -> list[SetupStep]:
    """Have a system tell of its changes; nothing where no webhooks are configured for it.

    What only a person can do counts as done once one has come.
    """
    url = address_of(settings, adapter.system, make_receivers(settings))
    install = getattr(adapter, "install_webhooks", None)  # see bridge.ports.hints.Installs
    if url is None or install is None:
        return []
    specs = [emap.spec(adapter.system) for emap in maps.values() if adapter.system in emap.systems]
    try:
        steps: list[SetupStep] = install(specs, url, apply=apply)
    except BridgeError as error:
        return [SetupStep("webhooks", "failed", str(error))]
    last = _last(settings, adapter.system)
    if last is None or not apply:
        return steps
    seen = f"The last webhook came at {last}."
    return [replace(step, state="present", detail=seen) if step.state == "needed" else step for step in steps]


def webhook_problems(settings: Config, adapter: Adapter, maps: Mapping[str, EntityMap]) -> list[str]:
    """What is missing in a system for its webhooks, where none has come yet."""
    if settings.run.hooks is None or _last(settings, adapter.system) is not None:
        return []
    steps = webhook_steps(settings, adapter, maps, False)
    missing = [step.what for step in steps if step.state in ("needed", "failed")]
    if not missing:
        return []
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return [f"{missing[0]}{more}: not there. Changes are found by polling only; run `bridge setup {adapter.system}`."]


def webhook_standing(uow: SqlUnitOfWork, systems: Collection[str]) -> list[dict[str, Any]]:
    """System, when its last webhook came, and how many of its records wait to be looked at."""
    waiting = uow.hint_counts()
    last = {name.removeprefix(LAST): at for name, at in uow.flags(LAST).items()}
    return [
        {"system": system, "last": last.get(system), "waiting": waiting.get(system, 0)}
        for system in sorted({*last, *waiting})
        if system in systems
    ]


def _last(settings: Config, system: str) -> str | None:
    with opened_store(settings) as store, store.begin() as uow:
        return uow.flag(f"{LAST}{system}")
