"""Which systems of a configuration send webhooks, how they are known, and at which address they send them."""

from __future__ import annotations

from collections.abc import Mapping

from bridge.config import Config
from bridge.engine.silence import Secrets
from bridge.plugins import loaded
from bridge.ports.errors import AdapterBroken, ConfigError
from bridge.ports.hints import Receiver
from bridge.wiring import adapter_entry_points

LAST = "webhook:"
"""Before the name of a system: the flag that says when its last webhook came."""


def make_receivers(config: Config) -> dict[str, Receiver]:
    """System -> its receiver, of those whose settings have one. Raises ConfigError with every problem."""
    if config.run.hooks is None:
        return {}
    found: dict[str, Receiver] = {}
    problems: list[str] = []
    for name, system in config.systems.items():
        point = adapter_entry_points().get(system.adapter)
        secrets = Secrets(config.secrets(name))
        try:
            factory = loaded(point).receiver if point is not None else None
            made = factory(name, config.settings(name)) if factory is not None else None
        except AdapterBroken:
            continue  # that is said where the adapter is built
        except ConfigError as error:
            problems += [secrets.hide(config.place(problem)) for problem in error.problems]
            continue
        if made is not None:
            found[name] = made
    if not found and not problems:
        message = "no system of this configuration has settings for webhooks (docs/how-to/webhooks.md)"
        problems.append(str(config.source.finding("error", ("run", "webhooks"), message)))
    if problems:
        raise ConfigError(problems)
    return found


def address_of(config: Config, system: str, receivers: Mapping[str, Receiver]) -> str | None:
    """Where a system sends its webhooks; secret. None where it sends none, or no public address is configured."""
    hooks = config.run.hooks
    if hooks is None or not hooks.url or system not in receivers:
        return None
    return f"{hooks.url}/{system}{receivers[system].ending}"
