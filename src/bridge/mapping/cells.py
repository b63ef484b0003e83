"""The cells of one line: each system's native field with its transform, value map and reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bridge.canonical.models import CanonicalField, Entity
from bridge.canonical.types import FIELD_TYPES, Hints
from bridge.canonical.values import InvalidValue, Normal
from bridge.mapping import words
from bridge.mapping.columns import Cell, cell, constant_cell
from bridge.mapping.file import MEMBER_OPTIONS, FieldLine, MemberLine, SystemSection, WholeLine
from bridge.mapping.judge import Judge
from bridge.mapping.pairs import Maker, Transform, parse_call
from bridge.mapping.source import Steps
from bridge.mapping.value_maps import ValueMap, value_map

Line = FieldLine | MemberLine


class CellBuilder:
    """Builds cells and reports what does not fit."""

    def __init__(
        self,
        judge: Judge,
        systems: Mapping[str, SystemSection],
        entities: Mapping[str, Entity],
        transforms: Mapping[str, Maker],
    ) -> None:
        self.judge = judge
        self.systems = systems
        self.entities = entities
        self.transforms = transforms

    def cells(self, steps: Steps, known: CanonicalField, line: Line) -> dict[str, Cell]:
        """System -> cell, in the order of the file's systems."""
        if isinstance(line, MemberLine):
            self.judge.columns(steps, line.columns, MEMBER_OPTIONS)
        if line.type is not None and line.type != known.type:
            place = (*steps, "type")
            if line.type in FIELD_TYPES:
                self.judge.error(place, f"'{known.name}' is of type '{known.type}'; a mapping cannot change that")
            else:
                self.judge.unknown(place, "type", line.type, FIELD_TYPES)
        refs = self._refs(steps, known, line)
        transforms = dict(self._named(steps, "transform", line.transform, line.columns))
        values = self._values(steps, known, line)
        found: dict[str, Cell] = {}
        for system, section in self.systems.items():
            if system not in line.columns:
                continue
            always = words.constant(line.columns[system])
            if always is not None:
                found.update(self._constant((*steps, system), system, known, always))
                continue
            paths = self._paths((*steps, system), line.columns[system])
            how = self._transform((*steps, "transform"), transforms.get(system), len(paths), known)
            if len(paths) > 1 and system not in transforms:
                self.judge.error((*steps, system), "several native fields need a transform, such as join_lines")
            elif paths and (how is not None or system not in transforms):
                hints = Hints(section.country)
                found[system] = cell(
                    known, paths, ref=refs.get(system), transform=how, values=values.get(system), hints=hints
                )
        return found

    def _constant(self, steps: Steps, system: str, known: CanonicalField, shown: str) -> dict[str, Cell]:
        value = self.canonical(steps, known, shown)
        return {} if value is None else {system: constant_cell(known, value)}

    def whole(self, steps: Steps, line: WholeLine) -> dict[str, tuple[tuple[str, ...], Transform]]:
        """System -> native field and transform, for a group that is kept in one field."""
        self.judge.columns(steps, line.columns, ("transform",))
        found: dict[str, tuple[tuple[str, ...], Transform]] = {}
        for system, shown in line.columns.items():
            paths = self._paths((*steps, system), shown)
            how = self._transform((*steps, "transform"), line.transform, len(paths), None) if paths else None
            if how is not None and system in self.systems:
                found[system] = (paths, how)
        return found

    def canonical(self, steps: Steps, known: CanonicalField, shown: str) -> Normal:
        """A canonical value written in the file (a default, the name of a value)."""
        if known.choices and shown not in known.choices:
            self.judge.unknown(steps, "value", shown, known.choices)
            return None
        try:
            return FIELD_TYPES[known.type].parser(Hints())(shown)
        except InvalidValue as error:
            self.judge.error(steps, f"'{shown}' is no value of type '{known.type}': {error.message}")
            return None

    def _paths(self, steps: Steps, shown: str) -> tuple[str, ...]:
        try:
            return words.paths(shown)
        except ValueError as error:
            self.judge.error(steps, str(error), at_value=True)
            return ()

    def _named(
        self, steps: Steps, option: str, given: str | dict[str, str] | None, columns: Mapping[str, str]
    ) -> Iterator[tuple[str, str]]:
        """An option that holds for every system of the line, or for each by name."""
        if isinstance(given, str):
            yield from ((system, given) for system in columns)
        elif given is not None:
            self.judge.known_systems((*steps, option), given, columns)
            yield from given.items()

    def _transform(self, steps: Steps, shown: str | None, paths: int, known: CanonicalField | None) -> Transform | None:
        """known: the field it is for, None for a whole group."""
        if shown is None or not paths:
            return None
        try:
            name, arguments = parse_call(shown)
            if name not in self.transforms:
                self.judge.unknown(steps, "transform", name, self.transforms)
                return None
            found = self.transforms[name](paths, arguments)
        except ValueError as error:
            self.judge.error(steps, f"{shown}: {error}")
            return None
        if found.whole != (known is None):
            self.judge.error(steps, f"{shown} serves {'a whole group' if found.whole else 'single fields'}")
            return None
        if known and found.types and known.type not in found.types:
            self.judge.error(steps, f"{shown} does not suit the type '{known.type}'")
            return None
        return found

    def _refs(self, steps: Steps, known: CanonicalField, line: Line) -> dict[str, str]:
        """System -> what the adapter has to resolve."""
        found = dict.fromkeys(line.columns, "record") if known.type == "reference" else {}
        for system, shown in self._named(steps, "ref", line.ref, line.columns):
            place = (*steps, "ref")
            try:
                ref = words.reference(shown)
            except ValueError as error:
                self.judge.error(place, str(error))
                return found
            if ref.entity is not None:
                self._record(place, known, ref.entity)
                found[system] = "record"
            elif ref.table is not None:
                names_a_choice = (
                    words.TABLES[ref.table] == "text" and known.type == "choice" and line.values is not None
                )
                if words.TABLES[ref.table] != known.type and not names_a_choice:
                    self.judge.error(place, f"{ref.table} is a {words.TABLES[ref.table]}, and this is a {known.type}")
                found[system] = ref.table
        return found

    def _record(self, steps: Steps, known: CanonicalField, entity: str) -> None:
        if entity not in self.entities:
            self.judge.unknown(steps, "entity", entity, self.entities)
        elif known.target != entity:
            wanted = f"refers to '{known.target}'" if known.target else f"is a {known.type} and refers to no record"
            self.judge.error(steps, f"'{known.name}' {wanted}")

    def _values(self, steps: Steps, known: CanonicalField, line: Line) -> dict[str, ValueMap]:
        if line.values is None:
            return {}
        place = (*steps, "values")
        entries: dict[str, dict[str, list[str]]] = {}
        for shown, natives in line.values.items():
            if self.canonical((*place, shown), known, shown) is None:
                continue
            by_system = natives if isinstance(natives, dict) else dict.fromkeys(line.columns, natives)
            self.judge.known_systems((*place, shown), by_system, line.columns)
            for system, given in by_system.items():
                entries.setdefault(system, {})[shown] = [given] if isinstance(given, str) else list(given)
        found: dict[str, ValueMap] = {}
        for system, by_value in entries.items():
            try:
                found[system] = value_map(by_value, FIELD_TYPES[known.type].parser(Hints()))
            except ValueError as error:
                self.judge.error(place, f"{system}: {error}")
        return found
