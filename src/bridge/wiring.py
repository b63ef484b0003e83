"""Where concrete things meet: adapters found by entry points, the store, the mappings, the clock, back-off.

The only module that sees engine, adapters and store together.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import EntryPoint

from tenacity import RetryCallState, wait_random_exponential

from bridge.config import Config
from bridge.engine.merge.policy import SETTLING
from bridge.engine.runtime import Pace, Runtime
from bridge.engine.silence import Secrets, silenced
from bridge.mapping import load_mappings
from bridge.mapping.compiled import EntityMap
from bridge.mapping.source import suggest
from bridge.plugins import clash, installed, loaded, made
from bridge.policies import load_policies
from bridge.ports.adapter import Adapter
from bridge.ports.errors import AdapterBroken, ConfigError
from bridge.store import Database, open_store
from bridge.transport.aside import aside


def adapter_entry_points() -> dict[str, EntryPoint]:
    """Every installed adapter by name, without the names that several distributions offer."""
    return dict(installed().points)


def make_adapter(config: Config, name: str) -> Adapter:
    """Build the adapter of one system. Raises ConfigError with every problem of its settings, each with its place.

    A broken adapter raises nothing: a stand-in takes its place, for which the system does not let bridge in.
    """
    return _made(config, name, adapter_entry_points())


def _made(config: Config, name: str, points: Mapping[str, EntryPoint]) -> Adapter:
    system = config.systems[name]
    point = points.get(system.adapter)
    if point is None:
        message = _no_adapter(system.adapter)
        raise ConfigError(str(config.source.finding("error", ("systems", name, "adapter"), message, at_value=True)))
    secrets = Secrets(config.secrets(name))
    try:
        return silenced(made(point, name, config.settings(name)), secrets)
    except ConfigError as error:
        problems = [secrets.hide(config.place(problem)) for problem in error.problems]
    raise ConfigError(problems)  # outside the handler: the fault's frames hold the settings


def _no_adapter(adapter: str) -> str:
    """Why a name leads to no adapter."""
    have = installed()
    if adapter in have.clashes:
        return clash(adapter, have.clashes[adapter])
    return f"there is no adapter '{adapter}'{suggest(adapter, have.points)} (installed: {', '.join(have.points)})"


def make_adapters(config: Config, names: list[str] | None = None) -> dict[str, Adapter]:
    """Build adapters, by default all. Raises one ConfigError with the problems of all of them."""
    found: dict[str, Adapter] = {}
    problems: list[str] = []
    points = adapter_entry_points()
    for name in names or list(config.systems):
        try:
            found[name] = _made(config, name, points)
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return found


def archive_of(kind: str) -> Mapping[str, str]:
    """How systems of this kind archive a record, as their adapter says; empty where it says nothing."""
    point = adapter_entry_points().get(kind)
    try:
        return loaded(point).archive if point is not None else {}
    except AdapterBroken:
        return {}  # that is said where the adapter is built


def make_maps(config: Config) -> dict[str, EntityMap]:
    """Load the mappings, parents before children. Raises ConfigError with every problem."""
    kinds = {name: system.adapter for name, system in config.systems.items()}
    maps = load_mappings(config.mappings, kinds, config.custom_fields, archive_of=archive_of)
    problems = []
    for emap in maps.values():
        for unit in (*emap.units, *emap.cells):
            policy = unit.policy
            if policy.kind not in SETTLING:
                message = f"the policy '{policy}' cannot be carried out yet"
            elif policy.kind == "function" and policy.order[0] not in config.policies:
                near = suggest(policy.order[0], config.policies)
                message = f"`policies` in {config.file} names no function '{policy.order[0]}'{near}"
            else:
                continue
            problems.append(str(emap.source.finding("error", unit.place or ("fields", unit.name), message)))
    problems += _stray_canaries(config, maps)
    if problems:
        raise ConfigError(problems)
    return in_order(maps)


def _stray_canaries(config: Config, maps: Mapping[str, EntityMap]) -> list[str]:
    """Canaries of entities that are not read from their system: they would guard nothing."""
    problems = []
    for name, system in config.systems.items():
        known = [entity for entity, emap in maps.items() if name in emap.systems]
        for entity in system.canary:
            if entity not in known:
                message = f"no mapping reads this entity from {name}{suggest(entity, known)}"
                problems.append(str(config.source.finding("error", ("systems", name, "canary", entity), message)))
    return problems


def in_order(maps: Mapping[str, EntityMap]) -> dict[str, EntityMap]:
    """Parents before children. A reference to itself (a customer's parent) is no obstacle. Raises ConfigError."""
    graph = {name: [on for on in emap.depends_on if on != name and on in maps] for name, emap in maps.items()}
    try:
        return {name: maps[name] for name in TopologicalSorter(graph).static_order()}
    except CycleError as error:
        raise ConfigError(f"entities refer to each other in a circle: {' -> '.join(error.args[1])}") from None


def back_off(attempts: int) -> float:
    """Seconds to wait after so many attempts: exponential with full jitter, at most 15 minutes."""
    state = RetryCallState(retry_object=None, fn=None, args=(), kwargs={})  # type: ignore[arg-type]  # only the number of attempts is read of it
    state.attempt_number = max(attempts, 1)
    return float(wait_random_exponential(multiplier=2, max=900)(state))


def new_id() -> str:
    """A golden id: 32 hex digits, ordered by time of making (so that new rows lie together in the store's indexes)."""
    stamp = int(datetime.now(UTC).timestamp() * 1000)
    return f"{stamp:012x}{uuid.uuid4().hex[12:]}"


def owner() -> str:
    """The name of this process in leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"


def make_runtime(
    config: Config,
    store: Database,
    adapters: Mapping[str, Adapter],
    maps: Mapping[str, EntityMap],
    *,
    sweeping: bool = False,
    drifting: bool = False,
    point: Callable[[str], None] = lambda name: None,
    progress: Callable[[str, str, str, int], None] = lambda stage, system, entity, number: None,
) -> Runtime:
    """Everything a run needs."""
    return Runtime(
        store=store,
        adapters=adapters,
        maps=maps,
        clock=lambda: datetime.now(UTC),
        new_id=new_id,
        back_off=back_off,
        owner=owner(),
        pace=Pace(
            tolerance=config.sync.tolerance,
            page=config.sync.page,
            max_attempts=config.sync.max_attempts,
            max_age=config.sync.max_age,
            max_deletes=config.sync.max_deletes,
            guards=config.sync.guards,
            sweep=config.sync.sweep,
            drift=config.sync.drift,
            loop=config.sync.loop,
            keep_history=timedelta(days=config.history.keep_days),
            keep_writes=timedelta(days=config.history.writes_days),
        ),
        coarse={name: system.tolerance for name, system in config.systems.items() if system.tolerance is not None},
        policies=load_policies(config),
        terms={name: system.budget for name, system in config.systems.items()},
        canaries={name: system.canary for name, system in config.systems.items()},
        sweeping=sweeping,
        drifting=drifting,
        point=point,
        progress=progress,
        aside=aside,
    )


@contextmanager
def opened_store(config: Config) -> Iterator[Database]:
    """The store of a configuration, closed at the end. Raises ConfigError naming its line."""
    problems: list[str] = []
    try:
        store = open_store(config.store)
    except ConfigError as error:
        problems = [config.place(problem) for problem in error.problems]
    if problems:
        raise ConfigError(problems)  # outside the handler: the fault's frames hold the URL
    try:
        yield store
    finally:
        store.close()
