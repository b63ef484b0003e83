"""What the daemon has loaded: a configuration, its mappings and adapters; and whether the files say something else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bridge.config import Config, load_config
from bridge.entrypoints.notify.channels import make_channels
from bridge.entrypoints.receivers import make_receivers
from bridge.mapping.compiled import EntityMap
from bridge.mapping.source import suggest
from bridge.policies import load_policies
from bridge.ports.adapter import Adapter
from bridge.ports.errors import ConfigError
from bridge.ports.hints import Receiver
from bridge.wiring import make_adapters, make_maps

Stamps = Mapping[Path, tuple[int, int]]
"""File -> when it was changed (ns) and how long it is."""


@dataclass(frozen=True, slots=True)
class Site:
    """One state of the files, as it is in force."""

    config: Config
    maps: Mapping[str, EntityMap]
    adapters: dict[str, Adapter]
    stamps: Stamps
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    @property
    def places(self) -> list[tuple[str, str]]:
        """Every (system, entity) that can be read, parents before children."""
        return [(system, entity) for entity, emap in self.maps.items() for system in emap.systems]

    def close(self) -> None:
        """Release the adapters' connections."""
        for adapter in self.adapters.values():
            adapter.close()


def load_site(file: Path) -> Site:
    """Read everything anew. Raises ConfigError with every problem, as `bridge mapping lint` tells them."""
    config = load_config(file)
    stamps = stamps_of(config)  # before what is read: a change in the meantime is seen the next time
    maps = make_maps(config)
    problems = _stray_schedules(config, maps)
    if problems:
        raise ConfigError(problems)
    load_policies(config)
    make_channels(config)  # what could not be told is better known now
    receivers = make_receivers(config)
    return Site(config, maps, make_adapters(config), stamps, receivers)


def stamps_of(config: Config) -> Stamps:
    """How the files of a configuration look now; one that is not there is missing."""
    named = [config.folder / said.rpartition(":")[0] for said in config.policies.values()]
    files: Iterable[Path] = [config.file, *sorted(config.mappings.glob("*.yaml")), *named]
    found = {}
    for file in files:
        try:
            stat = file.stat()
        except OSError:
            continue
        found[file] = (stat.st_mtime_ns, stat.st_size)
    return found


def changed_files(before: Stamps, after: Stamps) -> list[str]:
    """The names of files that came, went or look different."""
    return sorted({file.name for file in {*before, *after} if before.get(file) != after.get(file)})


def changed_fields(before: Mapping[str, EntityMap], after: Mapping[str, EntityMap]) -> dict[str, list[str]]:
    """Entity -> the fields whose lines say something else now; none where it is other words of the file."""
    found: dict[str, list[str]] = {}
    for entity in sorted({*before, *after}):
        old, new = before.get(entity), after.get(entity)
        if old is None or new is None or old.digest != new.digest:
            lines = [dict(emap.outline.units) if emap and emap.outline else {} for emap in (old, new)]
            names = sorted({*lines[0], *lines[1]})
            found[entity] = [name for name in names if lines[0].get(name) != lines[1].get(name)]
    return found


def _stray_schedules(config: Config, maps: Mapping[str, EntityMap]) -> list[str]:
    """Schedules of what is not mapped: they would say nothing."""
    problems = []
    for system, entity in config.run.timetable.own:
        known = [name for name, emap in maps.items() if not system or system in emap.systems]
        if entity and entity not in known:
            name = f"{system}.{entity}" if system else entity
            where = f"from {system}" if system else "from any system"
            message = f"no mapping reads {entity} {where}{suggest(entity, known)}"
            problems.append(str(config.source.finding("error", ("run", "schedules", name), message)))
    return problems
