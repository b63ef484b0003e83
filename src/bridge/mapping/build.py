"""From a well-formed mapping file to a compiled map: does what it names exist, and does it fit together?

Nothing stops at the first mistake: everything wrong becomes a finding with its place in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.canonical.models import CanonicalField, Entity
from bridge.mapping.archive import ArchiveOf, Archives, no_archive, with_archive
from bridge.mapping.cells import CellBuilder
from bridge.mapping.columns import Cell, group_column, whole_column
from bridge.mapping.compiled import EntityMap
from bridge.mapping.file import (
    GROUP_OPTIONS,
    FieldLine,
    GroupSection,
    MappingFile,
    MatchSection,
)
from bridge.mapping.judge import Judge
from bridge.mapping.lines import LineBuilder
from bridge.mapping.outline import outline_of
from bridge.mapping.pairs import Maker
from bridge.mapping.source import Finding, Source, Steps
from bridge.mapping.units import Column, MatchRule, Policy, Table, Unit
from bridge.mapping.where import WhereError, parse_where
from bridge.ports.records import Condition, FieldSpec, ObjectSpec, TableSpec


@dataclass(slots=True)
class Surroundings:
    """What a mapping file is judged against.

    entities: everything that can be mapped. systems: configured systems -> kind of adapter. transforms: by name.
    archive_of: kind of adapter -> native field and value by which such a system archives a record, where it has a way
        of its own.
    """

    entities: Mapping[str, Entity]
    systems: Mapping[str, str]
    transforms: Mapping[str, Maker]
    archive_of: ArchiveOf = no_archive


@dataclass(slots=True)
class Built:
    """A compiled map, or None where findings stand in its way."""

    emap: EntityMap | None
    findings: list[Finding] = field(default_factory=list)


def build(file: MappingFile, source: Source, around: Surroundings) -> Built:
    """Compile one mapping file. Warnings alone do not stop it."""
    judge = Judge(source, tuple(file.systems))
    entity = around.entities.get(file.entity)
    if entity is None:
        judge.unknown(("entity",), "entity", file.entity, around.entities, at_value=True)
        return Built(None, judge.findings)
    builder = _Builder(file, entity, judge, around)
    emap = builder.emap(source)
    return Built(None if judge.failed else emap, judge.findings)


class _Builder:
    def __init__(self, file: MappingFile, entity: Entity, judge: Judge, around: Surroundings) -> None:
        self.file = file
        self.entity = entity
        self.judge = judge
        self.around = around
        self.cells = CellBuilder(judge, file.systems, around.entities, around.transforms)
        self.lines = LineBuilder(file, entity, judge, self.cells)

    def emap(self, source: Source) -> EntityMap:
        wheres = self._systems()
        units = [unit for name, line in self.file.fields.items() if (unit := self._field(name, line))]
        units += [unit for name, group in self.file.groups.items() if (unit := self._group(name, group))]
        tables = [table for name, rows in self.file.rows.items() if (table := self.lines.rows(name, rows))]
        self.judge.shared_paths(units, self.file.identity.key)
        for table in tables:
            self.judge.shared_paths(table.cells, {})
        self.judge.one_status(units)
        first = self._first_contact()
        match = [rule for number, section in enumerate(self.file.identity.match)
                 if (rule := self._match(number, section, units))]  # fmt: skip
        archives = Archives(self.judge, self.around.systems, self.around.archive_of)
        deletes = {
            system: archives.deletes(system, section, self.file.identity.key.get(system), wheres.get(system, ()))
            for system, section in self.file.systems.items()
        }
        specs = {
            system: with_archive(self._spec(system, units, tables, wheres.get(system, ())), deletes[system].archive)
            for system in self.file.systems
        }
        return EntityMap(
            entity=self.file.entity,
            units=units,
            specs=specs,
            match=match,
            first_contact=first,
            digest=self._digest(),
            outline=outline_of(self.file, self._digest(), specs, self._types()),
            source=source,
            tables=tables,
            deletes=deletes,
        )

    def _systems(self) -> dict[str, tuple[Condition, ...]]:
        wheres: dict[str, tuple[Condition, ...]] = {}
        keys = self.file.identity.key
        for system, section in self.file.systems.items():
            steps: Steps = ("systems", system)
            if system not in self.around.systems:
                self.judge.unknown(steps, "system", system, self.around.systems, hint="it is not in the configuration")
            if system not in keys:
                self.judge.error(("identity", "key"), f"no key for '{system}': where does it store bridge's id?")
            self.judge.country((*steps, "country"), section.country)
            if section.where:
                try:
                    wheres[system] = parse_where(section.where)
                except WhereError as error:
                    self.judge.error((*steps, "where"), error.message, at_value=True, offset=error.offset)
        for system in keys:
            if system not in self.file.systems:
                self.judge.unknown(("identity", "key", system), "system", system, self.file.systems)
        return wheres

    def _field(self, name: str, line: FieldLine) -> Unit | None:
        steps = ("fields", name)
        known = self.entity.fields.get(name)
        if known is None:
            where = " stands under groups:" if name in self.entity.groups else ""
            if where:
                self.judge.error(steps, f"'{name}' is a group of fields; it{where}")
            else:
                self.judge.unknown(steps, "field", name, self.entity.fields)
            return None
        cells = self.cells.cells(steps, known, line)
        return self.lines.unit(
            steps, name, known, line, cells, self.file.defaults.direction, self.file.defaults.conflict
        )

    def _group(self, name: str, group: GroupSection) -> Unit | None:
        steps = ("groups", name)
        known = self.entity.groups.get(name)
        if known is None:
            if name in self.entity.fields:
                self.judge.error(steps, f"'{name}' is a single field; it stands under fields:")
            else:
                self.judge.unknown(steps, "group", name, self.entity.groups)
            return None
        columns = self._group_columns(steps, group, known)
        reads, writes = self.lines.sides(steps, group, columns, self.file.defaults.direction)
        return Unit(
            name=name,
            kind="group",
            columns=columns,
            members=tuple(known),
            fields=tuple(known.values()),
            policy=self.lines.policy(steps, group.conflict or self.file.defaults.conflict, None),
            required=group.required,
            reads=reads,
            writes=writes,
            on_create_only=self.lines.on_create(steps, group),
            empty=group.empty or self.file.defaults.empty,
            place=steps,
        )

    def _group_columns(
        self, steps: Steps, group: GroupSection, known: Mapping[str, CanonicalField]
    ) -> dict[str, Column]:
        by_system: dict[str, list[Cell]] = {}
        for member, line in group.members.items():
            inner = (*steps, member)
            if member not in known:
                self.judge.unknown(inner, "member", member, [*known, *GROUP_OPTIONS])
                continue
            for system, one in self.cells.cells(inner, known[member], line).items():
                by_system.setdefault(system, []).append(one)
        columns = {system: group_column(system, cells) for system, cells in by_system.items()}
        if group.whole:
            inner = (*steps, "whole")
            for system, (paths, how) in self.cells.whole(inner, group.whole).items():
                if system in columns:
                    self.judge.error((*inner, system), "the members have native fields of their own in this system")
                columns[system] = whole_column(system, paths, known, how)
        return {system: columns[system] for system in self.file.systems if system in columns}

    def _first_contact(self) -> Policy | None:
        wanted = self.file.identity.first_contact
        if wanted == "hold":
            return None
        place: Steps = ("identity", "first contact")
        if wanted.kind not in ("newest", "prefer"):
            self.judge.error(place, "on first contact records are held, or settled by 'newest' or 'prefer a > b'")
        self.judge.policy(place, wanted, None, set())
        return wanted

    def _match(self, number: int, section: MatchSection, units: list[Unit]) -> MatchRule | None:
        steps: Steps = ("identity", "match", number)
        if (section.same is None) == (section.similar is None):
            self.judge.error(steps, "a rule has either 'same' or 'similar'")
            return None
        kind = "same" if section.same is not None else "similar"
        fields = tuple(section.same or section.similar or ())
        for place, name in enumerate(fields):
            self.judge.match_field((*steps, kind, place), name, units, beside=kind == "same" and len(fields) > 1)
        if kind == "same" and section.above is not None:
            self.judge.error((*steps, "above"), "'above' belongs to 'similar'")
        if kind == "similar" and section.above is None:
            self.judge.error(steps, 'say how alike: above: "0.92"')
        if kind == "same":
            return MatchRule("same", fields, None, section.then or "link")
        return MatchRule("similar", fields, section.above, section.then or "review")

    def _spec(self, system: str, units: list[Unit], tables: list[Table], where: tuple[Condition, ...]) -> ObjectSpec:
        fields: dict[str, FieldSpec] = {}
        for unit in units:
            if system in unit.columns:
                fields.update({spec.path: spec for spec in unit.columns[system].fields})
        key = self.file.identity.key.get(system, "")
        rows = tuple(
            TableSpec(native, self.file.rows[table.name].key.get(system, ""), _row_fields(table, system, native))
            for table in tables
            if (native := self.file.rows[table.name].table.get(system))
        )
        section = self.file.systems[system]
        new = tuple(Condition(path, "=", value) for path, value in section.new.items())
        moved = [unit for unit in units if unit.policy.kind == "sum" and system in unit.writes]
        sums = tuple(path for unit in moved for path in unit.paths(system))
        return ObjectSpec(self.file.entity, section.object, key, tuple(fields.values()), where, rows, new, sums)

    def _types(self) -> dict[str, str]:
        types = {name: known.type for name, known in self.entity.fields.items()}
        types |= {
            f"{table}[].{name}": one.type for table, known in self.entity.tables.items() for name, one in known.items()
        }
        return types

    def _digest(self) -> str:
        types = self._types()
        meaning = [self.file.model_dump(mode="json"), list(self.file.systems), types]
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def _row_fields(table: Table, system: str, native: str) -> tuple[FieldSpec, ...]:
    """The native fields of a row, by their paths inside the row."""
    found: dict[str, FieldSpec] = {}
    for cell in table.cells:
        for spec in cell.columns[system].fields if system in cell.columns else ():
            path = spec.path.removeprefix(f"{native}[].")
            found[path] = replace(spec, path=path)
    return tuple(found.values())
