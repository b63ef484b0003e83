"""Which migration a command of `bridge migrate` is about: the way, its entities, the run that goes on."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from bridge.config import Config
from bridge.engine.migrate.report import STAGES
from bridge.engine.migrate.way import Way
from bridge.entrypoints.cli.migrate_consent import Terms
from bridge.entrypoints.cli.options import known_system
from bridge.entrypoints.cli.output import WrongUsage
from bridge.entrypoints.cli.run import chosen
from bridge.entrypoints.migration.state import State, all_states, drop_old, keep, latest
from bridge.mapping.compiled import EntityMap
from bridge.store import Database
from bridge.wiring import make_maps


def way_of(settings: Config, source: str, target: str, entities: str) -> tuple[Way, dict[str, EntityMap]]:
    """The two systems and the entities that are mapped in both, of those that are named. Raises WrongUsage."""
    if not source or not target:
        raise WrongUsage("name two systems: bridge migrate --from SYSTEM --to SYSTEM")
    for system in (source, target):
        known_system(settings, system)
    if source == target:
        raise WrongUsage("--from and --to name the same system")
    way = Way(source, target)
    names = [name.strip() for name in entities.split(",") if name.strip()]
    maps = chosen(make_maps(settings), names)
    lacking = [name for name in names if not way.leads(maps[name])]
    if lacking:
        raise WrongUsage(f"--entities: {', '.join(lacking)} is not mapped both in {source} and in {target}")
    found = way.maps(maps)
    if not found:
        raise WrongUsage(f"no entity is mapped both in {source} and in {target}")
    return way, found


def state_of(
    store: Database, way: Way, maps: Mapping[str, EntityMap], stage: str | None, terms: Terms, *, named: bool
) -> State:
    """The latest migration of this way, or a new one: where there is none, or it is finished, or of other entities.

    named: whether a person named the entities.
    """
    with store.begin() as uow:
        known = None if terms.new else latest(all_states(uow), way)
        alike = known is not None and (list(maps) == known.entities or (stage is not None and not named))
        later = stage in STAGES[STAGES.index("plan") :] if stage else False
        if known is not None and alike and (later or stage == "match" or not known.finished):
            return known
        if later:
            of = f" of {', '.join(maps)}" if known is not None else ""
            raise WrongUsage(f"there is no migration {way}{of} yet: `bridge migrate match` comes before `{stage}`")
        now = datetime.now(UTC)
        state = State(uuid.uuid4().hex[:12], way.source, way.target, list(maps), now.isoformat())
        uow.start_run(state.run, f"migrate {way}", now)
        keep(uow, state)
        drop_old(uow)
    return state
