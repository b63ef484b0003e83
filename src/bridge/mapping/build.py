"""From a well-formed mapping file to a compiled map: does what it names exist, and does it fit together?

Nothing stops at the first mistake: everything wrong becomes a finding with its place in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from bridge.canonical.models import CanonicalField, Entity
from bridge.mapping.cells import CellBuilder
from bridge.mapping.columns import Cell, field_column, group_column, whole_column
from bridge.mapping.compiled import Column, EntityMap, MatchRule, Policy, RecordRef, Unit
from bridge.mapping.file import (
    FIELD_OPTIONS,
    GROUP_OPTIONS,
    FieldLine,
    GroupSection,
    MappingFile,
    MatchSection,
)
from bridge.mapping.judge import Judge
from bridge.mapping.source import Finding, Source, Steps
from bridge.mapping.transforms import Maker
from bridge.mapping.where import WhereError, parse_where
from bridge.ports.records import Condition, FieldSpec, ObjectSpec
from bridge.ports.work import Canonical


@dataclass(slots=True)
class Surroundings:
    """What a mapping file is judged against.

    entities: everything that can be mapped. systems: configured systems -> kind of adapter. transforms: by name.
    """

    entities: Mapping[str, Entity]
    systems: Mapping[str, str]
    transforms: Mapping[str, Maker]


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

    def emap(self, source: Source) -> EntityMap:
        wheres = self._systems()
        units = [unit for name, line in self.file.fields.items() if (unit := self._field(name, line))]
        units += [unit for name, group in self.file.groups.items() if (unit := self._group(name, group))]
        self.judge.shared_paths(units, self.file.identity.key)
        first = self._first_contact()
        match = [rule for number, section in enumerate(self.file.identity.match)
                 if (rule := self._match(number, section, units))]  # fmt: skip
        return EntityMap(
            entity=self.file.entity,
            units=units,
            specs={system: self._spec(system, units, wheres.get(system, ())) for system in self.file.systems},
            match=match,
            first_contact=first,
            digest=self._digest(),
            source=source,
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
        steps: Steps = ("fields", name)
        known = self.entity.fields.get(name)
        if known is None:
            where = " stands under groups:" if name in self.entity.groups else ""
            if where:
                self.judge.error(steps, f"'{name}' is a group of fields; it{where}")
            else:
                self.judge.unknown(steps, "field", name, self.entity.fields)
            return None
        self.judge.columns(steps, line.columns, FIELD_OPTIONS)
        cells = self.cells.cells(steps, known, line)
        columns = {system: field_column(system, one) for system, one in cells.items()}
        reads, writes = self._sides(steps, line, columns)
        self.judge.covered(steps, cells, writes)
        default, defaults = self._defaults(steps, line, known)
        ref = RecordRef(known.target) if known.type == "reference" and known.target else None
        self.judge.missing((*steps, "missing"), line.missing, ref is not None or line.ref is not None)
        policy = self._policy(steps, line.conflict, known)
        return Unit(
            name=name,
            kind=known.type,
            columns=columns,
            fields=(known,),
            policy=policy,
            record_ref=ref,
            required=line.required,
            reads=reads,
            writes=writes,
            on_create_only=self._on_create(steps, line),
            empty=line.empty or self.file.defaults.empty,
            missing=line.missing or "wait",
            default=default,
            defaults=defaults,
        )

    def _group(self, name: str, group: GroupSection) -> Unit | None:
        steps: Steps = ("groups", name)
        known = self.entity.groups.get(name)
        if known is None:
            if name in self.entity.fields:
                self.judge.error(steps, f"'{name}' is a single field; it stands under fields:")
            else:
                self.judge.unknown(steps, "group", name, self.entity.groups)
            return None
        columns = self._group_columns(steps, group, known)
        reads, writes = self._sides(steps, group, columns)
        return Unit(
            name=name,
            kind="group",
            columns=columns,
            members=tuple(known),
            fields=tuple(known.values()),
            policy=self._policy(steps, group.conflict, None),
            required=group.required,
            reads=reads,
            writes=writes,
            on_create_only=self._on_create(steps, group),
            empty=group.empty or self.file.defaults.empty,
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

    def _sides(
        self, steps: Steps, line: FieldLine | GroupSection, columns: Mapping[str, Column]
    ) -> tuple[frozenset[str], frozenset[str]]:
        wanted = line.direction or self.file.defaults.direction
        named, mapped = frozenset(wanted.systems), frozenset(columns)
        self.judge.known_systems((*steps, "direction"), wanted.systems, columns)
        if wanted.kind == "from":
            reads, writes = named & mapped, mapped - named
        elif wanted.kind == "to":
            reads, writes = mapped - named, named & mapped
        else:
            reads = writes = mapped
        self.judge.sides(steps, columns, reads, writes)
        return reads, writes

    def _policy(self, steps: Steps, wanted: Policy | None, known: CanonicalField | None) -> Policy:
        policy = wanted or self.file.defaults.conflict
        self.judge.policy((*steps, "conflict"), policy, known, set(self.file.fields) | set(self.file.groups))
        return policy

    def _on_create(self, steps: Steps, line: FieldLine | GroupSection) -> frozenset[str]:
        if isinstance(line.write, str):
            return frozenset(self.file.systems) if line.write == "on create" else frozenset()
        self.judge.known_systems((*steps, "write"), tuple(line.write), self.file.systems)
        return frozenset(system for system, word in line.write.items() if word == "on create")

    def _defaults(self, steps: Steps, line: FieldLine, known: CanonicalField) -> tuple[Canonical, dict[str, Canonical]]:
        place = (*steps, "default")
        if line.default is None:
            return None, {}
        if isinstance(line.default, str):
            return self.cells.canonical(place, known, line.default), {}
        self.judge.known_systems(place, tuple(line.default), line.columns)
        return None, {
            system: self.cells.canonical((*place, system), known, word) for system, word in line.default.items()
        }

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

    def _spec(self, system: str, units: list[Unit], where: tuple[Condition, ...]) -> ObjectSpec:
        fields: dict[str, FieldSpec] = {}
        for unit in units:
            if system in unit.columns:
                fields.update({spec.path: spec for spec in unit.columns[system].fields})
        key = self.file.identity.key.get(system, "")
        return ObjectSpec(self.file.entity, self.file.systems[system].object, key, tuple(fields.values()), where)

    def _digest(self) -> str:
        types = {name: known.type for name, known in self.entity.fields.items()}
        meaning = [self.file.model_dump(mode="json"), list(self.file.systems), types]
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()
