"""From one line of a mapping file to a unit: fields, the rows of a record, direction, conflict, status.

Everything wrong becomes a finding with its place in the file.
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.canonical.models import CanonicalField, Entity
from bridge.mapping.cells import CellBuilder
from bridge.mapping.columns import Cell, field_column, keys_column
from bridge.mapping.file import FIELD_OPTIONS, FieldLine, GroupSection, MappingFile, RowsSection
from bridge.mapping.judge import Judge
from bridge.mapping.source import Steps
from bridge.mapping.units import Column, Policy, RecordRef, Table, Unit
from bridge.mapping.words import Direction
from bridge.ports.work import Canonical


class LineBuilder:
    """Builds the units of single lines, and the rows of a record."""

    def __init__(self, file: MappingFile, entity: Entity, judge: Judge, cells: CellBuilder) -> None:
        self.file, self.entity, self.judge, self.cells = file, entity, judge, cells

    def unit(
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
        if known.computed:
            reads, writes = self._worked_out(steps, line, columns, known.computed)
        else:
            reads, writes = self.sides(steps, line, columns, direction)
        self.judge.covered(steps, cells, writes)
        default, defaults = self._defaults(steps, line, known)
        ref = RecordRef(known.target) if known.type == "reference" and known.target else None
        self.judge.missing((*steps, "missing"), line.missing, ref is not None or line.ref is not None)
        policy = self.policy(steps, line.conflict or conflict, known)
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
            on_create_only=self.on_create(steps, line),
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

    def rows(self, name: str, rows: RowsSection) -> Table | None:
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
        reads, writes = self.sides(steps, rows, columns, direction)
        if conflict.kind not in ("newest", "ask", "prefer", "owner"):
            self.judge.error((*steps, "conflict"), f"'{conflict}' says nothing of which rows there are")
        keys = Unit(
            name=name,
            kind="rows",
            columns=columns,
            policy=self.policy(steps, conflict, None),
            required=rows.required,
            reads=reads,
            writes=writes,
            on_create_only=self.on_create(steps, rows),
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
        return self.unit(steps, f"{table}[].{member}", known[member], line, placed, direction, conflict)

    def sides(
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

    def _worked_out(
        self, steps: Steps, line: FieldLine, columns: Mapping[str, Column], sources: tuple[str, str]
    ) -> tuple[frozenset[str], frozenset[str]]:
        """The sides of a number that bridge works out: no system is read."""
        told = "bridge works it out ({} less {})".format(*sources)
        wanted = line.direction
        if wanted is not None and wanted.kind == "from":
            self.judge.error((*steps, "direction"), f"{told}: say 'to' which systems")
        for source in sources:
            if source not in self.file.fields:
                self.judge.error(steps, f"{told}: '{source}' has no line in this file")
        named = frozenset(wanted.systems) if wanted is not None and wanted.systems else frozenset(columns)
        self.judge.known_systems((*steps, "direction"), sorted(named), columns)
        return frozenset(), named & frozenset(columns)

    def policy(self, steps: Steps, policy: Policy, known: CanonicalField | None) -> Policy:
        owning = {name for name, line in self.file.fields.items() if line.owner}
        if policy.kind == "owner" and policy.order[0] in self.file.fields and policy.order[0] not in owning:
            self.judge.error((*steps, "conflict"), f"'{policy.order[0]}' does not say who owns what: give it 'owner'")
        self.judge.policy((*steps, "conflict"), policy, known, set(self.file.fields) | set(self.file.groups))
        return policy

    def on_create(self, steps: Steps, line: FieldLine | GroupSection | RowsSection) -> frozenset[str]:
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
