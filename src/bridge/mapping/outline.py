"""Outline: a mapping in fingerprints, one for each field and system, so that two of them can be compared line by line.

The outline of the mapping in force is kept in the store; it holds no value and no text of the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from bridge.mapping.file import FieldLine, GroupSection, MappingFile, MemberLine, RowsSection
from bridge.ports.records import ObjectSpec

Prints = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outline:
    """What a mapping says, in fingerprints.

    units: field, group, or cell ("lines[].quantity") -> system -> how that system's values are read and written; under
        "" what else the line says. specs: system -> which records, and where its key is. paths: system -> all native
        paths. identity: how records are recognised. matched: the units that this is done by.
    """

    digest: str
    units: Mapping[str, Prints] = field(default_factory=dict)
    specs: Prints = field(default_factory=dict)
    paths: Mapping[str, list[str]] = field(default_factory=dict)
    identity: str = ""
    matched: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two mappings of an entity.

    units: unit -> systems whose values mean something else now; none where only other words of the line were changed.
    anew: systems that have to be read anew: the records, or their fields, are others than before.
    recognised: whether records are recognised as before.
    """

    units: Mapping[str, tuple[str, ...]]
    anew: frozenset[str] = frozenset()
    recognised: bool = True

    @property
    def meaning(self) -> dict[str, tuple[str, ...]]:
        """The units of which at least one system's values mean something else."""
        return {unit: systems for unit, systems in self.units.items() if systems}


def as_text(outline: Outline) -> str:
    """For the store."""
    return json.dumps(asdict(outline), sort_keys=True)


def from_text(text: str) -> Outline:
    """What `as_text` made."""
    return Outline(**json.loads(text))


def compare(before: Outline, after: Outline) -> Changes:
    """The lines that were changed, and who is to be read anew because of it."""
    units: dict[str, tuple[str, ...]] = {}
    for name in sorted({*before.units, *after.units}):
        old, new = before.units.get(name, {}), after.units.get(name, {})
        if old != new:
            units[name] = tuple(system for system in after.specs if old.get(system) != new.get(system))
    recognised = before.identity == after.identity and not units.keys() & {*before.matched, *after.matched}
    anew = {
        system
        for system, spec in after.specs.items()
        if not recognised
        or before.specs.get(system) != spec
        or not {*after.paths[system]} <= {*before.paths.get(system, [])}
    }
    return Changes(units, frozenset(anew), recognised)


def outline_of(file: MappingFile, digest: str, specs: Mapping[str, ObjectSpec], types: Mapping[str, str]) -> Outline:
    """The outline of a mapping file that compiles. types: field -> its canonical type, "lines[].quantity" for cells."""
    units: dict[str, Prints] = {}
    for name, line in file.fields.items():
        units[name] = _of_line(file, line, types.get(name, ""))
    for name, group in file.groups.items():
        units[name] = _of_group(file, group)
    for table, rows in file.rows.items():
        units[table] = _of_table(file, rows)
        for name, line in rows.fields.items():
            units[f"{table}[].{name}"] = _of_line(file, line, types.get(f"{table}[].{name}", ""))
    whole = {
        system: _print([spec.object, spec.key, repr(spec.where), repr(spec.new)]) for system, spec in specs.items()
    }
    paths = {
        system: sorted(
            {one.path for one in spec.fields} | {f"{t.path}[].{f.path}" for t in spec.tables for f in t.fields}
        )
        for system, spec in specs.items()
    }
    matched = {
        name.partition(".")[0] for rule in file.identity.match for name in [*(rule.same or ()), *(rule.similar or ())]
    }
    return Outline(digest, units, whole, paths, _print(file.identity.model_dump(mode="json")), sorted(matched))


def _of_line(file: MappingFile, line: FieldLine, kind: str) -> Prints:
    said = {system: _print([kind, _column(file, line, system)]) for system in line.columns if system in file.systems}
    return {**said, "": _print(line.model_dump(mode="json"))}


def _of_group(file: MappingFile, group: GroupSection) -> Prints:
    found = {}
    for system in file.systems:
        members = {n: _column(file, one, system) for n, one in group.members.items() if system in one.columns}
        whole = (
            [group.whole.columns[system], group.whole.transform]
            if group.whole and system in group.whole.columns
            else []
        )
        if members or whole:
            found[system] = _print([members, whole])
    return {**found, "": _print(group.model_dump(mode="json"))}


def _of_table(file: MappingFile, rows: RowsSection) -> Prints:
    said = {s: _print([rows.table[s], rows.key.get(s)]) for s in file.systems if s in rows.table}
    return {**said, "": _print(rows.model_dump(mode="json", exclude={"fields"}))}


def _column(file: MappingFile, line: FieldLine | MemberLine, system: str) -> list[Any]:
    """All that decides how one native field is read and written."""
    values = {name: _of(said, system) for name, said in (line.values or {}).items() if _of(said, system) is not None}
    country = file.systems[system].country
    return [line.columns[system], _of(line.ref, system), _of(line.transform, system), list(values.items()), country]


def _of(said: Any, system: str) -> Any:
    return said.get(system) if isinstance(said, dict) else said


def _print(said: Any) -> str:
    return hashlib.blake2b(json.dumps(said, default=str, sort_keys=True).encode(), digest_size=8).hexdigest()
