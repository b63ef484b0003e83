"""From a well-formed mapping file to a compiled map: does what it names exist, and does it fit together?

Nothing stops at the first mistake: everything wrong becomes a finding with its place in the file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bridge.canonical.models import CanonicalField, Entity
from bridge.mapping.cells import CellBuilder
from bridge.mapping.columns import Cell, field_column, group_column, keys_column, whole_column
from bridge.mapping.compiled import Column, EntityMap, MatchRule, Policy, RecordRef, Table, Unit
from bridge.mapping.file import (
    FIELD_OPTIONS,
    GROUP_OPTIONS,
    FieldLine,
    GroupSection,
    MappingFile,
    MatchSection,
    RowsSection,
)
from bridge.mapping.judge import Judge
from bridge.mapping.source import Finding, Source, Steps
from bridge.mapping.transforms import Maker
from bridge.mapping.where import WhereError, parse_where
from bridge.mapping.words import Direction
from bridge.ports.records import Condition, FieldSpec, ObjectSpec, TableSpec
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
        tables = [table for name, rows in self.file.rows.items() if (table := self._rows(name, rows))]
        self.judge.shared_paths(units, self.file.identity.key)
        for table in tables:
            self.judge.shared_paths(table.cells, {})
        self.judge.one_status(units)
        first = self._first_contact()
        match = [rule for number, section in enumerate(self.file.identity.match)
                 if (rule := self._match(number, section, units))]  # fmt: skip
        return EntityMap(
            entity=self.file.entity,
            units=units,
            specs={system: self._spec(system, units, tables, wheres.get(system, ())) for system in self.file.systems},
            match=match,
            first_contact=first,
            digest=self._digest(),
            source=source,
            tables=tables,
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
        return self._unit(steps, name, known, line, cells, self.file.defaults.direction, self.file.defaults.conflict)

    def _unit(
        self,
        steps: tuple[str, ...],
        name: str,
        known: CanonicalField,
        line: FieldLine,
        cells: Mapping[str, Cell],
        direction: Direction,
        conflict: Policy,
    ) -> Unit:
        """A unit from one line of the file. direction, conflict: where the line does not say."""
        self.judge.columns(steps, line.columns, FIELD_OPTIONS)
        columns = {system: field_column(system, one) for system, one in cells.items()}
        reads, writes = self._sides(steps, line, columns, direction)
        self.judge.covered(steps, cells, writes)
        default, defaults = self._defaults(steps, line, known)
        ref = RecordRef(known.target) if known.type == "reference" and known.target else None
        self.judge.missing((*steps, "missing"), line.missing, ref is not None or line.ref is not None)
        policy = self._policy(steps, line.conflict or conflict, known)
        return Unit(
            name=name,
            kind=known.type,
            columns=columns,
            fields=(known,),
            policy=policy,
            record_ref=ref,
            required=line.required,
            reads=reads,
            writes=frozenset() if line.control else writes,
            on_create_only=self._on_create(steps, line),
            empty=line.empty or self.file.defaults.empty,
            missing=line.missing or "wait",
            default=default,
            defaults=defaults,
            moves=self._moves(steps, known, line),
            owners=self._owners(steps, known, line),
            control=self._control(steps, known, line),
            place=steps,
        )

    def _moves(self, steps: Steps, known: CanonicalField, line: FieldLine) -> dict[str, frozenset[str]]:
        """value -> all values that can come after it, directly or by way of others."""
        steps = (*steps, "moves")
        direct: dict[str, set[str]] = {}
        for value, following in (line.moves or {}).items():
            after = [following] if isinstance(following, str) else following
            for place, word in (((*steps, value), value), *(((*steps, value), word) for word in after)):
                self.cells.canonical(place, known, word)
            direct[value] = set(after)
        return {
            value: frozenset(_reach(direct, value)) for value in {*direct, *(w for ws in direct.values() for w in ws)}
        }

    def _owners(self, steps: Steps, known: CanonicalField, line: FieldLine) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for value, shown in (line.owner or {}).items():
            place = (*steps, "owner", value)
            self.cells.canonical(place, known, value)
            found[value] = tuple(word.strip() for word in shown.split(">"))
            for system in found[value]:
                if system not in self.file.systems:
                    self.judge.unknown(place, "system", system, self.file.systems)
        return found

    def _control(self, steps: Steps, known: CanonicalField, line: FieldLine) -> bool:
        if line.control and known.type not in ("money", "decimal"):
            self.judge.error((*steps, "control"), f"a control total is an amount, and this is a {known.type}")
        return line.control

    def _rows(self, name: str, rows: RowsSection) -> Table | None:
        steps = ("rows", name)
        known = self.entity.tables.get(name)
        if known is None:
            self.judge.unknown(steps, "table", name, self.entity.tables)
            return None
        self.judge.tables(steps, rows.table, rows.key)
        direction = rows.direction or self.file.defaults.direction
        conflict = rows.conflict or self.file.defaults.conflict
        cells = [
            unit
            for member, line in rows.fields.items()
            if (unit := self._cell((*steps, "fields", member), name, member, known, line, rows, direction, conflict))
        ]
        columns = {system: keys_column(system, table) for system, table in rows.table.items()}
        columns = {system: columns[system] for system in self.file.systems if system in columns}
        reads, writes = self._sides(steps, rows, columns, direction)
        if conflict.kind not in ("newest", "ask", "prefer", "owner"):
            self.judge.error((*steps, "conflict"), f"'{conflict}' says nothing of which rows there are")
        keys = Unit(
            name=name,
            kind="rows",
            columns=columns,
            policy=self._policy(steps, conflict, None),
            required=rows.required,
            reads=reads,
            writes=writes,
            on_create_only=self._on_create(steps, rows),
            place=steps,
        )
        return Table(name, keys, tuple(cells))

    def _cell(
        self,
        steps: tuple[str, ...],
        table: str,
        member: str,
        known: Mapping[str, CanonicalField],
        line: FieldLine,
        rows: RowsSection,
        direction: Direction,
        conflict: Policy,
    ) -> Unit | None:
        if member not in known:
            self.judge.unknown(steps, "field", member, known)
            return None
        cells = self.cells.cells(steps, known[member], line)
        for system in list(cells):
            if system not in rows.table:
                self.judge.error((*steps, system), f"'{system}' has no table for these rows")
                del cells[system]
        placed = {system: one.inside(rows.table[system]) for system, one in cells.items()}
        return self._unit(steps, f"{table}[].{member}", known[member], line, placed, direction, conflict)

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
        reads, writes = self._sides(steps, group, columns, self.file.defaults.direction)
        return Unit(
            name=name,
            kind="group",
            columns=columns,
            members=tuple(known),
            fields=tuple(known.values()),
            policy=self._policy(steps, group.conflict or self.file.defaults.conflict, None),
            required=group.required,
            reads=reads,
            writes=writes,
            on_create_only=self._on_create(steps, group),
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

    def _sides(
        self,
        steps: Steps,
        line: FieldLine | GroupSection | RowsSection,
        columns: Mapping[str, Column],
        otherwise: Direction,
    ) -> tuple[frozenset[str], frozenset[str]]:
        wanted = line.direction or otherwise
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

    def _policy(self, steps: Steps, policy: Policy, known: CanonicalField | None) -> Policy:
        owning = {name for name, line in self.file.fields.items() if line.owner}
        if policy.kind == "owner" and policy.order[0] in self.file.fields and policy.order[0] not in owning:
            self.judge.error((*steps, "conflict"), f"'{policy.order[0]}' does not say who owns what: give it 'owner'")
        self.judge.policy((*steps, "conflict"), policy, known, set(self.file.fields) | set(self.file.groups))
        return policy

    def _on_create(self, steps: Steps, line: FieldLine | GroupSection | RowsSection) -> frozenset[str]:
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
        return ObjectSpec(self.file.entity, self.file.systems[system].object, key, tuple(fields.values()), where, rows)

    def _digest(self) -> str:
        types = {name: known.type for name, known in self.entity.fields.items()}
        types |= {
            f"{table}[].{name}": one.type for table, known in self.entity.tables.items() for name, one in known.items()
        }
        meaning = [self.file.model_dump(mode="json"), list(self.file.systems), types]
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).hexdigest()


def _reach(direct: Mapping[str, set[str]], start: str) -> set[str]:
    """Everything that can be come to from `start`."""
    found: set[str] = set()
    ahead = list(direct.get(start, ()))
    while ahead:
        value = ahead.pop()
        if value not in found:
            found.add(value)
            ahead.extend(direct.get(value, ()))
    return found


def _row_fields(table: Table, system: str, native: str) -> tuple[FieldSpec, ...]:
    """The native fields of a row, by their paths inside the row."""
    found: dict[str, FieldSpec] = {}
    for cell in table.cells:
        for spec in cell.columns[system].fields if system in cell.columns else ():
            path = spec.path.removeprefix(f"{native}[].")
            found[path] = replace(spec, path=path)
    return tuple(found.values())
